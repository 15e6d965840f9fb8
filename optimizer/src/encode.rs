//! From RVSDG to e-graph: one class per value, stamped with its region.
//!
//! A value used in a nested region becomes a chain of imports. A state enters a nested region as
//! the `entry` leaf of its port. An instance's outputs are leaves of its home region; its ports are
//! in the side table, so that adding or dropping one copies nothing.

use crate::cost::{BRANCH_PROBABILITY, CostModel, TRIP_COUNT};
use crate::facts::{FactAnalysis, Graph, Range};
use crate::language::{InstanceId, Language, Payload, Payloads};
use crate::model::{Instance, InstanceKind, Model, OrderMap, Port, RegionInfo};
use egraph_core::{EClassId, Limit, OpId, RegionId};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::{Const, Function, NodeId, NodeKind, Op, Span, Type, ValueId};
use std::sync::Arc;

/// Why a function cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The node limit is below the size of the function.
    Limit,
    /// A gamma or theta has an input state without the matching output, or the reverse.
    UnpairedState,
}

impl From<Limit> for EncodeError {
    fn from(_: Limit) -> EncodeError {
        EncodeError::Limit
    }
}

/// Settings of the analysis.
#[derive(Clone, Debug, Default)]
pub struct Assumptions {
    /// Range of each parameter.
    pub formals: Vec<Range>,
    /// Fold constants.
    pub fold: bool,
    /// Rules over the reals will run.
    pub inexact: bool,
    /// A truth value of the body that holds whenever the function is entered.
    pub holds: Option<ValueId>,
    /// Bound on e-nodes.
    pub node_limit: usize,
    /// What operations cost; without it the shipped weights.
    pub costs: Option<Arc<CostModel>>,
}

/// Puts a function into an e-graph.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode<'f>(
    function: &'f Function,
    assumptions: &Assumptions,
) -> Result<Model<'f>, EncodeError> {
    let language = Language::new(function);
    let analysis = FactAnalysis {
        payloads: Payloads::default(),
        formals: assumptions.formals.clone(),
        fold: assumptions.fold,
        inexact: assumptions.inexact,
        language: language.clone(),
    };
    let mut graph = Graph::new(language.signature.clone(), analysis);
    graph.set_node_limit(assumptions.node_limit);
    let body = RegionInfo { owner: None, frequency: 1.0, entries: OrderMap::default() };
    let mut encoder = Encoder {
        function,
        language,
        model: Model {
            source: function,
            graph,
            instances: Vec::new(),
            regions: vec![body],
            results: Vec::new(),
            states: OrderMap::default(),
            costs: assumptions.costs.clone().unwrap_or_else(CostModel::shipped),
            spans: OrderMap::default(),
            input_nodes: 0,
            input_instances: 0,
        },
        classes: HashMap::default(),
    };
    encoder.formals()?;
    encoder.region(function.body(), RegionId::ROOT)?;
    if let Some(holds) = assumptions.holds {
        let class = encoder.class(holds, RegionId::ROOT)?;
        let known = encoder.constant(RegionId::ROOT, Const::Bool(true))?;
        let given = egraph_core::Reason::Given;
        encoder.model.graph.union(class, known, given).expect("both are truth values");
    }
    encoder.finish()
}

struct Encoder<'f> {
    function: &'f Function,
    language: Language,
    model: Model<'f>,
    /// Class of a value as seen from a region.
    classes: HashMap<(ValueId, RegionId), EClassId, FxBuildHasher>,
}

impl<'f> Encoder<'f> {
    fn leaf(
        &mut self,
        region: RegionId,
        op: OpId,
        payload: Payload,
        ty: Type,
    ) -> Result<EClassId, Limit> {
        let payload = self.model.graph.analysis_mut().payloads.intern(payload);
        let sort = self.sort(ty);
        self.model.graph.add(region, op, payload, &[], Some(sort))
    }

    /// The sort of a type, declared in the engine's signature and in the analysis at first use.
    fn sort(&mut self, ty: Type) -> egraph_core::SortId {
        if let Some(sort) = self.language.find_sort(ty) {
            return sort;
        }
        let sort = self.language.sort(ty);
        let name = ty.to_string();
        let same = self.model.graph.extend_signature(|signature| signature.sort(&name));
        debug_assert_eq!(sort, same);
        self.model.graph.analysis_mut().language.sort(ty);
        sort
    }

    fn formals(&mut self) -> Result<(), EncodeError> {
        let function = self.function;
        for (k, value) in function.param_values().iter().enumerate() {
            let (ty, op) = (function.ty(*value), self.language.formal);
            let class = self.leaf(RegionId::ROOT, op, Payload::Index(k as u32), ty)?;
            self.classes.insert((*value, RegionId::ROOT), class);
        }
        for (k, value) in function.entry_states().iter().enumerate() {
            self.entry(*value, RegionId::ROOT, k)?;
        }
        Ok(())
    }

    fn entry(&mut self, value: ValueId, region: RegionId, k: usize) -> Result<(), EncodeError> {
        let (ty, op) = (self.function.ty(value), self.language.entry);
        let class = self.leaf(region, op, Payload::Index(k as u32), ty)?;
        self.classes.insert((value, region), class);
        self.model.regions[region.index()].entries.insert(ty, class);
        Ok(())
    }

    fn region(&mut self, source: rvsdg::RegionId, region: RegionId) -> Result<(), EncodeError> {
        let function = self.function;
        for node in &function.region(source).nodes {
            match &function.node(*node).kind {
                NodeKind::Simple(op) => self.simple(*node, *op, region)?,
                NodeKind::Gamma { arms } => self.gamma(*node, arms, region)?,
                NodeKind::Theta { body } => self.theta(*node, *body, region)?,
            }
        }
        Ok(())
    }

    /// The class of a value as seen from a region: imported from where it is defined.
    fn class(&mut self, value: ValueId, region: RegionId) -> Result<EClassId, Limit> {
        // Walk outwards to a region that has the value, then import inwards.
        let mut path = Vec::new();
        let mut at = region;
        let mut class = loop {
            if let Some(class) = self.classes.get(&(value, at)) {
                break *class;
            }
            path.push(at);
            at = self.model.graph.parent(at).expect("a value is defined in an enclosing region");
        };
        while let Some(inner) = path.pop() {
            class = match self.function.as_const(value) {
                Some(constant) => self.constant(inner, constant)?,
                None => self.import(inner, class)?,
            };
            self.classes.insert((value, inner), class);
        }
        Ok(class)
    }

    fn import(&mut self, region: RegionId, class: EClassId) -> Result<EClassId, Limit> {
        let op = self.language.import;
        self.model.graph.add(region, op, egraph_core::PayloadId::NONE, &[class], None)
    }

    fn constant(&mut self, region: RegionId, constant: Const) -> Result<EClassId, Limit> {
        let op = self.language.constant;
        self.leaf(region, op, Payload::Const(constant), constant.ty())
    }

    fn simple(&mut self, id: NodeId, op: Op, region: RegionId) -> Result<(), EncodeError> {
        let node = self.function.node(id);
        if let Op::Const(constant) = op {
            let class = self.constant(region, constant)?;
            self.classes.insert((node.outputs[0], region), class);
            self.remember(class, node.span);
            return Ok(());
        }
        let children: Vec<EClassId> = node
            .operands
            .iter()
            .map(|value| self.class(*value, region))
            .collect::<Result<_, _>>()?;
        let payload = match op {
            Op::Guard(fault) => Payload::Fault(fault),
            _ => Payload::None,
        };
        let payload = self.model.graph.analysis_mut().payloads.intern(payload);
        let operator = self.language.find(op, children.len());
        let operator = operator.expect("every operation of the function is declared");
        let sort =
            if op == Op::Load { Some(self.sort(self.function.ty(node.outputs[0]))) } else { None };
        let class = self.model.graph.add(region, operator, payload, &children, sort)?;
        self.classes.insert((node.outputs[0], region), class);
        self.remember(class, node.span);
        if let Some(value) = node.outputs.get(1) {
            let operator = self.language.find_value(op, children.len());
            let operator = operator.expect("an effect with a value is declared twice");
            let class = self.model.graph.add(region, operator, payload, &children, None)?;
            self.classes.insert((*value, region), class);
            self.remember(class, node.span);
        }
        Ok(())
    }

    /// Keeps the span of the youngest node of a class that was just added.
    fn remember(&mut self, class: EClassId, span: Span) {
        if let Some(node) = self.model.graph.nodes(class).last() {
            self.model.spans.entry(node).or_insert(span);
        }
    }

    fn open(&mut self, home: RegionId, owner: InstanceId, arm: usize, share: f64) -> RegionId {
        let region = self.model.graph.add_region(home);
        let frequency = self.model.regions[home.index()].frequency * share;
        let owner = Some((owner, arm));
        let entries = OrderMap::default();
        self.model.regions.push(RegionInfo { owner, frequency, entries });
        region
    }

    fn gamma(
        &mut self,
        id: NodeId,
        arms: &[rvsdg::RegionId],
        home: RegionId,
    ) -> Result<(), EncodeError> {
        let function = self.function;
        let node = function.node(id);
        let predicate = self.class(node.operands[0], home)?;
        let inputs = node.operands[1..].to_vec();
        let instance = self.new_instance(InstanceKind::Gamma, home, predicate, node.span);
        let output_types: Vec<Type> = node.outputs.iter().map(|v| function.ty(*v)).collect();
        for input in &inputs {
            let ty = function.ty(*input);
            if ty.is_state() && output_types.iter().filter(|t| **t == ty).count() != 1 {
                return Err(EncodeError::UnpairedState);
            }
        }
        let mut results: Vec<Vec<EClassId>> = vec![Vec::new(); node.outputs.len()];
        for (j, arm) in arms.iter().enumerate() {
            let region = self.open(home, instance, j, BRANCH_PROBABILITY / arms.len() as f64 * 2.0);
            self.model.instances[instance.index()].regions.push(region);
            for (input, param) in inputs.iter().zip(&function.region(*arm).params) {
                let ty = function.ty(*param);
                if let Some(port) = output_types.iter().position(|t| *t == ty && ty.is_state()) {
                    self.entry(*param, region, port)?;
                } else {
                    let class = self.class(*input, region)?;
                    self.classes.insert((*param, region), class);
                }
            }
            self.assume(predicate, region, j, arms.len())?;
            self.region(*arm, region)?;
            for (k, result) in function.region(*arm).results.iter().enumerate() {
                let class = self.class(*result, region)?;
                results[k].push(class);
            }
        }
        for (k, (value, results)) in node.outputs.iter().zip(results).enumerate() {
            let ty = output_types[k];
            let input = inputs.iter().find(|v| ty.is_state() && function.ty(**v) == ty);
            if ty.is_state() && input.is_none() {
                return Err(EncodeError::UnpairedState);
            }
            let init = input.map(|value| self.class(*value, home)).transpose()?;
            let port = Port { ty, init, results, out: predicate, var: None };
            self.port(instance, *value, home, port)?;
        }
        Ok(())
    }

    /// Inside an arm the predicate is known, and with it what an integer equality says.
    fn assume(
        &mut self,
        predicate: EClassId,
        region: RegionId,
        arm: usize,
        arms: usize,
    ) -> Result<(), EncodeError> {
        let imported = self.import(region, predicate)?;
        let known = match self.model.ty(predicate) {
            Type::Bool => Const::Bool(arm == 1),
            _ => Const::Ctl { arms: arms as u32, value: arm as u32 },
        };
        let known = self.constant(region, known)?;
        let given = egraph_core::Reason::Given;
        self.model.graph.union(imported, known, given).expect("both are of the predicate's type");
        self.assume_operands(predicate, region, arm == 1)
    }

    /// A comparison that decided the branch has a known value when an arm repeats it.
    fn assume_operands(
        &mut self,
        predicate: EClassId,
        region: RegionId,
        truth: bool,
    ) -> Result<(), EncodeError> {
        use crate::language::Meaning;
        let nodes: Vec<_> = self.model.graph.nodes(predicate).collect();
        for node in nodes {
            let node = self.model.graph.node(node);
            let Meaning::Simple(op @ (Op::ICmp(_) | Op::FCmp(_))) = self.language.meaning(node.op)
            else {
                continue;
            };
            let a = self.import(region, node.children[0])?;
            let b = self.import(region, node.children[1])?;
            let none = egraph_core::PayloadId::NONE;
            let copy = self.model.graph.add(region, node.op, none, &[a, b], None)?;
            let known = self.constant(region, Const::Bool(truth))?;
            let given = egraph_core::Reason::Given;
            self.model.graph.union(copy, known, given).expect("both are truth values");
            let equal = matches!((op, truth), (Op::ICmp(rvsdg::Cmp::Eq), true))
                || matches!((op, truth), (Op::ICmp(rvsdg::Cmp::Ne), false));
            if equal {
                self.model.graph.union(a, b, given).expect("operands have one type");
            }
        }
        Ok(())
    }

    fn theta(
        &mut self,
        id: NodeId,
        body: rvsdg::RegionId,
        home: RegionId,
    ) -> Result<(), EncodeError> {
        let function = self.function;
        let node = function.node(id);
        let inits: Vec<EClassId> =
            node.operands.iter().map(|value| self.class(*value, home)).collect::<Result<_, _>>()?;
        let stand_in = inits.first().copied().ok_or(EncodeError::UnpairedState)?;
        let instance = self.new_instance(InstanceKind::Theta, home, stand_in, node.span);
        let region = self.open(home, instance, 0, TRIP_COUNT);
        self.model.instances[instance.index()].regions.push(region);
        let mut vars = Vec::new();
        for (k, param) in function.region(body).params.iter().enumerate() {
            let ty = function.ty(*param);
            if ty.is_state() {
                self.entry(*param, region, k)?;
                vars.push(None);
            } else {
                let op = self.language.loop_var;
                let class = self.leaf(region, op, Payload::Index(k as u32), ty)?;
                self.classes.insert((*param, region), class);
                vars.push(Some(class));
            }
        }
        self.region(body, region)?;
        let results: Vec<EClassId> = function
            .region(body)
            .results
            .iter()
            .map(|value| self.class(*value, region))
            .collect::<Result<_, _>>()?;
        self.model.instances[instance.index()].predicate = results[0];
        for (k, value) in node.outputs.iter().enumerate() {
            let ty = function.ty(*value);
            let (init, results) = (Some(inits[k]), vec![results[k + 1]]);
            let port = Port { ty, init, results, out: stand_in, var: vars[k] };
            self.port(instance, *value, home, port)?;
        }
        Ok(())
    }

    fn new_instance(
        &mut self,
        kind: InstanceKind,
        home: RegionId,
        predicate: EClassId,
        span: Span,
    ) -> InstanceId {
        let id = InstanceId(self.model.instances.len() as u32);
        let (regions, ports) = (Vec::new(), Vec::new());
        self.model.instances.push(Instance {
            kind,
            home,
            predicate,
            regions,
            ports,
            span,
            abandoned: false,
        });
        id
    }

    fn port(
        &mut self,
        instance: InstanceId,
        value: ValueId,
        home: RegionId,
        port: Port,
    ) -> Result<(), EncodeError> {
        let k = self.model.instances[instance.index()].ports.len();
        let payload = Payload::Port(instance, k as u32);
        let out = self.leaf(home, self.language.out, payload, port.ty)?;
        self.classes.insert((value, home), out);
        self.model.instances[instance.index()].ports.push(Port { out, ..port });
        Ok(())
    }

    fn finish(mut self) -> Result<Model<'f>, EncodeError> {
        let function = self.function;
        for value in &function.region(function.body()).results {
            let class = self.class(*value, RegionId::ROOT)?;
            let ty = function.ty(*value);
            if ty.is_state() {
                self.model.states.insert(ty, class);
            } else {
                self.model.results.push(class);
            }
        }
        let last = self.model.graph.all_nodes().last();
        self.model.input_instances = self.model.instances.len();
        self.model.input_nodes = last.map_or(0, |node| node.index() + 1);
        self.model.graph.rebuild();
        self.model.propagate_outputs();
        self.model.estimate_frequencies();
        Ok(self.model)
    }
}
