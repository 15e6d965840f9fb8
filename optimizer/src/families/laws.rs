//! Every rule keeps its law.
//!
//! A pair of patterns is checked on special values under the interpreter's own definitions: whatever
//! types fit the left side, both sides have the same bits. Every other rule is shown on a program on
//! which it fires, its own or a random one, and forms of that program that are chosen at random from
//! the saturated e-graph must all give the program's answers: both sides of every equality are run.

use super::FAMILIES;
use super::algebra::PAIRS;
use super::evaluate::{combination, evaluate, parse, special_values, variables};
use super::files::Pair;
use crate::encode::encode;
use crate::extraction::extract_program;
use crate::facts::{Facts, Range};
use crate::interval::Floats;
use crate::options::Options;
use crate::pipeline::{optimize, understand};
use crate::saturate::saturate;
use extract::{BottomUp, Control, Extractor, Outcome, Problem};
use rvsdg::interp::{Limits, Prepared, Violation};
use rvsdg::random::{RandomOptions, random_function, random_inputs};
use rvsdg::{Arg, Const, Function, MathFn, Scalar, Type};
use std::collections::BTreeSet;

/// Evaluations of both sides, or the first operands on which they differ.
fn check(left: &str, right: &str) -> Result<usize, String> {
    let parse = |text| parse(text).unwrap_or_else(|| panic!("{text}"));
    let (left, right) = (parse(left), parse(right));
    let mut names = Vec::new();
    variables(&left, &mut names);
    let types = [Type::I64, Type::F64, Type::Bool];
    let mut evaluated = 0;
    for typing in 0..types.len().pow(names.len() as u32) {
        let values: Vec<Vec<Scalar>> = (0..names.len())
            .map(|k| special_values(types[typing / types.len().pow(k as u32) % types.len()]))
            .collect();
        let combinations: usize = values.iter().map(Vec::len).product();
        for index in 0..combinations {
            let operands = combination(&values, index);
            let Some(a) = evaluate(&left, &names, &operands) else { continue };
            let b = evaluate(&right, &names, &operands);
            if !b.is_some_and(|b| a.same(b)) {
                return Err(format!("{operands:?}: {a:?} became {b:?}"));
            }
            evaluated += 1;
        }
    }
    Ok(evaluated)
}

#[test]
fn exact_rules_keep_every_bit() {
    for Pair { name, left, right } in PAIRS.iter() {
        match check(left, right) {
            Ok(evaluated) => assert!(evaluated > 0, "{name} was never evaluated"),
            Err(difference) => panic!("{name}: {difference}"),
        }
    }
}

#[test]
fn false_rules_are_caught() {
    for (left, right) in [
        ("(fmul ?a const[f64:0.0])", "const[f64:0.0]:f64"),
        ("(fadd ?a const[f64:0.0])", "?a"),
        ("(fsub ?a:f64 ?a)", "const[f64:0.0]:f64"),
        ("(fadd (fadd ?a ?b) ?c)", "(fadd ?a (fadd ?b ?c))"),
        ("(bnot (fcmp.lt ?a ?b))", "(fcmp.ge ?a ?b)"),
        ("(fmin ?a ?b)", "(fmin ?b ?a)"),
        ("(iabs (ineg ?a))", "?a"),
    ] {
        assert!(check(left, right).is_err(), "{left} = {right} passed");
    }
}

/// A program that shows a rule that is no pair of patterns.
struct Shown {
    rule: String,
    text: String,
    options: Options,
}

fn shown(rule: &str, text: &str) -> Shown {
    Shown { rule: rule.to_owned(), text: text.to_owned(), options: Options::default() }
}

fn one_float(term: &str) -> String {
    format!("(lambda @f [(%x f64) (%y f64)] [%io] -> f64 (results {term} %io))")
}

fn one_integer(term: &str) -> String {
    format!("(lambda @f [(%x i64) (%y i64)] [%io] -> i64 (results {term} %io))")
}

/// Rules that compute their right side or cross regions. What random programs show is not here.
fn shown_rules() -> Vec<Shown> {
    let mut all = vec![
        shown("iadd-reassociates", &one_integer("(iadd (iadd %x 3) 4)")),
        shown("imul-reassociates", &one_integer("(imul (imul %x 3) 5)")),
        shown("imul-power-of-two", &one_integer("(isub (imul %x 8) (ishl %x 3))")),
        shown("ifloordiv-power-of-two", &one_integer("(ifloordiv %x 8)")),
        shown("imod-power-of-two", &one_integer("(imod %x 8)")),
        shown("fdiv-power-of-two", &one_float("(fdiv %x 4.0)")),
        shown("select-true", &one_integer("(select (icmp.le (iand %x 1) 1) %x %y)")),
        shown("select-false", &one_integer("(select (icmp.lt (iand %x 1) 0) %x %y)")),
    ];
    for f in MathFn::ALL {
        let second = if f.arity() == 2 { " 2.0" } else { "" };
        let ty = f.result(Type::F64);
        let name = f.name();
        let text = format!(
            "(lambda @f [(%x f64)] [%io] -> {ty}
              (%io1 %v = call.{name} %io %x{second})
              (results %v %io1))"
        );
        let range = match f {
            MathFn::Acosh => (1.5, 4.0),
            _ => (0.25, 0.75),
        };
        let mut options = Options::default();
        options.domains.insert("x".to_owned(), range);
        all.push(Shown { rule: format!("call-{name}-is-pure"), text, options });
    }
    for name in ["pow", "math_pow"] {
        let text = one_float(&format!("(math.{name} %x 5.0)"));
        let options = Options { fast_math: true, ..Options::default() };
        all.push(Shown { rule: format!("{name}-to-multiplications"), text, options });
    }
    let mut options = Options { max_error: Some(1e-3), ..Options::default() };
    options.domains.insert("x".to_owned(), (-1.0, 1.0));
    all.push(Shown {
        rule: "tanh-convergent".to_owned(),
        text: one_float("(math.tanh %x)"),
        options,
    });
    all.extend(LOOPS.iter().map(|(rule, text)| shown(rule, text)));
    all.extend(FLOAT_LOOPS.iter().map(|(rule, text)| {
        let mut options = Options { fast_math: true, ..Options::default() };
        options.domains.insert("x".to_owned(), (0.25, 4.0));
        Shown { options, ..shown(rule, text) }
    }));
    all
}

/// Loops for rules over the reals: sums of floats that are not negative.
const FLOAT_LOOPS: &[(&str, &str)] = &[
    (
        "closed-float-sum",
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%b = iadd 1 (iand %n 31))
          (%i1 %s1 = theta [0 0.5]
            (body [%i %s]
              (%t = fadd %s %x) (%j = iadd %i 1) (%go = icmp.lt %j %b) (results %go %j %t)))
          (results %s1 %io))",
    ),
    (
        "float-factor-of-loop",
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%b = iadd 1 (iand %n 31))
          (%i1 %y1 %s1 = theta [0 0.5 0.0]
            (body [%i %y %s]
              (%t = fadd %s (fmul %x %y)) (%z = fdiv %y 1.25) (%j = iadd %i 1)
              (%go = icmp.lt %j %b) (results %go %j %z %t)))
          (results %s1 %io))",
    ),
    (
        "float-factor-of-branch",
        "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
          (%b = iadd 1 (iand %n 31))
          (%i1 %y1 %s1 = theta [0 0.5 0.0]
            (body [%i %y %s]
              (%t = gamma (fcmp.lt %y 0.125) []
                (arm [] (results %s))
                (arm []
                  (%k %q = theta [0 %y]
                    (body [%k1 %q1]
                      (%q2 = fdiv %q1 3.0) (%k2 = iadd %k1 1) (%more = icmp.lt %k2 %i)
                      (results %more %k2 %q2)))
                  (%u = fadd %s (fmul %x %q))
                  (results %u)))
              (%z = fdiv %y 1.25) (%j = iadd %i 1)
              (%go = icmp.lt %j %b) (results %go %j %z %t)))
          (results %s1 %io))",
    ),
];

/// Loops and branches for rules that random programs rarely show.
const LOOPS: &[(&str, &str)] = &[
    (
        "closed-sum",
        "(lambda @f [(%x i64) (%n i64)] [%io] -> i64
          (%b = iadd %x (iadd 1 (iand %n 15))) (%e = icmp.lt %x %b)
          (%r = gamma %e []
            (arm [] (results 3))
            (arm []
              (%i1 %s1 = theta [%x 0]
                (body [%i %s]
                  (%t = iadd %s (imul %i (isub %i %n))) (%j = iadd %i 1) (%go = icmp.lt %j %b)
                  (results %go %j %t)))
              (results %s1)))
          (results %r %io))",
    ),
    (
        "sink",
        "(lambda @f [(%x i64) (%y i64)] [%io] -> i64
          (%a = imul %x %y) (%b = ixor %a 5)
          (%r = gamma (icmp.lt %x 3) []
            (arm [] (results %y))
            (arm [] (%c = isub %b %x) (results %c)))
          (results %r %io))",
    ),
    (
        "hoist-load",
        "(lambda @f [(%a memref<i64,1,0>) (%n i64)] [%io %m] -> i64
          (%ok = icmp.lt 0 (len.0 %a)) (%b = iand %n 31)
          (%io1 %k = guard %io %m %ok 0 :raise IndexError \"range\")
          (%i1 %s1 %m1 = theta [0 0 %m]
            (body [%i %s %m2]
              (%x = load %m2 %a %k) (%t = ixor (iadd %s %x) %i) (%j = iadd %i 1)
              (%go = icmp.lt %j %b) (results %go %j %t %m2)))
          (results %s1 %io1 %m1))",
    ),
    (
        "factor-of-loop",
        "(lambda @f [(%x i64) (%n i64)] [%io] -> i64
          (%b = iand %n 31)
          (%i1 %s1 = theta [0 0]
            (body [%i %s]
              (%t = iadd %s (imul %x (ixor %i 5))) (%j = iadd %i 1) (%go = icmp.lt %j %b)
              (results %go %j %t)))
          (results %s1 %io))",
    ),
    (
        "factor-of-branch",
        "(lambda @f [(%x i64) (%n i64)] [%io] -> i64
          (%b = iand %n 31)
          (%i1 %s1 = theta [0 0]
            (body [%i %s]
              (%t = gamma (icmp.ne %x 0) []
                (arm [] (results %s))
                (arm [] (%u = iadd %s (imul %n (ifloordiv %i %x))) (results %u)))
              (%j = iadd %i 1) (%go = icmp.lt %j %b)
              (results %go %j %t)))
          (results %s1 %io))",
    ),
    (
        "unroll-by-factor",
        "(lambda @f [(%x i64)] [%io] -> i64
          (%i1 %s1 = theta [0 %x]
            (body [%i %s]
              (%t = imul (ixor %s %i) %x) (%j = iadd %i 1) (%go = icmp.lt %j 12)
              (results %go %j %t)))
          (results %s1 %io))",
    ),
    (
        "strength-reduction",
        "(lambda @f [(%x i64) (%n i64)] [%io] -> i64
          (%b = iand %n 31)
          (%i1 %s1 = theta [3 0]
            (body [%i %s]
              (%t = ixor %s (imul %i %x)) (%j = iadd %i 2) (%go = icmp.lt %j %b)
              (results %go %j %t)))
          (results %s1 %io))",
    ),
    (
        "tail-recursion",
        "(phi (lambda @f [(%n i64) (%s i64)] [%io] -> i64
          (%io1 %r = gamma (icmp.le %n 0) [%io]
            (arm [%io2] (%io3 %v = recur.0.i64 %io2 (isub %n 3) (iadd %s %n)) (results %io3 %v))
            (arm [%io4] (results %io4 %s)))
          (results %r %io1))
         (lambda @f [(%n i64) (%s i64)] [%io] -> i64
          (%io1 %r = gamma (icmp.le %n 0) [%io]
            (arm [%io2] (%io3 %v = recur.0.i64 %io2 (isub %n 3) (iadd %s %n)) (results %io3 %v))
            (arm [%io4] (results %io4 %s)))
          (results %r %io1)))",
    ),
    (
        "arm-is-unreachable",
        "(lambda @f [(%x i64)] [%io] -> i64
          (%r = gamma (band (icmp.eq %x 3) (icmp.eq %x 4)) []
            (arm [] (results %x))
            (arm [] (results 7)))
          (results %r %io))",
    ),
    (
        "load-before-store",
        "(lambda @f [(%a memref<i64,1,0>) (%x i64)] [%io %m] -> i64
          (%ok = icmp.lt 1 (len.0 %a))
          (%io1 %k = guard %io %m %ok 0 :raise IndexError \"range\")
          (%l = iadd %k 1)
          (%m1 = store %m %a %l %x) (%y = load %m1 %a %k)
          (results %y %io1 %m1))",
    ),
    ("checks-leave-loops", CHECKED),
    ("part-of-truth", CHECKED),
];

/// A loop over two arrays with checked indices.
const CHECKED: &str =
    "(lambda @f [(%a memref<f64,1,0>) (%b memref<f64,1,0>) (%n i64)] [%io %m] -> f64
  (%r %io9 %m9 = gamma (icmp.lt 0 %n) [%io %m]
    (arm [%ioa %ma] (results 0.0 %ioa %ma))
    (arm [%iob %mb]
      (%i1 %s1 %io1 %m1 = theta [0 0.0 %iob %mb]
        (body [%i %s %io2 %m2]
          (%ok = icmp.lt %i (len.0 %a)) (%ok2 = icmp.lt %i (len.0 %b))
          (%io3 %k = guard %io2 %m2 %ok %i :raise IndexError \"range\")
          (%io4 %l = guard %io3 %m2 %ok2 %i :raise IndexError \"range\")
          (%t = fadd %s (fmul (load %m2 %a %k) (load %m2 %b %l)))
          (%j = iadd %i 1) (%go = icmp.lt %j %n)
          (results %go %j %t %io4 %m2)))
      (results %s1 %io1 %m1)))
  (results %r %io9 %m9))";

/// Nodes chosen at random: whatever is equal must be equal.
struct Shuffled(u64);

impl Extractor for Shuffled {
    fn name(&self) -> &'static str {
        "shuffled"
    }

    fn extract(&self, problem: &Problem, control: &Control) -> Outcome {
        let cost = |node: extract::NodeIndex| {
            let mixed = (node.index() as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ self.0;
            let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            0.1 + ((mixed >> 40) % 1000) as f64
        };
        BottomUp.extract(&problem.with_costs(cost), control)
    }
}

/// Forms of a program that are compared, and inputs on which they are.
const FORMS: u64 = 8;
const INPUTS: u64 = 40;

/// Compares a program with forms chosen at random; the rules that fired.
fn forms_agree(function: &Function, options: &Options) -> Vec<String> {
    let (assumptions, plan) = understand(function, options).expect("the options fit");
    let mut fired = optimize(function, options).expect("the options fit").report.rules_fired;
    let compare = |after: &Function| {
        let (before, after) = (
            Prepared::new(function).expect("it is legal"),
            Prepared::new(after).unwrap_or_else(|e| panic!("{e:?}\n{function}\n{after}")),
        );
        let limits = Limits { steps: Some(50_000), ..Limits::default() };
        for seed in 0..INPUTS {
            let mut inputs = random_inputs(seed, function);
            for (arg, param) in inputs.args.iter_mut().zip(&function.params) {
                if let (Some((lo, hi)), Arg::Scalar(Scalar::F64(x))) =
                    (options.domains.get(&*param.name), arg)
                {
                    *x = if x.is_finite() { lo + x.abs() % (hi - lo) } else { *lo };
                }
            }
            let Ok(expected) = before.run(&inputs, &limits) else { continue };
            let found = match after.run(&inputs, &limits) {
                Ok(found) => found,
                Err(Violation::StepLimit) => continue,
                Err(violation) => panic!("{violation}\n{function}"),
            };
            let close = match (&expected.answer.outcome, &found.answer.outcome) {
                (Ok(a), Ok(b)) if options.fast_math || options.max_error.is_some() => {
                    let (Scalar::F64(a), Scalar::F64(b)) = (a[0], b[0]) else { unreachable!() };
                    let bound = options.max_error.unwrap_or(1e-12 * a.abs().max(1e-300));
                    a.to_bits() == b.to_bits()
                        || a.is_nan() && b.is_nan()
                        || (a - b).abs() <= bound
                        || !a.is_finite() && !b.is_finite()
                }
                _ => expected.answer.same(&found.answer),
            };
            assert!(close, "{inputs:?}: {:?} became {:?}", expected.answer, found.answer);
        }
    };
    let Ok(mut model) = encode(function, &assumptions) else { return Vec::new() };
    let saturation = saturate(&mut model, options, &plan);
    for (name, count) in saturation.rules_fired {
        *fired.entry(name).or_default() += count;
    }
    if model.graph.root_contradiction().is_none() {
        for seed in 0..FORMS {
            if let Some(form) = extract_program(&model, &Shuffled(seed), &[]) {
                compare(&form.function);
            }
        }
    }
    compare(&optimize(function, options).expect("the options fit").function);
    fired.into_keys().collect()
}

#[test]
fn every_registered_rule_is_compared_on_both_sides() {
    let mut compared: BTreeSet<String> = PAIRS.iter().map(|pair| pair.name.clone()).collect();
    for Shown { rule, text, options } in shown_rules() {
        let function =
            rvsdg::text::parse(&text).unwrap_or_else(|e| panic!("{rule}: {e:?}\n{text}"));
        let fired = forms_agree(&function, &options);
        // Calls that can raise for some number in every range have no rule to fire.
        let never = rule.starts_with("call-") && !fired.contains(&rule);
        assert!(fired.contains(&rule) || never, "{rule} did not fire: {fired:?}\n{text}");
        if never {
            let f =
                MathFn::from_name(rule.trim_start_matches("call-").trim_end_matches("-is-pure"));
            let f = f.expect("the rule is of a function");
            let unit = Facts::of_range(Range::Floats(Floats::new(0.25, 0.75)));
            let two = Facts::of_const(Const::f64(2.0));
            assert!(!super::calls::cannot_raise(f, &[unit, two][..f.arity()]), "{rule}");
        }
        compared.insert(rule);
        compared.extend(fired);
    }
    // Shown by itself: `unreachable_regions_are_dead`.
    compared.insert("region-is-unreachable".to_owned());
    for seed in 0..60 {
        let options = RandomOptions {
            size: [8, 20, 30][(seed % 3) as usize],
            depth: 1 + (seed % 3) as u32,
            memory: seed % 2 == 0,
            effects: seed % 3 > 0,
            ..RandomOptions::default()
        };
        compared.extend(forms_agree(&random_function(seed, &options), &Options::default()));
    }
    let all = FAMILIES.iter().flat_map(super::Family::rule_names);
    let without: Vec<String> = all.filter(|name| !compared.contains(name)).collect();
    assert!(without.is_empty(), "rules without a property: {without:?}");
}

#[test]
fn unreachable_regions_are_dead() {
    let text = "(lambda @f [(%x i64) (%p bool) (%q bool)] [%io] -> i64
        (%r = gamma %p []
          (arm [] (results %x))
          (arm []
            (%s = gamma %q [] (arm [] (results 1)) (arm [] (results %x)))
            (results %s)))
        (results %r %io))";
    let function = rvsdg::text::parse(text).expect("the text is a function");
    let options = Options { rules: "branches".to_owned(), ..Options::default() };
    let (assumptions, plan) = understand(&function, &options).expect("the options fit");
    let mut model = encode(&function, &assumptions).expect("it is small");
    let inner = model.instances[1].regions.clone();
    for arm in &inner {
        model.graph.kill_region(*arm);
    }
    let saturation = saturate(&mut model, &options, &plan);
    // Neither arm of the inner choice can be entered: nor can the arm around it, so that the outer
    // choice is made, and the result is that of the other arm.
    assert!(saturation.rules_fired.contains_key("region-is-unreachable"));
    assert!(model.graph.is_dead(model.instances[0].regions[1]));
    let form = extract_program(&model, &Shuffled(1), &[]).expect("the other arm is legal");
    for x in [-5, 0, 9] {
        let args = vec![
            Arg::Scalar(Scalar::I64(x)),
            Arg::Scalar(Scalar::Bool(false)),
            Arg::Scalar(Scalar::Bool(true)),
        ];
        let inputs = rvsdg::Inputs { args, arrays: Vec::new() };
        let answer = rvsdg::interp::run(&form.function, &inputs, &Limits::default());
        assert_eq!(answer.expect("legal").answer.outcome, Ok(vec![Scalar::I64(x)]));
    }
}
