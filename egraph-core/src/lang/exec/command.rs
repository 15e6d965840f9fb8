//! Carrying out commands.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::super::syntax::{self, Diagnostic, FileId, PrintMode, Span, codes};
use super::super::types::{Command, Expr, FuncId, FuncKind, RulesetKind};
use super::super::values::{Sort, Value};
use super::extract::{Best, Extractor};
use super::lower::FACT;
use super::{Failure, Output, RuleCode, RuleState, Session, graph, lower};

/// A failure and the command that met it.
type Done = Result<(), Diagnostic>;

/// Files of which each includes the next; a path may name one file in many ways, so that asking
/// whether it is being read does not end every circle.
const MAX_INCLUDED: usize = 64;

impl Session {
    /// Runs a program; `name` is what diagnostics call it. Answers are given in order.
    ///
    /// # Errors
    /// The first thing that is wrong, and what was answered before stays in `answers`. Syntax is
    /// checked for the whole text before anything runs.
    pub fn run(&mut self, name: &str, text: &str, answers: &mut Vec<Output>) -> Done {
        self.deadline = self.options.time.map(|time| Instant::now() + time);
        let file = self.sources.add(name, text);
        self.run_file(file, answers)
    }

    /// A diagnostic as text, with the line that it is about.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        self.sources.render(diagnostic)
    }

    /// The text, line and column, both from 1, that a diagnostic is about.
    pub fn position(&self, diagnostic: &Diagnostic) -> (&str, usize, usize) {
        let (line, column) = self.sources.position(diagnostic.span);
        (self.sources.name(diagnostic.span.file), line, column)
    }

    fn run_file(&mut self, file: FileId, answers: &mut Vec<Output>) -> Done {
        let commands = syntax::parse(file, self.sources.text(file)).map_err(|errors| {
            errors.0.into_iter().next().expect("a failure to parse has a diagnostic")
        })?;
        for command in commands {
            let resolved = self.checker.check(&self.machine.values, &command)?;
            self.adopt_env();
            self.execute_all(&resolved, answers)?;
        }
        Ok(())
    }

    /// Carries out what one command was resolved to. What it declared stays only as far as it was
    /// carried out.
    pub(super) fn execute_all(&mut self, commands: &[Command], answers: &mut Vec<Output>) -> Done {
        let done = commands.iter().try_for_each(|command| self.execute(command, answers));
        if done.is_err() {
            self.retract();
        }
        done
    }

    fn retract(&mut self) {
        self.checker.retract(self.places.functions.len(), self.places.globals.len());
    }

    pub(super) fn execute(&mut self, command: &Command, answers: &mut Vec<Output>) -> Done {
        match command {
            Command::Sort(..) => {}
            Command::Function(function) => {
                self.declare_function(*function);
                let span = self.env().function(*function).span;
                self.declare_operator(*function).map_err(|why| blame(span, &why))?;
            }
            Command::Ruleset(set) => {
                let combined =
                    matches!(self.env().rulesets()[set.index()].kind, RulesetKind::Combined(_));
                debug_assert!(combined || self.rulesets.len() <= set.index());
                self.rulesets.resize_with(set.index() + 1, Vec::new);
            }
            Command::Rule(rule) => {
                let codes = self.bind_codes(rule);
                let mut lowered = lower::rule(
                    &self.machine,
                    &self.places,
                    &self.store,
                    rule,
                    &codes,
                    self.deletes,
                );
                lowered.naive |= self.own.again;
                if lowered.actions.deletes() {
                    self.forbid_repetition();
                }
                if let Some(recorder) = &mut self.machine.recorder {
                    recorder.journal.rules.push(Arc::new(rule.clone()));
                }
                let name = rule.name.clone();
                let state = RuleState { rule: Arc::new(lowered), name, since: 0, known: 0 };
                self.rules.push(state);
                self.rulesets[rule.ruleset.index()].push(self.rules.len() - 1);
            }
            Command::Let(span, global, expr) => {
                let value = self.evaluate(expr).map_err(|why| blame(*span, &why))?;
                self.define_global(*global, expr.sort, value).map_err(|why| blame(*span, &why))?;
            }
            Command::Action(action) => {
                let span = action_span(action);
                if matches!(action, super::types::Action::Change(_, syntax::Change::Delete, ..)) {
                    self.forbid_repetition();
                }
                self.act(std::slice::from_ref(action)).map_err(|why| blame(span, &why))?;
            }
            Command::Schedule(span, schedule) => {
                self.schedule(schedule).map_err(|why| blame(*span, &why))?;
            }
            Command::Check(span, query) => {
                if !self.holds(query) {
                    return Err(Diagnostic::new(codes::FAILED, *span, "the check does not hold"));
                }
            }
            Command::Fail(span, inner) => self.must_fail(*span, inner)?,
            Command::Refused(diagnostic) => return Err(diagnostic.clone()),
            Command::Extract(span, expr, variants) => {
                let answer = self.extract(*span, expr, variants.as_ref())?;
                answers.push(answer);
            }
            Command::Push(_, times) => (0..*times).for_each(|_| self.open_scope()),
            Command::Pop(span, times) => {
                for _ in 0..*times {
                    if !self.close_scope() {
                        let message = "there is no saved state to restore";
                        return Err(Diagnostic::new(codes::FAILED, *span, message));
                    }
                }
            }
            Command::PrintFunction(span, function, count, file, mode) => {
                self.print_function(*span, *function, *count, file.as_deref(), *mode, answers)?;
            }
            Command::PrintSize(_, Some(function)) => {
                let table = self.places.place(*function).table;
                answers.push(Output::Size(self.store.table(table).live() as usize));
            }
            Command::PrintSize(_, None) => answers.push(Output::Sizes(self.sizes())),
            Command::PrintStats(span, file) => {
                let text = self.report().to_string();
                match file {
                    Some(file) => self.write_file(*span, file, &text, false)?,
                    None => answers.push(Output::Text(text)),
                }
            }
            Command::Input(span, function, file) => self.input(*span, *function, file)?,
            Command::Output(span, file, exprs) => {
                let mut text = String::new();
                for expr in exprs {
                    let Output::Extracted { term, .. } = self.extract(*span, expr, None)? else {
                        unreachable!("extraction without a number gives one term")
                    };
                    let _ = writeln!(text, "{term}");
                }
                self.write_file(*span, file, &text, true)?;
            }
            Command::Include(span, file) => self.include(*span, file, answers)?,
            Command::Prove(span, query) => answers.push(Output::Text(self.prove(*span, query)?)),
            Command::ProveExists(span, function) => {
                answers.push(Output::Text(self.prove_exists(*span, *function)?));
            }
        }
        Ok(())
    }

    /// Rules may not see a match again once rows can go.
    /// Gives the code of a rule that is being added numbers: conditions, then appliers.
    fn bind_codes(&mut self, rule: &super::super::types::Rule) -> Vec<lower::Code> {
        if self.own.codes.is_empty() {
            return Vec::new();
        }
        let vars = &rule.vars[..rule.body.vars.len()];
        let vars: Arc<graph::Vars> =
            vars.iter().map(|var| (var.name.as_str().into(), var.sort)).collect();
        let codes = self.own.codes.iter().map(|code| {
            self.machine.codes.push(graph::Bound { code: code.clone(), vars: vars.clone() });
            let number = (self.machine.codes.len() - 1) as u32;
            lower::Code { number, applies: matches!(code, RuleCode::Applier(_)) }
        });
        codes.collect()
    }

    fn forbid_repetition(&mut self) {
        if !self.deletes {
            self.deletes = true;
            for state in &mut self.rules {
                Arc::make_mut(&mut state.rule).query.idempotent = false;
            }
        }
    }

    fn must_fail(&mut self, span: Span, inner: &Command) -> Done {
        let mut dropped = Vec::new();
        if self.execute(inner, &mut dropped).is_err() {
            self.retract();
            return Ok(());
        }
        Err(Diagnostic::new(codes::FAILED, span, "the command was expected to fail"))
    }

    pub(super) fn extract(
        &mut self,
        span: Span,
        expr: &Expr,
        variants: Option<&Expr>,
    ) -> Result<Output, Diagnostic> {
        let value = self.evaluate(expr).map_err(|why| blame(span, &why))?;
        let count = match variants {
            Some(count) => {
                let count = self.evaluate(count).map_err(|why| blame(span, &why))?;
                self.machine.values.as_i64(count)
            }
            None => 0,
        };
        let Ok(count) = usize::try_from(count) else {
            let message = "the number of terms to extract is negative";
            return Err(Diagnostic::new(codes::FAILED, span, message));
        };
        // The count's evaluation may have rebuilt.
        let value = self.store.canonical(self.machine.kind(expr.sort), value);
        self.choose();
        let extractor = Extractor::new(self, &self.best);
        let nothing = || {
            let message = "no term can be extracted: every one has a part that may not be";
            Diagnostic::new(codes::FAILED, span, message)
        };
        if count == 0 {
            let cost = extractor.cost(expr.sort, value).ok_or_else(nothing)?;
            let term = extractor.term(expr.sort, value).ok_or_else(nothing)?;
            return Ok(Output::Extracted { cost, term });
        }
        let terms = extractor.variants(expr.sort, value, count);
        if terms.is_empty() {
            return Err(nothing());
        }
        Ok(Output::Variants(terms.into_iter().map(|(_, term)| term).collect()))
    }

    /// Chooses the cheapest node of each class, unless that was done for this very state.
    fn choose(&mut self) {
        if !self.best.fits(self) {
            self.best = Best::new(self);
        }
    }

    fn print_function(
        &mut self,
        span: Span,
        function: FuncId,
        count: Option<u64>,
        file: Option<&str>,
        mode: PrintMode,
        answers: &mut Vec<Output>,
    ) -> Done {
        let table = self.places.place(function).table;
        let count = count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
        self.choose();
        let extractor = Extractor::new(self, &self.best);
        let answer = self.rows_of(table, count, &|class| extractor.node(class));
        let answer = match mode {
            PrintMode::Default => answer,
            PrintMode::Csv => answer.into_csv(),
        };
        if let Some(file) = file {
            return self.write_file(span, file, &format!("{answer}\n"), false);
        }
        answers.push(answer);
        Ok(())
    }

    fn include(&mut self, span: Span, file: &str, answers: &mut Vec<Output>) -> Done {
        let path = self.path(file);
        if self.including.contains(&path) {
            let message = format!("`{file}` includes itself");
            return Err(Diagnostic::new(codes::FILE, span, message));
        }
        if self.including.len() == MAX_INCLUDED {
            let message = format!("more than {MAX_INCLUDED} files include one another");
            return Err(Diagnostic::new(codes::TOO_LARGE, span, message));
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|error| unreadable(span, &path.display(), &error))?;
        let file = self.sources.add(path.display().to_string(), text);
        self.including.push(path);
        let done = self.run_file(file, answers);
        self.including.pop();
        done
    }

    fn path(&self, file: &str) -> PathBuf {
        match &self.options.directory {
            Some(directory) => directory.join(file),
            None => PathBuf::from(file),
        }
    }

    fn write_file(&self, span: Span, file: &str, text: &str, append: bool) -> Done {
        let path = self.path(file);
        let written = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| {
            let message = format!("cannot write {}: {error}", path.display());
            Diagnostic::new(codes::FILE, span, message)
        })
    }

    /// Reads rows, one a line, columns separated by tabs; the last column is a function's value.
    fn input(&mut self, span: Span, function: FuncId, file: &str) -> Done {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| unreadable(span, &path.display(), &error))?;
        let place = self.places.place(function);
        let mut sorts: Vec<Sort> = self.input_sorts(place.table).to_vec();
        if place.kind == FuncKind::Function {
            sorts.push(self.tables[place.table as usize].output);
        }
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let row = self.read_row(&sorts, line).map_err(|why| {
                let message = format!("{}:{}: {why}", path.display(), number + 1);
                Diagnostic::new(codes::FILE, span, message)
            })?;
            let done = match place.kind {
                FuncKind::Constructor => self.store.make(place.table, &row).map(|_| ()),
                FuncKind::Relation => self.store.set(&mut self.machine, place.table, &row, FACT),
                FuncKind::Function => {
                    let (value, keys) = row.split_last().expect("a function has a value");
                    self.store.set(&mut self.machine, place.table, keys, *value)
                }
            };
            done.map_err(|refused| blame(span, &self.failure(refused)))?;
        }
        let closed = self.store.rebuild(&mut self.machine);
        closed.map_err(|refused| blame(span, &self.failure(refused)))
    }

    fn read_row(&self, sorts: &[Sort], line: &str) -> Result<Vec<Value>, String> {
        let fields: Vec<&str> = line.split('\t').collect();
        // A single empty field stands for no columns.
        if fields.len() != sorts.len() {
            return Err(format!("{} columns where {} are wanted", fields.len(), sorts.len()));
        }
        let values = &self.machine.values;
        fields
            .iter()
            .zip(sorts)
            .map(|(field, sort)| match *sort {
                Sort::STRING => Ok(values.string(field)),
                Sort::I64 => match field.trim().parse() {
                    Ok(number) => Ok(values.i64(number)),
                    Err(_) => Err(format!("`{field}` is no i64")),
                },
                Sort::F64 => match field.trim().parse() {
                    Ok(number) => Ok(values.f64(number)),
                    Err(_) => Err(format!("`{field}` is no f64")),
                },
                other => {
                    let name = self.machine.sorts.name(other);
                    Err(format!("a column of sort {name} cannot be read"))
                }
            })
            .collect()
    }
}

fn unreadable(span: Span, path: &dyn std::fmt::Display, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(codes::FILE, span, format!("cannot read {path}: {error}"))
}

fn action_span(action: &super::types::Action) -> Span {
    use super::types::Action;
    match action {
        Action::Set(span, ..)
        | Action::Union(span, ..)
        | Action::Change(span, ..)
        | Action::Panic(span, _) => *span,
        Action::Let(_, expr) | Action::Expr(expr) => expr.span,
    }
}

/// A failure of what stands at a place.
fn blame(span: Span, why: &Failure) -> Diagnostic {
    match why {
        Failure::Error(why) => Diagnostic::new(codes::FAILED, span, why.clone()),
        limit => Diagnostic::new(codes::LIMIT, span, limit.to_string())
            .hint("raise the limit, or run fewer iterations"),
    }
}
