//! The judge of selections finds every rule that a selection breaks.

use optimizer::extraction::extract_program;
use optimizer::greedy::GreedyDifferences;
use optimizer::legality::{Rule, check};
use optimizer::model::Model;
use optimizer::realise::Selection;
use optimizer::{Options, saturated};
use rvsdg::{Function, Type};

/// What is wrong with the selection of a program after a change to it; nothing before.
fn broken(text: &str, change: impl FnOnce(&Model<'_>, &mut Selection)) -> Vec<Rule> {
    let function: Function = rvsdg::text::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let options = Options { rules: "fold|algebra".to_owned(), ..Options::default() };
    let model = saturated(&function, &options).expect("valid options").expect("it is small");
    let mut extracted = extract_program(&model, &GreedyDifferences, &[]).expect("it is legal");
    assert_eq!(check(&model, &extracted.selection), []);
    change(&model, &mut extracted.selection);
    let found = check(&model, &extracted.selection);
    found.into_iter().map(|illegal| illegal.rule).collect()
}

const CHECKED_LOAD: &str = "
    (lambda @f [(%a memref<f64,1,0>) (%i i64) (%x f64)] [%io %m] -> f64
      (%n = len.0 %a) (%in = icmp.lt %i %n)
      (%io1 %j = guard %io %m %in %i :raise IndexError \"\")
      (%m1 = store %m %a %j %x)
      (%b = iadd %i 1) (%inb = icmp.lt %b %n)
      (%io2 %k = guard %io1 %m1 %inb %b :raise IndexError \"\")
      (%m2 = store %m1 %a %k 1.0)
      (%v = load %m1 %a %k)
      (results %v %io2 %m2))";

const BRANCH: &str = "
    (lambda @f [(%a memref<f64,1,0>) (%p bool) (%x i64)] [%io %m] -> i64
      (%y %m1 = gamma %p [%m]
        (arm [%m_0] (%s = imul %x 7) (results %s %m_0))
        (arm [%m_1] (%t = imul %x 9) (%m_2 = store %m_1 %a 0 2.0) (results %t %m_2)))
      (results %y %io %m1))";

const ENDLESS: &str = "
    (lambda @f [(%x i64) (%d i64)] [%io] -> i64
      (%io1 %i = theta [%io %x]
        (body [%io_1 %i]
          (%j = imul %i 3) (%go = icmp.ne %j %d)
          (results %go %io_1 %j)))
      (results %i %io1))";

fn root(state: Type) -> (egraph_core::RegionId, Type) {
    (egraph_core::RegionId::ROOT, state)
}

#[test]
fn a_walk_is_one_path_of_distinct_effects() {
    let gap = broken(CHECKED_LOAD, |_, selection| {
        selection.walks[&root(Type::Mem(0))].remove(0);
    });
    assert!(gap.contains(&Rule::Walk), "{gap:?}");
    let twice = broken(CHECKED_LOAD, |_, selection| {
        let walk = &mut selection.walks[&root(Type::Mem(0))];
        walk.push(walk[1]);
    });
    assert!(twice.contains(&Rule::Walk), "{twice:?}");
    let none = broken(CHECKED_LOAD, |_, selection| {
        selection.walks.shift_remove(&root(Type::Io));
    });
    assert!(none.contains(&Rule::Walk), "{none:?}");
}

#[test]
fn the_value_of_an_effect_comes_from_the_effect_that_happens() {
    let found = broken(CHECKED_LOAD, |_, selection| {
        selection.walks[&root(Type::Io)].remove(1);
    });
    assert!(found.contains(&Rule::SameNode), "{found:?}");
}

#[test]
fn memory_that_is_read_is_on_the_walk() {
    let found = broken(CHECKED_LOAD, |_, selection| {
        selection.walks[&root(Type::Mem(0))].clear();
    });
    assert!(found.contains(&Rule::Stale), "{found:?}");
}

#[test]
fn operands_are_chosen_where_they_are_used() {
    let found = broken(BRANCH, |model, selection| {
        let outer = |class: &&egraph_core::EClassId| {
            model.graph.region(**class) == egraph_core::RegionId::ROOT
        };
        let class = selection.used.keys().filter(outer).nth(1).copied().expect("it has values");
        selection.used.swap_remove(&class);
    });
    assert!(found.contains(&Rule::Escape) || found.contains(&Rule::Ports), "{found:?}");
    let crossed = broken(BRANCH, |model, selection| {
        // A class takes the node of a class in the other arm.
        let class = |arm: usize| model.graph.find(model.instances[0].ports[0].results[arm]);
        let node = selection.used[&class(0)];
        selection.used.insert(class(1), node);
    });
    assert!(crossed.contains(&Rule::Escape), "{crossed:?}");
}

#[test]
fn live_ports_are_complete() {
    let found = broken(BRANCH, |model, selection| {
        let (id, live) = selection.live.get_index_mut(0).expect("it has a branch");
        let value = model.instance(*id).ports.iter().position(|port| !port.ty.is_state());
        live.remove(&value.expect("it has a value"));
    });
    assert!(found.contains(&Rule::Ports), "{found:?}");
}

#[test]
fn a_state_port_is_live_where_the_walk_takes_it() {
    let found = broken(BRANCH, |model, selection| {
        let (id, live) = selection.live.get_index_mut(0).expect("it has a branch");
        let state = model.instance(*id).state_port(Type::Mem(0)).expect("it has memory");
        live.remove(&state);
    });
    assert!(found.contains(&Rule::Once), "{found:?}");
}

#[test]
fn a_loop_that_may_not_end_is_an_effect() {
    let found = broken(ENDLESS, |model, selection| {
        let (id, live) = selection.live.get_index_mut(0).expect("it has a loop");
        let io = model.instance(*id).state_port(Type::Io).expect("it has io");
        live.remove(&io);
    });
    assert!(found.contains(&Rule::Divergence), "{found:?}");
}

#[test]
fn a_value_does_not_need_itself() {
    let text = "(lambda @f [(%x i64)] [%io] -> i64
          (%y = imul %x 1) (results %y %io))";
    let found = broken(text, |model, selection| {
        let class = *selection.used.keys().next().expect("it has a value");
        let product = |node: &egraph_core::ENodeId| !model.graph.children(*node).is_empty();
        let product = model.graph.nodes(class).find(product).expect("the product is equal");
        selection.used.insert(class, product);
        let one = model.graph.child(product, 1);
        let constant = model.graph.nodes(one).next().expect("it has a node");
        selection.used.insert(one, constant);
    });
    assert_eq!(found, [Rule::Cycle]);
}
