//! Printing and parsing are inverse: a random program is printed, parsed, and must be equal.

use egraph_core::egglog::syntax::{
    Ac, Action, Change, Command, Constructor, Datatype, DatatypeBody, EvalMode, Expr, Fact,
    Function, Literal, Merge, Name, PrintMode, Rewrite, Rule, Run, Schedule, SortArg, SortSource,
    Sources, Span, Variant, parse,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::sync::Arc;

/// A name that is no keyword, literal or option.
fn name() -> impl Strategy<Value = Name> {
    "[xyz$@?éü][a-z0-9*+/<=>!.:'-]{0,5}".prop_map(|text| Name::from(text.as_str()))
}

fn text() -> impl Strategy<Value = Box<str>> {
    any::<String>().prop_map(Into::into)
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Unit),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(Literal::Int),
        any::<f64>().prop_map(Literal::Float),
        text().prop_map(Literal::String),
    ]
}

fn call(inner: impl Strategy<Value = Expr> + 'static) -> BoxedStrategy<Expr> {
    let call = (name(), vec(inner, 0..4));
    call.prop_map(|(head, operands)| Expr::call(Span::default(), head, operands)).boxed()
}

fn expr() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        literal().prop_map(|literal| Expr::literal(Span::default(), literal)),
        name().prop_map(Expr::var),
        Just(Expr::var("_".into())),
    ];
    leaf.prop_recursive(4, 20, 3, call).boxed()
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        (expr(), expr()).prop_map(|(a, b)| Fact::Eq(Span::default(), a, b)),
        call(expr()).prop_map(Fact::Expr),
    ]
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    vec(fact(), 0..3)
}

fn action() -> impl Strategy<Value = Action> {
    let at = Span::default();
    let change = prop_oneof![Just(Change::Delete), Just(Change::Subsume)];
    let row = || (name(), vec(expr(), 0..3));
    prop_oneof![
        (name(), expr()).prop_map(move |(x, e)| Action::Let(at, x, e)),
        (row(), expr()).prop_map(move |((f, a), e)| Action::Set(at, f, a, e)),
        (change, row()).prop_map(move |(c, (f, a))| Action::Change(at, c, f, a)),
        (expr(), expr()).prop_map(move |(a, b)| Action::Union(at, a, b)),
        text().prop_map(move |text| Action::Panic(at, text)),
        call(expr()).prop_map(Action::Expr),
    ]
}

fn sort_source() -> impl Strategy<Value = SortSource> {
    let arg = prop_oneof![
        name().prop_map(SortArg::Name),
        vec(name(), 0..3).prop_map(|names| SortArg::List(Span::default(), names)),
    ];
    (name(), vec(arg, 0..3)).prop_map(|(presort, args)| SortSource { presort, args })
}

fn ac() -> impl Strategy<Value = Option<Ac>> {
    let ac = (option::of(expr()), option::of(expr()));
    option::of(ac.prop_map(|(unit, annihilator)| Ac { unit, annihilator }))
}

fn variants() -> impl Strategy<Value = Vec<Variant>> {
    let variant = (name(), vec(name(), 0..3), option::of(any::<u32>()), any::<bool>(), ac());
    let variant = variant.prop_map(|(name, inputs, cost, unextractable, ac)| {
        let cost = cost.map(u64::from);
        Variant { span: Span::default(), name, inputs, cost, unextractable, ac }
    });
    vec(variant, 0..3)
}

fn datatype() -> impl Strategy<Value = Datatype> {
    let body = prop_oneof![
        variants().prop_map(DatatypeBody::Variants),
        sort_source().prop_map(DatatypeBody::Sort),
    ];
    (name(), body).prop_map(|(name, body)| Datatype { span: Span::default(), name, body })
}

fn run() -> impl Strategy<Value = Run> {
    let parts = (option::of(name()), option::of(facts()));
    parts.prop_map(|(ruleset, until)| Run { span: Span::default(), ruleset, until })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let at = Span::default();
    run().prop_map(Schedule::Run).prop_recursive(3, 10, 3, move |inner| {
        let inner = || vec(inner.clone(), 0..3);
        prop_oneof![
            inner().prop_map(move |s| Schedule::Saturate(at, s)),
            inner().prop_map(move |s| Schedule::Seq(at, s)),
            (any::<u32>(), inner()).prop_map(move |(n, s)| Schedule::Repeat(at, n.into(), s)),
        ]
    })
}

fn function() -> impl Strategy<Value = Command> {
    let merge = prop_oneof![Just(Merge::Conflict), expr().prop_map(Merge::Expr)];
    let signature = (name(), vec(name(), 0..3), name());
    (signature, merge, any::<[bool; 3]>()).prop_map(|((name, inputs, output), merge, flags)| {
        let [unextractable, hidden, let_binding] = flags;
        let span = Span::default();
        let function =
            Function { span, name, inputs, output, merge, unextractable, hidden, let_binding };
        Command::Function(function)
    })
}

fn constructor() -> impl Strategy<Value = Command> {
    let signature = (name(), vec(name(), 0..3), name());
    let cost = option::of(any::<u32>().prop_map(u64::from));
    (signature, cost, any::<[bool; 3]>(), ac()).prop_map(|(signature, cost, flags, ac)| {
        let (name, inputs, output) = signature;
        let [unextractable, hidden, let_binding] = flags;
        let span = Span::default();
        Command::Constructor(Constructor {
            span,
            name,
            inputs,
            output,
            cost,
            unextractable,
            hidden,
            let_binding,
            ac,
        })
    })
}

fn rule() -> impl Strategy<Value = Command> {
    let mode = prop_oneof![
        Just(EvalMode::Incremental),
        Just(EvalMode::Naive),
        Just(EvalMode::UnsafeIncremental)
    ];
    let parts = (facts(), vec(action(), 0..3), option::of(name()), text(), mode);
    (parts, any::<[bool; 2]>()).prop_map(|((body, head, ruleset, name, mode), flags)| {
        let [no_decomp, include_subsumed] = flags;
        let span = Span::default();
        let rule = Rule {
            span,
            body,
            head,
            ruleset,
            name: name.into(),
            mode,
            no_decomp,
            include_subsumed,
        };
        Command::Rule(Arc::new(rule))
    })
}

fn rewrite() -> impl Strategy<Value = Command> {
    let parts = (expr(), expr(), facts(), option::of(name()), text(), any::<[bool; 2]>());
    parts.prop_map(|(lhs, rhs, conditions, ruleset, name, [subsume, both_ways])| {
        let subsume = subsume && !both_ways;
        let span = Span::default();
        let rewrite =
            Rewrite { span, lhs, rhs, conditions, ruleset, name: name.into(), subsume, both_ways };
        Command::Rewrite(Arc::new(rewrite))
    })
}

fn declaration() -> impl Strategy<Value = Command> {
    let at = Span::default();
    prop_oneof![
        (name(), option::of(sort_source())).prop_map(move |(n, s)| Command::Sort(at, n, s)),
        (name(), name()).prop_map(move |(n, l)| Command::SortWithLeaders(at, n, l)),
        (name(), variants()).prop_map(move |(n, v)| Command::Datatype(at, n, v)),
        vec(datatype(), 0..3).prop_map(move |d| Command::Datatypes(at, d)),
        function(),
        constructor(),
        (name(), vec(name(), 0..3)).prop_map(move |(n, i)| Command::Relation(at, n, i)),
        name().prop_map(move |n| Command::Ruleset(at, n)),
        (name(), vec(name(), 0..3)).prop_map(move |(n, p)| Command::CombinedRuleset(at, n, p)),
        rule(),
        rewrite(),
    ]
}

fn instruction() -> impl Strategy<Value = Command> {
    let at = Span::default();
    let mode = prop_oneof![Just(PrintMode::Default), Just(PrintMode::Csv)];
    let count = || any::<u32>().prop_map(u64::from);
    prop_oneof![
        action().prop_map(Command::Action),
        (run(), count()).prop_map(|(run, limit)| Command::Run(run, limit)),
        vec(schedule(), 0..3).prop_map(move |s| Command::RunSchedule(at, s)),
        facts().prop_map(move |f| Command::Check(at, f)),
        facts().prop_map(move |f| Command::Prove(at, f)),
        name().prop_map(move |n| Command::ProveExists(at, n)),
        (expr(), option::of(expr())).prop_map(move |(e, n)| Command::Extract(at, e, n)),
        count().prop_map(move |n| Command::Push(at, n)),
        count().prop_map(move |n| Command::Pop(at, n)),
        (name(), option::of(count()), option::of(text()), mode)
            .prop_map(move |(n, rows, file, mode)| Command::PrintFunction(at, n, rows, file, mode)),
        option::of(name()).prop_map(move |n| Command::PrintSize(at, n)),
        option::of(text()).prop_map(move |file| Command::PrintStats(at, file)),
        (name(), text()).prop_map(move |(n, file)| Command::Input(at, n, file)),
        (text(), vec(expr(), 0..3)).prop_map(move |(file, e)| Command::Output(at, file, e)),
        text().prop_map(move |file| Command::Include(at, file)),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let plain = prop_oneof![declaration(), instruction()].boxed();
    let failing = plain.clone();
    let fail = failing.prop_map(|inner| Command::Fail(Span::default(), Box::new(inner)));
    prop_oneof![9 => plain, 1 => fail]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn parsing_undoes_printing(command in command()) {
        let text = command.to_string();
        let mut sources = Sources::new();
        let file = sources.add("random", text.as_str());
        let parsed = parse(file, &text);
        prop_assert_eq!(parsed, Ok(vec![command]), "{}", text);
    }
}

/// What `fail` and schedules may nest is limited; expressions are not.
#[test]
fn depth_is_refused_or_handled() {
    let mut sources = Sources::new();
    for (open, close) in [("(fail ", ")"), ("(run-schedule (seq ", "))")] {
        let text = format!("{}(run 1){}", open.repeat(100_000), close.repeat(100_000));
        let text = text.replace("(run-schedule (seq (run-schedule ", "(run-schedule (seq (seq ");
        let file = sources.add("deep", text.as_str());
        let errors = parse(file, &text).unwrap_err();
        assert!(["EG003", "EG006"].contains(&errors.0[0].code), "{errors}");
    }
    let seq = format!("(run-schedule {}{})", "(seq ".repeat(100_000), ")".repeat(100_000));
    let file = sources.add("deep", seq.as_str());
    assert_eq!(parse(file, &seq).unwrap_err().0[0].code, "EG006");

    let text = format!("(extract {}x{})", "(f ".repeat(100_000), ")".repeat(100_000));
    let file = sources.add("deep", text.as_str());
    let commands = parse(file, &text).expect("expressions may be deep");
    assert_eq!(commands[0].to_string(), text);
}
