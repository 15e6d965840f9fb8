//! How long it takes to prove two orders of a sum of twelve leaves equal with an `:ac` operator:
//! the text of both terms is parsed, checked and inserted, and their classes compared. The session
//! and its declarations are there before. Medians of 2,000 sessions, in microseconds.

use std::io::Write as _;
use std::time::Instant;

use egraph_core::egglog::exec::Session;

const DECLARATIONS: &str = "(datatype X (V i64) (Sum X X :ac))";

/// The next of a sequence of pseudo-random numbers (Marsaglia, "Xorshift RNGs", 2003).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// A sum of the leaves 0 to 11 in random order and shape.
fn sum(state: &mut u64) -> String {
    let mut terms: Vec<String> = (0..12).map(|leaf| format!("(V {leaf})")).collect();
    while terms.len() > 1 {
        let left = terms.swap_remove((next(state) % terms.len() as u64) as usize);
        let right = terms.swap_remove((next(state) % terms.len() as u64) as usize);
        terms.push(format!("(Sum {left} {right})"));
    }
    terms.remove(0)
}

fn main() -> std::io::Result<()> {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..2_000 {
        let (one, other) = (sum(&mut state), sum(&mut state));
        let program = format!("(let $x {one}) (let $y {other}) (check (= $x $y))");
        let mut session = Session::default();
        let mut answers = Vec::new();
        let declared = session.run("declarations", DECLARATIONS, &mut answers);
        let start = Instant::now();
        let proved = declared.and_then(|()| session.run("sums", &program, &mut answers));
        times.push(start.elapsed().as_secs_f64() * 1e6);
        if let Err(diagnostic) = proved {
            return Err(std::io::Error::other(session.render(&diagnostic)));
        }
        assert_eq!(session.size("Sum"), Some(1), "the sums share one row");
    }
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| times[times.len() * share / 100];
    let mut out = std::io::stdout().lock();
    writeln!(out, "median {:.1}  90 of 100 below {:.1}", at(50), at(90))
}
