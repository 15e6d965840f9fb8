//! The resolved program: what an engine carries out.

use std::sync::Arc;

use smol_str::SmolStr;

use super::super::syntax::{Change, Diagnostic, EvalMode, PrintMode, Span};
use super::super::values::{PrimId, Sort, Value};
use super::name::RuleName;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) u32);

        impl $name {
            /// The position in the list of declarations.
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The declaration at this position.
            pub const fn from_index(index: usize) -> Self {
                Self(index as u32)
            }
        }
    };
}

id! {
    /// A function, constructor or relation. Numbered from 0 in order of declaration; `pop` gives
    /// the numbers of what it forgets free.
    FuncId
}
id! {
    /// A global, numbered as functions are.
    GlobalId
}
id! {
    /// A rule set, numbered as functions are. [`RulesetId::DEFAULT`] is always there.
    RulesetId
}

impl RulesetId {
    /// The rule set of rules that name none.
    pub const DEFAULT: RulesetId = RulesetId(0);
}

/// What a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FuncKind {
    /// The value is an e-class, made when a key is first used; values of one key are united.
    Constructor,
    /// A constructor of facts: the value is an e-class of a sort of its own that nothing can unite,
    /// so that only the presence of the row matters.
    Relation,
    /// The value is `set`; two values of one key are merged. A key without value is no row.
    Function,
}

/// How two values of one key become one.
#[derive(Clone, Debug)]
pub enum Merge {
    /// The two classes are united: constructors and relations.
    Union,
    /// It is an error unless the values are equal.
    Conflict,
    /// The expression gives the new value; variable 0 is the old one, variable 1 the new one.
    Expr(Expr),
}

/// What is known of an operator that is associative and commutative.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Sort of operands and terms. The one input of the table is the multiset of the operands.
    pub element: Sort,
    /// The operand that can be left out; without variables.
    pub unit: Option<Expr>,
    /// The operand that every application with it is equal to; without variables.
    pub annihilator: Option<Expr>,
}

/// A declared table.
#[derive(Clone, Debug)]
pub struct FuncDecl {
    /// Its name.
    pub name: SmolStr,
    /// What it is for.
    pub kind: FuncKind,
    /// Sorts of the key.
    pub inputs: Vec<Sort>,
    /// Sort of the value.
    pub output: Sort,
    /// How two values of one key become one.
    pub merge: Merge,
    /// Cost of a node in extraction, besides that of its operands.
    pub cost: u64,
    /// Never extracted. Always true for [`FuncKind::Function`].
    pub unextractable: bool,
    /// Not listed by `print-size` without a name.
    pub hidden: bool,
    /// A constructor that is associative and commutative.
    pub operator: Option<Arc<Operator>>,
    /// Where it was declared.
    pub span: Span,
}

/// A declared global.
#[derive(Clone, Debug)]
pub struct GlobalDecl {
    /// Its name, with `$` if it was written with one.
    pub name: SmolStr,
    /// Sort of its value.
    pub sort: Sort,
    /// Where it was declared.
    pub span: Span,
}

/// What a rule set holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulesetKind {
    /// Rules.
    Rules,
    /// All rules of these, whenever they were added.
    Combined(Vec<RulesetId>),
}

/// A declared rule set.
#[derive(Clone, Debug)]
pub struct RulesetDecl {
    /// Its name; the default one's is empty.
    pub name: SmolStr,
    /// What it holds.
    pub kind: RulesetKind,
    /// Where it was declared.
    pub span: Span,
}

/// A place in an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A variable of the query.
    Var(u32),
    /// A constant.
    Const(Value),
    /// The present value of a global (of its class, if it is one).
    Global(GlobalId),
}

/// A condition of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Atom {
    /// The table has a row with these operands.
    Table {
        /// The table.
        func: FuncId,
        /// The key.
        args: Vec<Operand>,
        /// The value.
        out: Operand,
    },
    /// The associative and commutative operator has a row with these operands, in any order.
    Operator {
        /// Its table.
        func: FuncId,
        /// Operands.
        args: Vec<Operand>,
        /// The multiset of all others; without it there are none.
        rest: Option<Operand>,
        /// The term.
        out: Operand,
    },
    /// The primitive does not fail on `args`, and gives `out`.
    Prim {
        /// The primitive.
        prim: PrimId,
        /// What it is given. Every variable is in a table, or the value of another primitive that
        /// can be evaluated before.
        args: Vec<Operand>,
        /// What it gives.
        out: Operand,
    },
    /// Two constants or globals of this sort are equal. (Variables are unified instead.)
    Equal(Sort, Operand, Operand),
}

/// A variable of a query or rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VarDecl {
    /// As written; empty for what nested calls give.
    pub name: SmolStr,
    /// Its sort.
    pub sort: Sort,
}

/// A conjunction. Its matches are the values of its variables for which all atoms hold.
///
/// Every variable is in an atom. Two atoms never have the same table, or primitive, and operands.
/// Values of the sort `Unit` are constants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Variables, by number.
    pub vars: Vec<VarDecl>,
    /// Conditions, in the order in which they were written, operands before what uses them.
    pub atoms: Vec<Atom>,
    /// Rows that are subsumed match too: in `check`, and in rules that ask for it.
    pub include_subsumed: bool,
}

/// A step of an [`Expr`], for a machine with a stack of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Pushes a variable of the rule, or of the merge expression.
    Var(u32),
    /// Pushes a constant.
    Const(Value),
    /// Pushes the present value of a global.
    Global(GlobalId),
    /// Pops as many values as the table has inputs, and pushes its value for them: constructors and
    /// relations add a missing row, a missing row of a function is an error.
    Call(FuncId),
    /// Pops as many operands, the last of them a multiset if the flag is set, and pushes the term
    /// of the associative and commutative operator, which is added if it is missing.
    Operator(FuncId, u32, bool),
    /// Pops this many values, and pushes what the primitive gives; its failure is an error.
    Prim(PrimId, u32),
}

/// An expression in post-order: after its last step one value is on the stack.
#[derive(Clone, Debug)]
pub struct Expr {
    /// The steps; never empty.
    pub nodes: Vec<Node>,
    /// Sort of the value.
    pub sort: Sort,
    /// Where it was written.
    pub span: Span,
}

/// What is done for a match, or at the top level.
#[derive(Clone, Debug)]
pub enum Action {
    /// Binds a variable of the rule. (At the top level see [`Command::Let`].)
    Let(u32, Expr),
    /// Sets the value of a function.
    Set(Span, FuncId, Vec<Expr>, Expr),
    /// Makes two classes of one sort equal.
    Union(Span, Expr, Expr),
    /// Deletes or subsumes the row with this key, if there is one.
    Change(Span, Change, FuncId, Vec<Expr>),
    /// Stops the program with a message.
    Panic(Span, Box<str>),
    /// Evaluates for what is inserted.
    Expr(Expr),
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name given; else the text of the rule or rewrite.
    pub name: RuleName,
    /// The rule set it was added to, which is no combined one.
    pub ruleset: RulesetId,
    /// What is matched.
    pub body: Query,
    /// What is done for each match.
    pub head: Vec<Action>,
    /// Variables of the body, then those that `let` binds.
    pub vars: Vec<VarDecl>,
    /// How it is matched.
    pub mode: EvalMode,
    /// A hint to plan the query as one join.
    pub no_decomp: bool,
    /// Where it was written.
    pub span: Span,
}

/// In which order rule sets run. "Changed" means that a table or class changed.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// One pass over a rule set, unless all of `until` has a match before it.
    Run(Span, RulesetId, Option<Query>),
    /// All of them in order, again until a whole round changed nothing.
    Saturate(Vec<Schedule>),
    /// All of them in order.
    Seq(Vec<Schedule>),
    /// All of them in order, so many times, or until a whole round changed nothing.
    Repeat(u64, Vec<Schedule>),
}

/// What an engine carries out.
#[derive(Clone, Debug)]
pub enum Command {
    /// A sort was declared. Where a constructor is named, extraction first replaces a term of the
    /// sort by what that constructor pairs it with.
    Sort(Sort, Option<SmolStr>),
    /// A table was declared.
    Function(FuncId),
    /// A rule set was declared.
    Ruleset(RulesetId),
    /// A rule is added.
    Rule(Rule),
    /// A global gets its value.
    Let(Span, GlobalId, Expr),
    /// An action without variables.
    Action(Action),
    /// Rule sets run.
    Schedule(Span, Schedule),
    /// The query must have a match.
    Check(Span, Query),
    /// The command must fail.
    Fail(Span, Box<Command>),
    /// A command that fails whenever it is carried out, with this message.
    Refused(Diagnostic),
    /// The best term is printed; with a number of variants above 0, so many terms.
    Extract(Span, Expr, Option<Expr>),
    /// The state is saved, so many times.
    Push(Span, u64),
    /// A saved state is restored, so many times; an error where fewer are saved.
    Pop(Span, u64),
    /// Rows of a table are printed: at most so many, to a file, in this form.
    PrintFunction(Span, FuncId, Option<u64>, Option<Box<str>>, PrintMode),
    /// The number of rows of a table, or of all.
    PrintSize(Span, Option<FuncId>),
    /// What was done so far is printed, to a file.
    PrintStats(Span, Option<Box<str>>),
    /// Rows are read from a file.
    Input(Span, FuncId, Box<str>),
    /// Best terms are appended to a file.
    Output(Span, Box<str>, Vec<Expr>),
    /// The commands of a file are to be parsed, checked and carried out here.
    Include(Span, Box<str>),
    /// A proof of the query is printed.
    Prove(Span, Query),
    /// A proof that the constructor has a row is printed.
    ProveExists(Span, FuncId),
}
