//! Typed 32-bit ids.
//!
//! Every id is an index into a dense table, stored as `index + 1` in a `NonZeroU32`, so that
//! `Option<Id>` takes 4 bytes. Ids of different kinds cannot be mixed up, order as their indices
//! do, and are handed out in insertion order: the same calls give the same ids.

use std::fmt;
use std::num::NonZeroU32;

macro_rules! typed_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The id of the given index. Panics for `u32::MAX`, the one index without an id.
            pub const fn new(index: u32) -> Self {
                match NonZeroU32::new(index.wrapping_add(1)) {
                    Some(raw) => Self(raw),
                    None => panic!("index u32::MAX has no id"),
                }
            }

            /// The id of the given index. Panics when the index does not fit.
            pub fn from_index(index: usize) -> Self {
                Self::new(u32::try_from(index).expect("ids are 32 bits wide"))
            }

            /// The index this id stands for.
            pub const fn index(self) -> usize {
                self.as_u32() as usize
            }

            /// The index as `u32`, as stored in flat buffers.
            pub const fn as_u32(self) -> u32 {
                self.0.get() - 1
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.as_u32())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    };
}

typed_id!(
    /// An equivalence class of e-nodes. Any id ever returned stays valid; after unions it may no
    /// longer be canonical, and [`EGraph::find`](crate::EGraph::find) gives the canonical one.
    EClassId, "c"
);
typed_id!(
    /// An e-node: one row of one operator table.
    ENodeId, "n"
);
typed_id!(
    /// A region: a scope every class belongs to.
    RegionId, "r"
);
typed_id!(
    /// A sort (type) declared in the [`Signature`](crate::Signature).
    SortId, "s"
);
typed_id!(
    /// An operator declared in the [`Signature`](crate::Signature).
    OpId, "o"
);
typed_id!(
    /// Data of a node that is no e-class: a literal, a predicate name, an index. Opaque: the
    /// client keeps its own interner and chooses the numbers, equal numbers meaning equal
    /// payloads. [`PayloadId::NONE`] (index 0) means "no payload".
    PayloadId, "p"
);

impl RegionId {
    /// The region at the top of the tree, which exists from the start: plain use needs no other.
    pub const ROOT: Self = Self::new(0);
}

impl PayloadId {
    /// No payload.
    pub const NONE: Self = Self::new(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_of_an_id_is_four_bytes() {
        assert_eq!(size_of::<Option<EClassId>>(), 4);
        assert_eq!(size_of::<Option<PayloadId>>(), 4);
    }

    #[test]
    fn ids_round_trip_and_order_as_indices() {
        let ids: Vec<ENodeId> = [0, 1, 77, u32::MAX - 1].map(ENodeId::new).to_vec();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().map(|id| id.as_u32()).collect::<Vec<_>>(), [0, 1, 77, u32::MAX - 1]);
        assert_eq!(format!("{:?}", ids[2]), "n77");
    }

    #[test]
    #[should_panic(expected = "has no id")]
    fn the_last_index_has_no_id() {
        let _ = OpId::new(u32::MAX);
    }
}
