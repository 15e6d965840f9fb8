//! What extractors are tested with: random problems and exhaustive search.
//!
//! The generator makes small problems with everything that published e-graphs have: cycles, shared
//! classes, classes without nodes, free nodes, costs below zero if asked for. [`best_answer`] tries
//! every answer, so it is for problems of about ten classes. With the feature `proptest`,
//! `oracle::problems` is the same as a strategy that shrinks.

use crate::builder::ProblemBuilder;
use crate::problem::{ClassIndex, NodeIndex, Problem};

/// What random problems look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Most classes.
    pub classes: u32,
    /// Most nodes of a class.
    pub nodes: u32,
    /// Most operands of a node.
    pub operands: u32,
    /// Costs are whole numbers from this one on.
    pub least_cost: i32,
    /// Costs are whole numbers up to this one.
    pub greatest_cost: i32,
    /// Quarters instead of whole numbers.
    pub fractions: bool,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            classes: 7,
            nodes: 3,
            operands: 3,
            least_cost: 0,
            greatest_cost: 5,
            fractions: false,
        }
    }
}

/// A small random number generator: `SplitMix64` of Steele, Lea and Flood (2014).
#[derive(Clone, Debug)]
pub struct SplitMix(pub u64);

impl SplitMix {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0; the bias is below bound / 2⁶⁴.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u32
    }

    /// A number from 0 up to, but without, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The problem of a seed. About one in four has no answer.
pub fn random_problem(seed: u64, shape: Shape) -> Problem {
    let mut random = SplitMix(seed);
    let classes = 1 + random.below(shape.classes);
    let unit = if shape.fractions { 0.25 } else { 1.0 };
    let mut builder = ProblemBuilder::new();
    for class in 0..classes {
        builder.add_class(&class.to_string());
    }
    // Some problems have few cycles, some are full of them.
    let forward = random.below(4);
    for class in 0..classes {
        // Few classes have no nodes at all.
        let nodes = if random.below(24) == 0 { 0 } else { 1 + random.below(shape.nodes) };
        for node in 0..nodes {
            let operands = random.below(shape.operands + 1);
            let mut children = Vec::new();
            for _ in 0..operands {
                let back = class > 0 && (node == 0 || random.below(4) < forward);
                children.push(random.below(if back { class } else { classes }));
            }
            let range = shape.greatest_cost.abs_diff(shape.least_cost) + 1;
            let cost = f64::from(shape.least_cost) + f64::from(random.below(range));
            builder.add_node(class, "f", cost * unit, &children);
        }
    }
    builder.add_root(classes - 1);
    for _ in 0..random.below(3) {
        builder.add_root(random.below(classes));
    }
    builder.build()
}

/// Least costs over all answers, each by an answer of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Least tree cost.
    pub tree: f64,
    /// Least DAG cost.
    pub dag: f64,
}

/// Tries every answer; none if there is no legal one. Exponential.
pub fn best_answer(problem: &Problem) -> Option<Best> {
    let mut all = Every { problem, choices: vec![None; problem.class_count()], best: None };
    all.decide();
    all.best
}

struct Every<'a> {
    problem: &'a Problem,
    choices: Vec<Option<NodeIndex>>,
    best: Option<Best>,
}

impl Every<'_> {
    /// Decides the first class that is needed and undecided, in every way.
    fn decide(&mut self) {
        let Some(class) = self.undecided() else {
            let Some((tree, dag)) = self.costs() else { return };
            let best = self.best.get_or_insert(Best { tree, dag });
            best.tree = best.tree.min(tree);
            best.dag = best.dag.min(dag);
            return;
        };
        for node in self.problem.nodes(class) {
            self.choices[class.index()] = Some(node);
            self.decide();
        }
        self.choices[class.index()] = None;
    }

    fn undecided(&self) -> Option<ClassIndex> {
        let mut seen = vec![false; self.choices.len()];
        let mut stack = self.problem.roots().to_vec();
        while let Some(class) = stack.pop() {
            if std::mem::replace(&mut seen[class.index()], true) {
                continue;
            }
            let Some(node) = self.choices[class.index()] else { return Some(class) };
            stack.extend(self.problem.children(node));
        }
        None
    }

    /// Tree and DAG cost; none if the choices are cyclic.
    fn costs(&self) -> Option<(f64, f64)> {
        let mut used = vec![false; self.choices.len()];
        let mut tree = 0.0;
        for root in self.problem.roots() {
            tree += self.tree(*root, &mut Vec::new(), &mut used)?;
        }
        let paid = self.choices.iter().zip(&used).filter(|(_, used)| **used);
        let dag = paid.filter_map(|(choice, _)| *choice).map(|node| self.problem.cost(node)).sum();
        Some((tree, dag))
    }

    fn tree(
        &self,
        class: ClassIndex,
        path: &mut Vec<ClassIndex>,
        used: &mut [bool],
    ) -> Option<f64> {
        if path.contains(&class) {
            return None;
        }
        let node = self.choices[class.index()]?;
        used[class.index()] = true;
        path.push(class);
        let mut total = self.problem.cost(node);
        for (child, uses) in self.problem.uses(node) {
            total += f64::from(uses) * self.tree(child, path, used)?;
        }
        path.pop();
        Some(total)
    }
}

/// Random problems as a strategy: shrinks towards few classes, few nodes and cost 0.
#[cfg(feature = "proptest")]
pub fn problems(shape: Shape) -> impl proptest::strategy::Strategy<Value = Problem> {
    use proptest::collection::vec;
    use proptest::strategy::Strategy;
    let operands = vec(0..shape.classes, 0..=shape.operands as usize);
    let node = (shape.least_cost..=shape.greatest_cost, operands);
    let nodes = vec(node, 0..=shape.nodes as usize);
    let classes = vec(nodes, 1..=shape.classes as usize);
    (classes, vec(0..shape.classes, 1..3)).prop_map(move |(classes, roots)| {
        let unit = if shape.fractions { 0.25 } else { 1.0 };
        let count = classes.len() as u32;
        let mut builder = ProblemBuilder::new();
        for class in 0..count {
            builder.add_class(&class.to_string());
        }
        for (class, nodes) in classes.into_iter().enumerate() {
            for (cost, children) in nodes {
                let children: Vec<u32> = children.into_iter().map(|c| c % count).collect();
                builder.add_node(class as u32, "f", f64::from(cost) * unit, &children);
            }
        }
        for root in roots {
            builder.add_root(root % count);
        }
        builder.build()
    })
}
