//! Terms and calls: the unknowns of sort inference, collected from facts and actions.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use smallvec::{SmallVec, smallvec};
use smol_str::SmolStr;

use super::super::syntax::{Diagnostic, Expr, ExprKind, Literal, Name, Span, codes};
use super::super::values::{FnTarget, Sort, UNIT, Value, Values};
use super::candidate::{Candidate, Candidates, Place, candidates};
use super::env::Env;
use super::error::{Checked, Refusal, similar};
use super::resolved::GlobalId;

/// A position in [`Problem::terms`].
pub(super) type TermId = usize;

/// What a term is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TermKind {
    /// A variable that the program names.
    Local(SmolStr),
    /// `_`, or the value of a call.
    Unnamed,
    Const(Value),
    Global(GlobalId),
}

/// Something that has one sort.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) span: Span,
    pub(super) kind: TermKind,
    /// Towards the root of the terms known to have the same sort.
    pub(super) same_sort: TermId,
    /// The sort, at roots.
    pub(super) sort: Option<Sort>,
}

/// The arguments of a call.
pub(super) type Args = SmallVec<[TermId; 4]>;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Its value.
    Value,
    /// `set`, `delete`, `subsume`: its row.
    Row,
}

/// A call, its arguments and its value.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) span: Span,
    pub(super) head: Name,
    pub(super) args: Args,
    pub(super) value: TermId,
    pub(super) place: Place,
    pub(super) purpose: Use,
    /// What it may mean; one of them once sorts are inferred.
    pub(super) candidates: Candidates,
    pub(super) settled: bool,
    /// The function named by the first argument of `unstable-fn`.
    pub(super) target: Option<Box<str>>,
}

impl Call {
    /// The one meaning, after inference.
    pub(super) fn meaning(&self) -> &Candidate {
        &self.candidates[0]
    }
}

/// What a node of an expression became.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Term(TermId),
    /// A position in [`Problem::calls`].
    Call(usize),
}

/// An expression whose sorts are being inferred, in post-order.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) span: Span,
    pub(super) value: TermId,
    pub(super) parts: Vec<Part>,
}

/// The terms, calls and equalities of one rule, query or expression.
pub(super) struct Problem<'e> {
    pub(super) env: &'e Env,
    pub(super) values: &'e Values,
    pub(super) terms: Vec<Term>,
    pub(super) calls: Vec<Call>,
    /// `(= a b)` of the query.
    pub(super) equalities: Vec<(TermId, TermId)>,
    /// Variables by name, in order of their first use.
    pub(super) locals: Vec<TermId>,
    by_name: HashMap<SmolStr, TermId, FxBuildHasher>,
}

/// Terms that most rules do with.
const USUAL_TERMS: usize = 16;

/// Whether the last operand of a call is written `..name`: a multiset of operands.
fn ends_in_rest(expr: &Expr, at: usize) -> bool {
    let last = expr.operands_backwards(at).next().map(|last| &expr.nodes()[last].kind);
    matches!(last, Some(ExprKind::Var(name)) if name.starts_with(".."))
}

impl<'e> Problem<'e> {
    pub(super) fn new(env: &'e Env, values: &'e Values) -> Problem<'e> {
        Problem {
            env,
            values,
            terms: Vec::with_capacity(USUAL_TERMS),
            calls: Vec::with_capacity(USUAL_TERMS / 2),
            equalities: Vec::new(),
            locals: Vec::with_capacity(USUAL_TERMS / 4),
            by_name: HashMap::default(),
        }
    }

    pub(super) fn term(&mut self, span: Span, kind: TermKind, sort: Option<Sort>) -> TermId {
        let same_sort = self.terms.len();
        self.terms.push(Term { span, kind, same_sort, sort });
        same_sort
    }

    /// A new variable of this name.
    pub(super) fn local(&mut self, name: &str, span: Span) -> TermId {
        let name = SmolStr::from(name);
        let term = self.term(span, TermKind::Local(name.clone()), None);
        self.locals.push(term);
        self.by_name.insert(name, term);
        term
    }

    /// The variable of this name, if there is one.
    pub(super) fn find_local(&self, name: &str) -> Option<TermId> {
        self.by_name.get(name).copied()
    }

    fn variable(&mut self, name: &str, span: Span, place: Place) -> Checked<TermId> {
        if let Some(term) = self.find_local(name) {
            return Ok(term);
        }
        if let Some(global) = self.env.find_global(name) {
            let sort = self.env.global(global).sort;
            return Ok(self.term(span, TermKind::Global(global), Some(sort)));
        }
        match place {
            Place::Query if name == "_" => Ok(self.term(span, TermKind::Unnamed, None)),
            Place::Query => {
                self.env.check_local(name, span)?;
                Ok(self.local(name, span))
            }
            _ => Err(self.unbound(name, span)),
        }
    }

    fn unbound(&self, name: &str, span: Span) -> Refusal {
        let message = format!("nothing binds `{name}`");
        let mut error = Diagnostic::new(codes::UNBOUND, span, message);
        let globals = self.env.globals().iter().map(|global| &*global.name);
        let locals = self.by_name.keys().map(|name| &**name);
        let mut known: Vec<&str> = globals.chain(locals).collect();
        known.sort_unstable();
        error.hint = if self.env.find_function(name).is_some() {
            Some(format!("to call `{name}`, write `({name})`"))
        } else {
            similar(name, known.into_iter()).map(|other| format!("there is `{other}`"))
        };
        error.into()
    }

    fn literal(&mut self, literal: &Literal, span: Span) -> TermId {
        let (value, sort) = match literal {
            Literal::Unit => (UNIT, Sort::UNIT),
            Literal::Bool(value) => (self.values.bool(*value), Sort::BOOL),
            Literal::Int(value) => (self.values.i64(*value), Sort::I64),
            Literal::Float(value) => (self.values.f64(*value), Sort::F64),
            Literal::String(text) => (self.values.string(text), Sort::STRING),
        };
        self.term(span, TermKind::Const(value), Some(sort))
    }

    /// Adds an expression that stands at `place`.
    pub(super) fn expr(&mut self, expr: &Expr, place: Place) -> Checked<Typed> {
        let spliced = self.spliced(expr);
        // Operands of a spliced call are operands of the call around it.
        let mut widths: SmallVec<[usize; 16]> = SmallVec::new();
        let mut stack: SmallVec<[TermId; 16]> = SmallVec::new();
        let mut parts = Vec::with_capacity(expr.nodes().len());
        for (at, node) in expr.nodes().iter().enumerate() {
            let width: usize = match &node.kind {
                ExprKind::Call(_) => {
                    let first = widths.len() - expr.operands_backwards(at).count();
                    widths.drain(first..).sum()
                }
                _ => 0,
            };
            widths.push(if spliced.contains(&at) { width } else { 1 });
            match &node.kind {
                ExprKind::Literal(literal) => {
                    stack.push(self.literal(literal, node.span));
                    parts.push(Part::Term(stack[stack.len() - 1]));
                }
                ExprKind::Var(name) => {
                    stack.push(self.variable(name, node.span, place)?);
                    parts.push(Part::Term(stack[stack.len() - 1]));
                }
                ExprKind::Call(_) if spliced.contains(&at) => {}
                ExprKind::Call(head) => {
                    let args = stack.drain(stack.len() - width..).collect();
                    let first = expr.operands_backwards(at).last();
                    let first = first.map(|first| &expr.nodes()[first].kind);
                    let literal = match first {
                        Some(ExprKind::Literal(Literal::String(text))) => Some(&**text),
                        _ => None,
                    };
                    let value = self.term(node.span, TermKind::Unnamed, None);
                    let call = self.call(
                        node.span,
                        head,
                        args,
                        value,
                        literal,
                        ends_in_rest(expr, at),
                        place,
                    )?;
                    stack.push(value);
                    parts.push(Part::Call(call));
                }
            }
        }
        let value = stack.pop().expect("an expression has a root");
        Ok(Typed { span: expr.span(), value, parts })
    }

    /// Positions of the applications of associative and commutative operators that are operands
    /// of the same operator, unless they have a multiset of further operands.
    fn spliced(&self, expr: &Expr) -> Vec<usize> {
        let mut found = Vec::new();
        if !self.env.has_operators() {
            return found;
        }
        for (at, node) in expr.nodes().iter().enumerate() {
            let ExprKind::Call(head) = &node.kind else { continue };
            let func = self.env.find_function(head).map(|func| self.env.function(func));
            if func.is_none_or(|func| func.operator.is_none()) {
                continue;
            }
            found.extend(expr.operands(at).into_iter().filter(|operand| {
                matches!(&expr.nodes()[*operand].kind, ExprKind::Call(inner) if **inner == **head)
                    && !ends_in_rest(expr, *operand)
            }));
        }
        found
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call")]
    fn call(
        &mut self,
        span: Span,
        head: &Name,
        args: Args,
        value: TermId,
        literal: Option<&str>,
        rest: bool,
        place: Place,
    ) -> Checked<usize> {
        let candidates = candidates(self.env, head, args.len(), literal, rest, place)?;
        let closure = candidates.iter().any(|c| matches!(c, Candidate::Closure { .. }));
        self.calls.push(Call {
            span,
            head: head.clone(),
            args,
            value,
            place,
            purpose: Use::Value,
            candidates,
            settled: false,
            target: literal.filter(|_| closure).map(Into::into),
        });
        Ok(self.calls.len() - 1)
    }

    /// Adds the row of a table that an action changes.
    pub(super) fn row(
        &mut self,
        span: Span,
        head: &Name,
        args: Args,
        value: TermId,
        candidate: Candidate,
        place: Place,
    ) {
        self.calls.push(Call {
            span,
            head: head.clone(),
            args,
            value,
            place,
            purpose: Use::Row,
            candidates: smallvec![candidate],
            settled: false,
            target: None,
        });
    }

    /// The sort of a term, after inference.
    pub(super) fn sort(&self, term: TermId) -> Sort {
        let sort = self.terms[self.root(term)].sort;
        sort.expect("inference gives every term a sort or fails")
    }

    /// The value of [`Sort::FN_TARGET`] that the first argument of a call becomes, if the call
    /// makes a function.
    pub(super) fn fn_target(&self, call: &Call) -> Option<Value> {
        let Candidate::Closure { target, .. } = call.meaning() else { return None };
        let given = call.args[1..].iter().map(|term| self.sort(*term)).collect();
        let name = call.target.as_deref().unwrap_or_default().to_owned();
        Some(self.values.fn_target(&FnTarget { name, function: *target, given }))
    }
}
