//! The checker: replays a journal with a congruence closure of its own and believes nothing.
//!
//! Closure is naive: after each union all nodes are looked at again until nothing changes. A union
//! or value that a rule is said to have caused must be what the rule's head says under the given
//! bindings, and the bindings must satisfy its body as of the last [`Event::Round`].

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::{Because, Event, Explanation, Journal, NodeId, Proof, Why};
use crate::lang::types::{
    Action, Atom, Env, Expr, FuncId, FuncKind, GlobalId, Merge, Node, Operand, Rule,
};
use crate::lang::values::{Sort, Value, Values};

type Map<K, V> = HashMap<K, V, FxBuildHasher>;

/// What is wrong with a journal or a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The event, or the step, that does not follow.
    pub at: usize,
    /// Why not.
    pub why: &'static str,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.at, self.why)
    }
}

/// Arguments and a value.
type Fact = (Arc<[Value]>, Value);

/// Nodes and which of them are equal.
#[derive(Clone, Debug, Default)]
struct Closure {
    nodes: Vec<(NodeId, FuncId, Arc<[Value]>)>,
    link: Map<NodeId, NodeId>,
    by_key: Map<(FuncId, Vec<Value>), NodeId>,
    open: bool,
}

impl Closure {
    fn find(&self, mut id: NodeId) -> NodeId {
        while let Some(next) = self.link.get(&id) {
            id = *next;
        }
        id
    }

    fn canonical(&self, env: &Env, sort: Sort, value: Value) -> Value {
        if env.sorts().is_eq(sort) { self.find(value) } else { value }
    }

    fn keys(&self, env: &Env, func: FuncId, keys: &[Value]) -> Vec<Value> {
        let sorts = &env.function(func).inputs;
        sorts.iter().zip(keys).map(|(sort, key)| self.canonical(env, *sort, *key)).collect()
    }

    fn unite(&mut self, a: NodeId, b: NodeId) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.link.insert(a.max(b), a.min(b));
            self.open = true;
        }
    }

    fn close(&mut self, env: &Env) {
        while std::mem::take(&mut self.open) {
            self.by_key.clear();
            for at in 0..self.nodes.len() {
                let (id, func, keys) = self.nodes[at].clone();
                let key = (func, self.keys(env, func, &keys));
                let id = self.find(id);
                let other = *self.by_key.entry(key).or_insert(id);
                self.unite(id, other);
            }
        }
    }

    fn lookup(&self, env: &Env, func: FuncId, keys: &[Value]) -> Option<NodeId> {
        let key = (func, self.keys(env, func, keys));
        self.by_key.get(&key).map(|id| self.find(*id))
    }
}

/// What a journal has established so far.
pub struct Checker<'a> {
    env: &'a Env,
    values: &'a Values,
    journal: &'a Journal,
    now: Closure,
    /// As rules saw it.
    seen: Closure,
    nodes: Map<NodeId, usize>,
    /// Operands that are no nodes of the journal; never to become some.
    opaque: Map<NodeId, ()>,
    /// By function: arguments and values that were set.
    facts: Map<FuncId, Vec<Fact>>,
    merges: Map<FuncId, Vec<[Value; 3]>>,
    globals: Map<GlobalId, Value>,
}

impl<'a> Checker<'a> {
    /// Replays a journal.
    ///
    /// # Errors
    /// The first event whose reason is none.
    pub fn new(env: &'a Env, values: &'a Values, journal: &'a Journal) -> Result<Self, Flaw> {
        let mut checker = Self {
            env,
            values,
            journal,
            now: Closure::default(),
            seen: Closure::default(),
            nodes: Map::default(),
            opaque: Map::default(),
            facts: Map::default(),
            merges: Map::default(),
            globals: Map::default(),
        };
        for (at, event) in journal.events.iter().enumerate() {
            checker.event(event).map_err(|why| Flaw { at, why })?;
        }
        checker.now.close(env);
        Ok(checker)
    }

    fn event(&mut self, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Round => {
                self.now.close(self.env);
                self.seen = self.now.clone();
            }
            Event::Node { id, func, keys, .. } => self.node(*id, *func, keys)?,
            Event::Union { a, b, why } => {
                if !self.nodes.contains_key(a) || !self.nodes.contains_key(b) {
                    return Err("a union of what is no node");
                }
                match why {
                    Why::Program => {}
                    Why::Rule(rule, bindings) => {
                        self.caused(*rule, bindings, &Effect::Union(*a, *b))?;
                    }
                    Why::Merge => return Err("a merge expression unites nothing"),
                }
                self.now.unite(*a, *b);
            }
            Event::Set { func, keys, value, why } => {
                if let Why::Rule(rule, bindings) = why {
                    self.caused(*rule, bindings, &Effect::Set(*func, keys, *value))?;
                }
                self.facts.entry(*func).or_default().push((keys.clone(), *value));
            }
            Event::Merge { func, old, new, merged } => {
                self.merged(*func, *old, *new, *merged)?;
                self.merges.entry(*func).or_default().push([*old, *new, *merged]);
            }
            Event::Global(global, value) => {
                self.globals.insert(*global, *value);
            }
        }
        Ok(())
    }

    fn node(&mut self, id: NodeId, func: FuncId, keys: &Arc<[Value]>) -> Result<(), &'static str> {
        let at = self.now.nodes.len();
        for (sort, key) in self.env.function(func).inputs.iter().zip(&**keys) {
            if self.env.sorts().is_eq(*sort) && !self.nodes.contains_key(key) {
                self.opaque.insert(*key, ());
            }
        }
        if self.opaque.contains_key(&id) {
            return Err("a node that is used before it is made");
        }
        if self.nodes.insert(id, at).is_some() {
            return Err("two nodes with one number");
        }
        if self.env.function(func).inputs.len() != keys.len() {
            return Err("a node with too few or too many operands");
        }
        self.now.nodes.push((id, func, keys.clone()));
        self.now.open = true;
        Ok(())
    }

    /// A merge expression without calls of functions gives this value.
    fn merged(
        &mut self,
        func: FuncId,
        old: Value,
        new: Value,
        merged: Value,
    ) -> Result<(), &'static str> {
        let Merge::Expr(expr) = &self.env.function(func).merge else {
            return Err("a merge of a function without `:merge`");
        };
        if expr.nodes.iter().any(|node| matches!(node, Node::Call(_) | Node::Operator(..))) {
            return Ok(());
        }
        let variables = [Some(old), Some(new)];
        let result = self.value(expr, &variables).ok_or("a merge without result")?;
        self.now.close(self.env);
        let [result, merged] = [result, merged].map(|v| self.now.canonical(self.env, expr.sort, v));
        if result == merged { Ok(()) } else { Err("a merge has another result") }
    }

    /// The rule's body holds under the bindings, and its head says so.
    fn caused(
        &mut self,
        rule: u32,
        bindings: &[Value],
        effect: &Effect<'_>,
    ) -> Result<(), &'static str> {
        let rule = self.journal.rules.get(rule as usize).ok_or("an unknown rule")?.clone();
        if bindings.len() != rule.body.vars.len() {
            return Err("too few or too many bindings");
        }
        for atom in &rule.body.atoms {
            if !self.holds(&rule, atom, bindings) {
                return Err("the rule's body does not hold");
            }
        }
        self.now.close(self.env);
        let mut variables: Vec<Option<Value>> = bindings.iter().copied().map(Some).collect();
        variables.resize(rule.vars.len(), None);
        for action in &rule.head {
            if self.does(action, &mut variables, effect) {
                return Ok(());
            }
        }
        Err("the rule's head says nothing of the kind")
    }

    fn operand(&self, operand: Operand, bindings: &[Value]) -> Option<Value> {
        match operand {
            Operand::Var(var) => bindings.get(var as usize).copied(),
            Operand::Const(value) => Some(value),
            Operand::Global(global) => self.globals.get(&global).copied(),
        }
    }

    fn holds(&self, rule: &Rule, atom: &Atom, bindings: &[Value]) -> bool {
        let all = |args: &[Operand]| {
            args.iter().map(|arg| self.operand(*arg, bindings)).collect::<Option<Vec<Value>>>()
        };
        match atom {
            Atom::Table { func, args, out } => {
                let (Some(keys), Some(out)) = (all(args), self.operand(*out, bindings)) else {
                    return false;
                };
                self.row(*func, &keys, out)
            }
            Atom::Prim { prim, args, out } => {
                let (Some(args), Some(out)) = (all(args), self.operand(*out, bindings)) else {
                    return false;
                };
                let sort = |operand: &Operand| match operand {
                    Operand::Var(var) => Some(rule.body.vars[*var as usize].sort),
                    Operand::Global(global) => Some(self.env.global(*global).sort),
                    Operand::Const(_) => None,
                };
                let Atom::Prim { args: operands, .. } = atom else { return false };
                let args: Vec<Value> = operands
                    .iter()
                    .zip(args)
                    .map(|(operand, value)| {
                        sort(operand)
                            .map_or(value, |sort| self.seen.canonical(self.env, sort, value))
                    })
                    .collect();
                self.values.call(self.env.primitives(), *prim, &args) == Some(out)
            }
            Atom::Equal(sort, a, b) => {
                let (Some(a), Some(b)) = (self.operand(*a, bindings), self.operand(*b, bindings))
                else {
                    return false;
                };
                let [a, b] = [a, b].map(|value| self.seen.canonical(self.env, *sort, value));
                a == b
            }
            Atom::Operator { .. } => false,
        }
    }

    /// There is, or was, a row with these arguments and this value.
    fn row(&self, func: FuncId, keys: &[Value], out: Value) -> bool {
        let decl = self.env.function(func);
        if decl.kind == FuncKind::Constructor {
            return self.seen.lookup(self.env, func, keys) == Some(self.seen.find(out));
        }
        let wanted = self.seen.keys(self.env, func, keys);
        let set = self.facts.get(&func).map_or(&[][..], Vec::as_slice);
        let mut found = set
            .iter()
            .filter(|(keys, _)| self.seen.keys(self.env, func, keys) == wanted)
            .map(|(_, value)| self.seen.canonical(self.env, decl.output, *value));
        if decl.kind == FuncKind::Relation {
            return found.next().is_some();
        }
        let mut values: Vec<Value> = found.collect();
        let out = self.seen.canonical(self.env, decl.output, out);
        // Merged values: of two that there were.
        let merges = self.merges.get(&func).map_or(&[][..], Vec::as_slice);
        loop {
            if values.contains(&out) {
                return true;
            }
            let before = values.len();
            for merge in merges {
                let [old, new, merged] =
                    merge.map(|value| self.seen.canonical(self.env, decl.output, value));
                if values.contains(&old) && values.contains(&new) && !values.contains(&merged) {
                    values.push(merged);
                }
            }
            if values.len() == before {
                return false;
            }
        }
    }

    /// The value of an expression, if what it mentions is there.
    fn value(&self, expr: &Expr, variables: &[Option<Value>]) -> Option<Value> {
        let mut stack: Vec<Value> = Vec::new();
        for node in &expr.nodes {
            let value = match node {
                Node::Var(var) => (*variables.get(*var as usize)?)?,
                Node::Const(value) => *value,
                Node::Global(global) => *self.globals.get(global)?,
                Node::Call(func) => {
                    let decl = self.env.function(*func);
                    let keys = stack.split_off(stack.len() - decl.inputs.len());
                    match decl.kind {
                        FuncKind::Constructor => self.now.lookup(self.env, *func, &keys)?,
                        FuncKind::Relation => 0,
                        FuncKind::Function => return None,
                    }
                }
                Node::Prim(prim, count) => {
                    let args = stack.split_off(stack.len() - *count as usize);
                    self.values.call(self.env.primitives(), *prim, &args)?
                }
                Node::Operator(..) => return None,
            };
            stack.push(value);
        }
        stack.pop()
    }

    /// Whether an action has this effect; a `let` binds its variable.
    fn does(&self, action: &Action, variables: &mut [Option<Value>], effect: &Effect<'_>) -> bool {
        match (action, effect) {
            (Action::Let(var, expr), _) => {
                variables[*var as usize] = self.value(expr, variables);
                self.adds(expr, variables, effect)
            }
            (Action::Union(_, a, b), Effect::Union(x, y)) => {
                let values = [self.value(a, variables), self.value(b, variables)];
                let [Some(a), Some(b)] = values else { return false };
                let [a, b, x, y] = [a, b, *x, *y].map(|id| self.now.find(id));
                (a, b) == (x, y) || (a, b) == (y, x)
            }
            (Action::Set(_, func, args, value), Effect::Set(set, keys, new)) => {
                let sort = self.env.function(*func).output;
                let same = |value| self.now.canonical(self.env, sort, value);
                *func == *set
                    && self.same_keys(*func, args, keys, variables)
                    && self.value(value, variables).map(same) == Some(same(*new))
            }
            (Action::Expr(expr), _) => self.adds(expr, variables, effect),
            _ => false,
        }
    }

    fn same_keys(
        &self,
        func: FuncId,
        args: &[Expr],
        keys: &[Value],
        variables: &[Option<Value>],
    ) -> bool {
        let args: Option<Vec<Value>> = args.iter().map(|arg| self.value(arg, variables)).collect();
        args.is_some_and(|args| {
            self.now.keys(self.env, func, &args) == self.now.keys(self.env, func, keys)
        })
    }

    /// Whether an expression adds a row of a relation.
    fn adds(&self, expr: &Expr, variables: &[Option<Value>], effect: &Effect<'_>) -> bool {
        let (Some((Node::Call(func), _)), Effect::Set(set, keys, _)) =
            (expr.nodes.split_last(), effect)
        else {
            return false;
        };
        if *func != *set || self.env.function(*func).kind != FuncKind::Relation {
            return false;
        }
        let args = arguments(self.env, expr);
        self.same_keys(*func, &args, keys, variables)
    }

    /// Checks an explanation.
    ///
    /// # Errors
    /// The first step that does not follow, numbered from 0 in its chain.
    pub fn check(&self, explanation: &Explanation) -> Result<(), Flaw> {
        let mut nodes: Map<NodeId, (FuncId, Arc<[Value]>)> = Map::default();
        for (id, func, keys) in &self.now.nodes {
            nodes.insert(*id, (*func, keys.clone()));
        }
        for (id, func, keys) in &explanation.asked {
            if nodes.insert(*id, (*func, keys.clone())).is_some() {
                return Err(Flaw { at: 0, why: "two nodes with one number" });
            }
        }
        let mut good: Map<*const Proof, ()> = Map::default();
        self.chain(&explanation.proof, &nodes, &mut good)
    }

    fn chain(
        &self,
        proof: &Arc<Proof>,
        nodes: &Map<NodeId, (FuncId, Arc<[Value]>)>,
        good: &mut Map<*const Proof, ()>,
    ) -> Result<(), Flaw> {
        if good.contains_key(&Arc::as_ptr(proof)) {
            return Ok(());
        }
        let mut reached = proof.from;
        for (at, step) in proof.steps.iter().enumerate() {
            let flaw = |why| Flaw { at, why };
            if step.from != reached {
                return Err(flaw("the step starts elsewhere"));
            }
            match &step.because {
                Because::Union(event) => {
                    let Some(Event::Union { a, b, .. }) = self.journal.events.get(*event) else {
                        return Err(flaw("the event is no union"));
                    };
                    if (*a, *b) != (step.from, step.to) && (*b, *a) != (step.from, step.to) {
                        return Err(flaw("the union is of other nodes"));
                    }
                }
                Because::Congruence(proofs) => {
                    let (Some(from), Some(to)) = (nodes.get(&step.from), nodes.get(&step.to))
                    else {
                        return Err(flaw("the step is between what is no node"));
                    };
                    if from.0 != to.0 || proofs.len() != from.1.len() {
                        return Err(flaw("different constructors"));
                    }
                    for ((left, right), proof) in from.1.iter().zip(&*to.1).zip(proofs) {
                        match proof {
                            None if left == right => {}
                            Some(proof) if (proof.from, proof.to) == (*left, *right) => {
                                self.chain(proof, nodes, good)?;
                            }
                            _ => return Err(flaw("operands without proof")),
                        }
                    }
                    let sorts = &self.env.function(from.0).inputs;
                    let proved = proofs
                        .iter()
                        .zip(sorts)
                        .all(|(proof, sort)| proof.is_none() || self.env.sorts().is_eq(*sort));
                    if !proved {
                        return Err(flaw("a proof about what is no node"));
                    }
                }
            }
            reached = step.to;
        }
        if reached != proof.to {
            return Err(Flaw { at: proof.steps.len(), why: "the proof ends elsewhere" });
        }
        good.insert(Arc::as_ptr(proof), ());
        Ok(())
    }
}

/// Something that a rule is said to have done.
enum Effect<'a> {
    Union(NodeId, NodeId),
    Set(FuncId, &'a [Value], Value),
}

/// The arguments of the call that an expression is.
fn arguments(env: &Env, expr: &Expr) -> Vec<Expr> {
    let mut parts: Vec<Vec<Node>> = Vec::new();
    let Some((_, nodes)) = expr.nodes.split_last() else { return Vec::new() };
    for node in nodes {
        let count = match node {
            Node::Var(_) | Node::Const(_) | Node::Global(_) => 0,
            Node::Call(func) => env.function(*func).inputs.len(),
            Node::Prim(_, count) | Node::Operator(_, count, _) => *count as usize,
        };
        let mut part: Vec<Node> = parts.split_off(parts.len() - count).concat();
        part.push(node.clone());
        parts.push(part);
    }
    let part = |nodes| Expr { nodes, sort: expr.sort, span: expr.span };
    parts.into_iter().map(part).collect()
}
