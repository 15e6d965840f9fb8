//! From commands to text: one line a command, and reading it gives an equal command.

use std::fmt::{self, Display, Formatter, Write as _};

use super::ast::{
    Ac, Action, Change, Command, Constructor, Datatype, DatatypeBody, EvalMode, Fact, Function,
    Merge, PrintMode, Rewrite, Rule, Run, Schedule, SortArg, SortSource, Variant,
};
use super::expr::{Expr, ExprKind, Literal, Name};

/// Items with a space before each.
fn spaced<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    items.iter().try_for_each(|item| write!(f, " {item}"))
}

/// Items in parentheses, with a space between.
fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    f.write_char('(')?;
    for (at, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if at == 0 { "" } else { " " })?;
    }
    f.write_char(')')
}

/// Text in quotes, with escapes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Unit => f.write_str("()"),
            Literal::Bool(value) => write!(f, "{value}"),
            Literal::Int(value) => write!(f, "{value}"),
            // `{:?}` keeps the point of whole numbers and writes NaN, inf and -inf.
            Literal::Float(value) => write!(f, "{value:?}"),
            Literal::String(text) => write!(f, "{}", Quoted(text)),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // What is to be written next, the last first: a node or a closing parenthesis.
        enum Piece {
            Node(usize),
            Close,
        }
        let mut pending = vec![Piece::Node(self.nodes().len() - 1)];
        let mut first = true;
        while let Some(piece) = pending.pop() {
            let Piece::Node(at) = piece else {
                f.write_char(')')?;
                continue;
            };
            if !first {
                f.write_char(' ')?;
            }
            first = false;
            match &self.nodes()[at].kind {
                ExprKind::Literal(literal) => write!(f, "{literal}")?,
                ExprKind::Var(name) => f.write_str(name)?,
                ExprKind::Call(head) => {
                    write!(f, "({head}")?;
                    pending.push(Piece::Close);
                    pending.extend(self.operands_backwards(at).map(Piece::Node));
                }
            }
        }
        Ok(())
    }
}

impl Display for Fact {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Eq(_, left, right) => write!(f, "(= {left} {right})"),
            Fact::Expr(expr) => write!(f, "{expr}"),
        }
    }
}

/// `(f a b)`.
fn row(f: &mut Formatter<'_>, function: &Name, arguments: &[Expr]) -> fmt::Result {
    write!(f, "({function}")?;
    spaced(f, arguments)?;
    f.write_char(')')
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Action::Let(_, name, value) => write!(f, "(let {name} {value})"),
            Action::Set(_, function, arguments, value) => {
                f.write_str("(set ")?;
                row(f, function, arguments)?;
                write!(f, " {value})")
            }
            Action::Change(_, change, function, arguments) => {
                let delete = *change == Change::Delete;
                f.write_str(if delete { "(delete " } else { "(subsume " })?;
                row(f, function, arguments)?;
                f.write_char(')')
            }
            Action::Union(_, left, right) => write!(f, "(union {left} {right})"),
            Action::Panic(_, message) => write!(f, "(panic {})", Quoted(message)),
            Action::Expr(expr) => write!(f, "{expr}"),
        }
    }
}

impl Display for SortArg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            SortArg::Name(name) => write!(f, "{name}"),
            SortArg::List(_, names) => list(f, names),
        }
    }
}

impl Display for SortSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({}", self.presort)?;
        spaced(f, &self.args)?;
        f.write_char(')')
    }
}

fn cost(f: &mut Formatter<'_>, cost: Option<u64>) -> fmt::Result {
    cost.map_or(Ok(()), |cost| write!(f, " :cost {cost}"))
}

/// The options that are on.
fn flags(f: &mut Formatter<'_>, flags: &[(bool, &str)]) -> fmt::Result {
    flags.iter().filter(|(on, _)| *on).try_for_each(|(_, flag)| write!(f, " {flag}"))
}

/// What is said of an operator that is associative and commutative.
fn ac(f: &mut Formatter<'_>, ac: Option<&Ac>) -> fmt::Result {
    let Some(ac) = ac else { return Ok(()) };
    f.write_str(" :ac")?;
    if let Some(unit) = &ac.unit {
        write!(f, " :unit {unit}")?;
    }
    ac.annihilator.as_ref().map_or(Ok(()), |term| write!(f, " :annihilator {term}"))
}

impl Display for Variant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({}", self.name)?;
        spaced(f, &self.inputs)?;
        cost(f, self.cost)?;
        flags(f, &[(self.unextractable, ":unextractable")])?;
        ac(f, self.ac.as_ref())?;
        f.write_char(')')
    }
}

impl Display for Datatype {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.body {
            DatatypeBody::Variants(variants) => {
                write!(f, "({}", self.name)?;
                spaced(f, variants)?;
                f.write_char(')')
            }
            DatatypeBody::Sort(source) => write!(f, "(sort {} {source})", self.name),
        }
    }
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(function {} ", self.name)?;
        list(f, &self.inputs)?;
        write!(f, " {}", self.output)?;
        match &self.merge {
            Merge::Conflict => f.write_str(" :no-merge")?,
            Merge::Expr(expr) => write!(f, " :merge {expr}")?,
        }
        let internal = [(self.hidden, ":internal-hidden"), (self.let_binding, ":internal-let")];
        flags(f, &[(self.unextractable, ":unextractable")])?;
        flags(f, &internal)?;
        f.write_char(')')
    }
}

impl Display for Constructor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(constructor {} ", self.name)?;
        list(f, &self.inputs)?;
        write!(f, " {}", self.output)?;
        cost(f, self.cost)?;
        ac(f, self.ac.as_ref())?;
        let internal = [(self.hidden, ":internal-hidden"), (self.let_binding, ":internal-let")];
        flags(f, &[(self.unextractable, ":unextractable")])?;
        flags(f, &internal)?;
        f.write_char(')')
    }
}

fn ruleset_and_name(f: &mut Formatter<'_>, ruleset: Option<&Name>, name: &str) -> fmt::Result {
    if let Some(ruleset) = ruleset {
        write!(f, " :ruleset {ruleset}")?;
    }
    if !name.is_empty() {
        write!(f, " :name {}", Quoted(name))?;
    }
    Ok(())
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(rule ")?;
        list(f, &self.body)?;
        f.write_char(' ')?;
        list(f, &self.head)?;
        ruleset_and_name(f, self.ruleset.as_ref(), &self.name)?;
        let mode = self.mode;
        flags(
            f,
            &[
                (mode == EvalMode::Naive, ":naive"),
                (mode == EvalMode::UnsafeIncremental, ":unsafe-seminaive"),
                (self.no_decomp, ":no-decomp"),
                (self.include_subsumed, ":internal-include-subsumed"),
            ],
        )?;
        f.write_char(')')
    }
}

impl Display for Rewrite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let head = if self.both_ways { "birewrite" } else { "rewrite" };
        write!(f, "({head} {} {}", self.lhs, self.rhs)?;
        flags(f, &[(self.subsume, ":subsume")])?;
        if !self.conditions.is_empty() {
            f.write_str(" :when ")?;
            list(f, &self.conditions)?;
        }
        ruleset_and_name(f, self.ruleset.as_ref(), &self.name)?;
        f.write_char(')')
    }
}

fn until(f: &mut Formatter<'_>, facts: Option<&[Fact]>) -> fmt::Result {
    let Some(facts) = facts else { return Ok(()) };
    f.write_str(" :until")?;
    spaced(f, facts)
}

impl Display for Run {
    /// The form inside a schedule.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(run")?;
        if let Some(ruleset) = &self.ruleset {
            write!(f, " {ruleset}")?;
        }
        until(f, self.until.as_deref())?;
        f.write_char(')')
    }
}

impl Display for Schedule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = match self {
            Schedule::Run(run) => return write!(f, "{run}"),
            Schedule::Saturate(_, inner) => {
                f.write_str("(saturate")?;
                inner
            }
            Schedule::Seq(_, inner) => {
                f.write_str("(seq")?;
                inner
            }
            Schedule::Repeat(_, limit, inner) => {
                write!(f, "(repeat {limit}")?;
                inner
            }
        };
        spaced(f, inner)?;
        f.write_char(')')
    }
}

/// `(head items…)`.
fn form<T: Display>(f: &mut Formatter<'_>, head: &str, items: &[T]) -> fmt::Result {
    write!(f, "({head}")?;
    spaced(f, items)?;
    f.write_char(')')
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Command::Sort(_, name, None) => write!(f, "(sort {name})"),
            Command::Sort(_, name, Some(source)) => write!(f, "(sort {name} {source})"),
            Command::SortWithLeaders(_, name, table) => {
                write!(f, "(sort {name} :internal-uf {table})")
            }
            Command::Datatype(_, name, variants) => form(f, &format!("datatype {name}"), variants),
            Command::Datatypes(_, datatypes) => form(f, "datatype*", datatypes),
            Command::Function(function) => write!(f, "{function}"),
            Command::Constructor(constructor) => write!(f, "{constructor}"),
            Command::Relation(_, name, inputs) => {
                write!(f, "(relation {name} ")?;
                list(f, inputs)?;
                f.write_char(')')
            }
            Command::Ruleset(_, name) => write!(f, "(ruleset {name})"),
            Command::CombinedRuleset(_, name, parts) => {
                form(f, &format!("unstable-combined-ruleset {name}"), parts)
            }
            Command::Rule(rule) => write!(f, "{rule}"),
            Command::Rewrite(rewrite) => write!(f, "{rewrite}"),
            Command::Action(action) => write!(f, "{action}"),
            Command::Run(run, limit) => {
                f.write_str("(run")?;
                if let Some(ruleset) = &run.ruleset {
                    write!(f, " {ruleset}")?;
                }
                write!(f, " {limit}")?;
                until(f, run.until.as_deref())?;
                f.write_char(')')
            }
            Command::RunSchedule(_, schedules) => form(f, "run-schedule", schedules),
            Command::Check(_, facts) => form(f, "check", facts),
            Command::Prove(_, facts) => form(f, "prove", facts),
            Command::ProveExists(_, name) => write!(f, "(prove-exists {name})"),
            Command::Fail(_, command) => write!(f, "(fail {command})"),
            Command::Extract(_, term, None) => write!(f, "(extract {term})"),
            Command::Extract(_, term, Some(variants)) => write!(f, "(extract {term} {variants})"),
            Command::Push(_, levels) => write!(f, "(push {levels})"),
            Command::Pop(_, levels) => write!(f, "(pop {levels})"),
            Command::PrintFunction(_, name, rows, file, mode) => {
                write!(f, "(print-function {name}")?;
                rows.map_or(Ok(()), |rows| write!(f, " {rows}"))?;
                file_option(f, file.as_deref())?;
                flags(f, &[(*mode == PrintMode::Csv, ":mode csv")])?;
                f.write_char(')')
            }
            Command::PrintSize(_, None) => f.write_str("(print-size)"),
            Command::PrintSize(_, Some(name)) => write!(f, "(print-size {name})"),
            Command::PrintStats(_, file) => {
                f.write_str("(print-stats")?;
                file_option(f, file.as_deref())?;
                f.write_char(')')
            }
            Command::Input(_, name, file) => write!(f, "(input {name} {})", Quoted(file)),
            Command::Output(_, file, exprs) => form(f, &format!("output {}", Quoted(file)), exprs),
            Command::Include(_, file) => write!(f, "(include {})", Quoted(file)),
        }
    }
}

fn file_option(f: &mut Formatter<'_>, file: Option<&str>) -> fmt::Result {
    file.map_or(Ok(()), |file| write!(f, " :file {}", Quoted(file)))
}
