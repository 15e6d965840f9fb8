//! The checker: commands in, resolved commands out.

use std::sync::Arc;

use super::super::syntax::{self, Diagnostic, Fact, Name, Run, Span, codes};
use super::super::values::{PrimId, Sort, UserCode, Values};
use super::candidate::Place;
use super::env::Env;
use super::error::{Checked, Refusal, error};
use super::head::Scope;
use super::resolved::{
    Action, Command, Expr, FuncId, FuncKind, GlobalDecl, Query, RulesetKind, Schedule,
};
use super::terms::{Problem, Typed};
use super::{declare, rules};

/// Levels of `push` that may be open at once.
pub const MAX_PUSHED: u64 = 10_000;

/// Resolves the commands of a program one after the other.
///
/// A command that is refused changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    env: Env,
    saved: Vec<Env>,
    /// Globals must start with `$`, and nothing else may: otherwise a warning.
    pub strict: bool,
    warnings: Vec<Diagnostic>,
    warned: bool,
}

impl Checker {
    /// A checker of a program that has declared nothing.
    pub fn new() -> Checker {
        Checker::default()
    }

    /// What the program has declared so far.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// Forgets the tables and globals that were declared last, all but so many: carrying out their
    /// declaration failed.
    pub fn retract(&mut self, functions: usize, globals: usize) {
        if self.env.funcs.len() > functions || self.env.globals.len() > globals {
            self.env.retract(functions, globals);
        }
    }

    /// Levels of `push` that are open.
    pub fn pushed(&self) -> usize {
        self.saved.len()
    }

    /// Declares a primitive of the embedding program.
    ///
    /// # Errors
    /// Something else has the name, or a primitive of that name takes these sorts already.
    pub fn add_primitive(
        &mut self,
        name: &str,
        params: &[Sort],
        result: Sort,
        code: Arc<UserCode>,
    ) -> Result<PrimId, Diagnostic> {
        let place = Name::from(name);
        self.env.check_free(&place).map_err(|refusal| refusal.diagnostic)?;
        self.env.prims.add_user(name, params, result, code).ok_or_else(|| {
            let message = format!("there is a primitive `{name}` of these sorts");
            Diagnostic::new(codes::DUPLICATE, Span::default(), message)
        })
    }

    /// Takes the warnings there are. A program gets at most one about names.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    /// Resolves a command; a declaration takes effect at once, as do `push` and `pop`. Constants
    /// become values of `values`, which must be the same for the whole program.
    ///
    /// # Errors
    /// The command has no meaning. Where only carrying it out would fail, and it stands in `fail`,
    /// the result is a [`Command::Refused`] instead.
    pub fn check(
        &mut self,
        values: &Values,
        command: &syntax::Command,
    ) -> Result<Vec<Command>, Diagnostic> {
        self.command(values, command).map_err(|refusal| refusal.diagnostic)
    }

    /// Resolves conditions as `check` does.
    ///
    /// # Errors
    /// They have no meaning.
    pub fn query(&self, values: &Values, facts: &[Fact]) -> Result<Query, Diagnostic> {
        self.checked_query(values, facts).map_err(|refusal| refusal.diagnostic)
    }

    /// Resolves an expression without variables.
    ///
    /// # Errors
    /// It has no meaning.
    pub fn expr(&self, values: &Values, expr: &syntax::Expr) -> Result<Expr, Diagnostic> {
        self.checked_expr(values, expr, None).map_err(|refusal| refusal.diagnostic)
    }

    fn checked_query(&self, values: &Values, facts: &[Fact]) -> Checked<Query> {
        let mut query = rules::query(&self.env, values, facts)?;
        query.include_subsumed = true;
        Ok(query)
    }

    fn checked_expr(
        &self,
        values: &Values,
        expr: &syntax::Expr,
        sort: Option<Sort>,
    ) -> Checked<Expr> {
        let mut problem = Problem::new(&self.env, values);
        let typed = problem.expr(expr, Place::FreeAction)?;
        if let Some(sort) = sort {
            let expected = problem.term(expr.span(), super::terms::TermKind::Unnamed, Some(sort));
            problem.unify(expected, typed.value, expr.span())?;
        }
        solved(&mut problem, &typed)
    }

    fn command(&mut self, values: &Values, command: &syntax::Command) -> Checked<Vec<Command>> {
        use syntax::Command as S;
        let one = match command {
            S::Sort(_, name, None) => declare::sort(&mut self.env, name, None)?,
            S::Sort(_, name, Some(source)) => declare::container(&mut self.env, name, source)?,
            S::SortWithLeaders(_, name, table) => declare::sort(&mut self.env, name, Some(table))?,
            S::Datatype(_, name, variants) => {
                return self.atomic(|env| declare::datatype(env, values, name, variants));
            }
            S::Datatypes(_, datatypes) => {
                return self.atomic(|env| declare::datatypes(env, values, datatypes));
            }
            S::Function(function) => declare::function(&mut self.env, values, function)?,
            S::Constructor(constructor) => {
                declare::constructor(&mut self.env, values, constructor)?
            }
            S::Relation(_, name, inputs) => declare::relation(&mut self.env, name, inputs)?,
            S::Ruleset(_, name) => {
                self.env.check_free(name)?;
                Command::Ruleset(self.env.declare_ruleset(name, RulesetKind::Rules))
            }
            S::CombinedRuleset(_, name, parts) => self.combined(name, parts)?,
            S::Rule(rule) => {
                let resolved = rules::rule(&self.env, values, rule)?;
                return self.add_rules(&rule.name, vec![resolved]);
            }
            S::Rewrite(rewrite) => {
                let resolved = rules::rewrite(&self.env, values, rewrite)?;
                return self.add_rules(&rewrite.name, resolved);
            }
            S::Action(syntax::Action::Let(span, name, value)) => {
                self.global(values, *span, name, value)?
            }
            S::Action(action) => Command::Action(self.action(values, action)?),
            S::Run(run, limit) => {
                let run_once = self.run(values, run)?;
                Command::Schedule(run.span, Schedule::Repeat(*limit, vec![run_once]))
            }
            S::RunSchedule(span, schedules) => {
                let schedules = self.schedules(values, schedules)?;
                Command::Schedule(*span, Schedule::Seq(schedules))
            }
            S::Check(span, facts) => Command::Check(*span, self.checked_query(values, facts)?),
            S::Prove(span, facts) => Command::Prove(*span, self.checked_query(values, facts)?),
            S::Fail(span, inner) => return self.fail(values, *span, inner),
            S::Push(span, levels) => self.push(*span, *levels)?,
            S::Pop(span, levels) => self.pop(*span, *levels),
            S::Include(span, file) => Command::Include(*span, file.clone()),
            _ => self.output(values, command)?,
        };
        Ok(vec![one])
    }

    /// Commands that print or read.
    fn output(&self, values: &Values, command: &syntax::Command) -> Checked<Command> {
        use syntax::Command as S;
        Ok(match command {
            S::Extract(span, term, variants) => {
                let term = self.checked_expr(values, term, None)?;
                let variants = variants.as_ref();
                let variants = variants.map(|n| self.checked_expr(values, n, Some(Sort::I64)));
                Command::Extract(*span, term, variants.transpose()?)
            }
            S::PrintFunction(span, name, rows, file, mode) => {
                let func = declare::existing(&self.env, name)?;
                Command::PrintFunction(*span, func, *rows, file.clone(), *mode)
            }
            S::PrintSize(span, name) => {
                let func = name.as_ref().map(|name| declare::existing(&self.env, name));
                Command::PrintSize(*span, func.transpose()?)
            }
            S::PrintStats(span, file) => Command::PrintStats(*span, file.clone()),
            S::Input(span, name, file) => Command::Input(*span, self.input(name)?, file.clone()),
            S::Output(span, file, exprs) => {
                let exprs = exprs.iter().map(|expr| self.checked_expr(values, expr, None));
                Command::Output(*span, file.clone(), exprs.collect::<Checked<_>>()?)
            }
            S::ProveExists(span, name) => {
                let Some(func) = self.env.find_function(name) else {
                    return Err(self.env.unknown_function(name).into());
                };
                if self.env.function(func).kind == FuncKind::Function {
                    let message = format!("`{name}` is no constructor");
                    return error(codes::UNSUPPORTED, name.span, message);
                }
                Command::ProveExists(*span, func)
            }
            _ => unreachable!("the checker handles all other commands"),
        })
    }

    /// Declares several things or none.
    fn atomic(
        &mut self,
        declare: impl FnOnce(&mut Env) -> Checked<Vec<Command>>,
    ) -> Checked<Vec<Command>> {
        let mut extended = self.env.clone();
        let commands = declare(&mut extended)?;
        self.env = extended;
        Ok(commands)
    }

    fn combined(&mut self, name: &Name, parts: &[Name]) -> Checked<Command> {
        self.env.check_free(name)?;
        let parts = parts.iter().map(|part| self.env.ruleset(Some(part)));
        let kind = RulesetKind::Combined(parts.collect::<Checked<_>>()?);
        Ok(Command::Ruleset(self.env.declare_ruleset(name, kind)))
    }

    fn add_rules(
        &mut self,
        name: &str,
        resolved: Vec<super::resolved::Rule>,
    ) -> Checked<Vec<Command>> {
        for rule in &resolved {
            rules::check_rule_name(&self.env, name, rule)?;
        }
        for rule in &resolved {
            let prefixed = rule.vars.iter().find(|var| var.name.starts_with('$'));
            if let Some(var) = prefixed {
                let message = format!("the variable `{}` starts with `$`", var.name);
                self.about_prefix(Diagnostic::new(codes::PREFIX, rule.span, message))?;
            }
            if !name.is_empty() {
                let names = Arc::make_mut(&mut self.env.rule_names);
                names.insert((rule.ruleset, rule.name.text().into()));
            }
        }
        Ok(resolved.into_iter().map(Command::Rule).collect())
    }

    /// An error in strict mode, else the first is a warning.
    fn about_prefix(&mut self, diagnostic: Diagnostic) -> Checked<()> {
        let diagnostic = diagnostic.hint("globals start with `$`, variables of rules do not");
        if self.strict {
            return Err(diagnostic.into());
        }
        if !std::mem::replace(&mut self.warned, true) {
            self.warnings.push(diagnostic);
        }
        Ok(())
    }

    fn global(
        &mut self,
        values: &Values,
        span: Span,
        name: &Name,
        value: &syntax::Expr,
    ) -> Checked<Command> {
        let value = self.checked_expr(values, value, None)?;
        self.env.check_free(name)?;
        if !name.starts_with('$') {
            let message = format!("the global `{name}` does not start with `$`");
            self.about_prefix(Diagnostic::new(codes::PREFIX, name.span, message))?;
        }
        let decl = GlobalDecl { name: name.text.clone(), sort: value.sort, span: name.span };
        Ok(Command::Let(span, self.env.declare_global(decl), value))
    }

    fn action(&self, values: &Values, action: &syntax::Action) -> Checked<Action> {
        let mut problem = Problem::new(&self.env, values);
        let pending = problem.action(action, Place::FreeAction)?;
        problem.solve()?;
        problem.finish(&pending, &mut Scope::new(Vec::new(), Vec::new()))
    }

    fn run(&self, values: &Values, run: &Run) -> Checked<Schedule> {
        let until = run.until.as_ref().map(|facts| self.checked_query(values, facts));
        let until = until.transpose()?;
        Ok(Schedule::Run(run.span, self.env.ruleset(run.ruleset.as_ref())?, until))
    }

    /// Nesting is limited by the parser.
    fn schedules(&self, values: &Values, schedules: &[syntax::Schedule]) -> Checked<Vec<Schedule>> {
        use syntax::Schedule as S;
        let resolved = schedules.iter().map(|schedule| {
            Ok(match schedule {
                S::Run(run) => self.run(values, run)?,
                S::Saturate(_, inner) => Schedule::Saturate(self.schedules(values, inner)?),
                S::Seq(_, inner) => Schedule::Seq(self.schedules(values, inner)?),
                S::Repeat(_, limit, inner) => {
                    Schedule::Repeat(*limit, self.schedules(values, inner)?)
                }
            })
        });
        resolved.collect()
    }

    /// `fail` asks its command, or the last of those it means, to fail when it is carried out.
    fn fail(
        &mut self,
        values: &Values,
        span: Span,
        inner: &syntax::Command,
    ) -> Checked<Vec<Command>> {
        if let syntax::Command::Include(at, _) = inner {
            return error(codes::USAGE, *at, "`include` is not allowed inside `fail`");
        }
        let mut commands = match self.command(values, inner) {
            Ok(commands) => commands,
            Err(Refusal { diagnostic, late: true }) => vec![Command::Refused(diagnostic)],
            Err(refusal) => return Err(refusal),
        };
        if let Some(last) = commands.pop() {
            commands.push(Command::Fail(span, Box::new(last)));
        }
        Ok(commands)
    }

    fn push(&mut self, span: Span, levels: u64) -> Checked<Command> {
        if self.saved.len() as u64 + levels.min(MAX_PUSHED + 1) > MAX_PUSHED {
            let message = format!("more than {MAX_PUSHED} levels of `push`");
            return error(codes::TOO_LARGE, span, message);
        }
        for _ in 0..levels {
            self.saved.push(self.env.clone());
        }
        Ok(Command::Push(span, levels))
    }

    /// Without effect where fewer levels are open: the command then fails when carried out.
    fn pop(&mut self, span: Span, levels: u64) -> Command {
        if let Some(rest) = self.saved.len().checked_sub(levels as usize)
            && let Some(env) = self.saved.drain(rest..).next()
        {
            self.env = env;
        }
        Command::Pop(span, levels)
    }

    /// A table whose rows a file can hold.
    fn input(&self, name: &Name) -> Checked<FuncId> {
        let func = declare::existing(&self.env, name)?;
        let decl = self.env.function(func);
        let readable = [Sort::I64, Sort::F64, Sort::STRING];
        let mut bad = decl.inputs.iter().find(|sort| !readable.contains(sort));
        let output = [Sort::I64, Sort::STRING, Sort::UNIT].contains(&decl.output);
        if decl.kind == FuncKind::Function && !output {
            bad = bad.or(Some(&decl.output));
        }
        let Some(bad) = bad else { return Ok(func) };
        let message =
            format!("values of `{}` cannot be read from a file", self.env.sorts.name(*bad));
        let error = Diagnostic::new(codes::INPUT, name.span, message);
        Err(Refusal::late(error.note(decl.span, "the table was declared here")))
    }
}

fn solved(problem: &mut Problem<'_>, typed: &Typed) -> Checked<Expr> {
    problem.solve()?;
    Ok(problem.resolve(typed, &Scope::new(Vec::new(), Vec::new())))
}
