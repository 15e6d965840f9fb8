//! Cost models: what an answer costs, beyond the two costs that [`check()`] gives.
//!
//! Extractors minimise the DAG cost of the problem that they are given. A model that is a DAG cost
//! with other weights, such as [`RegionWeighted`], becomes the problem's own by
//! [`CostModel::as_dag`]; any other is evaluated on finished answers.

use crate::check::{CheckError, check};
use crate::problem::{NodeIndex, Problem};

/// What an answer costs.
pub trait CostModel: Send + Sync {
    /// The model's name in tables.
    fn name(&self) -> &'static str;

    /// Cost of an answer.
    ///
    /// # Errors
    /// What [`check()`] finds wrong with the choices.
    fn cost(&self, problem: &Problem, choices: &[Option<NodeIndex>]) -> Result<f64, CheckError>;

    /// The problem whose DAG cost is this model's cost, if there is one: every extractor then
    /// minimises this model.
    fn as_dag(&self, _problem: &Problem) -> Option<Problem> {
        None
    }
}

/// A shared class is paid at every use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tree;

/// A shared class is paid once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dag;

/// DAG cost with the nodes of each region weighted by how often the region is entered.
#[derive(Clone, Debug, Default)]
pub struct RegionWeighted {
    /// Executions of each region per execution of the whole, by region; regions beyond the end
    /// count once.
    pub weights: Vec<f64>,
}

/// A cost that is known only for whole answers.
pub struct Custom<F> {
    /// The name in tables.
    pub name: &'static str,
    /// The cost of choices that have passed [`check()`].
    pub evaluate: F,
}

impl CostModel for Tree {
    fn name(&self) -> &'static str {
        "tree"
    }

    fn cost(&self, problem: &Problem, choices: &[Option<NodeIndex>]) -> Result<f64, CheckError> {
        check(problem, choices).map(|checked| checked.tree_cost)
    }
}

impl CostModel for Dag {
    fn name(&self) -> &'static str {
        "dag"
    }

    fn cost(&self, problem: &Problem, choices: &[Option<NodeIndex>]) -> Result<f64, CheckError> {
        check(problem, choices).map(|checked| checked.dag_cost)
    }

    fn as_dag(&self, problem: &Problem) -> Option<Problem> {
        Some(problem.clone())
    }
}

impl CostModel for RegionWeighted {
    fn name(&self) -> &'static str {
        "region-weighted"
    }

    fn cost(&self, problem: &Problem, choices: &[Option<NodeIndex>]) -> Result<f64, CheckError> {
        check(&self.weighted(problem), choices).map(|checked| checked.dag_cost)
    }

    fn as_dag(&self, problem: &Problem) -> Option<Problem> {
        Some(self.weighted(problem))
    }
}

impl RegionWeighted {
    /// The problem with every cost multiplied by the weight of its class's region; sums that no
    /// float can hold saturate.
    fn weighted(&self, problem: &Problem) -> Problem {
        let weight = |node: NodeIndex| {
            let region =
                problem.regions().map_or(0, |regions| regions[problem.class(node).index()]);
            self.weights.get(region as usize).copied().unwrap_or(1.0)
        };
        problem.with_costs(|node| (problem.cost(node) * weight(node)).clamp(f64::MIN, f64::MAX))
    }
}

impl<F> CostModel for Custom<F>
where
    F: Fn(&Problem, &[Option<NodeIndex>]) -> f64 + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn cost(&self, problem: &Problem, choices: &[Option<NodeIndex>]) -> Result<f64, CheckError> {
        check(problem, choices)?;
        Ok((self.evaluate)(problem, choices))
    }
}
