//! Inserting a ground term written as text: for tests, examples and small tools.

use std::fmt;

use crate::pattern::{Apply, Pattern, PayloadText, Term};
use crate::query::{operator, sort_named};
use crate::sexpr::PatternError;
use crate::{Analysis, Children, EClassId, EGraph, Limit, PayloadId, RegionId};

/// Why a term was not inserted; nodes of its sub-terms may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermError {
    /// The text is no ground term over the signature.
    Pattern(PatternError),
    /// The e-graph is full.
    Limit(Limit),
}

impl fmt::Display for TermError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(error) => error.fmt(f),
            Self::Limit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TermError {}

impl From<PatternError> for TermError {
    fn from(error: PatternError) -> Self {
        Self::Pattern(error)
    }
}

impl<A: Analysis> EGraph<A> {
    /// Inserts a term without variables, written as a [`Pattern`], into a region; operators of
    /// explicit sort are written `name:sort`.
    ///
    /// # Errors
    /// [`TermError`].
    pub fn add_term(
        &mut self,
        region: RegionId,
        text: &str,
        mut resolve: impl FnMut(&str) -> Option<PayloadId>,
    ) -> Result<EClassId, TermError> {
        let pattern = Pattern::parse(text)?;
        self.insert_term(region, &pattern.root, &mut resolve)
    }

    fn insert_term(
        &mut self,
        region: RegionId,
        term: &Term,
        resolve: &mut dyn FnMut(&str) -> Option<PayloadId>,
    ) -> Result<EClassId, TermError> {
        let apply: &Apply = match term {
            Term::Apply(apply) => apply,
            Term::Var { position, .. } => {
                return Err(PatternError::new(*position, "a term has no variables").into());
            }
        };
        let error = |message: &str| PatternError::new(apply.position, message);
        let op = operator(&self.signature, apply)?;
        let home = match self.parent(region) {
            Some(parent) if self.signature.decl(op).crosses => parent,
            None if self.signature.decl(op).crosses => {
                return Err(error("the root region has no parent to import from").into());
            }
            _ => region,
        };
        let mut children = Children::new();
        for child in &apply.children {
            children.push(self.insert_term(home, child, resolve)?);
        }
        let payload = match &apply.payload {
            PayloadText::None => PayloadId::NONE,
            PayloadText::Text(text) => {
                resolve(text).ok_or_else(|| error(&format!("unknown payload `{text}`")))?
            }
            PayloadText::Any | PayloadText::Var(_) => {
                return Err(error("a term has no variables").into());
            }
        };
        let sort = match &apply.sort {
            Some(name) => Some(sort_named(&self.signature, name, apply.position)?),
            None if self.signature.decl(op).sort == crate::SortRule::Explicit => {
                return Err(error("the sort is missing: `name:sort`").into());
            }
            None => None,
        };
        self.add(region, op, payload, &children, sort).map_err(TermError::Limit)
    }
}
