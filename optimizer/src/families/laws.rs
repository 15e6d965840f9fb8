//! The law of every exact pattern rule, checked on special values under the interpreter's own
//! definitions: whatever types fit the left side, both sides have the same bits.

use super::algebra::PAIRS;
use super::evaluate::{combination, evaluate, parse, special_values, variables};
use rvsdg::{Scalar, Type};

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
    for (name, left, right) in PAIRS {
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
