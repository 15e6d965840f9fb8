//! Lanes that write down what is asked of them: a graph of operations without loops or branches.

use crate::lanes::{Lanes, Rare, Rounding, Width};
use crate::logarithm;
use std::collections::BTreeMap;

/// What a [`Node`] computes. See [`Lanes`] for the meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// The input with this number.
    Input(u32),
    /// These bits in every lane.
    Const(u64),
    /// [`Lanes::add`]
    Add,
    /// [`Lanes::sub`]
    Sub,
    /// [`Lanes::mul`]
    Mul,
    /// [`Lanes::div`]
    Div,
    /// [`Lanes::fma`]
    Fma,
    /// [`Lanes::nfma`]
    Nfma,
    /// [`Lanes::fms`]
    Fms,
    /// [`Lanes::sqrt`]
    Sqrt,
    /// [`Lanes::min`]
    Min,
    /// [`Lanes::max`]
    Max,
    /// [`Lanes::round`]
    Round(Rounding),
    /// [`Lanes::and`]
    And,
    /// [`Lanes::and_not`]
    AndNot,
    /// [`Lanes::or`]
    Or,
    /// [`Lanes::xor`]
    Xor,
    /// [`Lanes::int_add`]
    IntAdd,
    /// [`Lanes::int_sub`]
    IntSub,
    /// [`Lanes::int_gt`]
    IntGt,
    /// [`Lanes::int_eq`]
    IntEq,
    /// [`Lanes::shl`]
    Shl(u8),
    /// [`Lanes::shr`]
    Shr(u8),
    /// [`Lanes::lt`]
    Lt,
    /// [`Lanes::le`]
    Le,
    /// [`Lanes::eq`]
    Eq,
    /// [`Lanes::select`]
    Select,
    /// [`Lanes::rare`]
    Rare(Rare),
    /// [`Lanes::significand`]
    Significand,
    /// [`Lanes::minus_exponent`]
    MinusExponent,
}

impl Op {
    /// Number of operands.
    pub fn arity(self) -> usize {
        match self {
            Op::Input(_) | Op::Const(_) => 0,
            Op::Sqrt | Op::Round(_) | Op::Shl(_) | Op::Shr(_) | Op::Significand => 1,
            Op::Fma | Op::Nfma | Op::Fms | Op::Select | Op::Rare(_) => 3,
            _ => 2,
        }
    }

    /// Whether the operands can be exchanged without changing a bit of the result, NaN payloads
    /// aside.
    pub fn commutes(self) -> bool {
        matches!(
            self,
            Op::Add | Op::Mul | Op::And | Op::Or | Op::Xor | Op::IntAdd | Op::IntEq | Op::Eq
        )
    }
}

/// A node of a [`Dag`], by its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub u32);

impl Id {
    /// Position among the nodes.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An operation and its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// What to compute.
    pub op: Op,
    args: [Id; 3],
}

impl Node {
    /// The operands, in the order of the [`Lanes`] method.
    pub fn args(&self) -> &[Id] {
        &self.args[..self.op.arity()]
    }
}

/// A function from vectors to vectors: every node after its operands, no two nodes alike, none
/// unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dag {
    /// The format of every value.
    pub width: Width,
    /// The nodes, operands first.
    pub nodes: Vec<Node>,
    /// Number of inputs, used or not.
    pub inputs: u32,
    /// The results.
    pub outputs: Vec<Id>,
}

impl Dag {
    /// The same without [`Op::Significand`] and [`Op::MinusExponent`], for machines that have no
    /// instructions for them; none if it has none of them anyway.
    pub fn without_parts(&self) -> Option<Dag> {
        let parts = |node: &Node| matches!(node.op, Op::Significand | Op::MinusExponent);
        self.nodes.iter().any(parts).then(|| {
            let mut recorder = Recorder { parts: false, ..Recorder::new(self.width) };
            let inputs: Vec<Id> = (0..self.inputs).map(|_| recorder.input()).collect();
            let outputs = self.replay(&mut recorder, &inputs);
            recorder.finish(&outputs)
        })
    }

    /// Does the same on other lanes.
    ///
    /// # Panics
    /// If the lanes have another width, or `inputs` another length than [`Dag::inputs`].
    pub fn replay<L: Lanes>(&self, l: &mut L, inputs: &[L::V]) -> Vec<L::V> {
        assert_eq!(l.width(), self.width, "a graph is replayed in its own format");
        assert_eq!(inputs.len(), self.inputs as usize, "a graph has a number of inputs");
        let mut values: Vec<L::V> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let arg = |k: usize| values[node.args[k].index()];
            let value = match node.op {
                Op::Input(k) => inputs[k as usize],
                Op::Const(bits) => l.bits(bits),
                Op::Add => l.add(arg(0), arg(1)),
                Op::Sub => l.sub(arg(0), arg(1)),
                Op::Mul => l.mul(arg(0), arg(1)),
                Op::Div => l.div(arg(0), arg(1)),
                Op::Fma => l.fma(arg(0), arg(1), arg(2)),
                Op::Nfma => l.nfma(arg(0), arg(1), arg(2)),
                Op::Fms => l.fms(arg(0), arg(1), arg(2)),
                Op::Sqrt => l.sqrt(arg(0)),
                Op::Min => l.min(arg(0), arg(1)),
                Op::Max => l.max(arg(0), arg(1)),
                Op::Round(rounding) => l.round(arg(0), rounding),
                Op::And => l.and(arg(0), arg(1)),
                Op::AndNot => l.and_not(arg(0), arg(1)),
                Op::Or => l.or(arg(0), arg(1)),
                Op::Xor => l.xor(arg(0), arg(1)),
                Op::IntAdd => l.int_add(arg(0), arg(1)),
                Op::IntSub => l.int_sub(arg(0), arg(1)),
                Op::IntGt => l.int_gt(arg(0), arg(1)),
                Op::IntEq => l.int_eq(arg(0), arg(1)),
                Op::Shl(count) => l.shl(arg(0), count),
                Op::Shr(count) => l.shr(arg(0), count),
                Op::Lt => l.lt(arg(0), arg(1)),
                Op::Le => l.le(arg(0), arg(1)),
                Op::Eq => l.eq(arg(0), arg(1)),
                Op::Select => l.select(arg(0), arg(1), arg(2)),
                Op::Rare(f) => l.rare(f, arg(0), arg(1), arg(2)),
                Op::Significand => l.significand(arg(0)),
                Op::MinusExponent => l.minus_exponent(arg(0), arg(1)),
            };
            values.push(value);
        }
        self.outputs.iter().map(|id| values[id.index()]).collect()
    }
}

/// [`Lanes`] whose values are nodes of a graph under construction.
#[derive(Clone, Debug)]
pub struct Recorder {
    width: Width,
    nodes: Vec<Node>,
    known: BTreeMap<Node, Id>,
    inputs: u32,
    /// Whether to record the parts of a number as operations of their own.
    parts: bool,
}

impl Recorder {
    /// An empty graph.
    pub fn new(width: Width) -> Recorder {
        Recorder { width, nodes: Vec::new(), known: BTreeMap::new(), inputs: 0, parts: true }
    }

    /// Another input.
    pub fn input(&mut self) -> Id {
        let id = self.node(Op::Input(self.inputs), [Id(0); 3]);
        self.inputs += 1;
        id
    }

    /// The node for an operation, the one there is if it was asked for before.
    ///
    /// # Panics
    /// If the operation has another number of operands.
    pub fn op(&mut self, op: Op, args: &[Id]) -> Id {
        assert_eq!(args.len(), op.arity(), "{op:?} has a number of operands");
        let mut padded = [Id(0); 3];
        padded[..args.len()].copy_from_slice(args);
        self.node(op, padded)
    }

    /// A node that was recorded.
    pub fn get(&self, id: Id) -> &Node {
        &self.nodes[id.index()]
    }

    /// Number of nodes so far, unused ones included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn node(&mut self, op: Op, args: [Id; 3]) -> Id {
        let node = Node { op, args };
        if let Some(id) = self.known.get(&node) {
            return *id;
        }
        let id = Id(u32::try_from(self.nodes.len()).expect("a graph has fewer than 2^32 nodes"));
        self.nodes.push(node);
        self.known.insert(node, id);
        id
    }

    /// The graph of what the outputs need of some nodes, which become its inputs: what lies before
    /// those is left out.
    pub fn between(&self, inputs: &[Id], outputs: &[Id]) -> Dag {
        let mut cut = self.clone();
        for node in &mut cut.nodes {
            // Another graph's inputs: not those of this one.
            if let Op::Input(k) = &mut node.op {
                *k += inputs.len() as u32;
            }
        }
        for (k, id) in inputs.iter().enumerate() {
            cut.nodes[id.index()] = Node { op: Op::Input(k as u32), args: [Id(0); 3] };
        }
        cut.inputs = inputs.len() as u32;
        let dag = cut.finish(outputs);
        let known = |node: &Node| !matches!(node.op, Op::Input(k) if k >= dag.inputs);
        assert!(dag.nodes.iter().all(known), "the outputs are made of the inputs");
        dag
    }

    /// The graph of what the outputs need.
    pub fn finish(self, outputs: &[Id]) -> Dag {
        let mut used = vec![false; self.nodes.len()];
        for output in outputs {
            used[output.index()] = true;
        }
        for at in (0..self.nodes.len()).rev() {
            if used[at] {
                for arg in self.nodes[at].args() {
                    used[arg.index()] = true;
                }
            }
        }
        let mut renamed = vec![Id(0); self.nodes.len()];
        let mut nodes = Vec::new();
        for (at, node) in self.nodes.iter().enumerate().filter(|(at, _)| used[*at]) {
            renamed[at] = Id(nodes.len() as u32);
            let mut node = *node;
            for arg in &mut node.args[..node.op.arity()] {
                *arg = renamed[arg.index()];
            }
            nodes.push(node);
        }
        let outputs = outputs.iter().map(|id| renamed[id.index()]).collect();
        Dag { width: self.width, nodes, inputs: self.inputs, outputs }
    }
}

macro_rules! recorded {
    ($($method:ident $op:ident ($($arg:ident),*);)*) => {
        $(fn $method(&mut self, $($arg: Id),*) -> Id {
            self.op(Op::$op, &[$($arg),*])
        })*
    };
}

impl Lanes for Recorder {
    type V = Id;

    fn width(&self) -> Width {
        self.width
    }
    fn constant(&mut self, value: f64) -> Id {
        let bits = match self.width {
            Width::F32 => u64::from((value as f32).to_bits()),
            Width::F64 => value.to_bits(),
        };
        self.bits(bits)
    }
    fn bits(&mut self, bits: u64) -> Id {
        let bits = if self.width == Width::F32 { bits & 0xffff_ffff } else { bits };
        self.op(Op::Const(bits), &[])
    }
    recorded! {
        add Add(a, b);
        sub Sub(a, b);
        mul Mul(a, b);
        div Div(a, b);
        fma Fma(a, b, c);
        nfma Nfma(a, b, c);
        fms Fms(a, b, c);
        sqrt Sqrt(a);
        min Min(a, b);
        max Max(a, b);
        and And(a, b);
        and_not AndNot(a, b);
        or Or(a, b);
        xor Xor(a, b);
        int_add IntAdd(a, b);
        int_sub IntSub(a, b);
        int_gt IntGt(a, b);
        int_eq IntEq(a, b);
        lt Lt(a, b);
        le Le(a, b);
        eq Eq(a, b);
        select Select(mask, a, b);
    }
    fn round(&mut self, a: Id, rounding: Rounding) -> Id {
        self.op(Op::Round(rounding), &[a])
    }
    fn shl(&mut self, a: Id, count: u8) -> Id {
        self.op(Op::Shl(count), &[a])
    }
    fn shr(&mut self, a: Id, count: u8) -> Id {
        self.op(Op::Shr(count), &[a])
    }
    fn rare(&mut self, f: Rare, mask: Id, x: Id, usual: Id) -> Id {
        self.op(Op::Rare(f), &[mask, x, usual])
    }
    fn significand(&mut self, x: Id) -> Id {
        if self.parts { self.op(Op::Significand, &[x]) } else { logarithm::significand(self, x) }
    }
    fn minus_exponent(&mut self, x: Id, m: Id) -> Id {
        if self.parts {
            self.op(Op::MinusExponent, &[x, m])
        } else {
            logarithm::minus_exponent(self, x)
        }
    }
}
