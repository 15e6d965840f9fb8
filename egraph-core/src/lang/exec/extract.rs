//! Extraction of terms: for each class the cheapest node, costs being sums over the tree.
//!
//! Knuth's generalisation of Dijkstra's algorithm (Information Processing Letters 6, 1977): a node
//! is ready when its last argument is, and a class is settled by its first node off the queue. Cost:
//! O((n + edges) log n). Costs saturate; equal costs are decided by table and row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::values::Sort;
use super::Session;
use super::term::Term;
use crate::store::{Kind, TableId, Value};

/// The cheapest node of every class that has a term.
pub(super) struct Extractor<'a> {
    session: &'a Session,
    best: &'a Best,
}

/// The cheapest nodes, by class.
#[derive(Debug, Default)]
pub(super) struct Best {
    /// Version of the store that they are for.
    version: u64,
    /// Cost, table and row; a cost of `u64::MAX` with no table is none.
    nodes: Vec<(u64, TableId, u32)>,
}

/// No node.
const NONE: (u64, TableId, u32) = (u64::MAX, TableId::MAX, u32::MAX);

impl Best {
    /// True when the store is as it was when these were chosen.
    pub(super) fn fits(&self, session: &Session) -> bool {
        self.version == session.store.version() && !self.nodes.is_empty()
    }

    /// Chooses for all classes.
    pub(super) fn new(session: &Session) -> Self {
        let mut best = Self {
            version: session.store.version(),
            nodes: vec![NONE; session.store.classes.len()],
        };
        // Nodes, with the arguments whose cost is open, and for each class the nodes it opens.
        let rows =
            session.extractable().map(|table| session.store.table(table).live() as usize).sum();
        let mut nodes: Vec<(TableId, u32, u32)> = Vec::with_capacity(rows);
        let mut edges: Vec<(Value, u32)> = Vec::with_capacity(rows);
        let mut queue = BinaryHeap::new();
        for table in session.extractable() {
            let rows = session.store.table(table);
            for row in rows.live_rows().filter(|row| !rows.is_subsumed(*row)) {
                let (node, first) = (nodes.len() as u32, edges.len());
                session.classes_in(table, row, &mut |class| {
                    if !edges[first..].iter().any(|(other, _)| *other == class) {
                        edges.push((class, node));
                    }
                });
                nodes.push((table, row, (edges.len() - first) as u32));
                if edges.len() == first
                    && let Some(cost) = best.node_cost(session, table, row)
                {
                    queue.push(Reverse((cost, table, row)));
                }
            }
        }
        let mut starts = vec![0u32; best.nodes.len() + 1];
        for (class, _) in &edges {
            starts[*class as usize] += 1;
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut users = vec![0u32; edges.len()];
        for (class, node) in edges.iter().rev() {
            let at = &mut starts[*class as usize];
            *at -= 1;
            users[*at as usize] = *node;
        }
        while let Some(Reverse((cost, table, row))) = queue.pop() {
            let class = session.store.table(table).output(row) as usize;
            if best.nodes[class] != NONE {
                continue;
            }
            best.nodes[class] = (cost, table, row);
            for user in &users[starts[class] as usize..starts[class + 1] as usize] {
                let (table, row, open) = &mut nodes[*user as usize];
                *open -= 1;
                if *open == 0
                    && let Some(cost) = best.node_cost(session, *table, *row)
                {
                    queue.push(Reverse((cost, *table, *row)));
                }
            }
        }
        best
    }

    fn class(&self, class: Value) -> Option<(u64, TableId, u32)> {
        self.nodes.get(class as usize).copied().filter(|node| *node != NONE)
    }

    fn cost(&self, session: &Session, sort: Sort, value: Value) -> Option<u64> {
        let machine = &session.machine;
        match machine.kind(sort) {
            Kind::Class(_) => self.class(value).map(|(cost, ..)| cost),
            _ => machine.values.cost(&machine.sorts, sort, value, &mut |_, class| {
                self.class(class).map(|(cost, ..)| cost)
            }),
        }
    }

    fn node_cost(&self, session: &Session, table: TableId, row: u32) -> Option<u64> {
        let mut cost = session.node_weight(table);
        let rows = session.store.table(table);
        for (column, value) in rows.keys(row).iter().enumerate() {
            let argument = match rows.decl.keys[column] {
                Kind::Class(_) => self.class(*value)?.0,
                _ => self.cost(session, session.input_sorts(table)[column], *value)?,
            };
            cost = cost.saturating_add(argument);
        }
        Some(cost)
    }
}

impl<'a> Extractor<'a> {
    /// Terms by what was chosen.
    pub(super) fn new(session: &'a Session, best: &'a Best) -> Self {
        Self { session, best }
    }

    /// The cheapest node of a class.
    pub(super) fn node(&self, class: Value) -> Option<(TableId, u32)> {
        self.best.class(class).map(|(_, table, row)| (table, row))
    }

    /// Cost of a value's term, if it has one.
    pub(super) fn cost(&self, sort: Sort, value: Value) -> Option<u64> {
        self.best.cost(self.session, sort, value)
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
                    && let Some(cost) = self.best.node_cost(session, table, row)
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
