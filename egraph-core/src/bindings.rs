//! What a match binds.

use crate::{EClassId, PayloadId};

/// Names of a rule's variables. A match is a row of `u32`: the root's class, then the class
/// variables, then the payload variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    pub(crate) classes: Vec<String>,
    pub(crate) payloads: Vec<String>,
}

impl Slots {
    pub(crate) fn stride(&self) -> usize {
        1 + self.classes.len() + self.payloads.len()
    }

    /// Slot of a class variable.
    pub(crate) fn class(&self, name: &str) -> Option<usize> {
        self.classes.iter().position(|known| known == name).map(|at| at + 1)
    }

    /// Slot of a payload variable.
    pub(crate) fn payload(&self, name: &str) -> Option<usize> {
        let at = self.payloads.iter().position(|known| known == name)?;
        Some(1 + self.classes.len() + at)
    }
}

/// One match of a rule, as guards and computed right-hand sides see it.
#[derive(Clone, Copy, Debug)]
pub struct Bindings<'a> {
    pub(crate) slots: &'a Slots,
    pub(crate) row: &'a [u32],
}

impl Bindings<'_> {
    /// The class the first pattern's root matched.
    pub fn root(&self) -> EClassId {
        EClassId::new(self.row[0])
    }

    /// The class bound to a variable, named with or without its `?`.
    pub fn class(&self, name: &str) -> Option<EClassId> {
        let slot = self.slots.class(name.strip_prefix('?').unwrap_or(name))?;
        Some(EClassId::new(self.row[slot]))
    }

    /// As [`Bindings::class`] for a variable the rule is known to bind. Panics otherwise, which is
    /// an error in the rule's source.
    pub fn get(&self, name: &str) -> EClassId {
        self.class(name).unwrap_or_else(|| panic!("the rule binds no class variable `{name}`"))
    }

    /// The payload bound to a payload variable. Panics for a variable the rule does not bind,
    /// which is an error in the rule's source.
    pub fn payload(&self, name: &str) -> PayloadId {
        match self.slots.payload(name.strip_prefix('?').unwrap_or(name)) {
            Some(slot) => PayloadId::new(self.row[slot]),
            None => panic!("the rule binds no payload variable `{name}`"),
        }
    }
}
