//! Rules and rewrites.

use std::sync::Arc;

use super::super::syntax::{
    Action, Diagnostic, EvalMode, Expr, ExprKind, Fact, Name, Rewrite, Rule as Source, Span, codes,
};
use super::super::values::Values;
use super::candidate::Place;
use super::env::Env;
use super::error::{Checked, Refusal};
use super::head::{Pending, Scope};
use super::name::RuleName;
use super::query::Built;
use super::resolved::{Query, Rule, RulesetId, RulesetKind};
use super::terms::Problem;

/// Checks the conditions of a query that stands alone.
pub(super) fn query(env: &Env, values: &Values, facts: &[Fact]) -> Checked<Query> {
    let mut problem = Problem::new(env, values);
    problem.facts(facts)?;
    problem.solve()?;
    let (terms, calls) = (problem.terms.len(), problem.calls.len());
    problem.check_grounded(terms, calls)?;
    Ok(problem.query(terms, calls).query)
}

/// A rule or one direction of a rewrite, before its meaning is known.
struct Draft<'a> {
    span: Span,
    name: RuleName,
    ruleset: Option<&'a Name>,
    mode: EvalMode,
    no_decomp: bool,
    include_subsumed: bool,
}

/// Checks a rule.
pub(super) fn rule(env: &Env, values: &Values, rule: &Arc<Source>) -> Checked<Rule> {
    let mut problem = Problem::new(env, values);
    problem.facts(&rule.body)?;
    let (terms, calls) = (problem.terms.len(), problem.calls.len());
    let incremental = rule.mode == EvalMode::Incremental;
    let place = if incremental { Place::Action } else { Place::FreeAction };
    let head: Checked<Vec<Pending>> =
        rule.head.iter().map(|action| problem.action(action, place)).collect();
    let draft = Draft {
        span: rule.span,
        name: RuleName::of_rule(rule),
        ruleset: rule.ruleset.as_ref(),
        mode: rule.mode,
        no_decomp: rule.no_decomp,
        include_subsumed: rule.include_subsumed,
    };
    finish(problem, &head?, terms, calls, draft)
}

/// Checks a rewrite: one rule, or two if it goes both ways.
pub(super) fn rewrite(env: &Env, values: &Values, rewrite: &Arc<Rewrite>) -> Checked<Vec<Rule>> {
    let (lhs, rhs) = (&rewrite.lhs, &rewrite.rhs);
    if !rewrite.both_ways {
        let name = RuleName::of_rewrite(rewrite, "");
        return Ok(vec![direction(env, values, rewrite, lhs, rhs, name)?]);
    }
    let there = RuleName::of_rewrite(rewrite, "=>");
    let back = RuleName::of_rewrite(rewrite, "<=");
    let there = direction(env, values, rewrite, lhs, rhs, there)?;
    let back = direction(env, values, rewrite, rhs, lhs, back)?;
    Ok(vec![there, back])
}

/// `(rule ((= root lhs) conditions…) ((union root rhs)))`.
fn direction(
    env: &Env,
    values: &Values,
    rewrite: &Rewrite,
    lhs: &Expr,
    rhs: &Expr,
    name: RuleName,
) -> Checked<Rule> {
    let span = rewrite.span;
    let mut problem = Problem::new(env, values);
    // Not a name that a program can write.
    let root = Name::new(" root", lhs.span());
    let term = problem.local(&root, root.span);
    problem.matches(term, lhs)?;
    // Operands come before what uses them: the last call is the whole left-hand side.
    let matched = problem.calls.len().saturating_sub(1);
    problem.facts(&rewrite.conditions)?;
    let (terms, calls) = (problem.terms.len(), problem.calls.len());
    let union = Action::Union(span, Expr::var(root), rhs.clone());
    let mut head = vec![problem.action(&union, Place::Action)?];
    if rewrite.subsume {
        let ExprKind::Call(function) = &lhs.root().kind else {
            let message = "what is subsumed must be a call";
            return Err(Diagnostic::new(codes::USAGE, lhs.span(), message).into());
        };
        head.push(problem.subsume_matched(lhs.span(), function, matched)?);
    }
    let draft = Draft {
        span,
        name,
        ruleset: rewrite.ruleset.as_ref(),
        mode: EvalMode::Incremental,
        no_decomp: false,
        include_subsumed: false,
    };
    finish(problem, &head, terms, calls, draft)
}

fn finish(
    mut problem: Problem<'_>,
    head: &[Pending],
    terms: usize,
    calls: usize,
    draft: Draft<'_>,
) -> Checked<Rule> {
    problem.solve()?;
    problem.check_lookups()?;
    problem.check_grounded(terms, calls)?;
    let Built { mut query, operands } = problem.query(terms, calls);
    for var in &mut query.vars {
        if &*var.name == " root" {
            var.name = "".into();
        }
    }
    query.include_subsumed = draft.include_subsumed;
    let mut scope = Scope::new(operands, query.vars.clone());
    let head = head.iter().map(|action| problem.finish(action, &mut scope));
    let head = head.collect::<Checked<Vec<_>>>()?;
    let ruleset = open_ruleset(problem.env, draft.ruleset)?;
    Ok(Rule {
        name: draft.name,
        ruleset,
        body: query,
        head,
        vars: scope.vars,
        mode: draft.mode,
        no_decomp: draft.no_decomp,
        span: draft.span,
    })
}

/// A rule set that takes rules.
fn open_ruleset(env: &Env, name: Option<&Name>) -> Checked<RulesetId> {
    let ruleset = env.ruleset(name)?;
    let decl = &env.rulesets()[ruleset.index()];
    if let (RulesetKind::Combined(_), Some(name)) = (&decl.kind, name) {
        let message = format!("`{name}` combines rule sets and takes no rules of its own");
        let error = Diagnostic::new(codes::COMBINED, name.span, message);
        return Err(Refusal::late(error.note(decl.span, "it was declared here")));
    }
    Ok(ruleset)
}

/// Refuses a second rule with a given name in the same rule set.
pub(super) fn check_rule_name(env: &Env, name: &str, rule: &Rule) -> Checked<()> {
    if name.is_empty() || !env.rule_names.contains(&(rule.ruleset, rule.name.text().into())) {
        return Ok(());
    }
    let message = format!("the rule set has a rule \"{name}\" already");
    Err(Refusal::late(Diagnostic::new(codes::DUPLICATE, rule.span, message)))
}
