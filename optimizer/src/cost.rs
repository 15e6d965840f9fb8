//! The cost model: what one execution of an operation costs, and how often a region runs.
//!
//! A [`CostModel`] has a weight per operation, in units of one addition of integers. The one that is
//! used without another is data, `optimizer/cost-model.toml`: measured by `ovum bench cost-model`
//! on machine code from Cranelift. A weight is the mean of an operation's latency and of its
//! reciprocal throughput, because a program's operations partly wait for each other.
//!
//! Trip counts and probabilities are constants of this module: they are guesses about inputs, not
//! about a machine.

use rvsdg::{Const, MathFn, Op};
use std::fmt::{self, Write};
use std::sync::{Arc, LazyLock};

/// Estimated trips of a loop whose count is unknown.
pub const TRIP_COUNT: f64 = 10.0;
/// What an arm of a two-armed branch counts for. Less than half: what is computed before the branch
/// instead is in vain where the arm is not entered, and must pay even then for few iterations.
pub const BRANCH_PROBABILITY: f64 = 0.4;
/// Estimated probability of an arm with a loop beside one without: that a loop is entered again after
/// its first iteration, so that this iteration can be taken out of it without a change of the
/// estimate.
pub const LOOP_PROBABILITY: f64 = 1.0 - 1.0 / TRIP_COUNT;

/// Share of an arm that is never entered: what is in it still has an order of cost.
const NEVER: f64 = 1e-6;

/// A call of a function that calls itself, in its own weight: what lies behind it is not known.
const RECURSION: f64 = 200.0;

/// What has a weight beside the elementary functions, by name in files.
const NAMES: &[&str] = &[
    "iadd",
    "isub",
    "imul",
    "ineg",
    "iabs",
    "ifloordiv",
    "imod",
    "itruediv",
    "ipow",
    "ishl",
    "ishr",
    "iand",
    "ior",
    "ixor",
    "inot",
    "imin",
    "imax",
    "icmp",
    "fadd",
    "fsub",
    "fmul",
    "fdiv",
    "fneg",
    "fabs",
    "ffloordiv",
    "fmod",
    "fmin",
    "fmax",
    "fcmp",
    "band",
    "bor",
    "bxor",
    "bnot",
    "select",
    "ctl_is",
    "cast",
    "len",
    "load",
    "store",
    "guard",
    "instance",
    "port",
];
const GUARD: usize = 39;
const INSTANCE: usize = 40;
const PORT: usize = 41;

/// The weights of the operations on one machine.
#[derive(Clone, Debug, PartialEq)]
pub struct CostModel {
    /// By position in [`NAMES`], then by elementary function.
    weights: Vec<f64>,
}

static SHIPPED: LazyLock<Arc<CostModel>> = LazyLock::new(|| {
    let text = include_str!("../cost-model.toml");
    let blank = CostModel { weights: vec![1.0; CostModel::names().count()] };
    Arc::new(blank.with(text).expect("the shipped weights can be read: a test does"))
});

impl CostModel {
    /// The weights that the crate comes with.
    pub fn shipped() -> Arc<CostModel> {
        SHIPPED.clone()
    }

    /// The shipped weights, but for those in a text as [`CostModel::to_text`] writes it: lines
    /// `name = weight` in TOML's syntax, comments behind `#`.
    ///
    /// # Errors
    /// The first line that is none, that names nothing or whose weight is not in `0.001..=1e6`.
    pub fn parse(text: &str) -> Result<CostModel, CostModelError> {
        CostModel::shipped().with(text)
    }

    fn with(&self, text: &str) -> Result<CostModel, CostModelError> {
        let names: Vec<String> = CostModel::names().collect();
        let mut weights = self.weights.clone();
        for (at, line) in text.lines().enumerate() {
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let wrong = |reason: String| CostModelError { line: at + 1, reason };
            let Some((name, weight)) = content.split_once('=') else {
                return Err(wrong("write `name = weight`".to_owned()));
            };
            let name = name.trim().trim_matches('"');
            let Some(place) = names.iter().position(|known| known == name) else {
                return Err(wrong(format!("there is no operation `{name}`")));
            };
            let weight = weight.trim().parse().ok().filter(|w| (0.001..=1e6).contains(w));
            let message = || wrong(format!("the weight of `{name}` is not in 0.001..1e6"));
            weights[place] = weight.ok_or_else(message)?;
        }
        Ok(CostModel { weights })
    }

    /// The weights as text that [`CostModel::parse`] reads, under a comment.
    pub fn to_text(&self, comment: &str) -> String {
        let mut text = String::new();
        for line in comment.lines() {
            writeln!(text, "# {line}").expect("strings grow");
        }
        for (name, weight) in CostModel::names().zip(&self.weights) {
            let quote = if name.contains('.') { "\"" } else { "" };
            writeln!(text, "{quote}{name}{quote} = {weight}").expect("strings grow");
        }
        text
    }

    /// What has a weight: operations under their names in text (`icmp` and `fcmp` for every
    /// comparison, `cast` for every conversion, `math.sin` for the pure function and, together with
    /// `guard`, for its call), `instance` for entering a gamma or one iteration of a theta, and
    /// `port` for carrying a variable through one iteration.
    pub fn names() -> impl Iterator<Item = String> {
        let math = MathFn::ALL.iter().map(|f| format!("math.{}", f.name()));
        NAMES.iter().map(|name| (*name).to_owned()).chain(math)
    }

    /// Sets one weight.
    ///
    /// # Panics
    /// If nothing has this name.
    pub fn set(&mut self, name: &str, weight: f64) {
        let place = CostModel::names().position(|known| known == name);
        self.weights[place.expect("the caller takes it from `names`")] = weight;
    }

    /// The weight under a name, if there is one.
    pub fn get(&self, name: &str) -> Option<f64> {
        CostModel::names().position(|known| known == name).map(|place| self.weights[place])
    }

    /// Weight of one execution of an operation.
    pub fn weight(&self, op: Op) -> f64 {
        match op {
            Op::Const(_) => 0.0,
            Op::Recur { .. } => RECURSION,
            Op::Call(f) => self.math(f) + self.weights[GUARD],
            Op::Math(f) => self.math(f),
            op => self.weights[place(op)],
        }
    }

    fn math(&self, f: MathFn) -> f64 {
        self.weights[NAMES.len() + f as usize]
    }

    /// Cost of entering a gamma or of one iteration of a theta, beside its content.
    pub fn instance(&self) -> f64 {
        self.weights[INSTANCE]
    }

    /// Cost of carrying a variable through one iteration, beside what its next value takes: a value
    /// from outside is cheaper.
    pub fn port(&self) -> f64 {
        self.weights[PORT]
    }
}

/// Position in [`NAMES`].
fn place(op: Op) -> usize {
    match op {
        Op::IAdd => 0,
        Op::ISub => 1,
        Op::IMul => 2,
        Op::INeg => 3,
        Op::IAbs => 4,
        Op::IFloorDiv => 5,
        Op::IMod => 6,
        Op::ITrueDiv => 7,
        Op::IPow => 8,
        Op::IShl => 9,
        Op::IShr => 10,
        Op::IAnd => 11,
        Op::IOr => 12,
        Op::IXor => 13,
        Op::INot => 14,
        Op::IMin => 15,
        Op::IMax => 16,
        Op::ICmp(_) => 17,
        Op::FAdd => 18,
        Op::FSub => 19,
        Op::FMul => 20,
        Op::FDiv => 21,
        Op::FNeg => 22,
        Op::FAbs => 23,
        Op::FFloorDiv => 24,
        Op::FMod => 25,
        Op::FMin => 26,
        Op::FMax => 27,
        Op::FCmp(_) => 28,
        Op::BAnd => 29,
        Op::BOr => 30,
        Op::BXor => 31,
        Op::BNot => 32,
        Op::Select => 33,
        Op::CtlIs(_) => 34,
        Op::Cast(_) => 35,
        Op::Len(_) => 36,
        Op::Load => 37,
        Op::Store => 38,
        Op::Guard(_) => GUARD,
        Op::Const(_) | Op::Math(_) | Op::Call(_) | Op::Recur { .. } => {
            unreachable!("these have weights of their own")
        }
    }
}

/// Weight of one execution of an operation by the shipped weights.
pub fn weight(op: Op) -> f64 {
    SHIPPED.weight(op)
}

/// The arm that a predicate of this value enters.
pub(crate) fn known_arm(predicate: Option<Const>) -> Option<usize> {
    match predicate? {
        Const::Bool(truth) => Some(usize::from(truth)),
        Const::Ctl { value, .. } => Some(value as usize),
        _ => None,
    }
}

/// Estimated share of a gamma's executions that enter an arm, from which arms have a loop and which
/// one is entered, if that is known.
pub fn arm_share(loops: &[bool], arm: usize, known: Option<usize>) -> f64 {
    match loops {
        _ if known.is_some() => {
            if known == Some(arm) {
                1.0
            } else {
                NEVER
            }
        }
        [a, b] if a != b => {
            if loops[arm] {
                LOOP_PROBABILITY
            } else {
                1.0 - LOOP_PROBABILITY
            }
        }
        _ => BRANCH_PROBABILITY * 2.0 / loops.len() as f64,
    }
}

/// Why a text has no weights in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostModelError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for CostModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for CostModelError {}

#[cfg(test)]
mod tests {
    use super::*;
    use rvsdg::{Cmp, Type};

    #[test]
    fn the_shipped_weights_are_complete() {
        let text = include_str!("../cost-model.toml");
        let written: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name.trim().trim_matches('"'))
            .collect();
        let names: Vec<String> = CostModel::names().collect();
        assert_eq!(written, names);
        assert_eq!(CostModel::parse(text).as_ref(), Ok(&*CostModel::shipped()));
    }

    #[test]
    fn names_are_those_of_operations() {
        let model = CostModel::shipped();
        for op in [Op::IAdd, Op::IPow, Op::FAdd, Op::FMod, Op::Select, Op::Load, Op::Store] {
            assert_eq!(NAMES[place(op)], op.name());
        }
        assert_eq!(NAMES[place(Op::ICmp(Cmp::Lt))], "icmp");
        assert_eq!(NAMES[place(Op::Cast(Type::F64))], "cast");
        assert_eq!([NAMES[GUARD], NAMES[INSTANCE], NAMES[PORT]], ["guard", "instance", "port"]);
        for f in MathFn::ALL {
            let name = format!("math.{}", f.name());
            assert_eq!(Op::Math(*f).name(), name);
            assert_eq!(model.get(&name), Some(model.weight(Op::Math(*f))));
        }
    }

    #[test]
    fn weights_are_read_over_the_shipped_ones() {
        let text = "# mine\nimul = 7.5\n\"math.sin\" = 12 # fast\n";
        let model = CostModel::parse(text).expect("it is well formed");
        assert_eq!((model.weight(Op::IMul), model.weight(Op::Math(MathFn::Sin))), (7.5, 12.0));
        assert_eq!(model.weight(Op::IAdd), weight(Op::IAdd));
        assert_eq!(CostModel::parse(&model.to_text("again")), Ok(model));
    }

    #[test]
    fn what_is_no_weight_is_refused_with_its_line() {
        for (text, line) in
            [("imul 3", 1), ("\nspeed = 3", 2), ("imul = 0", 1), ("imul = x", 1), ("imul = inf", 1)]
        {
            assert_eq!(CostModel::parse(text).map_err(|error| error.line), Err(line), "{text}");
        }
    }
}
