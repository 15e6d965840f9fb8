//! Extraction of terms: for each class the cheapest node, costs being sums over the tree.
//!
//! Knuth's generalisation of Dijkstra's algorithm (Information Processing Letters 6, 1977): a node
//! is ready when its last argument is, and a class is settled by its first node off the queue. Cost:
//! O((n + edges) log n). Costs saturate; equal costs are decided by table and row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::super::values::Sort;
use super::Session;
use super::term::Term;
use crate::store::{Kind, TableId, Value};

/// The cheapest node of every class that has a term.
pub(super) struct Extractor<'a> {
    session: &'a Session,
    best: HashMap<Value, (u64, TableId, u32), FxBuildHasher>,
}

/// Argument of a node whose cost is not known yet: a class, directly or in a container.
struct Waiting {
    table: TableId,
    row: u32,
    open: u32,
}

impl<'a> Extractor<'a> {
    /// Costs of all classes.
    pub(super) fn new(session: &'a Session) -> Self {
        let mut extractor = Self { session, best: HashMap::default() };
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut users: HashMap<Value, Vec<u32>, FxBuildHasher> = HashMap::default();
        let mut queue = BinaryHeap::new();
        for table in session.extractable() {
            let rows = session.store.table(table);
            for row in rows.live_rows().filter(|row| !rows.is_subsumed(*row)) {
                let mut classes: Vec<Value> = Vec::new();
                session.classes_in(table, row, &mut |class| classes.push(class));
                classes.sort_unstable();
                classes.dedup();
                let index = waiting.len() as u32;
                waiting.push(Waiting { table, row, open: classes.len() as u32 });
                if classes.is_empty()
                    && let Some(cost) = extractor.node_cost(table, row)
                {
                    queue.push(Reverse((cost, table, row)));
                }
                for class in classes {
                    users.entry(class).or_default().push(index);
                }
            }
        }
        while let Some(Reverse((cost, table, row))) = queue.pop() {
            let class = session.store.table(table).output(row);
            if extractor.best.contains_key(&class) {
                continue;
            }
            extractor.best.insert(class, (cost, table, row));
            for user in users.remove(&class).unwrap_or_default() {
                let node = &mut waiting[user as usize];
                node.open -= 1;
                if node.open == 0
                    && let (table, row) = (node.table, node.row)
                    && let Some(cost) = extractor.node_cost(table, row)
                {
                    queue.push(Reverse((cost, table, row)));
                }
            }
        }
        extractor
    }

    /// The cheapest node of a class.
    pub(super) fn node(&self, class: Value) -> Option<(TableId, u32)> {
        self.best.get(&class).map(|(_, table, row)| (*table, *row))
    }

    /// Cost of a node from its arguments', if they have any.
    pub(super) fn node_cost(&self, table: TableId, row: u32) -> Option<u64> {
        let session = self.session;
        let mut cost = session.node_weight(table);
        let keys = session.store.table(table).keys(row);
        for (sort, value) in session.input_sorts(table).iter().zip(keys) {
            cost = cost.saturating_add(self.cost(*sort, *value)?);
        }
        Some(cost)
    }

    /// Cost of a value's term, if it has one.
    pub(super) fn cost(&self, sort: Sort, value: Value) -> Option<u64> {
        let machine = &self.session.machine;
        machine.values.cost(&machine.sorts, sort, value, &mut |_, class| {
            self.best.get(&class).map(|(cost, ..)| *cost)
        })
    }

    /// The cheapest term of a value.
    pub(super) fn term(&self, sort: Sort, value: Value) -> Option<Term> {
        self.cost(sort, value)?;
        Some(self.session.term(sort, value, &|class| self.node(class)))
    }

    /// Up to so many terms of a class, one for each of its nodes, the cheapest first.
    pub(super) fn variants(&self, sort: Sort, value: Value, count: usize) -> Vec<(u64, Term)> {
        let session = self.session;
        if !session.machine.sorts.is_eq(sort) {
            let term = self.term(sort, value);
            return term
                .and_then(|term| Some((self.cost(sort, value)?, term)))
                .into_iter()
                .collect();
        }
        let mut nodes: Vec<(u64, TableId, u32)> = Vec::new();
        for table in session.extractable() {
            let rows = session.store.table(table);
            if rows.decl.output != Kind::Class(sort.index() as u32) {
                continue;
            }
            for row in rows.live_rows() {
                if rows.output(row) == value
                    && !rows.is_subsumed(row)
                    && let Some(cost) = self.node_cost(table, row)
                {
                    nodes.push((cost, table, row));
                }
            }
        }
        nodes.sort_unstable();
        nodes.truncate(count);
        let best = |class: Value| self.node(class);
        nodes
            .into_iter()
            .map(|(cost, table, row)| (cost, session.node_term(table, row, &best)))
            .collect()
    }
}
