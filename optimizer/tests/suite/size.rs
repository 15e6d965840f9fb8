//! What a large function costs to optimise.

use optimizer::{Options, optimize};
use rvsdg::{Function, text};
use std::fmt::Write;
use std::time::Instant;

/// Operations of each region of [`program`].
const CHAIN: usize = 51;
/// Seconds of processor time that 2,000 operations may take.
const LIMIT: f64 = 1.0;

/// Appends a chain of operations that starts from a value; its last name.
fn chain(text: &mut String, names: &mut usize, from: &str, other: &str) -> String {
    let mut last = from.to_owned();
    for _ in 0..CHAIN {
        let number = *names * 7919 + 13;
        let operation = ["iadd", "imul", "ixor", "isub", "iand", "imin"][number / 7 % 6];
        let operand = match number % 4 {
            0 => (number % 1000 + 2).to_string(),
            1 => other.to_owned(),
            2 => from.to_owned(),
            _ => "%x".to_owned(),
        };
        *names += 1;
        write!(text, "(%v{names} = {operation} {last} {operand})").expect("strings grow");
        last = format!("%v{names}");
    }
    last
}

/// Thirteen choices and thirteen loops, one behind the other: 40 regions.
fn program() -> Function {
    let mut text =
        "(lambda @f [(%x i64) (%y i64) (%n i64)] [%io] -> i64 (%m = iand %n 15)".to_owned();
    let mut names = 0;
    let mut last = chain(&mut text, &mut names, "%y", "%n");
    for at in 0..13 {
        write!(text, "(%g{at} = gamma (icmp.lt {last} %y) []").expect("strings grow");
        for _ in 0..2 {
            text.push_str("(arm []");
            let result = chain(&mut text, &mut names, &last, "%y");
            write!(text, "(results {result}))").expect("strings grow");
        }
        write!(text, ") (%i{at} %s{at} = theta [0 %g{at}] (body [%k %s]").expect("strings grow");
        let result = chain(&mut text, &mut names, "%s", "%k");
        write!(text, "(%j = iadd %k 1) (%go = icmp.lt %j %m) (results %go %j {result})))")
            .expect("strings grow");
        last = format!("%s{at}");
    }
    write!(text, "(results {last} %io))").expect("strings grow");
    text::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"))
}

/// Processor time of this thread in seconds, or wall time where it cannot be told: other work on
/// the machine does not count.
fn now(start: Instant) -> f64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    spent.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds * 1e-9)
}

#[test]
#[expect(clippy::print_stderr, reason = "the figure is for the reader of the run")]
fn two_thousand_operations_in_forty_regions_take_less_than_a_second() {
    let function = program();
    assert!(function.node_count() >= 2000, "{} operations", function.node_count());
    assert_eq!(function.region_count(), 40);
    let start = Instant::now();
    let time = || {
        let before = now(start);
        let optimized = optimize(&function, &Options::default()).expect("the defaults fit");
        assert!(!optimized.report.nothing_legal, "{:?}", optimized.report);
        now(start) - before
    };
    let least = (0..3).map(|_| time()).fold(f64::INFINITY, f64::min);
    eprintln!("{} operations in 40 regions: {:.0} ms", function.node_count(), least * 1e3);
    assert!(least <= LIMIT, "{least} s");
}
