//! The graph of one function: arenas of values, nodes and regions.
//!
//! A region lists its nodes in an order in which every definition precedes its uses and every read
//! of a state precedes the node that consumes it; [`crate::verify()`] checks both. Order has no
//! other meaning. A value may be used in its own region and in every region nested in it (an
//! *import*, implicit here); a state only in its own region, so it enters a nested
//! region through a port.
//!
//! | node | operands | region parameters | region results | outputs |
//! |---|---|---|---|---|
//! | simple | as the operation says | - | - | as the operation says |
//! | gamma | predicate, inputs.. | per arm, the inputs | per arm, the outputs | the chosen arm's |
//! | theta | initial values.. | the loop variables | continue?, next values.. | last next values |
//! | lambda (the [`Function`]) | - | parameters.., io, mem.. | results.., io, mem.. | - |

use crate::op::{FaultId, Op, OperandError};
use crate::types::Type;
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(std::num::NonZeroU32);

        impl $name {
            /// The id with this index into its arena.
            pub fn from_index(index: usize) -> $name {
                let raw = u32::try_from(index + 1).expect("an arena has fewer than 2^32 entries");
                $name(std::num::NonZeroU32::new(raw).expect("index + 1 is not zero"))
            }

            /// Index into the arena.
            pub fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", stringify!($name), self.index())
            }
        }
    };
}

id! {
    /// A value or a state: a region's parameter or a node's output.
    ValueId
}
id! {
    /// A node.
    NodeId
}
id! {
    /// A region.
    RegionId
}

/// A range of bytes in the source file; empty at 0 if unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// No position.
    pub const NONE: Span = Span { start: 0, end: 0 };

    /// Whether a position is known.
    pub fn is_some(self) -> bool {
        self != Span::NONE
    }
}

/// An exception's class. The discriminants are the status codes that compiled code returns, the
/// same in every backend; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum ExcKind {
    /// Division or modulo by zero.
    ZeroDivisionError = 1,
    /// An index outside its array.
    IndexError = 2,
    /// An argument outside a function's domain.
    ValueError = 3,
    /// A result too large for its type.
    OverflowError = 4,
    /// A local variable used before it has a value.
    UnboundLocalError = 5,
    /// A failed `assert`.
    AssertionError = 6,
    /// An operand of the wrong type.
    TypeError = 7,
    /// A time limit was reached; not an exception of Python's.
    TimeLimit = 8,
    /// Raised by the program itself.
    RuntimeError = 9,
    /// Raised by the program itself.
    ArithmeticError = 10,
    /// Raised by the program itself.
    NotImplementedError = 11,
    /// Raised by the program itself.
    Exception = 12,
    /// Calls of calls are too many.
    RecursionError = 13,
}

impl ExcKind {
    /// Every class.
    pub const ALL: [ExcKind; 13] = [
        ExcKind::ZeroDivisionError,
        ExcKind::IndexError,
        ExcKind::ValueError,
        ExcKind::OverflowError,
        ExcKind::UnboundLocalError,
        ExcKind::AssertionError,
        ExcKind::TypeError,
        ExcKind::TimeLimit,
        ExcKind::RuntimeError,
        ExcKind::ArithmeticError,
        ExcKind::NotImplementedError,
        ExcKind::Exception,
        ExcKind::RecursionError,
    ];

    /// CPython's name of the class.
    pub fn name(self) -> &'static str {
        match self {
            ExcKind::ZeroDivisionError => "ZeroDivisionError",
            ExcKind::IndexError => "IndexError",
            ExcKind::ValueError => "ValueError",
            ExcKind::OverflowError => "OverflowError",
            ExcKind::UnboundLocalError => "UnboundLocalError",
            ExcKind::AssertionError => "AssertionError",
            ExcKind::TypeError => "TypeError",
            ExcKind::TimeLimit => "TimeLimit",
            ExcKind::RuntimeError => "RuntimeError",
            ExcKind::ArithmeticError => "ArithmeticError",
            ExcKind::NotImplementedError => "NotImplementedError",
            ExcKind::Exception => "Exception",
            ExcKind::RecursionError => "RecursionError",
        }
    }

    /// The status code that compiled code returns.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The class with this status code.
    pub fn from_code(code: i32) -> Option<ExcKind> {
        ExcKind::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The class with this name.
    pub fn from_name(name: &str) -> Option<ExcKind> {
        ExcKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How deep functions may call themselves before a `RecursionError`: CPython's limit of frames.
pub const MAX_RECURSION: u32 = 1000;

/// The message of a `RecursionError`, CPython's.
pub const RECURSION_MESSAGE: &str = "maximum recursion depth exceeded";

/// What a guard raises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The exception's class.
    pub kind: ExcKind,
    /// The exception's message, CPython's wording.
    pub message: Arc<str>,
}

/// How a function's results nest for a Python caller; scalars are taken from the results in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `None`; takes no result.
    None,
    /// One scalar result.
    Scalar,
    /// A tuple.
    Tuple(Vec<Shape>),
}

impl Shape {
    /// Number of results the shape takes.
    pub fn len(&self) -> usize {
        match self {
            Shape::None => 0,
            Shape::Scalar => 1,
            Shape::Tuple(items) => items.iter().map(Shape::len).sum(),
        }
    }

    /// Whether the shape takes no result.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The name in the source.
    pub name: Arc<str>,
    /// A scalar or memref type.
    pub ty: Type,
}

/// What defines a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueDef {
    /// Parameter `index` of a region.
    Param {
        /// The region.
        region: RegionId,
        /// Position among its parameters.
        index: u32,
    },
    /// Output `index` of a node.
    Output {
        /// The node.
        node: NodeId,
        /// Position among its outputs.
        index: u32,
    },
}

/// A value's definition and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// What defines it.
    pub def: ValueDef,
    /// Its type.
    pub ty: Type,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// An operation.
    Simple(Op),
    /// A choice: the predicate selects the region that runs.
    Gamma {
        /// One region per alternative; `bool` selects 0 for false, 1 for true.
        arms: Vec<RegionId>,
    },
    /// A tail-controlled loop: the body runs, then again while its first result is true.
    Theta {
        /// The loop's body.
        body: RegionId,
    },
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The region that contains it.
    pub region: RegionId,
    /// Values and states it uses.
    pub operands: SmallVec<[ValueId; 4]>,
    /// Values and states it defines.
    pub outputs: SmallVec<[ValueId; 2]>,
    /// Where it comes from.
    pub span: Span,
}

/// A region: a sequence of nodes with parameters and results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// The gamma or theta that owns it; none for the function's body.
    pub owner: Option<NodeId>,
    /// Values defined on entry.
    pub params: Vec<ValueId>,
    /// Nodes, definitions before uses.
    pub nodes: Vec<NodeId>,
    /// Values handed to the owner.
    pub results: Vec<ValueId>,
}

/// A lambda node with its region tree: one function. Two functions are equal if their trees are,
/// whatever the ids in them.
#[derive(Clone, Debug)]
pub struct Function {
    /// The function's name.
    pub name: Arc<str>,
    /// Parameters that a caller passes.
    pub params: Vec<Param>,
    /// How the results nest.
    pub shape: Shape,
    /// Number of alias groups: the body has states `io, mem<0> .. mem<mems - 1>`.
    pub mems: u32,
    /// Exceptions that guards can raise.
    pub faults: Vec<Fault>,
    /// The functions that [`Op::Recur`] calls by position, here and in each of them: the phi node
    /// around them and this one. They have as many alias groups as this one, and no phi of their own.
    pub phi: Vec<Arc<Function>>,
    values: Vec<Value>,
    nodes: Vec<Node>,
    regions: Vec<Region>,
}

impl Function {
    /// A function with an empty body, whose parameters and states are defined.
    pub fn new(name: &str, params: Vec<Param>, mems: u32, shape: Shape) -> Function {
        let types: Vec<Type> = params.iter().map(|param| param.ty).collect();
        let mut function = Function {
            name: name.into(),
            params,
            shape,
            mems,
            faults: Vec::new(),
            phi: Vec::new(),
            values: Vec::new(),
            nodes: Vec::new(),
            regions: vec![Region::default()],
        };
        let states = function.state_types();
        for ty in types.into_iter().chain(states) {
            function.add_region_param(function.body(), ty);
        }
        function
    }

    /// The function's body.
    pub fn body(&self) -> RegionId {
        RegionId::from_index(0)
    }

    /// The types of the states: `io`, then one `mem` per alias group.
    pub fn state_types(&self) -> Vec<Type> {
        std::iter::once(Type::Io).chain((0..self.mems).map(Type::Mem)).collect()
    }

    /// The values of the parameters that a caller passes.
    pub fn param_values(&self) -> &[ValueId] {
        &self.region(self.body()).params[..self.params.len()]
    }

    /// The states on entry: `io`, then one `mem` per alias group.
    pub fn entry_states(&self) -> &[ValueId] {
        &self.region(self.body()).params[self.params.len()..]
    }

    /// The results that a caller receives (without the states).
    pub fn result_values(&self) -> &[ValueId] {
        let results = &self.region(self.body()).results;
        &results[..results.len().saturating_sub(1 + self.mems as usize)]
    }

    /// The types of [`Function::result_values`].
    pub fn result_types(&self) -> Vec<Type> {
        self.result_values().iter().map(|value| self.ty(*value)).collect()
    }

    /// A value.
    pub fn value(&self, value: ValueId) -> Value {
        self.values[value.index()]
    }

    /// A value's type.
    pub fn ty(&self, value: ValueId) -> Type {
        self.values[value.index()].ty
    }

    /// A node.
    pub fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.index()]
    }

    /// A region.
    pub fn region(&self, region: RegionId) -> &Region {
        &self.regions[region.index()]
    }

    /// Number of values.
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    /// Number of nodes, those that no region lists included.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Number of regions.
    pub fn region_count(&self) -> usize {
        self.regions.len()
    }

    /// The region in which a value is defined.
    pub fn defining_region(&self, value: ValueId) -> RegionId {
        match self.value(value).def {
            ValueDef::Param { region, .. } => region,
            ValueDef::Output { node, .. } => self.node(node).region,
        }
    }

    /// The region that contains the owner of `region`; none for the body.
    pub fn parent(&self, region: RegionId) -> Option<RegionId> {
        self.region(region).owner.map(|owner| self.node(owner).region)
    }

    /// The constant that a value is, if a constant node defines it.
    pub fn as_const(&self, value: ValueId) -> Option<crate::Const> {
        if let ValueDef::Output { node, .. } = self.value(value).def
            && let NodeKind::Simple(Op::Const(constant)) = self.node(node).kind
        {
            return Some(constant);
        }
        None
    }

    /// The id of a fault, added if new.
    pub fn fault(&mut self, kind: ExcKind, message: &str) -> FaultId {
        let at = self.faults.iter().position(|f| f.kind == kind && &*f.message == message);
        let at = at.unwrap_or_else(|| {
            self.faults.push(Fault { kind, message: message.into() });
            self.faults.len() - 1
        });
        FaultId(u32::try_from(at).expect("a function has fewer than 2^32 faults"))
    }

    /// Adds a parameter to a region.
    pub fn add_region_param(&mut self, region: RegionId, ty: Type) -> ValueId {
        let index = self.regions[region.index()].params.len() as u32;
        let value = self.new_value(ValueDef::Param { region, index }, ty);
        self.regions[region.index()].params.push(value);
        value
    }

    /// Sets a region's results.
    pub fn set_results(&mut self, region: RegionId, results: Vec<ValueId>) {
        self.regions[region.index()].results = results;
    }

    /// Adds a region that a gamma or theta will own.
    pub fn add_region(&mut self) -> RegionId {
        self.regions.push(Region::default());
        RegionId::from_index(self.regions.len() - 1)
    }

    /// Appends an operation to a region.
    ///
    /// # Errors
    /// If the operands do not fit the operation.
    pub fn try_simple(
        &mut self,
        region: RegionId,
        op: Op,
        operands: &[ValueId],
        span: Span,
    ) -> Result<NodeId, OperandError> {
        let types: SmallVec<[Type; 4]> = operands.iter().map(|v| self.ty(*v)).collect();
        let results = op.result_types(&types)?;
        Ok(self.push_node(NodeKind::Simple(op), region, operands, &results, span))
    }

    /// Appends an operation and returns its last output: the value, or the state of a store.
    ///
    /// # Panics
    /// If the operands do not fit the operation: a mistake of the caller's, not of a user's.
    pub fn simple(
        &mut self,
        region: RegionId,
        op: Op,
        operands: &[ValueId],
        span: Span,
    ) -> ValueId {
        let node = match self.try_simple(region, op, operands, span) {
            Ok(node) => node,
            Err(error) => {
                let types: Vec<_> = operands.iter().map(|v| self.ty(*v).to_string()).collect();
                panic!("{op:?} of ({}): {error}", types.join(", "))
            }
        };
        *self.node(node).outputs.last().expect("every operation has an output")
    }

    /// Appends a constant to a region.
    pub fn constant(&mut self, region: RegionId, constant: crate::Const, span: Span) -> ValueId {
        self.simple(region, Op::Const(constant), &[], span)
    }

    /// Appends a gamma. The arms must have their results set; the outputs take the types of the
    /// first arm's.
    pub fn gamma(
        &mut self,
        region: RegionId,
        predicate: ValueId,
        inputs: &[ValueId],
        arms: Vec<RegionId>,
        span: Span,
    ) -> NodeId {
        let results: Vec<Type> =
            self.region(arms[0]).results.iter().map(|value| self.ty(*value)).collect();
        let operands: Vec<ValueId> =
            std::iter::once(predicate).chain(inputs.iter().copied()).collect();
        let owned = arms.clone();
        let node = self.push_node(NodeKind::Gamma { arms }, region, &operands, &results, span);
        for arm in owned {
            self.regions[arm.index()].owner = Some(node);
        }
        node
    }

    /// Appends a theta. The body must have its results set: the predicate, then one next value per
    /// initial value.
    pub fn theta(
        &mut self,
        region: RegionId,
        initial: &[ValueId],
        body: RegionId,
        span: Span,
    ) -> NodeId {
        let results: Vec<Type> = initial.iter().map(|value| self.ty(*value)).collect();
        let node = self.push_node(NodeKind::Theta { body }, region, initial, &results, span);
        self.regions[body.index()].owner = Some(node);
        node
    }

    /// Appends a node of any kind with stated output types, unchecked: what a reader of possibly
    /// malformed text needs before [`crate::verify()`] judges it.
    pub fn push_node(
        &mut self,
        kind: NodeKind,
        region: RegionId,
        operands: &[ValueId],
        results: &[Type],
        span: Span,
    ) -> NodeId {
        let node = NodeId::from_index(self.nodes.len());
        let outputs = results
            .iter()
            .enumerate()
            .map(|(index, ty)| self.new_value(ValueDef::Output { node, index: index as u32 }, *ty))
            .collect();
        self.nodes.push(Node { kind, region, operands: operands.into(), outputs, span });
        self.regions[region.index()].nodes.push(node);
        node
    }

    /// Makes `node` the owner of `region`; [`Function::gamma`] and [`Function::theta`] do it for
    /// their regions.
    pub fn set_owner(&mut self, region: RegionId, node: NodeId) {
        self.regions[region.index()].owner = Some(node);
    }

    /// Replaces a region's list of nodes, to remove or reorder them.
    pub fn set_nodes(&mut self, region: RegionId, nodes: Vec<NodeId>) {
        self.regions[region.index()].nodes = nodes;
    }

    fn new_value(&mut self, def: ValueDef, ty: Type) -> ValueId {
        self.values.push(Value { def, ty });
        ValueId::from_index(self.values.len() - 1)
    }
}
