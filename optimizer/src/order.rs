//! The order of a region's items: which event comes next, and what it needs before it.

use crate::decode::{Decoder, Item, Tracks};
use egraph_core::EClassId;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::Type;

/// Where an item is in a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    Planned,
}

type Marks = HashMap<usize, Mark, FxBuildHasher>;

/// What is left of a region's items.
pub(crate) struct Order {
    /// The items that were emitted.
    pub(crate) done: Vec<bool>,
    /// How many were not.
    pub(crate) pending: usize,
    /// Events that are left, `io` before memory.
    events: Vec<usize>,
    /// The item that gives a class its value.
    source: HashMap<EClassId, usize, FxBuildHasher>,
    /// The items that read a state.
    readers: HashMap<(Type, EClassId), Vec<usize>, FxBuildHasher>,
}

impl Order {
    pub(crate) fn new(decoder: &Decoder<'_, '_>, items: &[Item]) -> Order {
        let event = |at: &usize| !items[*at].consumes.is_empty();
        let memory = |at: &usize| items[*at].consumes.iter().any(|(ty, _)| *ty != Type::Io);
        let mut events: Vec<usize> = (0..items.len()).filter(event).collect();
        events.sort_by_key(memory);
        let mut source = HashMap::default();
        let mut readers: HashMap<_, Vec<usize>, FxBuildHasher> = HashMap::default();
        for (at, item) in items.iter().enumerate() {
            source.extend(decoder.given(item).into_iter().map(|class| (class, at)));
            for read in &item.reads {
                readers.entry(*read).or_default().push(at);
            }
        }
        Order { done: vec![false; items.len()], pending: items.len(), events, source, readers }
    }

    /// Notes that an item is emitted.
    pub(crate) fn take(&mut self, at: usize) {
        self.done[at] = true;
        self.pending -= 1;
    }

    /// The first event that can come next, behind the values that must come before it: those that
    /// it needs, and those that read a state which it ends.
    pub(crate) fn next_event(
        &mut self,
        decoder: &Decoder<'_, '_>,
        items: &[Item],
        tracks: &Tracks,
    ) -> Option<Vec<usize>> {
        let done = &self.done;
        self.events.retain(|event| !done[*event]);
        let next = self.events.iter().filter(|event| items[**event].is_next(tracks));
        next.copied().find_map(|event| self.plan(event, decoder, items, tracks))
    }

    fn plan(
        &self,
        event: usize,
        decoder: &Decoder<'_, '_>,
        items: &[Item],
        tracks: &Tracks,
    ) -> Option<Vec<usize>> {
        let (mut marks, mut plan) = (Marks::default(), Vec::new());
        marks.insert(event, Mark::Open);
        for (ty, at) in &items[event].consumes {
            let track = &tracks[ty];
            let left = track.classes[*at];
            let recurs = track.classes[*at + 1..].contains(&left);
            for reader in self.readers.get(&(*ty, left)).into_iter().flatten() {
                if *reader == event || self.done[*reader] {
                    continue;
                }
                let waits = !items[*reader].consumes.is_empty();
                if recurs && !waits {
                    // What comes before the class recurs may need it; if it cannot be read at this
                    // place, it is read then.
                    let (known, planned) = (marks.clone(), plan.len());
                    let read = (&mut marks, &mut plan);
                    if self.gather(*reader, decoder, items, tracks, read).is_none() {
                        marks = known;
                        plan.truncate(planned);
                    }
                } else if !recurs {
                    if waits {
                        return None;
                    }
                    self.gather(*reader, decoder, items, tracks, (&mut marks, &mut plan))?;
                }
            }
        }
        marks.remove(&event);
        self.gather(event, decoder, items, tracks, (&mut marks, &mut plan))?;
        Some(plan)
    }

    /// Plans an item behind what it needs; none if that takes another event first.
    fn gather(
        &self,
        first: usize,
        decoder: &Decoder<'_, '_>,
        items: &[Item],
        tracks: &Tracks,
        (marks, plan): (&mut Marks, &mut Vec<usize>),
    ) -> Option<()> {
        let mut stack = vec![(first, false)];
        while let Some((at, leaving)) = stack.pop() {
            if leaving {
                marks.insert(at, Mark::Planned);
                plan.push(at);
                continue;
            }
            match marks.get(&at) {
                Some(Mark::Planned) => continue,
                Some(Mark::Open) => return None,
                None => {}
            }
            let item = &items[at];
            let other_event = at != first && !item.consumes.is_empty();
            if other_event || self.done[at] || !item.is_in_place(tracks) {
                return None;
            }
            marks.insert(at, Mark::Open);
            stack.push((at, true));
            for class in item.operands.iter().filter(|class| !decoder.has(**class)) {
                stack.push((*self.source.get(class)?, false));
            }
        }
        Some(())
    }
}
