//! Keeping a journal: what rules and the program do, step by step, with the reason.
//!
//! The rows are the same with and without it. Off, it costs one test for each match.

use std::sync::Arc;

use super::lower::FACT;
use super::machine::Machine;
use crate::ematch::{Action, Actions, Operand};
use crate::lang::proof::{Event, Journal, NodeId, Why};
use crate::lang::types::FuncId;
use crate::store::{Refused, Store, TableId, Value};

/// A journal that is being kept.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub(super) journal: Journal,
    /// The rules that are running, by their number there.
    pub(super) due: Vec<usize>,
    pub(super) why: Why,
    /// Number of the next node that is added to a class.
    next: NodeId,
    /// Events and rules at each open scope.
    pub(super) marks: Vec<(usize, usize)>,
}

impl Default for Recorder {
    fn default() -> Self {
        let journal = Journal::default();
        Self { journal, due: Vec::new(), why: Why::Program, next: u32::MAX, marks: Vec::new() }
    }
}

impl Recorder {
    fn union(&mut self, a: NodeId, b: NodeId) {
        if a != b {
            self.journal.events.push(Event::Union { a, b, why: self.why.clone() });
        }
    }

    fn node(&mut self, id: NodeId, func: FuncId, keys: &[Value]) {
        let event = Event::Node { id, func, keys: keys.into(), why: self.why.clone() };
        self.journal.events.push(event);
    }
}

impl Machine {
    fn function_of(&self, table: TableId) -> Option<FuncId> {
        self.functions.binary_search(&table).ok().map(FuncId::from_index)
    }

    /// Does what a list of actions says, and keeps the journal if there is one.
    pub(super) fn commit(
        &mut self,
        actions: &Actions,
        store: &mut Store,
        registers: &mut [Value],
    ) -> Result<(), Refused> {
        if self.recorder.is_none() {
            return actions.commit(store, self, registers);
        }
        actions.steps.iter().try_for_each(|step| self.record(actions, step, store, registers))
    }

    /// The variables of a match, before it is committed.
    pub(super) fn because_of(&mut self, index: usize, registers: &[Value]) {
        let Some(recorder) = &mut self.recorder else { return };
        let rule = recorder.due[index];
        let count = recorder.journal.rules[rule].body.vars.len();
        recorder.why = Why::Rule(rule as u32, registers[..count].into());
    }

    fn record(
        &mut self,
        actions: &Actions,
        step: &Action,
        store: &mut Store,
        registers: &mut [Value],
    ) -> Result<(), Refused> {
        let value = |store: &Store, operand: Operand, registers: &[Value]| {
            actions.value(store, operand, registers)
        };
        let (table, args) = match step {
            Action::Make { table, args, .. }
            | Action::MakeIn { table, args, .. }
            | Action::Set { table, args, .. } => (*table, args),
            Action::Union(a, b) => {
                let (a, b) = (value(store, *a, registers), value(store, *b, registers));
                if let Some(recorder) = &mut self.recorder {
                    recorder.union(a, b);
                }
                return actions.step(step, store, self, registers);
            }
            _ => return actions.step(step, store, self, registers),
        };
        let keys = actions.gather(store, args, registers);
        let known = store.lookup(table, &keys);
        let func = self.function_of(table);
        let class = match step {
            Action::MakeIn { class, .. } => value(store, *class, registers),
            Action::Set { value: new, .. } => value(store, *new, registers),
            _ => FACT,
        };
        if let (Action::Set { .. }, Some(func), Some(recorder)) = (step, func, &mut self.recorder) {
            let (keys, why): (Arc<[Value]>, Why) = (keys.as_slice().into(), recorder.why.clone());
            recorder.journal.events.push(Event::Set { func, keys, value: class, why });
        }
        actions.step(step, store, self, registers)?;
        let (Some(func), Some(recorder)) = (func, &mut self.recorder) else { return Ok(()) };
        match (step, known) {
            (Action::Make { out, .. }, None) => {
                recorder.node(registers[*out as usize], func, &keys);
            }
            (Action::MakeIn { .. }, Some(other)) => recorder.union(other, class),
            (Action::MakeIn { .. }, None) => {
                let id = recorder.next;
                recorder.next -= 1;
                recorder.node(id, func, &keys);
                recorder.union(id, class);
            }
            _ => {}
        }
        Ok(())
    }

    /// Two values of a function were merged.
    pub(super) fn record_merge(&mut self, table: TableId, old: Value, new: Value, merged: Value) {
        let Some(func) = self.function_of(table) else { return };
        if let Some(recorder) = &mut self.recorder {
            recorder.journal.events.push(Event::Merge { func, old, new, merged });
        }
    }
}
