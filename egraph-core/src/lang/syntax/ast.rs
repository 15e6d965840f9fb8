//! Commands, rules, schedules: the syntax tree above expressions.
//!
//! The tree keeps what was written (a `rewrite` stays a `rewrite`); meaning is given by
//! [`types`](crate::egglog::types).

use std::sync::Arc;

use smol_str::SmolStr;

use super::expr::{Expr, Name};
use super::span::Span;

/// An argument of a container sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortArg {
    /// A sort.
    Name(Name),
    /// A list of sorts, as the inputs of `UnstableFn` are.
    List(Span, Vec<Name>),
}

/// Where a sort comes from: `(Vec i64)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortSource {
    /// `Vec`, `Set`, `Map`, `MultiSet`, `Pair`, `UnstableFn`.
    pub presort: Name,
    /// What it is made of.
    pub args: Vec<SortArg>,
}

/// `:ac :unit (Zero) :annihilator (Top)`: the operator is associative and commutative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ac {
    /// The operand that can be left out.
    pub unit: Option<Expr>,
    /// The operand that every application with it is equal to.
    pub annihilator: Option<Expr>,
}

/// A constructor of a datatype: `(Add Math Math :cost 2)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The whole variant.
    pub span: Span,
    /// Name of the constructor.
    pub name: Name,
    /// Sorts of the operands.
    pub inputs: Vec<Name>,
    /// Cost of a node in extraction; 1 where absent.
    pub cost: Option<u64>,
    /// Never extracted.
    pub unextractable: bool,
    /// It is associative and commutative.
    pub ac: Option<Ac>,
}

/// A member of `datatype*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datatype {
    /// The whole member.
    pub span: Span,
    /// Name of the sort.
    pub name: Name,
    /// What it is.
    pub body: DatatypeBody,
}

/// What a member of `datatype*` declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatatypeBody {
    /// A sort of terms.
    Variants(Vec<Variant>),
    /// A container: `(sort Maths (Vec Math))`.
    Sort(SortSource),
}

/// What happens when a key gets a second value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// `:no-merge`: an error, unless the values are equal.
    Conflict,
    /// `:merge`: this expression over `old` and `new`.
    Expr(Expr),
}

/// `(function f (i64) i64 :merge (max old new))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The whole command.
    pub span: Span,
    /// Name of the function.
    pub name: Name,
    /// Sorts of the arguments.
    pub inputs: Vec<Name>,
    /// Sort of the value.
    pub output: Name,
    /// How two values for one key become one.
    pub merge: Merge,
    /// Never extracted, even when its values are terms.
    pub unextractable: bool,
    /// Not listed by `print-size`.
    pub hidden: bool,
    /// The function stands for a global.
    pub let_binding: bool,
}

/// `(constructor Add (Math Math) Math :cost 2)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constructor {
    /// The whole command.
    pub span: Span,
    /// Name of the constructor.
    pub name: Name,
    /// Sorts of the operands.
    pub inputs: Vec<Name>,
    /// Sort of the term.
    pub output: Name,
    /// Cost of a node in extraction; 1 where absent.
    pub cost: Option<u64>,
    /// Never extracted.
    pub unextractable: bool,
    /// Not listed by `print-size`.
    pub hidden: bool,
    /// The constructor stands for a global.
    pub let_binding: bool,
    /// It is associative and commutative.
    pub ac: Option<Ac>,
}

/// A condition of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `(= a b)`.
    Eq(Span, Expr, Expr),
    /// A call that must match: a row of a table, or a primitive that does not fail.
    Expr(Expr),
}

impl Fact {
    /// Where it was written.
    pub fn span(&self) -> Span {
        match self {
            Fact::Eq(span, ..) => *span,
            Fact::Expr(expr) => expr.span(),
        }
    }
}

/// What is done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The row is removed.
    Delete,
    /// The row stays but is neither matched nor extracted.
    Subsume,
}

/// What a rule or the program does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `(let x e)`: a variable of the rule, or a global of the program.
    Let(Span, Name, Expr),
    /// `(set (f a) e)`.
    Set(Span, Name, Vec<Expr>, Expr),
    /// `(delete (f a))`, `(subsume (f a))`.
    Change(Span, Change, Name, Vec<Expr>),
    /// `(union a b)`.
    Union(Span, Expr, Expr),
    /// `(panic "why")`.
    Panic(Span, Box<str>),
    /// An expression evaluated for what it inserts.
    Expr(Expr),
}

/// How a rule is matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvalMode {
    /// Only against what is new; actions read no table.
    #[default]
    Incremental,
    /// `:naive`: against everything, each time; actions may read tables.
    Naive,
    /// `:unsafe-seminaive`: only against what is new, though actions may read tables.
    UnsafeIncremental,
}

/// `(rule (fact…) (action…) option…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The whole command.
    pub span: Span,
    /// The query.
    pub body: Vec<Fact>,
    /// What to do for each match.
    pub head: Vec<Action>,
    /// The rule set; the default one where absent.
    pub ruleset: Option<Name>,
    /// The given name; empty is none.
    pub name: SmolStr,
    /// How it is matched.
    pub mode: EvalMode,
    /// `:no-decomp`: a hint to plan the query as one join.
    pub no_decomp: bool,
    /// `:internal-include-subsumed`: subsumed rows match too.
    pub include_subsumed: bool,
}

/// `(rewrite lhs rhs option…)` and `(birewrite lhs rhs option…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The whole command.
    pub span: Span,
    /// What is matched.
    pub lhs: Expr,
    /// What it is united with.
    pub rhs: Expr,
    /// `:when`: further conditions.
    pub conditions: Vec<Fact>,
    /// The rule set; the default one where absent.
    pub ruleset: Option<Name>,
    /// The given name; empty is none.
    pub name: SmolStr,
    /// `:subsume` the matched row.
    pub subsume: bool,
    /// `birewrite`.
    pub both_ways: bool,
}

/// One pass over a rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where it was written.
    pub span: Span,
    /// The rule set; the default one where absent.
    pub ruleset: Option<Name>,
    /// Stop when all of these hold.
    pub until: Option<Vec<Fact>>,
}

/// In which order rule sets run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// One pass.
    Run(Run),
    /// `(saturate s…)`: again until nothing changes.
    Saturate(Span, Vec<Schedule>),
    /// `(seq s…)`: one after the other.
    Seq(Span, Vec<Schedule>),
    /// `(repeat n s…)`: n times, or until nothing changes.
    Repeat(Span, u64, Vec<Schedule>),
}

/// The form in which `print-function` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrintMode {
    /// One row a line, as terms.
    #[default]
    Default,
    /// Comma-separated values.
    Csv,
}

/// A command of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `(sort S)`, `(sort S (Vec i64))`.
    Sort(Span, Name, Option<SortSource>),
    /// `(sort S :internal-uf F)`: extraction first replaces a term by what the constructor `F`,
    /// declared later, pairs it with.
    SortWithLeaders(Span, Name, Name),
    /// `(datatype S variant…)`.
    Datatype(Span, Name, Vec<Variant>),
    /// `(datatype* …)`: sorts that refer to each other.
    Datatypes(Span, Vec<Datatype>),
    /// `(function …)`.
    Function(Function),
    /// `(constructor …)`.
    Constructor(Constructor),
    /// `(relation r (i64))`.
    Relation(Span, Name, Vec<Name>),
    /// `(ruleset r)`.
    Ruleset(Span, Name),
    /// `(unstable-combined-ruleset r a b)`.
    CombinedRuleset(Span, Name, Vec<Name>),
    /// `(rule …)`.
    Rule(Arc<Rule>),
    /// `(rewrite …)`, `(birewrite …)`.
    Rewrite(Arc<Rewrite>),
    /// An action at the top level.
    Action(Action),
    /// `(run n)`, `(run r n :until …)`: at most n passes.
    Run(Run, u64),
    /// `(run-schedule s…)`.
    RunSchedule(Span, Vec<Schedule>),
    /// `(check fact…)`.
    Check(Span, Vec<Fact>),
    /// `(fail command)`: the command must fail.
    Fail(Span, Box<Command>),
    /// `(extract e)`, `(extract e n)`.
    Extract(Span, Expr, Option<Expr>),
    /// `(push n)`.
    Push(Span, u64),
    /// `(pop n)`.
    Pop(Span, u64),
    /// `(print-function f n :file "…" :mode csv)`.
    PrintFunction(Span, Name, Option<u64>, Option<Box<str>>, PrintMode),
    /// `(print-size f)`, `(print-size)`.
    PrintSize(Span, Option<Name>),
    /// `(print-stats :file "…")`.
    PrintStats(Span, Option<Box<str>>),
    /// `(input f "file")`.
    Input(Span, Name, Box<str>),
    /// `(output "file" e…)`.
    Output(Span, Box<str>, Vec<Expr>),
    /// `(include "file")`.
    Include(Span, Box<str>),
    /// `(prove fact…)`.
    Prove(Span, Vec<Fact>),
    /// `(prove-exists f)`.
    ProveExists(Span, Name),
}

impl Action {
    /// Where it was written.
    pub fn span(&self) -> Span {
        match self {
            Action::Let(span, ..)
            | Action::Set(span, ..)
            | Action::Change(span, ..)
            | Action::Union(span, ..)
            | Action::Panic(span, _) => *span,
            Action::Expr(expr) => expr.span(),
        }
    }
}

impl Command {
    /// Where it was written.
    pub fn span(&self) -> Span {
        match self {
            Command::Function(function) => function.span,
            Command::Constructor(constructor) => constructor.span,
            Command::Rule(rule) => rule.span,
            Command::Rewrite(rewrite) => rewrite.span,
            Command::Run(run, _) => run.span,
            Command::Action(action) => action.span(),
            Command::Sort(span, ..)
            | Command::SortWithLeaders(span, ..)
            | Command::Datatype(span, ..)
            | Command::Datatypes(span, _)
            | Command::Relation(span, ..)
            | Command::Ruleset(span, _)
            | Command::CombinedRuleset(span, ..)
            | Command::RunSchedule(span, _)
            | Command::Check(span, _)
            | Command::Fail(span, _)
            | Command::Extract(span, ..)
            | Command::Push(span, _)
            | Command::Pop(span, _)
            | Command::PrintFunction(span, ..)
            | Command::PrintSize(span, _)
            | Command::PrintStats(span, _)
            | Command::Input(span, ..)
            | Command::Output(span, ..)
            | Command::Include(span, _)
            | Command::Prove(span, _)
            | Command::ProveExists(span, _) => *span,
        }
    }
}
