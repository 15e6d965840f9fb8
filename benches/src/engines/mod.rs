//! How each engine runs a workload.

mod egg_kernel;
mod egg_lambda;
mod egg_math;
mod egg_plain;
pub mod egglog;
pub mod ovum;
mod ovum_kernel;
mod ovum_lambda;
mod ovum_math;
mod ovum_session;

use crate::workloads::Program;
use std::time::Duration;

/// Longer than any run: runs end by saturation or by their count of iterations.
const NO_TIME_LIMIT: Duration = Duration::from_hours(1);

/// What a run gave, beside what it used.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// E-nodes; with facts and functions, the rows of all tables. Globals do not count.
    pub e_nodes: Option<usize>,
    /// E-classes.
    pub e_classes: Option<usize>,
    /// Iterations, the last one that adds nothing included.
    pub iterations: Option<usize>,
    /// Seconds of wall-clock time in each phase, as the engine reports them.
    pub phases: Vec<(&'static str, f64)>,
    /// Rows of each table, where the engine tells.
    pub sizes: Vec<(String, usize)>,
    /// The limit that ended the run, if one did.
    pub stopped: Option<String>,
    /// Microseconds (least and median of many repetitions) of each phase of a kernel.
    pub micros: Vec<(&'static str, f64, f64)>,
}

/// Runs a workload on egg.
///
/// # Errors
/// If egg has no equivalent of the program.
pub fn run_egg(program: &Program) -> Result<Outcome, String> {
    match program {
        Program::Plain(family, plain) => egg_plain::run(*family, plain),
        Program::EggMath(node_limit) => egg_math::run(*node_limit),
        Program::EggLambda => egg_lambda::run(),
        Program::GeluKernel => egg_kernel::run(),
        Program::Egglog(_) => Err("egg has no equivalent of this program".to_owned()),
    }
}

/// E-nodes that rules see and e-classes after an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts(usize, usize);

impl<L: egg::Language, N: egg::Analysis<L>> egg::IterationData<L, N> for Counts {
    fn make(runner: &egg::Runner<L, N, Counts>) -> Counts {
        let graph = &runner.egraph;
        Counts(graph.total_number_of_nodes(), graph.number_of_classes())
    }
}

/// What egg's runner reports.
fn of_runner<L, N, D>(runner: &egg::Runner<L, N, D>) -> Outcome
where
    L: egg::Language,
    N: egg::Analysis<L>,
    D: egg::IterationData<L, N>,
{
    let report = runner.report();
    Outcome {
        e_nodes: Some(report.egraph_nodes),
        e_classes: Some(report.egraph_classes),
        iterations: Some(report.iterations),
        phases: vec![
            ("search", report.search_time),
            ("apply", report.apply_time),
            ("rebuild", report.rebuild_time),
        ],
        ..Outcome::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Job;
    use crate::workloads::{find, known};
    use egraph_core::egglog::Session;
    use egraph_core::egglog::exec::Hook;
    use std::ops::ControlFlow;

    fn on_egglog(name: &str) -> Outcome {
        let text = find(name).unwrap().to_egglog().unwrap();
        egglog::run(name, &text, 1).unwrap().outcome(true)
    }

    fn on_ovum(name: &str) -> Outcome {
        ovum::run(&Job::new(name, find(name).unwrap())).unwrap().outcome(true)
    }

    #[test]
    fn all_engines_agree_after_every_iteration() {
        let names = (1..=6).flat_map(|n| [format!("ring_deriv_{n}"), format!("math_micro_{n}")]);
        for name in names.chain(["bool_adder_2".to_owned()]) {
            let (egg, other) = (run_egg(&find(&name).unwrap()).unwrap(), on_egglog(&name));
            assert!(egg.e_nodes > Some(50), "{name}");
            let counts =
                |outcome: &Outcome| (outcome.e_nodes, outcome.e_classes, outcome.iterations);
            assert_eq!(counts(&egg), counts(&other), "{name}");
            assert_eq!(counts(&egg), counts(&on_ovum(&name)), "{name}");
        }
    }

    #[test]
    fn what_mathematics_tells_is_found() {
        for name in
            ["ac_chain_1", "ac_chain_5", "ac_chain_7", "matchain_1", "matchain_9", "reach_40_70"]
        {
            assert!(!known(name).is_empty());
            for (outcome, fact) in [on_egglog(name), on_ovum(name)]
                .iter()
                .flat_map(|outcome| known(name).into_iter().map(move |fact| (outcome, fact)))
            {
                let rows = outcome.sizes.iter().find(|(table, _)| table == fact.table);
                assert_eq!(rows.map(|(_, rows)| *rows), Some(fact.rows), "{name}");
                assert!(fact.e_classes.is_none() || fact.e_classes == outcome.e_classes, "{name}");
            }
        }
        let egg = run_egg(&find("ac_chain_7").unwrap()).unwrap();
        assert_eq!((egg.e_nodes, egg.e_classes), (Some(1_932 + 7), Some(127)));
    }

    #[test]
    fn state_is_removed_from_every_kernel() {
        let program = find("geglu_2").unwrap();
        let finished = egglog::run("geglu_2", &program.to_egglog().unwrap(), 1).unwrap();
        let ovum::Finished::Program { session, printed, .. } =
            ovum::run(&Job::new("geglu_2", program)).unwrap()
        else {
            panic!("a program is no kernel");
        };
        assert_eq!(finished.outcome(false).e_nodes, Some(session.rows()));
        for output in [finished.printed.concat(), printed.concat()] {
            assert!(output.contains("Div2"), "{output}");
            assert!(!output.contains("Tanh") && !output.contains("IO"), "{output}");
        }
    }

    #[test]
    fn limits_end_a_run_and_are_told() {
        let job = Job { node_limit: Some(200), ..Job::new("b", find("bool_adder_4").unwrap()) };
        let outcome = ovum::run(&job).unwrap().outcome(false);
        assert!(outcome.e_nodes <= Some(200), "{outcome:?}");
        assert!(outcome.stopped.unwrap().contains("200"));
        let free = ovum::run(&Job { node_limit: None, ..job }).unwrap().outcome(false);
        assert!(free.e_nodes > Some(200) && free.stopped.is_none(), "{free:?}");
    }

    /// Counts after each iteration of a run on Ovum.
    fn counts(run: impl FnOnce(Hook<'_>) -> Result<(Session, Outcome), String>) -> Vec<Counts> {
        let mut counts = Vec::new();
        run(Box::new(|session, round| {
            counts.push(Counts(session.shown_rows(), round.classes));
            ControlFlow::Continue(())
        }))
        .unwrap();
        counts
    }

    #[test]
    fn egg_calculus_is_the_same_after_every_iteration() {
        // The twentieth doubles the graph.
        let (_, egg) = egg_math::counted(usize::MAX, 18).unwrap();
        let job = Job::new("egg_math", Program::EggMath(0));
        let ovum = counts(|hook| ovum_math::run(&job, usize::MAX, 18, Some(hook)));
        assert_eq!(egg, ovum);
    }

    #[test]
    fn egg_lambda_is_the_same_after_every_iteration() {
        let (_, egg) = egg_lambda::counted(60).unwrap();
        let job = Job::new("egg_lambda_fib", Program::EggLambda);
        let ovum = counts(|hook| ovum_lambda::run(&job, 60, Some(hook)));
        assert_eq!(egg, ovum);
    }

    #[test]
    fn egg_has_no_equivalent_of_relations() {
        assert!(run_egg(&find("reach_10_10").unwrap()).is_err());
        assert!(find("reach_10").is_err());
        assert!(find("nothing").is_err());
    }

    #[test]
    fn workloads_of_egg_run() {
        let math = run_egg(&find("egg_math_1000").unwrap()).unwrap();
        assert!(math.e_nodes > Some(500) && math.iterations > Some(2), "{math:?}");
        for kernel in [run_egg(&find("gelu_kernel").unwrap()).unwrap(), on_ovum("gelu_kernel")] {
            assert_eq!((kernel.e_nodes, kernel.e_classes), (Some(38), Some(30)));
            assert_eq!(kernel.micros.len(), 5);
        }
    }
}
