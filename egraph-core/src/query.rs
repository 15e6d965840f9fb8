//! Left-hand sides compiled to a flat program of bind, compare and look-up instructions.
//!
//! The program starts at a row of the first pattern's root operator. Registers hold classes.
//! Sub-terms whose variables are all bound are looked up in the hash-cons instead of searched; a
//! further atom is entered through its bound root, through the parents of a bound child, or, as the
//! last resort, by a scan of its operator's table.

use smallvec::SmallVec;

use crate::bindings::Slots;
use crate::pattern::{Apply, Atom, PayloadText, Term};
use crate::sexpr::PatternError;
use crate::{OpId, PayloadId, Signature, SortId, SortRule};

pub(crate) type Reg = u16;

/// What to do with a node's payload.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PayloadCheck {
    Any,
    Is(PayloadId),
    /// Store in a payload register.
    Bind(u16),
    /// Equal to a payload register.
    Same(u16),
}

/// A node to match: its children go to consecutive registers from `out`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeStep {
    pub(crate) op: OpId,
    pub(crate) payload: PayloadCheck,
    pub(crate) out: Reg,
}

/// One instruction. `up` counts regions outward from the region of the match.
#[derive(Clone, Debug)]
pub(crate) enum Instr {
    /// For every node of the class.
    Bind {
        class: Reg,
        node: NodeStep,
    },
    /// For every parent node that has the class at a position; the node's class goes to `root`.
    Up {
        class: Reg,
        position: usize,
        node: NodeStep,
        root: Reg,
    },
    /// For every row of the operator in the region.
    Scan {
        node: NodeStep,
        root: Reg,
        up: u32,
    },
    /// Fails unless the node exists; its class goes to `out`.
    Lookup {
        op: OpId,
        payload: PayloadCheck,
        args: SmallVec<[Reg; 4]>,
        up: u32,
        out: Reg,
    },
    Compare(Reg, Reg),
    Sort(Reg, SortId),
}

/// A compiled left-hand side.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The root of the first atom; its class is register 0.
    pub(crate) root: NodeStep,
    pub(crate) instrs: Vec<Instr>,
    pub(crate) registers: usize,
    pub(crate) slots: Slots,
    /// Register of each class variable.
    pub(crate) var_regs: Vec<Reg>,
    /// How many regions outward each class variable lives.
    pub(crate) var_up: Vec<u32>,
}

/// Gives payloads for the text in `op[text]`.
pub(crate) type Resolver<'a> = &'a mut dyn FnMut(&str) -> Option<PayloadId>;

/// A compile error: which atom, and what.
pub(crate) type AtomError = (usize, PatternError);

/// Compiles the atoms of a rule.
pub(crate) fn compile(
    atoms: &[Atom],
    signature: &Signature,
    resolve: Resolver<'_>,
) -> Result<Query, AtomError> {
    let Some(Atom { name, pattern }) = atoms.first() else {
        return Err((0, PatternError::new(0, "a rule needs a pattern")));
    };
    let Term::Apply(root) = &pattern.root else {
        return Err((0, PatternError::new(0, "the first pattern must start with an operator")));
    };
    let mut compiler = Compiler::new(signature, resolve);
    let first = compiler.first(name.as_deref(), root).map_err(|error| (0, error))?;
    let mut waiting: Vec<usize> = (1..atoms.len()).collect();
    while !waiting.is_empty() {
        let at = compiler.cheapest(atoms, &waiting);
        let index = waiting.remove(at);
        compiler.atom(&atoms[index]).map_err(|error| (index, error))?;
    }
    Ok(Query {
        root: first,
        instrs: compiler.instrs,
        registers: compiler.registers,
        slots: compiler.slots,
        var_regs: compiler.var_regs,
        var_up: compiler.var_up,
    })
}

/// The declared operator of a term, or an error that lists the arities that exist.
pub(crate) fn operator(signature: &Signature, apply: &Apply) -> Result<OpId, PatternError> {
    let arity = apply.children.len();
    if let Some(op) = signature.find_op(&apply.op, arity) {
        return Ok(op);
    }
    let known: Vec<String> =
        signature.ops_named(&apply.op).iter().map(|op| signature.arity(*op).to_string()).collect();
    let message = if known.is_empty() {
        format!("unknown operator `{}`", apply.op)
    } else {
        format!("`{}` takes {} children, not {arity}", apply.op, known.join(" or "))
    };
    Err(PatternError::new(apply.position, message))
}

pub(crate) fn sort_named(
    signature: &Signature,
    name: &str,
    position: usize,
) -> Result<SortId, PatternError> {
    let unknown = || PatternError::new(position, format!("unknown sort `{name}`"));
    signature.find_sort(name).ok_or_else(unknown)
}

/// A term that must match the class in a register.
struct Pending<'t> {
    reg: Reg,
    term: &'t Apply,
    up: u32,
}

struct Compiler<'a, 'r> {
    signature: &'a Signature,
    resolve: Resolver<'r>,
    instrs: Vec<Instr>,
    registers: usize,
    slots: Slots,
    var_regs: Vec<Reg>,
    var_up: Vec<u32>,
}

impl<'a, 'r> Compiler<'a, 'r> {
    fn new(signature: &'a Signature, resolve: Resolver<'r>) -> Self {
        Self {
            signature,
            resolve,
            instrs: Vec::new(),
            registers: 0,
            slots: Slots::default(),
            var_regs: Vec::new(),
            var_up: Vec::new(),
        }
    }

    fn fresh(&mut self, count: usize, position: usize) -> Result<Reg, PatternError> {
        let first = Reg::try_from(self.registers).ok();
        self.registers += count;
        match first {
            Some(reg) if self.registers <= usize::from(Reg::MAX) => Ok(reg),
            _ => Err(PatternError::new(position, "the pattern is too large")),
        }
    }

    fn first(&mut self, name: Option<&str>, root: &Apply) -> Result<NodeStep, PatternError> {
        let class = self.fresh(1, root.position)?;
        if let Some(name) = name {
            self.variable(name, class, 0, 0)?;
        }
        let node = self.node_step(root)?;
        self.sort_check(root, class)?;
        let pending = self.children(root, &node, 0, None)?;
        self.drain(pending)?;
        Ok(node)
    }

    /// Index into `waiting` of the atom that is cheapest to enter from what is bound.
    fn cheapest(&self, atoms: &[Atom], waiting: &[usize]) -> usize {
        let rank = |atom: &Atom| match (&atom.name, &atom.pattern.root) {
            (_, Term::Var { .. }) => 0,
            (Some(name), _) if self.slots.class(name).is_some() => 0,
            (_, Term::Apply(apply)) if self.fully_bound(apply) => 1,
            (_, Term::Apply(apply)) if self.entry(apply).is_some() => 2,
            _ => 3,
        };
        (0..waiting.len()).min_by_key(|at| rank(&atoms[waiting[*at]])).unwrap_or(0)
    }

    fn atom(&mut self, atom: &Atom) -> Result<(), PatternError> {
        let bound = atom.name.as_deref().and_then(|name| self.slots.class(name));
        let apply = match &atom.pattern.root {
            Term::Apply(apply) => apply,
            Term::Var { name, sort: Some(sort), position } if atom.name.is_none() => {
                let Some(slot) = self.slots.class(name) else {
                    return Err(PatternError::new(*position, format!("`?{name}` is not bound")));
                };
                let sort = sort_named(self.signature, sort, *position)?;
                self.instrs.push(Instr::Sort(self.var_regs[slot - 1], sort));
                return Ok(());
            }
            Term::Var { position, .. } => {
                return Err(PatternError::new(*position, "an atom needs an operator"));
            }
        };
        if let Some(slot) = bound {
            let (reg, up) = (self.var_regs[slot - 1], self.var_up[slot - 1]);
            return self.drain(vec![Pending { reg, term: apply, up }]);
        }
        let class = if self.fully_bound(apply) {
            self.lookup(apply, 0)?
        } else {
            let root = self.fresh(1, apply.position)?;
            let node = self.node_step(apply)?;
            let entry = self.entry(apply);
            match entry {
                Some((position, class)) => {
                    self.instrs.push(Instr::Up { class, position, node, root });
                }
                None => self.instrs.push(Instr::Scan { node, root, up: 0 }),
            }
            self.sort_check(apply, root)?;
            let skip = entry.map(|(position, _)| position);
            let pending = self.children(apply, &node, 0, skip)?;
            self.drain(pending)?;
            root
        };
        match &atom.name {
            Some(name) => self.variable(name, class, 0, apply.position),
            None => Ok(()),
        }
    }

    /// A position whose child is a variable bound in the match's own region.
    fn entry(&self, apply: &Apply) -> Option<(usize, Reg)> {
        let op = self.signature.find_op(&apply.op, apply.children.len())?;
        if self.signature.decl(op).crosses {
            return None;
        }
        apply.children.iter().enumerate().find_map(|(position, child)| match child {
            Term::Var { name, sort: None, .. } => {
                let slot = self.slots.class(name).filter(|slot| self.var_up[slot - 1] == 0)?;
                Some((position, self.var_regs[slot - 1]))
            }
            _ => None,
        })
    }

    /// Emits the search for pending terms: what can be looked up first, then in order.
    fn drain(&mut self, mut pending: Vec<Pending<'_>>) -> Result<(), PatternError> {
        while !pending.is_empty() {
            if let Some(at) = pending.iter().position(|p| self.fully_bound(p.term)) {
                let Pending { reg, term, up } = pending.remove(at);
                let found = self.lookup(term, up)?;
                self.instrs.push(Instr::Compare(found, reg));
                continue;
            }
            let Pending { reg, term, up } = pending.remove(0);
            self.sort_check(term, reg)?;
            let node = self.node_step(term)?;
            self.instrs.push(Instr::Bind { class: reg, node });
            let inner = self.children(term, &node, up, None)?;
            pending.splice(0..0, inner);
        }
        Ok(())
    }

    fn sort_check(&mut self, apply: &Apply, class: Reg) -> Result<(), PatternError> {
        if let Some(name) = &apply.sort {
            if name.starts_with('?') {
                let message = "the sort of a variable can only be used on the right";
                return Err(PatternError::new(apply.position, message));
            }
            let sort = sort_named(self.signature, name, apply.position)?;
            self.instrs.push(Instr::Sort(class, sort));
        }
        Ok(())
    }

    fn node_step(&mut self, apply: &Apply) -> Result<NodeStep, PatternError> {
        let op = operator(self.signature, apply)?;
        let payload = match &apply.payload {
            PayloadText::None => PayloadCheck::Is(PayloadId::NONE),
            PayloadText::Any => PayloadCheck::Any,
            PayloadText::Text(text) => PayloadCheck::Is(self.payload(text, apply.position)?),
            PayloadText::Var(name) => {
                if let Some(at) = self.slots.payloads.iter().position(|n| n == name) {
                    PayloadCheck::Same(at as u16)
                } else {
                    self.slots.payloads.push(name.clone());
                    PayloadCheck::Bind((self.slots.payloads.len() - 1) as u16)
                }
            }
        };
        let out = self.fresh(apply.children.len(), apply.position)?;
        Ok(NodeStep { op, payload, out })
    }

    fn payload(&mut self, text: &str, position: usize) -> Result<PayloadId, PatternError> {
        let unknown = || PatternError::new(position, format!("unknown payload `{text}`"));
        (self.resolve)(text).ok_or_else(unknown)
    }

    /// Binds variables among the children of a matched node and returns the applications.
    fn children<'t>(
        &mut self,
        apply: &'t Apply,
        node: &NodeStep,
        up: u32,
        skip: Option<usize>,
    ) -> Result<Vec<Pending<'t>>, PatternError> {
        let up = up + u32::from(self.signature.decl(node.op).crosses);
        let mut pending = Vec::new();
        for (position, child) in apply.children.iter().enumerate() {
            let reg = node.out + position as Reg;
            match child {
                Term::Apply(term) => pending.push(Pending { reg, term, up }),
                Term::Var { name, sort, position: at } => {
                    if let Some(sort) = sort {
                        let sort = sort_named(self.signature, sort, *at)?;
                        self.instrs.push(Instr::Sort(reg, sort));
                    }
                    if skip != Some(position) {
                        self.variable(name, reg, up, *at)?;
                    }
                }
            }
        }
        Ok(pending)
    }

    fn variable(
        &mut self,
        name: &str,
        reg: Reg,
        up: u32,
        position: usize,
    ) -> Result<(), PatternError> {
        let Some(slot) = self.slots.class(name) else {
            self.slots.classes.push(name.to_owned());
            self.var_regs.push(reg);
            self.var_up.push(up);
            return Ok(());
        };
        if self.var_up[slot - 1] != up {
            let message = format!("`?{name}` cannot stand for classes of two regions");
            return Err(PatternError::new(position, message));
        }
        self.instrs.push(Instr::Compare(self.var_regs[slot - 1], reg));
        Ok(())
    }

    /// True when the term names at most one node, given the variables bound so far.
    fn fully_bound(&self, apply: &Apply) -> bool {
        let Some(op) = self.signature.find_op(&apply.op, apply.children.len()) else {
            return false;
        };
        let payload = match &apply.payload {
            PayloadText::None | PayloadText::Text(_) => true,
            PayloadText::Any => false,
            PayloadText::Var(name) => self.slots.payloads.iter().any(|known| known == name),
        };
        payload
            && apply.sort.is_none()
            && self.signature.decl(op).sort != SortRule::Explicit
            && apply.children.iter().all(|child| match child {
                Term::Var { name, sort, .. } => sort.is_none() && self.slots.class(name).is_some(),
                Term::Apply(inner) => self.fully_bound(inner),
            })
    }

    fn lookup(&mut self, apply: &Apply, up: u32) -> Result<Reg, PatternError> {
        let op = operator(self.signature, apply)?;
        let inner_up = up + u32::from(self.signature.decl(op).crosses);
        let mut args = SmallVec::new();
        for child in &apply.children {
            args.push(match child {
                Term::Apply(inner) => self.lookup(inner, inner_up)?,
                Term::Var { name, position, .. } => {
                    let slot = self.slots.class(name).expect("fully bound terms bind variables");
                    if self.var_up[slot - 1] != inner_up {
                        let message = format!("`?{name}` cannot stand for classes of two regions");
                        return Err(PatternError::new(*position, message));
                    }
                    self.var_regs[slot - 1]
                }
            });
        }
        let payload = self.node_step(apply)?.payload;
        let out = self.fresh(1, apply.position)?;
        self.instrs.push(Instr::Lookup { op, payload, args, up, out });
        Ok(out)
    }
}
