//! In which order classes are eliminated, and which of them can form cycles.

use super::MAX_BAG;
use crate::problem::{ClassIndex, Problem};
use std::collections::BTreeSet;

/// Bags in the order of elimination, each with the eliminated class first. None if one is too
/// large. Least degree first, the lower class among equals.
pub(super) fn elimination(problem: &Problem) -> Option<Vec<Vec<u32>>> {
    let mut near: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); problem.class_count()];
    for class in problem.classes() {
        for child in problem.nodes(class).flat_map(|node| problem.children(node)) {
            if child != class {
                near[class.index()].insert(child.0);
                near[child.index()].insert(class.0);
            }
        }
    }
    let mut queue: BTreeSet<(usize, u32)> =
        near.iter().enumerate().map(|(class, near)| (near.len(), class as u32)).collect();
    let mut bags = Vec::with_capacity(near.len());
    while let Some((degree, class)) = queue.pop_first() {
        if degree >= MAX_BAG {
            return None;
        }
        let around: Vec<u32> = std::mem::take(&mut near[class as usize]).into_iter().collect();
        for one in &around {
            let own = &mut near[*one as usize];
            queue.remove(&(own.len(), *one));
            own.remove(&class);
            own.extend(around.iter().copied().filter(|other| other != one));
            queue.insert((own.len(), *one));
        }
        let mut bag = vec![class];
        bag.extend(around);
        bags.push(bag);
    }
    Some(bags)
}

/// The strongly connected component of each class: Kosaraju's algorithm without recursion.
pub(super) fn strong_components(problem: &Problem) -> Vec<u32> {
    let count = problem.class_count();
    let below = |class: u32| {
        problem.nodes(ClassIndex(class)).flat_map(|node| problem.children(node)).map(|c| c.0)
    };
    let mut above: Vec<Vec<u32>> = vec![Vec::new(); count];
    for class in 0..count as u32 {
        for child in below(class) {
            above[child as usize].push(class);
        }
    }
    let mut seen = vec![false; count];
    let mut finished = Vec::with_capacity(count);
    for start in 0..count as u32 {
        let mut stack = vec![(start, false)];
        while let Some((class, leaving)) = stack.pop() {
            if leaving {
                finished.push(class);
            } else if !std::mem::replace(&mut seen[class as usize], true) {
                stack.push((class, true));
                stack.extend(below(class).map(|child| (child, false)));
            }
        }
    }
    let mut component = vec![u32::MAX; count];
    for start in finished.into_iter().rev() {
        let mut stack = vec![start];
        while let Some(class) = stack.pop() {
            if component[class as usize] == u32::MAX {
                component[class as usize] = start;
                stack.extend(&above[class as usize]);
            }
        }
    }
    component
}
