//! Large and deep programs: no stack is overflowed, and no step takes quadratic time that shows.

use std::iter::repeat_n;

use egraph_core::egglog::syntax::{Diagnostic, Sources, parse};
use egraph_core::egglog::types::Checker;
use egraph_core::egglog::values::Values;

const SIZE: usize = 20_000;

/// Reads and checks a program; its first error.
fn check(text: &str) -> Result<(), Diagnostic> {
    let (mut sources, mut checker, values) = (Sources::new(), Checker::new(), Values::new());
    let file = sources.add("large", text);
    for command in parse(file, text).map_err(|errors| errors.0[0].clone())? {
        checker.check(&values, &command)?;
    }
    Ok(())
}

fn nested(open: &str, leaf: &str, close: &str) -> String {
    format!("{}{leaf}{}", open.repeat(SIZE), close.repeat(SIZE))
}

#[test]
fn deep_terms() {
    let deep = nested("(S ", "(Z)", ")");
    let program = format!("(datatype Nat (Z) (S Nat)) (let $n {deep}) (check (= $n {deep}))");
    check(&program).unwrap();
    check(&format!("(datatype Nat (Z) (S Nat)) (rewrite {deep} (Z) :subsume)")).unwrap();
}

#[test]
fn deep_calls_of_overloads() {
    // Sorts flow upwards from the leaf, or downwards from the other operand of `=`.
    check(&format!("(check (= 1 {}))", nested("(+ 1 ", "2", ")"))).unwrap();
    let downwards = nested("(+ ", "x", " x)");
    check(&format!("(relation r (i64)) (check (= 1 {downwards}) (r x))")).unwrap();
    let unknown = format!("(check (= y {downwards}))");
    assert_eq!(check(&unknown).unwrap_err().code, "EG024");
}

#[test]
fn long_chains_of_equalities() {
    let chain = |numbers: &mut dyn Iterator<Item = usize>| {
        let links = numbers.map(|n| format!("(= x{n} x{})", n + 1));
        links.collect::<Vec<_>>().join(" ")
    };
    for links in [chain(&mut (0..SIZE)), chain(&mut (0..SIZE).rev())] {
        check(&format!("(relation r (i64)) (check {links} (r x0))")).unwrap();
        check(&format!("(relation r (i64)) (check {links} (r x7))")).unwrap();
    }
}

#[test]
fn wide_calls_and_many_declarations() {
    let elements: String = repeat_n(" 1", SIZE).collect();
    check(&format!("(sort Ints (Vec i64)) (check (= v (vec-of{elements})))")).unwrap();
    let variants: Vec<String> = (0..SIZE).map(|n| format!("(C{n} i64)")).collect();
    check(&format!("(datatype D {})", variants.join(" "))).unwrap();
    let constructors: Vec<String> =
        (0..SIZE).map(|n| format!("(constructor C{n} (i64) D) (let $g{n} (C{n} {n}))")).collect();
    check(&format!("(sort D) {}", constructors.join("\n"))).unwrap();
    let nested = "(push) (sort A) (pop) ".repeat(SIZE / 10);
    check(&nested).unwrap();
}
