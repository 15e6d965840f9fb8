//! Rules that cross regions: what patterns within one region cannot say.
//!
//! A round looks at every node and instance once, outer regions first, and adds what follows:
//! facts ([`learn`], [`order`]), invariants moved outwards ([`hoist`]), what one arm
//! uses moved inwards ([`sink`]), loops ([`loops`],
//! [`closed`], [`sums`]), branches ([`branches`]), memory ([`memory`]), regions that compute the
//! same ([`same`]). Nothing is copied for them; the few rules that need a body in another region go
//! through [`copy`].
//!
//! An equality added here holds under every *hypothetical* entry to its region: it comes from
//! guards, parents and pure reasoning, never from "an earlier effect did not raise".

mod branches;
mod closed;
mod copy;
mod hoist;
mod learn;
mod look;
mod loops;
mod memory;
mod mutant;
mod order;
mod polynomial;
mod reshape;
mod same;
mod sink;
mod strength;
mod sums;
mod unroll;

use crate::families::Crossing;
use crate::model::Model;
use crate::options::Options;
use crate::realise::Set;
use egraph_core::{EClassId, ENodeId, Limit, Reason};
use hashbrown::HashMap;
use indexmap::IndexMap;
use look::Ops;
use rustc_hash::FxBuildHasher;

/// What the rules remember between rounds.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Effective applications by rule.
    pub(crate) fired: IndexMap<&'static str, usize>,
    /// Rounds so far.
    rounds: usize,
    /// Nodes that unrolling was allowed to add.
    unrolled: usize,
    /// Nodes that sinking added.
    sunk: usize,
    /// Comparisons that could not be decided, with a hash of what was known.
    undecided: HashMap<ENodeId, u64, FxBuildHasher>,
    /// Variables that products added, by loop.
    products: HashMap<u32, usize, FxBuildHasher>,
    /// What was done once and must not be done again.
    done: Set<(&'static str, u32, u32)>,
    /// Rules that do not run.
    without: Vec<String>,
    /// Classes that rules made equal to others, if that is recorded.
    pub(crate) trail: Option<Vec<(EClassId, &'static str)>>,
}

impl Memory {
    /// Nothing remembered, under these options.
    pub(crate) fn new(options: &Options) -> Memory {
        let (without, trail) = (options.without.clone(), options.trace.then(Vec::new));
        Memory { without, trail, ..Memory::default() }
    }

    /// Whether a rule must not run.
    fn is_off(&self, rule: &str) -> bool {
        self.without.iter().any(|name| name == rule)
    }
}

/// One round of the rules over a model.
struct Round<'a, 'f> {
    model: &'a mut Model<'f>,
    memory: &'a mut Memory,
    ops: Ops,
    rules: Crossing,
    /// Rules over the reals may run, and are wanted.
    real: bool,
    /// Nodes by region, inner regions included, at some time in this round; empty until asked for.
    sizes: Vec<usize>,
}

/// Runs the enabled rules once over the whole model and rebuilds it.
///
/// # Errors
/// If the node limit is reached; the model is rebuilt and usable.
pub(crate) fn round(
    model: &mut Model<'_>,
    memory: &mut Memory,
    rules: Crossing,
    real: bool,
) -> Result<(), Limit> {
    memory.rounds += 1;
    let ops = Ops::new(&model.graph.analysis().language);
    let real = real && rules.reductions;
    let mut round = Round { model, memory, ops, rules, real, sizes: Vec::new() };
    let result = round.run();
    round.model.graph.rebuild();
    round.model.propagate_outputs();
    result
}

impl Round<'_, '_> {
    fn run(&mut self) -> Result<(), Limit> {
        if self.rules.branches {
            self.bury_the_dead()?;
            self.learn()?;
            self.compare()?;
        }
        if self.rules.hoist {
            self.hoist()?;
            self.sink()?;
        }
        if self.rules.memory {
            self.memory()?;
        }
        for at in 0..self.model.instances.len() {
            let home = self.model.instances[at].home;
            if self.model.graph.is_dead(home) || self.model.instances[at].abandoned {
                continue;
            }
            self.instance(at)?;
        }
        if self.rules.loops && self.rules.branches {
            self.same_regions();
        }
        Ok(())
    }

    /// Makes two classes equal and counts the rule if that is new.
    fn equate(&mut self, rule: &'static str, a: EClassId, b: EClassId) {
        if self.memory.is_off(rule) {
            return;
        }
        let merged = self.model.graph.union(a, b, Reason::Given);
        debug_assert!(merged.is_ok(), "{rule} equates classes of two regions or types");
        if merged == Ok(true) {
            *self.memory.fired.entry(rule).or_default() += 1;
            if let Some(trail) = &mut self.memory.trail {
                trail.push((a, rule));
            }
        }
    }

    /// True the first time that it is asked.
    fn first(&mut self, rule: &'static str, a: usize, b: usize) -> bool {
        self.memory.done.insert((rule, a as u32, b as u32))
    }
}
