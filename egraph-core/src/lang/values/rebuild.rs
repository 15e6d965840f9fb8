//! Bringing containers up to date with unions.
//!
//! A container is found by its content, so when a class in it is displaced by a union the container
//! is displaced as well: by the one whose content mentions the class that took over. An index from
//! what is mentioned to the containers that mention it makes this proportional to the containers
//! that change (and to those that are new since the last time, which enter the index then).

use std::sync::PoisonError;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::Value;
use super::container::content;
use super::sort::{Sort, SortKind, Sorts};
use super::store::Values;

/// A container that others have to be forwarded to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    /// Sort of both containers.
    pub sort: Sort,
    /// The container that mentions something displaced.
    pub old: Value,
    /// The container that takes its place.
    pub new: Value,
}

/// No further link.
const END: u32 = u32::MAX;

/// A container that mentions something, and the link to the next that does.
struct Link {
    sort: Sort,
    container: Value,
    next: u32,
}

/// Which containers mention what: a linked list for each class, or container, that is mentioned.
/// Entries are never removed. One that is out of date costs a look, and becomes true again when a
/// scope in which its container was displaced is left.
#[derive(Default)]
pub(super) struct Mentions {
    /// The first link of what is mentioned, by its sort and by its value: values are dense.
    heads: Vec<Vec<u32>>,
    links: Vec<Link>,
    /// By sort: containers from here on are not in the index yet.
    next: Vec<Value>,
}

/// An entry of a list that is made as long as needed.
fn grown<T: Clone>(list: &mut Vec<T>, index: usize, fill: T) -> &mut T {
    if list.len() <= index {
        list.resize(index + 1, fill);
    }
    &mut list[index]
}

impl Mentions {
    /// Enters the containers that were made since the last call.
    fn extend(&mut self, values: &Values, sorts: &Sorts) {
        for sort in sorts.all() {
            if !sorts.is_container(sort) || !sorts.mentions_classes(sort) {
                continue;
            }
            let made = values.containers(sort).count();
            let first = std::mem::replace(grown(&mut self.next, sort.index(), 0), made);
            for container in first..made {
                values.for_each_part(sorts, sort, container, &mut |part, value, _| {
                    if sorts.mentions_classes(part) {
                        let heads = grown(&mut self.heads, part.index(), Vec::new());
                        let head = grown(heads, value as usize, END);
                        self.links.push(Link { sort, container, next: *head });
                        *head = u32::try_from(self.links.len() - 1)
                            .expect("fewer than 2^32 elements of containers");
                    }
                });
            }
        }
    }

    /// The containers that mention one of these, in the order of their sorts, which puts what is
    /// contained before what contains it, and of their making.
    fn of(&self, displaced: &[(Sort, Value)]) -> Vec<(Sort, Value)> {
        let mut mentioning = Vec::new();
        for &(sort, value) in displaced {
            let heads = self.heads.get(sort.index());
            let mut at = heads.and_then(|h| h.get(value as usize)).copied().unwrap_or(END);
            while at != END {
                let link = &self.links[at as usize];
                mentioning.push((link.sort, link.container));
                at = link.next;
            }
        }
        mentioning.sort_unstable();
        mentioning.dedup();
        mentioning
    }
}

/// What took the place of what: the caller's answer, then this rebuild's.
struct Forward<'a> {
    find: &'a dyn Fn(Sort, Value) -> Value,
    rebuilt: HashMap<(Sort, Value), Value, FxBuildHasher>,
}

impl Forward<'_> {
    fn find(&self, sort: Sort, value: Value) -> Value {
        let mut value = (self.find)(sort, value);
        while let Some(&next) = self.rebuilt.get(&(sort, value)) {
            value = next;
        }
        value
    }
}

impl Values {
    /// The containers that have to be forwarded because of unions: `displaced` are the classes (and
    /// containers) that are no longer their own representative since the last call, and `find`
    /// gives the representative of a class or container, itself if it was never displaced. Nested
    /// containers are followed outwards, so that nothing is left to forward once the result is:
    /// each `old` has to be made to represent `new`, in order.
    ///
    /// Where keys of a map become equal, the entry stays whose key had the greatest value.
    pub fn rebuild(
        &self,
        sorts: &Sorts,
        find: &dyn Fn(Sort, Value) -> Value,
        displaced: &[(Sort, Value)],
    ) -> Vec<Rebuilt> {
        let mut result = Vec::new();
        let mut forward = Forward { find, rebuilt: HashMap::default() };
        let mut mentions = self.mentions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut displaced = displaced.to_vec();
        while !displaced.is_empty() {
            mentions.extend(self, sorts);
            let mentioning = mentions.of(&displaced);
            displaced.clear();
            for (sort, old) in mentioning {
                // Containers of scopes that are gone, and those that were forwarded before.
                if !sorts.contains(sort) || forward.find(sort, old) != old {
                    continue;
                }
                let content = self.canonical(sorts, sort, old, &forward);
                let new = self.intern_content(sort, &content);
                if new != old {
                    forward.rebuilt.insert((sort, old), new);
                    displaced.push((sort, old));
                    result.push(Rebuilt { sort, old, new });
                }
            }
        }
        result
    }

    /// The content of a container with representatives in place of what they represent.
    fn canonical(
        &self,
        sorts: &Sorts,
        sort: Sort,
        container: Value,
        forward: &Forward<'_>,
    ) -> Vec<Value> {
        let old = self.content(sort, container);
        let find = |part: Sort, value: Value| {
            if sorts.mentions_classes(part) { forward.find(part, value) } else { value }
        };
        match *sorts.kind(sort) {
            SortKind::Vec(element) => old.iter().map(|&value| find(element, value)).collect(),
            SortKind::Set(element) => {
                content::set(old.iter().map(|&value| find(element, value)).collect())
            }
            SortKind::Map(key, value) => {
                content::map(content::pairs(old).map(|(k, v)| (find(key, k), find(value, v))))
            }
            SortKind::MultiSet(element) => {
                let counts =
                    content::pairs(old).map(|(value, number)| (find(element, value), number));
                content::multiset(counts).expect("a rebuild adds no elements")
            }
            SortKind::Pair(first, second) => vec![find(first, old[0]), find(second, old[1])],
            SortKind::Fn { .. } => {
                let given = self.target(old[0]).given.iter().zip(&old[1..]);
                let given = given.map(|(&part, &value)| find(part, value));
                std::iter::once(old[0]).chain(given).collect()
            }
            _ => old.to_vec(),
        }
    }
}
