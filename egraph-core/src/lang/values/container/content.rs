//! The order of flattened contents, by which equal containers have equal contents.

use super::super::Value;

/// The most elements that a primitive makes out of a number: a program cannot ask for all memory in
/// one step.
pub(super) const LONGEST: u64 = 1 << 24;

/// Elements of a set: ascending, each once.
pub(in super::super) fn set(mut elements: Vec<Value>) -> Vec<Value> {
    elements.sort_unstable();
    elements.dedup();
    elements
}

/// Entries of a map: keys ascending; of entries with one key, the last.
pub(in super::super) fn map(entries: impl IntoIterator<Item = (Value, Value)>) -> Vec<Value> {
    let mut entries: Vec<(Value, Value)> = entries.into_iter().collect();
    entries.sort_by_key(|&(key, _)| key);
    let mut content: Vec<Value> = Vec::with_capacity(2 * entries.len());
    for (key, value) in entries {
        match content[..] {
            [.., last, ref mut old] if last == key => *old = value,
            _ => content.extend([key, value]),
        }
    }
    content
}

/// Elements of a multiset with their numbers: elements ascending, numbers of one element added up.
/// `None` when there are more than [`LONGEST`] elements.
pub(in super::super) fn multiset(
    counts: impl IntoIterator<Item = (Value, u32)>,
) -> Option<Vec<Value>> {
    let mut counts: Vec<(Value, u32)> = counts.into_iter().filter(|&(_, n)| n > 0).collect();
    let elements: u64 = counts.iter().map(|&(_, number)| u64::from(number)).sum();
    if elements > LONGEST {
        return None;
    }
    counts.sort_unstable();
    let mut content: Vec<Value> = Vec::with_capacity(2 * counts.len());
    for (element, number) in counts {
        match content[..] {
            [.., last, ref mut total] if last == element => *total += number,
            _ => content.extend([element, number]),
        }
    }
    Some(content)
}

/// The pairs of a flattened map or multiset.
pub(in super::super) fn pairs(
    content: &[Value],
) -> impl DoubleEndedIterator<Item = (Value, Value)> + Clone {
    content.chunks_exact(2).map(|pair| (pair[0], pair[1]))
}

/// What goes with a key of a map, or an element of a multiset: O(log n).
pub(in super::super) fn find(content: &[Value], key: Value) -> Option<Value> {
    let (mut low, mut high) = (0, content.len() / 2);
    while low < high {
        let middle = usize::midpoint(low, high);
        match content[2 * middle].cmp(&key) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(content[2 * middle + 1]),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_do_not_depend_on_the_order_of_making() {
        assert_eq!(set(vec![3, 1, 3, 2]), [1, 2, 3]);
        assert_eq!(map([(5, 1), (2, 7), (5, 9)]), [2, 7, 5, 9]);
        assert_eq!(multiset([(5, 1), (2, 2), (5, 3), (9, 0)]).unwrap(), [2, 2, 5, 4]);
        assert_eq!(multiset([(1, 1 << 23), (2, 1 << 23), (1, 1)]), None);
    }

    #[test]
    fn keys_are_found() {
        let content = map((0..100).map(|k| (2 * k, k + 1000)));
        assert!((0..100).all(|k| find(&content, 2 * k) == Some(k + 1000)));
        assert!((0..100).all(|k| find(&content, 2 * k + 1).is_none()));
        assert_eq!(find(&[], 0), None);
    }
}
