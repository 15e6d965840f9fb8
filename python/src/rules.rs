//! Rewrite rules that were written in Python, as the optimiser takes them.

use optimizer::{Condition, Law, Side, UserRule};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rvsdg::{Cmp, Const, Type};

/// Name, left and right pattern, conditions, and whether the rule keeps every bit. A condition is
/// `(side, comparison, side)`, a side a variable (`?x`) or a constant (`f64:0.0`); or
/// `(variable, "constant", "")`.
pub(crate) type RuleText = (String, String, String, Vec<(String, String, String)>, bool);

/// The rules of these texts.
pub(crate) fn user_rules(rules: Vec<RuleText>) -> PyResult<Vec<UserRule>> {
    rules
        .into_iter()
        .map(|(name, left, right, conditions, exact)| {
            let conditions: PyResult<Vec<Condition>> = conditions.iter().map(condition).collect();
            let law = if exact { Law::Exact } else { Law::Real };
            Ok(UserRule { name, left, right, conditions: conditions?, law })
        })
        .collect()
}

fn condition((left, what, right): &(String, String, String)) -> PyResult<Condition> {
    if what == "constant" {
        return Ok(Condition::Constant(left.clone()));
    }
    let cmp = Cmp::ALL.into_iter().find(|cmp| cmp.name() == what);
    let cmp = cmp.ok_or_else(|| PyValueError::new_err(format!("no comparison `{what}`")))?;
    Ok(Condition::Compare(side(left)?, cmp, side(right)?))
}

fn side(text: &str) -> PyResult<Side> {
    if text.starts_with('?') {
        return Ok(Side::Variable(text.to_owned()));
    }
    let constant = text
        .split_once(':')
        .and_then(|(ty, value)| Type::from_name(ty).and_then(|ty| Const::from_text(ty, value)));
    let unknown = || PyValueError::new_err(format!("`{text}` is no variable and no constant"));
    constant.map(Side::Constant).ok_or_else(unknown)
}

/// Operands on which the two sides of a rule differ, as text; None if none of those tried do.
#[pyfunction]
pub(crate) fn counterexample(rule: RuleText) -> PyResult<Option<String>> {
    let rules = user_rules(vec![rule])?;
    rules[0].counterexample().map_err(PyValueError::new_err)
}
