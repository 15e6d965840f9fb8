//! The graph: hash-consed nodes in classes that know their cheapest node.

use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::Limits;
use super::rules::{Number, Op, Pattern, Rule, Rules};

/// A class of terms that are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(u32);

/// An operator with its number, if it is a leaf, and its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The operator.
    pub op: Op,
    /// A leaf's number; else 0.
    pub number: i64,
    /// The operands.
    pub operands: SmallVec<[Class; 3]>,
}

#[derive(Clone, Debug)]
struct Members {
    /// Itself for a class that stands for itself.
    leader: u32,
    /// What rules see.
    nodes: SmallVec<[u32; 5]>,
    best: u32,
    cost: u64,
}

/// A graph that rewrites nodes as they are made.
#[derive(Clone, Debug)]
pub struct Eager<'a> {
    rules: &'a Rules,
    limits: Limits,
    nodes: Vec<Node>,
    /// Class of each node as it was when the node was made.
    made: Vec<u32>,
    classes: Vec<Members>,
    memo: HashTable<u32>,
}

/// Values of a rule's variables.
#[derive(Clone, Debug)]
struct Binding {
    classes: SmallVec<[Option<Class>; 6]>,
    numbers: SmallVec<[Option<i64>; 4]>,
}

fn hash(node: &Node) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    hasher.write_u32(node.op.0);
    hasher.write_i64(node.number);
    node.operands.iter().for_each(|operand| hasher.write_u32(operand.0));
    hasher.finish()
}

/// Binds a variable, or compares with what it is bound to.
fn bind<T: PartialEq + Copy>(slot: &mut Option<T>, value: T) -> bool {
    *slot.get_or_insert(value) == value
}

impl<'a> Eager<'a> {
    /// An empty graph with the usual limits.
    pub fn new(rules: &'a Rules) -> Self {
        Self::with_limits(rules, Limits::default())
    }

    /// An empty graph.
    pub fn with_limits(rules: &'a Rules, limits: Limits) -> Self {
        let memo = HashTable::new();
        Self { rules, limits, nodes: Vec::new(), made: Vec::new(), classes: Vec::new(), memo }
    }

    /// Number of nodes made.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True when no node was made.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a leaf.
    ///
    /// # Panics
    /// The operator is no leaf.
    pub fn leaf(&mut self, op: Op, number: i64) -> Class {
        assert!(self.rules.ops[op.0 as usize].leaf, "the operator takes operands");
        self.insert(Node { op, number, operands: SmallVec::new() }, 0)
    }

    /// Adds a node and everything that rules say about it.
    ///
    /// # Panics
    /// The operator takes another number of operands.
    pub fn add(&mut self, op: Op, operands: &[Class]) -> Class {
        let decl = &self.rules.ops[op.0 as usize];
        assert!(!decl.leaf && decl.arity == operands.len(), "the wrong number of operands");
        let operands = operands.iter().map(|operand| self.find(*operand)).collect();
        self.insert(Node { op, number: 0, operands }, 0)
    }

    /// What stands for a class: equal classes have the same.
    pub fn find(&self, class: Class) -> Class {
        let mut at = class.0;
        while self.classes[at as usize].leader != at {
            at = self.classes[at as usize].leader;
        }
        Class(at)
    }

    /// Cost of the cheapest term of a class.
    pub fn cost(&self, class: Class) -> u64 {
        self.classes[self.find(class).0 as usize].cost
    }

    /// The cheapest node of a class. Costs fall from a node to its operands, so that following
    /// cheapest nodes comes to an end.
    pub fn best(&self, class: Class) -> &Node {
        &self.nodes[self.classes[self.find(class).0 as usize].best as usize]
    }

    fn insert(&mut self, node: Node, depth: usize) -> Class {
        let key = hash(&node);
        if let Some(found) = self.memo.find(key, |other| self.nodes[*other as usize] == node) {
            return self.find(Class(self.made[*found as usize]));
        }
        let id = self.nodes.len() as u32;
        let class = self.classes.len() as u32;
        let mut cost = self.rules.ops[node.op.0 as usize].cost;
        for operand in &node.operands {
            cost = cost.saturating_add(self.cost(*operand));
        }
        let root = node.op.0 as usize;
        self.nodes.push(node);
        self.made.push(class);
        let nodes = SmallVec::from_slice(&[id]);
        self.classes.push(Members { leader: class, nodes, best: id, cost });
        let Self { memo, nodes, .. } = self;
        memo.insert_unique(key, id, |other| hash(&nodes[*other as usize]));
        if depth < self.limits.depth {
            let rules = self.rules;
            for rule in &rules.by_root[root] {
                self.apply(rule, id, Class(class), depth);
            }
        }
        self.find(Class(class))
    }

    /// Matches a rule at a node and adds what it says.
    fn apply(&mut self, rule: &Rule, node: u32, class: Class, depth: usize) {
        let mut found: SmallVec<[Binding; 5]> = SmallVec::new();
        let empty = Binding {
            classes: SmallVec::from_elem(None, rule.classes),
            numbers: SmallVec::from_elem(None, rule.numbers),
        };
        let mut goals = SmallVec::new();
        self.match_node(&rule.left, node, &mut goals, empty, &mut found);
        for mut binding in found {
            if let Some(compute) = &rule.compute {
                let matched: SmallVec<[i64; 4]> =
                    binding.numbers.iter().flatten().copied().collect();
                let Some(result) = compute(&matched) else { continue };
                if let Some(last) = binding.numbers.last_mut() {
                    *last = Some(result);
                }
            }
            if let Some(other) = self.build(&rule.right, &binding, depth + 1) {
                self.unite(class, other);
            }
        }
    }

    /// Finds bindings under which the goals, each a pattern for a class, are met.
    fn search(
        &self,
        goals: &mut SmallVec<[(&Pattern, Class); 8]>,
        mut binding: Binding,
        found: &mut SmallVec<[Binding; 5]>,
    ) {
        if found.len() >= self.limits.matches {
            return;
        }
        let Some((pattern, class)) = goals.pop() else {
            found.push(binding);
            return;
        };
        if let Pattern::Class(var) = pattern {
            if bind(&mut binding.classes[*var], self.find(class)) {
                self.search(goals, binding, found);
            }
        } else {
            for node in &self.classes[self.find(class).0 as usize].nodes {
                let mut rest = goals.clone();
                self.match_node(pattern, *node, &mut rest, binding.clone(), found);
            }
        }
    }

    fn match_node<'p>(
        &self,
        pattern: &'p Pattern,
        node: u32,
        goals: &mut SmallVec<[(&'p Pattern, Class); 8]>,
        mut binding: Binding,
        found: &mut SmallVec<[Binding; 5]>,
    ) {
        let node = &self.nodes[node as usize];
        match pattern {
            Pattern::Node(op, patterns) if node.op.0 == *op => {
                goals.extend(patterns.iter().zip(node.operands.iter().copied()).rev());
            }
            Pattern::Leaf(op, Number::Fixed(n)) if node.op.0 == *op && node.number == *n => {}
            Pattern::Leaf(op, Number::Var(var))
                if node.op.0 == *op && bind(&mut binding.numbers[*var], node.number) => {}
            _ => return,
        }
        self.search(goals, binding, found);
    }

    /// Adds the right side of a rule; patterns are as deep as they were written.
    fn build(&mut self, pattern: &Pattern, binding: &Binding, depth: usize) -> Option<Class> {
        match pattern {
            Pattern::Class(var) => binding.classes[*var],
            Pattern::Leaf(op, number) => {
                let number = match number {
                    Number::Fixed(n) => *n,
                    Number::Var(var) => binding.numbers[*var]?,
                };
                let node = Node { op: Op(*op), number, operands: SmallVec::new() };
                Some(self.insert(node, depth))
            }
            Pattern::Node(op, patterns) => {
                let mut operands = SmallVec::new();
                for pattern in patterns {
                    operands.push(self.build(pattern, binding, depth)?);
                }
                for operand in &mut operands {
                    *operand = self.find(*operand);
                }
                Some(self.insert(Node { op: Op(*op), number: 0, operands }, depth))
            }
        }
    }

    /// Makes two classes one: the older stands for both.
    fn unite(&mut self, a: Class, b: Class) {
        let (a, b) = (self.find(a).0, self.find(b).0);
        let saturated = |class: u32| self.classes[class as usize].cost == u64::MAX;
        // A sum that is cut off does not tell a node from its operands.
        if a == b || saturated(a) || saturated(b) {
            return;
        }
        let (kept, gone) = (a.min(b) as usize, a.max(b) as usize);
        let nodes = std::mem::take(&mut self.classes[gone].nodes);
        let (best, cost) = (self.classes[gone].best, self.classes[gone].cost);
        self.classes[gone].leader = kept as u32;
        let limit = self.limits.nodes.max(1);
        let kept = &mut self.classes[kept];
        if cost < kept.cost {
            (kept.best, kept.cost) = (best, cost);
        }
        kept.nodes.extend(nodes);
        if kept.nodes.len() > limit {
            kept.nodes.truncate(limit);
            if !kept.nodes.contains(&kept.best) {
                kept.nodes[limit - 1] = kept.best;
            }
        }
    }

    /// The cheapest term as text; what is shared is written as often as it is used.
    pub fn text(&self, class: Class) -> String {
        enum Task {
            Class(Class),
            Close,
        }
        let mut text = String::new();
        let mut open = vec![Task::Class(class)];
        while let Some(task) = open.pop() {
            let Task::Class(class) = task else {
                text.push(')');
                continue;
            };
            let node = self.best(class);
            let decl = &self.rules.ops[node.op.0 as usize];
            let gap = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{gap}({}", decl.name);
            if decl.leaf {
                let _ = write!(text, " {}", node.number);
            }
            open.push(Task::Close);
            open.extend(node.operands.iter().rev().map(|operand| Task::Class(*operand)));
        }
        text
    }
}
