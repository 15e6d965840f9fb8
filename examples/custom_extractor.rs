//! An extraction algorithm of one's own, in the whole pipeline.
//!
//! `Shallow` minimises the longest path instead of the sum: what a machine with many units waits
//! for. Run with `cargo run -p ovum --example custom_extractor`.

use extract::{Control, Extractor, Outcome, Problem};
use frontend_py::Semantics;
use ovum::Source;

/// Least cost along the longest path, by relaxation until nothing improves.
struct Shallow;

impl Extractor for Shallow {
    fn name(&self) -> &'static str {
        "shallow"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let mut depth = vec![f64::INFINITY; problem.class_count()];
        let mut choices = vec![None; problem.class_count()];
        let mut changed = true;
        while changed && !control.should_stop() {
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = "def f(x: f64, y: f64) -> f64:\n    return (x + y) * (x + y) + (x + y) * 0.5\n";
    let source = Source::python("f.py", text.to_owned())?;
    let function = source.lower("f", Semantics::Strict, None)?;
    let options = optimizer::Options::default();
    let optimized = optimizer::optimize_with(&function, &options, &Shallow)?;
    say(&rvsdg::text::print(&optimized.function));
    let report = optimized.report;
    say(&format!("cost {} -> {}", report.cost_before, report.cost_after));
    assert!(report.cost_after <= report.cost_before);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn say(text: &str) {
    println!("{text}");
}
