//! `match` of numbers.

use super::build::{assigned, block, load};
use ruff_python_ast::{
    AtomicNodeIndex, BoolOp, CmpOp, ElifElseClause, Expr, ExprBoolOp, ExprCompare, MatchCase,
    Pattern, Stmt, StmtIf, StmtMatch,
};
use ruff_text_size::{Ranged, TextRange};

/// The statements that a `match` means; itself, if it has patterns that are no numbers.
pub(super) fn branches(found: StmtMatch) -> Vec<Stmt> {
    if !found.cases.iter().all(is_simple) {
        return vec![Stmt::Match(found)];
    }
    let range = found.subject.range();
    let subject = format!(".match{}", u32::from(found.range.start()));
    let mut stmts = vec![assigned(&subject, *found.subject, range)];
    stmts.extend(chain(found.cases, &subject));
    stmts
}

/// Whether the pattern of a case is made of numbers; a name only as the whole.
fn is_simple(case: &MatchCase) -> bool {
    fn numbers(pattern: &Pattern) -> bool {
        match pattern {
            Pattern::MatchValue(_) => true,
            Pattern::MatchOr(or) => or.patterns.iter().all(numbers),
            _ => false,
        }
    }
    numbers(&case.pattern) || matches!(&case.pattern, Pattern::MatchAs(a) if a.pattern.is_none())
}

/// The cases, from the last to the first: each has those after it in its `else`.
fn chain(cases: Vec<MatchCase>, subject: &str) -> Vec<Stmt> {
    let mut rest: Vec<Stmt> = Vec::new();
    for case in cases.into_iter().rev() {
        let range = case.pattern.range();
        let test = match &case.pattern {
            Pattern::MatchAs(_) => None,
            pattern => Some(test(pattern, subject)),
        };
        let guard = case.guard.map(|guard| *guard);
        let test = match (test, guard) {
            (Some(test), Some(guard)) => Some(joined(BoolOp::And, vec![test, guard], range)),
            (test, guard) => test.or(guard),
        };
        let body: Vec<Stmt> = case.body.into_iter().collect();
        let branch = match test {
            Some(test) => vec![branch(test, body, std::mem::take(&mut rest), range)],
            None => body,
        };
        rest = match &case.pattern {
            Pattern::MatchAs(pattern) => match &pattern.name {
                Some(name) => {
                    let bind = assigned(name.as_str(), load(subject, range), range);
                    std::iter::once(bind).chain(branch).collect()
                }
                None => branch,
            },
            _ => branch,
        };
    }
    rest
}

/// `if test: body else: rest`; a `rest` that is such a statement is an `elif`, so that many cases do
/// not nest.
fn branch(test: Expr, body: Vec<Stmt>, mut rest: Vec<Stmt>, range: TextRange) -> Stmt {
    let mut clauses = Vec::new();
    if let [Stmt::If(_)] = &rest[..]
        && let Some(Stmt::If(next)) = rest.pop()
    {
        let node_index = AtomicNodeIndex::default();
        let StmtIf { range, test, body, elif_else_clauses, .. } = next;
        clauses.push(ElifElseClause { range, node_index, test: Some(*test), body });
        clauses.extend(elif_else_clauses);
    } else if !rest.is_empty() {
        let node_index = AtomicNodeIndex::default();
        clauses.push(ElifElseClause { range, node_index, test: None, body: block(rest) });
    }
    Stmt::If(StmtIf {
        node_index: AtomicNodeIndex::default(),
        range,
        test: Box::new(test),
        body: block(body),
        elif_else_clauses: clauses,
    })
}

/// Whether the subject is the pattern's number.
fn test(pattern: &Pattern, subject: &str) -> Expr {
    let range = pattern.range();
    match pattern {
        Pattern::MatchValue(value) => Expr::Compare(ExprCompare {
            node_index: AtomicNodeIndex::default(),
            range,
            left: Box::new(load(subject, range)),
            ops: vec![CmpOp::Eq].into_boxed_slice(),
            comparators: vec![(*value.value).clone()].into_boxed_slice(),
        }),
        Pattern::MatchOr(or) => {
            let tests = or.patterns.iter().map(|pattern| test(pattern, subject)).collect();
            joined(BoolOp::Or, tests, range)
        }
        _ => unreachable!("`is_simple` has seen every pattern"),
    }
}

fn joined(op: BoolOp, values: Vec<Expr>, range: TextRange) -> Expr {
    let values = values.into_iter().collect();
    Expr::BoolOp(ExprBoolOp { node_index: AtomicNodeIndex::default(), range, op, values })
}
