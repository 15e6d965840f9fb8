//! Bans without choosing for the whole program again.
//!
//! A class whose node is banned takes the alternative of least difference. Where it has none it
//! loses its choice, and so do the classes above it that have none without it; then those that can
//! be chosen after all, children first, get one back. What remains is exactly what can be chosen
//! without the banned nodes, and only classes above the banned node were looked at.

use crate::greedy::Search;
use extract::{ClassIndex, NodeIndex, Parents, Problem};

/// Classes that the comparisons after one ban may visit.
const WORK: usize = 1 << 15;
/// Classes above a change that are looked at for something cheaper.
const ABOVE: usize = 256;

/// The choices and the bans at some moment.
pub(crate) type State = (Vec<Option<NodeIndex>>, Vec<bool>);

/// A choice that bans are applied to.
pub(crate) struct Repair<'a> {
    search: Search<'a>,
}

impl<'a> Repair<'a> {
    /// From any acyclic choice; classes that it leaves out get one if they can.
    pub(crate) fn new(
        problem: &'a Problem,
        parents: &'a Parents,
        choices: Vec<Option<NodeIndex>>,
    ) -> Repair<'a> {
        let mut repair = Repair { search: Search::new(problem, parents, choices) };
        repair.complete();
        repair
    }

    /// Gives choices to the classes that have none and can have one.
    fn complete(&mut self) {
        let missing = |class: &ClassIndex| self.search.choices[class.index()].is_none();
        let missing: Vec<ClassIndex> = self.search.problem.classes().filter(missing).collect();
        self.regain(missing);
    }

    /// Takes back the bans of nodes. O(classes).
    pub(crate) fn release(&mut self, nodes: &[NodeIndex]) {
        for node in nodes {
            self.search.banned[node.index()] = false;
        }
        self.search.work = WORK;
        self.complete();
    }

    /// What [`Repair::restore`] goes back to.
    pub(crate) fn state(&self) -> State {
        (self.search.choices.clone(), self.search.banned.clone())
    }

    /// Takes back what happened since then. O(nodes).
    pub(crate) fn restore(&mut self, (choices, banned): State) {
        self.search.choices = choices;
        self.search.banned = banned;
        self.search.order_anew();
    }

    /// The node of each class.
    pub(crate) fn choices(&self) -> &[Option<NodeIndex>] {
        &self.search.choices
    }

    /// Whether every root has a choice.
    pub(crate) fn is_complete(&self) -> bool {
        let choices = &self.search.choices;
        self.search.problem.roots().iter().all(|root| choices[root.index()].is_some())
    }

    /// Bans a node; if that leaves a root without a choice, nothing changes, and false is returned.
    pub(crate) fn ban(&mut self, node: NodeIndex) -> bool {
        let search = &mut self.search;
        if std::mem::replace(&mut search.banned[node.index()], true) {
            return false;
        }
        let class = search.problem.class(node);
        if search.choices[class.index()] != Some(node) {
            return true;
        }
        search.work = WORK;
        if let Some(other) = self.alternative(class, node) {
            self.search.give(class, other);
            self.improve(vec![class]);
            return true;
        }
        let before = self.search.choices.clone();
        let lost = self.lose(class);
        let changed = self.regain(lost);
        if !self.is_complete() {
            self.search.choices = before;
            self.search.banned[node.index()] = false;
            self.search.order_anew();
            return false;
        }
        self.improve(changed);
        true
    }

    /// The node of a class that costs least instead of one that cannot stay.
    fn alternative(&mut self, class: ClassIndex, old: NodeIndex) -> Option<NodeIndex> {
        let mut best: Option<(f64, NodeIndex)> = None;
        for node in self.search.problem.nodes(class) {
            if node == old || !self.search.is_complete(node) {
                continue;
            }
            let Some(difference) = self.search.difference(class, node, old) else { continue };
            if best.is_none_or(|(least, _)| difference < least) {
                best = Some((difference, node));
            }
        }
        best.map(|(_, node)| node)
    }

    /// Takes a class its choice, and the classes above that have no alternative without it.
    fn lose(&mut self, class: ClassIndex) -> Vec<ClassIndex> {
        let (problem, parents) = (self.search.problem, self.search.parents);
        self.search.choices[class.index()] = None;
        let mut lost = vec![class];
        let mut next = 0;
        while let Some(below) = lost.get(next).copied() {
            next += 1;
            for parent in parents.of(below) {
                let above = problem.class(*parent);
                if self.search.choices[above.index()] != Some(*parent) {
                    continue;
                }
                if let Some(other) = self.alternative(above, *parent) {
                    self.search.give(above, other);
                } else {
                    self.search.choices[above.index()] = None;
                    lost.push(above);
                }
            }
        }
        lost
    }

    /// Gives choices to those of some classes that can have one, children first, and returns them.
    fn regain(&mut self, mut open: Vec<ClassIndex>) -> Vec<ClassIndex> {
        let (problem, parents) = (self.search.problem, self.search.parents);
        let mut gained = Vec::new();
        open.reverse();
        while let Some(class) = open.pop() {
            if self.search.choices[class.index()].is_some() {
                continue;
            }
            let node = problem.nodes(class).find(|node| self.search.is_complete(*node));
            let Some(node) = node else { continue };
            self.search.give(class, node);
            for other in problem.nodes(class) {
                self.search.consider(class, other);
            }
            gained.push(class);
            open.extend(parents.of(class).iter().map(|parent| problem.class(*parent)));
        }
        gained
    }

    /// Looks for something cheaper in classes that changed and above them.
    fn improve(&mut self, changed: Vec<ClassIndex>) {
        let (problem, parents) = (self.search.problem, self.search.parents);
        let mut queue = changed;
        let mut next = 0;
        while let Some(class) = queue.get(next).copied() {
            next += 1;
            if next > ABOVE || self.search.work == 0 {
                return;
            }
            let nodes = problem.nodes(class);
            let mut moved = next == 1;
            if nodes.len() > 1 {
                for node in nodes {
                    moved |= self.search.consider(class, node);
                }
            }
            if moved || problem.nodes(class).len() == 1 {
                let above = parents.of(class).iter().map(|parent| problem.class(*parent));
                queue.extend(above);
            }
        }
    }
}
