//! Functions with a loop that each lane leaves in its own time, taken apart into three graphs.

use super::algebra::Algebra;
use super::regions::{Iteration, Lowerer};
use super::{LowerOptions, Refusal, refuse};
use rvsdg::{Function, Span, Type};
use vecmath::{Dag, Id, Op, Width};

/// What a function without or with such a loop is in vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Divergent {
    /// One graph does it.
    Straight(Dag),
    /// A loop, for [`crate::Kernel::iterated`].
    Loop(Iterated),
}

/// A loop of which each lane takes as many iterations as it needs. Its state is a number for each
/// of the loop's variables, a mask that is set in the lanes that go on, and numbers that are the
/// same in every iteration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iterated {
    /// From the inputs to the state before the first iteration, and what only `after` needs.
    pub before: Dag,
    /// From the state to the state after an iteration, unchanged in lanes whose mask is not set.
    pub body: Dag,
    /// From the variables and what only it needs to the outputs.
    pub after: Dag,
    /// Number of variables.
    pub variables: usize,
}

/// Share of the lanes' iterations that are for nothing: those between a lane's last one and the
/// next look at the mask, those at the end, and the changes of elements.
const WASTE: f64 = 1.4;

impl Iterated {
    /// Numbers of the state.
    pub fn state(&self) -> usize {
        self.body.inputs as usize
    }

    /// Whether vectors take less time than one element after the other, by the graph of an
    /// iteration: one element waits for each result, vectors are bound by how much there is to do.
    pub fn is_worthwhile(&self) -> bool {
        let nodes = &self.body.nodes;
        let (mut ready, mut work) = (vec![0.0_f64; nodes.len()], 0.0);
        for (at, node) in nodes.iter().enumerate() {
            let (latency, throughput) = match node.op {
                Op::Input(_) | Op::Const(_) => (0.0, 0.0),
                Op::Add | Op::Sub | Op::Mul => (3.0, 0.5),
                Op::Fma | Op::Nfma | Op::Fms => (4.0, 0.5),
                Op::Div => (13.0, 6.0),
                Op::Sqrt => (18.0, 9.0),
                Op::Round(_) => (3.0, 1.0),
                // Blends are jumps of the one element.
                Op::Select => (0.0, 1.0),
                _ => (1.0, 0.4),
            };
            let first = node.args().iter().map(|a| ready[a.index()]).fold(0.0, f64::max);
            ready[at] = first + latency;
            work += throughput;
        }
        let longest = ready.into_iter().fold(1.0, f64::max);
        let lanes = (32 / self.body.width.bytes()) as f64;
        // The state is loaded and stored.
        let vectors = (work + 1.5 * self.state() as f64) / lanes * WASTE;
        vectors < longest.max(0.5 * work)
    }
}

/// Lowers a function of `f64` and `i64` numbers, or of `f32` numbers, in which integers may differ
/// between lanes and one loop may take its own time in each. Inputs and outputs are the function's
/// parameters and results, in order, the bits of integers in place of floats', and perhaps a
/// mask ([`super::Exceptions::Masked`]).
///
/// # Errors
/// If the function has no vector form.
pub fn lower_divergent(function: &Function, options: &LowerOptions) -> Result<Divergent, Refusal> {
    let mut types = function.params.iter().map(|p| p.ty).chain(function.result_types());
    let narrow = types.clone().all(|ty| ty == Type::F32);
    let wide = types.all(|ty| matches!(ty, Type::F64 | Type::I64));
    if !(narrow || wide) || function.params.is_empty() || function.result_values().is_empty() {
        let what = "parameters and results are not numbers of one size";
        return Err(refuse(what, Span::NONE));
    }
    let width = if wide { Width::F64 } else { Width::F32 };
    let mut algebra = Algebra::new(width, options);
    let params: Vec<Id> = (0..function.params.len()).map(|k| algebra.input(k)).collect();
    let mut lowerer = Lowerer::new(function, &mut algebra, options);
    lowerer.divergent = true;
    let mut results = lowerer.run(params.clone())?;
    results.extend(lowerer.raising);
    match lowerer.iteration.take() {
        None => Ok(Divergent::Straight(algebra.finish(&results))),
        Some(iteration) => Ok(Divergent::Loop(apart(&mut algebra, &params, &iteration, &results))),
    }
}

/// Cuts the graph where the loop begins and ends.
fn apart(algebra: &mut Algebra, params: &[Id], loop_: &Iteration, results: &[Id]) -> Iterated {
    let recorder = algebra.lanes();
    let mut changes = vec![false; recorder.len()];
    for at in 0..recorder.len() {
        let id = Id(at as u32);
        let known = recorder.get(id);
        changes[at] =
            loop_.variables.contains(&id) || known.args().iter().any(|arg| changes[arg.index()]);
    }
    // Constants are made anew where they are needed.
    let outside = |ends: &[Id]| {
        let (mut found, mut seen) = (Vec::new(), vec![false; recorder.len()]);
        let mut pending = ends.to_vec();
        while let Some(id) = pending.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            let node = recorder.get(id);
            if changes[id.index()] {
                pending.extend(node.args().iter().filter(|_| !loop_.variables.contains(&id)));
            } else if !matches!(node.op, Op::Const(_)) {
                found.push(id);
            }
        }
        found.sort_unstable();
        found
    };
    let (kept, later) = (outside(&loop_.next), outside(results));
    let (_, variables) = loop_.variables.split_last().expect("the mask is one");
    let join = |parts: [&[Id]; 3]| parts.concat();
    Iterated {
        before: recorder.between(params, &join([&loop_.initial, &kept, &later])),
        body: recorder
            .between(&join([&loop_.variables, &kept, &[]]), &join([&loop_.next, &kept, &[]])),
        after: recorder.between(&join([variables, &later, &[]]), results),
        variables: variables.len(),
    }
}
