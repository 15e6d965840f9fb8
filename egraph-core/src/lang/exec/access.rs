//! A session from Rust: terms and rows without text, literals, equality, primitives.

use std::fmt;
use std::sync::Arc;

use super::super::syntax::{self, Diagnostic, FileId, Name, Span, codes};
use super::super::types::{Command, Expr, FuncDecl, FuncId, FuncKind, Node};
use super::super::values::{Datum, Sort, UserCode, Value};
use super::lower::FACT;
use super::{Failure, Output, RuleCode, RuleExtras, Session, Term};
use crate::store::{Refused, TableId};

/// Why a request was refused, as text for a person: a diagnostic with its line underlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// A code of [`syntax::codes`].
    pub code: &'static str,
    /// The whole text.
    pub text: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// A class or a literal of a session, with its sort.
///
/// A class keeps its meaning when it is united with others; [`Session::equal`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    pub(crate) sort: Sort,
    pub(crate) value: Value,
}

impl Id {
    /// Its sort.
    pub fn sort(self) -> Sort {
        self.sort
    }

    /// Its number: of a class, among all classes that there ever were; of a literal, where its
    /// content is kept.
    pub fn number(self) -> u32 {
        self.value
    }
}

/// A row of a function, constructor or relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The arguments.
    pub args: Vec<Id>,
    /// The class of a constructor's node, or the value of a function; of a relation nothing that
    /// can be used.
    pub value: Id,
}

/// A cheapest term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// Sum of the costs of the tree's nodes.
    pub cost: u64,
    /// The term.
    pub term: Term,
}

impl Session {
    fn error(&self, diagnostic: &Diagnostic) -> Error {
        Error { code: diagnostic.code, text: self.render(diagnostic) }
    }

    /// The first thing that is wrong with a text, rendered.
    pub(crate) fn first_error(&self, errors: syntax::Diagnostics) -> Error {
        let first = errors.0.into_iter().next().expect("a failure to parse has a diagnostic");
        self.error(&first)
    }

    /// Makes a text known, for diagnostics about it.
    pub(crate) fn add_source(&mut self, name: &str, text: &str) -> FileId {
        self.sources.add(name, text)
    }

    pub(crate) fn has_ruleset(&self, name: &str) -> bool {
        self.env().find_ruleset(name).is_some()
    }

    /// Adds the rule of a command that says neither its name nor its rule set, with code of its
    /// own.
    pub(crate) fn add_rule(
        &mut self,
        name: &str,
        text: &str,
        ruleset: Option<&Name>,
        codes: Vec<RuleCode>,
        again: bool,
    ) -> Result<(), Error> {
        if !codes.is_empty() {
            self.check_unrecorded()?;
        }
        self.own = RuleExtras { codes, again };
        let added = self.add_commands(name, text, ruleset);
        self.own = RuleExtras::default();
        added
    }

    fn add_commands(
        &mut self,
        name: &str,
        text: &str,
        ruleset: Option<&Name>,
    ) -> Result<(), Error> {
        let file = self.sources.add(format!("<rule {name}>"), text);
        let parsed = syntax::parse(file, text).map_err(|errors| self.first_error(errors))?;
        for mut command in parsed {
            match &mut command {
                syntax::Command::Rule(rule) => {
                    let rule = Arc::make_mut(rule);
                    rule.name = name.into();
                    rule.ruleset = ruleset.cloned();
                }
                syntax::Command::Rewrite(rewrite) => {
                    let rewrite = Arc::make_mut(rewrite);
                    rewrite.name = name.into();
                    rewrite.ruleset = ruleset.cloned();
                }
                _ => {
                    let message = format!("`{name}` is more than a rule");
                    return Err(Self::refusal(codes::USAGE, message));
                }
            }
            self.command(&command)?;
        }
        Ok(())
    }

    pub(super) fn refusal(code: &'static str, message: impl Into<String>) -> Error {
        let message = message.into();
        Error { code, text: format!("error[{code}]: {message}") }
    }

    pub(super) fn failed(why: &Failure) -> Error {
        let code = if let Failure::Error(_) = why { codes::FAILED } else { codes::LIMIT };
        Self::refusal(code, why.to_string())
    }

    fn refused(&self, refused: Refused) -> Error {
        Self::failed(&self.failure(refused))
    }

    /// Runs a piece of a program and gives its answers: declarations, rules, or anything else.
    ///
    /// # Errors
    /// As [`Session::run`], rendered.
    pub fn program(&mut self, text: &str) -> Result<Vec<Output>, Error> {
        let mut answers = Vec::new();
        self.run("<program>", text, &mut answers).map_err(|why| self.error(&why))?;
        Ok(answers)
    }

    /// Adds a term; what it is made of is added too, unless it is there.
    ///
    /// # Errors
    /// The term has no meaning, or a limit is reached.
    pub fn add(&mut self, term: &str) -> Result<Id, Error> {
        let file = self.sources.add("<term>", term);
        let parsed = syntax::parse_expr(file, term).map_err(|errors| self.first_error(errors))?;
        let expr =
            self.checker.expr(&self.machine.values, &parsed).map_err(|why| self.error(&why))?;
        let value = self.evaluate(&expr).map_err(|why| Self::failed(&why))?;
        Ok(Id { sort: expr.sort, value })
    }

    /// A literal.
    pub fn literal(&self, datum: &Datum) -> Id {
        Id { sort: datum.sort(), value: self.machine.values.encode(datum) }
    }

    /// The content of a literal of a built-in sort.
    pub fn datum(&self, id: Id) -> Option<Datum> {
        self.machine.values.decode(id.sort, id.value)
    }

    /// The canonical form: equal classes have equal ones.
    pub fn find(&self, id: Id) -> Id {
        Id { value: self.store.canonical(self.machine.kind(id.sort), id.value), ..id }
    }

    /// Whether two are known to be equal.
    pub fn equal(&self, a: Id, b: Id) -> bool {
        self.find(a) == self.find(b)
    }

    /// The function of a name, and its table, if it takes these arguments.
    fn place_of(&self, name: &str, args: &[Id]) -> Result<(FuncId, TableId), Error> {
        let Some(func) = self.env().find_function(name) else {
            let message = format!("there is no function `{name}`");
            return Err(Self::refusal(codes::UNKNOWN_FUNCTION, message));
        };
        let inputs = &self.env().function(func).inputs;
        if inputs.len() != args.len() {
            let message = format!("`{name}` takes {} arguments, not {}", inputs.len(), args.len());
            return Err(Self::refusal(codes::ARITY, message));
        }
        for (at, (sort, arg)) in inputs.iter().zip(args).enumerate() {
            if *sort != arg.sort {
                let sorts = &self.machine.sorts;
                let message = format!(
                    "argument {} of `{name}` has the sort {}, not {}",
                    at + 1,
                    sorts.name(*sort),
                    sorts.name(arg.sort)
                );
                return Err(Self::refusal(codes::MISMATCH, message));
            }
        }
        Ok((func, self.places.place(func).table))
    }

    /// Refuses changes that a journal would not know of.
    pub(super) fn check_unrecorded(&self) -> Result<(), Error> {
        if self.machine.recorder.is_none() {
            return Ok(());
        }
        let message = "while a journal is kept, changes are made by `add` and `program`";
        Err(Self::refusal(codes::UNSUPPORTED, message))
    }

    fn decl(&self, func: FuncId) -> &FuncDecl {
        self.env().function(func)
    }

    fn keys(&self, args: &[Id]) -> Vec<Value> {
        args.iter().map(|arg| self.find(*arg).value).collect()
    }

    /// The node of a constructor, made unless it is there; a relation's row likewise. The value of
    /// a function is looked up.
    ///
    /// # Errors
    /// No such function, arguments that do not fit, no value, or the limit on rows is reached.
    pub fn make(&mut self, function: &str, args: &[Id]) -> Result<Id, Error> {
        let (func, table) = self.place_of(function, args)?;
        let keys = self.keys(args);
        let (kind, sort) = (self.decl(func).kind, self.decl(func).output);
        self.check_unrecorded()?;
        let made = match kind {
            FuncKind::Constructor => self.store.make(table, &keys),
            FuncKind::Relation => {
                self.store.set(&mut self.machine, table, &keys, FACT).map(|()| FACT)
            }
            FuncKind::Function => self.store.lookup(table, &keys).ok_or_else(|| {
                Refused::Failed(format!("`{function}` has no value for these arguments"))
            }),
        };
        made.map(|value| Id { sort, value }).map_err(|refused| self.refused(refused))
    }

    /// What is there for these arguments, if anything.
    ///
    /// # Errors
    /// No such function, or arguments that do not fit.
    pub fn lookup(&self, function: &str, args: &[Id]) -> Result<Option<Id>, Error> {
        let (func, table) = self.place_of(function, args)?;
        let sort = self.decl(func).output;
        Ok(self.store.lookup(table, &self.keys(args)).map(|value| Id { sort, value }))
    }

    /// Gives a function a value for these arguments, merged with the one it has.
    ///
    /// # Errors
    /// No function of that name that takes these, the merge fails, or the limit on rows is reached.
    pub fn set(&mut self, function: &str, args: &[Id], value: Id) -> Result<(), Error> {
        let (func, table) = self.place_of(function, args)?;
        let decl = self.decl(func);
        if decl.kind != FuncKind::Function || decl.output != value.sort {
            let message = format!("`{function}` is no function with values of this sort");
            return Err(Self::refusal(codes::SET, message));
        }
        let (keys, value) = (self.keys(args), self.find(value).value);
        self.check_unrecorded()?;
        let set = self.store.set(&mut self.machine, table, &keys, value);
        let closed = self.store.rebuild(&mut self.machine);
        set.and(closed).map_err(|refused| self.refused(refused))
    }

    /// Makes two classes equal, and closes under congruence. True unless they were equal.
    ///
    /// # Errors
    /// They are no classes of one sort, or two values of a function have no merge.
    pub fn union(&mut self, a: Id, b: Id) -> Result<bool, Error> {
        self.union_all(&[(a, b)])
    }

    /// Makes the pairs equal, and closes under congruence once. True unless all were equal.
    ///
    /// # Errors
    /// As [`Session::union`]; then nothing was united.
    pub fn union_all(&mut self, pairs: &[(Id, Id)]) -> Result<bool, Error> {
        if pairs.iter().any(|(a, b)| a.sort != b.sort || !self.machine.sorts.is_eq(a.sort)) {
            let message = "only classes of one sort can be united".to_owned();
            return Err(Self::refusal(codes::UNION, message));
        }
        self.check_unrecorded()?;
        let mut changed = false;
        for (a, b) in pairs {
            changed |= self.store.union(a.value, b.value).is_some();
        }
        self.store.rebuild(&mut self.machine).map_err(|refused| self.refused(refused))?;
        Ok(changed)
    }

    /// Whether facts, as in `check`, hold.
    ///
    /// # Errors
    /// They have no meaning.
    pub fn check(&mut self, facts: &str) -> Result<bool, Error> {
        let text = format!("(check {facts})");
        let file = self.sources.add("<check>", text.as_str());
        let parsed = syntax::parse(file, &text).map_err(|errors| self.first_error(errors))?;
        let [syntax::Command::Check(_, facts)] = parsed.as_slice() else {
            let message = "these are no facts".to_owned();
            return Err(Self::refusal(codes::SYNTAX, message));
        };
        let query = self.checker.query(&self.machine.values, facts);
        let query = query.map_err(|why| self.error(&why))?;
        Ok(self.holds(&query))
    }

    /// A cheapest term of a class, or the term of a literal.
    ///
    /// # Errors
    /// No term of the class can be extracted.
    pub fn best(&mut self, id: Id) -> Result<Best, Error> {
        let nodes = vec![Node::Const(id.value)];
        let expr = Expr { nodes, sort: id.sort, span: Span::default() };
        match self.extract(Span::default(), &expr, None) {
            Ok(Output::Extracted { cost, term }) => Ok(Best { cost, term }),
            Ok(_) => unreachable!("extraction without a number gives one term"),
            Err(why) => Err(Self::refusal(why.code, why.message)),
        }
    }

    fn row(&self, func: FuncId, row: u32) -> Row<'_> {
        let decl = self.decl(func);
        let rows = self.store.table(self.places.place(func).table);
        let args = decl.inputs.iter().zip(rows.keys(row));
        Row {
            function: &decl.name,
            args: args.map(|(sort, value)| Id { sort: *sort, value: *value }).collect(),
            value: Id { sort: decl.output, value: rows.output(row) },
        }
    }

    /// The rows of a function, constructor or relation, in the order in which they were made; none
    /// if there is none of that name.
    pub fn table_rows(&self, function: &str) -> impl Iterator<Item = Row<'_>> + '_ {
        let func = self.env().find_function(function);
        func.into_iter().flat_map(move |func| {
            let rows = self.store.table(self.places.place(func).table);
            rows.live_rows().map(move |row| self.row(func, row))
        })
    }

    /// The nodes of a class, by constructor in order of declaration. Looks at all nodes of the
    /// class's sort.
    pub fn nodes_of(&self, class: Id) -> impl Iterator<Item = Row<'_>> + '_ {
        let class = self.find(class);
        let all = self.env().functions().iter().enumerate();
        let makers = all.filter(move |(_, decl)| {
            decl.kind == FuncKind::Constructor && decl.output == class.sort
        });
        makers.flat_map(move |(func, _)| {
            let func = FuncId::from_index(func);
            let rows = self.store.table(self.places.place(func).table);
            let own = rows.live_rows().filter(move |row| rows.output(*row) == class.value);
            own.map(move |row| self.row(func, row))
        })
    }

    /// Declares a primitive by its code on contents; `api` has a form for closures on Rust's types.
    ///
    /// # Errors
    /// The name is taken, for these sorts or altogether.
    pub fn add_primitive(
        &mut self,
        name: &str,
        params: &[Sort],
        result: Sort,
        code: Arc<UserCode>,
    ) -> Result<(), Error> {
        let added = self.checker.add_primitive(name, params, result, code);
        added.map_err(|why| self.error(&why))?;
        self.adopt_env();
        Ok(())
    }

    /// Carries out a command that was made without text.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn command(&mut self, command: &syntax::Command) -> Result<Vec<Output>, Error> {
        let resolved = self.checker.check(&self.machine.values, command);
        let resolved: Vec<Command> = resolved.map_err(|why| self.error(&why))?;
        self.adopt_env();
        let mut answers = Vec::new();
        let done = self.execute_all(&resolved, &mut answers);
        done.map_err(|why| self.error(&why))?;
        Ok(answers)
    }
}
