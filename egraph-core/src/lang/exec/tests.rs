//! Programs with known answers.

use super::*;

fn answers(program: &str) -> Vec<String> {
    let mut session = Session::default();
    let mut answers = Vec::new();
    let done = session.run("test.egg", program, &mut answers);
    if let Err(diagnostic) = done {
        panic!("{}", session.render(&diagnostic));
    }
    answers.iter().map(ToString::to_string).collect()
}

fn refusal(options: Options, program: &str) -> String {
    let mut session = Session::new(options);
    let diagnostic = session.run("test.egg", program, &mut Vec::new()).unwrap_err();
    session.render(&diagnostic)
}

const MATH: &str = "
    (datatype Math (Num i64) (Var String) (Add Math Math) (Mul Math Math))
    (rewrite (Add a b) (Add b a))
    (rewrite (Mul a (Num 0)) (Num 0))
    (rewrite (Add a (Num 0)) a)
    (rewrite (Add (Num a) (Num b)) (Num (+ a b)))";

#[test]
fn terms_are_rewritten_checked_and_extracted() {
    let program = format!(
        "{MATH}
        (let $e (Add (Num 0) (Add (Num 1) (Mul (Var \"x\") (Num 0)))))
        (run 10)
        (check (= $e (Num 1)))
        (fail (check (= $e (Num 2))))
        (extract $e)
        (extract $e 2)"
    );
    assert_eq!(answers(&program)[0], "(Num 1)");
    assert_eq!(answers(&program)[1].lines().nth(1), Some("   (Num 1)"));
}

#[test]
fn relations_and_functions_with_merge_compute_shortest_paths() {
    let program = "
        (relation edge (i64 i64 i64))
        (function dist (i64) i64 :merge (min old new))
        (rule ((= d (dist x)) (edge x y w)) ((set (dist y) (+ d w))))
        (set (dist 0) 0)
        (edge 0 1 7) (edge 0 2 3) (edge 2 1 1) (edge 1 3 2) (edge 3 0 1)
        (run-schedule (saturate (run)))
        (check (= (dist 1) 4) (= (dist 3) 6))
        (print-size)
        (print-function dist 2)";
    let answers = answers(program);
    assert_eq!(answers[0], "((dist 4)\n (edge 5))");
    assert!(answers[1].contains("(dist 0) -> 0"), "{}", answers[1]);
}

#[test]
fn pop_brings_back_rows_declarations_and_what_rules_have_seen() {
    let program = format!(
        "{MATH}
        (let $e (Add (Var \"a\") (Var \"b\")))
        (push)
        (datatype Other (Leaf))
        (relation seen (Math))
        (rule ((= x (Add a b))) ((seen x)))
        (run 3)
        (check (= $e (Add (Var \"b\") (Var \"a\"))) (seen $e))
        (union (Var \"a\") (Num 1))
        (pop)
        (fail (check (= $e (Add (Var \"b\") (Var \"a\")))))
        (fail (check (= (Var \"a\") (Num 1))))
        (print-size Add)
        (run 1)
        (check (= $e (Add (Var \"b\") (Var \"a\"))))
        (fail (pop))"
    );
    assert_eq!(answers(&program), ["1"]);
}

#[test]
fn containers_follow_the_classes_they_hold() {
    let program = "
        (datatype T (A) (B) (C))
        (sort Ts (Vec T))
        (sort Set1 (Set T))
        (datatype Box (Put Ts) (Bag Set1))
        (let $x (Put (vec-of (A) (B))))
        (let $y (Put (vec-of (A) (C))))
        (let $z (Bag (set-of (B) (C))))
        (fail (check (= $x $y)))
        (union (B) (C))
        (check (= $x $y) (= $z (Bag (set-of (C)))))
        (extract $z)";
    assert_eq!(answers(program), ["(Bag (set-of (B)))"]);
}

#[test]
fn a_global_is_its_class_in_rules() {
    let program = "
        (datatype T (A) (B) (F T))
        (let $a (A))
        (relation hit (T))
        (rule ((= x (F $a))) ((hit x)))
        (F (B))
        (run 1)
        (print-size hit)
        (union (A) (B))
        (run 1)
        (print-size hit)";
    assert_eq!(answers(program), ["0", "1"]);
}

#[test]
fn limits_are_hard_and_named() {
    let grow = "(datatype N (Z) (S N N)) (rule ((= x (S a b))) ((S x a) (S x x) (S b x)))
        (S (Z) (Z)) (run 1000)";
    let error = refusal(Options { nodes: 1000, ..Options::default() }, grow);
    assert!(error.contains("the limit of 1000 rows is reached"), "{error}");
    let time = Some(Duration::from_millis(50));
    let started = Instant::now();
    let error = refusal(Options { time, ..Options::default() }, grow);
    assert!(error.contains("the time limit is reached"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let error = refusal(Options { bytes: Some(1 << 20), ..Options::default() }, grow);
    assert!(error.contains("the memory limit is reached"), "{error}");
}

#[test]
fn the_same_rows_for_any_number_of_threads() {
    let program = "
        (datatype M (V i64) (P M M) (T M M))
        (rewrite (P a b) (P b a)) (rewrite (P (P a b) c) (P a (P b c)))
        (rewrite (T a (P b c)) (P (T a b) (T a c)))
        (rule ((= x (V n)) (= m (+ n 3000000000)) (< m 3000000008)) ((V (- m 2999999999))))
        (T (V 1) (P (V 2) (P (V 3) (V 4))))
        (run 7) (print-size) (print-function P) (print-function V)";
    let run = |threads: usize| {
        let options = Options { pool: Some(Pool::lavish(threads)), ..Options::default() };
        let mut session = Session::new(options);
        let mut answers = Vec::new();
        session.run("test.egg", program, &mut answers).unwrap();
        answers.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let one = run(1);
    assert_eq!(one, answers(program));
    assert_eq!(one, run(2));
    assert_eq!(one, run(8));
}

#[test]
fn rows_are_numbered_alike_where_matches_are_tested_ahead() {
    let leaves = (1..10).fold("(V 0)".to_owned(), |sum, n| format!("(Add (V {n}) {sum})"));
    let program = format!(
        "(datatype E (V i64) (Add E E))
        (rewrite (Add a b) (Add b a))
        (rewrite (Add (Add a b) c) (Add a (Add b c)))
        (let $e {leaves})"
    );
    let run = |pool: Option<Pool>, nodes: usize| {
        let mut session = Session::new(Options { nodes, pool, ..Options::default() });
        let mut answers = Vec::new();
        session.run("test.egg", &program, &mut answers).unwrap();
        let ended = session.run("run.egg", "(run-schedule (saturate (run)))", &mut answers);
        let rows =
            session.store.tables.iter().map(|table| {
                table.live_rows().map(|row| table.row(row).to_vec()).collect::<Vec<_>>()
            });
        (ended.is_ok(), rows.collect::<Vec<_>>())
    };
    for (nodes, ends) in [(usize::MAX, true), (40_000, false)] {
        let one = run(None, nodes);
        assert_eq!(one.0, ends);
        for pool in [Pool::new(1), Pool::new(2), Pool::lavish(2), Pool::lavish(8)] {
            assert!(one == run(Some(pool), nodes), "rows differ");
        }
    }
}

#[test]
fn errors_show_the_line() {
    let error = refusal(Options::default(), "(datatype T (A))\n(check (= (A) (A)))\n(check (A))");
    assert!(error.contains("test.egg:2:1") && error.contains("(check (= (A) (A)))"), "{error}");
    let clash = "(function f () i64 :no-merge)\n(set (f) 1)\n(set (f) 2)";
    let error = refusal(Options::default(), clash);
    assert!(error.contains("two values") && error.contains("test.egg:3:1"), "{error}");
}

#[test]
fn what_could_not_be_defined_is_not_there() {
    let mut session = Session::default();
    session.program("(datatype N (Num i64)) (let $one (Num 1))").unwrap();
    assert!(session.program("(let $bad (Num (/ 1 0)))").is_err());
    assert!(session.program("(let $worse (Num (vec-length $bad)))").is_err());
    session
        .program("(fail (let $late (Num (/ 2 0)))) (let $bad (Num 3)) (check (= $bad (Num 3)))")
        .unwrap();
    session.program("(check (!= $bad $one)) (let $late (Num 4))").unwrap();
    assert!(session.check("(= $late (Num 4))").unwrap());
}

/// A sum of so many leaves under commutativity and associativity.
fn sum(leaves: usize) -> Session {
    let mut session = Session::default();
    let rules = "(datatype E (V i64) (Add E E))
        (rewrite (Add a b) (Add b a))
        (rewrite (Add (Add a b) c) (Add a (Add b c)))";
    session.program(rules).unwrap();
    let term = (1..leaves).fold("(V 0)".to_owned(), |sum, n| format!("(Add (V {n}) {sum})"));
    session.add(&term).unwrap();
    session
}

/// Every row is canonical and found by its keys.
fn check_closed(session: &Session) {
    for table in &session.store.tables {
        for row in table.live_rows() {
            assert_eq!(table.find(table.keys(row)), Some(row));
            for (column, value) in table.row(row)[..=table.arity()].iter().enumerate() {
                assert_eq!(session.store.canonical(table.kind(column), *value), *value);
            }
        }
    }
    assert!(session.store.is_closed());
}

#[test]
fn a_limit_on_rows_is_kept_and_leaves_a_closed_store() {
    for nodes in [40, 999, 1000, 12_345] {
        let mut session = sum(11);
        let limits = crate::Limits { nodes, ..crate::Limits::default() };
        let summary = Runner::new().limits(limits).run(&mut session).unwrap();
        assert_eq!(summary.stop, crate::StopReason::NodeLimit);
        assert!(session.rows() <= nodes, "{} rows", session.rows());
        check_closed(&session);
    }
}

#[test]
fn a_limit_on_time_is_kept_within_a_round() {
    let mut session = sum(14);
    let time = Duration::from_millis(400);
    let limits = crate::Limits { time, nodes: usize::MAX, ..crate::Limits::default() };
    let started = Instant::now();
    let summary = Runner::new().limits(limits).run(&mut session).unwrap();
    assert_eq!(summary.stop, crate::StopReason::TimeLimit);
    // A tenth in theory; the rest is what other work on the machine may take.
    assert!(started.elapsed() < 2 * time, "{:?}", started.elapsed());
    check_closed(&session);
}

#[test]
fn a_merge_looks_at_its_own_table() {
    let program = "
        (function next (i64) i64 :merge (next old))
        (set (next 2) 7)
        (set (next 1) 2)
        (set (next 1) 3)
        (extract (next 1))";
    assert_eq!(answers(program), ["7"]);
    let refused = refusal(
        Options::default(),
        "
        (function next (i64) i64 :merge (next old))
        (set (next 1) 2)
        (set (next 1) 3)",
    );
    assert!(refused.starts_with("error[EG050]"), "{refused}");
}

#[test]
fn files_that_include_one_another_are_refused() {
    let folder = std::env::temp_dir().join(format!("ovum-include-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("its files can be written");
    };
    write("a.egg", "(include \"b.egg\")");
    write("b.egg", "(include \"a.egg\")");
    write("c.egg", "(include \"./c.egg\")");
    let options = || Options { directory: Some(folder.clone()), ..Options::default() };
    let refused = refusal(options(), "(include \"a.egg\")");
    assert!(refused.contains("`a.egg` includes itself"), "{refused}");
    assert!(refused.contains("b.egg:1:1"), "{refused}");
    let refused = refusal(options(), "(include \"c.egg\")");
    assert!(refused.contains("includes itself"), "{refused}");
    std::fs::remove_dir_all(&folder).expect("what was written can be removed");
}
