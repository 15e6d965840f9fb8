//! Errors of the text form, and details of printing; whole functions are in the fixtures.

use super::{parse, parse_file, print};
use crate::verify::verify;

fn error(text: &str) -> (&'static str, u32, u32) {
    let error = parse(text).expect_err("the text has a mistake");
    (error.code, error.line, error.column)
}

fn body(statement: &str) -> String {
    format!("(lambda @f [(%x f64) (%n i64)] [%io] -> f64\n{statement}\n(results %x %io))")
}

#[test]
fn every_code_has_a_place() {
    assert_eq!(error("\"abc"), ("RT001", 1, 1));
    assert_eq!(error("(lambda @f [] [%io] -> none\n (results %io)"), ("RT002", 2, 15));
    assert_eq!(error(""), ("RT002", 1, 1));
    assert_eq!(error(&"(".repeat(100_000)), ("RT002", 1, 2));
    let deep = format!("(%y = fneg {}", "(fneg ".repeat(100_000));
    assert_eq!(error(&body(&deep)), ("RT003", 2, 396));
    assert_eq!(error(&body("(%y = fneg %z)")), ("RT004", 2, 12));
    assert_eq!(error(&body("(%x = fneg %x)")), ("RT005", 2, 2));
    assert_eq!(error(&body("(%y = frob %x)")), ("RT006", 2, 7));
    assert_eq!(error(&body("(%y = const f65 1.0)")), ("RT007", 2, 13));
    assert_eq!(error(&body("(%y = const i64 1.0)")), ("RT008", 2, 17));
    assert_eq!(error(&body("(%y = fadd %x %n)")), ("RT009", 2, 7));
    assert_eq!(error(&body("(%y %z = fadd %x %x)")), ("RT010", 2, 10));
    assert_eq!(error(&body("(%i = guard %io true %x :raise E \"\")")), ("RT011", 2, 32));
    assert_eq!(error(&body("(= gamma true [])")), ("RT002", 2, 17));
    assert_eq!(error(&body("(= gamma true [%x] (arm [] (results)))")), ("RT010", 2, 25));
}

#[test]
fn names_end_with_their_region() {
    let text =
        "(= gamma true [] (arm [] (%y = fneg %x) (results)) (arm [] (results)))\n(%z = fneg %y)";
    assert_eq!(error(&body(text)).0, "RT004");
}

#[test]
fn odd_names_and_messages_read_back() {
    let text =
        "(lambda @\"a b\\n\\\"\" [(%0 f64 \"x y\") (%é f64) (%1 f64 \"é\")] [%io] -> (none (f64))
  (%i %v = guard %io true %0 :raise ValueError \"tab\\u{9}; (\\\\\" :at 3 9)
  (%w = const f64 nan:0xfff8000000000007)
  (results %v %i))";
    let f = parse(text).unwrap();
    assert_eq!(&*f.name, "a b\n\"");
    assert_eq!(&*f.params[0].name, "x y");
    assert_eq!(&*f.faults[0].message, "tab\t; (\\");
    assert_eq!(verify(&f), Ok(()));
    let again = parse(&print(&f)).unwrap();
    assert_eq!(again, f);
    assert_eq!(print(&again), print(&f));
}

#[test]
fn equality_sees_every_difference() {
    let base = "(lambda @f [(%x f64)] [%io] -> f64 (%y = fneg %x :at 1 2) (results %y %io))";
    let f = parse(base).unwrap();
    for (from, to) in [
        ("@f", "@g"),
        ("%x f64", "%x f32"),
        ("fneg", "fabs"),
        (":at 1 2", ""),
        ("results %y", "results %x"),
        ("-> f64", "-> (f64)"),
        ("(results", "(%z = fneg %x) (results"),
    ] {
        assert_ne!(parse(&base.replace(from, to)).unwrap(), f, "{to}");
    }
}

#[test]
fn comments_are_directives() {
    let (functions, directives) = parse_file("; run: f() == 1\n;; two ; three\n").unwrap();
    assert!(functions.is_empty());
    let texts: Vec<_> = directives.iter().map(|d| (d.line, d.text.as_str())).collect();
    assert_eq!(texts, [(1, "run: f() == 1"), (2, "two ; three")]);
}

#[test]
fn deep_nesting_is_no_recursion() {
    let depth = 1500;
    let open = "(= theta [] (body [] ".repeat(depth);
    let close = "(results false)))".repeat(depth);
    let f = parse(&body(&format!("{open}{close}"))).unwrap();
    assert_eq!(verify(&f), Ok(()));
    assert_eq!(parse(&print(&f)).unwrap(), f);
}

#[test]
fn functions_that_call_themselves() {
    let text = "(phi
(lambda @f [(%n i64) (%x f64)] [%io] -> f64
  (%io1 %y = recur.0.f64 %io %n %x)
  (results %y %io1))
(lambda @g [(%n i64) (%x f64)] [%io] -> f64
  (%io1 %y = recur.0.f64 %io %n %x)
  (results %y %io1)))
";
    let f = parse(text).unwrap();
    assert_eq!(verify(&f), Ok(()));
    assert_eq!(f.phi.len(), 1);
    assert_eq!(parse(&print(&f)).unwrap(), f);
    assert_ne!(parse(&text.replace("@g", "@h")).unwrap(), f);
    let none = parse(&text.replacen("recur.0.f64", "recur.1.f64", 1)).unwrap();
    assert_eq!(verify(&none).unwrap_err().0[0].code, "RV024");
    let wrong = parse(
        &text
            .replace("(%x f64)", "(%x f32)")
            .replace("@f [(%n i64) (%x f32)]", "@f [(%n i64) (%x f64)]"),
    );
    assert_eq!(verify(&wrong.unwrap()).unwrap_err().0[0].code, "RV025");
}
