//! Whether the content of every region can be put in an order.
//!
//! A region's items are its values, its effects, and the instances in it, each with all that it
//! contains. An item comes after what it depends on; effects follow their walk; what reads a state
//! comes after the effect that makes it and before the one that consumes it. An order exists if
//! these precedences have no cycle. A state that recurs on its walk can be read at several places:
//! those are tried in turn.

use super::{EffectError, Effects, Walks};
use crate::problem::{ClassIndex, NodeIndex, Problem};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// Placements of readers of recurring states that are tried.
const MAX_PLACEMENTS: usize = 1024;

/// The items that wait for one more.
type Added = [Option<usize>; 2];

/// An answer whose walks and demands are legal.
pub(super) struct Placed<'a> {
    pub(super) problem: &'a Problem,
    pub(super) effects: &'a Effects,
    pub(super) walks: &'a Walks,
    pub(super) live: &'a [bool],
    pub(super) values: &'a [bool],
    pub(super) choices: &'a [Option<NodeIndex>],
}

/// What an item is known by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Node(NodeIndex),
    Event(u32),
}

/// A reader, and where on a walk it may be.
struct Reader {
    item: usize,
    walk: usize,
    places: Vec<usize>,
}

/// The precedences of an answer.
pub(super) struct Order<'a> {
    placed: &'a Placed<'a>,
    items: HashMap<Key, usize, FxBuildHasher>,
    /// A node of each item, for messages.
    names: Vec<NodeIndex>,
    before: Vec<Vec<usize>>,
    readers: Vec<Reader>,
}

impl<'a> Order<'a> {
    pub(super) fn new(placed: &'a Placed<'a>, nodes: &[NodeIndex]) -> Result<Self, EffectError> {
        let (items, names) = (HashMap::default(), Vec::new());
        let mut order = Order { placed, items, names, before: Vec::new(), readers: Vec::new() };
        for node in nodes {
            order.item(*node);
        }
        for node in nodes {
            order.dependencies(*node);
            for class in placed.effects.reads(*node) {
                order.read(*node, class)?;
            }
            for effect in placed.effects.needs(*node) {
                let event = placed.effects.event(*node);
                if event.is_none() || placed.effects.event(effect) != event {
                    order.precede(effect, *node);
                }
            }
        }
        for steps in placed.walks {
            for pair in steps.windows(2) {
                order.precede(pair[0], pair[1]);
            }
        }
        Ok(order)
    }

    fn item(&mut self, node: NodeIndex) -> usize {
        let key = self.placed.effects.event(node).map_or(Key::Node(node), Key::Event);
        self.keyed(key, node)
    }

    fn keyed(&mut self, key: Key, node: NodeIndex) -> usize {
        let next = self.names.len();
        let at = *self.items.entry(key).or_insert(next);
        if at == next {
            self.names.push(node);
            self.before.push(Vec::new());
        }
        at
    }

    fn region(&self, node: NodeIndex) -> u32 {
        self.placed.effects.region(self.placed.problem.class(node))
    }

    /// The item of a node as a region sees it: the node's own, or that of the instance around it.
    /// None if the region does not contain the node.
    fn lifted(&mut self, node: NodeIndex, to: u32) -> Option<usize> {
        let mut at = self.region(node);
        if at == to {
            return Some(self.item(node));
        }
        loop {
            let (outer, event) = self.placed.effects.regions()[at as usize].owner?;
            if outer == to {
                return Some(self.keyed(Key::Event(event), node));
            }
            at = outer;
        }
    }

    /// `first` runs before `then`, in the innermost region that contains both.
    fn precede(&mut self, first: NodeIndex, then: NodeIndex) {
        let mut region = Some(self.region(first));
        while let Some(at) = region {
            if let (Some(a), Some(b)) = (self.lifted(first, at), self.lifted(then, at)) {
                // An instance comes after what it contains, but contains nothing that uses it.
                if a != b || self.region(first) == at {
                    self.before[b].push(a);
                }
                return;
            }
            region = self.placed.effects.regions()[at as usize].owner.map(|(outer, _)| outer);
        }
    }

    fn dependencies(&mut self, node: NodeIndex) {
        let placed = self.placed;
        for child in placed.problem.children(node) {
            if placed.values[child.index()]
                && let Some(chosen) = placed.choices[child.index()]
            {
                self.precede(chosen, node);
            }
        }
    }

    /// A node reads a state; where the state's walk is not live, its instance reads the outer one.
    fn read(&mut self, node: NodeIndex, class: ClassIndex) -> Result<(), EffectError> {
        let (effects, unread) = (self.placed.effects, EffectError::Unread(node, class));
        let mut class = class;
        loop {
            let at = effects.walk_of(class).ok_or_else(|| unread.clone())?;
            let walk = effects.walks()[at];
            if self.placed.live[at] {
                let places = self.places(at, class);
                let item = self.lifted(node, walk.region).filter(|_| !places.is_empty());
                let item = item.ok_or(unread)?;
                self.readers.push(Reader { item, walk: at, places });
                return Ok(());
            }
            let outer = walk.by.and_then(|by| effects.source(by));
            let kept = walk.keeps && class == walk.entry;
            class = outer.filter(|_| kept).ok_or_else(|| unread.clone())?;
        }
    }

    /// Positions of a walk at which a state is current: after so many effects.
    fn places(&self, walk: usize, class: ClassIndex) -> Vec<usize> {
        let entry = self.placed.effects.walks()[walk].entry;
        let steps = self.placed.walks[walk].iter().map(|step| self.placed.problem.class(*step));
        let passed = std::iter::once(entry).chain(steps).enumerate();
        passed.filter(|(_, here)| *here == class).map(|(at, _)| at).collect()
    }

    /// Finds an order: readers with one place first, then the others by depth-first search. A place
    /// only adds precedences, so no place of a further reader mends a cycle.
    ///
    /// # Errors
    /// The nodes of a cycle.
    pub(super) fn find(mut self) -> Result<(), EffectError> {
        let readers = std::mem::take(&mut self.readers);
        let (fixed, free): (Vec<_>, Vec<_>) =
            readers.into_iter().partition(|reader| reader.places.len() == 1);
        for reader in &fixed {
            self.place(reader, reader.places[0]);
        }
        match find_cycle(&self.before) {
            Some(cycle) => Err(self.unordered(&cycle)),
            None => self.place_all(&free),
        }
    }

    fn place_all(&mut self, readers: &[Reader]) -> Result<(), EffectError> {
        // Which place each reader placed so far has, and what that has added.
        let mut placed: Vec<(usize, Added)> = Vec::new();
        let mut cycle = Vec::new();
        let mut at = 0;
        for _ in 0..MAX_PLACEMENTS + readers.len() {
            let Some(reader) = readers.get(placed.len()) else { break };
            let Some(place) = reader.places.get(at) else {
                let Some((place, added)) = placed.pop() else { break };
                self.unplace(added);
                at = place + 1;
                continue;
            };
            let added = self.place(reader, *place);
            if let Some(found) = find_cycle(&self.before) {
                cycle = found;
                self.unplace(added);
                at += 1;
            } else {
                placed.push((at, added));
                at = 0;
            }
        }
        if placed.len() == readers.len() { Ok(()) } else { Err(self.unordered(&cycle)) }
    }

    fn unordered(&self, cycle: &[usize]) -> EffectError {
        EffectError::Unordered(cycle.iter().map(|item| self.names[*item]).collect())
    }

    /// The reader runs while the walk is at this place.
    fn place(&mut self, reader: &Reader, place: usize) -> Added {
        let steps = &self.placed.walks[reader.walk];
        let mut added = [None; 2];
        if place > 0 {
            let maker = self.item(steps[place - 1]);
            // What makes a state cannot read it: that would be a cycle of one.
            self.before[reader.item].push(maker);
            added[0] = Some(reader.item);
        }
        if let Some(consumer) = steps.get(place) {
            let consumer = self.item(*consumer);
            if consumer != reader.item {
                self.before[consumer].push(reader.item);
                added[1] = Some(consumer);
            }
        }
        added
    }

    /// Takes back the last precedences that a place has added.
    fn unplace(&mut self, added: Added) {
        for item in added.into_iter().flatten() {
            self.before[item].pop();
        }
    }
}

/// Items that wait for each other.
fn find_cycle(before: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut state = vec![0_u8; before.len()];
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..before.len() {
        if state[start] != 0 {
            continue;
        }
        state[start] = 1;
        path.push((start, 0));
        while let Some((item, next)) = path.last_mut() {
            let Some(first) = before[*item].get(*next).copied() else {
                state[*item] = 2;
                path.pop();
                continue;
            };
            *next += 1;
            match state[first] {
                0 => {
                    state[first] = 1;
                    path.push((first, 0));
                }
                1 => {
                    let from = path.iter().position(|(item, _)| *item == first).unwrap_or(0);
                    return Some(path[from..].iter().map(|(item, _)| *item).collect());
                }
                _ => {}
            }
        }
    }
    None
}
