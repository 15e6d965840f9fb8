//! Rules as one-liners.

use std::fmt;
use std::sync::Arc;

use super::super::exec::{Applier, Condition, Error, Graph, Match, RuleCode, Session};
use super::super::syntax::Name;

/// A rule, made by [`rewrite!`](crate::rewrite) or [`rule!`](crate::rule), or from its parts.
#[derive(Clone)]
pub struct Rule {
    name: String,
    /// Its command without name and rule set.
    text: String,
    conditions: Vec<Arc<Condition>>,
    applier: Option<Arc<Applier>>,
    /// All matches are looked at each time.
    again: bool,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({}: {})", self.name, self.text)
    }
}

impl Rule {
    /// Whatever matches `left`, where the facts hold, equals `right`. Variables are usually written
    /// `?x`; every name that is not declared is one.
    pub fn rewrite(name: &str, left: &str, right: &str, when: &[&str]) -> Rule {
        let when = when.join(" ");
        Rule::of(name, format!("(rewrite {left} {right} :when ({when}))"))
    }

    /// A rewrite in both directions.
    pub fn birewrite(name: &str, left: &str, right: &str, when: &[&str]) -> Rule {
        let when = when.join(" ");
        Rule::of(name, format!("(birewrite {left} {right} :when ({when}))"))
    }

    /// Where the facts hold, the actions are done.
    pub fn new(name: &str, facts: &[&str], actions: &[&str]) -> Rule {
        let (facts, actions) = (facts.join(" "), actions.join(" "));
        Rule::of(name, format!("(rule ({facts}) ({actions}))"))
    }

    fn of(name: &str, text: String) -> Rule {
        let conditions = Vec::new();
        Rule { name: name.to_owned(), text, conditions, applier: None, again: false }
    }

    /// The rule does something only where this holds when it comes to the match. A match that is
    /// refused is asked about again when a class that it mentions was united or has another value
    /// ([`Analysis`](crate::egglog::Analysis)); after [`Rule::again`] each time that the rule runs.
    ///
    /// Matches are counted before, so that a scheduler sees what egg's sees.
    #[must_use]
    pub fn provided(
        mut self,
        condition: impl Fn(&Graph<'_>, &Match<'_>) -> bool + Send + Sync + 'static,
    ) -> Rule {
        self.conditions.push(Arc::new(condition));
        self
    }

    /// The rule does nothing where this holds when it comes to the match (two classes are equal, the
    /// value is zero). The rest is as for [`Rule::provided`].
    #[must_use]
    pub fn unless(
        mut self,
        exception: impl Fn(&Graph<'_>, &Match<'_>) -> bool + Send + Sync + 'static,
    ) -> Rule {
        self.conditions.push(Arc::new(move |graph, m| !exception(graph, m)));
        self
    }

    /// Code that is run for each match, after what the rule says. It sees a match once, and again
    /// when a class that it mentions was united or has another value; after [`Rule::again`] each
    /// time that the rule runs. So it must change nothing the second time.
    ///
    /// ```
    /// use egraph_core::egglog::{Rule, Runner, Session};
    ///
    /// let mut session = Session::default();
    /// session.program("(datatype Term (Sym String) (Lam Term Term) (App Term Term))")?;
    /// let (sym, lam) = (session.op("Sym")?, session.op("Lam")?);
    /// let rename = Rule::new("rename", &["(= ?e (Lam (Sym ?x) ?body))"], &[]);
    /// session.rules("", [rename.then(move |graph, m| {
    ///     let x: String = graph.get(m.get("?x")).unwrap_or_default();
    ///     let fresh = graph.value(format!("{}_", x.trim_end_matches('_')));
    ///     let fresh = graph.make(sym, &[fresh])?;
    ///     graph.make(lam, &[fresh, m.get("?body")])?;
    ///     Ok(())
    /// })])?;
    /// session.add("(Lam (Sym \"x\") (Sym \"y\"))")?;
    /// Runner::new().run(&mut session)?;
    /// assert_eq!(session.size("Lam"), Some(2));
    /// # Ok::<(), egraph_core::egglog::Error>(())
    /// ```
    #[must_use]
    pub fn then(
        mut self,
        applier: impl Fn(&mut Graph<'_>, &Match<'_>) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Rule {
        self.applier = Some(Arc::new(applier));
        self
    }

    /// All matches are looked at each time that the rule runs.
    #[must_use]
    pub fn again(mut self) -> Rule {
        self.again = true;
        self
    }
}

impl Session {
    /// Adds rules to a rule set, which is declared if there is none of that name; the empty name is
    /// the default set's.
    ///
    /// # Errors
    /// A rule has no meaning; those before it stay.
    pub fn rules(
        &mut self,
        ruleset: &str,
        rules: impl IntoIterator<Item = Rule>,
    ) -> Result<(), Error> {
        if !ruleset.is_empty() && !self.has_ruleset(ruleset) {
            self.command(&crate::lang::syntax::Command::Ruleset(
                crate::lang::syntax::Span::default(),
                Name::from(ruleset),
            ))?;
        }
        let set = (!ruleset.is_empty()).then(|| Name::from(ruleset));
        for rule in rules {
            let conditions = rule.conditions.into_iter().map(RuleCode::Condition);
            let codes = conditions.chain(rule.applier.map(RuleCode::Applier)).collect();
            self.add_rule(&rule.name, &rule.text, set.as_ref(), codes, rule.again)?;
        }
        Ok(())
    }
}

/// A rewrite: `rewrite!("name"; "left" => "right")`, `<=>` for both directions, and conditions
/// after `if`.
///
/// ```
/// use egraph_core::egglog::{Runner, Session, rewrite};
///
/// let mut session = Session::default();
/// session.program("(datatype Math (Num i64) (Add Math Math) (Mul Math Math) (Shl Math i64))")?;
/// session.guard("power-of-two", |n: i64| n > 0 && n & (n - 1) == 0)?;
/// session.primitive("trailing-zeros", |n: i64| i64::from(n.trailing_zeros()))?;
/// session.rules("algebra", [
///     rewrite!("comm"; "(Mul ?a ?b)" => "(Mul ?b ?a)"),
///     rewrite!("dist"; "(Mul ?a (Add ?b ?c))" <=> "(Add (Mul ?a ?b) (Mul ?a ?c))"),
///     rewrite!("shift"; "(Mul ?a (Num ?n))" => "(Shl ?a (trailing-zeros ?n))" if "(power-of-two ?n)"),
/// ])?;
/// let term = session.add("(Mul (Num 8) (Num 3))")?;
/// Runner::new().ruleset("algebra").run(&mut session)?;
/// let shifted = session.add("(Shl (Num 3) 3)")?;
/// assert!(session.equal(term, shifted));
/// # Ok::<(), egraph_core::egglog::Error>(())
/// ```
#[macro_export]
macro_rules! rewrite {
    ($name:expr; $left:literal => $right:literal $(if $($when:literal),+)?) => {
        $crate::egglog::Rule::rewrite($name, $left, $right, &[$($($when),+)?])
    };
    ($name:expr; $left:literal <=> $right:literal $(if $($when:literal),+)?) => {
        $crate::egglog::Rule::birewrite($name, $left, $right, &[$($($when),+)?])
    };
}

/// A rule: `rule!("name"; "fact", … => "action", …)`.
///
/// ```
/// use egraph_core::egglog::{Runner, Session, rule};
///
/// let mut session = Session::default();
/// session.program("(relation edge (i64 i64)) (relation path (i64 i64))")?;
/// session.rules("", [
///     rule!("edge"; "(edge ?a ?b)" => "(path ?a ?b)"),
///     rule!("step"; "(path ?a ?b)", "(edge ?b ?c)" => "(path ?a ?c)"),
/// ])?;
/// session.program("(edge 1 2) (edge 2 3) (edge 3 4)")?;
/// Runner::new().run(&mut session)?;
/// assert_eq!(session.size("path"), Some(6));
/// # Ok::<(), egraph_core::egglog::Error>(())
/// ```
#[macro_export]
macro_rules! rule {
    ($name:expr; $($fact:literal),+ => $($action:literal),+) => {
        $crate::egglog::Rule::new($name, &[$($fact),+], &[$($action),+])
    };
}
