//! The extractor that optimisation uses unless told otherwise: greedy DAG cost by differences.
//!
//! It starts from the least trees and moves each class to the node whose term is cheapest, shared
//! parts paid once. Two nodes of one class are compared by what only one of their terms contains:
//! both are walked downwards along a topological order of the choices, highest class first, until
//! everything that waits belongs to both. So a comparison costs what lies above the place where
//! the terms meet, not the size of the terms. The order is kept up as choices change; the same walk
//! finds cycles. In the end classes that the roots use are compared once more, with uses counted:
//! what the roots need in any case is free.
//!
//! Source of the order's maintenance: Pearce and Kelly, *A dynamic topological sort algorithm for
//! directed acyclic graphs*, 2006. Each comparison and the whole search have a budget that is
//! proportional to the problem: time and memory O(nodes).

use extract::{
    BottomUp, ClassIndex, Control, Extractor, NodeIndex, Outcome, Parents, Problem, Status,
};
use std::collections::BinaryHeap;

/// Choices of low DAG cost in time proportional to the problem.
#[derive(Clone, Copy, Debug, Default)]
pub struct GreedyDifferences;

/// Times that all classes are looked at.
const PASSES: usize = 8;
/// Times that all classes in use are looked at in the end.
const SETTLING: usize = 2;
/// Classes that one comparison may visit.
const COMPARISON: usize = 4096;
/// Classes that all comparisons together may visit, for each class of the problem.
const WORK: usize = 40;
/// A difference below this is rounding.
const EPSILON: f64 = 1e-9;

const NEW: u8 = 1;
const OLD: u8 = 2;

impl Extractor for GreedyDifferences {
    fn name(&self) -> &'static str {
        "greedy-differences"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        choose(problem, control, SETTLING)
    }
}

/// The same without the last comparisons, those beside what the roots need in any case.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unsettled;

impl Extractor for Unsettled {
    fn name(&self) -> &'static str {
        "greedy-unsettled"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        choose(problem, control, 0)
    }
}

fn choose(problem: &Problem, control: &Control, settling: usize) -> Outcome {
    if !problem.has_plain_costs() {
        return Outcome::without_choices(problem, Status::Unsupported);
    }
    let trees = BottomUp.extract(problem, control);
    if trees.status != Status::Feasible {
        return trees;
    }
    let parents = problem.parents();
    let mut search = Search::new(problem, &parents, trees.choices);
    for _ in 0..PASSES {
        if control.should_stop() || !search.pass() {
            break;
        }
    }
    search.work = search.work.max(WORK * problem.class_count() / 4);
    for _ in 0..settling {
        if control.should_stop() || !search.settle() {
            break;
        }
    }
    Outcome::of_choices(problem, search.choices)
}

/// Choices with an order of their classes, while they change.
pub(crate) struct Search<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) parents: &'a Parents,
    pub(crate) choices: Vec<Option<NodeIndex>>,
    /// Nodes that must not be chosen.
    pub(crate) banned: Vec<bool>,
    /// Place of each class with a choice: behind the children of its choice.
    place: Vec<u32>,
    /// The classes by place; those with a choice, and some that lost theirs.
    order: Vec<ClassIndex>,
    /// Which of the two terms of a comparison contain a class, and the comparison.
    marks: Vec<(u32, u8)>,
    comparison: u32,
    heap: BinaryHeap<u32>,
    /// Classes that comparisons may still visit.
    pub(crate) work: usize,
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        problem: &'a Problem,
        parents: &'a Parents,
        choices: Vec<Option<NodeIndex>>,
    ) -> Search<'a> {
        let mut search = Search {
            problem,
            parents,
            choices,
            banned: vec![false; problem.node_count()],
            place: vec![u32::MAX; problem.class_count()],
            order: Vec::new(),
            marks: vec![(0, 0); problem.class_count()],
            comparison: 0,
            heap: BinaryHeap::new(),
            work: WORK * problem.class_count(),
        };
        search.order_anew();
        search
    }

    /// Orders all classes with a choice. O(nodes).
    pub(crate) fn order_anew(&mut self) {
        self.order = children_first(self.problem, &self.choices);
        self.place.fill(u32::MAX);
        for (at, class) in self.order.iter().enumerate() {
            self.place[class.index()] = at as u32;
        }
    }

    /// Gives a class without a choice, which nothing chosen needs, a node whose children all have
    /// one.
    pub(crate) fn give(&mut self, class: ClassIndex, node: NodeIndex) {
        if self.place[class.index()] == u32::MAX {
            self.place[class.index()] = self.order.len() as u32;
            self.order.push(class);
        }
        self.choices[class.index()] = Some(node);
        self.restore_order(class, node);
    }

    /// Whether a node may be chosen and its children are.
    pub(crate) fn is_complete(&self, node: NodeIndex) -> bool {
        let chosen = |child: ClassIndex| self.choices[child.index()].is_some();
        !self.banned[node.index()] && self.problem.children(node).all(chosen)
    }

    /// Looks at every class, children first; whether any changed its choice.
    fn pass(&mut self) -> bool {
        let mut changed = false;
        for class in self.order.clone() {
            let nodes = self.problem.nodes(class);
            if nodes.len() < 2 {
                continue;
            }
            for node in nodes {
                changed |= self.consider(class, node);
                if self.work == 0 {
                    return false;
                }
            }
        }
        changed
    }

    /// Moves a class to a node if that is cheaper, and says whether.
    pub(crate) fn consider(&mut self, class: ClassIndex, node: NodeIndex) -> bool {
        let Some(current) = self.choices[class.index()].filter(|current| *current != node) else {
            return false;
        };
        if !self.is_complete(node) {
            return false;
        }
        let Some(difference) = self.difference(class, node, current) else { return false };
        if difference >= -EPSILON {
            return false;
        }
        self.choices[class.index()] = Some(node);
        self.restore_order(class, node);
        true
    }

    /// Looks at every class that the roots use, for a node that costs less beside what they use in
    /// any case; whether any changed its choice.
    fn settle(&mut self) -> bool {
        let mut uses = vec![0_u32; self.problem.class_count()];
        for root in self.problem.roots() {
            self.take(*root, &mut uses);
        }
        let mut changed = false;
        for class in self.order.clone().into_iter().rev() {
            for node in self.problem.nodes(class) {
                let Some(current) = self.choices[class.index()] else { continue };
                if uses[class.index()] == 0 || self.work == 0 {
                    break;
                }
                if node == current
                    || !self.is_complete(node)
                    || self.difference(class, node, current).is_none()
                {
                    continue;
                }
                let mut total = self.problem.cost(node) - self.problem.cost(current);
                total += self.take_children(node, &mut uses);
                total -= self.drop_children(current, &mut uses);
                if total < -EPSILON {
                    self.choices[class.index()] = Some(node);
                    self.restore_order(class, node);
                    changed = true;
                } else {
                    self.take_children(current, &mut uses);
                    self.drop_children(node, &mut uses);
                }
            }
        }
        changed
    }

    /// Counts one use more of a class; what is used now and was not costs so much.
    fn take(&mut self, class: ClassIndex, uses: &mut [u32]) -> f64 {
        uses[class.index()] += 1;
        match self.choices[class.index()] {
            Some(choice) if uses[class.index()] == 1 => {
                self.problem.cost(choice) + self.take_children(choice, uses)
            }
            _ => 0.0,
        }
    }

    fn take_children(&mut self, node: NodeIndex, uses: &mut [u32]) -> f64 {
        let (mut total, mut stack) = (0.0, vec![node]);
        while let Some(node) = stack.pop() {
            self.work = self.work.saturating_sub(1);
            for child in self.problem.children(node) {
                uses[child.index()] += 1;
                let first = uses[child.index()] == 1;
                if let Some(choice) = self.choices[child.index()].filter(|_| first) {
                    total += self.problem.cost(choice);
                    stack.push(choice);
                }
            }
        }
        total
    }

    /// Counts one use less of what a node needs; what is not used any more costs so much.
    fn drop_children(&mut self, node: NodeIndex, uses: &mut [u32]) -> f64 {
        let (mut total, mut stack) = (0.0, vec![node]);
        while let Some(node) = stack.pop() {
            for child in self.problem.children(node) {
                uses[child.index()] -= 1;
                let last = uses[child.index()] == 0;
                if let Some(choice) = self.choices[child.index()].filter(|_| last) {
                    total += self.problem.cost(choice);
                    stack.push(choice);
                }
            }
        }
        total
    }

    /// Cost of the term of `new` beyond that of `old`; none if it contains its own class, or if the
    /// budget is spent.
    pub(crate) fn difference(
        &mut self,
        class: ClassIndex,
        new: NodeIndex,
        old: NodeIndex,
    ) -> Option<f64> {
        self.comparison += 1;
        self.heap.clear();
        let mut total = self.problem.cost(new) - self.problem.cost(old);
        // Classes in the heap that belong to one term only.
        let mut single = 0;
        self.reach(new, NEW, &mut single);
        self.reach(old, OLD, &mut single);
        let mut fuel = COMPARISON.min(self.work);
        while single > 0 {
            if fuel == 0 {
                self.work = self.work.saturating_sub(COMPARISON);
                return None;
            }
            fuel -= 1;
            self.work -= 1;
            let place = self.heap.pop().expect("a class of one term waits");
            let at = self.order[place as usize];
            let (_, terms) = self.marks[at.index()];
            if at == class && terms & NEW != 0 {
                return None;
            }
            let Some(choice) = self.choices[at.index()] else {
                // Taken while a ban is carried out.
                if terms & NEW != 0 {
                    return None;
                }
                single -= 1;
                continue;
            };
            match terms {
                NEW => total += self.problem.cost(choice),
                OLD => total -= self.problem.cost(choice),
                _ => {}
            }
            single -= usize::from(terms != NEW | OLD);
            self.reach(choice, terms, &mut single);
        }
        Some(total)
    }

    /// Marks the children of a node as part of terms.
    fn reach(&mut self, node: NodeIndex, terms: u8, single: &mut usize) {
        for child in self.problem.children(node) {
            let (comparison, known) = self.marks[child.index()];
            let known = if comparison == self.comparison { known } else { 0 };
            if known == 0 {
                self.heap.push(self.place[child.index()]);
                *single += usize::from(terms != NEW | OLD);
            } else if known != NEW | OLD && known | terms == NEW | OLD {
                *single -= 1;
            }
            self.marks[child.index()] = (self.comparison, known | terms);
        }
    }

    /// Moves the term of a class's new choice before the class.
    fn restore_order(&mut self, class: ClassIndex, node: NodeIndex) {
        let from = self.place[class.index()];
        let place = |child: &ClassIndex| self.place[child.index()];
        let late: Vec<ClassIndex> =
            self.problem.children(node).filter(|child| place(child) > from).collect();
        let Some(to) = late.iter().map(place).max() else { return };
        let mut before = self.collect(late, |search, class, found| {
            let choice = search.choices[class.index()].into_iter();
            let children = choice.flat_map(|choice| search.problem.children(choice));
            found.extend(children.filter(|child| search.place[child.index()] > from));
        });
        let mut after = self.collect(vec![class], |search, class, found| {
            for node in search.parents.of(class) {
                let above = search.problem.class(*node);
                let chosen = search.choices[above.index()] == Some(*node);
                if chosen && search.place[above.index()] <= to {
                    found.push(above);
                }
            }
        });
        before.sort_unstable_by_key(|class| self.place[class.index()]);
        after.sort_unstable_by_key(|class| self.place[class.index()]);
        before.append(&mut after);
        let mut places: Vec<u32> = before.iter().map(|class| self.place[class.index()]).collect();
        places.sort_unstable();
        for (class, place) in before.into_iter().zip(places) {
            self.place[class.index()] = place;
            self.order[place as usize] = class;
        }
    }

    /// The classes that can be reached by steps, the first ones included.
    fn collect(
        &mut self,
        first: Vec<ClassIndex>,
        step: impl Fn(&Search<'a>, ClassIndex, &mut Vec<ClassIndex>),
    ) -> Vec<ClassIndex> {
        self.comparison += 1;
        let (mut stack, mut found) = (first, Vec::new());
        while let Some(class) = stack.pop() {
            if self.marks[class.index()].0 != self.comparison {
                self.marks[class.index()] = (self.comparison, 0);
                found.push(class);
                step(self, class, &mut stack);
            }
        }
        self.work = self.work.saturating_sub(found.len());
        found
    }
}

/// The classes with a choice, each behind the children of its choice.
fn children_first(problem: &Problem, choices: &[Option<NodeIndex>]) -> Vec<ClassIndex> {
    let mut order = Vec::with_capacity(choices.len());
    let mut seen = vec![false; choices.len()];
    let mut stack: Vec<(ClassIndex, bool)> = Vec::new();
    for class in problem.classes() {
        stack.push((class, false));
        while let Some((class, leaving)) = stack.pop() {
            let Some(choice) = choices[class.index()] else { continue };
            if leaving {
                order.push(class);
            } else if !std::mem::replace(&mut seen[class.index()], true) {
                stack.push((class, true));
                stack.extend(problem.children(choice).map(|child| (child, false)));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use extract::{ProblemBuilder, verify};
    use rvsdg::random::Rng;

    /// A problem with choices everywhere, cycles among them included.
    fn random(seed: u64) -> Problem {
        let mut rng = Rng::new(seed);
        let mut builder = ProblemBuilder::new();
        let count = 5 + rng.below(60);
        let classes: Vec<u32> = (0..count).map(|at| builder.add_class(&at.to_string())).collect();
        for (at, class) in classes.iter().enumerate() {
            for _ in 0..=rng.below(4) {
                let span = if rng.chance(20) { count } else { at };
                let width = if span == 0 { 0 } else { rng.below(4) };
                let children: Vec<u32> = (0..width).map(|_| classes[rng.below(span)]).collect();
                builder.add_node(*class, "f", rng.below(9) as f64, &children);
            }
        }
        builder.add_root(classes[count - 1]);
        builder.add_root(classes[count / 2]);
        builder.build()
    }

    #[test]
    fn answers_are_legal_and_rarely_dearer_than_those_of_whole_walks() {
        let (mut dearer, mut cheaper, mut than_trees) = (0, 0, 0);
        for seed in 0..600 {
            let problem = random(seed);
            let cost = |extractor: &dyn Extractor| {
                let outcome = extractor.extract(&problem, &Control::default());
                let checked = verify(&problem, &outcome).expect("the answer is what it claims");
                checked.map(|checked| checked.dag_cost)
            };
            let own = cost(&GreedyDifferences);
            assert_eq!(own.is_some(), cost(&BottomUp).is_some(), "seed {seed}");
            let (Some(own), Some(trees), Some(walks)) =
                (own, cost(&BottomUp), cost(&extract::GreedyDag))
            else {
                continue;
            };
            dearer += usize::from(own > walks + EPSILON);
            cheaper += usize::from(own < walks - EPSILON);
            than_trees += usize::from(own < trees - EPSILON);
        }
        assert!(than_trees > 40, "{than_trees}, {dearer} dearer, {cheaper} cheaper");
        assert!(dearer < 10, "{dearer} dearer, {cheaper} cheaper");
    }

    #[test]
    fn an_order_stays_one_while_choices_change() {
        for seed in 0..300 {
            let problem = random(seed);
            let parents = problem.parents();
            let trees = BottomUp.extract(&problem, &Control::default());
            if trees.status != Status::Feasible {
                continue;
            }
            let mut search = Search::new(&problem, &parents, trees.choices);
            while search.pass() {
                for class in &search.order {
                    let choice = search.choices[class.index()].expect("it is in the order");
                    for child in problem.children(choice) {
                        assert!(search.place[child.index()] < search.place[class.index()]);
                    }
                }
            }
        }
    }
}
