//! What a caller asks of the optimiser, and what it answers.

use crate::cost::CostModel;
use crate::families::UserRule;
use indexmap::IndexMap;
use rvsdg::Function;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Options of [`crate::optimize`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Which rule sets run, in the command's notation: `,` in sequence, `|` in parallel, `|` binds
    /// tighter. The names are those of [`crate::families`].
    pub rules: String,
    /// Rules of the caller's own: the set `user`, which `default` includes.
    pub user_rules: Vec<UserRule>,
    /// Admit rules that hold over the reals but not for every float.
    pub fast_math: bool,
    /// Asserted closed ranges of parameters, by name: an argument outside is the caller's error.
    pub domains: IndexMap<String, (f64, f64)>,
    /// Bound on the absolute error of the returned value against the input program, over
    /// [`Options::domains`]. Without it no approximate rule fires.
    pub max_error: Option<f64>,
    /// Bound on e-nodes; a hard limit.
    pub node_limit: usize,
    /// Bound on iterations of a rule set.
    pub iteration_limit: usize,
    /// Bound on the time of saturation.
    pub time_limit: Duration,
    /// Threads that search for matches; the answer does not depend on it.
    pub threads: usize,
    /// What operations cost.
    pub cost_model: Arc<CostModel>,
    /// Rules that do not run, by their names in reports.
    pub without: Vec<String>,
    /// Record which rules each output stems from: [`Report::derivation`].
    pub trace: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rules: "default".to_owned(),
            user_rules: Vec::new(),
            fast_math: false,
            domains: IndexMap::new(),
            max_error: None,
            node_limit: 100_000,
            iteration_limit: 30,
            time_limit: Duration::from_secs(10),
            threads: 1,
            cost_model: CostModel::shipped(),
            without: Vec::new(),
            trace: false,
        }
    }
}

/// An approximation in the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Approximation {
    /// The rule's name.
    pub rule: String,
    /// The proven range of the approximated function's argument.
    pub domain: (f64, f64),
    /// Proven bound on the error that this approximation adds at its own place.
    pub bound: f64,
}

/// What happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Wall time of each phase, in order.
    pub phases: IndexMap<&'static str, Duration>,
    /// E-nodes after saturation.
    pub e_nodes: usize,
    /// E-classes after saturation.
    pub e_classes: usize,
    /// Why saturation stopped: `saturated`, `node limit`, `iteration limit`, `time limit`.
    pub stop_reason: String,
    /// Effective applications of each rule that fired.
    pub rules_fired: IndexMap<String, usize>,
    /// Cost of the input under the cost model, weighted by region.
    pub cost_before: f64,
    /// Cost of the result.
    pub cost_after: f64,
    /// Approximations in the result.
    pub approximations: Vec<Approximation>,
    /// Proven bound on the error of the returned value, where there is an approximation.
    pub error_bound: Option<f64>,
    /// Fused operations by kind.
    pub fusions: IndexMap<String, usize>,
    /// With [`Options::trace`], the rules that each output stems from: the results in order, then
    /// `io`, then the memory states. Rules that state facts count for every output.
    pub derivation: Vec<Vec<String>>,
    /// Whether the input was kept because nothing cheaper was found.
    pub kept_input: bool,
    /// Whether the input was kept because no legal program was found in the e-graph.
    pub nothing_legal: bool,
}

/// The optimised function with its report.
#[derive(Clone, Debug)]
pub struct Optimized {
    /// The function, equal to the input within the stated error.
    pub function: Function,
    /// What happened.
    pub report: Report,
}

/// Why a request cannot be carried out. All of these are usage errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionsError {
    /// The composition of rule sets does not parse.
    Syntax(String),
    /// There is no rule set of this name.
    UnknownFamily(String),
    /// The family needs a flag that was not given.
    MissingBudget {
        /// The family's name.
        family: String,
        /// The flag that opens it.
        flag: &'static str,
    },
    /// A domain names no parameter, or is empty.
    BadDomain(String),
    /// The error budget is not a positive number.
    BadBudget,
    /// A rule of the caller's has no meaning.
    BadRule(String),
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionsError::Syntax(text) => write!(f, "rule sets: {text}"),
            OptionsError::UnknownFamily(name) => write!(f, "there is no rule set `{name}`"),
            OptionsError::MissingBudget { family, flag } => {
                write!(f, "rule set `{family}` is not exact: it needs {flag}")
            }
            OptionsError::BadDomain(text) => write!(f, "domain: {text}"),
            OptionsError::BadRule(text) => f.write_str(text),
            OptionsError::BadBudget => f.write_str("the error budget must be a positive number"),
        }
    }
}

impl std::error::Error for OptionsError {}
