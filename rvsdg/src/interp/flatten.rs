//! From a tree of regions to a list of instructions with jumps.
//!
//! Values keep their ids as slots: a region's values are overwritten each time it runs, and nested
//! regions read the values around them in place.

use crate::data::Scalar;
use crate::graph::{Function, NodeId, NodeKind, RegionId, ValueId};
use crate::op::Op;
use crate::types::Type;
use crate::walk::{Event, walk};

/// Index of a value's slot.
pub(super) type SlotId = u32;
/// Index of an instruction.
pub(super) type Pc = u32;

/// A parallel assignment: positions in [`Code::moves`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moves {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// An operation with its slots.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) op: Op,
    pub(super) node: NodeId,
    pub(super) operands: Vec<SlotId>,
    /// The last output: the value, or the state of a store.
    pub(super) output: SlotId,
    /// The first output, where there are two: the state.
    pub(super) state: SlotId,
    /// How many `mem` states a guard or call reads.
    pub(super) reads: usize,
}

#[derive(Debug)]
pub(super) enum Instruction {
    /// Executes an entry of [`Code::operations`].
    Operation(u32),
    /// Moves the inputs of a gamma and jumps to the arm's entry of a table.
    Branch {
        node: NodeId,
        predicate: SlotId,
        table: u32,
    },
    /// Parallel assignment on behalf of a node.
    Move {
        node: NodeId,
        moves: Moves,
    },
    Jump(Pc),
    /// The end of a theta's body: `next` and back to `body`, or `exit`.
    Loop {
        node: NodeId,
        again: SlotId,
        body: Pc,
        next: Moves,
        exit: Moves,
    },
    /// Returns the function's results.
    Return,
}

/// A flattened function.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) instructions: Vec<Instruction>,
    pub(super) operations: Vec<Operation>,
    /// From slot, to slot.
    pub(super) moves: Vec<(SlotId, SlotId)>,
    /// Entry points of the arms of each gamma.
    pub(super) tables: Vec<Vec<Pc>>,
    /// Slots of constants, filled once.
    pub(super) constants: Vec<(SlotId, Scalar)>,
    /// Gammas and thetas in the order of the graph, for the counts.
    pub(super) structures: Vec<NodeId>,
}

/// Flattens a function that has the structure and types the verifier asks for.
pub(super) fn flatten(function: &Function) -> Code {
    let code = Code {
        instructions: Vec::new(),
        operations: Vec::new(),
        moves: Vec::new(),
        tables: Vec::new(),
        constants: Vec::new(),
        structures: Vec::new(),
    };
    let mut flattener = Flattener { function, code, open: Vec::new() };
    for event in walk(function) {
        match event {
            Event::Visit(node) => flattener.visit(node),
            Event::Define(node) => flattener.define(node),
            Event::Enter(region) => flattener.enter(region),
            Event::Leave(region) => flattener.leave(region),
        }
    }
    flattener.code
}

/// A gamma or theta that is being flattened.
struct Open {
    node: NodeId,
    /// The gamma's table.
    table: u32,
    /// Jumps from the ends of the arms, to be directed behind the gamma.
    exits: Vec<usize>,
    /// Entry of the theta's body.
    body: Pc,
}

struct Flattener<'a> {
    function: &'a Function,
    code: Code,
    open: Vec<Open>,
}

fn slot(value: ValueId) -> SlotId {
    value.index() as SlotId
}

impl Flattener<'_> {
    fn pc(&self) -> Pc {
        self.code.instructions.len() as Pc
    }

    fn moves(&mut self, from: &[ValueId], to: &[ValueId]) -> Moves {
        let start = self.code.moves.len() as u32;
        self.code.moves.extend(from.iter().zip(to).map(|(from, to)| (slot(*from), slot(*to))));
        Moves { start, end: self.code.moves.len() as u32 }
    }

    fn visit(&mut self, node: NodeId) {
        let content = self.function.node(node);
        match &content.kind {
            NodeKind::Simple(Op::Const(constant)) => {
                self.code.constants.push((slot(content.outputs[0]), (*constant).into()));
            }
            NodeKind::Simple(op) => {
                let types: Vec<Type> =
                    content.operands.iter().map(|value| self.function.ty(*value)).collect();
                let operation = Operation {
                    op: *op,
                    node,
                    operands: content.operands.iter().map(|value| slot(*value)).collect(),
                    output: slot(content.outputs[content.outputs.len() - 1]),
                    state: slot(content.outputs[0]),
                    reads: op.read_states(&types).len(),
                };
                let index = self.code.operations.len() as u32;
                self.code.operations.push(operation);
                self.code.instructions.push(Instruction::Operation(index));
            }
            NodeKind::Gamma { .. } => {
                let table = self.code.tables.len() as u32;
                self.code.tables.push(Vec::new());
                self.code.structures.push(node);
                let predicate = slot(content.operands[0]);
                self.code.instructions.push(Instruction::Branch { node, predicate, table });
                self.open.push(Open { node, table, exits: Vec::new(), body: 0 });
            }
            NodeKind::Theta { body } => {
                self.code.structures.push(node);
                let moves = self.moves(&content.operands, &self.function.region(*body).params);
                self.code.instructions.push(Instruction::Move { node, moves });
                self.open.push(Open { node, table: 0, exits: Vec::new(), body: 0 });
            }
        }
    }

    fn enter(&mut self, region: RegionId) {
        let pc = self.pc();
        let Some(open) = self.open.last_mut() else { return };
        let (node, table) = (open.node, open.table);
        open.body = pc;
        if matches!(self.function.node(node).kind, NodeKind::Gamma { .. }) {
            self.code.tables[table as usize].push(pc);
            let inputs = &self.function.node(node).operands[1..];
            let moves = self.moves(inputs, &self.function.region(region).params);
            self.code.instructions.push(Instruction::Move { node, moves });
        }
    }

    fn leave(&mut self, region: RegionId) {
        let Some(Open { node, body, .. }) = self.open.last() else {
            self.code.instructions.push(Instruction::Return);
            return;
        };
        let (node, body) = (*node, *body);
        let outputs = &self.function.node(node).outputs;
        let results = &self.function.region(region).results;
        if matches!(self.function.node(node).kind, NodeKind::Gamma { .. }) {
            let moves = self.moves(results, outputs);
            self.code.instructions.push(Instruction::Move { node, moves });
            let exit = self.code.instructions.len();
            self.code.instructions.push(Instruction::Jump(0));
            self.open.last_mut().expect("an arm's gamma is open").exits.push(exit);
        } else {
            let next = self.moves(&results[1..], &self.function.region(region).params);
            let exit = self.moves(&results[1..], outputs);
            let again = slot(results[0]);
            self.code.instructions.push(Instruction::Loop { node, again, body, next, exit });
        }
    }

    fn define(&mut self, node: NodeId) {
        if self.open.last().is_none_or(|open| open.node != node) {
            return;
        }
        let end = self.pc();
        let open = self.open.pop().expect("the last entry was looked at");
        for exit in open.exits {
            self.code.instructions[exit] = Instruction::Jump(end);
        }
    }
}
