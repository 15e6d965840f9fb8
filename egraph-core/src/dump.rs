//! A canonical text of an e-graph, and a check of its invariants: for tests and debugging.

use std::fmt::Write;

use crate::table::DEAD;
use crate::{Analysis, EGraph, ENodeId, PayloadId, SortRule};

impl<A: Analysis> EGraph<A> {
    /// One line a class, in order of id: region, sort, analysis value, nodes. Two e-graphs built by
    /// the same steps have the same text, byte for byte.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        for class in self.classes() {
            let (region, sort) = (self.region(class), self.signature.sort_name(self.sort(class)));
            let data = self.data(class);
            write!(text, "{class} {region} {sort} {data:?} =").expect("writing to a string");
            for (at, id) in self.nodes(class).enumerate() {
                let node = self.node(id);
                let separator = if at == 0 { "" } else { " |" };
                write!(text, "{separator} ({}", self.signature.op_name(node.op))
                    .expect("writing to a string");
                if node.payload != PayloadId::NONE {
                    write!(text, "[{}]", node.payload.as_u32()).expect("writing to a string");
                }
                for child in node.children {
                    write!(text, " {child}").expect("writing to a string");
                }
                text.push(')');
            }
            text.push('\n');
        }
        text
    }

    /// Checks that a rebuilt e-graph is consistent: canonical columns, hash-cons, node lists,
    /// parent lists, regions, sorts and counts agree, and no two live nodes are equal.
    ///
    /// # Errors
    /// A description of the first violation.
    pub fn check_invariants(&self) -> Result<(), String> {
        if !self.is_rebuilt() {
            return Err("the e-graph is not rebuilt".to_owned());
        }
        let mut live = 0;
        for raw in 0..self.directory.len() {
            let id = ENodeId::from_index(raw);
            let (op, row) = self.directory[raw];
            let table = &self.tables[op.index()];
            if table.flags[row as usize] & DEAD == 0 {
                live += 1;
                self.check_node(id)?;
            }
            if table.node[row as usize] != id {
                return Err(format!("{id} and its row disagree"));
            }
        }
        let memo: usize = self.tables.iter().map(crate::table::OpTable::memo_len).sum();
        if live != self.live_nodes || memo != live {
            let counted = self.live_nodes;
            return Err(format!("{live} live nodes, {counted} counted, {memo} in the hash-cons"));
        }
        let classes: Vec<_> = self.classes().collect();
        let listed: usize = classes.iter().map(|class| self.nodes(*class).len()).sum();
        if classes.len() != self.live_classes || listed != live {
            return Err(format!("{} classes, {listed} nodes listed", classes.len()));
        }
        for class in classes {
            let order: Vec<_> = self.nodes(class).map(|node| (self.op(node), node)).collect();
            if !order.is_sorted() {
                return Err(format!("the nodes of {class} are not grouped"));
            }
        }
        Ok(())
    }

    fn check_node(&self, id: ENodeId) -> Result<(), String> {
        let (op, row) = self.directory[id.index()];
        let (table, decl) = (&self.tables[op.index()], self.signature.decl(op));
        let node = self.node(id);
        let canonical = table
            .columns
            .iter()
            .zip(&node.children)
            .all(|(column, child)| column[row as usize] == *child);
        if !canonical {
            return Err(format!("{id} has displaced children"));
        }
        if self.region(node.class) != node.region || !self.nodes(node.class).any(|n| n == id) {
            return Err(format!("{id} is not at home in {}", node.class));
        }
        let home = if decl.crosses { self.parent(node.region) } else { Some(node.region) };
        for child in &node.children {
            if Some(self.region(*child)) != home {
                return Err(format!("{id} has a child in another region"));
            }
            if self.parents(*child).filter(|parent| *parent == id).count() != 1 {
                return Err(format!("{child} lists its parent {id} not exactly once"));
            }
        }
        let sort = match decl.sort {
            SortRule::Fixed(sort) => sort,
            SortRule::SameAs(child) => self.sort(node.children[child]),
            SortRule::Explicit => table.sort[row as usize],
        };
        if sort != self.sort(node.class) {
            return Err(format!("{id} and its class differ in sort"));
        }
        let explicit = (decl.sort == SortRule::Explicit).then_some(sort);
        let found = self.lookup(node.region, op, node.payload, &node.children, explicit);
        if found != Some(node.class) {
            return Err(format!("the hash-cons has {found:?} for {id}"));
        }
        Ok(())
    }
}
