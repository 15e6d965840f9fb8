//! Reductions over what a comprehension gives.

use super::build::{assigned, block, boolean, call, each, load, name, number, returned, when};
use crate::live::{loaded_names, stored_in};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{
    AtomicNodeIndex, CmpOp, Comprehension, Expr, ExprCall, ExprCompare, ExprContext,
    ExprStringLiteral, Identifier, Operator, Parameter, ParameterWithDefault, Parameters, Stmt,
    StmtAugAssign, StmtExpr, StmtFunctionDef, StmtRaise, StringLiteral, StringLiteralFlags,
    StringLiteralValue,
};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

/// The variable that a loop accumulates in. It begins as the integer that Python's begins as, and
/// has the type of what is added to it: see [`crate::lower`].
pub(crate) const TOTAL: &str = ".total";
/// The element that is looked at.
const ITEM: &str = ".item";
/// The function that gives the first element.
const FIRST: &str = ".first";

/// How deep the comprehensions of an extreme may nest: each level writes its element twice.
const MAX_NESTING: usize = 4;

/// A function with the loop, and its call.
pub(super) struct Made {
    pub(super) definition: StmtFunctionDef,
    pub(super) call: Expr,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Sum,
    Product,
    Count,
    Extreme { least: bool },
    Search { found: bool },
}

/// What a call of a reduction over a comprehension becomes; `bound` are names that may not mean
/// Python's own functions.
pub(super) fn reduction(expr: &Expr, bound: &FxHashSet<String>) -> Option<Made> {
    let Expr::Call(found) = expr else { return None };
    let (of, is_list) = match found.arguments.args.first()? {
        Expr::Generator(of) => ((&*of.elt, &of.generators), false),
        Expr::ListComp(of) => ((&*of.elt, &of.generators), true),
        _ => return None,
    };
    let kind = kind(&found.func, is_list, bound)?;
    let start = start(found, kind)?;
    let twice = matches!(kind, Kind::Extreme { .. });
    if !is_simple(of.1, of.0) || twice && nesting(expr) > MAX_NESTING {
        return None;
    }
    let range = expr.range();
    let id = format!(".reduce{}", u32::from(range.start()));
    let (body, parameters) = body(kind, of.0, of.1);
    let args = if parameters.is_empty() { Vec::new() } else { vec![start] };
    Some(Made {
        definition: definition(&id, parameters, body, found.func.range()),
        call: call(load(&id, found.func.range()), args, range),
    })
}

fn kind(function: &Expr, is_list: bool, bound: &FxHashSet<String>) -> Option<Kind> {
    let own = |name: &str| !bound.contains(name);
    match function {
        Expr::Name(name) if own(name.id.as_str()) => match (name.id.as_str(), is_list) {
            ("sum", _) => Some(Kind::Sum),
            ("min", _) => Some(Kind::Extreme { least: true }),
            ("max", _) => Some(Kind::Extreme { least: false }),
            ("any", false) => Some(Kind::Search { found: true }),
            ("all", false) => Some(Kind::Search { found: false }),
            ("len", true) => Some(Kind::Count),
            _ => None,
        },
        Expr::Attribute(member) if member.attr.as_str() == "prod" => {
            let math = matches!(&*member.value, Expr::Name(name) if name.id.as_str() == "math");
            (math && own("math")).then_some(Kind::Product)
        }
        _ => None,
    }
}

/// What the reduction starts with; none if there are arguments beside the comprehension that it
/// does not take.
fn start(found: &ExprCall, kind: Kind) -> Option<Expr> {
    let neutral = number(u8::from(kind == Kind::Product), found.range());
    let arguments = &found.arguments;
    match (&arguments.args[1..], &arguments.keywords[..]) {
        ([], []) => Some(neutral),
        ([start], []) if kind == Kind::Sum => Some(start.clone()),
        ([], [keyword]) if matches!(kind, Kind::Sum | Kind::Product) => {
            let named = keyword.arg.as_ref().is_some_and(|name| name.as_str() == "start");
            named.then(|| keyword.value.clone())
        }
        _ => None,
    }
}

/// Whether the comprehension means the same as loops in a function: nothing is assigned or awaited
/// in it, and what the outermost loop runs over is not named like a variable of it.
fn is_simple(loops: &[Comprehension], element: &Expr) -> bool {
    let inner = loops.iter().flat_map(|each| std::iter::once(&each.iter).chain(&each.ifs));
    let mut parts = inner.chain([element]);
    let targets: Vec<&str> = loops.iter().flat_map(|each| stored_in(&each.target)).collect();
    let outermost = loops.first().map(|each| loaded_names(&each.iter)).unwrap_or_default();
    loops.iter().all(|each| !each.is_async)
        && !parts.any(assigns)
        && !outermost.iter().any(|name| targets.contains(name))
}

/// How deep comprehensions nest in an expression.
fn nesting(expr: &Expr) -> usize {
    #[derive(Default)]
    struct Depth {
        now: usize,
        most: usize,
    }
    impl<'a> Visitor<'a> for Depth {
        fn visit_expr(&mut self, expr: &'a Expr) {
            let level = usize::from(matches!(expr, Expr::Generator(_) | Expr::ListComp(_)));
            self.now += level;
            self.most = self.most.max(self.now);
            walk_expr(self, expr);
            self.now -= level;
        }
    }
    let mut depth = Depth::default();
    depth.visit_expr(expr);
    depth.most
}

/// Whether an expression has a `:=`.
fn assigns(expr: &Expr) -> bool {
    struct Search(bool);
    impl<'a> Visitor<'a> for Search {
        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0 |= matches!(expr, Expr::Named(_));
            walk_expr(self, expr);
        }
    }
    let mut search = Search(false);
    search.visit_expr(expr);
    search.0
}

/// The function's body, and its parameter if it has one.
fn body(kind: Kind, element: &Expr, loops: &[Comprehension]) -> (Vec<Stmt>, Vec<&'static str>) {
    let at = element.range();
    let total = || load(TOTAL, at);
    let nest = |inner: Vec<Stmt>| nested(loops, inner);
    let body = match kind {
        Kind::Sum | Kind::Product => {
            let op = if kind == Kind::Sum { Operator::Add } else { Operator::Mult };
            vec![nest(vec![update(op, element.clone(), at)]), returned(total(), at)]
        }
        Kind::Count => {
            let value = Box::new(element.clone());
            let node_index = AtomicNodeIndex::default();
            let evaluate = Stmt::Expr(StmtExpr { node_index, range: at, value });
            let count = update(Operator::Add, number(1, at), at);
            vec![nest(vec![evaluate, count]), returned(total(), at)]
        }
        Kind::Search { found } => {
            let test = element.clone();
            let test = if found { test } else { super::build::negated(test, at) };
            let leave = returned(boolean(found, at), at);
            vec![nest(vec![when(test, vec![leave], at)]), returned(boolean(!found, at), at)]
        }
        Kind::Extreme { least } => {
            let first = vec![nest(vec![returned(element.clone(), at)]), empty(least, at)];
            let first = Stmt::FunctionDef(definition(FIRST, Vec::new(), first, start_of(at)));
            let better = Expr::Compare(ExprCompare {
                node_index: AtomicNodeIndex::default(),
                range: at,
                left: Box::new(load(ITEM, at)),
                ops: vec![if least { CmpOp::Lt } else { CmpOp::Gt }].into_boxed_slice(),
                comparators: vec![total()].into_boxed_slice(),
            });
            let take = assigned(TOTAL, load(ITEM, at), at);
            let look = assigned(ITEM, element.clone(), at);
            vec![
                first,
                assigned(TOTAL, call(load(FIRST, at), Vec::new(), at), at),
                nest(vec![look, when(better, vec![take], at)]),
                returned(total(), at),
            ]
        }
    };
    let parameter = matches!(kind, Kind::Sum | Kind::Product | Kind::Count);
    (body, if parameter { vec![TOTAL] } else { Vec::new() })
}

/// A name stands before its calls.
fn start_of(range: TextRange) -> TextRange {
    TextRange::empty(range.start())
}

fn nested(loops: &[Comprehension], inner: Vec<Stmt>) -> Stmt {
    let mut inner = inner;
    for each_loop in loops.iter().rev() {
        for test in each_loop.ifs.iter().rev() {
            inner = vec![when(test.clone(), inner, test.range())];
        }
        let Comprehension { target, iter, range, .. } = each_loop;
        inner = vec![each(target.clone(), iter.clone(), inner, *range)];
    }
    inner.swap_remove(0)
}

fn update(op: Operator, value: Expr, range: TextRange) -> Stmt {
    Stmt::AugAssign(StmtAugAssign {
        node_index: AtomicNodeIndex::default(),
        range,
        target: Box::new(name(TOTAL, range, ExprContext::Store)),
        op,
        value: Box::new(value),
    })
}

/// What an extreme of nothing raises.
fn empty(least: bool, range: TextRange) -> Stmt {
    let name = if least { "min" } else { "max" };
    let literal = StringLiteral {
        range,
        node_index: AtomicNodeIndex::default(),
        value: format!("{name}() arg is an empty sequence").into_boxed_str(),
        flags: StringLiteralFlags::empty(),
    };
    let message = Expr::StringLiteral(ExprStringLiteral {
        node_index: AtomicNodeIndex::default(),
        range,
        value: StringLiteralValue::single(literal),
    });
    let error = call(load("ValueError", range), vec![message], range);
    let node_index = AtomicNodeIndex::default();
    Stmt::Raise(StmtRaise { node_index, range, exc: Some(Box::new(error)), cause: None })
}

fn definition(
    id: &str,
    parameters: Vec<&'static str>,
    body: Vec<Stmt>,
    range: TextRange,
) -> StmtFunctionDef {
    let parameter = |name: &str| ParameterWithDefault {
        range,
        node_index: AtomicNodeIndex::default(),
        parameter: Parameter {
            range,
            node_index: AtomicNodeIndex::default(),
            name: Identifier::new(name, range),
            annotation: None,
        },
        default: None,
    };
    let args = parameters.into_iter().map(parameter).collect();
    StmtFunctionDef {
        node_index: AtomicNodeIndex::default(),
        range,
        is_async: false,
        decorator_list: [].into(),
        name: Identifier::new(id, range),
        type_params: None,
        parameters: Box::new(Parameters { range, args, ..Parameters::default() }),
        returns: None,
        body: block(body),
    }
}
