//! Explanations: random programs whose every proof checks, and proofs that were tampered with.

use std::sync::Arc;

use egraph_core::egglog::exec::Session;
use egraph_core::egglog::proof::{Because, Checker, Event, Explanation, Journal, Proof, Why};
use egraph_core::egglog::types::Checker as Types;
use egraph_core::egglog::values::Values;
use proptest::prelude::*;

fn session(program: &str) -> Session {
    let mut session = Session::default();
    assert!(session.set_explain(true), "nothing is declared");
    let mut answers = Vec::new();
    if let Err(diagnostic) = session.run("explain.egg", program, &mut answers) {
        panic!("{}", session.render(&diagnostic));
    }
    session
}

fn explain(session: &mut Session, a: &str, b: &str) -> Explanation {
    let found = session.explain(a, b);
    found.unwrap_or_else(|diagnostic| panic!("{}", session.render(&diagnostic)))
}

fn check(session: &Session, explanation: &Explanation) {
    let checker = session.checker().expect("a journal is kept");
    let checker = checker.unwrap_or_else(|flaw| panic!("the journal: {flaw}"));
    if let Err(flaw) = checker.check(explanation) {
        panic!("{flaw}\n{explanation}");
    }
}

const MATH: &str = "
    (datatype M (N i64) (V String) (Add M M) (Mul M M) (Neg M))
    (rewrite (Add a b) (Add b a) :name \"commute\")
    (rewrite (Add (Add a b) c) (Add a (Add b c)) :name \"associate\")
    (rewrite (Mul a (N 1)) a :name \"one\")
    (rewrite (Add (N a) (N b)) (N (+ a b)) :name \"fold\")
    ";

#[test]
fn steps_name_rules_and_congruence() {
    let program =
        format!("{MATH} (let $e (Neg (Add (Mul (V \"x\") (N 1)) (Add (N 1) (N 2))))) (run 3)");
    let mut session = session(&program);
    let a = "(Neg (Add (Mul (V \"x\") (N 1)) (Add (N 1) (N 2))))";
    let proof = explain(&mut session, a, "(Neg (Add (N 3) (V \"x\")))");
    check(&session, &proof);
    for part in ["congruence", "rule one", "rule fold", "a = 1, b = 2"] {
        assert!(proof.text.contains(part), "{part} in\n{proof}");
    }
    assert!(session.explain(a, "(V \"x\")").is_err());
}

#[test]
fn relations_guards_globals_and_merges_justify_rules() {
    let program = "
        (datatype T (Leaf i64) (Pair T T))
        (relation edge (i64 i64))
        (function dist (i64) i64 :merge (min old new))
        (function low (T) i64 :merge (max old new))
        (let $root (Leaf 0))
        (rule ((= d (dist x)) (edge x y)) ((set (dist y) (+ d 1))) :name \"step\")
        (rule ((= d (dist x)) (< d 3)) ((union (Leaf x) $root)) :name \"near\")
        (rule ((= p (Pair a b)) (= n (low a)) (> n 1)) ((union p b)) :name \"drop\")
        (rule ((= a (Leaf x))) ((set (low a) x)) :name \"low\")
        (set (dist 0) 0)
        (edge 0 1) (edge 1 2) (edge 2 3) (edge 0 2) (edge 3 4)
        (Pair (Leaf 2) (Leaf 9))
        (run-schedule (saturate (run)))
        (check (= (Leaf 1) (Leaf 2)) (= (Pair (Leaf 2) (Leaf 9)) (Leaf 9)))";
    let mut session = session(program);
    for (a, b) in [("(Leaf 1)", "(Leaf 2)"), ("(Pair (Leaf 1) (Leaf 9))", "(Leaf 9)")] {
        let proof = explain(&mut session, a, b);
        check(&session, &proof);
        assert!(proof.text.contains("rule near"), "{proof}");
    }
}

#[test]
fn prove_prints_and_scopes_forget() {
    let mut session = Session::default();
    assert!(session.set_explain(true));
    let mut answers = Vec::new();
    let program = format!(
        "{MATH} (relation seen (M)) (rule ((= e (Neg a))) ((seen a)) :name \"see\")
        (Neg (V \"a\")) (run 1)
        (prove (seen (V \"a\")))
        (push) (union (V \"a\") (V \"b\")) (prove (= (Neg (V \"a\")) (Neg (V \"b\")))) (pop)
        (prove-exists seen)
        (fail (prove (= (V \"a\") (Neg (V \"a\")))))"
    );
    let done = session.run("prove.egg", &program, &mut answers);
    done.unwrap_or_else(|diagnostic| panic!("{}", session.render(&diagnostic)));
    let text: Vec<String> = answers.iter().map(ToString::to_string).collect();
    assert!(text[0].contains("rule see; with a = (V \"a\")"), "{}", text[0]);
    assert!(text[1].contains("is there"), "{}", text[1]);
    assert!(text[2].contains("(seen (V \"a\"))"), "{}", text[2]);
    assert!(session.explain("(V \"a\")", "(V \"b\")").is_err());
    assert!(session.checker().is_some_and(|checker| checker.is_ok()));
    assert!(!session.set_explain(false));
}

/// The environment and values of a program, to check a journal against that was changed.
fn judge(program: &str, journal: &Journal, explanation: &Explanation) -> bool {
    // Values are handed out in order of first use: the same program gives the same ones.
    let (mut types, values) = (Types::new(), Values::new());
    let mut sources = egraph_core::egglog::syntax::Sources::new();
    let file = sources.add("again", program);
    for command in egraph_core::egglog::syntax::parse(file, program).expect("it was parsed") {
        types.check(&values, &command).expect("it was checked");
    }
    Checker::new(types.env(), &values, journal)
        .is_ok_and(|checker| checker.check(explanation).is_ok())
}

#[test]
fn what_was_tampered_with_is_refused() {
    let program = "
        (datatype M (A) (B) (C) (D) (F M M))
        (rewrite (F x y) (F y x) :name \"swap\")
        (rule ((= e (F x x))) ((union e x)) :name \"same\")
        (F (A) (B)) (F (C) (C))
        (union (A) (C))
        (run 2)";
    let mut session = session(program);
    let proof = explain(&mut session, "(F (B) (A))", "(F (C) (B))");
    let other = explain(&mut session, "(F (A) (C))", "(A)");
    let journal = session.journal().expect("a journal is kept").clone();
    assert!(judge(program, &journal, &proof) && judge(program, &journal, &other));
    let changed = |change: &dyn Fn(&mut Proof)| {
        let mut inner = Proof::clone(&other.proof);
        change(&mut inner);
        Explanation { proof: Arc::new(inner), ..other.clone() }
    };
    assert!(!other.proof.steps.is_empty());
    for tampered in [
        changed(&|proof| proof.to = proof.to.wrapping_add(1)),
        changed(&|proof| {
            proof.steps.pop();
        }),
        changed(&|proof| proof.steps[0].because = Because::Union(usize::MAX)),
        changed(&|proof| proof.steps[0].because = Because::Congruence(Vec::new())),
        changed(&|proof| proof.steps[0].from ^= 1),
    ] {
        assert!(!judge(program, &journal, &tampered), "{tampered:?}");
    }
    let mut circular = journal.clone();
    if let Some(Event::Node { id, keys, .. }) = circular
        .events
        .iter_mut()
        .rev()
        .find(|event| matches!(event, Event::Node { keys, .. } if keys.len() == 2))
    {
        *keys = [*id, *id].into();
    }
    assert!(!judge(program, &circular, &other), "a node is no part of itself");
    let mut refused = 0;
    for at in 0..journal.events.len() {
        let mut lie = journal.clone();
        match &mut lie.events[at] {
            Event::Union { b, why: Why::Rule(..), .. } => *b = 1,
            _ => continue,
        }
        // B is united with nothing: no rule can have said so.
        if lie.events[at] != journal.events[at] {
            assert!(!judge(program, &lie, &other), "event {at}");
            refused += 1;
        }
    }
    assert!(refused > 0);
}

fn term() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..3).prop_map(|n| format!("(N {n})")),
        (0..3).prop_map(|n| format!("(V \"{n}\")"))
    ];
    leaf.prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(Add {a} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(Mul {a} {b})")),
            inner.prop_map(|a| format!("(Neg {a})")),
        ]
    })
}

const RULES: [&str; 9] = [
    "(rewrite (Add a b) (Add b a))",
    "(rewrite (Add (Add a b) c) (Add a (Add b c)))",
    "(rewrite (Mul a (N 1)) a)",
    "(rewrite (Mul a (Add b c)) (Add (Mul a b) (Mul a c)))",
    "(rewrite (Neg (Neg a)) a)",
    "(rewrite (Add (N a) (N b)) (N (+ a b)) :when ((!= a b)))",
    "(rule ((= e (Mul a a)) (!= e a)) ((let n (Neg a)) (union e (Mul n n))))",
    "(rule ((= e (Neg a)) (= n (size a))) ((set (size e) (+ n 1)) (seen e a)))",
    "(rule ((seen e a) (= n (size e)) (> n 1)) ((union (Mul e (N 1)) (Mul (N 1) e))))",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_explanation_checks(
        terms in prop::collection::vec(term(), 2..6),
        rules in prop::collection::vec(any::<bool>(), RULES.len()),
        unions in prop::collection::vec((0usize..6, 0usize..6), 0..3),
        rounds in 1usize..3,
    ) {
        let mut program = "
            (datatype M (N i64) (V String) (Add M M) (Mul M M) (Neg M))
            (relation seen (M M))
            (function size (M) i64 :merge (min old new))
            (rule ((= e (V x))) ((set (size e) 1)))".to_owned();
        for (rule, _) in RULES.iter().zip(&rules).filter(|(_, on)| **on) {
            program += rule;
        }
        program += &terms.join(" ");
        for (a, b) in unions {
            let (a, b) = (&terms[a % terms.len()], &terms[b % terms.len()]);
            program += &["(union ", a, " ", b, ")"].concat();
        }
        program += ["(run 0)", "(run 1)", "(run 2)"][rounds];
        let mut explained = session(&program);
        let mut plain = Session::default();
        prop_assert!(plain.run("plain.egg", &program, &mut Vec::new()).is_ok());
        prop_assert_eq!(explained.rows(), plain.rows());
        prop_assert_eq!(explained.classes(), plain.classes());
        for a in &terms {
            for b in &terms {
                let equal = plain.run("check", &format!("(check (= {a} {b}))"), &mut Vec::new());
                match explained.explain(a, b) {
                    Ok(proof) => {
                        prop_assert!(equal.is_ok(), "{} = {}", a, b);
                        check(&explained, &proof);
                    }
                    Err(_) => prop_assert!(equal.is_err(), "{} = {}", a, b),
                }
            }
        }
    }
}
