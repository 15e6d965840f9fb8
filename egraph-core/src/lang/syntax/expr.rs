//! Expressions of the syntax tree.

use std::fmt;
use std::ops::Deref;

use smol_str::SmolStr;

use super::span::Span;

/// A name and where it was written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The name.
    pub text: SmolStr,
    /// Where it was written.
    pub span: Span,
}

impl Name {
    /// A name at a place.
    pub fn new(text: impl Into<SmolStr>, span: Span) -> Name {
        Name { text: text.into(), span }
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Name {
        Name::new(text, Span::default())
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

/// A constant as written. Floats compare by their bits.
#[derive(Clone, Debug)]
pub enum Literal {
    /// `()`.
    Unit,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// A number with a point or exponent, `NaN`, `inf`, `-inf`.
    Float(f64),
    /// Text in quotes.
    String(Box<str>),
}

impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        match (self, other) {
            (Literal::Unit, Literal::Unit) => true,
            (Literal::Bool(a), Literal::Bool(b)) => a == b,
            (Literal::Int(a), Literal::Int(b)) => a == b,
            (Literal::Float(a), Literal::Float(b)) => {
                a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
            }
            (Literal::String(a), Literal::String(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Literal {}

/// What a node of an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A variable, a global, or the wildcard `_`.
    Var(SmolStr),
    /// A function, constructor, relation or primitive applied to the operands before it.
    Call(Name),
}

/// A node of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprNode {
    /// Where it was written.
    pub span: Span,
    /// Nodes of the subtree that ends here, this one included.
    pub size: u32,
    /// What it is.
    pub kind: ExprKind,
}

/// An expression: its nodes in post-order, the root last. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    nodes: Vec<ExprNode>,
}

impl Expr {
    pub(super) fn from_nodes(nodes: Vec<ExprNode>) -> Expr {
        debug_assert!(nodes.last().is_some_and(|root| root.size as usize == nodes.len()));
        Expr { nodes }
    }

    /// A constant.
    pub fn literal(span: Span, literal: Literal) -> Expr {
        Expr { nodes: vec![ExprNode { span, size: 1, kind: ExprKind::Literal(literal) }] }
    }

    /// A variable or global.
    pub fn var(name: Name) -> Expr {
        let kind = ExprKind::Var(name.text);
        Expr { nodes: vec![ExprNode { span: name.span, size: 1, kind }] }
    }

    /// A call.
    pub fn call(span: Span, head: Name, operands: impl IntoIterator<Item = Expr>) -> Expr {
        let mut nodes: Vec<ExprNode> = Vec::new();
        for operand in operands {
            nodes.extend(operand.nodes);
        }
        let size = nodes.len() as u32 + 1;
        nodes.push(ExprNode { span, size, kind: ExprKind::Call(head) });
        Expr { nodes }
    }

    /// All nodes, operands before what uses them.
    pub fn nodes(&self) -> &[ExprNode] {
        &self.nodes
    }

    /// The root.
    pub fn root(&self) -> &ExprNode {
        &self.nodes[self.nodes.len() - 1]
    }

    /// Where the whole expression was written.
    pub fn span(&self) -> Span {
        self.root().span
    }

    /// Positions of the operands of the node at `at`, from left to right; none for leaves.
    pub fn operands(&self, at: usize) -> Vec<usize> {
        let mut found: Vec<usize> = self.operands_backwards(at).collect();
        found.reverse();
        found
    }

    /// Positions of the operands of the node at `at`, from right to left; none for leaves.
    pub fn operands_backwards(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let first = at + 1 - self.nodes[at].size as usize;
        let mut end = at;
        std::iter::from_fn(move || {
            let operand = end.checked_sub(1).filter(|operand| *operand >= first)?;
            end -= self.nodes[operand].size as usize;
            Some(operand)
        })
    }

    /// A copy of the subtree whose root is at `at`.
    pub fn subtree(&self, at: usize) -> Expr {
        Expr { nodes: self.nodes[at + 1 - self.nodes[at].size as usize..=at].to_vec() }
    }

    /// Head and operands if the whole expression is a call.
    pub fn as_call(&self) -> Option<(&Name, Vec<Expr>)> {
        let root = self.nodes.len() - 1;
        let ExprKind::Call(head) = &self.nodes[root].kind else { return None };
        Some((head, self.operands(root).into_iter().map(|at| self.subtree(at)).collect()))
    }
}
