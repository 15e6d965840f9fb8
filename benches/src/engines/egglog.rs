//! Programs on egglog, as its own command runs them.

use super::Outcome;
use egglog::EGraph;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

/// A finished run, before anything is counted.
pub struct Finished {
    graph: EGraph,
    /// What each command printed.
    pub printed: Vec<String>,
}

/// Runs a program.
///
/// # Errors
/// egglog's message, if the program is refused or a check fails.
pub fn run(name: &str, text: &str, threads: usize) -> Result<Finished, String> {
    let mut graph = EGraph::default();
    graph.set_num_threads(threads);
    let printed = graph.parse_and_run_program(Some(name.to_owned()), text);
    let printed = printed.map_err(|error| error.to_string())?;
    Ok(Finished { graph, printed: printed.iter().map(ToString::to_string).collect() })
}

impl Finished {
    /// Counts what is in the graph. Takes time and memory of its own.
    pub fn outcome(&self, classes: bool) -> Outcome {
        let report = self.graph.get_overall_run_report();
        let seconds = |times: &mut dyn Iterator<Item = std::time::Duration>| {
            times.map(|time| time.as_secs_f64()).sum::<f64>()
        };
        let iterations = &report.iterations;
        let rule_sets = || iterations.iter().map(|iteration| &iteration.rule_set_report);
        let visible = self
            .graph
            .functions_iter()
            .filter(|(_, function)| !function.is_let_binding() && !function.is_hidden());
        let sizes: Vec<(String, usize)> =
            visible.map(|(name, _)| (name.clone(), self.graph.get_size(name))).collect();
        Outcome {
            e_nodes: Some(sizes.iter().map(|(_, size)| size).sum()),
            e_classes: classes.then(|| self.classes()),
            iterations: Some(iterations.len()),
            phases: vec![
                (
                    "search+apply",
                    seconds(&mut rule_sets().map(|report| report.search_and_apply_time)),
                ),
                ("merge", seconds(&mut rule_sets().map(|report| report.merge_time))),
                ("rebuild", seconds(&mut iterations.iter().map(|it| it.rebuild_time))),
            ],
            sizes,
            ..Outcome::default()
        }
    }

    /// Classes that hold an e-node of some constructor.
    fn classes(&self) -> usize {
        let mut classes = HashSet::with_hasher(FxBuildHasher);
        for (name, function) in self.graph.functions_iter() {
            if !function.is_let_binding() && function.func_type().output.is_eq_sort() {
                // A function of that sort has no e-nodes, and answers with an error.
                let _ = self.graph.constructor_enodes(name, |node| {
                    classes.insert(node.eclass);
                });
            }
        }
        classes.len()
    }
}
