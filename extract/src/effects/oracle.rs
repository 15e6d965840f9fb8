//! Random problems with states, and exhaustive search that runs every program.
//!
//! Shares nothing with the checker but the columns: whether a program is legal is found by running
//! each region's items in every order, with the states as they are at that moment.

use super::{EffectSource, Effects, NodeEffects, RegionSource, WalkSource};
use crate::builder::ProblemBuilder;
use crate::oracle::SplitMix;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

/// Builds a random problem region by region.
struct Maker {
    random: SplitMix,
    builder: ProblemBuilder,
    source: EffectSource,
    /// Values of each region.
    values: Vec<Vec<u32>>,
    next_event: u32,
}

/// A random problem with two states in its outermost region, and often a branch or a loop in it.
pub fn random_effects(seed: u64) -> Problem {
    let mut maker = Maker {
        random: SplitMix(seed),
        builder: ProblemBuilder::new(),
        source: EffectSource::default(),
        values: Vec::new(),
        next_event: 0,
    };
    maker.region(None);
    let kinds = 1 + maker.random.below(2);
    let states = maker.states(0, kinds);
    let count = 2 + maker.random.below(3);
    maker.values_of(0, count, &states);
    if maker.random.below(3) > 0 {
        maker.instance(&states);
    }
    maker.effects_of(0, &states);
    let count = maker.random.below(3);
    maker.values_of(0, count, &states);
    for list in &states {
        let at = maker.source.walks.iter().position(|walk| walk.entry == list[0]);
        maker.source.walks[at.unwrap_or(0)].result =
            list[maker.random.below(list.len() as u32) as usize];
    }
    let root = maker.pick(0);
    maker.builder.add_root(root);
    maker.builder.set_effects(maker.source);
    maker.builder.build()
}

impl Maker {
    fn region(&mut self, owner: Option<(u32, u32)>) -> u32 {
        self.source.regions.push(RegionSource { owner });
        self.values.push(Vec::new());
        self.source.regions.len() as u32 - 1
    }

    fn class(&mut self, region: u32, walk: Option<u32>) -> u32 {
        self.source.class_region.push(region);
        self.source.class_walk.push(walk);
        let name = (self.source.class_region.len() - 1).to_string();
        self.builder.add_class(&name)
    }

    fn node(&mut self, class: u32, children: &[u32], asks: NodeEffects) -> u32 {
        let cost = f64::from(self.random.below(6));
        self.builder.add_node(class, "f", cost, children);
        self.source.nodes.push(asks);
        self.source.nodes.len() as u32 - 1
    }

    /// A value of a region.
    fn pick(&mut self, region: u32) -> u32 {
        let count = self.values[region as usize].len() as u32;
        self.values[region as usize][self.random.below(count) as usize]
    }

    /// States of a region by kind, the one on entry first; its walk ends where it starts.
    fn states(&mut self, region: u32, kinds: u32) -> Vec<Vec<u32>> {
        let mut states = Vec::new();
        for _ in 0..kinds {
            let walk = self.source.walks.len() as u32;
            let entry = self.class(region, Some(walk));
            let (by, keeps) = (None, false);
            self.source.walks.push(WalkSource { region, entry, result: entry, by, keeps });
            self.builder.add_node(entry, "entry", 0.0, &[]);
            self.source.nodes.push(NodeEffects::default());
            let more = self.random.below(3);
            let mut list = vec![entry];
            list.extend((0..more).map(|_| self.class(region, Some(walk))));
            states.push(list);
        }
        states
    }

    fn any(&mut self, list: &[u32]) -> u32 {
        list[self.random.below(list.len() as u32) as usize]
    }

    /// Values: leaves, operations, and loads of random states.
    fn values_of(&mut self, region: u32, count: u32, states: &[Vec<u32>]) {
        for _ in 0..count {
            let known = self.values[region as usize].clone();
            let class = if known.len() > 1 && self.random.below(3) == 0 {
                self.any(&known)
            } else {
                let made = self.class(region, None);
                self.values[region as usize].push(made);
                made
            };
            if known.is_empty() || self.random.below(4) == 0 {
                self.node(class, &[], NodeEffects::default());
                continue;
            }
            let operand = self.any(&known);
            if self.random.below(2) == 0 {
                let kind = self.random.below(states.len() as u32) as usize;
                let state = self.any(&states[kind]);
                let asks = NodeEffects { reads: vec![state], ..NodeEffects::default() };
                self.node(class, &[state, operand], asks);
            } else {
                self.node(class, &[operand], NodeEffects::default());
            }
        }
    }

    /// Effects between the states of each kind; some read another state, some have a value.
    fn effects_of(&mut self, region: u32, states: &[Vec<u32>]) {
        for (kind, list) in states.iter().enumerate() {
            for _ in 0..=self.random.below(4) {
                let (from, to) = (self.any(list), self.any(list));
                let operand = self.pick(region);
                let mut asks = NodeEffects { source: Some(from), ..NodeEffects::default() };
                let mut children = vec![from, operand];
                let other = (kind + 1) % states.len();
                if other != kind && self.random.below(4) == 0 {
                    let state = self.any(&states[other]);
                    asks.reads.push(state);
                    children.push(state);
                }
                let valued = self.random.below(3) == 0;
                if valued {
                    asks.event = Some(self.next_event);
                    self.next_event += 1;
                }
                let effect = self.node(to, &children, asks.clone());
                if valued {
                    let class = self.class(region, None);
                    self.values[region as usize].push(class);
                    let needs = vec![effect];
                    self.node(class, &children, NodeEffects { source: None, needs, ..asks });
                }
            }
        }
    }

    /// A branch with two regions or a loop with one: a value, and perhaps a state.
    fn instance(&mut self, outer: &[Vec<u32>]) {
        let is_loop = self.random.below(2) == 0;
        let event = Some(self.next_event);
        self.next_event += 1;
        let predicate = self.pick(0);
        let kind = self.random.below(outer.len() as u32) as usize;
        let source = self.any(&outer[kind]);
        let (mut results, mut walks) = (Vec::new(), Vec::new());
        for _ in 0..if is_loop { 1 } else { 2 } {
            let owner = event.map(|event| (0, event));
            let region = self.region(owner);
            let import = self.class(region, None);
            let from = self.pick(0);
            self.node(import, &[from], NodeEffects::default());
            self.values[region as usize].push(import);
            walks.push(self.source.walks.len());
            let states = self.states(region, 1);
            let count = 1 + self.random.below(3);
            self.values_of(region, count, &states);
            self.effects_of(region, &states);
            let walk = self.source.walks.len() - 1;
            self.source.walks[walk].result = self.any(&states[0]);
            results.push(self.pick(region));
            if is_loop && self.random.below(2) == 0 {
                let variable = self.class(region, None);
                self.values[region as usize].push(variable);
                let requires = vec![results[0]];
                self.node(variable, &[from], NodeEffects { requires, ..NodeEffects::default() });
                let result = self.class(region, None);
                let own = results[0];
                self.node(result, &[own, variable], NodeEffects::default());
                results[0] = result;
            }
        }
        let mut children = results;
        children.push(predicate);
        let ends: Vec<u32> = walks.iter().map(|walk| self.source.walks[*walk].result).collect();
        let asks = NodeEffects { source: Some(source), event, ..NodeEffects::default() };
        let to = self.any(&outer[kind]);
        let opener = self.node(to, &[&[source, predicate], &ends[..]].concat(), asks);
        for walk in walks {
            let walk = &mut self.source.walks[walk];
            walk.by = Some(opener);
            walk.keeps = !is_loop || walk.result == walk.entry;
        }
        let out = self.class(0, None);
        self.values[0].push(out);
        let needs = if is_loop && self.random.below(4) == 0 { vec![opener] } else { Vec::new() };
        self.node(out, &children, NodeEffects { event, needs, ..NodeEffects::default() });
    }
}

/// The least cost of a program, by trying all; none if there is none. Exponential. `None` outside
/// if there are more than `limit` to try.
pub fn best_program(problem: &Problem, limit: usize) -> Option<Option<f64>> {
    let effects = problem.effects()?;
    let walks = vec![None; effects.walks().len()];
    let choices = vec![None; problem.class_count()];
    let mut every = Every { problem, effects, choices, walks, best: None, left: limit };
    every.decide();
    (every.left > 0).then_some(every.best)
}

struct Every<'a> {
    problem: &'a Problem,
    effects: &'a Effects,
    choices: Vec<Option<NodeIndex>>,
    walks: Vec<Option<Vec<NodeIndex>>>,
    best: Option<f64>,
    left: usize,
}

impl Every<'_> {
    fn decide(&mut self) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let walks = self.effects.walks();
        let on = |node: &NodeIndex| self.walks.iter().flatten().any(|steps| steps.contains(node));
        let open = (0..walks.len())
            .find(|at| self.walks[*at].is_none() && walks[*at].by.as_ref().is_none_or(on));
        if let Some(at) = open {
            return self.walk(at, walks[at].entry, &mut Vec::new());
        }
        let used = match self.used() {
            Ok(used) => used,
            Err(class) => {
                for node in self.problem.nodes(class) {
                    self.choices[class.index()] = Some(node);
                    self.decide();
                }
                self.choices[class.index()] = None;
                return;
            }
        };
        let cost: f64 = used.iter().map(|node| self.problem.cost(*node)).sum();
        if self.best.is_some_and(|best| best <= cost) || !self.runs(&used) {
            return;
        }
        self.best = Some(cost);
    }

    /// Every way through a walk.
    fn walk(&mut self, at: usize, here: ClassIndex, steps: &mut Vec<NodeIndex>) {
        if here == self.effects.walks()[at].result {
            self.walks[at] = Some(steps.clone());
            self.decide();
            self.walks[at] = None;
        }
        for node in (0..self.problem.node_count() as u32).map(NodeIndex) {
            if self.effects.source(node) == Some(here) && !steps.contains(&node) {
                steps.push(node);
                self.walk(at, self.problem.class(node), steps);
                steps.pop();
            }
        }
    }

    /// The nodes in use, or a class that has no choice yet.
    fn used(&self) -> Result<Vec<NodeIndex>, ClassIndex> {
        let mut used: Vec<NodeIndex> = self.walks.iter().flatten().flatten().copied().collect();
        let mut seen: Vec<ClassIndex> = Vec::new();
        let mut stack: Vec<ClassIndex> = self.problem.roots().to_vec();
        let mut next = 0;
        loop {
            while let Some(node) = used.get(next) {
                stack.extend(self.problem.children(*node).chain(self.effects.requires(*node)));
                next += 1;
            }
            let Some(class) = stack.pop() else { return Ok(used) };
            if self.effects.walk_of(class).is_none() && !seen.contains(&class) {
                seen.push(class);
                used.push(self.choices[class.index()].ok_or(class)?);
            }
        }
    }

    /// Whether every region can be run.
    fn runs(&self, used: &[NodeIndex]) -> bool {
        let steps = |at: usize| self.walks[at].iter().flatten();
        let happens =
            |node: NodeIndex| (0..self.walks.len()).any(|at| steps(at).any(|s| *s == node));
        used.iter().all(|node| self.effects.needs(*node).all(happens))
            && (0..self.effects.regions().len() as u32).all(|region| {
                Run::new(self, region, used)
                    .is_some_and(|run| run.search(0, &mut HashSet::default()))
            })
    }
}

/// An item of a region: nodes that run at once.
struct Item {
    key: (bool, u32),
    nodes: Vec<NodeIndex>,
    reads: Vec<(usize, ClassIndex)>,
    after: u64,
}

/// The items of one region, and the walks through it.
struct Run<'a> {
    every: &'a Every<'a>,
    items: Vec<Item>,
    walks: Vec<usize>,
}

impl<'a> Run<'a> {
    /// None if something reads what is never current, or uses itself.
    fn new(every: &'a Every<'a>, region: u32, used: &[NodeIndex]) -> Option<Run<'a>> {
        let effects = every.effects;
        let home = |node: NodeIndex| effects.region(every.problem.class(node));
        // The key of a node's item in this region.
        let key = |node: NodeIndex| {
            let mut at = home(node);
            if at == region {
                return Some(effects.event(node).map_or((false, node.0), |event| (true, event)));
            }
            loop {
                let (outer, event) = effects.regions()[at as usize].owner?;
                if outer == region {
                    return Some((true, event));
                }
                at = outer;
            }
        };
        let live = |at: &usize| every.walks[*at].is_some();
        let walks = (0..every.walks.len()).filter(live);
        let walks = walks.filter(|at| effects.walks()[*at].region == region).collect();
        let mut run = Run { every, items: Vec::new(), walks };
        for node in used {
            let Some(key) = key(*node) else { continue };
            match run.items.iter_mut().find(|item| item.key == key) {
                Some(item) => item.nodes.push(*node),
                None => {
                    run.items.push(Item { key, nodes: vec![*node], reads: Vec::new(), after: 0 });
                }
            }
        }
        for at in 0..run.items.len() {
            for node in run.items[at].nodes.clone() {
                for class in effects.reads(node) {
                    let read = run.resolve(class)?;
                    if run.walks.contains(&read.0) {
                        run.items[at].reads.push(read);
                    }
                }
                let values = every.problem.children(node).filter_map(|child| {
                    let value = effects.walk_of(child).is_none();
                    every.choices[child.index()].filter(|_| value)
                });
                // Nodes of one event may ask for each other's effects, but not use each other.
                let event = effects.event(node);
                let needs = effects
                    .needs(node)
                    .filter(|need| event.is_none() || effects.event(*need) != event);
                for first in values.chain(needs) {
                    let (own, first) = (home(first) == region, key(first));
                    let known = run.items.iter().position(|item| Some(item.key) == first);
                    match known {
                        Some(other) if other != at => run.items[at].after |= 1 << other,
                        Some(_) if own => return None,
                        _ => {}
                    }
                }
            }
        }
        Some(run)
    }

    /// The live walk that a read is on, and the state there; none if it is on none.
    fn resolve(&self, mut class: ClassIndex) -> Option<(usize, ClassIndex)> {
        let effects = self.every.effects;
        loop {
            let at = effects.walk_of(class)?;
            let walk = effects.walks()[at];
            if self.every.walks[at].is_some() {
                return Some((at, class));
            }
            if !walk.keeps || class != walk.entry {
                return None;
            }
            class = effects.source(walk.by?)?;
        }
    }

    /// Runs what is ready in every order, after the items in `done`.
    fn search(&self, done: u64, seen: &mut HashSet<u64, FxBuildHasher>) -> bool {
        if !seen.insert(done) {
            return false;
        }
        let is_done = |at: usize| done >> at & 1 == 1;
        let run = |node: &NodeIndex| {
            self.items.iter().enumerate().any(|(at, item)| is_done(at) && item.nodes.contains(node))
        };
        // Where each walk is: effects run in its order only.
        let places: Vec<usize> = self
            .walks
            .iter()
            .map(|at| self.every.walks[*at].iter().flatten().take_while(|step| run(step)).count())
            .collect();
        if (0..self.items.len()).all(is_done) {
            return true;
        }
        (0..self.items.len()).filter(|at| !is_done(*at)).any(|at| {
            let item = &self.items[at];
            let mut ready = item.after & !done == 0;
            for (walk, place) in self.walks.iter().zip(&places) {
                let steps: Vec<NodeIndex> =
                    self.every.walks[*walk].iter().flatten().copied().collect();
                let entry = self.every.effects.walks()[*walk].entry;
                let here = |place: usize| match place {
                    0 => entry,
                    _ => self.every.problem.class(steps[place - 1]),
                };
                let own: Vec<usize> =
                    (0..steps.len()).filter(|s| item.nodes.contains(&steps[*s])).collect();
                ready &= own.iter().all(|step| step == place);
                let mut reads = item.reads.iter().filter(|(other, _)| other == walk);
                ready &= reads.all(|(_, class)| here(*place) == *class);
            }
            ready && self.search(done | 1 << at, seen)
        })
    }
}
