//! One small e-graph for each rule that makes a choice a program, with something cheaper in it that
//! breaks the rule, and a legal answer that is known. Every extractor must find that answer, and
//! the judge must find nothing to object to.
//!
//! The e-graphs are programs with equalities added by hand. Some of the texts fork a state on
//! purpose, so that the other branch of the fork is an alternative to choose.

use egraph_core::{EClassId, ENodeId, Reason};
use extract::{Control, Extractor, extractors};
use optimizer::decode::decode;
use optimizer::encode::{Assumptions, encode};
use optimizer::extraction::{extract_exactly, extract_program};
use optimizer::facts::Range;
use optimizer::language::Meaning;
use optimizer::legality::check;
use optimizer::model::Model;
use optimizer::program::export;
use rvsdg::interp::{Limits, Violation, run};
use rvsdg::{Answer, Arg, Array, Function, Inputs, NodeId, NodeKind, Op, Scalar, Type};

fn parse(text: &str) -> Function {
    rvsdg::text::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// The e-graph of a program as it is written.
fn model(function: &Function) -> Model<'_> {
    let formals = function.params.iter().map(|param| Range::any(param.ty)).collect();
    let assumptions = Assumptions { formals, node_limit: 1000, ..Assumptions::default() };
    encode(function, &assumptions).expect("it is small")
}

/// Classes of the nodes whose operation satisfies a predicate, in the order of the text; of effects
/// the states.
fn classes(model: &Model<'_>, wanted: impl Fn(Op) -> bool) -> Vec<EClassId> {
    let meaning = |node: &ENodeId| {
        let language = &model.graph.analysis().language;
        language.meaning(model.graph.op(*node))
    };
    let is = |node: &ENodeId| matches!(meaning(node), Meaning::Simple(op) if wanted(op));
    model.graph.all_nodes().filter(is).map(|node| model.graph.class_of(node)).collect()
}

fn stores(model: &Model<'_>) -> Vec<EClassId> {
    classes(model, |op| op == Op::Store)
}

fn states_of_calls(model: &Model<'_>) -> Vec<EClassId> {
    classes(model, |op| matches!(op, Op::Call(_)))
}

fn sines(model: &Model<'_>) -> Vec<EClassId> {
    classes(model, |op| op.name() == "math.sin")
}

/// The class in an inner region that is the value of an outer class on entry.
fn import_of(model: &Model<'_>, outer: EClassId) -> EClassId {
    let import = model.graph.analysis().language.import;
    let mut imports = model.graph.all_nodes().filter(|node| {
        model.graph.op(*node) == import && model.graph.child(*node, 0) == model.graph.find(outer)
    });
    model.graph.class_of(imports.next().expect("it is used inside"))
}

fn equal(model: &mut Model<'_>, a: EClassId, b: EClassId) {
    model.graph.union(a, b, Reason::Given).expect("they have a region and a type in common");
    model.graph.rebuild();
}

/// Who must find the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Every extractor: there is no other legal answer, or none that looks cheaper to any.
    Everyone,
    /// The optimiser's own extractors, and those that prove what they answer.
    Best,
}

/// What extractors make of an e-graph, by name; each is legal.
fn programs(model: &Model<'_>, who: Who) -> Vec<(&'static str, Function)> {
    let mut found = Vec::new();
    for extractor in extractors() {
        if who == Who::Everyone || extractor.caps().exact {
            found.push((extractor.name(), by(model, extractor.as_ref())));
        }
    }
    let greedy = optimizer::greedy::GreedyDifferences;
    found.push((greedy.name(), by(model, &greedy)));
    let (exact, proved) = extract_exactly(model).expect("there is a legal program");
    assert!(proved, "nothing is proved of a small e-graph");
    assert_eq!(check(model, &exact.selection), []);
    found.push(("exactly", exact.function));
    found
}

fn by(model: &Model<'_>, extractor: &dyn Extractor) -> Function {
    let name = extractor.name();
    let (selection, function) = if extractor.caps().states {
        let program = export(model);
        let outcome = extractor.extract(&program.problem, &Control::default());
        let selection = program.selection(model, &outcome);
        let selection = selection.unwrap_or_else(|| panic!("{name}: {:?}", outcome.status));
        let function = decode(model, &selection).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        (selection, function)
    } else {
        let found = extract_program(model, extractor, &[]);
        let found = found.unwrap_or_else(|| panic!("{name} finds nothing legal"));
        (found.selection, found.function)
    };
    assert_eq!(check(model, &selection), [], "{name}");
    rvsdg::verify::verify(&function).unwrap_or_else(|e| panic!("{name}: {e:?}\n{function}"));
    function
}

/// The answer, or nothing for a run that does not end.
fn answer(function: &Function, inputs: &Inputs) -> Option<Answer> {
    match run(function, inputs, &Limits { steps: Some(3000), ..Limits::default() }) {
        Ok(run) => Some(run.answer),
        Err(Violation::StepLimit) => None,
        Err(violation) => panic!("{violation} on {inputs:?} in\n{function}"),
    }
}

/// Every combination of small arguments; arrays have three elements.
fn all_inputs(function: &Function) -> Vec<Inputs> {
    let mut all = vec![Inputs::default()];
    for param in &function.params {
        let choices: Vec<Scalar> = match param.ty {
            Type::F64 => [0.5, 2.0].map(Scalar::F64).to_vec(),
            Type::I64 => [0, 1, 2].map(Scalar::I64).to_vec(),
            Type::Bool => [false, true].map(Scalar::Bool).to_vec(),
            _ => Vec::new(),
        };
        let mut next = Vec::new();
        for inputs in all {
            if choices.is_empty() {
                let mut inputs: Inputs = inputs;
                inputs.args.push(Arg::Array(inputs.arrays.len()));
                inputs.arrays.push(Array::f64(vec![1.0, 2.0, 7.0]));
                next.push(inputs);
                continue;
            }
            for choice in &choices {
                let mut inputs = inputs.clone();
                inputs.args.push(Arg::Scalar(*choice));
                next.push(inputs);
            }
        }
        all = next;
    }
    all
}

/// Operations of a function by name, with the depth of their regions.
fn operations(function: &Function) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut work = vec![(function.body(), 0)];
    while let Some((region, depth)) = work.pop() {
        for node in &function.region(region).nodes {
            match &function.node(*node).kind {
                NodeKind::Simple(Op::Const(_)) => {}
                NodeKind::Simple(op) => found.push((op.name(), depth)),
                NodeKind::Gamma { arms } => work.extend(arms.iter().map(|arm| (*arm, depth + 1))),
                NodeKind::Theta { body } => work.push((*body, depth + 1)),
            }
        }
    }
    found.sort();
    found
}

/// From the e-graph of `text` with equalities, every extractor makes the program with these
/// operations, and its answers are those of `same` on all inputs.
fn only(
    texts: (&str, &str),
    equalities: impl FnOnce(&mut Model<'_>),
    expected: &[(&str, usize)],
) -> Function {
    found_by(Who::Everyone, texts, equalities, expected)
}

fn found_by(
    who: Who,
    (text, same): (&str, &str),
    equalities: impl FnOnce(&mut Model<'_>),
    expected: &[(&str, usize)],
) -> Function {
    let (function, same) = (parse(text), parse(same));
    rvsdg::verify::verify(&same).expect("the program to compare with is legal");
    let mut model = model(&function);
    equalities(&mut model);
    let found = programs(&model, who);
    for (name, program) in &found {
        let operations = operations(program);
        let operations: Vec<(&str, usize)> =
            operations.iter().map(|(op, depth)| (op.as_str(), *depth)).collect();
        assert_eq!(operations, expected, "{name}\n{program}");
        for inputs in all_inputs(&same) {
            let (before, after) = (answer(&same, &inputs), answer(program, &inputs));
            let alike = match (&before, &after) {
                (Some(before), Some(after)) => before.same(after),
                (before, after) => before.is_none() && after.is_none(),
            };
            assert!(alike, "{name}, {inputs:?}: {before:?}, not {after:?}\n{program}");
        }
    }
    found.into_iter().next_back().expect("there are extractors").1
}

/// Ports of the function's only instance of a kind.
fn outputs(function: &Function, kind: fn(&NodeKind) -> bool) -> usize {
    let nodes = (0..function.node_count()).map(|at| function.node(NodeId::from_index(at)));
    let found: Vec<usize> =
        nodes.filter(|node| kind(&node.kind)).map(|node| node.outputs.len()).collect();
    assert_eq!(found.len(), 1, "{function}");
    found[0]
}

/// A store and the one that undoes it: the memory behind both is that before them, and what is read
/// in between needs both.
#[test]
fn a_walk_passes_a_class_twice() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%y f64) (%i i64) (%j i64)] [%io %m] -> f64
      (%old = load %m %a %i) (%m1 = store %m %a %i %y)
      (%x = load %m1 %a %j) (%m2 = store %m1 %a %i %old)
      (results %x %io %m2))";
    let undone = |model: &mut Model<'_>| {
        let entry = model.state_entry(egraph_core::RegionId::ROOT, Type::Mem(0));
        equal(model, stores(model)[1], entry.expect("it has memory"));
    };
    only((text, text), undone, &[("load", 0), ("load", 0), ("store", 0), ("store", 0)]);
}

/// The last load names the class that the walk passes first and last, and can only be at the end;
/// the first can only be at the beginning.
#[test]
fn a_load_is_placed_where_its_operands_are_known() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%y f64)] [%io %m] -> f64
      (%old = load %m %a 0) (%m1 = store %m %a 0 %y)
      (%x = load %m1 %a 0) (%m2 = store %m1 %a 0 %old)
      (%k = imax (imin (cast.i64 %x) 2) 0)
      (%z = load %m2 %a %k)
      (results %z %io %m2))";
    let undone = |model: &mut Model<'_>| {
        let entry = model.state_entry(egraph_core::RegionId::ROOT, Type::Mem(0));
        equal(model, stores(model)[1], entry.expect("it has memory"));
    };
    let loads = [("load", 0), ("load", 0), ("load", 0), ("store", 0), ("store", 0)];
    let rest = [("cast.i64", 0), ("imax", 0), ("imin", 0)];
    only((text, text), undone, &[&rest[..], &loads[..]].concat());
}

/// Two stores that follow the same state: one of the two would be lost.
#[test]
fn a_state_is_not_forked() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%y f64)] [%io %m] -> f64
      (%m1 = store %m %a 0 (math.sin %y))
      (%x = load %m1 %a 1)
      (%m2 = store %m1 %a 1 %y)
      (%m3 = store %m %a 1 %y)
      (%z = load %m3 %a 0)
      (results %x %io %m2))";
    let reordered = |model: &mut Model<'_>| {
        let states = stores(model);
        equal(model, states[1], states[2]);
    };
    let expected = [("load", 0), ("math.sin", 0), ("store", 0), ("store", 0)];
    let same = text.replace("(%m3 = store %m %a 1 %y)", "").replace("(%z = load %m3 %a 0)", "");
    only((text, &same), reordered, &expected);
}

/// A store after which the memory is the one before it is not repeated, nor needed.
#[test]
fn a_store_that_changes_nothing_is_on_no_walk() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%y f64)] [%io %m] -> none
      (%m1 = store %m %a 0 %y) (%m2 = store %m1 %a 0 %y)
      (results %io %m2))";
    let idempotent = |model: &mut Model<'_>| {
        let states = stores(model);
        equal(model, states[0], states[1]);
    };
    only((text, text), idempotent, &[("store", 0)]);
}

/// The state is cheaper through another call than the one whose value is used.
#[test]
fn value_and_state_come_from_one_call() {
    let text = "(lambda @f [(%x f64) (%y f64)] [%io] -> f64
      (%io1 %v = call.log %io (fadd (math.sin %x) 3.0))
      (%io2 %w = call.log %io %y)
      (results %v %io1))";
    let same = "(lambda @f [(%x f64) (%y f64)] [%io] -> f64
      (%io1 %v = call.log %io (fadd (math.sin %x) 3.0))
      (results %v %io1))";
    let alike = |model: &mut Model<'_>| {
        let states = states_of_calls(model);
        equal(model, states[0], states[1]);
    };
    only((text, same), alike, &[("call.log", 0), ("fadd", 0), ("math.sin", 0)]);
}

/// The state behind a branch is that behind a copy of what its arms do; a value that only the branch
/// has keeps the walk on the branch, and the effect happens once.
#[test]
fn a_branch_and_its_copy_are_not_mixed() {
    let text = "(lambda @f [(%p bool) (%x f64)] [%io] -> f64
      (%io1 %v = gamma %p [%io]
        (arm [%s] (%s1 %t = call.log %s %x) (results %s1 %t))
        (arm [%s] (%s1 %t = call.log %s %x) (%u = fadd %t 1.0) (results %s1 %u)))
      (%io2 %w = call.log %io %x)
      (results %v %io1))";
    let copied = |model: &mut Model<'_>| {
        let port = model.instances[0].state_port(Type::Io).expect("it has io");
        let behind = model.instances[0].ports[port].out;
        let copy = states_of_calls(model);
        let outside =
            |class: &&EClassId| model.graph.region(**class) == egraph_core::RegionId::ROOT;
        let copy = *copy.iter().find(outside).expect("one call is outside");
        equal(model, behind, copy);
    };
    let same = text.replace("(%io2 %w = call.log %io %x)", "");
    only((text, &same), copied, &[("call.log", 1), ("call.log", 1), ("fadd", 1)]);
}

/// A check that raises shows the memory before it: the store that is overwritten later stays.
#[test]
fn a_check_reads_the_memory_that_it_shows() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%x i64)] [%io %m] -> none
      (%m1 = store %m %a 0 3.5)
      (%io1 %c = guard %io %m1 (icmp.ne %x 0) %x :raise ValueError \"zero\")
      (%m2 = store %m1 %a 0 4.5)
      (%m3 = store %m %a 0 4.5)
      (results %io1 %m2))";
    let overwritten = |model: &mut Model<'_>| {
        let states = stores(model);
        equal(model, states[1], states[2]);
    };
    let same = text.replace("(%m3 = store %m %a 0 4.5)", "");
    let expected = [("guard", 0), ("icmp.ne", 0), ("store", 0), ("store", 0)];
    only((text, &same), overwritten, &expected);
}

/// A loop that may not end is started where it stands among the effects, though only its value is
/// asked for and there is a way around it.
#[test]
fn a_loop_that_may_not_end_stays_on_its_walk() {
    let text = "(lambda @f [(%x i64) (%d i64)] [%io] -> i64
      (%io1 %i = theta [%io %x]
        (body [%s %k] (%j = imul %k 3) (%go = icmp.ne %j %d) (results %go %s %j)))
      (%io2 %c = guard %io1 (icmp.ne %x 0) %x :raise ValueError \"zero\")
      (%io3 %b = guard %io (icmp.ne %x 0) %x :raise ValueError \"zero\")
      (results %i %io2))";
    let around = |model: &mut Model<'_>| {
        let guards = classes(model, |op| matches!(op, Op::Guard(_)));
        equal(model, guards[0], guards[1]);
    };
    let same =
        text.replace("(%io3 %b = guard %io (icmp.ne %x 0) %x :raise ValueError \"zero\")", "");
    let expected = [("guard", 0), ("icmp.ne", 0), ("icmp.ne", 1), ("imul", 1)];
    let found = only((text, &same), around, &expected);
    assert_eq!(outputs(&found, |kind| matches!(kind, NodeKind::Theta { .. })), 2, "{found}");
}

/// Read back from where it is stored, a value would need itself.
#[test]
fn a_value_is_not_read_from_where_it_is_stored_next() {
    let text = "(lambda @f [(%a memref<f64,1,0>) (%y f64)] [%io %m] -> f64
      (%v = math.tanh %y)
      (%m1 = store %m %a 0 %v) (%m2 = store %m1 %a 1 1.0)
      (%w = load %m2 %a 0)
      (results %w %io %m2))";
    let forwarded = |model: &mut Model<'_>| {
        let load = classes(model, |op| op == Op::Load)[0];
        let tanh = classes(model, |op| op.name() == "math.tanh")[0];
        equal(model, load, tanh);
    };
    only((text, text), forwarded, &[("math.tanh", 0), ("store", 0), ("store", 0)]);
}

/// Only the ports that are used are passed on, by both arms alike and in one order.
#[test]
fn the_arms_of_a_branch_agree_on_what_they_pass_on() {
    let text = "(lambda @f [(%p bool) (%x f64)] [%io] -> (f64 f64)
      (%a %b %c = gamma %p []
        (arm [] (%t = math.tanh %x) (results %t 1.0 2.0))
        (arm [] (%t = math.tanh %x) (%u = fmul %x 3.0) (results %t %u 4.0)))
      (%d = fadd %x 0.5)
      (%e = fadd %c %d)
      (results %a %b %io))";
    let same = "(lambda @f [(%p bool) (%x f64)] [%io] -> (f64 f64)
      (%b = gamma %p [] (arm [] (results 1.0)) (arm [] (%u = fmul %x 3.0) (results %u)))
      (%d = fadd %x 0.5)
      (results %d %b %io))";
    let outside = |model: &mut Model<'_>| {
        let port = model.instances[0].ports[0].out;
        let sums = classes(model, |op| op == Op::FAdd);
        equal(model, port, sums[0]);
    };
    let found = only((text, same), outside, &[("fadd", 0), ("fmul", 1)]);
    assert_eq!(outputs(&found, |kind| matches!(kind, NodeKind::Gamma { .. })), 1, "{found}");
}

/// Terms that look the same in two regions are two: one cannot stand for the other, and a division
/// that only its arm allows has no equal outside.
#[test]
fn nothing_escapes_from_its_region() {
    let text = "(lambda @f [(%p bool) (%x i64)] [%io] -> i64
      (%zero = icmp.eq %x 0)
      (%r = gamma %zero []
        (arm [] (%u = ifloordiv 7 %x) (%w = iadd %x 1) (%v = iadd %u %w) (results %v))
        (arm [] (%w = iadd %x 1) (results %w)))
      (%e = iadd %r %x)
      (results %e %io))";
    let function = parse(text);
    let mut model = model(&function);
    let sums = classes(&model, |op| op == Op::IAdd);
    let divisions = classes(&model, |op| op == Op::IFloorDiv);
    let region = |class: EClassId| model.graph.region(class);
    let refused: Vec<(EClassId, EClassId)> = [sums[0], sums[1], sums[2], divisions[0]]
        .iter()
        .flat_map(|a| sums.iter().map(|b| (*a, *b)))
        .filter(|(a, b)| region(*a) != region(*b))
        .collect();
    assert!(refused.len() >= 6, "{refused:?}");
    for (a, b) in refused {
        assert!(model.graph.union(a, b, Reason::Given).is_err(), "{a:?} and {b:?}");
    }
    let expected =
        [("iadd", 0), ("iadd", 1), ("iadd", 1), ("iadd", 1), ("icmp.eq", 0), ("ifloordiv", 1)];
    only((text, text), |_| {}, &expected);
}

/// What is computed in every iteration costs as often as the loop runs.
#[test]
fn a_value_is_computed_before_the_loop_that_uses_it() {
    let text = "(lambda @f [(%x f64) (%n i64)] [%io] -> f64
      (%y = math.sin %x)
      (%s %k = theta [0.0 0] (body [%acc %i]
        (%z = math.sin %x) (%t = fadd %acc %z) (%u = fadd %t %y)
        (%j = iadd %i 1) (%go = icmp.lt %j 20) (results %go %u %j)))
      (results %s %io))";
    let invariant = |model: &mut Model<'_>| {
        let inside = *sines(model).last().expect("there are two");
        let outside = import_of(model, sines(model)[0]);
        equal(model, inside, outside);
    };
    let sums = [("fadd", 1), ("fadd", 1), ("iadd", 1), ("icmp.lt", 1), ("math.sin", 0)];
    found_by(Who::Best, (text, text), invariant, &sums);
}

/// What only one arm uses costs as often as the arm is entered; what is computed anyway, nothing.
#[test]
fn a_value_is_computed_in_the_arm_that_uses_it() {
    let arms = "(%r = gamma %p []
        (arm [] (results 0.5))
        (arm [] (%z = math.sin %x) (%t = fadd %z %y) (results %t)))";
    let alone = format!(
        "(lambda @f [(%p bool) (%x f64)] [%io] -> f64
          (%y = math.sin %x) {arms} (results %r %io))"
    );
    let shared = format!(
        "(lambda @f [(%p bool) (%x f64)] [%io] -> (f64 f64)
          (%y = math.sin %x) {arms} (results %r %y %io))"
    );
    let invariant = |model: &mut Model<'_>| {
        let inside = *sines(model).last().expect("there are two");
        let outside = import_of(model, sines(model)[0]);
        equal(model, inside, outside);
    };
    found_by(Who::Best, (&alone, &alone), invariant, &[("fadd", 1), ("math.sin", 1)]);
    found_by(Who::Best, (&shared, &shared), invariant, &[("fadd", 1), ("math.sin", 0)]);
}
