//! The law of every exact pattern rule, checked on special values under the interpreter's own
//! definitions: whatever types fit the left side, both sides have the same bits.

use super::algebra::PAIRS;
use crate::saturate::parse_constant;
use rvsdg::{Op, Scalar, Type};

/// A parsed side of a rule.
enum Term {
    Variable(String),
    Constant(Scalar),
    /// A constant whose payload is a variable, such as `const[?p]`.
    AnyConstant(String),
    Apply(Op, Vec<Term>),
}

fn parse(text: &str) -> Term {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut tokens: Vec<&str> = spaced.split_whitespace().rev().collect();
    let term = parse_term(&mut tokens);
    assert!(tokens.is_empty(), "{text}");
    term
}

fn parse_term(tokens: &mut Vec<&str>) -> Term {
    let token = tokens.pop().expect("a term");
    if token == "(" {
        let name = tokens.pop().expect("an operator");
        let op = Op::from_name(name).unwrap_or_else(|| panic!("no operation `{name}`"));
        let mut children = Vec::new();
        while tokens.last() != Some(&")") {
            children.push(parse_term(tokens));
        }
        tokens.pop();
        return Term::Apply(op, children);
    }
    if let Some(rest) = token.strip_prefix("const[") {
        let (inside, _) = rest.split_once(']').expect("a closing bracket");
        return match parse_constant(inside) {
            Some(constant) => Term::Constant(constant.into()),
            None => Term::AnyConstant(inside.to_owned()),
        };
    }
    Term::Variable(token.split(':').next().expect("a name").to_owned())
}

fn variables(term: &Term, names: &mut Vec<String>) {
    match term {
        Term::Variable(name) | Term::AnyConstant(name) if !names.contains(name) => {
            names.push(name.clone());
        }
        Term::Apply(_, children) => children.iter().for_each(|child| variables(child, names)),
        _ => {}
    }
}

/// The value of a term; none if the types do not fit.
fn evaluate(term: &Term, names: &[String], values: &[Scalar]) -> Option<Scalar> {
    match term {
        Term::Constant(value) => Some(*value),
        Term::Variable(name) | Term::AnyConstant(name) => {
            names.iter().position(|known| known == name).map(|at| values[at])
        }
        Term::Apply(op, children) => {
            let operands: Option<Vec<Scalar>> =
                children.iter().map(|child| evaluate(child, names, values)).collect();
            let operands = operands?;
            let types: Option<Vec<Type>> = operands.iter().map(|value| value.ty()).collect();
            op.result_types(&types?).ok()?;
            rvsdg::scalar::eval(*op, &operands).ok().map(|result| result.value)
        }
    }
}

fn special_values(ty: Type) -> Vec<Scalar> {
    match ty {
        Type::I64 => {
            [0, 1, -1, 2, 3, -7, 63, 64, i64::MAX, i64::MIN, i64::MIN + 1].map(Scalar::I64).to_vec()
        }
        Type::F64 => [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.1,
            -2.5,
            1e300,
            -1e300,
            f64::MIN_POSITIVE,
            5e-324,
            -5e-324,
            f64::MAX,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ]
        .map(Scalar::F64)
        .to_vec(),
        _ => [false, true].map(Scalar::Bool).to_vec(),
    }
}

/// Evaluations of both sides, or the first operands on which they differ.
fn check(left: &str, right: &str) -> Result<usize, String> {
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
        for mut index in 0..combinations {
            let operands: Vec<Scalar> = values
                .iter()
                .map(|values| {
                    let value = values[index % values.len()];
                    index /= values.len();
                    value
                })
                .collect();
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
