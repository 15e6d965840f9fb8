//! Operators and rules of eager rewriting.

use std::fmt;
use std::sync::Arc;

use crate::lang::syntax::{Expr, ExprKind, Literal, Sources, parse_expr};

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op(pub(super) u32);

/// Why a rule was refused, with the place underlined where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError(String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RuleError {}

/// What is known of an operator.
#[derive(Clone, Debug)]
pub(super) struct Decl {
    pub(super) name: String,
    pub(super) arity: usize,
    pub(super) leaf: bool,
    pub(super) cost: u64,
}

/// A pattern; variables of classes and of numbers are numbered apart.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Class(usize),
    Node(u32, Vec<Pattern>),
    Leaf(u32, Number),
}

/// A leaf's number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Fixed(i64),
    Var(usize),
}

/// Gives a number for those that were matched, in order of first appearance; none is no match.
pub(super) type Compute = Arc<dyn Fn(&[i64]) -> Option<i64> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Rule {
    /// Operands of the root.
    pub(super) left: Pattern,
    pub(super) compute: Option<Compute>,
    pub(super) right: Pattern,
    /// Numbers of variables.
    pub(super) classes: usize,
    pub(super) numbers: usize,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} => {:?}", self.left, self.right)
    }
}

/// Operators with their costs, and rules by the operator at the root of their left side.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub(super) ops: Vec<Decl>,
    pub(super) by_root: Vec<Vec<Rule>>,
}

/// Names of variables as they are met.
#[derive(Default)]
struct Names<'a> {
    classes: Vec<&'a str>,
    numbers: Vec<&'a str>,
    /// No new names.
    closed: bool,
}

fn number_of<'a>(names: &mut Vec<&'a str>, name: &'a str, closed: bool) -> Result<usize, String> {
    if let Some(at) = names.iter().position(|other| *other == name) {
        return Ok(at);
    }
    if closed {
        return Err(format!("`{name}` is not bound by the left side"));
    }
    names.push(name);
    Ok(names.len() - 1)
}

impl Rules {
    /// No operators.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares an operator on classes. A cost of 0 counts as 1: a node costs more than its
    /// operands.
    pub fn op(&mut self, name: &str, arity: usize, cost: u64) -> Op {
        self.declare(Decl { name: name.to_owned(), arity, leaf: false, cost: cost.max(1) })
    }

    /// Declares an operator without operands that carries a number.
    pub fn leaf(&mut self, name: &str, cost: u64) -> Op {
        self.declare(Decl { name: name.to_owned(), arity: 0, leaf: true, cost: cost.max(1) })
    }

    fn declare(&mut self, decl: Decl) -> Op {
        self.ops.push(decl);
        self.by_root.push(Vec::new());
        Op((self.ops.len() - 1) as u32)
    }

    /// Adds a rule: what matches `left` equals `right`. Variables start with `?`.
    ///
    /// # Errors
    /// The text is no term over the operators, the left side is a variable, or the right side has
    /// a variable that the left has not.
    pub fn rewrite(&mut self, left: &str, right: &str) -> Result<(), RuleError> {
        self.add(left, None, right)
    }

    /// Adds a rule whose right side has a number `result` computed from those matched, which come
    /// in order of first appearance. Where there is no result the rule does not match.
    ///
    /// # Errors
    /// As [`Rules::rewrite`].
    pub fn compute(
        &mut self,
        left: &str,
        result: &str,
        compute: impl Fn(&[i64]) -> Option<i64> + Send + Sync + 'static,
        right: &str,
    ) -> Result<(), RuleError> {
        self.add(left, Some((result, Arc::new(compute))), right)
    }

    fn add(
        &mut self,
        left: &str,
        compute: Option<(&str, Compute)>,
        right: &str,
    ) -> Result<(), RuleError> {
        let (left_expr, right_expr) = (parsed(left)?, parsed(right)?);
        let mut names = Names::default();
        let refuse = |side: &str, why: String| RuleError(format!("`{side}`: {why}"));
        let left_pattern = self.pattern(&left_expr, &mut names).map_err(|why| refuse(left, why))?;
        let root = match &left_pattern {
            Pattern::Node(op, _) | Pattern::Leaf(op, _) => *op,
            Pattern::Class(_) => {
                return Err(refuse(left, "a rule's left side is no variable".to_owned()));
            }
        };
        let compute = compute.map(|(result, compute)| {
            names.numbers.push(result);
            compute
        });
        names.closed = true;
        let right_pattern =
            self.pattern(&right_expr, &mut names).map_err(|why| refuse(right, why))?;
        self.by_root[root as usize].push(Rule {
            left: left_pattern,
            compute,
            right: right_pattern,
            classes: names.classes.len(),
            numbers: names.numbers.len(),
        });
        Ok(())
    }

    /// Builds a pattern from an expression in post-order.
    fn pattern<'a>(&self, expr: &'a Expr, names: &mut Names<'a>) -> Result<Pattern, String> {
        enum Part<'a> {
            Pattern(Pattern),
            /// A variable: of a class or of a number, as its place says.
            Var(&'a str),
            Int(i64),
        }
        let mut stack: Vec<Part<'a>> = Vec::new();
        let mut starts: Vec<usize> = Vec::new();
        for (at, node) in expr.nodes().iter().enumerate() {
            let first = at + 1 - node.size as usize;
            let part = match &node.kind {
                ExprKind::Var(name) if name.starts_with('?') => Part::Var(name),
                ExprKind::Literal(Literal::Int(n)) => Part::Int(*n),
                ExprKind::Call(name) => {
                    let op = self.ops.iter().position(|decl| *decl.name == **name);
                    let op = op.ok_or_else(|| format!("there is no operator `{name}`"))?;
                    let from = starts.partition_point(|start| *start < first);
                    starts.truncate(from);
                    let args: Vec<Part<'a>> = stack.drain(from..).collect();
                    let decl = &self.ops[op];
                    let wanted = if decl.leaf { 1 } else { decl.arity };
                    if args.len() != wanted {
                        return Err(format!("`{name}` takes {wanted} arguments"));
                    }
                    let op = op as u32;
                    if decl.leaf {
                        let number = match args.into_iter().next() {
                            Some(Part::Int(n)) => Number::Fixed(n),
                            Some(Part::Var(name)) => {
                                Number::Var(number_of(&mut names.numbers, name, names.closed)?)
                            }
                            _ => return Err(format!("`{name}` holds a number")),
                        };
                        Part::Pattern(Pattern::Leaf(op, number))
                    } else {
                        let mut patterns = Vec::new();
                        for arg in args {
                            patterns.push(match arg {
                                Part::Pattern(pattern) => pattern,
                                Part::Var(name) => {
                                    let closed = names.closed;
                                    Pattern::Class(number_of(&mut names.classes, name, closed)?)
                                }
                                Part::Int(n) => return Err(format!("{n} is no class")),
                            });
                        }
                        Part::Pattern(Pattern::Node(op, patterns))
                    }
                }
                _ => return Err("only operators, variables `?x` and integers".to_owned()),
            };
            starts.push(first);
            stack.push(part);
        }
        match stack.pop() {
            Some(Part::Pattern(pattern)) => Ok(pattern),
            Some(Part::Var(name)) => {
                number_of(&mut names.classes, name, names.closed).map(Pattern::Class)
            }
            _ => Err("a number is no class".to_owned()),
        }
    }
}

fn parsed(text: &str) -> Result<Expr, RuleError> {
    let mut sources = Sources::new();
    let file = sources.add("rule", text);
    parse_expr(file, text).map_err(|errors| {
        let first = errors.0.first().map(|error| sources.render(error));
        RuleError(first.unwrap_or_default())
    })
}
