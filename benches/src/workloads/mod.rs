//! Every workload by name.
//!
//! A name is a family and its sizes: `ac_chain_10`, `reach_900_1900`. Any size can be asked for;
//! [`NAMES`] lists those that figures are recorded for.

mod ac_chain;
mod bool_adder;
pub mod egg_lambda;
pub mod egg_math;
mod geglu;
pub mod gelu_kernel;
mod matchain;
mod math_micro;
mod plain;
mod random;
mod reach;
mod ring_deriv;

pub use plain::{Plain, Stop};

/// A program, in the form in which it is written down.
#[derive(Clone, Debug)]
pub enum Program {
    /// Rewriting without conditions.
    Plain(Family, Plain),
    /// A program in egglog's language, which egg has no equivalent of.
    Egglog(String),
    /// egg's calculus under a scheduler with bans, up to so many e-nodes.
    EggMath(usize),
    /// egg's lambda calculus.
    EggLambda,
    /// The kernel that is measured inside a process.
    GeluKernel,
}

/// Families of plain workloads; egg needs a language for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Sums.
    AcChain,
    /// Rings, powers and derivatives.
    RingDeriv,
    /// Boolean laws.
    BoolAdder,
    /// Calculus.
    MathMicro,
}

/// The workloads that figures are recorded for, in the order of the table.
pub const NAMES: &[&str] = &[
    "ac_chain_8",
    "ac_chain_10",
    "ac_chain_12",
    "ring_deriv_7",
    "ring_deriv_8",
    "bool_adder_16",
    "math_micro_11",
    "geglu_1",
    "geglu_100",
    "matchain_40",
    "reach_900_1900",
    "egg_math_100000",
    "egg_lambda_fib",
    "gelu_kernel",
];

/// Rows of a table, and e-classes, at the end of a run, where mathematics tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: usize,
    /// E-classes, of a plain workload.
    pub e_classes: Option<usize>,
}

/// What is known beforehand about a workload that saturates.
pub fn known(name: &str) -> Vec<Known> {
    let Some((family, sizes)) = parts(name) else { return vec![] };
    match (family, sizes.as_slice()) {
        ("ac_chain", &[n @ 1..=20]) => {
            let (rows, classes) = ac_chain::saturated_counts(n as u32);
            vec![Known { table: "Sum", rows, e_classes: Some(classes) }]
        }
        ("matchain", &[n]) => {
            vec![Known { table: "MM", rows: n * (n * n).saturating_sub(1) / 6, e_classes: None }]
        }
        ("reach", &[vertices, edges]) => {
            let (reach, comp) = reach::saturated_counts(vertices as u64, edges);
            vec![
                Known { table: "reach", rows: reach, e_classes: None },
                Known { table: "comp", rows: comp, e_classes: None },
            ]
        }
        _ => vec![],
    }
}

/// Family and sizes.
fn parts(name: &str) -> Option<(&str, Vec<usize>)> {
    let at = name.find(|c: char| c.is_ascii_digit())?;
    let sizes: Result<Vec<usize>, _> = name[at..].split('_').map(str::parse).collect();
    Some((name[..at].trim_end_matches('_'), sizes.ok()?))
}

/// The program of that name.
///
/// # Errors
/// If there is no such family, or its sizes are not numbers it can have.
pub fn find(name: &str) -> Result<Program, String> {
    let (family, sizes) = parts(name).unwrap_or((name, vec![]));
    Ok(match (family, sizes.as_slice()) {
        ("egg_lambda_fib", []) => Program::EggLambda,
        ("gelu_kernel", []) => Program::GeluKernel,
        ("ac_chain", &[n @ 1..=20]) => Program::Plain(Family::AcChain, ac_chain::ac_chain(n)),
        ("ring_deriv", &[n]) => Program::Plain(Family::RingDeriv, ring_deriv::ring_deriv(n)),
        ("bool_adder", &[n]) => Program::Plain(Family::BoolAdder, bool_adder::bool_adder(n)),
        ("math_micro", &[n]) => Program::Plain(Family::MathMicro, math_micro::math_micro(n)),
        ("geglu", &[n]) => Program::Egglog(geglu::geglu(n)),
        ("matchain", &[n]) if n > 0 => Program::Egglog(matchain::matchain(n)),
        ("reach", &[vertices, edges]) => Program::Egglog(reach::reach(vertices as u64, edges)),
        ("egg_math", &[limit]) => Program::EggMath(limit),
        _ => return Err(format!("there is no workload `{name}`")),
    })
}

impl Program {
    /// The program in egglog's language, if it has one.
    pub fn to_egglog(&self) -> Option<String> {
        match self {
            Program::Plain(_, plain) => Some(plain.to_egglog()),
            Program::Egglog(text) => Some(text.clone()),
            _ => None,
        }
    }
}
