//! Adding the rows of many matches to one table: what does not depend on the match is done once.

use super::{Conflict, Kind, Refused, Store, TableId, Value};

/// Keys of matches that are looked up in one table, and added where they are not there. The keys are
/// canonical; the hashes are theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a, const N: usize> {
    /// The matches, in the order in which their rows are added.
    pub(crate) matches: &'a [u8],
    /// By match.
    pub(crate) keys: &'a [[Value; N]],
    /// By match.
    pub(crate) hashes: &'a [u64],
}

impl Store {
    /// Adds the nodes of a constructor that are wanted and not there, each to the class that is
    /// given for its match, or to one of its own; or the facts of a relation. Says of each match what
    /// the output of its row is, and whether the row is new.
    ///
    /// # Errors
    /// There is no room for the next one; or this is neither a constructor nor a relation.
    #[inline]
    pub(crate) fn add_all<const N: usize>(
        &mut self,
        table: TableId,
        wanted: Wanted<'_, N>,
        class_of: impl Fn(usize) -> Option<Value>,
        mut each: impl FnMut(usize, Value, bool),
    ) -> Result<(), Refused> {
        let Self { tables, classes, class_sort, facts, live, limit, version, news, clock, .. } =
            self;
        let known = &mut tables[table as usize];
        debug_assert!(!known.decl.implied, "rows that count for no limit follow from others");
        let sort = match (known.decl.conflict, known.decl.output) {
            (Conflict::Union, Kind::Class(sort)) => Some(sort),
            (Conflict::Keep, _) => None,
            _ => {
                let why = format!("`{}` is neither a constructor nor a relation", known.decl.name);
                return Err(Refused::Failed(why));
            }
        };
        let (first, mut outcome) = (known.len(), Ok(()));
        for at in wanted.matches {
            let at = usize::from(*at);
            let keys = &wanted.keys[at];
            match known.seek_hashed(wanted.hashes[at], keys) {
                Ok(row) => each(at, known.output(row), false),
                Err(_) if *live >= *limit => {
                    outcome = Err(Refused::Full);
                    break;
                }
                Err(gap) => {
                    let output = match (class_of(at), sort) {
                        (Some(class), _) => class,
                        (None, Some(sort)) => {
                            class_sort.push(sort);
                            classes.make()
                        }
                        (None, None) => {
                            *facts += 1;
                            *facts
                        }
                    };
                    known.push_into(gap, keys, output, *clock);
                    *live += 1;
                    each(at, output, true);
                }
            }
        }
        let added = first..known.len();
        *version += added.len() as u64;
        if let Some(news) = news.as_mut().filter(|_| !added.is_empty()) {
            news.rows.push((table, added));
        }
        outcome
    }
}
