//! Analyses: a value of Rust for each class, kept up as nodes are added and classes united.
//!
//! What is new is treated before the next condition of a rule is asked, which sees it; what follows
//! for the nodes above, and [`Analysis::modify`], wait until the store is closed. (Willsey et al.,
//! egg, POPL 2021, section 4.)

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::graph::{Graph, Node};
use super::machine::Machine;
use super::{Error, Id, Session};
use crate::lang::api::Base;
use crate::lang::values::Sort;
use crate::store::{ByClass, Kind, News, Refused, Run, Store, TableId, Value, reach};

/// From one in so many classes on, a list of classes is ordered by marking them.
const DENSE: usize = 256;

/// What a merge changed: the value merged into, and whether the other one differs from the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DidMerge(pub bool, pub bool);

/// A value for each class, computed from its nodes.
///
/// ```
/// use egraph_core::egglog::{
///     Analysis, DidMerge, Graph, Id, Node, Op, Runner, Session, View, rewrite,
/// };
///
/// /// The value of classes that arithmetic tells.
/// struct Fold { num: Op, add: Op }
///
/// impl Analysis for Fold {
///     type Data = Option<i64>;
///
///     fn make(&self, view: &View<'_, Self>, node: &Node<'_>) -> Option<i64> {
///         let known = |at: usize| *view.data(node.arg(at))?;
///         match node.op() {
///             op if op == self.num => view.get(node.arg(0)),
///             op if op == self.add => known(0)?.checked_add(known(1)?),
///             _ => None,
///         }
///     }
///
///     fn merge(&self, into: &mut Option<i64>, from: Option<i64>) -> DidMerge {
///         let did = DidMerge(into.is_none() && from.is_some(), into.is_some() && from.is_none());
///         *into = into.or(from);
///         did
///     }
///
///     fn modify(&self, graph: &mut Graph<'_>, class: Id) {
///         if let Some(Some(value)) = graph.data::<Self>(class).copied() {
///             let value = graph.value(value);
///             if let Ok(constant) = graph.make(self.num, &[value]) {
///                 graph.union(class, constant);
///             }
///         }
///     }
///
///     fn concerns(&self, value: &Option<i64>) -> bool {
///         value.is_some()
///     }
/// }
///
/// let mut session = Session::default();
/// session.program("(datatype Math (Num i64) (Var String) (Add Math Math) (Div Math Math))")?;
/// session.analyse(Fold { num: session.op("Num")?, add: session.op("Add")? })?;
/// session.rules("", [
///     rewrite!("div-self"; "(Div ?a ?a)" => "(Num 1)")
///         .unless(|graph, m| graph.data::<Fold>(m.get("?a")) == Some(&Some(0))),
/// ])?;
/// let sum = session.add("(Add (Num 1) (Div (Var \"x\") (Var \"x\")))")?;
/// Runner::new().run(&mut session)?;
/// assert_eq!(session.data::<Fold>(sum), Some(&Some(2)));
/// assert_eq!(session.best(sum)?.term.to_string(), "(Num 2)");
/// # Ok::<(), egraph_core::egglog::Error>(())
/// ```
pub trait Analysis: Sized + Send + Sync + 'static {
    /// The value of a class.
    type Data: Clone + fmt::Debug + Send + Sync + 'static;

    /// The value of one node, from the values of its arguments: called when a node is added, and
    /// when the value of an argument has changed.
    fn make(&self, view: &View<'_, Self>, node: &Node<'_>) -> Self::Data;

    /// Makes one value of two, and says what that changed. The order of unions must not matter, and
    /// values may only ascend in a lattice without infinite chains.
    fn merge(&self, into: &mut Self::Data, from: Self::Data) -> DidMerge;

    /// Called for each class that is new, has a new node, was united or has another value, and whose
    /// value [`concerns`](Analysis::concerns) it. May add nodes, unite classes and hide nodes; an
    /// addition that the limit on rows refuses ends the round.
    fn modify(&self, _graph: &mut Graph<'_>, _class: Id) {}

    /// Whether [`modify`](Analysis::modify) may have something to do for a class of this value. The
    /// answer for most classes is no in most analyses: then nothing has to be noted for them.
    fn concerns(&self, _data: &Self::Data) -> bool {
        true
    }
}

/// What an analysis sees of a session as it gives a node its value.
pub struct View<'a, A: Analysis> {
    graph: &'a Graph<'a>,
    slots: &'a Slots<A>,
}

impl<A: Analysis> View<'_, A> {
    /// The value of a class, if it has one.
    pub fn data(&self, class: Id) -> Option<&A::Data> {
        self.slots.get(self.graph.store.classes.find(class.value) as usize)?.as_ref()
    }

    /// As [`Graph::find`].
    pub fn find(&self, id: Id) -> Id {
        self.graph.find(id)
    }

    /// As [`Graph::equal`].
    pub fn equal(&self, a: Id, b: Id) -> bool {
        self.graph.equal(a, b)
    }

    /// As [`Graph::get`].
    pub fn get<T: Base>(&self, id: Id) -> Option<T> {
        self.graph.get(id)
    }
}

/// The values of all classes, whatever their type.
pub(super) trait Data: Any + ByClass + Send + Sync {
    fn copy(&self) -> Box<dyn Data>;
}

impl dyn Data {
    /// The values of an analysis, if they are of that one.
    #[inline]
    pub(super) fn slots<A: Analysis>(&self) -> Option<&Slots<A>> {
        (self as &dyn Any).downcast_ref()
    }

    /// As `slots`.
    #[inline]
    fn slots_mut<A: Analysis>(&mut self) -> Option<&mut Slots<A>> {
        (self as &mut dyn Any).downcast_mut()
    }
}

/// By class; none for a class without nodes, for one that was displaced, and for one to come.
pub(super) type Slots<A> = Vec<Option<<A as Analysis>::Data>>;

impl<D: Clone + Send + Sync + 'static> Data for Vec<Option<D>> {
    fn copy(&self) -> Box<dyn Data> {
        Box::new(self.clone())
    }
}

impl<D: Clone + Send> ByClass for Vec<Option<D>> {
    fn bytes_for(&self, classes: usize) -> usize {
        classes.saturating_sub(self.len()) * size_of::<Option<D>>()
    }

    fn make_room(&mut self, classes: usize) {
        reach(self, classes, None);
    }
}

/// An analysis, whatever its type.
trait Code: Send + Sync {
    /// Values of no class.
    fn empty(&self) -> Box<dyn Data>;
    /// Rows are new, none of them above another of the same run.
    fn welcome(&self, graph: &Graph<'_>, kept: &mut Kept, runs: &[Run]);
    /// The values of the arguments of a constructor's rows have changed.
    fn learn(&self, graph: &Graph<'_>, kept: &mut Kept, rows: &[(TableId, u32)]);
    /// A class was displaced by the other.
    fn join(&self, kept: &mut Kept, into: Value, displaced: Value);
    /// Classes are new, have a new node, were united or have another value.
    fn modify(&self, graph: &mut Graph<'_>, classes: &[Value]);
}

impl<A: Analysis> Code for A {
    fn empty(&self) -> Box<dyn Data> {
        Box::new(Slots::<A>::new())
    }

    fn welcome(&self, graph: &Graph<'_>, kept: &mut Kept, runs: &[Run]) {
        let Kept { data, tasks } = kept;
        let Some(slots) = data.slots_mut::<A>() else { return };
        for (table, rows) in runs {
            let known = graph.store.table(*table);
            if !known.decl.is_constructor() {
                continue;
            }
            let sorts = &graph.machine.columns[*table as usize].0;
            for (keys, output) in known.live_among(rows.clone()) {
                let value = self.make(&View { graph, slots }, &Node::of(*table, keys, sorts));
                tasks.keep(self, slots, graph.store.classes.find(output), value, true);
            }
        }
    }

    fn learn(&self, graph: &Graph<'_>, kept: &mut Kept, rows: &[(TableId, u32)]) {
        let Kept { data, tasks } = kept;
        let Some(slots) = data.slots_mut::<A>() else { return };
        for (table, row) in rows {
            let value = self.make(&View { graph, slots }, &Node::new(graph, *table, *row));
            let class = graph.store.classes.find(graph.store.table(*table).output(*row));
            tasks.keep(self, slots, class, value, false);
        }
    }

    fn join(&self, kept: &mut Kept, into: Value, displaced: Value) {
        let Kept { data, tasks } = kept;
        let Some(slots) = data.slots_mut::<A>() else { return };
        let Some(theirs) = slots.get_mut(displaced as usize).and_then(Option::take) else { return };
        let slot = &mut slots[into as usize];
        let DidMerge(ours, theirs) = if let Some(ours) = slot {
            self.merge(ours, theirs)
        } else {
            *slot = Some(theirs);
            DidMerge(true, false)
        };
        if ours {
            tasks.changed.push(into);
        }
        if theirs {
            tasks.moved.push(into);
        }
        if slot.as_ref().is_some_and(|data| self.concerns(data)) {
            tasks.turned.push(into);
        }
    }

    fn modify(&self, graph: &mut Graph<'_>, classes: &[Value]) {
        for class in classes {
            let sort = Sort::from_index(graph.store.class_sort(*class));
            Analysis::modify(self, graph, Id { sort, value: *class });
        }
    }
}

/// The analysis of a session.
pub(super) struct Keeper {
    code: Arc<dyn Code>,
    pub(super) kept: Kept,
}

/// The values of an analysis, and what it has still to do.
pub(super) struct Kept {
    pub(super) data: Box<dyn Data>,
    tasks: Tasks,
}

/// What an analysis has still to do.
#[derive(Default)]
struct Tasks {
    /// Classes with another value than the nodes above know.
    changed: Vec<Value>,
    /// Classes with another value than the nodes above classes know that were displaced by them.
    moved: Vec<Value>,
    /// Classes to be modified.
    turned: Vec<Value>,
}

impl Tasks {
    /// Gives a class the value of a node of its, which may be `fresh`.
    #[inline]
    fn keep<A: Analysis>(
        &mut self,
        analysis: &A,
        slots: &mut Slots<A>,
        class: Value,
        value: A::Data,
        fresh: bool,
    ) {
        let at = class as usize;
        let (data, differs) = match slots.get_mut(at) {
            Some(Some(known)) => {
                let differs = analysis.merge(known, value).0;
                (&*known, differs)
            }
            Some(slot) => (&*slot.insert(value), false),
            None => {
                if slots.len() < at {
                    slots.resize(at, None);
                }
                let concerned = fresh && analysis.concerns(&value);
                slots.push(Some(value));
                if concerned {
                    self.turned.push(class);
                }
                return;
            }
        };
        if (fresh || differs) && analysis.concerns(data) {
            self.turned.push(class);
        }
        if differs {
            self.changed.push(class);
        }
    }
}

impl Keeper {
    fn learn(&mut self, graph: &Graph<'_>, rows: &[(TableId, u32)]) {
        self.code.learn(graph, &mut self.kept, rows);
    }
}

impl Machine {
    /// Gives the values of what is new.
    pub(super) fn heed(&mut self, store: &mut Store) {
        let Some(news) = store.news.as_mut() else { return };
        if news.rows.is_empty() && news.displaced.is_empty() {
            return;
        }
        let mut rows = std::mem::take(&mut news.rows);
        let mut displaced = std::mem::take(&mut news.displaced);
        // It sees what there is but for its own values, which it has.
        let Some(mut keeper) = self.keeper.take() else { return };
        let Keeper { code, kept } = &mut keeper;
        code.welcome(&Graph { machine: self, store }, kept, &rows);
        rows.clear();
        for class in displaced.drain(..) {
            code.join(kept, store.classes.find(class), class);
        }
        self.keeper = Some(keeper);
        // The buffers are kept: values are learnt, nothing is added.
        if let Some(news) = &mut store.news {
            (news.rows, news.displaced) = (rows, displaced);
        }
    }

    /// Tells the nodes above classes that were displaced by classes with other values. The store is
    /// closed.
    fn follow_moved(&mut self, store: &mut Store) {
        let Some(keeper) = &mut self.keeper else { return };
        let mut moved = std::mem::take(&mut keeper.kept.tasks.moved);
        let Some(news) = store.news.as_mut().filter(|news| !news.changed.is_empty()) else {
            return;
        };
        let mut rows = std::mem::take(&mut news.changed);
        if !moved.is_empty() {
            for class in &mut moved {
                *class = store.classes.find(*class);
            }
            moved.sort_unstable();
            moved.dedup();
            rows.retain(|(table, row)| {
                let rows = store.table(*table);
                let mut keys = rows.decl.keys.iter().zip(rows.keys(*row));
                let above = keys.any(|(kind, key)| {
                    matches!(kind, Kind::Class(_)) && moved.binary_search(key).is_ok()
                });
                above && rows.decl.is_constructor() && !rows.is_dead(*row)
            });
            rows.sort_unstable();
            rows.dedup();
            if let Some(mut keeper) = self.keeper.take() {
                keeper.learn(&Graph { machine: self, store }, &rows);
                self.keeper = Some(keeper);
            }
        }
        rows.clear();
        if let Some(news) = &mut store.news {
            news.changed = rows;
        }
    }

    /// Carries on on a closed store until nothing follows, or the store is open again.
    pub(super) fn follow(&mut self, store: &mut Store) -> Result<(), Refused> {
        self.heed(store);
        self.follow_moved(store);
        while let Some(keeper) = &mut self.keeper
            && store.is_closed()
        {
            let Tasks { changed, turned, .. } = &mut keeper.kept.tasks;
            let modify = changed.is_empty();
            let list = if modify { turned } else { changed };
            let mut classes = std::mem::take(list);
            for class in &mut classes {
                *class = store.classes.find(*class);
            }
            let classes = each_once(classes, store.classes.len());
            if classes.is_empty() {
                return Ok(());
            }
            if modify {
                let code = keeper.code.clone();
                code.modify(&mut Graph { machine: self, store }, &classes);
            } else if let Some(mut keeper) = self.keeper.take() {
                for class in classes {
                    let rows = above(store, class);
                    keeper.learn(&Graph { machine: self, store }, &rows);
                    if !self.codes.is_empty() {
                        store.touch(class);
                    }
                }
                self.keeper = Some(keeper);
            }
            self.heed(store);
            if let Some(refused) = self.refused.take() {
                return Err(refused);
            }
        }
        Ok(())
    }

    /// What a scope keeps of the values.
    pub(super) fn kept_data(&self) -> Option<Box<dyn Data>> {
        self.keeper.as_ref().map(|keeper| keeper.kept.data.copy())
    }

    /// Back to what a scope kept.
    pub(super) fn restore_data(&mut self, data: Option<Box<dyn Data>>) {
        let Some(keeper) = &mut self.keeper else { return };
        let data = data.unwrap_or_else(|| keeper.code.empty());
        keeper.kept = Kept { data, tasks: Tasks::default() };
    }
}

/// The classes of a list in ascending order, each once; all are below a bound.
fn each_once(mut classes: Vec<Value>, bound: usize) -> Vec<Value> {
    if classes.len() * DENSE < bound {
        classes.sort_unstable();
        classes.dedup();
        return classes;
    }
    let mut members = vec![0u64; bound / 64 + 1];
    for class in classes.drain(..) {
        members[class as usize / 64] |= 1 << (class % 64);
    }
    for (at, mut word) in (0..).zip(members) {
        while word != 0 {
            classes.push(at * 64 + word.trailing_zeros());
            word &= word - 1;
        }
    }
    classes
}

/// The rows of constructors that have a class as an argument. The store is closed.
fn above(store: &mut Store, class: Value) -> Vec<(TableId, u32)> {
    let mut rows = Vec::new();
    let kind = Kind::Class(store.class_sort(class));
    for (number, table) in store.tables.iter_mut().enumerate() {
        if !table.decl.is_constructor() {
            continue;
        }
        for column in 0..table.arity() {
            if table.kind(column) != kind {
                continue;
            }
            table.ensure_index(column);
            let Some(index) = table.index(column) else { continue };
            let listed = index.get(class).iter();
            let live =
                listed.filter(|row| !table.is_dead(**row) && table.keys(**row)[column] == class);
            rows.extend(live.map(|row| (number as TableId, *row)));
        }
    }
    rows
}

/// The rows of constructors, as far as possible each after one row at least of every class that it
/// has as an argument (Kahn, "Topological sorting of large networks", CACM 1962). The store is
/// closed.
fn upwards(store: &mut Store) -> Vec<(TableId, u32)> {
    let mut ordered = Vec::new();
    // Arguments of classes that have no row yet; none for rows in order.
    let mut lacking: Vec<Vec<usize>> = Vec::new();
    for (number, table) in (0..).zip(&store.tables) {
        let is_class = |kind: &&Kind| matches!(kind, Kind::Class(_));
        let lacks = table.decl.keys.iter().filter(is_class).count();
        let rows = if table.decl.is_constructor() { table.len() } else { 0 };
        lacking.push(vec![lacks; rows as usize]);
        if lacks == 0 && rows > 0 {
            ordered.extend(table.live_rows().map(|row| (number, row)));
        }
    }
    let (mut at, mut reached) = (0, vec![false; store.classes.len()]);
    while let Some((table, row)) = ordered.get(at) {
        let class = store.table(*table).output(*row);
        if !std::mem::replace(&mut reached[class as usize], true) {
            for (table, row) in above(store, class) {
                let lacks = &mut lacking[table as usize][row as usize];
                *lacks -= 1;
                if *lacks == 0 {
                    ordered.push((table, row));
                }
            }
        }
        at += 1;
    }
    for (number, table) in (0..).zip(&store.tables).filter(|(_, table)| table.decl.is_constructor())
    {
        let rest = table.live_rows().filter(|row| lacking[number as usize][*row as usize] > 0);
        ordered.extend(rest.map(|row| (number, row)));
    }
    ordered
}

impl Session {
    /// Keeps a value for each class from here on. A session has one analysis; several are one whose
    /// values are tuples.
    ///
    /// # Errors
    /// There is one already, a journal is kept, or a scope is open.
    pub fn analyse<A: Analysis>(&mut self, analysis: A) -> Result<(), Error> {
        self.check_unrecorded()?;
        if self.machine.keeper.is_some() || !self.scopes.is_empty() {
            let message = "a session has one analysis, and it is there before scopes are opened";
            return Err(Self::refusal(crate::lang::syntax::codes::USAGE, message));
        }
        let code: Arc<dyn Code> = Arc::new(analysis);
        let data = code.empty();
        let kept = Kept { data, tasks: Tasks::default() };
        self.machine.keeper = Some(Keeper { code, kept });
        let rows = upwards(&mut self.store).into_iter().map(|(table, row)| (table, row..row + 1));
        self.store.news = Some(Box::new(News { rows: rows.collect(), ..News::default() }));
        self.store.rebuild(&mut self.machine).map_err(|why| Self::failed(&self.failure(why)))
    }

    /// The value of a class, if it has one of this analysis.
    pub fn data<A: Analysis>(&self, class: Id) -> Option<&A::Data> {
        let class = self.find(class).value;
        self.machine.keeper.as_ref()?.kept.data.slots::<A>()?.get(class as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::{Graph, Node};
    use super::{Analysis, DidMerge, Id, Session, View, each_once};

    #[test]
    fn an_analysis_may_come_late_and_nodes_before_what_is_below_them() {
        let noted: Arc<Mutex<Vec<Id>>> = Arc::default();
        let mut session = Session::default();
        session.program("(datatype T (G T) (F T) (A))").unwrap();
        let tower = session.add("(G (F (G (A))))").unwrap();
        let low = session.add("(F (A))").unwrap();
        session.analyse(Height(noted)).unwrap();
        assert_eq!(session.data::<Height>(tower), Some(&4));
        assert_eq!(session.data::<Height>(low), Some(&2));
    }

    #[test]
    fn few_and_many_classes_come_in_order() {
        for bound in [100, 1 << 20] {
            let classes = vec![99, 3, 64, 3, 63, 0, 99];
            assert_eq!(each_once(classes, bound), [0, 3, 63, 64, 99]);
        }
        assert!(each_once(Vec::new(), 0).is_empty());
    }

    /// The height of a class's lowest node; classes of the height 2 are noted.
    struct Height(Arc<Mutex<Vec<Id>>>);

    impl Analysis for Height {
        type Data = u32;

        fn make(&self, view: &View<'_, Self>, node: &Node<'_>) -> u32 {
            let below = node.args().filter_map(|arg| view.data(arg));
            1 + below.max().copied().unwrap_or(0)
        }

        fn merge(&self, into: &mut u32, from: u32) -> DidMerge {
            let did = DidMerge(from < *into, from > *into);
            *into = from.min(*into);
            did
        }

        fn modify(&self, graph: &mut Graph<'_>, class: Id) {
            assert_eq!(graph.data::<Self>(class), Some(&2));
            self.0.lock().unwrap().push(graph.find(class));
        }

        fn concerns(&self, height: &u32) -> bool {
            *height == 2
        }
    }

    #[test]
    fn classes_are_modified_whose_value_concerns_it() {
        let noted: Arc<Mutex<Vec<Id>>> = Arc::default();
        let mut session = Session::default();
        session.program("(datatype T (A) (B) (F T) (G T))").unwrap();
        session.analyse(Height(noted.clone())).unwrap();
        let noted = || std::mem::take(&mut *noted.lock().unwrap());
        let tower = session.add("(G (F (F (A))))").unwrap();
        let low = session.add("(F (A))").unwrap();
        assert_eq!(noted(), [low], "one class of four is two high");
        // The class's value falls to 2 as it gets a lower node, and that of the class above to 3.
        let other = session.add("(G (B))").unwrap();
        assert_eq!(noted(), [other]);
        session.union(tower, other).unwrap();
        assert_eq!(noted(), [session.find(other)], "united, with the value of one of them");
        // Falling below 2 concerns nobody; what is above falls to 2.
        let above = session.add("(F (G (B)))").unwrap();
        assert!(noted().is_empty());
        let leaf = session.add("(A)").unwrap();
        session.union(other, leaf).unwrap();
        assert!(noted().contains(&session.find(above)));
        assert_eq!(session.data::<Height>(other), Some(&1));
    }
}
