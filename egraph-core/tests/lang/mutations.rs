//! Mutated programs: whatever is done to a program, it is read and checked or refused, in time.
//!
//! The mutations are the same in every run. `OVUM_MUTATIONS=12000` asks for that many, and takes
//! the public programs besides the fixtures.

use std::env;
use std::time::{Duration, Instant};

use egraph_core::egglog::syntax::{Sources, parse};
use egraph_core::egglog::types::Checker;
use egraph_core::egglog::values::Values;

use crate::programs::programs;

pub(crate) const FIXTURES: [&str; 4] = [
    include_str!("fixtures/arithmetic.egg"),
    include_str!("fixtures/graph.egg"),
    include_str!("fixtures/lists.egg"),
    include_str!("fixtures/higher.egg"),
];

/// Mutations without `OVUM_MUTATIONS`.
const DEFAULT: usize = 2_000;

/// What no program of these sizes may take; a hang would never end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Errors of one program that are rendered.
const SHOWN: usize = 20;

/// xorshift64*, from Vigna, "An experimental exploration of Marsaglia's xorshift generators".
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        high as usize % limit.max(1)
    }
}

/// Parentheses, words and strings, each with the blanks after it.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut blank = false;
    for (at, c) in text.char_indices() {
        let parenthesis = matches!(c, '(' | ')');
        let after = text[start..at].ends_with(['(', ')']);
        if at > start && (parenthesis || after || (blank && !c.is_whitespace())) {
            found.push(&text[start..at]);
            start = at;
        }
        blank = c.is_whitespace();
    }
    found.push(&text[start..]);
    found
}

/// Words that lead into corners of the language.
const SPICE: [&str; 16] = [
    "(",
    ")",
    "\"",
    ";",
    ":when ",
    ":until ",
    ":merge ",
    "_ ",
    "$x ",
    "() ",
    "(fail ",
    "(= ",
    "old ",
    "-9223372036854775809 ",
    "(unstable-fn \"+\" ",
    "\u{0}é",
];

/// A token, more often a word than a parenthesis, so that many mutants stay balanced.
fn pick(parts: &[&str], random: &mut Random) -> usize {
    let words = |part: &&str| !part.starts_with(['(', ')']);
    let words: Vec<usize> = (0..parts.len()).filter(|at| words(&parts[*at])).collect();
    if words.is_empty() || random.below(16) == 0 {
        return random.below(parts.len());
    }
    words[random.below(words.len())]
}

/// The position after the list that starts at `from`, or the last one if it is not closed.
pub(crate) fn list_end(parts: &[&str], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, part) in parts.iter().enumerate().skip(from) {
        depth += usize::from(part.starts_with('('));
        depth = depth.saturating_sub(usize::from(part.starts_with(')')));
        if depth == 0 {
            return at + 1;
        }
    }
    parts.len()
}

pub(crate) fn mutate(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(2) {
        let mut parts = tokens(&text);
        let (a, b) = (pick(&parts, random), pick(&parts, random));
        text = match random.below(16) {
            0..3 => {
                parts.remove(a);
                parts.concat()
            }
            3..6 => {
                parts.insert(b, parts[a]);
                parts.concat()
            }
            6..12 => {
                parts.swap(a, b);
                parts.concat()
            }
            12 => {
                parts.insert(a, SPICE[random.below(SPICE.len())]);
                parts.concat()
            }
            13 => {
                let mut bytes = text.into_bytes();
                let at = random.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
                String::from_utf8_lossy(&bytes).into_owned()
            }
            14 => {
                let end = text.floor_char_boundary(random.below(text.len() + 1));
                text[..end].to_owned()
            }
            _ => {
                // A whole list moves elsewhere.
                let Some(from) = (a..parts.len()).find(|at| parts[*at].starts_with('(')) else {
                    continue;
                };
                let moved: Vec<&str> = parts.drain(from..list_end(&parts, from)).collect();
                let at = random.below(parts.len() + 1);
                parts.splice(at..at, moved);
                parts.concat()
            }
        };
    }
    text
}

/// Reads and checks a program to its end, whatever is refused. The numbers of commands that were
/// accepted and refused; none are if the text cannot be read.
fn run(text: &str) -> (usize, usize) {
    let (mut sources, mut checker, values) = (Sources::new(), Checker::new(), Values::new());
    let file = sources.add("mutant", text);
    let (mut accepted, mut refused) = (0, 0);
    match parse(file, text) {
        Err(errors) => {
            for error in &errors.0 {
                assert!(sources.render(error).starts_with("error[EG"));
            }
        }
        Ok(commands) => {
            for command in &commands {
                match checker.check(&values, command) {
                    Ok(_) => accepted += 1,
                    Err(error) => {
                        refused += 1;
                        // Finding a line takes time in proportion to the text.
                        if refused <= SHOWN {
                            assert!(sources.render(&error).starts_with("error[EG"));
                        }
                        assert!(error.span.end as usize <= text.len(), "{error}");
                    }
                }
            }
        }
    }
    (accepted, refused)
}

#[test]
fn fixtures_have_meanings() {
    for fixture in FIXTURES {
        let (accepted, refused) = run(fixture);
        assert!(accepted > 10 && refused == 0, "{accepted} accepted, {refused} refused");
    }
}

#[test]
fn mutants_are_read_or_refused() {
    let asked = env::var("OVUM_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let mut texts = FIXTURES.to_vec();
    if asked.is_some() {
        texts.extend(programs().iter().map(|program| program.text.as_str()));
    }
    let count: usize = asked.unwrap_or(DEFAULT);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut read, mut unread, mut accepted, mut refused) = (0, 0, 0, 0);
    let mut slowest = Duration::ZERO;
    for number in 0..count {
        let mutant = mutate(texts[number % texts.len()], &mut random);
        let started = Instant::now();
        let (yes, no) = run(&mutant);
        slowest = slowest.max(started.elapsed());
        assert!(slowest < PATIENCE, "mutant {number} takes too long:\n{mutant}");
        accepted += yes;
        refused += no;
        *(if yes + no == 0 { &mut unread } else { &mut read }) += 1;
    }
    crate::note(&format!(
        "{count} mutants of {} programs: {read} read, {unread} not; commands: {accepted} accepted, \
         {refused} refused; slowest {slowest:.1?}",
        texts.len()
    ));
    // The mutations reach beyond the parser, and change meanings.
    assert!(read > count / 10 && unread > count / 10 && refused > count / 10);
}
