//! Finding proofs: congruence closure that keeps a tree of reasons.
//!
//! Beside the union-find there is a forest whose edges are the unions and congruences that joined
//! classes, each once, so that two equal nodes have one path between them. A congruence on it is
//! explained by the paths between the operands, all of whose edges are older: it ends.

use std::sync::Arc;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::{Asked, Because, Chain, Event, Journal, NodeId, Proof, Step};
use crate::lang::types::{Env, FuncId};
use crate::lang::values::Value;

type Map<K, V> = HashMap<K, V, FxBuildHasher>;

/// Why an edge is there: a union of the journal, or congruence.
type Edge = Option<usize>;

#[derive(Debug)]
struct Node {
    id: NodeId,
    func: FuncId,
    keys: Arc<[Value]>,
}

/// All nodes of a journal, joined as its unions say.
#[derive(Debug)]
pub(crate) struct Forest<'a> {
    env: &'a Env,
    nodes: Vec<Node>,
    index: Map<NodeId, usize>,
    /// Nodes by constructor and operands as they were made.
    exact: Map<(FuncId, Arc<[Value]>), usize>,
    leader: Vec<usize>,
    /// The edge towards the root of a node's tree.
    up: Vec<Option<(usize, Edge)>>,
    /// By leader: nodes with an operand in the class.
    users: Vec<Vec<usize>>,
    /// Nodes by constructor and leaders of operands.
    congruent: Map<(FuncId, Vec<Value>), usize>,
    known: Map<(usize, usize), Arc<Proof>>,
    next_asked: NodeId,
}

impl<'a> Forest<'a> {
    /// Replays a journal.
    pub(crate) fn new(env: &'a Env, journal: &Journal) -> Self {
        let mut forest = Self {
            env,
            nodes: Vec::new(),
            index: Map::default(),
            exact: Map::default(),
            leader: Vec::new(),
            up: Vec::new(),
            users: Vec::new(),
            congruent: Map::default(),
            known: Map::default(),
            next_asked: 1 << 31,
        };
        for (at, event) in journal.events.iter().enumerate() {
            match event {
                Event::Node { id, func, keys, .. } => {
                    forest.add(*id, *func, keys.clone());
                }
                Event::Union { a, b, .. } => {
                    if let (Some(a), Some(b)) = (forest.position(*a), forest.position(*b)) {
                        forest.join(a, b, Some(at));
                    }
                }
                _ => {}
            }
        }
        forest
    }

    fn position(&self, id: NodeId) -> Option<usize> {
        self.index.get(&id).copied()
    }

    /// The node of a constructor and operands as written, which is added if there is none.
    pub(crate) fn term(
        &mut self,
        func: FuncId,
        keys: Arc<[Value]>,
        asked: &mut Vec<Asked>,
    ) -> NodeId {
        if let Some(at) = self.exact.get(&(func, keys.clone())) {
            return self.nodes[*at].id;
        }
        let id = self.next_asked;
        self.next_asked += 1;
        asked.push((id, func, keys.clone()));
        self.add(id, func, keys);
        id
    }

    /// The constructor and operands of a node.
    pub(crate) fn node(&self, id: NodeId) -> Option<(FuncId, &[Value])> {
        let node = &self.nodes[self.position(id)?];
        Some((node.func, &node.keys))
    }

    fn find(&self, mut at: usize) -> usize {
        while self.leader[at] != at {
            at = self.leader[at];
        }
        at
    }

    /// The nodes among the operands of a node.
    fn operands(&self, at: usize) -> Vec<(usize, usize)> {
        let node = &self.nodes[at];
        let sorts = &self.env.function(node.func).inputs;
        let classes = sorts.iter().enumerate().filter(|(_, sort)| self.env.sorts().is_eq(**sort));
        classes.filter_map(|(i, _)| Some((i, self.position(node.keys[i])?))).collect()
    }

    fn key(&self, at: usize) -> (FuncId, Vec<Value>) {
        let mut keys = self.nodes[at].keys.to_vec();
        for (i, operand) in self.operands(at) {
            keys[i] = self.nodes[self.find(operand)].id;
        }
        (self.nodes[at].func, keys)
    }

    fn add(&mut self, id: NodeId, func: FuncId, keys: Arc<[Value]>) {
        let at = self.nodes.len();
        self.exact.entry((func, keys.clone())).or_insert(at);
        self.nodes.push(Node { id, func, keys });
        self.index.insert(id, at);
        self.leader.push(at);
        self.up.push(None);
        self.users.push(Vec::new());
        for (_, operand) in self.operands(at) {
            let leader = self.find(operand);
            self.users[leader].push(at);
        }
        let key = self.key(at);
        if let Some(other) = self.congruent.get(&key).copied() {
            self.join(at, other, None);
        } else {
            self.congruent.insert(key, at);
        }
    }

    fn join(&mut self, a: usize, b: usize, edge: Edge) {
        let mut waiting = vec![(a, b, edge)];
        while let Some((a, b, edge)) = waiting.pop() {
            let (mut from, mut to, [mut a, mut b]) = (self.find(a), self.find(b), [a, b]);
            if from == to {
                continue;
            }
            if self.users[from].len() > self.users[to].len() {
                (from, to, a, b) = (to, from, b, a);
            }
            self.make_root(a);
            self.up[a] = Some((b, edge));
            self.leader[from] = to;
            for user in std::mem::take(&mut self.users[from]) {
                self.users[to].push(user);
                let key = self.key(user);
                match self.congruent.get(&key) {
                    Some(other) => waiting.push((user, *other, None)),
                    None => {
                        self.congruent.insert(key, user);
                    }
                }
            }
        }
    }

    /// Turns the edges from a node to its root around.
    fn make_root(&mut self, at: usize) {
        let (mut at, mut incoming) = (at, None);
        loop {
            let next = std::mem::replace(&mut self.up[at], incoming);
            let Some((parent, edge)) = next else { return };
            incoming = Some((at, edge));
            at = parent;
        }
    }

    /// The proof that two nodes are equal, if they are.
    pub(crate) fn prove(&mut self, a: NodeId, b: NodeId) -> Option<Arc<Proof>> {
        let (a, b) = (self.position(a)?, self.position(b)?);
        (self.find(a) == self.find(b)).then(|| self.path(a, b))
    }

    fn path(&mut self, a: usize, b: usize) -> Arc<Proof> {
        if let Some(proof) = self.known.get(&(a, b)) {
            return proof.clone();
        }
        let ancestors = |from: usize| {
            let mut line = vec![(from, None)];
            let mut at = from;
            while let Some((parent, edge)) = self.up[at] {
                line.push((parent, Some(edge)));
                at = parent;
            }
            line
        };
        let (mut left, mut right) = (ancestors(a), ancestors(b));
        // Both end at the root: what they share but for its first node is not on the path.
        while left.len() > 1
            && right.len() > 1
            && left[left.len() - 2].0 == right[right.len() - 2].0
        {
            left.pop();
            right.pop();
        }
        let mut edges: Vec<(usize, usize, Edge)> = Vec::new();
        for pair in left.windows(2) {
            edges.push((pair[0].0, pair[1].0, pair[1].1.flatten()));
        }
        for pair in right.windows(2).rev() {
            edges.push((pair[1].0, pair[0].0, pair[1].1.flatten()));
        }
        let steps = edges.into_iter().map(|(from, to, edge)| self.step(from, to, edge)).collect();
        let proof = Arc::new(Chain { from: self.nodes[a].id, to: self.nodes[b].id, steps });
        self.known.insert((a, b), proof.clone());
        proof
    }

    fn step(&mut self, from: usize, to: usize, edge: Edge) -> Step {
        let because = if let Some(event) = edge {
            Because::Union(event)
        } else {
            let mut proofs: Vec<Option<Arc<Proof>>> = vec![None; self.nodes[from].keys.len()];
            let pairs = self.operands(from).into_iter().zip(self.operands(to));
            let pairs: Vec<_> = pairs.filter(|(left, right)| left.1 != right.1).collect();
            for ((i, left), (_, right)) in pairs {
                proofs[i] = Some(self.path(left, right));
            }
            Because::Congruence(proofs)
        };
        Step { from: self.nodes[from].id, to: self.nodes[to].id, because }
    }
}
