//! Actions: their terms before inference, their meaning after it.

use smallvec::SmallVec;

use super::super::syntax::{self, Change, Diagnostic, Name, Span, codes};
use super::candidate::{Candidate, Place};
use super::error::{Checked, Refusal, error};
use super::resolved::{Action, Expr, FuncDecl, FuncId, FuncKind, Merge, Node, Operand, VarDecl};
use super::terms::{Part, Problem, TermId, TermKind, Typed, Use};

/// An action whose sorts are being inferred.
pub(super) enum Pending {
    Let(TermId, Typed),
    Set(Span, FuncId, Vec<Typed>, Typed),
    Change(Span, Change, FuncId, Vec<Typed>),
    Union(Span, Typed, Typed),
    Panic(Span, Box<str>),
    Expr(Typed),
}

/// What the variables of actions stand for.
pub(super) struct Scope {
    /// By term.
    operands: Vec<Option<Operand>>,
    pub(super) vars: Vec<VarDecl>,
}

impl Scope {
    /// The variables of a query; `operands` as the query gave them.
    pub(super) fn new(operands: Vec<Option<Operand>>, vars: Vec<VarDecl>) -> Scope {
        Scope { operands, vars }
    }

    fn bind(&mut self, term: TermId, decl: VarDecl) -> u32 {
        let var = self.vars.len() as u32;
        self.vars.push(decl);
        self.operands.resize(self.operands.len().max(term + 1), None);
        self.operands[term] = Some(Operand::Var(var));
        var
    }
}

impl Problem<'_> {
    /// The table that an action changes.
    fn changed_table(&self, name: &Name, verb: &str, count: usize) -> Checked<FuncId> {
        let Some(func) = self.env.find_function(name) else {
            if self.env.prims.overloads(name).is_empty() {
                return Err(self.env.unknown_function(name).into());
            }
            let message = format!("cannot {verb} `{name}`: it is a primitive");
            return error(codes::SET, name.span, message);
        };
        let decl = self.env.function(func);
        if decl.operator.is_some() {
            let message = format!("cannot {verb} `{name}`: it is associative and commutative");
            return error(codes::SET, name.span, message);
        }
        if decl.inputs.len() != count {
            let expected = decl.inputs.len();
            let message = format!("`{name}` has {expected} arguments, not {count}");
            let error = Diagnostic::new(codes::ARITY, name.span, message);
            return Err(error.note(decl.span, "it was declared here").into());
        }
        Ok(func)
    }

    fn set_function(&self, name: &Name, count: usize) -> Checked<FuncId> {
        let func = self.changed_table(name, "set", count)?;
        let decl = self.env.function(func);
        let (what, hint) = match decl.kind {
            FuncKind::Function => return Ok(func),
            FuncKind::Constructor => ("constructor", "use `union`, or declare it as a function"),
            FuncKind::Relation => ("relation", "its facts are added without `set`"),
        };
        let message = format!("cannot set `{name}`: it is a {what}");
        let error = Diagnostic::new(codes::SET, name.span, message).hint(hint);
        Err(error.note(decl.span, "it was declared here").into())
    }

    fn exprs(&mut self, exprs: &[syntax::Expr], place: Place) -> Checked<Vec<Typed>> {
        exprs.iter().map(|expr| self.expr(expr, place)).collect()
    }

    /// Adds an action of a rule.
    pub(super) fn action(&mut self, action: &syntax::Action, place: Place) -> Checked<Pending> {
        Ok(match action {
            syntax::Action::Let(span, name, value) => {
                if let Some(before) = self.find_local(name) {
                    let message = format!("the variable `{name}` is bound already");
                    let error = Diagnostic::new(codes::SHADOWING, name.span, message);
                    let before = self.terms[before].span;
                    return Err(error.note(before, "it was bound here").into());
                }
                let value = self.expr(value, place)?;
                self.env.check_local(name, name.span)?;
                let variable = self.local(name, name.span);
                self.unify(variable, value.value, *span)?;
                Pending::Let(variable, value)
            }
            syntax::Action::Set(span, name, args, value) => {
                let func = self.set_function(name, args.len())?;
                let args = self.exprs(args, place)?;
                let value = self.expr(value, place)?;
                let terms = args.iter().map(|arg| arg.value).collect();
                self.row(*span, name, terms, value.value, Candidate::Func(func), place);
                Pending::Set(*span, func, args, value)
            }
            syntax::Action::Change(span, change, name, args) => {
                let delete = *change == Change::Delete;
                let verb = if delete { "delete from" } else { "subsume in" };
                let func = self.changed_table(name, verb, args.len())?;
                let args = self.exprs(args, place)?;
                let value = self.term(*span, TermKind::Unnamed, None);
                let terms = args.iter().map(|arg| arg.value).collect();
                self.row(*span, name, terms, value, Candidate::Func(func), place);
                Pending::Change(*span, *change, func, args)
            }
            syntax::Action::Union(span, left, right) => {
                let left = self.expr(left, place)?;
                let right = self.expr(right, place)?;
                self.unify(left.value, right.value, *span)?;
                Pending::Union(*span, left, right)
            }
            syntax::Action::Panic(span, message) => Pending::Panic(*span, message.clone()),
            syntax::Action::Expr(expr) => Pending::Expr(self.expr(expr, place)?),
        })
    }

    /// The action that subsumes the row which a call of the query matched.
    pub(super) fn subsume_matched(
        &mut self,
        span: Span,
        name: &Name,
        call: usize,
    ) -> Checked<Pending> {
        let args = self.calls[call].args.clone();
        let func = self.changed_table(name, "subsume in", args.len())?;
        let args = args.into_iter().map(|value| {
            let parts = vec![Part::Term(value)];
            Typed { span, value, parts }
        });
        Ok(Pending::Change(span, Change::Subsume, func, args.collect()))
    }

    /// Refuses calls of functions where rules may not read tables. Sorts have been inferred.
    pub(super) fn check_lookups(&self) -> Checked<()> {
        for call in &self.calls {
            let Candidate::Func(func) = call.meaning() else { continue };
            let function = self.env.function(*func).kind == FuncKind::Function;
            if call.place == Place::Action && call.purpose == Use::Value && function {
                let message = format!("the value of `{}` cannot be read in an action", call.head);
                let hint = format!(
                    "read it in the query, `(= x ({} …))`, or add `:naive` to the rule",
                    call.head
                );
                return Err(Diagnostic::new(codes::LOOKUP, call.span, message).hint(hint).into());
            }
        }
        Ok(())
    }

    /// The meaning of an expression. Sorts have been inferred.
    pub(super) fn resolve(&self, typed: &Typed, scope: &Scope) -> Expr {
        let mut nodes = Vec::with_capacity(typed.parts.len());
        // Where the nodes of each value on the stack start.
        let mut starts: SmallVec<[usize; 16]> = SmallVec::new();
        for part in &typed.parts {
            let mut start = nodes.len();
            let node = match part {
                Part::Term(term) => self.leaf(*term, scope),
                Part::Call(at) => {
                    let call = &self.calls[*at];
                    let first = starts.len() - call.args.len();
                    start = starts.get(first).copied().unwrap_or(start);
                    starts.truncate(first);
                    if let Some(target) = self.fn_target(call) {
                        nodes[start] = Node::Const(target);
                    }
                    match call.meaning() {
                        Candidate::Func(func) => Node::Call(*func),
                        Candidate::Operator { func, rest } => {
                            Node::Operator(*func, call.args.len() as u32, *rest)
                        }
                        Candidate::Prim(prim) | Candidate::Closure { prim, .. } => {
                            Node::Prim(*prim, call.args.len() as u32)
                        }
                    }
                }
            };
            nodes.push(node);
            starts.push(start);
        }
        Expr { nodes, sort: self.sort(typed.value), span: typed.span }
    }

    fn leaf(&self, term: TermId, scope: &Scope) -> Node {
        let operand = match self.terms[term].kind {
            TermKind::Const(value) => Operand::Const(value),
            TermKind::Global(global) => Operand::Global(global),
            TermKind::Local(_) | TermKind::Unnamed => {
                let operand = scope.operands.get(term).copied().flatten();
                operand.expect("the query or a `let` binds every variable of an action")
            }
        };
        match operand {
            Operand::Var(var) => Node::Var(var),
            Operand::Const(value) => Node::Const(value),
            Operand::Global(global) => Node::Global(global),
        }
    }

    /// The meaning of an action. Sorts have been inferred.
    pub(super) fn finish(&self, pending: &Pending, scope: &mut Scope) -> Checked<Action> {
        let all = |args: &[Typed], scope: &Scope| {
            args.iter().map(|arg| self.resolve(arg, scope)).collect::<Vec<Expr>>()
        };
        Ok(match pending {
            Pending::Let(variable, value) => {
                let value = self.resolve(value, scope);
                let TermKind::Local(name) = &self.terms[*variable].kind else {
                    unreachable!("`let` binds a name")
                };
                let decl = VarDecl { name: name.clone(), sort: value.sort };
                Action::Let(scope.bind(*variable, decl), value)
            }
            Pending::Set(span, func, args, value) => {
                Action::Set(*span, *func, all(args, scope), self.resolve(value, scope))
            }
            Pending::Change(span, change, func, args) => {
                check_subsumable(self.env.function(*func), *change, *span)?;
                Action::Change(*span, *change, *func, all(args, scope))
            }
            Pending::Union(span, left, right) => {
                self.check_union(left, *span)?;
                Action::Union(*span, self.resolve(left, scope), self.resolve(right, scope))
            }
            Pending::Panic(span, message) => Action::Panic(*span, message.clone()),
            Pending::Expr(expr) => Action::Expr(self.resolve(expr, scope)),
        })
    }

    fn check_union(&self, value: &Typed, span: Span) -> Checked<()> {
        let sort = self.sort(value.value);
        if self.env.fixed_sorts.contains(&sort) {
            return error(codes::UNION, span, "facts of a relation cannot be united");
        }
        if !self.env.sorts.is_eq(sort) {
            let name = self.env.sorts.name(sort);
            let message = format!("values of `{name}` cannot be united");
            return Err(Diagnostic::new(codes::UNION, span, message)
                .hint("only terms can: sorts that `sort` or `datatype` declares")
                .into());
        }
        Ok(())
    }
}

fn check_subsumable(decl: &FuncDecl, change: Change, span: Span) -> Checked<()> {
    if change == Change::Delete || matches!(decl.merge, Merge::Union) {
        return Ok(());
    }
    let message = format!("cannot subsume a row of `{}`: it is a function", decl.name);
    let error = Diagnostic::new(codes::SUBSUME, span, message);
    Err(Refusal::late(error.note(decl.span, "it was declared here")))
}
