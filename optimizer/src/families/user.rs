//! Rules that come from outside: patterns over the operators of [`crate::language`], with
//! conditions that the analysis has to prove.

use super::Law;
use crate::facts::{FactAnalysis, Facts, Graph, Range};
use crate::language::Language;
use crate::options::OptionsError;
use crate::saturate::parse_constant;
use egraph_core::{Bindings, PayloadId, Rule, RuleSet, Rules};
use rvsdg::{Cmp, Const};

/// The name of the set that these rules form.
pub const USER_FAMILY: &str = "user";

/// A side of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Side {
    /// A variable of the left pattern, such as `?x`.
    Variable(String),
    /// A constant.
    Constant(Const),
}

/// What must be known of the variables, for every run that reaches the place.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Both sides are numbers that compare so; NaN never does, except that it differs.
    Compare(Side, Cmp, Side),
    /// The variable is a known constant.
    Constant(String),
}

/// A rewrite of the caller's.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRule {
    /// Its name in reports.
    pub name: String,
    /// What is matched, in the notation of [`egraph_core::Pattern`].
    pub left: String,
    /// What it equals.
    pub right: String,
    /// All of these must be proven.
    pub conditions: Vec<Condition>,
    /// What the caller vouches for: an exact rule runs always, a real one with fast mathematics.
    pub law: Law,
}

impl UserRule {
    fn build(&self) -> Rule<FactAnalysis> {
        let conditions = self.conditions.clone();
        Rule::new(self.name.clone())
            .family(USER_FAMILY)
            .when(self.left.clone())
            .guard(move |graph, found| conditions.iter().all(|c| proven(c, graph, found)))
            .rewrite_to(self.right.clone())
    }
}

/// The set of the caller's rules.
pub(crate) fn user_set(rules: &[UserRule]) -> RuleSet<FactAnalysis> {
    RuleSet::new(USER_FAMILY).rules(rules.iter().map(UserRule::build))
}

/// Refuses rules that do not parse, name what there is not, or need a flag that is not given.
pub(crate) fn check(
    rules: &[UserRule],
    language: &Language,
    real: bool,
) -> Result<(), OptionsError> {
    for rule in rules {
        let variables: Vec<&str> = rule.conditions.iter().flat_map(Condition::variables).collect();
        let left: Vec<&str> = rule.left.split([' ', '(', ')', ':']).collect();
        if let Some(unknown) = variables.iter().find(|name| !left.contains(name)) {
            let message = format!("rule `{}`: the pattern has no variable `{unknown}`", rule.name);
            return Err(OptionsError::BadRule(message));
        }
        match rule.law {
            Law::Exact => {}
            Law::Real if real => {}
            Law::Real => {
                let (family, flag) = (rule.name.clone(), "--fast-math without --max-error");
                return Err(OptionsError::MissingBudget { family, flag });
            }
            Law::Approximate => {
                let message = format!("rule `{}`: its error is not known", rule.name);
                return Err(OptionsError::BadRule(message));
            }
        }
    }
    let resolve = |text: &str| parse_constant(text).map(|_| PayloadId::new(1));
    let compiled = Rules::compile(vec![user_set(rules)], &language.signature, resolve);
    compiled.map(|_| ()).map_err(|error| OptionsError::BadRule(error.to_string()))
}

impl Condition {
    /// The variables that it speaks of.
    fn variables(&self) -> Vec<&str> {
        match self {
            Condition::Constant(name) => vec![name],
            Condition::Compare(a, _, b) => [a, b]
                .into_iter()
                .filter_map(|side| match side {
                    Side::Variable(name) => Some(name.as_str()),
                    Side::Constant(_) => None,
                })
                .collect(),
        }
    }
}

fn proven(condition: &Condition, graph: &Graph, found: &Bindings<'_>) -> bool {
    let facts = |side: &Side| match side {
        Side::Variable(name) => *graph.data(found.get(name)),
        Side::Constant(constant) => Facts::of_const(*constant),
    };
    match condition {
        Condition::Constant(name) => graph.data(found.get(name)).constant.is_some(),
        Condition::Compare(a, cmp, b) => holds(*cmp, facts(a).range, facts(b).range),
    }
}

/// Whether a comparison holds for all values of two ranges.
fn holds(cmp: Cmp, a: Range, b: Range) -> bool {
    match (a, b) {
        (Range::Ints(a), Range::Ints(b)) => ordered(cmp, (a.lo, a.hi), (b.lo, b.hi)),
        (Range::Floats(a), Range::Floats(b)) => {
            let numbers = !a.nan && !b.nan;
            (numbers || cmp == Cmp::Ne) && ordered(cmp, (a.lo, a.hi), (b.lo, b.hi))
        }
        _ => false,
    }
}

fn ordered<T: PartialOrd + Copy>(cmp: Cmp, a: (T, T), b: (T, T)) -> bool {
    match cmp {
        Cmp::Lt => a.1 < b.0,
        Cmp::Le => a.1 <= b.0,
        Cmp::Gt => a.0 > b.1,
        Cmp::Ge => a.0 >= b.1,
        Cmp::Eq => a.0 == a.1 && b.0 == b.1 && a.0 == b.0,
        Cmp::Ne => a.1 < b.0 || b.1 < a.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, optimize};
    use rvsdg::text;

    const SQUARED_ROOT: &str = "(lambda @f [(%x f64)] [%io] -> f64
       (%one = const f64 1.0)
       (%y = fmax %x %one)
       (%r = math.sqrt %y)
       (%s = fmul %r %r)
       (results %s %io))";

    fn rule(law: Law, conditions: Vec<Condition>) -> UserRule {
        UserRule {
            name: "root-squared".to_owned(),
            left: "(fmul (math.sqrt ?x:f64) (math.sqrt ?x))".to_owned(),
            right: "?x".to_owned(),
            conditions,
            law,
        }
    }

    fn fired(options: &Options) -> usize {
        let function = text::parse(SQUARED_ROOT).expect("the text is right");
        let report = optimize(&function, options).expect("the options fit").report;
        report.rules_fired.get("root-squared").copied().unwrap_or(0)
    }

    fn at_least(bound: f64) -> Condition {
        Condition::Compare(
            Side::Variable("?x".to_owned()),
            Cmp::Ge,
            Side::Constant(Const::f64(bound)),
        )
    }

    #[test]
    fn rules_run_where_their_conditions_are_proven() {
        let domains = [("x".to_owned(), (0.0, 8.0))].into_iter().collect();
        let options = |bound| Options {
            user_rules: vec![rule(Law::Real, vec![at_least(bound)])],
            fast_math: true,
            domains: indexmap::IndexMap::clone(&domains),
            ..Options::default()
        };
        assert_eq!(fired(&options(0.0)), 1);
        assert_eq!(fired(&options(2.0)), 0);
    }

    #[test]
    fn what_is_not_exact_needs_a_flag() {
        let function = text::parse(SQUARED_ROOT).expect("the text is right");
        let options = Options { user_rules: vec![rule(Law::Real, vec![])], ..Options::default() };
        assert!(matches!(optimize(&function, &options), Err(OptionsError::MissingBudget { .. })));
        let exact = Options { user_rules: vec![rule(Law::Exact, vec![])], ..Options::default() };
        assert_eq!(fired(&exact), 1);
    }

    #[test]
    fn laws_are_judged() {
        let rule = |left: &str, right: &str| UserRule {
            name: "r".to_owned(),
            left: left.to_owned(),
            right: right.to_owned(),
            conditions: Vec::new(),
            law: Law::Exact,
        };
        let wrong = rule("(fadd ?x:f64 const[f64:0.0])", "?x").counterexample();
        assert_eq!(wrong, Ok(Some("for x = -0.0 it makes -0.0 of 0.0".to_owned())));
        assert_eq!(rule("(fadd ?x:f64 ?x)", "(fmul const[f64:2.0] ?x)").counterexample(), Ok(None));
        assert!(rule("(fadd ?x ?x)", "?x").counterexample().is_err());
        let mut guarded = rule("(fadd ?x:f64 const[f64:0.0])", "?x");
        guarded.conditions = vec![Condition::Compare(
            Side::Variable("?x".to_owned()),
            Cmp::Gt,
            Side::Constant(Const::f64(0.0)),
        )];
        assert_eq!(guarded.counterexample(), Ok(None));
    }

    #[test]
    fn rules_without_meaning_are_refused() {
        let function = text::parse(SQUARED_ROOT).expect("the text is right");
        let mut wrong = rule(Law::Exact, vec![]);
        wrong.right = "(fmal ?x ?x)".to_owned();
        let mut unbound = rule(Law::Exact, vec![at_least(0.0)]);
        unbound.left = "(fneg ?y)".to_owned();
        for user_rule in [wrong, unbound] {
            let options = Options { user_rules: vec![user_rule], ..Options::default() };
            assert!(matches!(optimize(&function, &options), Err(OptionsError::BadRule(_))));
        }
    }
}
