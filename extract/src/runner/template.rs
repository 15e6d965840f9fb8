//! Say here what it minimises, by which idea and from which source, and what time and memory it
//! takes.

use crate::extractor::{Caps, Control, Extractor, Outcome};
use crate::problem::Problem;

/// Say here, in one sentence, what a caller can expect of the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Template;

impl Extractor for Template {
    fn name(&self) -> &'static str {
        "template"
    }

    fn caps(&self) -> Caps {
        // What lists and portfolios may expect: proofs, costs below zero, better answers with time.
        Caps::default()
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        // A legal answer to start from: the least tree cost of each class, by relaxation.
        let mut least = vec![f64::INFINITY; problem.class_count()];
        let mut choices = vec![None; problem.class_count()];
        let mut changed = true;
        while changed && !control.should_stop() {
            changed = false;
            for class in problem.classes() {
                for node in problem.nodes(class) {
                    let below: f64 = problem
                        .uses(node)
                        .map(|(child, uses)| f64::from(uses) * least[child.index()])
                        .sum();
                    // What costs nothing still counts a little: a cycle never pays.
                    let total = below + problem.cost(node).max(1e-9);
                    if total < least[class.index()] {
                        least[class.index()] = total;
                        choices[class.index()] = Some(node);
                        changed = true;
                    }
                }
            }
        }
        Outcome::of_choices(problem, choices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ProblemBuilder, verify};

    #[test]
    fn a_shared_leaf() {
        let mut builder = ProblemBuilder::new();
        let [leaf, sum] = ["leaf", "sum"].map(|name| builder.add_class(name));
        builder.add_node(leaf, "x", 1.0, &[]);
        builder.add_node(sum, "double", 9.0, &[leaf]);
        builder.add_node(sum, "+", 2.0, &[leaf, leaf]);
        builder.add_root(sum);
        let problem = builder.build();
        let outcome = Template.extract(&problem, &Control::default());
        let checked = verify(&problem, &outcome).unwrap().unwrap();
        assert_eq!((checked.dag_cost, checked.tree_cost), (3.0, 4.0));
    }
}
