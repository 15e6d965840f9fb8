//! Rules: patterns, guards and right-hand sides; rule sets; compilation against a signature.

use std::fmt;

use crate::bindings::Bindings;
use crate::matcher::Guard;
use crate::pattern::{Atom, Pattern};
use crate::query::{self, Query};
use crate::rhs::Equation;
use crate::sexpr::PatternError;
use crate::{Analysis, EClassId, EGraph, Limit, PayloadId, Signature};

/// A computed right-hand side: may insert nodes and answers the pairs of classes to make equal.
/// It must be idempotent, because a rule meets the same match again in later iterations.
pub type Compute<A> = Box<
    dyn Fn(&mut EGraph<A>, &Bindings<'_>) -> Result<Vec<(EClassId, EClassId)>, Limit> + Send + Sync,
>;

/// A right-hand side as written.
enum RhsText<A: Analysis> {
    /// `target = pattern`, the target being the root if no variable is named.
    Pattern(Option<String>, String),
    Compute(Compute<A>),
}

/// A rule under construction: text until it is compiled with its [`RuleSet`].
///
/// The first `when` is the pattern whose root is rewritten; further ones must match as well and
/// share its variables. See [`Pattern`] for the language.
pub struct Rule<A: Analysis = ()> {
    name: String,
    family: String,
    lhs: Vec<String>,
    guards: Vec<Guard<A>>,
    rhs: Vec<RhsText<A>>,
}

impl<A: Analysis> fmt::Debug for Rule<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({}: {})", self.name, self.lhs.join(", "))
    }
}

impl<A: Analysis> Rule<A> {
    /// A rule without patterns.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            family: String::new(),
            lhs: Vec::new(),
            guards: Vec::new(),
            rhs: Vec::new(),
        }
    }

    /// `lhs => rhs`.
    pub fn rewrite(name: impl Into<String>, lhs: &str, rhs: &str) -> Self {
        Self::new(name).when(lhs).rewrite_to(rhs)
    }

    /// `lhs => rhs` and, named with `-rev` behind, `rhs => lhs`.
    pub fn both_ways(name: &str, lhs: &str, rhs: &str) -> [Self; 2] {
        [Self::rewrite(name, lhs, rhs), Self::rewrite(format!("{name}-rev"), rhs, lhs)]
    }

    /// Names the family the rule belongs to; only reported.
    #[must_use]
    pub fn family(mut self, family: impl Into<String>) -> Self {
        self.family = family.into();
        self
    }

    /// Adds an atom: `pattern` or `?v = pattern`.
    #[must_use]
    pub fn when(mut self, atom: impl Into<String>) -> Self {
        self.lhs.push(atom.into());
        self
    }

    /// Adds a guard, run inside the search on every match of the atoms. It sees a rebuilt e-graph.
    #[must_use]
    pub fn guard(
        mut self,
        guard: impl Fn(&EGraph<A>, &Bindings<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.guards.push(Box::new(guard));
        self
    }

    /// The root of the first pattern equals this pattern.
    #[must_use]
    pub fn rewrite_to(mut self, pattern: impl Into<String>) -> Self {
        self.rhs.push(RhsText::Pattern(None, pattern.into()));
        self
    }

    /// A bound variable equals this pattern.
    #[must_use]
    pub fn union(mut self, variable: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.rhs.push(RhsText::Pattern(Some(variable.into()), pattern.into()));
        self
    }

    /// Runs code on every match; the pairs it answers become equal.
    #[must_use]
    pub fn apply(
        mut self,
        compute: impl Fn(&mut EGraph<A>, &Bindings<'_>) -> Result<Vec<(EClassId, EClassId)>, Limit>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.rhs.push(RhsText::Compute(Box::new(compute)));
        self
    }

    /// The rule's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A named list of rules, the unit of schedules.
#[derive(Debug)]
pub struct RuleSet<A: Analysis = ()> {
    /// Name, unique among the sets compiled together.
    pub name: String,
    /// The rules, in the order in which they are searched and applied.
    pub rules: Vec<Rule<A>>,
}

impl<A: Analysis> RuleSet<A> {
    /// An empty set.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), rules: Vec::new() }
    }

    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, rule: Rule<A>) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds rules.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule<A>>) -> Self {
        self.rules.extend(rules);
        self
    }
}

/// A rule that does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The rule's name.
    pub rule: String,
    /// The atom or right-hand side the error is in.
    pub text: String,
    /// Where in `text`, and what.
    pub error: PatternError,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}`, in `{}`, {}", self.rule, self.text, self.error)
    }
}

impl std::error::Error for RuleError {}

pub(crate) enum Rhs<A: Analysis> {
    Equation(Equation),
    Compute(Compute<A>),
}

pub(crate) struct CompiledRule<A: Analysis> {
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) query: Query,
    pub(crate) guards: Vec<Guard<A>>,
    pub(crate) rhs: Vec<Rhs<A>>,
    /// Slots the right-hand sides read, if all of them are patterns: two matches that agree there
    /// do the same.
    pub(crate) used_slots: Option<Vec<usize>>,
}

/// Rule sets compiled against a signature. They work on every e-graph whose signature extends it.
pub struct Rules<A: Analysis = ()> {
    pub(crate) rules: Vec<CompiledRule<A>>,
    /// Name and the indices of the rules of each set.
    pub(crate) sets: Vec<(String, Vec<usize>)>,
}

impl<A: Analysis> fmt::Debug for Rules<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.name.as_str()).collect();
        f.debug_struct("Rules").field("rules", &names).field("sets", &self.sets).finish()
    }
}

impl<A: Analysis> Rules<A> {
    /// Compiles rule sets. `resolve` gives the payload for the text in `op[text]`.
    ///
    /// # Errors
    /// The first rule that does not parse, names unknown operators, sorts or payloads, or uses
    /// variables its left-hand side does not bind.
    pub fn compile(
        sets: Vec<RuleSet<A>>,
        signature: &Signature,
        mut resolve: impl FnMut(&str) -> Option<PayloadId>,
    ) -> Result<Self, RuleError> {
        let mut compiled = Self { rules: Vec::new(), sets: Vec::new() };
        for set in sets {
            let from = compiled.rules.len();
            for rule in set.rules {
                compiled.rules.push(compile_rule(rule, signature, &mut resolve)?);
            }
            compiled.sets.push((set.name, (from..compiled.rules.len()).collect()));
        }
        Ok(compiled)
    }

    /// Names of the sets, in order.
    pub fn set_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.sets.iter().map(|(name, _)| name.as_str())
    }

    /// Name and family of every rule; the position is the index in [`Reason::Rule`].
    ///
    /// [`Reason::Rule`]: crate::Reason::Rule
    pub fn names(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.rules.iter().map(|rule| (rule.name.as_str(), rule.family.as_str()))
    }

    /// Indices of the rules of a set.
    pub(crate) fn set(&self, name: &str) -> Option<&[usize]> {
        self.sets.iter().find(|(known, _)| known == name).map(|(_, rules)| rules.as_slice())
    }
}

fn compile_rule<A: Analysis>(
    rule: Rule<A>,
    signature: &Signature,
    resolve: &mut dyn FnMut(&str) -> Option<PayloadId>,
) -> Result<CompiledRule<A>, RuleError> {
    let fail = |text: &str, error| RuleError { rule: rule.name.clone(), text: text.into(), error };
    let mut atoms = Vec::new();
    for text in &rule.lhs {
        atoms.push(Atom::parse(text).map_err(|error| fail(text, error))?);
    }
    let query = query::compile(&atoms, signature, resolve)
        .map_err(|(at, error)| fail(rule.lhs.get(at).map_or("", String::as_str), error))?;
    let mut used_slots = Some(vec![0]);
    let mut rhs = Vec::new();
    for side in rule.rhs {
        match side {
            RhsText::Compute(compute) => {
                used_slots = None;
                rhs.push(Rhs::Compute(compute));
            }
            RhsText::Pattern(target, text) => {
                let equation = Pattern::parse(&text)
                    .and_then(|pattern| {
                        Equation::compile(target.as_deref(), &pattern, &query, signature, resolve)
                    })
                    .map_err(|error| fail(&text, error))?;
                if let Some(used) = &mut used_slots {
                    equation.slots(used);
                }
                rhs.push(Rhs::Equation(equation));
            }
        }
    }
    if rhs.is_empty() {
        return Err(fail("", PatternError::new(0, "the rule has no right-hand side")));
    }
    if let Some(used) = &mut used_slots {
        used.sort_unstable();
        used.dedup();
    }
    let (name, family, guards) = (rule.name, rule.family, rule.guards);
    Ok(CompiledRule { name, family, query, guards, rhs, used_slots })
}
