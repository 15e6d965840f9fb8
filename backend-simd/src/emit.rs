//! A whole kernel: constants, prologue, the fast loop, an iteration over some lanes, detours.
//!
//! The first iteration of a long call is over as many lanes as there are before the first output's
//! next vector boundary: stores that cross cache lines cost more than all of a short graph. The
//! last ones are over what is left.
//!
//! There are two fast loops: long results bypass the caches, which spares reading the lines that
//! are written (see [`crate::memory`]).
//!
//! The entry has the System V calling convention on every operating system:
//! `fn(count: usize, table: *const *mut u8)`, the table holding the addresses of the inputs, then
//! of the outputs, then of the carried values' vectors. Registers: `rax` bytes done, `rdi` bytes in all, `rsi` and `r14` scratch, `r15`
//! the table, pointers as in [`crate::frame`].

use crate::assembler::{Assembler, Condition, Operand, RAX, RDI, RSI, RSP};
use crate::body::{Body, Detour, DetourKind, Outcome, Plan, Stores};
use crate::frame::{Frame, SCRATCH, TABLE, VOLATILE};
use crate::rare;
use crate::select;
use crate::vectors::Vectors;
use vecmath::{Dag, Op, Width};

const RBP: u8 = 5;
/// Callee-saved registers, in the order in which they are pushed after `rbp`.
const SAVED: [u8; 5] = [3, 12, 13, 14, 15];
/// Bytes of an array from which on its first lanes are worth an iteration of their own.
const ALIGNED_FROM: i32 = 256;

/// Machine code with its constants.
pub(crate) struct Emitted {
    pub(crate) bytes: Vec<u8>,
    /// Offset of the first instruction.
    pub(crate) entry: usize,
    /// What the fast loop took, for reports.
    pub(crate) spills: usize,
    pub(crate) hoisted: usize,
}

impl Emitted {
    /// This code for calls of fewer than `count` elements, `long` for the others.
    pub(crate) fn or_long(self, long: Emitted, count: usize) -> Emitted {
        // Neither refers to anything but itself, by distances.
        let mut asm = Assembler::new(Vectors::Bits256, Width::F64, self.bytes);
        asm.align(64);
        let start = asm.at();
        asm.bytes.extend(long.bytes);
        let entry = asm.bytes.len();
        asm.gpr_immediate(7, RDI, i32::try_from(count).unwrap_or(i32::MAX));
        asm.jump_if(Condition::NotBelow, start + long.entry as u32);
        asm.jump(self.entry as u32);
        Emitted { bytes: asm.bytes, entry, ..self }
    }
}

/// What a fast loop is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) vectors: Vectors,
    /// Copies of the graph.
    pub(crate) copies: u32,
    /// How many of them compute square roots by multiplications; none in 256 bits.
    pub(crate) soft_roots: u32,
    /// How many of them compute quotients so.
    pub(crate) soft_quotients: u32,
}

/// Emits a kernel with such a fast loop. Inputs beyond those that
/// `uniform` tells of are carried from one iteration to the next; with any, the count is a multiple
/// of the copies' lanes. Results of arrays of `stream_from` bytes go past the caches.
pub(crate) fn emit(
    dag: &Dag,
    uniform: &[bool],
    shape: Shape,
    stream_from: Option<usize>,
) -> Emitted {
    let Shape { vectors, copies, soft_roots, soft_quotients } = shape;
    let (mut constants, pool) = constants(dag, vectors);
    let carried = carried(dag, uniform.len());
    let root_constants =
        (soft_roots > 0).then(|| crate::root::Constants::append(&mut constants, dag.width));
    let quotient_constants =
        (soft_quotients > 0).then(|| crate::quotient::Constants::append(&mut constants, dag.width));
    let mut plan = Plan {
        dag,
        vectors,
        uniform,
        pool: &pool,
        hoisted: Vec::new(),
        soft_roots,
        root_constants,
        soft_quotients,
        quotient_constants,
        carried: &carried,
        stream_from,
    };
    let frame_of =
        |plan: &Plan<'_>| Frame::new(vectors, uniform, plan.stored(), carried.len(), copies);
    let assembler = || Assembler::new(vectors, dag.width, Vec::new());
    let registers = vectors.registers();
    // How many registers the loop leaves.
    let mut trial = assembler();
    let mut frame = frame_of(&plan);
    let outcome = Body::new(&plan, &mut trial, &mut frame, copies, Stores::Cached).emit();
    if outcome.spills == 0 && outcome.peak < usize::from(registers) {
        let wanted = by_use(dag, uniform);
        let mut count = wanted.len().min(usize::from(registers) - outcome.peak);
        while count > 0 {
            plan.hoisted = (0..count).map(|k| (wanted[k], registers - 1 - k as u8)).collect();
            let mut trial = assembler();
            let mut frame = frame_of(&plan);
            let outcome = Body::new(&plan, &mut trial, &mut frame, copies, Stores::Cached).emit();
            if outcome.spills == 0 {
                break;
            }
            count -= 1;
            plan.hoisted.truncate(count);
        }
    }
    whole(&plan, constants, copies)
}

/// The nodes of the inputs from `first` on.
fn carried(dag: &Dag, first: usize) -> Vec<u32> {
    let node = |input: u32| {
        let at = dag.nodes.iter().position(|node| node.op == Op::Input(input));
        at.expect("a carried value is used") as u32
    };
    (first as u32..dag.inputs).map(node).collect()
}

/// The bytes of the masks (lanes that are on, then as many that are off) and constants, and where
/// each node's constant lies.
fn constants(dag: &Dag, vectors: Vectors) -> (Vec<u8>, Vec<Option<u32>>) {
    let mut bytes = vec![0xff; vectors.bytes() as usize];
    bytes.resize(2 * vectors.bytes() as usize, 0);
    let places = dag.nodes.iter().map(|node| {
        let Op::Const(bits) = node.op else { return None };
        let at = bytes.len() as u32;
        let word = if dag.width == Width::F32 { bits << 32 | bits } else { bits };
        // One number is enough for 512-bit instructions.
        for _ in 0..if vectors == Vectors::Bits512 { 1 } else { 4 } {
            bytes.extend(word.to_le_bytes());
        }
        Some(at)
    });
    let places = places.collect();
    (bytes, places)
}

/// Constants and broadcast numbers, those first that gain most from a register.
fn by_use(dag: &Dag, uniform: &[bool]) -> Vec<u32> {
    let mut gain = vec![0_u32; dag.nodes.len()];
    for node in &dag.nodes {
        for (k, arg) in node.args().iter().enumerate() {
            // Operands that cannot come from memory count more.
            let foldable = match node.op {
                Op::Fma | Op::Nfma | Op::Fms => k == 2,
                Op::Select => k == 1,
                op if op.arity() == 2 => k == 1 || op.commutes(),
                _ => true,
            };
            gain[arg.index()] += if foldable { 2 } else { 3 };
        }
    }
    let shared = |node: &u32| match dag.nodes[*node as usize].op {
        Op::Const(_) => true,
        Op::Input(k) => uniform.get(k as usize).copied().unwrap_or(false),
        _ => false,
    };
    let mut nodes: Vec<u32> = (0..dag.nodes.len() as u32).filter(shared).collect();
    nodes.sort_by_key(|node| std::cmp::Reverse(gain[*node as usize]));
    nodes
}

fn whole(plan: &Plan<'_>, constants: Vec<u8>, copies: u32) -> Emitted {
    let mut asm = Assembler::new(plan.vectors, plan.dag.width, constants);
    let mut frame =
        Frame::new(plan.vectors, plan.uniform, plan.stored(), plan.carried.len(), copies);
    let entry = asm.bytes.len();
    let frame_size = prologue(&mut asm, plan, &frame);
    move_carried(&mut asm, plan, &frame, copies, Direction::In);
    let outcome = if plan.carried.is_empty() {
        elements(&mut asm, plan, &mut frame, copies)
    } else {
        let (outcome, tail) = fast_loop(&mut asm, plan, &mut frame, copies, Stores::Cached);
        let end = asm.at();
        asm.patch(tail, end);
        move_carried(&mut asm, plan, &frame, copies, Direction::Out);
        outcome
    };
    epilogue(&mut asm);
    let spills = outcome.spills;
    for detour in outcome.detours {
        emit_detour(&mut asm, plan, &frame, &detour);
    }
    asm.set32(frame_size, frame.size().to_le_bytes());
    Emitted { bytes: asm.bytes, entry, spills, hoisted: plan.hoisted.len() }
}

/// Returns the place of the frame's size.
fn prologue(asm: &mut Assembler, plan: &Plan<'_>, frame: &Frame) -> u32 {
    let width = plan.dag.width;
    asm.push(RBP);
    asm.gpr(0x89, RBP, RSP);
    for register in SAVED {
        asm.push(register);
    }
    asm.gpr_immediate(4, RSP, -plan.bytes());
    asm.gpr_immediate(5, RSP, 0);
    let size = asm.at() - 4;
    asm.gpr(0x89, TABLE, RSI);
    asm.shift_left(RDI, if width == Width::F64 { 3 } else { 2 });
    for (stream, register) in frame.kept_pointers() {
        asm.load64(register, TABLE, stream as i32 * 8);
    }
    for (input, _) in plan.uniform.iter().enumerate().filter(|(_, uniform)| **uniform) {
        asm.load64(SCRATCH, TABLE, input as i32 * 8);
        asm.vex(select::broadcast(width), 0, 0, Operand::At(SCRATCH), None);
        let to = Operand::Frame(frame.uniform(input as u32));
        asm.store_vector(to, 0);
    }
    for (node, register) in &plan.hoisted {
        let from = match plan.dag.nodes[*node as usize].op {
            Op::Input(k) => Operand::Frame(frame.uniform(k)),
            _ => Operand::Pool(plan.pool[*node as usize].expect("a constant lies in the pool")),
        };
        asm.load_vector(*register, from);
    }
    asm.gpr(0x31, RAX, RAX);
    size
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    In,
    Out,
}

/// Fetches the carried values from the caller's memory, or puts them there: copy by copy.
fn move_carried(
    asm: &mut Assembler,
    plan: &Plan<'_>,
    frame: &Frame,
    copies: u32,
    direction: Direction,
) {
    asm.gpr(0x31, RAX, RAX);
    for which in 0..plan.carried.len() {
        let entry = plan.uniform.len() + plan.stored() + which;
        asm.load64(SCRATCH, TABLE, entry as i32 * 8);
        for copy in 0..copies {
            let outside = Operand::Indexed(SCRATCH, copy as i32 * plan.bytes());
            let register = plan.carried_register(which, copy, copies);
            let inside = Operand::Frame(frame.carried(which, copy));
            let through = register.unwrap_or(0);
            let (from, to) = match direction {
                Direction::In => (outside, inside),
                Direction::Out => (inside, outside),
            };
            let kept = register.is_some();
            if direction == Direction::In || !kept {
                asm.load_vector(through, from);
            }
            if direction == Direction::Out || !kept {
                asm.store_vector(to, through);
            }
        }
    }
}

/// Emits the loop over whole groups of vectors; returns the place of the jump past it.
fn fast_loop(
    asm: &mut Assembler,
    plan: &Plan<'_>,
    frame: &mut Frame,
    copies: u32,
    stores: Stores,
) -> (Outcome, u32) {
    let step = copies as i32 * plan.bytes();
    asm.lea(RSI, RAX, step);
    asm.gpr(0x39, RSI, RDI);
    let skip = asm.jump_if(Condition::Above, 0);
    asm.align(32);
    let top = asm.at();
    let outcome = Body::new(plan, asm, frame, copies, stores).emit();
    asm.gpr_immediate(0, RAX, step);
    asm.lea(RSI, RAX, step);
    asm.gpr(0x39, RSI, RDI);
    asm.jump_if(Condition::NotAbove, top);
    (outcome, skip)
}

/// Emits the loops of a kernel that carries nothing. The outcome is the fast loop's, with the
/// detours of both.
fn elements(asm: &mut Assembler, plan: &Plan<'_>, frame: &mut Frame, copies: u32) -> Outcome {
    let to_first = first_lanes(asm, plan, frame);
    let enter = asm.at();
    for place in &to_first.past {
        asm.patch(*place, enter);
    }
    let streamed = streamed_loop(asm, plan, frame, copies);
    let (mut outcome, tail) = fast_loop(asm, plan, frame, copies, Stores::Cached);
    outcome.detours.extend(streamed.detours);
    frame.clear();
    let rest = asm.at();
    for place in streamed.to_rest.into_iter().chain([tail]) {
        asm.patch(place, rest);
    }
    asm.gpr(0x39, RAX, RDI);
    let done = asm.jump_if(Condition::NotBelow, 0);
    asm.gpr(0x89, RSI, RDI);
    asm.gpr(0x29, RSI, RAX);
    asm.load_immediate(SCRATCH, u64::from(plan.vectors.bytes()));
    asm.gpr(0x39, RSI, SCRATCH);
    asm.move_if(Condition::Above, RSI, SCRATCH);
    let masked = asm.at();
    asm.patch(to_first.masked, masked);
    outcome.detours.extend(some_lanes(asm, plan, frame));
    asm.jump(enter);
    let end = asm.at();
    asm.patch(done, end);
    outcome
}

/// What the loop that goes past the caches left to do.
#[derive(Default)]
struct StreamedLoop {
    detours: Vec<Detour>,
    /// Places of jumps to what follows the fast loops.
    to_rest: Vec<u32>,
}

/// Emits the loop for long results, with the question whether to go there, if there is to be one.
fn streamed_loop(
    asm: &mut Assembler,
    plan: &Plan<'_>,
    frame: &mut Frame,
    copies: u32,
) -> StreamedLoop {
    let Some(from) = plan.stream_from else { return StreamedLoop::default() };
    let past = unless_streamed(asm, plan, frame, from);
    let (outcome, tail) = fast_loop(asm, plan, frame, copies, Stores::Streamed);
    asm.store_fence();
    let end = asm.jump(0);
    frame.clear();
    let cached = asm.at();
    for place in past {
        asm.patch(place, cached);
    }
    StreamedLoop { detours: outcome.detours, to_rest: vec![tail, end] }
}

/// Goes on if the arrays have that many bytes, the outputs go on at a vector boundary, and none of
/// them is an input, whose lines are in the cache already. Returns the places of the jumps past what
/// follows.
fn unless_streamed(asm: &mut Assembler, plan: &Plan<'_>, frame: &Frame, from: usize) -> Vec<u32> {
    let inputs = (0..plan.uniform.len()).filter(|k| !plan.uniform[*k]);
    let inputs: Vec<u32> = inputs.map(|k| k as u32).collect();
    asm.gpr_immediate(7, RDI, i32::try_from(from).unwrap_or(i32::MAX));
    let mut past = vec![asm.jump_if(Condition::Below, 0)];
    for output in 0..plan.stored() {
        let output = frame.pointer(asm, (plan.uniform.len() + output) as u32);
        asm.gpr(0x89, SCRATCH, output);
        for input in &inputs {
            let input = frame.pointer(asm, *input);
            asm.gpr(0x39, SCRATCH, input);
            past.push(asm.jump_if(Condition::Zero, 0));
        }
        asm.gpr(0x01, SCRATCH, RAX);
        asm.gpr_immediate(4, SCRATCH, plan.bytes() - 1);
        past.push(asm.jump_if(Condition::NotZero, 0));
    }
    past
}

/// Places of jumps ahead.
struct ToFirst {
    /// To the fast loop.
    past: [u32; 3],
    /// To the masked iteration.
    masked: u32,
}

/// Puts into `rsi` the bytes before the first output's next vector boundary; goes past if there
/// are none, if the array is short, or if its numbers lie across boundaries.
fn first_lanes(asm: &mut Assembler, plan: &Plan<'_>, frame: &Frame) -> ToFirst {
    let output = frame.pointer(asm, plan.uniform.len() as u32);
    asm.gpr(0x89, RSI, output);
    asm.negate(RSI);
    asm.gpr_immediate(4, RSI, plan.bytes() - 1);
    let aligned = asm.jump_if(Condition::Zero, 0);
    asm.gpr_immediate(7, RDI, ALIGNED_FROM);
    let short = asm.jump_if(Condition::Below, 0);
    asm.gpr(0x89, SCRATCH, RSI);
    asm.gpr_immediate(4, SCRATCH, plan.dag.width.bytes() as i32 - 1);
    let across = asm.jump_if(Condition::NotZero, 0);
    let masked = asm.jump(0);
    ToFirst { past: [aligned, short, across], masked }
}

/// Emits an iteration over the next `rsi` bytes of each array, a vector's at most.
fn some_lanes(asm: &mut Assembler, plan: &Plan<'_>, frame: &mut Frame) -> Vec<Detour> {
    asm.store64(RSP, frame.step(), RSI);
    asm.negate(RSI);
    asm.lea_pool(SCRATCH, plan.vectors.bytes());
    asm.load_vector(0, Operand::Sum(SCRATCH, RSI));
    asm.store_vector(Operand::Frame(frame.mask()), 0);
    let outcome = Body::new(plan, asm, frame, 1, Stores::Masked).emit();
    asm.load64(SCRATCH, RSP, frame.step());
    asm.gpr(0x01, RAX, SCRATCH);
    outcome.detours
}

fn epilogue(asm: &mut Assembler) {
    asm.vzeroupper();
    asm.lea(RSP, RBP, -8 * SAVED.len() as i32);
    for register in SAVED.iter().rev() {
        asm.pop(*register);
    }
    asm.pop(RBP);
    asm.ret();
}

fn emit_detour(asm: &mut Assembler, plan: &Plan<'_>, frame: &Frame, detour: &Detour) {
    let start = asm.at();
    asm.patch(detour.place, start);
    match detour.kind {
        DetourKind::Root(from) => {
            let (op, _) = select::instruction(Op::Sqrt, plan.dag.width);
            asm.vex(op, detour.result, 0, Operand::Reg(from), None);
        }
        DetourKind::Quotient(n, d) => {
            let (op, _) = select::instruction(Op::Div, plan.dag.width);
            asm.vex(op, detour.result, n, Operand::Reg(d), None);
        }
        DetourKind::Rare(function, mask, argument) => {
            call_rare(asm, plan, frame, function, (mask, argument, detour.result));
        }
    }
    asm.jump(detour.back);
}

/// Calls the function for rare lanes with every register saved in the frame, where it finds its
/// operands (the registers of mask, argument and result) and leaves its result.
fn call_rare(
    asm: &mut Assembler,
    plan: &Plan<'_>,
    frame: &Frame,
    function: vecmath::Rare,
    (mask, argument, result): (u8, Operand, u8),
) {
    for register in 0..plan.vectors.registers() {
        asm.store_vector(Operand::Frame(frame.saved_vector(register)), register);
    }
    for (k, register) in VOLATILE.into_iter().enumerate() {
        asm.store64(RSP, frame.saved_general(k) as i32, register);
    }
    let saved = |register: u8| frame.saved_vector(register) as i32;
    match argument {
        Operand::Reg(register) => asm.lea(2, RSP, saved(register)),
        Operand::Frame(offset) => asm.lea(2, RSP, offset as i32),
        Operand::Pool(_) | Operand::Indexed(..) | Operand::At(_) | Operand::Sum(..) => {
            unreachable!("an argument in an array and a constant are loaded first")
        }
    }
    asm.lea(RSI, RSP, saved(mask));
    asm.lea(1, RSP, saved(result));
    asm.load_immediate(RDI, function as u64);
    asm.load_immediate(RAX, rare::address(plan.vectors, plan.dag.width));
    asm.vzeroupper();
    asm.call(RAX);
    for register in 0..plan.vectors.registers() {
        asm.load_vector(register, Operand::Frame(frame.saved_vector(register)));
    }
    for (k, register) in VOLATILE.into_iter().enumerate() {
        asm.load64(register, RSP, frame.saved_general(k) as i32);
    }
}
