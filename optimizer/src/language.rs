//! The e-graph's operators: which exist, what they mean, how they are named in rules.
//!
//! A pure operation is one operator under its text name (`fadd`, `icmp.lt`, `math.tanh`). An effect
//! with a value (`guard`, `call.*`) is two operators with the same children: the bare name makes
//! the next state, the name with `.val` the value. Leaves carry the region's stamp:
//!
//! | operator | payload | child | is |
//! |---|---|---|---|
//! | `const` | constant | - | a typed constant |
//! | `formal` | position | - | a parameter of the function |
//! | `loopvar` | port | - | a theta's loop variable |
//! | `entry` | port | - | a state on entry to a region |
//! | `out` | (instance, port) | - | an output of a gamma or theta |
//! | `import` | - | class of the parent region | that class's value on entry |
//! | `approx` | rule | class | the child, as an approximation of its class's exact value |

use egraph_core::{OpId, PayloadId, Signature, SortId, SortRule};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use rvsdg::{Cmp, Const, FaultId, Function, MathFn, NodeId, NodeKind, Op, Type};

/// Identifies a gamma or theta in the side table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u32);

impl InstanceId {
    /// Index into the side table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an operator of the e-graph stands for. Payloads complete it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// An operation that makes one value or one state. `Const` and `Guard` take their content from
    /// the payload.
    Simple(Op),
    /// The value of an effect that also makes a state.
    Value(Op),
    /// A value of the parent region.
    Import,
    /// A parameter of the function.
    Formal,
    /// A loop variable.
    LoopVar,
    /// A state on entry to a region.
    Entry,
    /// An output of an instance.
    Out,
    /// An approximation.
    Approx,
}

/// Content of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// No payload.
    None,
    /// A constant.
    Const(Const),
    /// What a guard raises.
    Fault(FaultId),
    /// A position: of a parameter, or of a port.
    Index(u32),
    /// A port of an instance.
    Port(InstanceId, u32),
    /// Position of an admitted [`crate::approx::Site`].
    Site(u32),
}

/// Constants that the families' rules name: their payloads have the same numbers in every e-graph,
/// so that the rules are compiled once for all.
pub(crate) const WELL_KNOWN: [Const; 12] = [
    Const::Bool(false),
    Const::Bool(true),
    Const::I64(-1),
    Const::I64(0),
    Const::I64(1),
    Const::I64(2),
    Const::I64(3),
    Const::f64(-1.0),
    Const::f64(-0.0),
    Const::f64(0.0),
    Const::f64(1.0),
    Const::f64(2.0),
];

/// Interned payloads. Number 0 is [`Payload::None`], then come a dozen well-known constants.
#[derive(Clone, Debug)]
pub struct Payloads(IndexSet<Payload, FxBuildHasher>);

impl Default for Payloads {
    fn default() -> Payloads {
        let known = WELL_KNOWN.map(Payload::Const);
        Payloads(std::iter::once(Payload::None).chain(known).collect())
    }
}

impl Payloads {
    /// The number of a payload, given at first use.
    pub fn intern(&mut self, payload: Payload) -> PayloadId {
        PayloadId::from_index(self.0.insert_full(payload).0)
    }

    /// The number of a payload that has one already.
    pub fn find(&self, payload: Payload) -> Option<PayloadId> {
        self.0.get_index_of(&payload).map(PayloadId::from_index)
    }

    /// The payload with this number.
    pub fn get(&self, id: PayloadId) -> Payload {
        self.0[id.index()]
    }
}

/// Operators and sorts of one function's e-graph.
#[derive(Clone, Debug)]
pub struct Language {
    /// The engine's view.
    pub signature: Signature,
    meanings: Vec<Meaning>,
    sorts: Vec<Type>,
    /// Operator of constants.
    pub constant: OpId,
    /// Operator of imports.
    pub import: OpId,
    /// Operator of parameters.
    pub formal: OpId,
    /// Operator of loop variables.
    pub loop_var: OpId,
    /// Operator of states on entry.
    pub entry: OpId,
    /// Operator of outputs.
    pub out: OpId,
    /// Operator of approximations.
    pub approx: OpId,
    mems: usize,
}

/// Operations that rules may name, whether or not a function contains them.
fn vocabulary() -> impl Iterator<Item = Op> {
    let plain = [
        Op::IAdd,
        Op::ISub,
        Op::IMul,
        Op::INeg,
        Op::IAbs,
        Op::IFloorDiv,
        Op::IMod,
        Op::ITrueDiv,
        Op::IPow,
        Op::IShl,
        Op::IShr,
        Op::IAnd,
        Op::IOr,
        Op::IXor,
        Op::INot,
        Op::IMin,
        Op::IMax,
        Op::FAdd,
        Op::FSub,
        Op::FMul,
        Op::FDiv,
        Op::FNeg,
        Op::FAbs,
        Op::FFloorDiv,
        Op::FMod,
        Op::FMin,
        Op::FMax,
        Op::BAnd,
        Op::BOr,
        Op::BXor,
        Op::BNot,
        Op::Select,
    ];
    let casts = [Type::F32, Type::F64, Type::I32, Type::I64, Type::Bool].map(Op::Cast);
    plain
        .into_iter()
        .chain(casts)
        .chain(Cmp::ALL.map(Op::ICmp))
        .chain(Cmp::ALL.map(Op::FCmp))
        .chain(MathFn::ALL.iter().copied().map(Op::Math))
}

impl Language {
    /// The language of a function: every operation that rules name, and those that it contains.
    pub fn new(function: &Function) -> Language {
        let mut language = Language::of_rules(function.mems as usize);
        for index in 0..function.node_count() {
            let node = function.node(NodeId::from_index(index));
            if let NodeKind::Simple(op) = node.kind {
                language.declare(op, node.operands.len());
            }
        }
        language
    }

    /// What the languages of all functions with so many memory states begin with: every operation
    /// that the families' rules name.
    pub(crate) fn of_rules(mems: usize) -> Language {
        let mut signature = Signature::new();
        let mut meanings = Vec::new();
        let mut declare = |signature: &mut Signature, name: &str, arity, rule, meaning| {
            let op = signature.op(name, arity, rule);
            if op.index() == meanings.len() {
                meanings.push(meaning);
            }
            op
        };
        let leaf = SortRule::Explicit;
        let constant = Meaning::Simple(Op::Const(Const::Unit));
        let constant = declare(&mut signature, "const", 0, leaf, constant);
        let formal = declare(&mut signature, "formal", 0, leaf, Meaning::Formal);
        let loop_var = declare(&mut signature, "loopvar", 0, leaf, Meaning::LoopVar);
        let entry = declare(&mut signature, "entry", 0, leaf, Meaning::Entry);
        let out = declare(&mut signature, "out", 0, leaf, Meaning::Out);
        let same = SortRule::SameAs(0);
        let approx = declare(&mut signature, "approx", 1, same, Meaning::Approx);
        let import = signature.crossing_op("import");
        meanings.push(Meaning::Import);
        let mut language = Language {
            signature,
            meanings,
            sorts: Vec::new(),
            constant,
            import,
            formal,
            loop_var,
            entry,
            out,
            approx,
            mems,
        };
        let scalars = [Type::F32, Type::F64, Type::I32, Type::I64, Type::Bool, Type::Unit];
        let states = std::iter::once(Type::Io).chain((0..mems as u32).map(Type::Mem));
        for ty in scalars.into_iter().chain(states) {
            language.sort(ty);
        }
        for op in vocabulary() {
            language.declare(op, pure_arity(op));
        }
        for f in MathFn::ALL {
            language.declare(Op::Call(*f), 1 + language.mems + f.arity());
        }
        language.declare(Op::Guard(FaultId(0)), 3 + language.mems);
        language
    }

    /// Number of memory states of the function.
    pub fn mems(&self) -> usize {
        self.mems
    }

    /// The sort of a type.
    pub fn sort(&mut self, ty: Type) -> SortId {
        let sort = self.signature.sort(&ty.to_string());
        if sort.index() == self.sorts.len() {
            self.sorts.push(ty);
        }
        sort
    }

    /// The sort of a type that has one already.
    pub fn find_sort(&self, ty: Type) -> Option<SortId> {
        self.sorts.iter().position(|known| *known == ty).map(SortId::from_index)
    }

    /// The type of a sort.
    pub fn ty(&self, sort: SortId) -> Type {
        self.sorts[sort.index()]
    }

    /// What an operator means.
    pub fn meaning(&self, op: OpId) -> Meaning {
        self.meanings[op.index()]
    }

    /// The operator of an operation with this many operands.
    pub fn find(&self, op: Op, arity: usize) -> Option<OpId> {
        self.signature.find_op(&operator_name(op), arity)
    }

    /// The operator of an effect's value.
    pub fn find_value(&self, op: Op, arity: usize) -> Option<OpId> {
        self.signature.find_op(&value_name(op), arity)
    }

    fn declare(&mut self, op: Op, arity: usize) {
        if matches!(op, Op::Const(_)) {
            return;
        }
        let rule = self.sort_rule(op, arity);
        self.add(&operator_name(op), arity, rule, Meaning::Simple(op));
        if matches!(op, Op::Guard(_) | Op::Call(_) | Op::Recur { .. }) {
            let value = match op {
                Op::Call(f) if f.result(Type::F64) == Type::Bool => {
                    SortRule::Fixed(self.sort(Type::Bool))
                }
                Op::Recur { result, .. } => SortRule::Fixed(self.sort(result)),
                _ => SortRule::SameAs(arity - 1),
            };
            self.add(&value_name(op), arity, value, Meaning::Value(op));
        }
    }

    fn add(&mut self, name: &str, arity: usize, rule: SortRule, meaning: Meaning) {
        if self.signature.find_op(name, arity).is_none() {
            self.signature.op(name, arity, rule);
            self.meanings.push(meaning);
        }
    }

    fn sort_rule(&mut self, op: Op, arity: usize) -> SortRule {
        match op {
            Op::ICmp(_) | Op::FCmp(_) | Op::CtlIs(_) => SortRule::Fixed(self.sort(Type::Bool)),
            Op::Math(f) if f.result(Type::F64) == Type::Bool => {
                SortRule::Fixed(self.sort(Type::Bool))
            }
            Op::ITrueDiv => SortRule::Fixed(self.sort(Type::F64)),
            Op::Cast(to) => SortRule::Fixed(self.sort(to)),
            Op::Len(_) => SortRule::Fixed(self.sort(Type::I64)),
            // The element type is a property of the array's type: given when a load is added.
            Op::Load => SortRule::Explicit,
            Op::Select => SortRule::SameAs(arity - 1),
            _ => SortRule::SameAs(0),
        }
    }
}

/// Operand count of a pure operation of the vocabulary.
fn pure_arity(op: Op) -> usize {
    match op {
        Op::Math(f) => f.arity(),
        Op::INeg
        | Op::IAbs
        | Op::INot
        | Op::FNeg
        | Op::FAbs
        | Op::BNot
        | Op::Cast(_)
        | Op::Len(_)
        | Op::CtlIs(_) => 1,
        Op::Select => 3,
        _ => 2,
    }
}

/// The name of an operation's operator; payloads are not part of it.
pub fn operator_name(op: Op) -> String {
    match op {
        Op::Guard(_) => "guard".to_owned(),
        Op::Const(_) => "const".to_owned(),
        op => op.name(),
    }
}

/// The name of the operator of an effect's value.
pub fn value_name(op: Op) -> String {
    format!("{}.val", operator_name(op))
}
