//! The rule families, by name.
//!
//! Every family states its law. *Exact* rules are equalities of bits, for every float (NaN,
//! infinities and signed zeros included) and every wrapping integer. *Real* rules hold over the
//! reals and change rounding; they run only where the caller says so. *Approximate* rules come with
//! a proven bound and run within the caller's error budget; they are not in a rule set of the
//! engine but are placed by [`crate::approx`].

mod algebra;
mod calls;
mod evaluate;
mod files;
mod fold;
#[cfg(test)]
mod laws;
mod pow;
mod user;

pub(crate) use algebra::constant;
pub(crate) use pow::{is_power, multiply_out};
pub use user::{Condition, Side, USER_FAMILY, UserRule};
pub(crate) use user::{check, user_set};

use crate::facts::FactAnalysis;
use crate::language::{Language, Payload, Payloads};
use crate::options::{Options, OptionsError};
use crate::saturate::parse_constant;
use egraph_core::{Composition, Rule, RuleSet, Rules};
use std::sync::{Arc, OnceLock};

/// How far a family's rules may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Equal bits.
    Exact,
    /// Equal over the reals.
    Real,
    /// Within a proven bound on a stated domain.
    Approximate,
}

impl Law {
    /// The law's name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Law::Exact => "exact",
            Law::Real => "real",
            Law::Approximate => "approximate",
        }
    }
}

/// A family of rules.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The name used in [`Options::rules`].
    pub name: &'static str,
    /// How far its rules may be trusted.
    pub law: Law,
    /// What the family does.
    pub summary: &'static str,
    /// Makes its rules.
    rules: fn(&Language) -> Vec<Rule<FactAnalysis>>,
    /// Its rules that cross regions, which are no patterns: see `regions`.
    crossing: &'static [&'static str],
}

/// Which families of rules that cross regions run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Crossing {
    pub(crate) hoist: bool,
    pub(crate) loops: bool,
    pub(crate) branches: bool,
    pub(crate) memory: bool,
    pub(crate) reductions: bool,
}

impl Crossing {
    /// Whether any runs.
    pub(crate) fn any(self) -> bool {
        self != Crossing::default()
    }

    fn of(names: &[String]) -> Crossing {
        let has = |name: &str| names.iter().any(|known| known == name || known == "default");
        Crossing {
            hoist: has("hoist"),
            loops: has("loops"),
            branches: has("branches"),
            memory: has("memory"),
            reductions: has("reductions"),
        }
    }
}

impl Family {
    /// The family's rules for a function's language.
    pub(crate) fn rules(&self, language: &Language) -> Vec<Rule<FactAnalysis>> {
        let rules = (self.rules)(language);
        rules.into_iter().map(|rule| rule.family(self.name)).collect()
    }

    /// Names of the family's rules, in order; approximate families have one of their own name.
    pub fn rule_names(&self) -> Vec<String> {
        let function = rvsdg::Function::new("names", Vec::new(), 0, rvsdg::Shape::None);
        let rules = self.rules(&Language::new(&function));
        if !self.crossing.is_empty() {
            return self.crossing.iter().map(|name| (*name).to_owned()).collect();
        }
        if rules.is_empty() {
            return vec![self.name.to_owned()];
        }
        rules.iter().map(|rule| rule.name().to_owned()).collect()
    }
}

/// Every family, in a fixed order.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "fold",
        law: Law::Exact,
        summary: "constant folding under the interpreter's definitions",
        rules: fold::rules,
        crossing: &[],
    },
    Family {
        name: "algebra",
        law: Law::Exact,
        summary: "identities of integers, floats and truth values that keep every bit",
        rules: algebra::rules,
        crossing: &[],
    },
    Family {
        name: "calls",
        law: Law::Exact,
        summary: "calls and checks that cannot raise become pure and leave the io state",
        rules: calls::rules,
        crossing: &[],
    },
    Family {
        name: "hoist",
        law: Law::Exact,
        summary: "what does not depend on a loop or an arm moves out of it, what one arm uses into it",
        rules: no_rules,
        crossing: &["hoist", "hoist-load", "hoist-loop", "sink"],
    },
    Family {
        name: "loops",
        law: Law::Exact,
        summary: "fixed variables, states left alone, counters, closed forms of sums, other shapes of loops",
        rules: no_rules,
        crossing: &[
            "loop-variable-is-fixed",
            "loop-result-is-fixed",
            "loop-leaves-state",
            "counter-ends-at-bound",
            "closed-sum",
            "factor-of-loop",
            "unroll",
            "peel",
            "unswitch",
            "unroll-by-factor",
            "strength-reduction",
            "tail-recursion",
        ],
    },
    Family {
        name: "branches",
        law: Law::Exact,
        summary: "facts of branches and loops, equal and unreachable arms, choices as select",
        rules: no_rules,
        crossing: &[
            "part-of-truth",
            "equality-holds",
            "branch-fact",
            "loop-fact",
            "comparison-follows",
            "arms-agree",
            "branch-leaves-state",
            "branch-to-select",
            "dissolve",
            "arm-is-unreachable",
            "region-is-unreachable",
            "factor-of-branch",
        ],
    },
    Family {
        name: "memory",
        law: Law::Exact,
        summary: "loads find what was stored, hidden and silent stores go",
        rules: no_rules,
        crossing: &["forward-store", "load-before-store", "dead-store", "silent-store"],
    },
    Family {
        name: "checks",
        law: Law::Exact,
        summary: "a version of the function without the index checks that a test on entry replaces",
        rules: no_rules,
        crossing: &["checks-leave-loops"],
    },
    Family {
        name: "reductions",
        law: Law::Real,
        summary: "sums of floats without their loop, or with a factor outside of it",
        rules: no_rules,
        crossing: &["closed-float-sum", "float-factor-of-loop", "float-factor-of-branch"],
    },
    Family {
        name: "pow",
        law: Law::Real,
        summary: "whole powers become multiplications",
        rules: pow::rules,
        crossing: &[],
    },
    Family {
        name: "tanh",
        law: Law::Approximate,
        summary: "tanh becomes a convergent of its continued fraction",
        rules: no_rules,
        crossing: &["tanh-convergent"],
    },
];

fn no_rules(_: &Language) -> Vec<Rule<FactAnalysis>> {
    Vec::new()
}

/// The family of this name.
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

/// Sets that run together.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The exact and real sets that the engine runs.
    pub(crate) sets: Option<Composition>,
    /// The families that cross regions.
    pub(crate) crossing: Crossing,
}

/// What a caller's composition of rule sets asks for.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Plan {
    /// The sets that run together until nothing changes, one step after the other.
    pub(crate) steps: Vec<Step>,
    /// Fold constants.
    pub(crate) fold: bool,
    /// Make loops of functions that call themselves last.
    pub(crate) tail_recursion: bool,
    /// Make a version without the checks that a test on entry can replace.
    pub(crate) versions: bool,
    /// Replace whole powers within the error budget.
    pub(crate) approximate_pow: bool,
    /// Replace tanh within the error budget.
    pub(crate) approximate_tanh: bool,
}

/// Reads [`Options::rules`]. `default` stands for all exact families, and for those that the
/// caller's budgets admit.
pub(crate) fn plan(options: &Options) -> Result<Plan, OptionsError> {
    // A budget is a promise about rounding, so that real rules stay within it as approximations.
    let budget = options.max_error.is_some();
    let real = options.fast_math && !budget;
    let parsed =
        Composition::parse(&options.rules).map_err(|e| OptionsError::Syntax(e.to_string()))?;
    let named: Vec<String> = parsed.names().into_iter().map(str::to_owned).collect();
    for name in &named {
        check_budget(name, options)?;
    }
    let has = |name: &str| named.iter().any(|known| known == name || known == "default");
    let mut steps = Vec::new();
    for part in options.rules.split(',') {
        let names: Vec<String> = part.split('|').map(|name| name.trim().to_owned()).collect();
        let crossing = Crossing::of(&names);
        let mut sets = engine_sets(&names, real);
        let admits = |name: &String| name == "default" || name == USER_FAMILY;
        sets.retain(|name| name != USER_FAMILY);
        if !options.user_rules.is_empty() && names.iter().any(admits) {
            sets.push(USER_FAMILY.to_owned());
        }
        let sets = match sets.join("|") {
            text if text.is_empty() => None,
            text => {
                let parsed = Composition::parse(&text);
                Some(parsed.map_err(|e| OptionsError::Syntax(e.to_string()))?)
            }
        };
        if sets.is_some() || crossing.any() {
            steps.push(Step { sets, crossing });
        }
    }
    let stays = |rule: &str| !options.without.iter().any(|name| name == rule);
    Ok(Plan {
        steps,
        tail_recursion: has("loops") && stays(crate::tail::RULE),
        fold: has("fold") && stays("fold"),
        versions: has("checks") && !budget && stays("checks-leave-loops"),
        approximate_pow: budget && has("pow") && stays("pow"),
        approximate_tanh: budget && has("tanh") && stays("tanh-convergent"),
    })
}

/// The sets of these that are patterns, `default` resolved.
fn engine_sets(names: &[String], real: bool) -> Vec<String> {
    let mut group: Vec<String> = Vec::new();
    for name in names {
        match name.as_str() {
            "default" => {
                group.extend(["fold", "algebra", "calls"].map(str::to_owned));
                if real {
                    group.push("pow".to_owned());
                }
            }
            "tanh" => {}
            "pow" if !real => {}
            name if family(name).is_some_and(|family| !family.crossing.is_empty()) => {}
            name => group.push(name.to_owned()),
        }
    }
    group.dedup();
    group
}

fn check_budget(name: &str, options: &Options) -> Result<(), OptionsError> {
    if name == "default" || name == USER_FAMILY {
        return Ok(());
    }
    let family = family(name).ok_or_else(|| OptionsError::UnknownFamily(name.to_owned()))?;
    let missing = |flag| Err(OptionsError::MissingBudget { family: name.to_owned(), flag });
    match family.law {
        Law::Real if !options.fast_math && options.max_error.is_none() => {
            missing("--fast-math or --max-error")
        }
        Law::Approximate if options.max_error.is_none() => missing("--max-error"),
        _ => Ok(()),
    }
}

/// The rule sets of all families, and the caller's, but for the rules in `without`.
pub(crate) fn rule_sets(
    language: &Language,
    user: &[UserRule],
    without: &[String],
) -> Vec<RuleSet<FactAnalysis>> {
    let stays = |rule: &Rule<FactAnalysis>| !without.iter().any(|name| name == rule.name());
    let own = FAMILIES.iter().map(|family| {
        RuleSet::new(family.name).rules(family.rules(language).into_iter().filter(stays))
    });
    let user: Vec<UserRule> =
        user.iter().filter(|rule| !without.contains(&rule.name)).cloned().collect();
    own.chain([user_set(&user)]).collect()
}

/// The rules of all families for the functions with so many memory states. Those with few share what
/// is compiled for the first one: compiling takes longer than to saturate a small function.
pub(crate) fn shared_rules(mems: usize) -> Arc<Rules<FactAnalysis>> {
    static SHARED: [OnceLock<Arc<Rules<FactAnalysis>>>; 4] = [const { OnceLock::new() }; 4];
    let compile = || {
        let language = Language::of_rules(mems);
        let payloads = Payloads::default();
        let resolve = |text: &str| payloads.find(Payload::Const(parse_constant(text)?));
        let rules = Rules::compile(rule_sets(&language, &[], &[]), &language.signature, resolve);
        Arc::new(rules.expect("the families' rules name what every language has"))
    };
    SHARED.get(mems).map_or_else(compile, |known| Arc::clone(known.get_or_init(compile)))
}
