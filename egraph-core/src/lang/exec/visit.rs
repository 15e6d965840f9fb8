//! The nodes of a session for those who choose among them: extractors of one's own.

use super::super::types::GlobalId;
use super::{Id, Session};

/// A row of a constructor that may be part of an extracted term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The constructor, with its literal arguments: `Num 3`, `Add`.
    pub label: String,
    /// What extraction pays for the node, without its children.
    pub cost: u64,
    /// Its class.
    pub class: u32,
    /// The classes among its arguments, those in containers included, as often as they occur.
    pub children: Vec<u32>,
}

impl Session {
    /// Every node that extraction may choose, by constructor in order of declaration, then in the
    /// order in which they were made; subsumed ones are left out. Classes are canonical.
    pub fn choices(&self) -> impl Iterator<Item = Choice> + '_ {
        self.extractable().flat_map(move |table| {
            let rows = self.store.table(table);
            let live = rows.live_rows().filter(move |row| !rows.is_subsumed(*row));
            live.map(move |row| {
                let sorts = &self.machine.sorts;
                let (mut label, mut cost) =
                    (self.name_of(table).to_string(), self.node_weight(table));
                let arguments = self.input_sorts(table).iter().zip(rows.keys(row));
                for (sort, value) in arguments.filter(|(sort, _)| !sorts.is_eq(**sort)) {
                    let own = self.machine.values.cost(sorts, *sort, *value, &mut |_, _| Some(0));
                    cost = cost.saturating_add(own.unwrap_or(0));
                    if sorts.mentions_classes(*sort) {
                        label = format!("{label} {}", sorts.name(*sort));
                    } else {
                        label = format!("{label} {}", self.term(*sort, *value, &|_| None));
                    }
                }
                let mut children = Vec::new();
                self.classes_in(table, row, &mut |class| children.push(class));
                Choice { label, cost, class: rows.output(row), children }
            })
        })
    }

    /// The global of this name; none if there is none.
    pub fn global(&self, name: &str) -> Option<Id> {
        self.env().find_global(name).and_then(|global| self.global_id(global))
    }

    /// The last global whose value is a class: what a program built last.
    pub fn last_class(&self) -> Option<Id> {
        let count = self.env().globals().len();
        let ids = (0..count).rev().filter_map(|at| self.global_id(GlobalId::from_index(at)));
        ids.into_iter().find(|id| self.machine.sorts.is_eq(id.sort))
    }

    /// The canonical number of a class, as [`Choice`] has it; none for a literal.
    pub fn class_of(&self, id: Id) -> Option<u32> {
        self.machine.sorts.is_eq(id.sort).then(|| self.find(id).value)
    }

    fn global_id(&self, global: GlobalId) -> Option<Id> {
        let found = self.places.global(global);
        let value = match found.value {
            Err(value) => value,
            Ok(table) => {
                let rows = self.store.table(table);
                let mut live = rows.live_rows();
                let row = live.find(|row| rows.keys(*row) == [global.index() as u32])?;
                rows.output(row)
            }
        };
        Some(self.find(Id { sort: found.sort, value }))
    }
}
