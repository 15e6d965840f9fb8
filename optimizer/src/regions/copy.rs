//! What a region computes, built again in its parent: the only rules that copy.
//!
//! Two copies with two contracts:
//!
//! - *instantiate a class* ([`Contract::Entered`]): the target's entry implies the source's, as
//!   where a branch with a known predicate dissolves. All of the source's facts hold there, so
//!   every node of a class may be copied and the copies are equal.
//! - *instantiate a term* ([`Contract::Speculated`]): the source may not be entered where the
//!   target is, as where a loop moves out of the loop around it. One node per class is copied,
//!   every operation must be total in the target, loops must end, nothing has an effect, and the
//!   copies are not equal to each other because their originals are.

use super::Round;
use super::look::constant;
use crate::language::{InstanceId, Meaning, Payload};
use crate::model::{Instance, InstanceKind, OrderMap, Port, RegionInfo};
use crate::realise::Set;
use egraph_core::{Children, EClassId, ENodeId, Limit, RegionId};
use rvsdg::{Op, Type};

/// What the copy may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contract {
    /// The target's entry implies the source's.
    Entered,
    /// It may not.
    Speculated,
}

/// Where the source lies, seen from the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Inside: what it imports is at hand.
    Inside,
    /// Beside: both import from the same parent.
    Beside,
    /// Around: an instance in it is copied, and its own values are imported.
    Around,
}

/// What has been copied so far.
struct Copy {
    contract: Contract,
    place: Place,
    /// The region whose contents are copied.
    source: RegionId,
    classes: OrderMap<EClassId, EClassId>,
    regions: OrderMap<RegionId, RegionId>,
    instances: OrderMap<InstanceId, InstanceId>,
    /// Copied ports: of the original and of the copy.
    ports: OrderMap<(InstanceId, usize), usize>,
    /// Ports whose results are still to be copied.
    pending: Vec<(InstanceId, usize)>,
    /// Classes on the way down.
    open: Set<EClassId>,
    /// Attempts left.
    fuel: usize,
    /// An instance could not be completed: nothing of the copy can be used.
    broken: bool,
    /// What the source's loop variables and states are, where not what they start with; those of
    /// the copied instance where the source is around it.
    start: Option<Vec<Option<EClassId>>>,
}

/// A search for what keeps a class in its region.
struct Leaving {
    source: RegionId,
    seen: OrderMap<EClassId, bool>,
    /// Next values of loop variables that are needed.
    pending: Vec<EClassId>,
}

/// Rounds in which a loop may try to leave the loop around it: facts that it needs may come late.
const MAX_ATTEMPTS: usize = 4;
/// Attempts to copy a class in one copy.
const FUEL: usize = 20_000;
/// Nested attempts: bounds the stack.
const DEPTH: usize = 300;

impl Copy {
    fn new(contract: Contract, source: RegionId, target: RegionId) -> Copy {
        let mut regions = OrderMap::default();
        regions.insert(source, target);
        Copy {
            contract,
            place: Place::Inside,
            source,
            classes: OrderMap::default(),
            regions,
            instances: OrderMap::default(),
            ports: OrderMap::default(),
            pending: Vec::new(),
            open: Set::default(),
            fuel: FUEL,
            broken: false,
            start: None,
        }
    }
}

impl Round<'_, '_> {
    /// A branch with a known predicate is the arm; a loop that runs once is its body.
    pub(super) fn dissolve(&mut self, id: InstanceId, arm: usize) -> Result<(), Limit> {
        let instance = self.model.instance(id).clone();
        let region = instance.regions[arm];
        if self.graph().is_dead(region) || !self.first("dissolve", id.index(), 0) {
            return Ok(());
        }
        let mut copy = Copy::new(Contract::Entered, region, instance.home);
        let mut images = Vec::new();
        for port in &instance.ports {
            let image = self.image(&mut copy, port.results[arm])?;
            images.extend(image.map(|image| (port.out, image)));
        }
        if !self.finish(&mut copy)? {
            return Ok(());
        }
        self.fill(&mut copy)?;
        for (out, image) in images {
            self.equate("dissolve", out, image);
        }
        Ok(())
    }

    /// One iteration of a loop that is known to be entered, from the values at its start: what it
    /// makes of them, as far as that can be copied.
    pub(super) fn iteration(
        &mut self,
        id: InstanceId,
        start: &[Option<EClassId>],
        results: &[EClassId],
    ) -> Result<Option<Vec<Option<EClassId>>>, Limit> {
        let instance = self.model.instance(id);
        let (body, home) = (instance.regions[0], instance.home);
        let copy = Copy::new(Contract::Entered, body, home);
        self.iterated(copy, start, results)
    }

    /// One iteration of a loop in a region beside its body, from given values.
    pub(super) fn iteration_beside(
        &mut self,
        id: InstanceId,
        target: RegionId,
        start: &[Option<EClassId>],
        results: &[EClassId],
    ) -> Result<Option<Vec<Option<EClassId>>>, Limit> {
        let body = self.model.instance(id).regions[0];
        let mut copy = Copy::new(Contract::Entered, body, target);
        copy.place = Place::Beside;
        self.iterated(copy, start, results)
    }

    /// The results of a loop's body in its copy, from given values.
    fn iterated(
        &mut self,
        mut copy: Copy,
        start: &[Option<EClassId>],
        results: &[EClassId],
    ) -> Result<Option<Vec<Option<EClassId>>>, Limit> {
        copy.start = Some(start.to_vec());
        let mut images = Vec::new();
        for result in results {
            images.push(self.image(&mut copy, *result)?);
        }
        if !self.finish(&mut copy)? {
            return Ok(None);
        }
        self.fill(&mut copy)?;
        Ok(Some(images))
    }

    /// A loop, whole, in a region inside its home, from given values there: the outputs by port.
    /// Copies keep their shape, but that each side of a choice may hold another choice.
    pub(super) fn loop_inside(
        &mut self,
        rule: &'static str,
        id: InstanceId,
        target: RegionId,
        start: Vec<Option<EClassId>>,
    ) -> Result<Option<Vec<EClassId>>, Limit> {
        let home = self.model.instance(id).home;
        let mut copy = Copy::new(Contract::Entered, home, target);
        copy.place = Place::Around;
        copy.start = Some(start);
        let mut ports = Vec::new();
        for k in 0..self.model.instance(id).ports.len() {
            let Some(at) = self.port_image(&mut copy, id, k)? else {
                self.abandon(&copy);
                return Ok(None);
            };
            ports.push(at);
        }
        if !self.finish(&mut copy)? {
            return Ok(None);
        }
        self.fill(&mut copy)?;
        let made = copy.instances[&id];
        let again = rule == "unswitch" && !self.memory.done.contains(&("copy", id.0, 0));
        for shape in ["copy", "peel", "unswitch", "unroll-by-factor"] {
            if !(again && shape == rule) {
                self.first(shape, made.index(), 0);
            }
        }
        let made = self.model.instance(made);
        Ok(Some(ports.into_iter().map(|at| made.ports[at].out).collect()))
    }

    /// Loops inside a loop that depend on nothing in it move out of it.
    pub(super) fn hoist_instances(&mut self, id: InstanceId) -> Result<(), Limit> {
        let outer = self.model.instance(id);
        let (body, home) = (outer.regions[0], outer.home);
        for inner in self.model.inner(body).collect::<Vec<InstanceId>>() {
            if self.model.instance(inner).abandoned || !self.contains_loop(inner) {
                continue;
            }
            for k in 0..self.model.instance(inner).ports.len() {
                let port = &self.model.instance(inner).ports[k];
                let out = port.out;
                if port.ty.is_state() || self.model.is_outer(out) {
                    continue;
                }
                let wanted = self.can_leave(body, out);
                let attempt = k + 1000 * self.memory.rounds.min(MAX_ATTEMPTS);
                if wanted && self.first("hoist-loop", inner.index(), attempt) {
                    self.hoist_output(body, home, out)?;
                }
            }
        }
        Ok(())
    }

    fn hoist_output(&mut self, body: RegionId, home: RegionId, out: EClassId) -> Result<(), Limit> {
        let mut copy = Copy::new(Contract::Speculated, body, home);
        let image = self.image(&mut copy, out)?;
        let complete = self.finish(&mut copy)?;
        let Some(image) = image.filter(|_| complete) else {
            self.abandon(&copy);
            return Ok(());
        };
        for at in 0..copy.instances.len() {
            let made = copy.instances[at];
            let loops = self.model.instance(made).kind == InstanceKind::Theta;
            if loops && self.counters(made)?.is_empty() {
                self.abandon(&copy);
                return Ok(());
            }
        }
        let inside = self.model.import(body, image)?;
        self.equate("hoist-loop", out, inside);
        Ok(())
    }

    /// Takes the instances of a copy that failed out of use.
    fn abandon(&mut self, copy: &Copy) {
        for made in copy.instances.values() {
            self.model.instances[made.index()].abandoned = true;
        }
    }

    /// Whether an instance is a loop or has one inside.
    fn contains_loop(&self, id: InstanceId) -> bool {
        let instance = self.model.instance(id);
        instance.kind == InstanceKind::Theta
            || instance
                .regions
                .iter()
                .any(|region| self.model.inner(*region).any(|inner| self.contains_loop(inner)))
    }

    /// Whether a class could be computed outside a region, loads and divisions being total there.
    fn can_leave(&self, source: RegionId, class: EClassId) -> bool {
        let mut search = Leaving { source, seen: OrderMap::default(), pending: vec![class] };
        while let Some(class) = search.pending.pop() {
            if !self.class_can_leave(class, &mut search) {
                return false;
            }
        }
        true
    }

    /// Cuts cycles as impossible. A loop variable's next value is looked at later.
    fn class_can_leave(&self, class: EClassId, search: &mut Leaving) -> bool {
        let class = self.graph().find(class);
        if let Some(known) = search.seen.get(&class) {
            return *known;
        }
        if search.seen.len() > DEPTH {
            return false;
        }
        search.seen.insert(class, false);
        let answer = constant(self.graph(), class).is_some()
            || self.graph().nodes(class).any(|node| self.node_can_leave(node, search));
        search.seen.insert(class, answer);
        answer
    }

    fn node_can_leave(&self, id: ENodeId, search: &mut Leaving) -> bool {
        let node = self.graph().node(id);
        let source = search.source;
        let here = node.region == source;
        match (self.model.meaning(id), self.graph().analysis().payloads.get(node.payload)) {
            (Meaning::Import, _) => here || self.class_can_leave(node.children[0], search),
            (Meaning::LoopVar, Payload::Index(k)) if !here => {
                let owner = self.model.regions[node.region.index()].owner;
                owner.is_some_and(|(id, _)| {
                    let port = &self.model.instance(id).ports[k as usize];
                    search.pending.push(port.results[0]);
                    port.init.is_some_and(|init| self.class_can_leave(init, search))
                })
            }
            (Meaning::Simple(Op::Load), _) => {
                self.reads_unchanged(source, node.region, node.children[0])
                    && node.children[1..].iter().all(|c| self.class_can_leave(*c, search))
            }
            (Meaning::Simple(op), _) if op.is_pure() => {
                !node.children.is_empty()
                    && node.children.iter().all(|c| self.class_can_leave(*c, search))
            }
            (Meaning::Out, Payload::Port(id, k)) => {
                let instance = self.model.instance(id);
                let port = &instance.ports[k as usize];
                !port.ty.is_state()
                    && !instance.abandoned
                    && port.init.is_none_or(|init| self.class_can_leave(init, search))
                    && self.class_can_leave(instance.predicate, search)
                    && port.results.iter().all(|c| self.class_can_leave(*c, search))
            }
            _ => false,
        }
    }

    /// Whether a state inside is the one that `source` finds on entry, all the way out.
    fn reads_unchanged(&self, source: RegionId, region: RegionId, state: EClassId) -> bool {
        let ty = self.model.ty(state);
        match self.memory_outside(region, state, ty) {
            None => false,
            Some(_) if region == source => true,
            Some(outside) => {
                let parent = self.graph().region(outside);
                self.reads_unchanged(source, parent, outside)
            }
        }
    }

    /// The copy of a class, if it can be made.
    fn image(&mut self, copy: &mut Copy, class: EClassId) -> Result<Option<EClassId>, Limit> {
        let class = self.graph().find(class);
        if let Some(image) = copy.classes.get(&class) {
            return Ok(Some(self.graph().find(*image)));
        }
        let region = self.graph().region(class);
        let Some(target) = copy.regions.get(&region).copied() else { return Ok(None) };
        let outside = copy.place == Place::Around && region == copy.source;
        if outside && self.model.ty(class).is_state() {
            return Ok(None);
        }
        if let Some(known) = constant(self.graph(), class) {
            let image = self.model.constant(target, known)?;
            copy.classes.insert(class, image);
            return Ok(Some(image));
        }
        if outside {
            return self.model.import(target, class).map(Some);
        }
        copy.fuel = copy.fuel.saturating_sub(1);
        if copy.fuel == 0 || copy.open.len() > DEPTH || !copy.open.insert(class) {
            return Ok(None);
        }
        let mut nodes: Vec<ENodeId> = self.graph().nodes(class).collect();
        nodes.sort_by_key(|node| (self.effort(copy, *node), *node));
        let mut image = None;
        for node in nodes {
            image = self.node_image(copy, node, target)?;
            if let Some(image) = image {
                copy.classes.insert(class, image);
                break;
            }
        }
        copy.open.remove(&class);
        Ok(image)
    }

    /// Leaves first, then operations with few operands, then whole instances. Where the target is
    /// entered a choice stays one: its selection follows again, but from a selection no choice does.
    fn effort(&self, copy: &Copy, node: ENodeId) -> usize {
        let children = self.graph().children(node).len();
        match self.model.meaning(node) {
            Meaning::Import | Meaning::LoopVar | Meaning::Entry => 0,
            // Where an effect happens its own value is at hand.
            Meaning::Simple(op) if op.is_effect() && copy.contract == Contract::Entered => 1,
            Meaning::Out => 100,
            Meaning::Simple(Op::Select) if copy.contract == Contract::Entered => 101,
            _ => 1 + children,
        }
    }

    fn node_image(
        &mut self,
        copy: &mut Copy,
        id: ENodeId,
        target: RegionId,
    ) -> Result<Option<EClassId>, Limit> {
        let node = self.graph().node(id);
        let here = node.region == copy.source;
        let payload = self.graph().analysis().payloads.get(node.payload);
        match (self.model.meaning(id), payload) {
            (Meaning::Import, _) if here && copy.place == Place::Beside => {
                self.model.import(target, node.children[0]).map(Some)
            }
            (Meaning::Import, _) if here => Ok(Some(node.children[0])),
            (Meaning::Import, _) => match self.image(copy, node.children[0])? {
                Some(outside) => self.model.import(target, outside).map(Some),
                None => Ok(None),
            },
            (Meaning::LoopVar | Meaning::Entry, Payload::Index(k)) => {
                let Some((owner, _)) = self.model.regions[node.region.index()].owner else {
                    return Ok(None);
                };
                let port = &self.model.instance(owner).ports[k as usize];
                let state = port.ty.is_state().then_some(port.ty);
                if here {
                    let passes = copy.contract == Contract::Entered
                        || state.is_some_and(|ty| {
                            self.memory_outside(node.region, node.class, ty).is_some()
                        });
                    return Ok(match &copy.start {
                        Some(start) => start[k as usize],
                        None => port.init.filter(|_| passes),
                    });
                }
                let Some(at) = self.port_image(copy, owner, k as usize)? else { return Ok(None) };
                let made = copy.instances[&owner];
                Ok(match state {
                    Some(ty) => self.model.state_entry(target, ty),
                    None => self.model.instance(made).ports[at].var,
                })
            }
            (Meaning::Out, Payload::Port(owner, k)) => {
                let Some(at) = self.port_image(copy, owner, k as usize)? else { return Ok(None) };
                Ok(Some(self.model.instance(copy.instances[&owner]).ports[at].out))
            }
            (Meaning::Simple(_) | Meaning::Value(_), _) => self.operation(copy, id, target),
            _ => Ok(None),
        }
    }

    fn operation(
        &mut self,
        copy: &mut Copy,
        id: ENodeId,
        target: RegionId,
    ) -> Result<Option<EClassId>, Limit> {
        let node = self.graph().node(id);
        let mut children = Children::new();
        for child in &node.children {
            let Some(image) = self.image(copy, *child)? else { return Ok(None) };
            children.push(image);
        }
        if copy.contract == Contract::Speculated {
            if self.model.meaning(id) == Meaning::Simple(Op::Load) {
                for axis in 0..children.len() - 2 {
                    self.length(children[1], axis as u8)?;
                }
            }
            let total = match self.model.meaning(id) {
                Meaning::Simple(Op::Load) => self.in_range(children[1], &children[2..], 4),
                Meaning::Simple(op) => op.is_pure() && self.is_total(op, &children),
                _ => false,
            };
            if !total {
                return Ok(None);
            }
        }
        self.add_copy(id, target, &children).map(Some)
    }

    /// The extent of an array in a region: that of the outer array which it is.
    fn length(&mut self, array: EClassId, axis: u8) -> Result<EClassId, Limit> {
        let op = self.graph().analysis().language.find(Op::Len(axis), 1);
        let Some(op) = op else { return Ok(array) };
        let own = self.node(op, &[array])?;
        if let Some(outer) = self.model.imported(array)
            && self.model.imported(own).is_none()
        {
            let outer = self.length(outer, axis)?;
            let region = self.graph().region(array);
            let inside = self.model.import(region, outer)?;
            self.equate("hoist", own, inside);
        }
        Ok(own)
    }

    fn add_copy(
        &mut self,
        id: ENodeId,
        target: RegionId,
        children: &[EClassId],
    ) -> Result<EClassId, Limit> {
        let graph = &mut self.model.graph;
        let (op, payload) = (graph.op(id), graph.payload(id));
        let sort = Some(graph.sort(graph.class_of(id)));
        let class = graph.add(target, op, payload, children, sort)?;
        if let Some(span) = self.model.spans.get(&id).copied() {
            let graph = &self.model.graph;
            let made = graph.nodes_of(class, op).find(|node| graph.payload(*node) == payload);
            if let Some(made) = made {
                self.model.spans.entry(made).or_insert(span);
            }
        }
        Ok(class)
    }

    /// The port of an instance's copy that stands for one of the original's, its results still
    /// pending.
    fn port_image(
        &mut self,
        copy: &mut Copy,
        id: InstanceId,
        k: usize,
    ) -> Result<Option<usize>, Limit> {
        if let Some(at) = copy.ports.get(&(id, k)) {
            return Ok(Some(*at));
        }
        let port = self.model.instance(id).ports[k].clone();
        let state = port.ty.is_state();
        if copy.contract == Contract::Speculated && state && !self.passes(id, &port) {
            return Ok(None);
        }
        let around = copy.place == Place::Around
            && self.model.instance(id).home == copy.source
            && copy.start.is_some();
        let init = match port.init {
            None => None,
            Some(_) if around => copy.start.as_ref().and_then(|start| start[k]),
            Some(init) => match self.image(copy, init)? {
                Some(init) => Some(init),
                None => return Ok(None),
            },
        };
        let Some(made) = self.instance_image(copy, id)? else { return Ok(None) };
        // Making the instance may have made the port.
        if let Some(at) = copy.ports.get(&(id, k)) {
            return Ok(Some(*at));
        }
        let at = self.model.append_port(made, port.ty, init)?;
        if state {
            let entry = self.graph().analysis().language.entry;
            for region in self.model.instance(made).regions.clone() {
                let class = self.model.leaf(region, entry, Payload::Index(at as u32), port.ty)?;
                self.model.regions[region.index()].entries.insert(port.ty, class);
            }
        }
        copy.ports.insert((id, k), at);
        copy.pending.push((id, k));
        Ok(Some(at))
    }

    /// Whether an instance leaves a state as it finds it.
    fn passes(&self, id: InstanceId, port: &Port) -> bool {
        let regions = &self.model.instance(id).regions;
        regions.iter().zip(&port.results).all(|(region, result)| {
            self.model.state_entry(*region, port.ty) == Some(self.graph().find(*result))
        })
    }

    fn instance_image(
        &mut self,
        copy: &mut Copy,
        id: InstanceId,
    ) -> Result<Option<InstanceId>, Limit> {
        if let Some(made) = copy.instances.get(&id) {
            return Ok(Some(*made));
        }
        let original = self.model.instance(id).clone();
        let Some(home) = copy.regions.get(&original.home).copied() else { return Ok(None) };
        let gamma = original.kind == InstanceKind::Gamma;
        let predicate = if gamma {
            match self.image(copy, original.predicate)? {
                Some(predicate) => predicate,
                None => return Ok(None),
            }
        } else {
            original.predicate
        };
        let made = InstanceId(self.model.instances.len() as u32);
        self.model.instances.push(Instance {
            home,
            predicate,
            regions: Vec::new(),
            ports: Vec::new(),
            ..original.clone()
        });
        for (arm, region) in original.regions.iter().enumerate() {
            let inner = self.model.graph.add_region(home);
            let frequency = |region: RegionId| self.model.regions[region.index()].frequency;
            let share = frequency(*region) / frequency(original.home);
            let frequency = frequency(home) * share;
            let entries = OrderMap::default();
            let owner = Some((made, arm));
            self.model.regions.push(RegionInfo { owner, frequency, entries });
            self.model.instances[made.index()].regions.push(inner);
            copy.regions.insert(*region, inner);
            if self.graph().is_dead(*region) && copy.contract == Contract::Entered {
                self.model.graph.kill_region(inner);
            }
        }
        copy.instances.insert(id, made);
        if gamma {
            self.arm_facts(made)?;
            self.model.graph.rebuild();
            return Ok(Some(made));
        }
        let Some(predicate) = self.image(copy, original.predicate)? else {
            copy.broken = true;
            return Ok(None);
        };
        self.model.instances[made.index()].predicate = predicate;
        if copy.contract == Contract::Speculated {
            // What the loop's predicate says decides whether loads are in range.
            self.finish_where(copy, id)?;
            self.model.graph.rebuild();
            self.loop_facts(made)?;
            self.model.graph.rebuild();
            self.narrow_loop(made);
            self.model.graph.rebuild();
        }
        Ok(Some(made))
    }

    /// Copies the pending results of one instance that may be its counters.
    fn finish_where(&mut self, copy: &mut Copy, id: InstanceId) -> Result<(), Limit> {
        let mut later = Vec::new();
        while let Some((owner, k)) = copy.pending.pop() {
            let counter = owner == id && self.model.instance(id).ports[k].ty == Type::I64;
            if !counter || !self.results_image(copy, owner, k)? {
                later.push((owner, k));
            }
        }
        copy.pending = later;
        Ok(())
    }

    /// Copies the results of every pending port; whether all could be.
    fn finish(&mut self, copy: &mut Copy) -> Result<bool, Limit> {
        while let Some((id, k)) = copy.pending.pop() {
            if !self.results_image(copy, id, k)? {
                copy.broken = true;
            }
        }
        if copy.broken {
            self.abandon(copy);
        }
        Ok(!copy.broken)
    }

    fn results_image(&mut self, copy: &mut Copy, id: InstanceId, k: usize) -> Result<bool, Limit> {
        let (made, at) = (copy.instances[&id], copy.ports[&(id, k)]);
        let mut results = Vec::new();
        for result in self.model.instance(id).ports[k].results.clone() {
            let Some(image) = self.image(copy, result)? else { return Ok(false) };
            results.push(image);
        }
        self.model.instances[made.index()].ports[at].results = results;
        Ok(true)
    }

    /// Copies the other nodes of the classes that were copied, where all their operands were.
    fn fill(&mut self, copy: &mut Copy) -> Result<(), Limit> {
        debug_assert_eq!(copy.contract, Contract::Entered, "facts hold where it is entered");
        for at in 0..copy.classes.len() {
            let Some((class, image)) = copy.classes.get_index(at) else { break };
            let (class, image) = (*class, *image);
            let target = self.graph().region(image);
            let nodes: Vec<ENodeId> = self.graph().nodes(class).collect();
            for id in nodes {
                let simple =
                    matches!(self.model.meaning(id), Meaning::Simple(_) | Meaning::Value(_));
                let children = self.graph().children(id);
                let images: Option<Children> =
                    children.iter().map(|child| copy.classes.get(child).copied()).collect();
                let Some(images) = images.filter(|images| simple && !images.is_empty()) else {
                    continue;
                };
                let other = self.add_copy(id, target, &images)?;
                self.equate("dissolve", image, other);
            }
        }
        Ok(())
    }
}
