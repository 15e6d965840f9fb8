//! How often loops run, as far as it can be told: what regions cost depends on it.
//!
//! A loop that counts by a constant from one number to another runs a known number of times. Where
//! only ranges are known, the largest distance bounds the guess. Both views are read the same way:
//! a [`Function`] before and after, and the [`Model`] between them, where more is known.

use crate::cost::{TRIP_COUNT, arm_share, known_arm};
use crate::facts::Graph;
use crate::interval::Ints;
use crate::language::Meaning;
use crate::model::{Instance, InstanceKind, Model};
use egraph_core::EClassId;
use rvsdg::{Cmp, Const, Function, NodeKind, Op, RegionId, Type, ValueDef, ValueId};

/// The iterations of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trips {
    /// The number to calculate with.
    pub estimate: f64,
    /// The loop runs exactly so often.
    pub exact: bool,
}

impl Trips {
    const UNKNOWN: Trips = Trips { estimate: TRIP_COUNT, exact: false };
}

/// Parts of a conjunction that are looked at.
const MAX_PARTS: usize = 16;

/// A loop goes on while its counter, already moved by `step`, compares so with the bound.
struct Exit {
    cmp: Cmp,
    init: Ints,
    step: i64,
    bound: Ints,
}

impl Exit {
    /// The fewest and the most iterations that this exit allows; none if it may never be taken.
    fn trips(&self) -> Option<(f64, f64)> {
        let (init, bound, step) = match (self.cmp, self.step) {
            (Cmp::Lt | Cmp::Le, 1..) => (self.init, self.bound, self.step),
            (Cmp::Gt | Cmp::Ge, ..0) => {
                let mirrored = |range: Ints| Ints::new(!range.hi, !range.lo);
                (mirrored(self.init), mirrored(self.bound), self.step.checked_neg()?)
            }
            _ => return None,
        };
        let inclusive = matches!(self.cmp, Cmp::Le | Cmp::Ge);
        let count = |from: i64, to: i64| {
            let distance = i128::from(to) - i128::from(from) + i128::from(inclusive);
            let step = i128::from(step);
            ((distance + step - 1).div_euclid(step)).max(1) as f64
        };
        // The counter must not wrap around on its way past the bound.
        let past = bound.hi.max(init.hi).checked_add(step).is_some();
        if init.lo > init.hi || bound.lo > bound.hi || !past {
            return None;
        }
        Some((count(init.hi, bound.lo), count(init.lo, bound.hi)))
    }
}

/// What several exits, each of which ends the loop, say together. `all` if there are no others.
fn judge(exits: &[Exit], all: bool) -> Trips {
    let known: Vec<(f64, f64)> = exits.iter().filter_map(Exit::trips).collect();
    let most = known.iter().map(|(_, most)| *most).reduce(f64::min);
    let Some(most) = most else { return Trips::UNKNOWN };
    let least = known.iter().map(|(least, _)| *least).reduce(f64::min);
    let exact = all && known.len() == exits.len() && least == Some(most);
    let estimate = if exact { most } else { most.min(TRIP_COUNT) };
    Trips { estimate, exact }
}

/// The iterations of a theta with this body and these initial values.
pub fn of_theta(function: &Function, body: RegionId, inits: &[ValueId]) -> Trips {
    let content = function.region(body);
    let (mut exits, mut all) = (Vec::new(), true);
    let mut work = vec![content.results[0]];
    let mut parts = 0;
    while let Some(value) = work.pop() {
        parts += 1;
        match operation(function, value) {
            Some((Op::BAnd, operands)) if parts < MAX_PARTS => work.extend(operands),
            Some((Op::ICmp(cmp), [a, b])) => {
                let exit = [(cmp, *a, *b), (cmp.swapped(), *b, *a)].into_iter().find_map(
                    |(cmp, next, bound)| {
                        let k = (1..content.results.len()).find(|k| content.results[*k] == next)?;
                        let step = step(function, next, content.params[k - 1])?;
                        let init = range(function, inits[k - 1], 4);
                        Some(Exit { cmp, init, step, bound: range(function, bound, 4) })
                    },
                );
                all &= exit.is_some();
                exits.extend(exit);
            }
            _ => all = false,
        }
    }
    judge(&exits, all)
}

fn operation(function: &Function, value: ValueId) -> Option<(Op, &[ValueId])> {
    let ValueDef::Output { node, index: 0 } = function.value(value).def else { return None };
    let node = function.node(node);
    let NodeKind::Simple(op) = node.kind else { return None };
    Some((op, &node.operands))
}

fn integer(function: &Function, value: ValueId) -> Option<i64> {
    function.as_const(value).and_then(Const::as_i64)
}

fn step(function: &Function, next: ValueId, param: ValueId) -> Option<i64> {
    match operation(function, next)? {
        (Op::IAdd, [a, b]) if *a == param => integer(function, *b),
        (Op::IAdd, [a, b]) if *b == param => integer(function, *a),
        (Op::ISub, [a, b]) if *a == param => integer(function, *b)?.checked_neg(),
        _ => None,
    }
}

/// Bounds of an integer that are visible from its definition.
fn range(function: &Function, value: ValueId, depth: u32) -> Ints {
    let any = Ints::new(i64::MIN, i64::MAX);
    if let Some(known) = integer(function, value) {
        return Ints::point(known);
    }
    if depth == 0 {
        return any;
    }
    let of = |value: &ValueId| range(function, *value, depth - 1);
    match operation(function, value) {
        Some((Op::IMin, [a, b])) => {
            let (a, b) = (of(a), of(b));
            Ints::new(a.lo.min(b.lo), a.hi.min(b.hi))
        }
        Some((Op::IMax, [a, b])) => {
            let (a, b) = (of(a), of(b));
            Ints::new(a.lo.max(b.lo), a.hi.max(b.hi))
        }
        Some((Op::IAnd, [a, b])) => match (of(a), of(b)) {
            (_, mask) | (mask, _) if mask.lo >= 0 => Ints::new(0, mask.hi),
            _ => any,
        },
        Some((Op::Len(_), _)) => Ints::new(0, i64::MAX),
        _ => any,
    }
}

impl Model<'_> {
    /// Estimates how often each region runs, from what is known now.
    pub(crate) fn estimate_frequencies(&mut self) {
        let mut loops = vec![false; self.regions.len()];
        for instance in &self.instances {
            let is_loop = instance.kind == InstanceKind::Theta && !instance.abandoned;
            loops[instance.home.index()] |= is_loop;
        }
        for at in 1..self.regions.len() {
            let Some((id, arm)) = self.regions[at].owner else { continue };
            let instance = self.instance(id);
            let share = match instance.kind {
                InstanceKind::Gamma => {
                    let arms = instance.regions.iter().map(|region| loops[region.index()]);
                    let known = known_arm(self.graph.data(instance.predicate).constant);
                    arm_share(&arms.collect::<Vec<bool>>(), arm, known)
                }
                InstanceKind::Theta => of_instance(&self.graph, instance).estimate,
            };
            // Regions come after the ones around them.
            self.regions[at].frequency = self.regions[instance.home.index()].frequency * share;
        }
    }
}

/// The iterations of a theta in an e-graph.
pub(crate) fn of_instance(graph: &Graph, instance: &Instance) -> Trips {
    let language = &graph.analysis().language;
    let (mut exits, mut all) = (Vec::new(), true);
    let mut work = vec![graph.find(instance.predicate)];
    let mut parts = 0;
    while let Some(class) = work.pop() {
        parts += 1;
        let mut found = false;
        for node in graph.nodes(class).take(MAX_PARTS) {
            let children = graph.children(node);
            match language.meaning(graph.op(node)) {
                Meaning::Simple(Op::BAnd) if parts < MAX_PARTS => {
                    work.extend(children);
                    found = true;
                }
                Meaning::Simple(Op::ICmp(cmp)) => {
                    let (a, b) = (children[0], children[1]);
                    let exit = exit(graph, instance, cmp, a, b)
                        .or_else(|| exit(graph, instance, cmp.swapped(), b, a));
                    found |= exit.is_some();
                    exits.extend(exit);
                }
                _ => {}
            }
        }
        all &= found;
    }
    judge(&exits, all)
}

fn exit(
    graph: &Graph,
    instance: &Instance,
    cmp: Cmp,
    next: EClassId,
    bound: EClassId,
) -> Option<Exit> {
    let language = &graph.analysis().language;
    let add = language.find(Op::IAdd, 2)?;
    let ports = instance.ports.iter().filter(|port| port.ty == Type::I64);
    let range = |class| graph.data(class).range.ints();
    ports.filter(|port| graph.find(port.results[0]) == next).find_map(|port| {
        let var = graph.find(port.var?);
        let step = graph.nodes_of(next, add).find_map(|node| {
            let step = graph.data(graph.child(node, 1)).constant.and_then(Const::as_i64);
            step.filter(|_| graph.child(node, 0) == var)
        })?;
        Some(Exit { cmp, init: range(port.init?)?, step, bound: range(bound)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rvsdg::NodeId;

    fn trips(init: &str, step: i64, condition: &str, bound: &str) -> Trips {
        let text = format!(
            "(lambda @f [(%n i64)] [%io] -> i64
               (%first = const i64 {init})
               (%six = const i64 6)
               (%few = imin %n %six)
               (%last = const i64 {bound})
               (%io1 %out = theta [%io %first]
                 (body [%io_1 %i]
                   (%step = const i64 {step})
                   (%next = iadd %i %step)
                   (%go = {condition})
                   (results %go %io_1 %next)))
               (results %out %io1))"
        );
        let function = rvsdg::text::parse(&text).expect("it parses");
        let theta = (0..function.node_count())
            .map(|at| function.node(NodeId::from_index(at)))
            .find_map(|node| match node.kind {
                NodeKind::Theta { body } => Some((body, node.operands.to_vec())),
                _ => None,
            });
        let (body, inits) = theta.expect("it has a loop");
        let found = of_theta(&function, body, &inits);
        let assumptions = crate::encode::Assumptions {
            formals: vec![crate::facts::Range::any(Type::I64)],
            node_limit: 1000,
            ..Default::default()
        };
        let mut model = crate::encode::encode(&function, &assumptions).expect("it is small");
        model.estimate_frequencies();
        assert!((model.regions[1].frequency - found.estimate).abs() < 1e-9, "both views");
        found
    }

    #[test]
    fn counted_loops_have_their_count() {
        let exact = |estimate: f64| Trips { estimate, exact: true };
        assert_eq!(trips("0", 1, "icmp.lt %next %last", "7"), exact(7.0));
        assert_eq!(trips("0", 3, "icmp.lt %next %last", "7"), exact(3.0));
        assert_eq!(trips("2", 3, "icmp.le %next %last", "8"), exact(3.0));
        assert_eq!(trips("9", 1, "icmp.lt %next %last", "7"), exact(1.0));
        assert_eq!(trips("10", -2, "icmp.gt %next %last", "1"), exact(5.0));
        assert_eq!(trips("10", -2, "icmp.le %last %next", "2"), exact(5.0));
        assert_eq!(trips("0", 1, "icmp.lt %next %last", "1000"), exact(1000.0));
    }

    #[test]
    fn ranges_bound_the_guess() {
        let guess = |estimate: f64| Trips { estimate, exact: false };
        assert_eq!(trips("0", 1, "icmp.lt %next %few", "0"), guess(6.0));
        assert_eq!(trips("0", 1, "icmp.lt %next %n", "0"), guess(TRIP_COUNT));
        assert_eq!(trips("0", 1, "icmp.ne %next %last", "5"), guess(TRIP_COUNT));
        assert_eq!(trips("0", -1, "icmp.lt %next %last", "5"), guess(TRIP_COUNT));
        let (near, last) = ("9223372036854775805", "9223372036854775806");
        assert_eq!(trips(near, 3, "icmp.lt %next %last", last), guess(TRIP_COUNT));
    }
}
