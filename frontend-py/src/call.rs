//! Calls given as text: `f(0.5, [1.0, 2.0], 3)`, `v = [1.0]; f(2.0, v, v)`.
//!
//! Arguments are Python literals, `nan`, `inf`, `float("nan")` and the like, and their negatives. A list written in the call, or
//! a variable that holds one, is one array; naming the variable twice passes that array twice.

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::lower::float_text;
use crate::stack::on_large_stack;
use crate::types::span_of;
use indexmap::IndexMap;
use ruff_python_ast::{Expr, Number, Stmt, UnaryOp};
use rustc_hash::FxBuildHasher;
use rvsdg::Span;

/// Longest text that is read, in bytes: the parser's recursion is bounded with it.
const MAX_TEXT: usize = 64 << 20;

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSpec {
    /// The function's name.
    pub function: String,
    /// The positional arguments in order.
    pub args: Vec<Literal>,
    /// The keyword arguments in order.
    pub keywords: Vec<(String, Literal)>,
    /// The lists that arguments refer to.
    pub lists: Vec<List>,
}

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
    /// A list, by position in [`CallSpec::lists`].
    List(usize),
}

/// An element of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// `True` or `False`.
    Bool(bool),
}

/// A list of numbers, or of lists of numbers of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// The extents, one or two of them; `[]` has one extent, 0, and `[[]]` has two, 1 and 0.
    pub shape: Vec<usize>,
    /// The elements, row by row.
    pub items: Vec<Item>,
}

/// Reads a call.
///
/// # Errors
/// If the text is not a call of one function with literal arguments; spans count in `text`.
pub fn parse_call(text: &str) -> Result<CallSpec, Diagnostic> {
    if text.len() > MAX_TEXT {
        let message = format!("the call is longer than {MAX_TEXT} bytes");
        return Err(Diagnostic::general(codes::CALL, message));
    }
    crate::source::check_nesting(text).map_err(|d| Diagnostic { code: codes::CALL, ..d })?;
    on_large_stack(text, || read(text).map_err(Diagnostics::from))
        .map_err(|mut diagnostics| diagnostics.0.swap_remove(0))
}

fn wrong(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::at(codes::CALL, span, message)
        .hint("write a call with literals, such as: f(0.5, [1.0, 2.0], 3)")
}

#[derive(Default)]
struct Reader<'a> {
    variables: IndexMap<&'a str, Literal, FxBuildHasher>,
    lists: Vec<List>,
}

fn read(text: &str) -> Result<CallSpec, Diagnostic> {
    let all = Span { start: 0, end: text.len() as u32 };
    let parsed = ruff_python_parser::parse_module(text)
        .map_err(|e| wrong(span_of(&e), format!("this is not a call: {}", e.error)))?;
    let body = &parsed.syntax().body;
    let mut reader = Reader::default();
    for (at, stmt) in body.iter().enumerate() {
        match stmt {
            Stmt::Assign(assign) => {
                let [Expr::Name(name)] = &assign.targets[..] else {
                    return Err(wrong(span_of(stmt), "only `name = value` can precede the call"));
                };
                let value = reader.literal(&assign.value)?;
                reader.variables.insert(name.id.as_str(), value);
            }
            Stmt::Expr(expr) if at + 1 == body.len() => return reader.call(&expr.value),
            other => return Err(wrong(span_of(other), "only `name = value` can precede the call")),
        }
    }
    Err(wrong(all, "there is no call"))
}

impl<'a> Reader<'a> {
    fn call(mut self, expr: &'a Expr) -> Result<CallSpec, Diagnostic> {
        let Expr::Call(call) = expr else { return Err(wrong(span_of(expr), "this is not a call")) };
        let Expr::Name(name) = &*call.func else {
            return Err(wrong(span_of(&*call.func), "the called function must be a name"));
        };
        let args = call.arguments.args.iter().map(|arg| self.literal(arg));
        let args = args.collect::<Result<Vec<Literal>, Diagnostic>>()?;
        let mut keywords: Vec<(String, Literal)> = Vec::new();
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else {
                return Err(wrong(span_of(keyword), "`**` arguments cannot be passed"));
            };
            if keywords.iter().any(|(known, _)| known == name.as_str()) {
                return Err(wrong(span_of(keyword), format!("`{name}` is passed twice")));
            }
            keywords.push((name.to_string(), self.literal(&keyword.value)?));
        }
        Ok(CallSpec { function: name.id.to_string(), args, keywords, lists: self.lists })
    }

    fn literal(&mut self, expr: &'a Expr) -> Result<Literal, Diagnostic> {
        match expr {
            Expr::NoneLiteral(_) => Ok(Literal::None),
            Expr::List(list) => {
                let list = read_list(&list.elts)?;
                self.lists.push(list);
                Ok(Literal::List(self.lists.len() - 1))
            }
            Expr::Name(name) => match self.variables.get(name.id.as_str()) {
                Some(value) => Ok(*value),
                None => number(expr).map(Literal::from),
            },
            Expr::Tuple(_) => Err(wrong(span_of(expr), "a tuple cannot be passed")
                .hint("pass a list, or the numbers one by one")),
            other => number(other).map(Literal::from),
        }
    }
}

impl From<Item> for Literal {
    fn from(item: Item) -> Literal {
        match item {
            Item::Int(value) => Literal::Int(value),
            Item::Float(value) => Literal::Float(value),
            Item::Bool(value) => Literal::Bool(value),
        }
    }
}

fn read_list(elements: &[Expr]) -> Result<List, Diagnostic> {
    if !elements.iter().any(|element| matches!(element, Expr::List(_))) {
        let items = elements.iter().map(number).collect::<Result<Vec<Item>, Diagnostic>>()?;
        return Ok(List { shape: vec![items.len()], items });
    }
    let mut width = None;
    let mut items = Vec::new();
    for element in elements {
        let Expr::List(row) = element else {
            return Err(wrong(span_of(element), "a list holds either numbers or lists"));
        };
        let len = row.elts.len();
        if *width.get_or_insert(len) != len {
            return Err(wrong(span_of(element), "the rows of a list must have one length"));
        }
        for item in &row.elts {
            if let Expr::List(_) = item {
                let message = "lists nest at most twice";
                return Err(wrong(span_of(item), message));
            }
            items.push(number(item)?);
        }
    }
    Ok(List { shape: vec![elements.len(), width.unwrap_or(0)], items })
}

/// A number, possibly with signs before it.
fn number(expr: &Expr) -> Result<Item, Diagnostic> {
    let span = span_of(expr);
    let mut negative = false;
    let mut inner = expr;
    while let Expr::UnaryOp(unary) = inner {
        match unary.op {
            UnaryOp::USub => negative = !negative,
            UnaryOp::UAdd => {}
            UnaryOp::Invert | UnaryOp::Not => return Err(not_a_literal(span)),
        }
        inner = &unary.operand;
    }
    let float = |value: f64| Ok(Item::Float(if negative { -value } else { value }));
    match inner {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(int) => {
                let magnitude = int.as_u64();
                let value = if negative {
                    magnitude.and_then(|m| 0_i64.checked_sub_unsigned(m))
                } else {
                    magnitude.and_then(|m| i64::try_from(m).ok())
                };
                value.map(Item::Int).ok_or_else(|| {
                    wrong(span, "this integer does not fit in 64 bits").hint("write a float")
                })
            }
            Number::Float(value) => float(*value),
            Number::Complex { .. } => Err(wrong(span, "a complex number cannot be passed")),
        },
        Expr::BooleanLiteral(literal) if std::ptr::eq(inner, expr) => Ok(Item::Bool(literal.value)),
        Expr::BooleanLiteral(literal) => {
            let value = i64::from(literal.value);
            Ok(Item::Int(if negative { -value } else { value }))
        }
        Expr::Name(name) => match name.id.as_str() {
            "nan" => float(f64::NAN),
            "inf" => float(f64::INFINITY),
            other => {
                let message = format!("`{other}` is not known");
                Err(wrong(span_of(inner), message)
                    .hint("assign it before the call: v = [1.0, 2.0]; f(v)"))
            }
        },
        Expr::Attribute(attribute) if is_math(&attribute.value) => {
            match crate::constant::math_constant(attribute.attr.as_str()) {
                Some(constant) => float(constant.as_f64().unwrap_or(f64::NAN)),
                None => Err(not_a_literal(span)),
            }
        }
        Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id == "float") => {
            match float_text(call) {
                Some(value) => float(value),
                None => Err(not_a_literal(span)),
            }
        }
        _ => Err(not_a_literal(span)),
    }
}

fn is_math(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == "math")
}

fn not_a_literal(span: Span) -> Diagnostic {
    wrong(span, "this is not a literal number or list")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(text: &str) -> f64 {
        match parse_call(text).unwrap().args[0] {
            Literal::Float(value) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn literals() {
        let call = parse_call("f(0.5, [1.0, 2.0], 3, True, None, -7, [[1,2],[3,4]])").unwrap();
        assert_eq!(call.function, "f");
        assert_eq!(
            call.args,
            [
                Literal::Float(0.5),
                Literal::List(0),
                Literal::Int(3),
                Literal::Bool(true),
                Literal::None,
                Literal::Int(-7),
                Literal::List(1),
            ]
        );
        assert_eq!(call.lists[0].items, [Item::Float(1.0), Item::Float(2.0)]);
        assert_eq!(call.lists[1].shape, [2, 2]);
        assert!(float("f(nan)").is_nan());
        assert_eq!(float("f(-inf)"), f64::NEG_INFINITY);
        assert_eq!(float("f(-float('Infinity'))"), f64::NEG_INFINITY);
        assert_eq!(float("f(float('-inf'))"), f64::NEG_INFINITY);
        assert!(float(r#"f(float("nan"))"#).is_nan());
        assert_eq!(float("f(-0.0)").to_bits(), (-0.0_f64).to_bits());
        assert_eq!(float("f(--1.5)"), 1.5);
        let least = parse_call("f(-9223372036854775808)").unwrap();
        assert_eq!(least.args, [Literal::Int(i64::MIN)]);
    }

    #[test]
    fn one_variable_is_one_list() {
        let call = parse_call("v=[1.0, 2.0]; w = 3; f(w, v, v, [1.0])").unwrap();
        assert_eq!(
            call.args,
            [Literal::Int(3), Literal::List(0), Literal::List(0), Literal::List(1)]
        );
        assert_eq!(parse_call("f([])").unwrap().lists[0].shape, [0]);
        assert_eq!(parse_call("f([[]])").unwrap().lists[0].shape, [1, 0]);
        assert_eq!(parse_call("f()").unwrap().args, []);
    }

    #[test]
    fn refusals() {
        for (text, part) in [
            ("f(9223372036854775808)", "64 bits"),
            ("f([[1], [2, 3]])", "one length"),
            ("f([1, [2]])", "either numbers or lists"),
            ("f([[[1]]])", "at most twice"),
            ("f((1, 2))", "tuple"),
            ("f(x)", "`x` is not known"),
            ("f(1 + 2)", "not a literal"),
            ("f(**x)", "cannot be passed"),
            ("f(x=1, x=2)", "passed twice"),
            ("f", "not a call"),
            ("", "no call"),
            ("f(1", "not a call"),
            ("f(1); g(2)", "precede"),
            ("a.f(1)", "must be a name"),
            ("f(1j)", "complex"),
            ("f('x')", "not a literal"),
            ("f(float('x'))", "not a literal"),
            ("f(float(1))", "not a literal"),
            ("f(int('3'))", "not a literal"),
        ] {
            let message = parse_call(text).unwrap_err().message;
            assert!(message.contains(part), "{text}: {message}");
        }
        assert_eq!(parse_call(&"f(".repeat(100_000)).unwrap_err().code, codes::CALL);
        assert_eq!(parse_call(&"-".repeat(100_000)).unwrap_err().code, codes::CALL);
    }
}
