//! A function as an e-graph: the graph, and the side tables that regions need.

use crate::cost::CostModel;
use crate::facts::{Facts, Graph};
use crate::language::InstanceId;
use egraph_core::{EClassId, ENodeId, RegionId};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use rvsdg::{Function, Span, Type};
use std::sync::Arc;

/// A map that is iterated in order of insertion.
pub type OrderMap<K, V> = IndexMap<K, V, FxBuildHasher>;

/// What an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceKind {
    /// A choice among its regions.
    Gamma,
    /// A tail-controlled loop around its one region.
    Theta,
}

/// One port of an instance. Ports are only ever appended.
#[derive(Clone, Debug)]
pub struct Port {
    /// Type of value or state.
    pub ty: Type,
    /// Class in the home region on entry: a theta's initial value, a gamma's state. None for a
    /// value that a gamma computes.
    pub init: Option<EClassId>,
    /// Class of the result in each region: a theta's next value, a gamma's value in each arm.
    pub results: Vec<EClassId>,
    /// Class in the home region after the instance.
    pub out: EClassId,
    /// Class of a theta's loop variable in its body; none for states and for gammas.
    pub var: Option<EClassId>,
}

/// A gamma or theta.
#[derive(Clone, Debug)]
pub struct Instance {
    /// What it is.
    pub kind: InstanceKind,
    /// The region that contains it.
    pub home: RegionId,
    /// The predicate: in the home region for a gamma, in the body for a theta.
    pub predicate: EClassId,
    /// The regions it owns, in the order of the alternatives.
    pub regions: Vec<RegionId>,
    /// The ports.
    pub ports: Vec<Port>,
    /// Where it comes from.
    pub span: Span,
    /// A copy that could not be completed: no rule and no program uses it.
    pub abandoned: bool,
}

impl Instance {
    /// The port that carries a state, if the instance has one of that type.
    pub fn state_port(&self, state: Type) -> Option<usize> {
        self.ports.iter().position(|port| port.ty == state)
    }
}

/// Facts about a region that the engine does not keep.
#[derive(Clone, Debug)]
pub struct RegionInfo {
    /// The instance that owns the region and the position among its regions; none for the body.
    pub owner: Option<(InstanceId, usize)>,
    /// Estimated executions per call of the function.
    pub frequency: f64,
    /// Class of each state on entry, if the region has that state.
    pub entries: OrderMap<Type, EClassId>,
}

/// A function in an e-graph.
pub struct Model<'f> {
    /// The function that was encoded.
    pub source: &'f Function,
    /// The e-graph; region 0 is the function's body.
    pub graph: Graph,
    /// Gammas and thetas.
    pub instances: Vec<Instance>,
    /// By region.
    pub regions: Vec<RegionInfo>,
    /// Classes of the results, without states.
    pub results: Vec<EClassId>,
    /// Class of each state at the end.
    pub states: OrderMap<Type, EClassId>,
    /// Nodes below this number are the input program's.
    pub input_nodes: usize,
    /// Instances below this number are the input program's.
    pub input_instances: usize,
    /// What operations cost.
    pub costs: Arc<CostModel>,
    /// Where a node comes from. Nodes that rules add have no entry.
    pub spans: OrderMap<ENodeId, Span>,
}

impl Model<'_> {
    /// The instance with this id.
    pub fn instance(&self, id: InstanceId) -> &Instance {
        &self.instances[id.index()]
    }

    /// The instances that a region contains, in the order in which they were made.
    pub fn inner(&self, region: RegionId) -> impl Iterator<Item = InstanceId> {
        let children = self.graph.child_regions(region).iter();
        let owners = children.filter_map(|child| self.regions[child.index()].owner);
        owners.filter(|(_, arm)| *arm == 0).map(|(id, _)| id)
    }

    /// The outputs of instances that rules made: of copies of loops and branches in other shapes.
    pub(crate) fn outputs_of_copies(&self) -> impl Iterator<Item = ENodeId> {
        let made = self.instances.iter().enumerate().skip(self.input_instances);
        made.filter(|(_, instance)| !instance.abandoned).flat_map(move |(at, instance)| {
            let id = InstanceId(at as u32);
            (0..instance.ports.len()).map(move |k| self.out_node(id, k))
        })
    }

    /// Class of a state at the end of a region.
    pub fn state_result(&self, region: RegionId, state: Type) -> Option<EClassId> {
        let class = match self.regions[region.index()].owner {
            None => self.states.get(&state).copied(),
            Some((id, arm)) => {
                let instance = self.instance(id);
                instance.state_port(state).map(|port| instance.ports[port].results[arm])
            }
        };
        class.map(|class| self.graph.find(class))
    }

    /// Class of a state on entry to a region.
    pub fn state_entry(&self, region: RegionId, state: Type) -> Option<EClassId> {
        let entry = self.regions[region.index()].entries.get(&state);
        entry.map(|class| self.graph.find(*class))
    }

    /// Gives each instance's outputs the facts that its results have: those that all live arms of
    /// a gamma agree on, those of every iteration of a theta. Inner instances come after outer
    /// ones, so one pass in reverse order reaches every level.
    pub fn propagate_outputs(&mut self) {
        for at in (0..self.instances.len()).rev() {
            let instance = &self.instances[at];
            if instance.abandoned {
                continue;
            }
            let arms: Vec<usize> = (0..instance.regions.len())
                .filter(|arm| !self.graph.is_dead(instance.regions[*arm]))
                .collect();
            let hulls: Vec<(EClassId, Facts)> = instance
                .ports
                .iter()
                .filter(|port| !port.ty.is_state())
                .filter_map(|port| {
                    let facts = arms.iter().map(|arm| *self.graph.data(port.results[*arm]));
                    facts.reduce(Facts::either).map(|facts| (port.out, facts))
                })
                .collect();
            for (out, facts) in hulls {
                self.graph.merge_data(out, facts);
            }
            self.graph.rebuild();
        }
    }

    /// The type of a class.
    pub fn ty(&self, class: EClassId) -> Type {
        self.graph.analysis().language.ty(self.graph.sort(class))
    }
}
