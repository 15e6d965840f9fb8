//! Statements.

use super::flow::{Flag, Outcome, RETURN, Returned};
use super::nested::calls_itself_last;
use super::value::Val;
use super::{Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::live::{BREAK, CONTINUE, FALL, Live, Vars};
use crate::types::{ReturnType, span_of};
use ruff_python_ast::{ElifElseClause, Expr, Stmt, StmtFunctionDef, StmtIf};
use rvsdg::{Const, ExcKind, Op, Span, Type};

/// Statements yet to be lowered: the rest of a block, then the rest of the block around it.
#[derive(Clone, Copy)]
pub(super) struct Seq<'s, 'a> {
    pub(super) block: &'a [Stmt],
    pub(super) from: usize,
    pub(super) next: Option<&'s Seq<'s, 'a>>,
}

impl<'s, 'a> Seq<'s, 'a> {
    pub(super) fn new(block: &'a [Stmt], next: Option<&'s Seq<'s, 'a>>) -> Seq<'s, 'a> {
        Seq { block, from: 0, next }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.from >= self.block.len() && self.next.is_none_or(Seq::is_empty)
    }
}

/// What reaching the end of a sequence means.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Tail {
    /// Something follows.
    Plain,
    /// The loop's body ends: `continue` is the same.
    Loop,
    /// The function ends: `return` is the same.
    Function,
}

/// What follows a statement.
#[derive(Clone, Copy)]
pub(super) struct Rest<'s, 'a> {
    /// The statements.
    pub(super) seq: &'s Seq<'s, 'a>,
    /// The variables live after them, by exit.
    pub(super) live: &'s Live,
    /// What reaching their end means.
    pub(super) tail: Tail,
}

/// What to do after a compound statement.
pub(super) enum Step {
    /// Go on with the statement that follows.
    Next,
    /// What follows has been lowered, or cannot be reached.
    Done(Outcome),
}

impl<'a> Lower<'a, '_> {
    /// Lowers the body of the frame's function; the value it returns.
    pub(super) fn body(&mut self, definition: &'a StmtFunctionDef) -> Res<Val> {
        let outcome = if calls_itself_last(definition) && !self.frame.library {
            self.frame.tail = Some(definition);
            self.tail_loop(definition)?
        } else {
            let live = Live::default();
            self.seq(Seq::new(&definition.body, None), &live, Tail::Function)?
        };
        match outcome.returned {
            Some(Returned { val, span }) => {
                self.frame.result = span;
                Ok(val)
            }
            // Every path raises or loops: the annotation says what a caller expects.
            None => Ok(match self.frame.returns.clone() {
                Some((ty, _)) => self.default_value(&ty),
                None => Val::None,
            }),
        }
    }

    fn default_value(&mut self, ty: &ReturnType) -> Val {
        match ty {
            ReturnType::None => Val::None,
            ReturnType::Scalar(ty) => {
                Val::Scalar(super::value::dummy(&mut self.f, self.region, *ty))
            }
            ReturnType::Tuple(items) => {
                Val::Tuple(items.iter().map(|item| self.default_value(item)).collect())
            }
        }
    }

    /// The variables live before a sequence, given those live after it.
    pub(super) fn live_before(&mut self, seq: &Seq<'_, 'a>, live: &Live) -> Vars {
        let fall = seq.next.map_or_else(|| live[FALL].clone(), |next| self.live_before(next, live));
        let live = [fall, live[BREAK].clone(), live[CONTINUE].clone()];
        self.frame.locals.suffix(seq.block, seq.from).live_in(&live)
    }

    /// Lowers a sequence; `live` are the variables live after it, by exit.
    pub(super) fn seq(&mut self, seq: Seq<'_, 'a>, live: &Live, tail: Tail) -> Res<Outcome> {
        let mut seq = seq;
        loop {
            let Some(stmt) = seq.block.get(seq.from) else {
                if let Some(next) = seq.next {
                    seq = *next;
                    continue;
                }
                return if tail == Tail::Function {
                    let span = self.frame.span;
                    let val = self.convert_result(Val::None, span)?;
                    Ok(Outcome::returns(val, span))
                } else {
                    Ok(Outcome::falls())
                };
            };
            seq.from += 1;
            self.enter(span_of(stmt))?;
            let step = self.stmt(stmt, Rest { seq: &seq, live, tail })?;
            self.leave();
            if let Step::Done(outcome) = step {
                return Ok(outcome);
            }
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt, rest: Rest<'_, 'a>) -> Res<Step> {
        let span = span_of(stmt);
        match stmt {
            Stmt::If(s) => return self.if_stmt(s, rest),
            Stmt::While(s) => return self.while_stmt(s, rest),
            Stmt::For(s) => return self.for_stmt(s, rest),
            Stmt::Break(_) | Stmt::Continue(_) if self.frame.loops == 0 => {
                let message = "`break` and `continue` belong inside a loop";
                return Err(Diagnostic::at(codes::SYNTAX, span, message)
                    .hint("leave the function with `return`")
                    .into());
            }
            Stmt::Break(_) => return Ok(Step::Done(Outcome::exit(BREAK))),
            Stmt::Continue(_) if rest.tail == Tail::Loop => {
                return Ok(Step::Done(Outcome::falls()));
            }
            Stmt::Continue(_) => return Ok(Step::Done(Outcome::exit(CONTINUE))),
            Stmt::Return(s) => {
                if let Some(value) = s.value.as_deref()
                    && let Some(outcome) = self.tail_call(value)?
                {
                    return Ok(Step::Done(outcome));
                }
                let (val, at) = match s.value.as_deref() {
                    Some(value) => (self.expr(value)?, span_of(value)),
                    None => (Val::None, span),
                };
                let val = self.convert_result(val, at)?;
                return Ok(Step::Done(Outcome::returns(val, at)));
            }
            Stmt::Raise(s) => {
                self.raise(s)?;
                return Ok(Step::Done(Outcome::dead()));
            }
            Stmt::Pass(_) => {}
            Stmt::Expr(s) => match &*s.value {
                Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) => {}
                value => {
                    self.expr(value)?;
                }
            },
            Stmt::Assign(s) => {
                let value = self.expr(&s.value)?;
                for target in &s.targets {
                    self.assign(target, &value, span_of(&*s.value))?;
                }
            }
            Stmt::FunctionDef(s) if self.frame.locals.is_nested(s) => {}
            Stmt::AugAssign(s) => self.augmented(s)?,
            Stmt::AnnAssign(s) => self.annotated(s)?,
            Stmt::Assert(s) => {
                let condition = self.condition(&s.test)?;
                let message = match s.msg.as_deref() {
                    None => "",
                    Some(Expr::StringLiteral(text)) => text.value.to_str(),
                    Some(other) => {
                        let message = "the message of an `assert` must be a string literal";
                        return Err(Diagnostic::at(codes::STATEMENT, span_of(other), message)
                            .hint("write the text in quotation marks")
                            .into());
                    }
                };
                self.guard(condition, condition, ExcKind::AssertionError, message, span);
            }
            other => return Err(unsupported(other).into()),
        }
        Ok(Step::Next)
    }

    fn raise(&mut self, s: &'a ruff_python_ast::StmtRaise) -> Res<()> {
        let span = span_of(s);
        let wrong = || {
            Diagnostic::at(codes::STATEMENT, span, "this form of `raise` is not supported").hint(
                "write `raise ValueError(\"message\")` with one of ValueError, IndexError, \
                 ZeroDivisionError, OverflowError, AssertionError, TypeError, RuntimeError, \
                 ArithmeticError, NotImplementedError, Exception",
            )
        };
        let Some(exc) = s.exc.as_deref().filter(|_| s.cause.is_none()) else {
            return Err(wrong().into());
        };
        let (class, message) = match exc {
            Expr::Call(call) if call.arguments.keywords.is_empty() => match &*call.arguments.args {
                [] => (&*call.func, ""),
                [Expr::StringLiteral(text)] => (&*call.func, text.value.to_str()),
                _ => return Err(wrong().into()),
            },
            other => (other, ""),
        };
        let Expr::Name(name) = class else { return Err(wrong().into()) };
        let kind = ExcKind::from_name(name.id.as_str()).filter(|k| *k != ExcKind::TimeLimit);
        let kind = kind.ok_or_else(wrong)?;
        let never = self.constant(Const::Bool(false), span);
        self.guard(never, never, kind, message, span);
        Ok(())
    }

    fn if_stmt(&mut self, s: &'a StmtIf, rest: Rest<'_, 'a>) -> Res<Step> {
        self.branch(&s.test, &s.body, &s.elif_else_clauses, rest)
    }

    /// An `if` with its clauses. If one side cannot reach the end, what follows belongs to the
    /// other side and is lowered there.
    fn branch(
        &mut self,
        test: &'a Expr,
        body: &'a [Stmt],
        clauses: &'a [ElifElseClause],
        rest: Rest<'_, 'a>,
    ) -> Res<Step> {
        let span = span_of(test);
        let condition = self.condition(test)?;
        let known = self.f.as_const(condition).and_then(Const::as_bool);
        let then_falls = self.frame.locals.suffix(body, 0).falls();
        let else_falls = self.clauses_fall(clauses);
        let takes_rest = rest.seq.is_empty() || !then_falls || !else_falls || known.is_some();
        let nothing = Seq::new(&[], None);
        let (inner_live, inner_tail, inner_rest) = if takes_rest {
            (rest.live.clone(), rest.tail, rest.seq)
        } else {
            let after = self.live_before(rest.seq, rest.live);
            let live = [after, rest.live[BREAK].clone(), rest.live[CONTINUE].clone()];
            (live, Tail::Plain, &nothing)
        };
        let inner = Rest { seq: inner_rest, live: &inner_live, tail: inner_tail };
        let on_true =
            |lower: &mut Self| lower.seq(Seq::new(body, Some(inner_rest)), &inner_live, inner_tail);
        let on_false = |lower: &mut Self| match clauses {
            [] => lower.seq(*inner_rest, &inner_live, inner_tail),
            [ElifElseClause { test: None, body, .. }, ..] => {
                lower.seq(Seq::new(body, Some(inner_rest)), &inner_live, inner_tail)
            }
            [ElifElseClause { test: Some(test), body, .. }, more @ ..] => {
                lower.enter(span_of(test))?;
                let step = lower.branch(test, body, more, inner)?;
                lower.leave();
                match step {
                    Step::Done(outcome) => Ok(outcome),
                    Step::Next => lower.seq(*inner_rest, &inner_live, inner_tail),
                }
            }
        };
        match known {
            Some(true) => return Ok(Step::Done(on_true(self)?)),
            Some(false) => return Ok(Step::Done(on_false(self)?)),
            None => {}
        }
        let (arm1, out1) = self.arm(span, on_true)?;
        let (arm0, out0) = self.arm(span, on_false)?;
        let mut outcomes = [out0, out1];
        if inner_tail == Tail::Loop {
            // At the end of a loop's body `continue` means what falling through means.
            for outcome in &mut outcomes {
                if outcome.exits[CONTINUE] == Flag::Always {
                    *outcome = Outcome::falls();
                }
            }
        }
        let outcome = self.join(condition, &[arm0, arm1], &outcomes, &inner_live, span)?;
        if takes_rest { Ok(Step::Done(outcome)) } else { self.after(outcome, rest, span) }
    }

    fn clauses_fall(&mut self, clauses: &'a [ElifElseClause]) -> bool {
        match clauses.last() {
            Some(ElifElseClause { test: None, .. }) => {
                clauses.iter().any(|clause| self.frame.locals.suffix(&clause.body, 0).falls())
            }
            _ => true,
        }
    }

    /// What follows a statement that was left as `outcome` says.
    pub(super) fn after(&mut self, outcome: Outcome, rest: Rest<'_, 'a>, span: Span) -> Res<Step> {
        if !outcome.fall {
            return Ok(Step::Done(outcome));
        }
        let Some(exited) = self.exited(&outcome.exits, span) else { return Ok(Step::Next) };
        if rest.seq.is_empty() && rest.tail != Tail::Function {
            return Ok(Step::Done(outcome));
        }
        let possible = outcome.exits.iter().filter(|flag| flag.possible()).count();
        let left = Outcome {
            fall: false,
            exits: outcome.exits.map(|flag| match flag {
                Flag::When(_) if possible == 1 => Flag::Always,
                other => other,
            }),
            returned: outcome.returned,
        };
        let (arm0, out0) = self.arm(span, |lower| lower.seq(*rest.seq, rest.live, rest.tail))?;
        let (arm1, ()) = self.arm(span, |_| Ok(()))?;
        Ok(Step::Done(self.join(exited, &[arm0, arm1], &[out0, left], rest.live, span)?))
    }

    /// A returned value converted to the annotated type.
    fn convert_result(&mut self, val: Val, span: Span) -> Res<Val> {
        let Some((ty, annotation)) = self.frame.returns.clone() else { return Ok(val) };
        if let Some(val) = self.convert_to(&val, &ty, span) {
            return Ok(val);
        }
        let what = val.describe(&self.f);
        let name = self.frame.name;
        let missing = val == Val::None && ty != ReturnType::None;
        let hint = if missing {
            "end every path with a `return` of a value"
        } else {
            "change the annotation, or convert with float(…), int(…) or bool(…)"
        };
        let message = if missing {
            format!("`{name}` can end without returning a value of type {ty}")
        } else {
            format!("this returns {what}, but `{name}` is annotated to return {ty}")
        };
        Err(Diagnostic::at(codes::RETURNS, span, message)
            .note(annotation, "annotated here")
            .hint(hint)
            .into())
    }

    fn convert_to(&mut self, val: &Val, ty: &ReturnType, span: Span) -> Option<Val> {
        match (val, ty) {
            (Val::None, ReturnType::None) => Some(Val::None),
            (Val::Scalar(value), ReturnType::Scalar(ty)) => {
                let from = self.f.ty(*value);
                converts(from, *ty).then(|| Val::Scalar(self.cast(*value, *ty, span)))
            }
            (Val::Tuple(items), ReturnType::Tuple(types)) if items.len() == types.len() => {
                let items = items.iter().zip(types);
                let items = items.map(|(item, ty)| self.convert_to(item, ty, span));
                items.collect::<Option<Vec<Val>>>().map(Val::Tuple)
            }
            _ => None,
        }
    }
}

/// Whether a value may be converted because an annotation or an array asks for it: to a number of
/// the same kind, or from integer to float, but not from float to integer.
pub(super) fn converts(from: Type, to: Type) -> bool {
    from == to
        || (to.is_float() && from.is_scalar())
        || (to.is_int() && (from.is_int() || from == Type::Bool))
}

/// The error for a statement that is not supported.
fn unsupported(stmt: &Stmt) -> Diagnostic {
    let (what, keyword, hint) = match stmt {
        Stmt::FunctionDef(_) => (
            "a function defined under a condition, or twice",
            "def",
            "define it once, in the body of the function around it or at module level",
        ),
        Stmt::ClassDef(_) => ("a class", "class", "keep numbers in variables and arrays"),
        Stmt::Delete(_) => ("`del`", "del", "leave the variable alone; it costs nothing"),
        Stmt::With(_) => ("`with`", "with", "do this outside the compiled function"),
        Stmt::Try(_) => ("`try`", "try", "test the condition with `if` before the operation"),
        Stmt::Match(_) => ("`match`", "match", "write if / elif / else"),
        Stmt::Import(_) => {
            ("an import inside a function", "import", "import at the top of the file")
        }
        Stmt::ImportFrom(_) => {
            ("an import inside a function", "from", "import at the top of the file")
        }
        Stmt::Global(_) => ("`global`", "global", "pass the value in and return the new one"),
        Stmt::Nonlocal(_) => ("`nonlocal`", "nonlocal", "pass the value in and return the new one"),
        Stmt::TypeAlias(_) => ("a type alias", "type", "write the type itself"),
        _ => ("this statement", "", "the crate's documentation lists what is"),
    };
    // A statement of many lines is pointed at by its keyword.
    let Span { start, end } = span_of(stmt);
    let span = Span { start, end: end.min(start + keyword.len().max(1) as u32) };
    Diagnostic::at(codes::STATEMENT, span, format!("{what} is not supported")).hint(hint)
}

/// Turns the exits of a finished loop into those of the block around it: `break` and `continue`
/// were the loop's own.
pub(super) fn after_loop(outcome: Outcome) -> Outcome {
    let broke = outcome.exits[BREAK].possible();
    let returns = match outcome.exits[RETURN] {
        Flag::Always if broke => Flag::Never,
        flag => flag,
    };
    Outcome {
        fall: outcome.fall || broke,
        exits: [returns, Flag::Never, Flag::Never],
        returned: outcome.returned,
    }
}

/// The disjunction used by loops: whether an iteration ended by `break` or `return`.
pub(super) fn negate(
    lower: &mut Lower<'_, '_>,
    value: rvsdg::ValueId,
    span: Span,
) -> rvsdg::ValueId {
    match lower.f.as_const(value) {
        Some(Const::Bool(known)) => lower.constant(Const::Bool(!known), span),
        _ => lower.op(Op::BNot, &[value], span),
    }
}
