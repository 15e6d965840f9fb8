//! `:=` in what a statement evaluates first.

use super::build::{block, boolean, load, negated, when};
use ruff_python_ast::{AtomicNodeIndex, Expr, ExprNamed, Stmt, StmtAssign, StmtBreak};
use ruff_text_size::Ranged;

/// The assignments to make before a statement, which it has no longer. A loop that tests what it
/// assigns has them in its body.
pub(super) fn taken(stmt: &mut Stmt) -> Vec<Stmt> {
    let mut first = Vec::new();
    match stmt {
        Stmt::If(s) => take(&mut s.test, &mut first),
        Stmt::Assign(s) => take(&mut s.value, &mut first),
        Stmt::Return(s) => s.value.iter_mut().for_each(|value| take(value, &mut first)),
        Stmt::Expr(s) => take(&mut s.value, &mut first),
        Stmt::Assert(s) => take(&mut s.test, &mut first),
        Stmt::While(s) if s.orelse.is_empty() => {
            take(&mut s.test, &mut first);
            if !first.is_empty() {
                let range = s.test.range();
                let test = std::mem::replace(&mut *s.test, boolean(true, range));
                let leave =
                    Stmt::Break(StmtBreak { node_index: AtomicNodeIndex::default(), range });
                let mut body = std::mem::take(&mut first);
                body.push(when(negated(test, range), vec![leave], range));
                body.extend(std::mem::take(&mut s.body));
                s.body = block(body);
            }
        }
        _ => {}
    }
    first
}

/// Takes the assignments out of what an expression evaluates first, in order.
fn take(expr: &mut Expr, first: &mut Vec<Stmt>) {
    match expr {
        Expr::Named(_) => {
            let range = expr.range();
            let Expr::Named(ExprNamed { target, mut value, .. }) =
                std::mem::replace(expr, boolean(true, range))
            else {
                unreachable!("it was just matched");
            };
            take(&mut value, first);
            if let Expr::Name(name) = &*target {
                *expr = load(name.id.as_str(), name.range);
            }
            let targets = [*target].into_iter().collect();
            let node_index = AtomicNodeIndex::default();
            first.push(Stmt::Assign(StmtAssign { node_index, range, targets, value }));
        }
        Expr::Compare(e) => take(&mut e.left, first),
        Expr::BinOp(e) => take(&mut e.left, first),
        Expr::UnaryOp(e) => take(&mut e.operand, first),
        Expr::If(e) => take(&mut e.test, first),
        Expr::BoolOp(e) => e.values.iter_mut().take(1).for_each(|value| take(value, first)),
        Expr::Tuple(e) => e.elts.iter_mut().take(1).for_each(|value| take(value, first)),
        Expr::Call(e) if matches!(&*e.func, Expr::Name(_) | Expr::Attribute(_)) => {
            e.arguments.args.iter_mut().take(1).for_each(|value| take(value, first));
        }
        _ => {}
    }
}
