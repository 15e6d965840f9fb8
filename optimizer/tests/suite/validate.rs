//! Counterexamples: a wrong rule is found by its name, through what it leads to and among others.

use optimizer::validate::{Counterexample, counterexample};
use optimizer::{Law, Options, UserRule};
use rvsdg::interp::Limits;
use rvsdg::random::{RandomOptions, random_function, random_inputs};
use rvsdg::{Answer, Function, Inputs};

fn wrong(left: &str, right: &str) -> Options {
    let (name, law) = ("planted".to_owned(), Law::Exact);
    let (left, right) = (left.to_owned(), right.to_owned());
    let rule = UserRule { name, left, right, conditions: Vec::new(), law };
    Options { user_rules: vec![rule], ..Options::default() }
}

fn inputs(function: &Function) -> Vec<Inputs> {
    (0..60).map(|seed| random_inputs(seed, function)).collect()
}

fn search(text: &str, options: &Options) -> Option<Counterexample> {
    let function = rvsdg::text::parse(text).expect("the text is a function");
    counterexample(&function, options, inputs(&function), Answer::same).expect("they fit")
}

const TWO_RESULTS: &str = "(lambda @f [(%x i64) (%y i64)] [%io] -> (i64 i64)
    (%a = isub (imul %x 3) %x)
    (%b = imul (iadd %y %y) (iadd %y 0))
    (results %a %b %io))";

#[test]
fn a_planted_rule_is_named_with_the_inputs_and_both_answers() {
    let found = search(TWO_RESULTS, &wrong("(iadd ?a ?a)", "?a")).expect("it is wrong");
    assert_eq!(found.suspects, ["planted"], "{:?} {}", found.rules, found.function);
    assert!(found.rules.contains(&"planted".to_owned()), "{:?}", found.rules);
    let after = found.after.as_ref().expect("nothing is undefined");
    assert!(!found.before.same(after));
    let again = rvsdg::interp::run(&found.function, &found.inputs, &Limits::default());
    assert!(again.expect("legal").answer.same(after));
}

#[test]
fn rules_of_other_results_are_not_blamed() {
    // `iadd-zero` fires for the second result only, the planted rule for the first.
    let found = search(TWO_RESULTS, &wrong("(imul ?a const[i64:3])", "(iadd ?a const[i64:2]:i64)"))
        .expect("it is wrong");
    assert_eq!(found.suspects, ["planted"], "{:?} {}", found.rules, found.function);
    assert!(!found.rules.contains(&"iadd-zero".to_owned()), "{:?}", found.rules);
}

#[test]
fn what_a_wrong_value_leads_to_is_followed() {
    // The planted rule makes the arm unreachable, and the loop end at once.
    let text = "(lambda @f [(%x i64) (%n i64)] [%io] -> i64
        (%m = iand %n 7) (%b = ior %m 8)
        (%i %s = theta [0 %x]
          (body [%i %s]
            (%t = gamma (icmp.lt %m %b) [] (arm [] (%u = imul %s 3) (results %u))
                                           (arm [] (%u = iadd %s 1) (results %u)))
            (%j = iadd %i 1) (%go = icmp.lt %j %m)
            (results %go %j %t)))
        (results %s %io))";
    let found = search(text, &wrong("(ior ?a const[i64:8])", "?a")).expect("it is wrong");
    assert_eq!(found.suspects, ["planted"], "{:?} {}", found.rules, found.function);
}

#[test]
fn a_wrong_exception_is_blamed_on_all_outputs() {
    let text = "(lambda @f [(%x i64)] [%io] -> i64
        (%y = iand %x 3) (%ok = icmp.ne %y 2)
        (%io1 %z = guard %io %ok %y :raise ValueError \"two\")
        (results %z %io1))";
    let found = search(text, &wrong("(iand ?a const[i64:3])", "const[i64:0]:i64"));
    assert!(found.expect("it is wrong").suspects.contains(&"planted".to_owned()));
}

#[test]
fn right_rules_have_no_counterexample() {
    for seed in 0..40 {
        let function = random_function(seed, &RandomOptions::default());
        let inputs = inputs(&function).into_iter().take(8);
        let found = counterexample(&function, &Options::default(), inputs, Answer::same);
        assert!(found.expect("the defaults fit").is_none(), "seed {seed}");
    }
}

#[test]
fn a_rule_that_is_off_does_not_fire() {
    let function = rvsdg::text::parse(TWO_RESULTS).expect("the text is a function");
    for rule in ["iadd-zero", "iadd-commutes", "fold"] {
        let options = Options { without: vec![rule.to_owned()], ..Options::default() };
        let report = optimizer::optimize(&function, &options).expect("they fit").report;
        assert!(!report.rules_fired.contains_key(rule), "{:?}", report.rules_fired);
    }
}
