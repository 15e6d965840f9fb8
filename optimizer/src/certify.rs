//! The error certificate: a bound on how far the returned value is from the input program's.
//!
//! Forward error analysis of one choice of nodes (Higham, "Accuracy and Stability of Numerical
//! Algorithms", chapter 3). Each class in use gets a bound on |computed - exact|, where *exact* is
//! the value that the input program computes, rounding included: an operation on unperturbed
//! operands is unperturbed. A perturbed value may only flow through operations with a known bound
//! on their slope, and never into a decision, an index, memory, a raising call or a loop.

use crate::approx::Site;
use crate::facts::Range;
use crate::interval::{Floats, LIBM_STEPS};
use crate::language::{Meaning, Payload};
use crate::model::{InstanceKind, Model};
use crate::realise::Selection;
use egraph_core::{EClassId, ENodeId};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use rvsdg::{MathFn, Op};

type Errors = HashMap<EClassId, f64, FxBuildHasher>;

/// Bound on the absolute error of the returned values; infinite if none is proven.
///
/// `sites` are those that `approx` nodes name. `assumed` are classes whose chosen, exact node is
/// taken for the approximation of a site: the question "what if" before anything is added.
pub(crate) fn certify(
    model: &Model<'_>,
    selection: &Selection,
    sites: &[Site],
    assumed: &[Site],
) -> f64 {
    let mut analysis = Analysis { model, selection, sites, assumed, errors: Errors::default() };
    analysis.run()
}

struct Analysis<'a, 'f> {
    model: &'a Model<'f>,
    selection: &'a Selection,
    sites: &'a [Site],
    assumed: &'a [Site],
    errors: Errors,
}

impl Analysis<'_, '_> {
    fn run(&mut self) -> f64 {
        for class in self.selection.used.keys() {
            self.compute(*class);
        }
        let (model, selection) = (self.model, self.selection);
        for node in selection.walks.values().flatten().filter(|node| model.is_effect(**node)) {
            let children = model.graph.children(*node);
            let guard = matches!(self.meaning(*node), Meaning::Simple(Op::Guard(_)));
            // A guard passes its last operand on; everything else must be exact.
            let judged = if guard { children.len() - 1 } else { children.len() };
            if children[..judged].iter().any(|class| self.error(*class) > 0.0) {
                return f64::INFINITY;
            }
        }
        for (id, live) in &selection.live {
            let instance = model.instance(*id);
            let looped = instance.kind == InstanceKind::Theta;
            let ports = live.iter().map(|k| &instance.ports[*k]).filter(|p| !p.ty.is_state());
            let mut carried =
                ports.flat_map(|port| port.init.iter().chain(&port.results)).filter(|_| looped);
            if self.error(instance.predicate) > 0.0 || carried.any(|c| self.error(*c) > 0.0) {
                return f64::INFINITY;
            }
        }
        model.results.iter().map(|class| self.error(*class)).fold(0.0, worst)
    }

    fn meaning(&self, node: ENodeId) -> Meaning {
        self.model.graph.analysis().language.meaning(self.model.graph.op(node))
    }

    /// The error of a class that has been computed; states and unused classes are exact.
    fn error(&self, class: EClassId) -> f64 {
        self.errors.get(&self.model.graph.find(class)).copied().unwrap_or(0.0)
    }

    /// Computes a class after what it needs, without recursion.
    fn compute(&mut self, class: EClassId) {
        let mut stack = vec![(class, false)];
        while let Some((class, ready)) = stack.pop() {
            let class = self.model.graph.find(class);
            let Some(node) = self.selection.used.get(&class).copied() else { continue };
            if ready {
                let error = self.node_error(class, node);
                self.errors.insert(class, worst(0.0, error));
            } else if !self.errors.contains_key(&class) {
                // Marks the class as begun; loops are judged by their ports.
                self.errors.insert(class, 0.0);
                stack.push((class, true));
                let needs = self.needs(class, node);
                stack.extend(needs.into_iter().map(|class| (class, false)));
            }
        }
    }

    /// The site of an approximation in the program.
    fn placed(&self, node: ENodeId) -> Option<Site> {
        let graph = &self.model.graph;
        match (self.meaning(node), graph.analysis().payloads.get(graph.payload(node))) {
            (Meaning::Approx, Payload::Site(k)) => self.sites.get(k as usize).copied(),
            _ => None,
        }
    }

    /// The site that is assumed to stand for a class.
    fn assumed(&self, class: EClassId) -> Option<Site> {
        self.assumed.iter().find(|site| self.model.graph.find(site.class) == class).copied()
    }

    fn needs(&self, class: EClassId, node: ENodeId) -> Vec<EClassId> {
        if let Some(site) = self.assumed(class) {
            return vec![site.argument];
        }
        let graph = &self.model.graph;
        match (self.meaning(node), graph.analysis().payloads.get(graph.payload(node))) {
            (Meaning::Out, Payload::Port(id, k)) => {
                let port = &self.model.instance(id).ports[k as usize];
                port.init.iter().chain(&port.results).copied().collect()
            }
            _ => graph.children(node).to_vec(),
        }
    }

    /// The exact value's range, widened by an error.
    fn range(&self, class: EClassId, error: f64) -> Floats {
        let known = match self.model.graph.data(class).range {
            Range::Floats(range) => range,
            _ => Floats::ANY,
        };
        Floats { lo: known.lo - error, hi: known.hi + error, nan: known.nan }
    }

    fn node_error(&self, class: EClassId, node: ENodeId) -> f64 {
        if let Some(site) = self.placed(node) {
            // The chosen expression need not pass through the argument's class: what perturbs it is
            // known from its own nodes, against its value on exact operands.
            let child = self.model.graph.child(node, 0);
            return site.bound(self.range(site.argument, 0.0).magnitude()) + self.error(child);
        }
        if let Some(site) = self.assumed(class) {
            let error = self.error(site.argument);
            let reach = self.range(site.argument, error).magnitude();
            let spread = if error > 0.0 { site.magnified(reach) * error } else { 0.0 };
            return site.bound(reach) + spread;
        }
        let graph = &self.model.graph;
        match (self.meaning(node), graph.analysis().payloads.get(graph.payload(node))) {
            (Meaning::Out, Payload::Port(id, k)) => {
                let port = &self.model.instance(id).ports[k as usize];
                port.results.iter().map(|class| self.error(*class)).fold(0.0, worst)
            }
            (Meaning::Import | Meaning::Value(Op::Guard(_)), _) => {
                graph.children(node).last().map_or(0.0, |class| self.error(*class))
            }
            (Meaning::Simple(op), _) => self.operation_error(op, class, node),
            (Meaning::Value(_), _) => {
                let exact = graph.children(node).iter().all(|class| self.error(*class) == 0.0);
                if exact { 0.0 } else { f64::INFINITY }
            }
            _ => 0.0,
        }
    }

    fn operation_error(&self, op: Op, class: EClassId, node: ENodeId) -> f64 {
        let children = self.model.graph.children(node);
        let errors: Vec<f64> = children.iter().map(|class| self.error(*class)).collect();
        if errors.iter().all(|error| *error == 0.0) {
            return 0.0;
        }
        // Perturbed binary32 arithmetic is not analysed; products with an unknown error may be NaN.
        if self.model.ty(class) != rvsdg::Type::F64 || errors.iter().any(|e| !e.is_finite()) {
            return f64::INFINITY;
        }
        let range = |k: usize| self.range(children[k], errors[k]);
        let spread = match op {
            Op::FNeg | Op::FAbs => return errors[0],
            Op::FMin | Op::FMax => {
                let numbers = !range(0).nan && !range(1).nan;
                return if numbers { errors[0].max(errors[1]) } else { f64::INFINITY };
            }
            Op::Select if errors[0] == 0.0 => return errors[1].max(errors[2]),
            Op::FAdd | Op::FSub => errors[0] + errors[1],
            Op::FMul => {
                scaled(range(0).magnitude(), errors[1]) + scaled(range(1).magnitude(), errors[0])
            }
            Op::FDiv => {
                let (a, b) = (range(0), range(1));
                let least = b.mignitude();
                if b.nan || least == 0.0 {
                    return f64::INFINITY;
                }
                errors[0] / least + scaled(a.magnitude() / least / least, errors[1])
            }
            Op::Math(f) if f.arity() == 1 => slope(f, range(0)) * errors[0],
            _ => return f64::INFINITY,
        };
        // Two roundings, of the exact program's operation and of this one.
        let largest = self.range(class, spread).magnitude();
        let steps = if matches!(op, Op::Math(_)) { f64::from(LIBM_STEPS) } else { 1.0 };
        spread * (1.0 + 1e-12) + steps * f64::EPSILON * largest + f64::MIN_POSITIVE
    }
}

/// The larger of two errors; a NaN is an unknown error and must not be lost, as `f64::max` would.
fn worst(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// A magnitude times an error, 0 for an exact operand of unbounded magnitude.
fn scaled(magnitude: f64, error: f64) -> f64 {
    if error == 0.0 { 0.0 } else { magnitude * error }
}

/// Bound on the slope of a function over a range; infinite if unknown.
fn slope(f: MathFn, range: Floats) -> f64 {
    if range.nan {
        return f64::INFINITY;
    }
    match f {
        MathFn::Tanh | MathFn::Sin | MathFn::Cos | MathFn::Atan | MathFn::Asinh => 1.0,
        MathFn::Erf | MathFn::Erfc => std::f64::consts::FRAC_2_SQRT_PI,
        MathFn::Exp | MathFn::Expm1 => range.hi.exp() * (1.0 + 1e-12),
        MathFn::Sqrt if range.lo > 0.0 => 0.5 / range.lo.sqrt() * (1.0 + 1e-12),
        MathFn::Log if range.lo > 0.0 => 1.0 / range.lo,
        MathFn::Log1p if range.lo > -1.0 => 1.0 / (1.0 + range.lo),
        _ => f64::INFINITY,
    }
}
