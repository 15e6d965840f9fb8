//! Names of rules. Most rules are given none and are called by their text, which few programs ever
//! ask for: it is put together when they do.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use smol_str::SmolStr;

use super::super::syntax::{Rewrite, Rule};

/// The name of a rule. Clones are the same name.
#[derive(Clone)]
pub struct RuleName(Arc<Origin>);

#[derive(Debug)]
enum Origin {
    Given(SmolStr),
    Rule(Arc<Rule>),
    /// With what tells the directions of a rewrite apart.
    Rewrite(Arc<Rewrite>, &'static str),
}

impl RuleName {
    pub(super) fn of_rule(rule: &Arc<Rule>) -> Self {
        Self(Arc::new(match &*rule.name {
            "" => Origin::Rule(rule.clone()),
            given => Origin::Given(given.into()),
        }))
    }

    pub(super) fn of_rewrite(rewrite: &Arc<Rewrite>, direction: &'static str) -> Self {
        Self(Arc::new(match &*rewrite.name {
            "" => Origin::Rewrite(rewrite.clone(), direction),
            given => Origin::Given(format!("{given}{direction}").into()),
        }))
    }

    /// The name given; else the text of the rule or rewrite, its quotes single.
    pub fn text(&self) -> Cow<'_, str> {
        match &*self.0 {
            Origin::Given(name) => Cow::Borrowed(name),
            Origin::Rule(rule) => Cow::Owned(rule.to_string().replace('"', "'")),
            Origin::Rewrite(rewrite, direction) => {
                Cow::Owned(format!("{}{direction}", rewrite.to_string().replace('"', "'")))
            }
        }
    }

    /// A number that no other name has while this one exists.
    pub(crate) fn number(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text(), f)
    }
}
