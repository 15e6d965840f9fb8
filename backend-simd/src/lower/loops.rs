//! Loops over arrays in vectors.
//!
//! A theta whose induction variables count up by one, whose accesses lie at an induction variable
//! plus a constant, and whose other variables are folded (a sum, a largest or a smallest number),
//! is described so that a backend can run most of its iterations in vectors and the rest, at least
//! one, as it always did. The vectors may run the first `m` iterations if
//!
//! * every [`Condition`] holds in all of them: the loop goes on after each, and no guard raises;
//! * no [`Overlap`] forbids it.
//!
//! Without `fast_math` the results have the bits of the scalar loop. A fold then is a largest or
//! smallest number that is not zero: which zero it is depends on the order.

use super::algebra::Algebra;
use super::regions::Lowerer;
use super::{LowerOptions, Refusal, refuse};
use rvsdg::{Cmp, Const, Elem, Function, NodeId, NodeKind, Op, RegionId, Type, ValueDef, ValueId};
use vecmath::{Dag, Id, Lanes, Op as Lane, Width};

/// Elements of an array, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The array.
    pub array: ValueId,
    /// The indices before the last.
    pub rows: Vec<ValueId>,
    /// Position among the loop's variables of the one that counts.
    pub variable: usize,
    /// What is added to it to give the last index.
    pub offset: i64,
}

/// Where an input of the graph comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A number per iteration.
    Stream(Stream),
    /// A number defined outside the loop, the same in every iteration.
    Value(ValueId),
}

/// How a variable gathers a number per iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// Adds it.
    Sum,
    /// Becomes it if it is less.
    Min,
    /// Becomes it if it is greater.
    Max,
}

/// A variable that the loop folds. In the graph it is one of the last inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Position among the loop's variables.
    pub variable: usize,
    /// How.
    pub kind: FoldKind,
}

/// What is known when compiling, or a value defined outside the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A number.
    Known(i64),
    /// A value.
    Value(ValueId),
}

/// What must hold in an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A variable that counts, plus an offset, is less than the bound.
    Below {
        /// Position among the loop's variables.
        variable: usize,
        /// What is added.
        offset: i64,
        /// The bound, not reached.
        bound: Bound,
    },
    /// It is at least the bound.
    AtLeast {
        /// Position among the loop's variables.
        variable: usize,
        /// What is added.
        offset: i64,
        /// The bound.
        bound: Bound,
    },
    /// A truth value defined outside the loop.
    Holds(ValueId),
}

/// A store that might change what a later iteration loads. With `d` the bytes from where the first
/// store goes to where the first load comes from: harmless if `d >= least`, or if the load's
/// elements end before the store's begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The input that is loaded.
    pub input: usize,
    /// The output that is stored.
    pub output: usize,
    /// 0, or the size of an element.
    pub least: i64,
}

/// A loop in vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorLoop {
    /// An iteration: `inputs`, then a number per fold, to a number per output and fold.
    pub dag: Dag,
    /// Where the inputs come from.
    pub inputs: Vec<Source>,
    /// Where the outputs go, in the order of the stores.
    pub outputs: Vec<Stream>,
    /// The folds.
    pub folds: Vec<Fold>,
    /// Positions of the variables that count up by one.
    pub counters: Vec<usize>,
    /// What must hold in every iteration.
    pub conditions: Vec<Condition>,
    /// What must not overlap. Two outputs must not, unless they are the same elements.
    pub overlaps: Vec<Overlap>,
    /// Whether a fold that ends as zero is not to be used.
    pub exact: bool,
}

impl VectorLoop {
    /// Which inputs are one number for all iterations.
    pub fn uniform(&self) -> Vec<bool> {
        self.inputs.iter().map(|input| matches!(input, Source::Value(_))).collect()
    }

    /// How many arrays, or rows of arrays, the inputs are of: a stencil's are of one.
    pub fn input_arrays(&self) -> usize {
        let mut rows: Vec<(ValueId, &[ValueId])> = Vec::new();
        for input in &self.inputs {
            let Source::Stream(stream) = input else { continue };
            let row = (stream.array, &*stream.rows);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows.len()
    }
}

/// What a loop gathers while its body is lowered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) inputs: Vec<Source>,
    /// Stores that come before each input, for those that are loaded.
    loaded_after: Vec<usize>,
    outputs: Vec<(Stream, Id)>,
    pub(super) required: Vec<Condition>,
}

impl Gathered {
    /// The input for a load.
    pub(super) fn load(&mut self, algebra: &mut Algebra, stream: Stream) -> (usize, Option<Id>) {
        let after = self.outputs.len();
        let source = Source::Stream(stream);
        let known = (0..self.inputs.len())
            .find(|k| self.inputs[*k] == source && self.loaded_after[*k] == after);
        if let Some(known) = known {
            return (known, None);
        }
        let id = algebra.input(self.inputs.len());
        self.inputs.push(source);
        self.loaded_after.push(after);
        (self.inputs.len() - 1, Some(id))
    }

    /// The input for a number from outside.
    pub(super) fn outside(&mut self, algebra: &mut Algebra, value: ValueId) -> Id {
        let id = algebra.input(self.inputs.len());
        self.inputs.push(Source::Value(value));
        self.loaded_after.push(0);
        id
    }

    pub(super) fn store(&mut self, stream: Stream, value: Id) {
        self.outputs.push((stream, value));
    }

    /// The pairs that may get in each other's way.
    fn overlaps(&self, size: i64) -> Result<Vec<Overlap>, Refusal> {
        let mut overlaps = Vec::new();
        for (input, source) in self.inputs.iter().enumerate() {
            let Source::Stream(from) = source else { continue };
            for (output, (to, _)) in self.outputs.iter().enumerate() {
                let least = if self.loaded_after[input] <= output { 0 } else { size };
                let alike =
                    from.array == to.array && from.rows == to.rows && from.variable == to.variable;
                if !alike {
                    overlaps.push(Overlap { input, output, least });
                } else if (from.offset - to.offset) * size < least {
                    let what = "an element that an earlier iteration stores";
                    return Err(refuse(what, rvsdg::Span::NONE));
                }
            }
        }
        Ok(overlaps)
    }
}

/// Describes a loop for vectors.
///
/// # Errors
/// If it has no vector form.
///
/// # Panics
/// If the node is no theta of the function.
pub fn vector_loop(
    function: &Function,
    node: NodeId,
    fast_math: bool,
) -> Result<VectorLoop, Refusal> {
    let NodeKind::Theta { body } = function.node(node).kind else {
        panic!("only a theta is a loop");
    };
    let width = element_width(function, body)?;
    let options = LowerOptions { fast_math, ..LowerOptions::default() };
    let mut algebra = Algebra::new(width, &options);
    let roles = roles(function, node, body, width);
    let lowerer = Lowerer::for_loop(function, &mut algebra, &options, Gathered::default());
    let (mut gathered, condition, partials) = lowerer.run_loop(node, body, &roles)?;
    gathered.required.extend(condition);
    let mut outputs: Vec<Id> = gathered.outputs.iter().map(|(_, id)| *id).collect();
    let mut folds = Vec::new();
    for (variable, kind, partial) in partials {
        let before = algebra.input(gathered.inputs.len() + folds.len());
        let product = match algebra.node(partial) {
            node if fast_math && node.op == Lane::Mul => Some((node.args()[0], node.args()[1])),
            _ => None,
        };
        let l = algebra.lanes();
        outputs.push(match (kind, product) {
            (FoldKind::Sum, Some((a, b))) => l.fma(a, b, before),
            (FoldKind::Sum, None) => l.add(before, partial),
            (FoldKind::Min, _) => l.min(partial, before),
            (FoldKind::Max, _) => l.max(partial, before),
        });
        folds.push(Fold { variable, kind });
    }
    if outputs.is_empty() {
        return Err(refuse("a loop that stores and folds nothing", function.node(node).span));
    }
    let streams = gathered.inputs.iter().any(|input| matches!(input, Source::Stream(_)));
    if gathered.outputs.is_empty() && !streams {
        return Err(refuse("a loop without arrays", function.node(node).span));
    }
    let overlaps = gathered.overlaps(width.bytes() as i64)?;
    let counters = (0..roles.len()).filter(|k| roles[*k] == Role::Counter).collect();
    if !fast_math && !folds.is_empty() && !gathered.outputs.is_empty() {
        return Err(refuse("stores beside a largest number", function.node(node).span));
    }
    Ok(VectorLoop {
        dag: algebra.finish(&outputs),
        inputs: gathered.inputs,
        outputs: gathered.outputs.into_iter().map(|(stream, _)| stream).collect(),
        folds,
        counters,
        conditions: gathered.required,
        overlaps,
        exact: !fast_math,
    })
}

/// The format of the arrays' elements, all of one.
fn element_width(function: &Function, body: RegionId) -> Result<Width, Refusal> {
    let mut found = None;
    let mut regions = vec![body];
    while let Some(region) = regions.pop() {
        for node in &function.region(region).nodes {
            let node = function.node(*node);
            regions.extend(node.kind.regions());
            let NodeKind::Simple(Op::Load | Op::Store) = node.kind else { continue };
            let width = match function.ty(node.operands[1]) {
                Type::MemRef { elem: Elem::F64, .. } => Width::F64,
                Type::MemRef { elem: Elem::F32, .. } => Width::F32,
                _ => return Err(refuse("an array of integers", node.span)),
            };
            if found.is_some_and(|other| other != width) {
                return Err(refuse("arrays of different formats", node.span));
            }
            found = Some(width);
        }
    }
    found.ok_or_else(|| refuse("a loop without arrays", rvsdg::Span::NONE))
}

/// What a loop's variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    State,
    /// Counts up by one.
    Counter,
    /// Never changes.
    Fixed,
    /// A float, folded or set anew before it is used.
    Float,
    /// Set anew before it is used.
    Other,
}

fn roles(function: &Function, node: NodeId, body: RegionId, width: Width) -> Vec<Role> {
    let region = function.region(body);
    let float = if width == Width::F64 { Type::F64 } else { Type::F32 };
    let role = |k: usize| {
        let (param, next) = (region.params[k], region.results[1 + k]);
        let ty = function.ty(param);
        if ty.is_state() {
            Role::State
        } else if param == next {
            Role::Fixed
        } else if ty == Type::I64 && counts(function, param, next) {
            Role::Counter
        } else if ty == float {
            Role::Float
        } else {
            Role::Other
        }
    };
    (0..function.node(node).operands.len()).map(role).collect()
}

/// Whether `next` is `value + 1`.
fn counts(function: &Function, value: ValueId, next: ValueId) -> bool {
    let ValueDef::Output { node, .. } = function.value(next).def else { return false };
    let node = function.node(node);
    let NodeKind::Simple(Op::IAdd) = node.kind else { return false };
    let one = |v: ValueId| function.as_const(v) == Some(Const::I64(1));
    let (a, b) = (node.operands[0], node.operands[1]);
    a == value && one(b) || b == value && one(a)
}

/// Offsets larger than this would make arithmetic on indices overflow.
pub(super) const MOST_OFFSET: i64 = 1 << 31;

/// A comparison of a counter with a bound, as conditions.
pub(super) fn compare(
    cmp: Cmp,
    variable: usize,
    offset: i64,
    bound: Bound,
) -> Option<Vec<Condition>> {
    let below = |offset| Condition::Below { variable, offset, bound };
    let at_least = |offset| Condition::AtLeast { variable, offset, bound };
    Some(match cmp {
        Cmp::Lt => vec![below(offset)],
        // i + c <= b is i + c - 1 < b.
        Cmp::Le => vec![below(offset - 1)],
        Cmp::Ge => vec![at_least(offset)],
        Cmp::Gt => vec![at_least(offset - 1)],
        Cmp::Eq | Cmp::Ne => return None,
    })
}
