//! An extraction algorithm of one's own, in the `ovum` command.
//!
//! `Shallow` minimises the longest path instead of the sum: what a machine with many units waits
//! for. One line registers it, and it is listed, checked and compared like those that ship:
//!
//! ```text
//! cargo run -p ovum --example custom_extractor -- extract --list
//! cargo run -p ovum --example custom_extractor -- extract examples/egraph.json --extractor shallow
//! cargo run -p ovum --example custom_extractor -- bench extract examples --html report.html
//! ```

use extract::{Control, Extractor, Outcome, Problem};
use std::io::{stderr, stdout};

/// Least cost along the longest path, by relaxation until nothing improves.
pub(crate) struct Shallow;

impl Extractor for Shallow {
    fn name(&self) -> &'static str {
        "shallow"
    }

    fn extract(&self, problem: &Problem, _control: &Control) -> Outcome {
        let mut depth = vec![f64::INFINITY; problem.class_count()];
        let mut choices = vec![None; problem.class_count()];
        let mut changed = true;
        while changed {
            changed = false;
            for class in problem.classes() {
                for node in problem.nodes(class) {
                    let children = problem.children(node).map(|child| depth[child.index()]);
                    let below = children.fold(0.0, f64::max);
                    // A free node would let a cycle look as good as its way out.
                    let path = below + problem.cost(node).max(1e-9);
                    if path < depth[class.index()] {
                        depth[class.index()] = path;
                        choices[class.index()] = Some(node);
                        changed = true;
                    }
                }
            }
        }
        Outcome::of_choices(problem, choices)
    }
}

fn main() {
    extract::register(|| Box::new(Shallow));
    std::process::exit(ovum::cli::run(std::env::args_os(), &mut stdout(), &mut stderr()));
}
