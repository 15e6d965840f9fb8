//! Rules and rewrites.

use std::sync::Arc;

use super::super::ast::{Action, Command, EvalMode, Rewrite, Rule};
use super::form::{Form, options};
use super::{Parsed, action, expr, facts, list, name, string};

pub(super) fn rule(form: Form<'_, '_>) -> Parsed<Command> {
    let ([body, head], rest) = form.at_least("(rule (<fact>*) (<action>*) <option>*)")?;
    let head = list(head, "the actions")?.map(action).collect::<Parsed<Vec<Action>>>()?;
    let mut rule = Rule {
        span: form.span,
        body: facts(list(body, "the query")?)?,
        head,
        ruleset: None,
        name: "".into(),
        mode: EvalMode::Incremental,
        no_decomp: false,
        include_subsumed: false,
    };
    for option in options(rest)? {
        match option.key {
            ":ruleset" => rule.ruleset = Some(name(option.value()?, "the rule set")?),
            ":name" => rule.name = string(option.value()?, "the rule's name")?.into(),
            ":naive" | ":unsafe-seminaive" => {
                option.flag()?;
                if rule.mode != EvalMode::Incremental {
                    return Err(option.conflict("the mode before it"));
                }
                let naive = option.key == ":naive";
                rule.mode = if naive { EvalMode::Naive } else { EvalMode::UnsafeIncremental };
            }
            ":no-decomp" => rule.no_decomp = true,
            ":internal-include-subsumed" => rule.include_subsumed = true,
            _ => {
                let known = ":ruleset, :name, :naive, :unsafe-seminaive, :no-decomp";
                return Err(option.unknown("rule", known));
            }
        }
    }
    Ok(Command::Rule(Arc::new(rule)))
}

pub(super) fn rewrite(form: Form<'_, '_>, both_ways: bool) -> Parsed<Command> {
    let head = if both_ways { "birewrite" } else { "rewrite" };
    let ([lhs, rhs], rest) = form.at_least(&format!("({head} <expr> <expr> <option>*)"))?;
    let mut rewrite = Rewrite {
        span: form.span,
        lhs: expr(lhs)?,
        rhs: expr(rhs)?,
        conditions: Vec::new(),
        ruleset: None,
        name: "".into(),
        subsume: false,
        both_ways,
    };
    for option in options(rest)? {
        match option.key {
            ":ruleset" => rewrite.ruleset = Some(name(option.value()?, "the rule set")?),
            ":name" => rewrite.name = string(option.value()?, "the rule's name")?.into(),
            ":when" => rewrite.conditions = facts(list(option.value()?, "the conditions")?)?,
            ":subsume" if !both_ways => {
                option.flag()?;
                rewrite.subsume = true;
            }
            _ => {
                let subsume = if both_ways { "" } else { ", :subsume" };
                return Err(option.unknown(head, &format!(":ruleset, :name, :when{subsume}")));
            }
        }
    }
    Ok(Command::Rewrite(Arc::new(rewrite)))
}
