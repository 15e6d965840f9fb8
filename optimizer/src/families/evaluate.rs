//! Both sides of a rule on given operands, under the interpreter's own definitions, to judge its
//! law by.

use super::user::{Condition, Side, UserRule};
use crate::saturate::parse_constant;
use rvsdg::{Op, Scalar, Type};

/// Operands tried for each rule, at most.
const MAX_TRIED: usize = 20_000;

/// A parsed side of a rule.
pub(super) enum Term {
    Variable(String, Option<Type>),
    Constant(Scalar),
    /// A constant whose payload is a variable, such as `const[?p]`.
    AnyConstant(String),
    Apply(Op, Vec<Term>),
}

/// Reads a side; none if it names what there is not.
pub(super) fn parse(text: &str) -> Option<Term> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut tokens: Vec<&str> = spaced.split_whitespace().rev().collect();
    let term = parse_term(&mut tokens)?;
    tokens.is_empty().then_some(term)
}

fn parse_term(tokens: &mut Vec<&str>) -> Option<Term> {
    let token = tokens.pop()?;
    if token == "(" {
        let op = Op::from_name(tokens.pop()?)?;
        let mut children = Vec::new();
        while *tokens.last()? != ")" {
            children.push(parse_term(tokens)?);
        }
        tokens.pop();
        return Some(Term::Apply(op, children));
    }
    if let Some(rest) = token.strip_prefix("const[") {
        let (inside, _) = rest.split_once(']')?;
        return Some(match parse_constant(inside) {
            Some(constant) => Term::Constant(constant.into()),
            None => Term::AnyConstant(inside.to_owned()),
        });
    }
    let mut parts = token.split(':');
    let name = parts.next()?.to_owned();
    Some(Term::Variable(name, parts.next().and_then(Type::from_name)))
}

/// The variables of a term with their types, where the term says them.
pub(super) fn variables(term: &Term, names: &mut Vec<(String, Option<Type>)>) {
    match term {
        Term::Variable(name, ty) => match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = known.or(*ty),
            None => names.push((name.clone(), *ty)),
        },
        Term::AnyConstant(name) if !names.iter().any(|(known, _)| known == name) => {
            names.push((name.clone(), None));
        }
        Term::Apply(_, children) => children.iter().for_each(|child| variables(child, names)),
        _ => {}
    }
}

/// The value of a term; none if the types do not fit.
pub(super) fn evaluate(
    term: &Term,
    names: &[(String, Option<Type>)],
    values: &[Scalar],
) -> Option<Scalar> {
    match term {
        Term::Constant(value) => Some(*value),
        Term::Variable(name, _) | Term::AnyConstant(name) => {
            names.iter().position(|(known, _)| known == name).map(|at| values[at])
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

const INTS: [i32; 8] = [0, 1, -1, 2, 3, -7, 63, 64];
const FLOATS: [f64; 15] = [
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
];

/// The values of a type that rules fail on, and a few that are plain.
pub(super) fn special_values(ty: Type) -> Vec<Scalar> {
    match ty {
        Type::I64 => {
            let ends = [i64::MAX, i64::MIN, i64::MIN + 1];
            INTS.map(i64::from).into_iter().chain(ends).map(Scalar::I64).collect()
        }
        Type::I32 => {
            let ends = [i32::MAX, i32::MIN, i32::MIN + 1];
            INTS.into_iter().chain(ends).map(Scalar::I32).collect()
        }
        Type::F64 => FLOATS.map(Scalar::F64).to_vec(),
        // Narrowing keeps zeros, infinities and NaN, and makes infinities of the largest.
        Type::F32 => FLOATS
            .iter()
            .map(|x| *x as f32)
            .chain([f32::MIN_POSITIVE, f32::MAX, 1e-45])
            .map(Scalar::F32)
            .collect(),
        _ => [false, true].map(Scalar::Bool).to_vec(),
    }
}

/// The `index`th combination of one value of each list.
pub(super) fn combination(values: &[Vec<Scalar>], mut index: usize) -> Vec<Scalar> {
    values
        .iter()
        .map(|values| {
            let value = values[index % values.len()];
            index /= values.len();
            value
        })
        .collect()
}

impl UserRule {
    /// Operands for which both sides have different bits, with the two results, as text; none if
    /// none of those tried is one. Special values of every variable are tried in every
    /// combination, as far as there are no more than some thousands.
    ///
    /// # Errors
    /// A side does not parse, or a variable has no type.
    pub fn counterexample(&self) -> Result<Option<String>, String> {
        let side = |text: &str| parse(text).ok_or_else(|| format!("`{text}` has no meaning"));
        let (left, right) = (side(&self.left)?, side(&self.right)?);
        let mut names = Vec::new();
        variables(&left, &mut names);
        let lists: Result<Vec<Vec<Scalar>>, String> = names
            .iter()
            .map(|(name, ty)| ty.map(special_values).ok_or_else(|| format!("`{name}` has no type")))
            .collect();
        let lists = lists?;
        let all: usize = lists.iter().map(Vec::len).product();
        // A stride without common factors with the lengths visits different combinations.
        let stride = (all / MAX_TRIED).max(1) | 1;
        for index in (0..all).step_by(stride) {
            let operands = combination(&lists, index);
            if !self.conditions.iter().all(|c| admitted(c, &names, &operands)) {
                continue;
            }
            let Some(a) = evaluate(&left, &names, &operands) else { continue };
            let b = evaluate(&right, &names, &operands);
            if !b.is_some_and(|b| a.same(b)) {
                let given = names.iter().zip(&operands).map(|((name, _), value)| {
                    format!("{} = {}", name.trim_start_matches('?'), shown(*value))
                });
                let given: Vec<String> = given.collect();
                let b = b.map_or_else(|| "nothing".to_owned(), shown);
                let place = given.join(", ");
                return Ok(Some(format!("for {place} it makes {b} of {}", shown(a))));
            }
        }
        Ok(None)
    }
}

fn shown(value: Scalar) -> String {
    match value {
        Scalar::F64(x) => format!("{x:?}"),
        Scalar::F32(x) => format!("{x:?}"),
        Scalar::I64(x) => x.to_string(),
        Scalar::I32(x) => x.to_string(),
        Scalar::Bool(x) => x.to_string(),
        other => format!("{other:?}"),
    }
}

/// Whether operands satisfy a condition.
fn admitted(condition: &Condition, names: &[(String, Option<Type>)], values: &[Scalar]) -> bool {
    let value = |side: &Side| match side {
        Side::Constant(constant) => Some((*constant).into()),
        Side::Variable(name) => {
            names.iter().position(|(known, _)| known == name).map(|at| values[at])
        }
    };
    match condition {
        Condition::Constant(_) => true,
        Condition::Compare(a, cmp, b) => match (value(a), value(b)) {
            (Some(Scalar::F64(a)), Some(Scalar::F64(b))) => cmp.holds(&a, &b),
            (Some(Scalar::F32(a)), Some(Scalar::F32(b))) => cmp.holds(&a, &b),
            (Some(Scalar::I64(a)), Some(Scalar::I64(b))) => cmp.holds(&a, &b),
            (Some(Scalar::I32(a)), Some(Scalar::I32(b))) => cmp.holds(&a, &b),
            _ => false,
        },
    }
}
