//! Which items of a stuck schedule wait for each other.
//!
//! Most of what is left when a schedule is stuck only waits for something else that is. A ban helps
//! where a circle is broken: an item waits for the items that give it operands, for the event that
//! makes the state that it reads or consumes, and an event for those that still read the state
//! which it ends. The circles are the strongly connected components of what waits.
//!
//! Source: Tarjan, *Depth-first search and linear graph algorithms*, 1972; time O(waits).

use crate::decode::{Decoder, Item, Tracks};
use egraph_core::EClassId;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::Type;

/// The circles among the items that are not done, by number, each in increasing order.
pub(crate) fn circles(
    decoder: &Decoder<'_, '_>,
    items: &[Item],
    done: &[bool],
    tracks: &Tracks,
) -> Vec<Vec<usize>> {
    components(&waits(decoder, items, done, tracks))
}

/// For each item the items that it waits for.
fn waits(
    decoder: &Decoder<'_, '_>,
    items: &[Item],
    done: &[bool],
    tracks: &Tracks,
) -> Vec<Vec<usize>> {
    let pending = || items.iter().enumerate().filter(|(at, _)| !done[*at]);
    let mut source: HashMap<EClassId, usize, FxBuildHasher> = HashMap::default();
    let mut event: HashMap<(Type, usize), usize, FxBuildHasher> = HashMap::default();
    for (at, item) in pending() {
        source.extend(decoder.given(item).into_iter().map(|class| (class, at)));
        event.extend(item.consumes.iter().map(|consumed| (*consumed, at)));
    }
    let mut waits: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for (at, item) in pending() {
        let operands = item.operands.iter().filter(|class| !decoder.has(**class));
        waits[at].extend(operands.filter_map(|class| source.get(class)));
        for (ty, place) in &item.consumes {
            let before = place.checked_sub(1).filter(|before| *before >= tracks[ty].at);
            waits[at].extend(before.and_then(|before| event.get(&(*ty, before))));
        }
        for (ty, class) in &item.reads {
            let Some(track) = tracks.get(ty) else { continue };
            let later = &track.classes[track.at.min(track.classes.len())..];
            let first = later.iter().position(|other| other == class);
            let last = later.iter().rposition(|other| other == class);
            // The event that makes the state, and those that would end it.
            let makes = first.filter(|first| *first > 0).map(|first| track.at + first - 1);
            waits[at].extend(makes.and_then(|place| event.get(&(*ty, place))));
            let ends = last.and_then(|last| event.get(&(*ty, track.at + last)));
            if let Some(ends) = ends.filter(|ends| **ends != at) {
                waits[*ends].push(at);
            }
        }
    }
    waits
}

/// A node on the way of the search.
struct Step {
    node: usize,
    next: usize,
}

/// The strongly connected components of more than one node, and the nodes with an edge to
/// themselves.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut number = vec![UNSEEN; edges.len()];
    let mut low = vec![UNSEEN; edges.len()];
    let mut open = vec![false; edges.len()];
    let (mut stack, mut found, mut count) = (Vec::new(), Vec::new(), 0);
    for start in 0..edges.len() {
        if number[start] != UNSEEN {
            continue;
        }
        let mut way = vec![Step { node: start, next: 0 }];
        while let Some(step) = way.last_mut() {
            let node = step.node;
            if step.next == 0 && number[node] == UNSEEN {
                (number[node], low[node], open[node]) = (count, count, true);
                count += 1;
                stack.push(node);
            }
            if let Some(to) = edges[node].get(step.next).copied() {
                step.next += 1;
                if number[to] == UNSEEN {
                    way.push(Step { node: to, next: 0 });
                } else if open[to] {
                    low[node] = low[node].min(number[to]);
                }
                continue;
            }
            way.pop();
            if let Some(above) = way.last() {
                low[above.node] = low[above.node].min(low[node]);
            }
            if low[node] == number[node] {
                let from = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                let mut component = stack.split_off(from);
                for member in &component {
                    open[*member] = false;
                }
                if component.len() > 1 || edges[node].contains(&node) {
                    component.sort_unstable();
                    found.push(component);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn circles_are_found_and_what_waits_for_them_is_not() {
        let edges = [vec![1], vec![2], vec![1], vec![0], vec![4], vec![], vec![5, 7], vec![6]];
        assert_eq!(components(&edges), [vec![1, 2], vec![4], vec![6, 7]]);
    }
}
