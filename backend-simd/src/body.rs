//! One iteration of a loop: several copies of the graph, interleaved, in 16 or 32 registers.
//!
//! Instructions are laid out in the graph's order, each operation for every copy in turn; or copy by
//! copy, where what they hand to the next iteration fills the registers anyway. A value
//! that is needed and not in a register is used from memory where the instruction allows it;
//! constants, broadcast numbers and inputs always have a place in memory. Where no register is
//! free, the value whose next use is farthest gives way (L. A. Belady, "A study of replacement
//! algorithms for a virtual-storage computer", IBM Systems Journal 5, 1966).

use crate::assembler::{Assembler, CONDITIONS, Condition, Operand, RSI};
use crate::frame::Frame;
use crate::quotient;
use crate::root;
use crate::select::{self, Form};
use crate::vectors::Vectors;
use vecmath::{Dag, Op, Width};

const NONE: u32 = u32::MAX;
const NEVER: u32 = u32::MAX;
/// What a register holds between the instructions of one operation: it is pinned.
const HELD: u32 = u32::MAX - 1;

/// What is the same for every loop of a kernel.
pub(crate) struct Plan<'a> {
    pub(crate) dag: &'a Dag,
    pub(crate) vectors: Vectors,
    /// Which inputs are one number for all lanes.
    pub(crate) uniform: &'a [bool],
    /// Where each node's constant lies, if it is one.
    pub(crate) pool: &'a [Option<u32>],
    /// Nodes that stay in a register: node and register.
    pub(crate) hoisted: Vec<(u32, u8)>,
    /// How many copies compute square roots without the unit, the last ones, and their constants.
    pub(crate) soft_roots: u32,
    pub(crate) root_constants: Option<root::Constants>,
    /// The same for quotients.
    pub(crate) soft_quotients: u32,
    pub(crate) quotient_constants: Option<quotient::Constants>,
    /// The last inputs, which an iteration hands to the next as the last outputs: their nodes.
    pub(crate) carried: &'a [u32],
    /// Bytes of an array from which on results go past the caches, if ever.
    pub(crate) stream_from: Option<usize>,
}

/// Registers that carried values may take; with more of them, they live in the frame.
const CARRIED_REGISTERS: u32 = 8;

impl Plan<'_> {
    /// Outputs that are stored to arrays.
    pub(crate) fn stored(&self) -> usize {
        self.dag.outputs.len() - self.carried.len()
    }

    /// Bytes of a vector.
    pub(crate) fn bytes(&self) -> i32 {
        self.vectors.bytes() as i32
    }

    /// The register of a carried value in one copy; none if it lives in the frame.
    pub(crate) fn carried_register(&self, which: usize, copy: u32, copies: u32) -> Option<u8> {
        let fits = self.carried.len() as u32 * copies <= CARRIED_REGISTERS;
        fits.then_some((which as u32 * copies + copy) as u8)
    }
}

/// How an iteration reads and writes arrays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stores {
    /// All lanes, through the caches.
    Cached,
    /// All lanes, past the caches: outputs go on at a vector boundary.
    Streamed,
    /// Some lanes.
    Masked,
}

/// A jump out of the line, for lanes that are out of the ordinary.
pub(crate) struct Detour {
    /// Where the jump's offset is to be put.
    pub(crate) place: u32,
    /// Where to come back to.
    pub(crate) back: u32,
    pub(crate) kind: DetourKind,
    /// Register of the result.
    pub(crate) result: u8,
}

/// What a detour is for.
pub(crate) enum DetourKind {
    /// A function of some lanes: the register of the mask, and where the argument is.
    Rare(vecmath::Rare, u8, Operand),
    /// A square root by the unit: the register of the argument.
    Root(u8),
    /// A quotient by the unit: the registers of numerator and denominator.
    Quotient(u8, u8),
}

/// What a body took.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Registers in use at once, at most.
    pub(crate) peak: usize,
    /// Values stored for want of a register.
    pub(crate) spills: usize,
    pub(crate) detours: Vec<Detour>,
}

pub(crate) struct Body<'a> {
    plan: &'a Plan<'a>,
    asm: &'a mut Assembler,
    frame: &'a mut Frame,
    copies: u32,
    masked: bool,
    streamed: bool,
    /// The value in each register; an index as of [`Body::instance`].
    registers: [u32; 32],
    fixed: u32,
    pinned: u32,
    home: Vec<u8>,
    slot: Vec<u32>,
    /// The condition in each mask register; an index as of [`Body::instance`].
    conditions: [u32; 8],
    /// Nodes that are conditions of choices and nothing else, where mask registers hold them.
    conditional: Vec<bool>,
    /// Positions at which each value is used, ascending; `first` delimits, `next` is a cursor.
    uses: Vec<u32>,
    first: Vec<u32>,
    next: Vec<u32>,
    outcome: Outcome,
}

const NO_REGISTER: u8 = 255;

impl<'a> Body<'a> {
    pub(crate) fn new(
        plan: &'a Plan<'a>,
        asm: &'a mut Assembler,
        frame: &'a mut Frame,
        copies: u32,
        stores: Stores,
    ) -> Body<'a> {
        let count = plan.dag.nodes.len() * copies as usize;
        let mut body = Body {
            plan,
            asm,
            frame,
            copies,
            masked: stores == Stores::Masked,
            streamed: stores == Stores::Streamed,
            registers: [NONE; 32],
            fixed: 0,
            pinned: 0,
            home: vec![NO_REGISTER; count],
            slot: vec![NONE; count],
            conditions: [NONE; 8],
            conditional: conditional(plan),
            uses: Vec::new(),
            first: vec![0; count + 1],
            next: Vec::new(),
            outcome: Outcome::default(),
        };
        body.find_uses();
        for (node, register) in &plan.hoisted {
            let instance = node * copies;
            body.registers[usize::from(*register)] = instance;
            body.home[instance as usize] = *register;
            body.fixed |= 1 << register;
        }
        for (which, node) in plan.carried.iter().enumerate() {
            for copy in 0..copies {
                let Some(register) = plan.carried_register(which, copy, copies) else { continue };
                let instance = node * copies + copy;
                body.registers[usize::from(register)] = instance;
                body.home[instance as usize] = register;
                body.fixed |= 1 << register;
            }
        }
        body
    }

    /// Which carried value an input is.
    fn carried(&self, input: u32) -> Option<usize> {
        (input as usize).checked_sub(self.plan.uniform.len())
    }

    /// The value of a node in one copy; constants and broadcast numbers are shared.
    fn instance(&self, node: u32, copy: u32) -> u32 {
        node * self.copies + if self.is_shared(node) { 0 } else { copy }
    }

    fn op(&self, instance: u32) -> Op {
        self.plan.dag.nodes[(instance / self.copies) as usize].op
    }

    /// Whether the copies come one after the other.
    fn is_sequential(&self) -> bool {
        self.plan.stored() == 0 && self.plan.carried.len() as u32 * self.copies > CARRIED_REGISTERS
    }

    /// When a node is computed; when outputs are moved, for the node past the last one.
    fn position(&self, node: u32, copy: u32) -> u32 {
        let nodes = self.plan.dag.nodes.len() as u32;
        if self.is_sequential() { copy * (nodes + 1) + node } else { node * self.copies + copy }
    }

    fn is_shared(&self, node: u32) -> bool {
        match self.plan.dag.nodes[node as usize].op {
            Op::Const(_) => true,
            Op::Input(k) => self.carried(k).is_none() && self.plan.uniform[k as usize],
            _ => false,
        }
    }

    /// Whether the value can be had from memory at any time without having been stored.
    fn is_in_memory(&self, instance: u32) -> bool {
        match self.op(instance) {
            Op::Const(_) => true,
            Op::Input(k) => {
                self.carried(k).is_some() || !self.masked || self.plan.uniform[k as usize]
            }
            _ => false,
        }
    }

    fn find_uses(&mut self) {
        let dag = self.plan.dag;
        let end = dag.nodes.len() as u32;
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (at, node) in dag.nodes.iter().enumerate() {
            for copy in 0..self.copies {
                let position = self.position(at as u32, copy);
                pairs.extend(node.args().iter().map(|a| (self.instance(a.0, copy), position)));
            }
        }
        for output in &dag.outputs {
            pairs.extend(
                (0..self.copies)
                    .map(|copy| (self.instance(output.0, copy), self.position(end, copy))),
            );
        }
        pairs.sort_unstable();
        for (value, _) in &pairs {
            self.first[*value as usize + 1] += 1;
        }
        for at in 1..self.first.len() {
            self.first[at] += self.first[at - 1];
        }
        self.next = self.first[..(end * self.copies) as usize].to_vec();
        self.uses = pairs.into_iter().map(|(_, position)| position).collect();
    }

    /// The first use of a value at or after a position. Positions must not decrease.
    fn next_use(&mut self, value: u32, at: u32) -> u32 {
        let end = self.first[value as usize + 1];
        let cursor = &mut self.next[value as usize];
        while *cursor < end && self.uses[*cursor as usize] < at {
            *cursor += 1;
        }
        if *cursor < end { self.uses[*cursor as usize] } else { NEVER }
    }

    /// The first use after a position, without moving the cursor past it.
    fn is_dead_after(&self, value: u32, at: u32) -> bool {
        let (from, end) = (self.next[value as usize], self.first[value as usize + 1]);
        self.uses[from as usize..end as usize].last().is_none_or(|last| *last <= at)
    }

    /// A register for `value`, emptied if need be.
    fn take(&mut self, value: u32, at: u32) -> u8 {
        let free =
            (0..self.plan.vectors.registers()).find(|r| self.registers[usize::from(*r)] == NONE);
        let register = free.unwrap_or_else(|| self.evict(at));
        self.registers[usize::from(register)] = value;
        if value != NONE {
            self.home[value as usize] = register;
        }
        self.pinned |= 1 << register;
        let used = self.registers.iter().filter(|value| **value != NONE).count();
        self.outcome.peak = self.outcome.peak.max(used);
        register
    }

    fn evict(&mut self, at: u32) -> u8 {
        let mut best: Option<(u64, u8)> = None;
        for register in 0..self.plan.vectors.registers() {
            if (self.pinned | self.fixed) >> register & 1 == 1 {
                continue;
            }
            let value = self.registers[usize::from(register)];
            let free = self.is_in_memory(value) || self.slot[value as usize] != NONE;
            // A value that needs no store is worth a few positions.
            let score = u64::from(self.next_use(value, at)) + if free { 8 } else { 0 };
            if best.is_none_or(|(other, _)| score > other) {
                best = Some((score, register));
            }
        }
        let (_, register) = best.expect("an instruction pins fewer registers than there are");
        let value = self.registers[usize::from(register)];
        self.home[value as usize] = NO_REGISTER;
        let stored = self.is_in_memory(value) || self.slot[value as usize] != NONE;
        if !stored && self.next_use(value, at) != NEVER {
            let slot = self.frame.slot();
            self.slot[value as usize] = slot;
            self.asm.store_vector(Operand::Frame(slot), register);
            self.outcome.spills += 1;
        }
        register
    }

    fn width(&self) -> Width {
        self.plan.dag.width
    }

    /// Where a value is: its register, or memory. An input beyond the pointer registers takes a
    /// scratch register for its pointer.
    fn operand(&mut self, value: u32) -> Operand {
        let home = self.home[value as usize];
        if home != NO_REGISTER {
            self.pinned |= 1 << home;
            return Operand::Reg(home);
        }
        match self.op(value) {
            Op::Const(_) => {
                let node = (value / self.copies) as usize;
                Operand::Pool(self.plan.pool[node].expect("a constant lies in the pool"))
            }
            Op::Input(k) if self.carried(k).is_some() => {
                let which = self.carried(k).expect("the guard found it");
                Operand::Frame(self.frame.carried(which, value % self.copies))
            }
            Op::Input(k) if self.plan.uniform[k as usize] => Operand::Frame(self.frame.uniform(k)),
            Op::Input(k) if !self.masked => {
                let displacement = (value % self.copies) as i32 * self.plan.bytes();
                let base = self.frame.pointer(self.asm, k);
                Operand::Indexed(base, displacement)
            }
            _ => Operand::Frame(self.slot[value as usize]),
        }
    }

    /// A register that holds the value.
    fn register(&mut self, value: u32, at: u32) -> u8 {
        let home = self.home[value as usize];
        if home != NO_REGISTER {
            self.pinned |= 1 << home;
            return home;
        }
        let register = self.take(value, at);
        // `take` set the home: look for the memory behind it.
        self.home[value as usize] = NO_REGISTER;
        let from = self.operand(value);
        self.home[value as usize] = register;
        self.asm.load_vector(register, from);
        register
    }

    /// Frees the register of a value whose last use is at this position.
    fn release(&mut self, value: u32, at: u32) {
        let home = self.home[value as usize];
        if home != NO_REGISTER && self.fixed >> home & 1 == 0 && self.is_dead_after(value, at) {
            self.home[value as usize] = NO_REGISTER;
            self.registers[usize::from(home)] = NONE;
        }
    }

    fn copy_register(&mut self, to: u8, from: u8) {
        if to != from {
            let op = select::move_register(self.width());
            self.asm.vex(op, to, 0, Operand::Reg(from), None);
        }
    }

    /// Emits the iteration.
    pub(crate) fn emit(mut self) -> Outcome {
        let nodes = self.plan.dag.nodes.len() as u32;
        if self.is_sequential() {
            for copy in 0..self.copies {
                for node in 0..nodes {
                    self.emit_once(node, copy);
                }
                self.hand_over(copy);
            }
            return self.outcome;
        }
        for node in 0..nodes {
            for copy in 0..self.copies {
                self.emit_once(node, copy);
            }
        }
        let end = nodes * self.copies;
        let stored = &self.plan.dag.outputs[..self.plan.stored()];
        let kept = self.keep_inputs(end);
        for (k, output) in stored.iter().enumerate() {
            for copy in 0..self.copies {
                self.pinned = 0;
                let value = self.instance(output.0, copy);
                let slot = kept.get(k * self.copies as usize + copy as usize).copied().flatten();
                let register = if let Some(slot) = slot {
                    let register = self.take(NONE, end);
                    self.asm.load_vector(register, Operand::Frame(slot));
                    register
                } else {
                    self.register(value, end)
                };
                let stream = (self.plan.uniform.len() + k) as u32;
                let base = self.frame.pointer(self.asm, stream);
                let to = Operand::Indexed(base, copy as i32 * self.plan.bytes());
                if self.masked {
                    let mask = self.take(NONE, end);
                    self.asm.load_vector(mask, Operand::Frame(self.frame.mask()));
                    self.asm.store_masked(to, mask, register);
                } else if self.streamed {
                    self.asm.stream_vector(to, register);
                } else {
                    self.asm.store_vector(to, register);
                }
            }
        }
        for copy in 0..self.copies {
            self.hand_over(copy);
        }
        self.outcome
    }

    /// Puts the inputs that are results themselves where no store changes them: an earlier result
    /// may go to the same array. Their places, by result and copy.
    fn keep_inputs(&mut self, end: u32) -> Vec<Option<u32>> {
        let stored = self.plan.stored();
        if stored < 2 || self.masked {
            return Vec::new();
        }
        let mut kept = Vec::new();
        for k in 0..stored {
            let node = self.plan.dag.outputs[k].0;
            let stream = matches!(self.plan.dag.nodes[node as usize].op, Op::Input(input)
                if self.carried(input).is_none() && !self.plan.uniform[input as usize]);
            for copy in 0..self.copies {
                kept.push(stream.then(|| {
                    self.pinned = 0;
                    let value = self.instance(node, copy);
                    let register = self.register(value, end);
                    let slot = self.frame.slot();
                    self.asm.store_vector(Operand::Frame(slot), register);
                    slot
                }));
            }
        }
        kept
    }

    /// Moves the values that a copy hands to the next iteration to where that expects them.
    fn hand_over(&mut self, copy: u32) {
        let dag = self.plan.dag;
        let at = self.position(dag.nodes.len() as u32, copy);
        for (which, output) in dag.outputs[self.plan.stored()..].iter().enumerate() {
            if *output == vecmath::Id(self.plan.carried[which]) {
                // It stays where it is.
                continue;
            }
            self.pinned = 0;
            let value = self.instance(output.0, copy);
            let from = self.register(value, at);
            if let Some(to) = self.plan.carried_register(which, copy, self.copies) {
                self.copy_register(to, from);
            } else {
                let to = Operand::Frame(self.frame.carried(which, copy));
                self.asm.store_vector(to, from);
            }
        }
    }

    /// Emits a node for a copy, unless another copy has its value.
    fn emit_once(&mut self, node: u32, copy: u32) {
        if !self.is_shared(node) || copy == 0 {
            self.pinned = 0;
            self.emit_node(node, copy);
        }
    }

    fn emit_node(&mut self, node: u32, copy: u32) {
        let what = self.plan.dag.nodes[node as usize];
        let value = self.instance(node, copy);
        let at = self.position(node, copy);
        let mut args = [NONE; 3];
        for (slot, arg) in args.iter_mut().zip(what.args()) {
            *slot = self.instance(arg.0, copy);
        }
        let args = &args[..what.args().len()];
        let (op, form) = select::instruction(what.op, self.width());
        match form {
            Form::Leaf => {
                if let Op::Input(k) = what.op
                    && !self.is_in_memory(value)
                {
                    self.load_masked(value, k, at);
                }
                return;
            }
            Form::Binary(_) if self.is_soft_quotient(what.op, copy) => {
                self.emit_soft_quotient(args, value, at);
            }
            Form::Binary(immediate) | Form::Compare(immediate) => {
                let (mut a, mut b) = (args[0], args[1]);
                if what.op.commutes() && self.home[a as usize] == NO_REGISTER {
                    (a, b) = (b, a);
                }
                let first = self.register(a, at);
                let second = self.operand(b);
                self.release(a, at);
                self.release(b, at);
                if self.conditional[node as usize]
                    && let Some(mask) =
                        CONDITIONS.into_iter().find(|k| self.conditions[usize::from(*k)] == NONE)
                {
                    self.conditions[usize::from(mask)] = value;
                    self.asm.compare_into(op, mask, first, second, immediate);
                    return;
                }
                let to = self.take(value, at);
                if matches!(form, Form::Compare(_)) {
                    self.asm.compare(op, to, first, second, immediate);
                } else {
                    self.asm.vex(op, to, first, second, immediate);
                }
            }
            Form::Unary(_) if self.is_soft_root(what.op, copy) => {
                self.emit_soft_root(args[0], value, at);
            }
            Form::Unary(immediate) => {
                let from = self.operand(args[0]);
                self.release(args[0], at);
                let to = self.take(value, at);
                self.asm.vex(op, to, 0, from, immediate);
            }
            Form::Shift { digit, count } => {
                let from = self.register(args[0], at);
                self.release(args[0], at);
                let to = self.take(value, at);
                self.asm.vex(op, digit, to, Operand::Reg(from), Some(count));
            }
            Form::Select if self.plan.vectors == Vectors::Bits512 => {
                self.emit_choice(args, value, at);
            }
            Form::Select => {
                let mask = self.register(args[0], at);
                let no = self.register(args[2], at);
                let yes = self.operand(args[1]);
                for arg in args {
                    self.release(*arg, at);
                }
                let to = self.take(value, at);
                self.asm.vex(op, to, no, yes, Some(mask << 4));
            }
            Form::MinusExponent => {
                let (x, m) = (self.operand(args[0]), self.operand(args[1]));
                let [first, second] = [m, x].map(|from| {
                    let register = self.take(NONE, at);
                    self.registers[usize::from(register)] = HELD;
                    self.asm.vex(select::EXPONENT, register, 0, from, None);
                    register
                });
                for register in [first, second] {
                    self.registers[usize::from(register)] = NONE;
                }
                for arg in args {
                    self.release(*arg, at);
                }
                let to = self.take(value, at);
                self.asm.vex(op, to, first, Operand::Reg(second), None);
            }
            Form::Fused => self.emit_fused(op, args, value, at),
            Form::Rare => {
                let Op::Rare(function) = what.op else { return };
                self.emit_rare(function, args, value, at);
            }
        }
        // A result without a use: graphs have none, but a release costs nothing.
        self.release(value, at);
    }

    fn load_masked(&mut self, value: u32, input: u32, at: u32) {
        let to = self.take(value, at);
        self.asm.load_vector(to, Operand::Frame(self.frame.mask()));
        let base = self.frame.pointer(self.asm, input);
        self.asm.load_masked(to, to, Operand::Indexed(base, 0));
    }

    fn is_soft_root(&self, op: Op, copy: u32) -> bool {
        op == Op::Sqrt && !self.masked && copy + self.plan.soft_roots >= self.copies
    }

    fn is_soft_quotient(&self, op: Op, copy: u32) -> bool {
        op == Op::Div && !self.masked && copy + self.plan.soft_quotients >= self.copies
    }

    /// A square root by multiplications; the unit's if a lane is out of the ordinary.
    fn emit_soft_root(&mut self, arg: u32, value: u32, at: u32) {
        let constants = self.plan.root_constants.expect("a plan with such roots has constants");
        let x = self.register(arg, at);
        let to = self.take_scratch::<{ root::SCRATCH }>(value, at);
        self.asm.test_usual(x);
        let place = self.asm.jump_if(Condition::NotZero, 0);
        root::emit(self.asm, self.width(), constants, x, to);
        self.end_detour(place, DetourKind::Root(x), &to);
        self.release(arg, at);
    }

    /// A quotient by multiplications; the unit's if a lane is out of the ordinary.
    fn emit_soft_quotient(&mut self, args: &[u32], value: u32, at: u32) {
        let constants = self.plan.quotient_constants;
        let constants = constants.expect("a plan with such quotients has constants");
        let (n, d) = (self.register(args[0], at), self.register(args[1], at));
        let to = self.take_scratch::<{ quotient::SCRATCH }>(value, at);
        quotient::test(self.asm, constants, n, d, to[0]);
        let place = self.asm.jump_if(Condition::NotZero, 0);
        quotient::emit(self.asm, self.width(), constants, (n, d), to);
        self.end_detour(place, DetourKind::Quotient(n, d), &to);
        for arg in args {
            self.release(*arg, at);
        }
    }

    /// A register for a value and more for the numbers on the way to it.
    fn take_scratch<const COUNT: usize>(&mut self, value: u32, at: u32) -> [u8; COUNT] {
        let mut to = [0; COUNT];
        to[0] = self.take(value, at);
        for register in &mut to[1..] {
            *register = self.take(NONE, at);
            self.registers[usize::from(*register)] = HELD;
        }
        to
    }

    /// Where a detour to the first of these registers comes back to; the others are free.
    fn end_detour(&mut self, place: u32, kind: DetourKind, to: &[u8]) {
        let back = self.asm.at();
        for register in &to[1..] {
            self.registers[usize::from(*register)] = NONE;
        }
        self.outcome.detours.push(Detour { place, back, kind, result: to[0] });
    }

    /// A blend of 512-bit vectors: by a mask register if one holds the condition, else bit by bit,
    /// which wants whole lanes of the mask.
    fn emit_choice(&mut self, args: &[u32], value: u32, at: u32) {
        if let Some(mask) = self.conditions.iter().position(|held| *held == args[0]) {
            let no = self.register(args[2], at);
            let yes = self.operand(args[1]);
            self.release(args[1], at);
            self.release(args[2], at);
            let to = self.take(value, at);
            self.asm.choose(to, mask as u8, no, yes);
            if self.is_dead_after(args[0], at) {
                self.conditions[mask] = NONE;
            }
            return;
        }
        let mask = self.register(args[0], at);
        let no = self.register(args[2], at);
        let yes = self.operand(args[1]);
        let to = self.take(value, at);
        if is_mask(self.plan.dag, args[0] / self.copies, 4) {
            self.copy_register(to, mask);
        } else {
            let count = (self.width().bytes() * 8 - 1) as u8;
            let (op, digit) = (select::SPREAD_SIGN, select::SPREAD_DIGIT);
            self.asm.vex(op, digit, to, Operand::Reg(mask), Some(count));
        }
        self.asm.vex(select::TERNARY, to, no, yes, Some(select::CHOOSE));
        for arg in args {
            self.release(*arg, at);
        }
    }

    /// `a * b + c` overwrites one operand and may take one from memory: which form (132, 213, 231)
    /// depends on what dies here and on what is in memory.
    fn emit_fused(&mut self, op: crate::assembler::Opcode, args: &[u32], value: u32, at: u32) {
        let in_register = |body: &Self, k: usize| body.home[args[k] as usize] != NO_REGISTER;
        let memory = [2, 1, 0].into_iter().find(|k| !in_register(self, *k));
        for arg in args.iter().filter(|arg| self.home[**arg as usize] != NO_REGISTER) {
            self.pinned |= 1 << self.home[*arg as usize];
        }
        for k in (0..3).filter(|k| Some(*k) != memory) {
            self.register(args[k], at);
        }
        // An operand equal to the one in memory was loaded just now.
        let memory = memory.filter(|k| !in_register(self, *k));
        let dies = |body: &Self, k: usize| {
            let home = body.home[args[k] as usize];
            body.fixed >> home & 1 == 0
                && (body.is_dead_after(args[k], at) || body.is_in_memory(args[k]))
                && (0..3).all(|j| j == k || args[j] != args[k])
        };
        let dying = (0..3).find(|k| Some(*k) != memory && dies(self, *k));
        let (over, to) = if let Some(k) = dying {
            let register = self.home[args[k] as usize];
            self.home[args[k] as usize] = NO_REGISTER;
            self.registers[usize::from(register)] = value;
            self.home[value as usize] = register;
            (k, register)
        } else {
            let k = if memory == Some(2) { 0 } else { 2 };
            let from = self.home[args[k] as usize];
            let to = self.take(value, at);
            self.copy_register(to, from);
            (k, to)
        };
        // Factors and the number added, without the overwritten one.
        let (form, second, last) = match over {
            2 if memory == Some(0) => (0x20, 1, 0),
            2 => (0x20, 0, 1),
            k => {
                let other = 1 - k;
                if memory == Some(other) { (0x00, 2, other) } else { (0x10, other, 2) }
            }
        };
        let second = self.home[args[second] as usize];
        let last = self.operand(args[last]);
        let op = crate::assembler::Opcode { byte: op.byte + form, ..op };
        self.asm.vex(op, to, second, last, None);
        for arg in args {
            self.release(*arg, at);
        }
    }

    fn emit_rare(&mut self, function: vecmath::Rare, args: &[u32], value: u32, at: u32) {
        let mask = self.register(args[0], at);
        let usual = self.register(args[2], at);
        let argument = self.operand(args[1]);
        if self.is_dead_after(args[2], at) && self.fixed >> usual & 1 == 0 {
            // The result takes the register over.
            self.home[args[2] as usize] = NO_REGISTER;
            self.registers[usize::from(usual)] = value;
            self.home[value as usize] = usual;
        } else {
            let to = self.take(value, at);
            self.copy_register(to, usual);
        }
        let result = self.home[value as usize];
        // The pointer of an argument in memory would be gone by the time of the detour.
        let argument = match argument {
            Operand::Indexed(..) | Operand::Pool(_) => Operand::Reg(self.register(args[1], at)),
            other => other,
        };
        self.asm.signs(RSI, mask);
        self.asm.gpr(0x85, RSI, RSI);
        let place = self.asm.jump_if(Condition::NotZero, 0);
        let back = self.asm.at();
        let kind = DetourKind::Rare(function, mask, argument);
        self.outcome.detours.push(Detour { place, back, kind, result });
        self.release(args[0], at);
        self.release(args[1], at);
    }
}

/// Which nodes are comparisons that only choices ask for, of 512-bit vectors. A function for rare
/// lanes would not keep the registers that hold them.
fn conditional(plan: &Plan<'_>) -> Vec<bool> {
    let nodes = &plan.dag.nodes;
    let compares = |op: Op| matches!(select::instruction(op, plan.dag.width).1, Form::Compare(_));
    if plan.vectors != Vectors::Bits512 || nodes.iter().any(|n| matches!(n.op, Op::Rare(_))) {
        return vec![false; nodes.len()];
    }
    let mut found: Vec<bool> = nodes.iter().map(|node| compares(node.op)).collect();
    for node in nodes {
        for (k, arg) in node.args().iter().enumerate() {
            found[arg.index()] &= node.op == Op::Select && k == 0;
        }
    }
    for output in &plan.dag.outputs {
        found[output.index()] = false;
    }
    found
}

/// Whether every lane of a node has all bits set or none, as far as `depth` operations tell.
fn is_mask(dag: &Dag, node: u32, depth: u32) -> bool {
    let node = &dag.nodes[node as usize];
    match node.op {
        Op::Lt | Op::Le | Op::Eq | Op::IntGt | Op::IntEq => true,
        Op::And | Op::AndNot | Op::Or | Op::Xor if depth > 0 => {
            node.args().iter().all(|arg| is_mask(dag, arg.0, depth - 1))
        }
        Op::Const(bits) => {
            bits == 0 || bits == u64::MAX || dag.width == Width::F32 && bits == 0xffff_ffff
        }
        _ => false,
    }
}
