//! E-matching: runs compiled queries over chunks of operator tables.
//!
//! A unit of work is (rule, range of rows of the rule's root operator); units are independent and
//! read-only, so they can run in parallel and their buffers be concatenated in order.

use std::ops::Range;
use std::time::Instant;

use smallvec::SmallVec;

use crate::bindings::{Bindings, Slots};
use crate::query::{Instr, NodeStep, PayloadCheck, Query};
use crate::{Analysis, EClassId, EGraph, PayloadId, RegionId};

/// A guard: decides whether a match counts.
pub type Guard<A> = Box<dyn Fn(&EGraph<A>, &Bindings<'_>) -> bool + Send + Sync>;

/// The matches of one unit: rows of the query's stride.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<u32>,
    pub(crate) count: usize,
    /// The deadline passed; the rows are incomplete.
    pub(crate) timed_out: bool,
}

/// Steps between two looks at the clock.
const CLOCK_STEPS: u32 = 1 << 14;

/// Searches rows of the query's root operator. Stops after `cap` matches.
pub(crate) fn search<A: Analysis>(
    egraph: &EGraph<A>,
    query: &Query,
    guards: &[Guard<A>],
    rows: Range<usize>,
    cap: usize,
    deadline: Option<Instant>,
) -> Found {
    let mut machine = Machine {
        egraph,
        query,
        guards,
        cap,
        deadline,
        registers: SmallVec::from_elem(EClassId::new(0), query.registers),
        payloads: SmallVec::from_elem(PayloadId::NONE, query.slots.payloads.len()),
        region: RegionId::ROOT,
        found: Found::default(),
        row: SmallVec::from_elem(0, query.slots.stride()),
        steps: 0,
    };
    let table = &egraph.tables[query.root.op.index()];
    for row in rows {
        if table.is_dead(row as u32) || egraph.is_dead(table.region[row]) {
            continue;
        }
        machine.region = table.region[row];
        machine.registers[0] = egraph.find(table.class[row]);
        if machine.load(&query.root, row) {
            machine.run(0);
        }
        if machine.stopped() {
            break;
        }
    }
    machine.found
}

struct Machine<'a, A: Analysis> {
    egraph: &'a EGraph<A>,
    query: &'a Query,
    guards: &'a [Guard<A>],
    cap: usize,
    deadline: Option<Instant>,
    registers: SmallVec<[EClassId; 16]>,
    payloads: SmallVec<[PayloadId; 2]>,
    region: RegionId,
    found: Found,
    row: SmallVec<[u32; 12]>,
    steps: u32,
}

impl<A: Analysis> Machine<'_, A> {
    fn stopped(&self) -> bool {
        self.found.timed_out || self.found.count >= self.cap
    }

    /// Checks the payload of a row and loads its children; false on a payload mismatch.
    fn load(&mut self, node: &NodeStep, row: usize) -> bool {
        self.steps += 1;
        if self.steps == CLOCK_STEPS {
            self.steps = 0;
            self.found.timed_out |= self.deadline.is_some_and(|deadline| Instant::now() > deadline);
        }
        let table = &self.egraph.tables[node.op.index()];
        let payload = table.payload[row];
        match node.payload {
            PayloadCheck::Is(wanted) if wanted != payload => return false,
            PayloadCheck::Same(at) if self.payloads[usize::from(at)] != payload => return false,
            PayloadCheck::Any | PayloadCheck::Is(_) | PayloadCheck::Same(_) => {}
            PayloadCheck::Bind(at) => self.payloads[usize::from(at)] = payload,
        }
        for (position, column) in table.columns.iter().enumerate() {
            self.registers[usize::from(node.out) + position] = self.egraph.find(column[row]);
        }
        true
    }

    fn region_up(&self, up: u32) -> Option<RegionId> {
        (0..up).try_fold(self.region, |region, _| self.egraph.parent(region))
    }

    /// Runs the program from `pc`, backtracking by recursion: as deep as the program is long.
    fn run(&mut self, pc: usize) {
        let egraph = self.egraph;
        let Some(instr) = self.query.instrs.get(pc) else {
            self.emit();
            return;
        };
        match instr {
            Instr::Compare(a, b) => {
                if self.registers[usize::from(*a)] == self.registers[usize::from(*b)] {
                    self.run(pc + 1);
                }
            }
            Instr::Sort(reg, sort) => {
                if egraph.sort(self.registers[usize::from(*reg)]) == *sort {
                    self.run(pc + 1);
                }
            }
            Instr::Bind { class, node } => {
                for raw in egraph.node_ids_of(self.registers[usize::from(*class)], node.op) {
                    let row = egraph.directory[*raw as usize].1 as usize;
                    if self.load(node, row) {
                        self.run(pc + 1);
                    }
                    if self.stopped() {
                        return;
                    }
                }
            }
            Instr::Up { class, position, node, root } => {
                self.up(pc, self.registers[usize::from(*class)], *position, node, *root);
            }
            Instr::Scan { node, root, up } => self.scan(pc, node, *root, *up),
            Instr::Lookup { op, payload, args, up, out } => {
                let Some(region) = self.region_up(*up) else { return };
                let payload = match payload {
                    PayloadCheck::Is(payload) => *payload,
                    PayloadCheck::Same(at) => self.payloads[usize::from(*at)],
                    PayloadCheck::Any | PayloadCheck::Bind(_) => return,
                };
                let children: SmallVec<[EClassId; 4]> =
                    args.iter().map(|reg| self.registers[usize::from(*reg)]).collect();
                if let Some(class) = egraph.lookup(region, *op, payload, &children, None) {
                    self.registers[usize::from(*out)] = class;
                    self.run(pc + 1);
                }
            }
        }
    }

    fn up(&mut self, pc: usize, class: EClassId, position: usize, node: &NodeStep, root: u16) {
        let egraph = self.egraph;
        for parent in egraph.parents(class) {
            let (op, row) = egraph.directory[parent.index()];
            if op != node.op || egraph.child(parent, position) != class {
                continue;
            }
            self.registers[usize::from(root)] = egraph.class_of(parent);
            if self.load(node, row as usize) {
                self.run(pc + 1);
            }
            if self.stopped() {
                return;
            }
        }
    }

    fn scan(&mut self, pc: usize, node: &NodeStep, root: u16, up: u32) {
        let egraph = self.egraph;
        let Some(region) = self.region_up(up) else { return };
        let table = &egraph.tables[node.op.index()];
        for row in 0..table.len() {
            if table.is_dead(row as u32) || table.region[row] != region {
                continue;
            }
            self.registers[usize::from(root)] = egraph.find(table.class[row]);
            if self.load(node, row) {
                self.run(pc + 1);
            }
            if self.stopped() {
                return;
            }
        }
    }

    fn emit(&mut self) {
        let Slots { classes, .. } = &self.query.slots;
        self.row[0] = self.registers[0].as_u32();
        for (slot, reg) in self.query.var_regs.iter().enumerate() {
            self.row[slot + 1] = self.registers[usize::from(*reg)].as_u32();
        }
        for (slot, payload) in self.payloads.iter().enumerate() {
            self.row[1 + classes.len() + slot] = payload.as_u32();
        }
        let bindings = Bindings { slots: &self.query.slots, row: &self.row };
        if self.guards.iter().all(|guard| guard(self.egraph, &bindings)) {
            self.found.rows.extend_from_slice(&self.row);
            self.found.count += 1;
        }
    }
}
