//! The same input gives the same bytes, at any number of threads.

use optimizer::{Options, optimize};
use rvsdg::random::{RandomOptions, random_function};

#[test]
fn any_number_of_threads_gives_the_same_program_and_report() {
    for seed in 0..40 {
        let function = random_function(seed, &RandomOptions::default());
        let answers = [1, 2, 8].map(|threads| {
            let options = Options { threads, ..Options::default() };
            let optimized = optimize(&function, &options).expect("default options fit");
            let report = optimized.report;
            let text = rvsdg::text::print(&optimized.function);
            (text, report.e_nodes, report.e_classes, report.stop_reason, report.rules_fired)
        });
        assert_eq!(answers[0], answers[1], "seed {seed}");
        assert_eq!(answers[0], answers[2], "seed {seed}");
    }
}
