//! Syntax that is made, at the place of what it is made from.

use ruff_python_ast::{
    Arguments, AtomicNodeIndex, Expr, ExprBooleanLiteral, ExprCall, ExprContext, ExprName,
    ExprNumberLiteral, ExprUnaryOp, Int, Number, Stmt, StmtAssign, StmtFor, StmtIf, StmtReturn,
    Suite, UnaryOp,
};
use ruff_text_size::TextRange;

pub(super) fn block(body: Vec<Stmt>) -> Suite {
    body.into_iter().collect()
}

pub(super) fn name(id: &str, range: TextRange, ctx: ExprContext) -> Expr {
    Expr::Name(ExprName { node_index: AtomicNodeIndex::default(), range, id: id.into(), ctx })
}

pub(super) fn load(id: &str, range: TextRange) -> Expr {
    name(id, range, ExprContext::Load)
}

pub(super) fn number(value: u8, range: TextRange) -> Expr {
    let value = Number::Int(Int::from(value));
    Expr::NumberLiteral(ExprNumberLiteral { node_index: AtomicNodeIndex::default(), range, value })
}

pub(super) fn boolean(value: bool, range: TextRange) -> Expr {
    Expr::BooleanLiteral(ExprBooleanLiteral {
        node_index: AtomicNodeIndex::default(),
        range,
        value,
    })
}

pub(super) fn negated(operand: Expr, range: TextRange) -> Expr {
    Expr::UnaryOp(ExprUnaryOp {
        node_index: AtomicNodeIndex::default(),
        range,
        op: UnaryOp::Not,
        operand: Box::new(operand),
    })
}

/// A call of a function by its name, with these positional arguments.
pub(super) fn call(function: Expr, args: Vec<Expr>, range: TextRange) -> Expr {
    let arguments = Arguments {
        range,
        node_index: AtomicNodeIndex::default(),
        args: args.into_boxed_slice(),
        keywords: [].into(),
    };
    Expr::Call(ExprCall {
        node_index: AtomicNodeIndex::default(),
        range_start: range.start(),
        func: Box::new(function),
        arguments,
    })
}

pub(super) fn assigned(id: &str, value: Expr, range: TextRange) -> Stmt {
    Stmt::Assign(StmtAssign {
        node_index: AtomicNodeIndex::default(),
        range,
        targets: [name(id, range, ExprContext::Store)].into_iter().collect(),
        value: Box::new(value),
    })
}

pub(super) fn returned(value: Expr, range: TextRange) -> Stmt {
    let value = Some(Box::new(value));
    Stmt::Return(StmtReturn { node_index: AtomicNodeIndex::default(), range, value })
}

/// `if test: body`
pub(super) fn when(test: Expr, body: Vec<Stmt>, range: TextRange) -> Stmt {
    Stmt::If(StmtIf {
        node_index: AtomicNodeIndex::default(),
        range,
        test: Box::new(test),
        body: block(body),
        elif_else_clauses: Vec::new(),
    })
}

/// `for target in iter: body`
pub(super) fn each(target: Expr, iter: Expr, body: Vec<Stmt>, range: TextRange) -> Stmt {
    Stmt::For(StmtFor {
        node_index: AtomicNodeIndex::default(),
        range,
        is_async: false,
        target: Box::new(target),
        iter: Box::new(iter),
        body: block(body),
        orelse: Suite::default(),
    })
}
