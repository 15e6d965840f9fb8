//! Which rule sets run when.

use std::fmt;

use crate::{Analysis, Rules};

/// A program over rule sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// One search of the set, one commit, one rebuild.
    Run(String),
    /// One search over the union of sets on one frozen e-graph, then one commit. The parts must be
    /// `Run` or `Union`.
    Union(Vec<Schedule>),
    /// One after the other.
    Seq(Vec<Schedule>),
    /// A fixed number of times, or until nothing changes.
    Repeat(usize, Box<Schedule>),
    /// Until nothing changes.
    Saturate(Box<Schedule>),
}

impl Schedule {
    /// Runs one set until nothing changes.
    pub fn saturate(set: impl Into<String>) -> Self {
        Self::Saturate(Box::new(Self::Run(set.into())))
    }
}

/// A schedule that does not fit the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// No set has this name.
    UnknownSet(String),
    /// A union contains something other than sets.
    NotASet,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSet(name) => write!(f, "unknown rule set `{name}`"),
            Self::NotASet => write!(f, "only rule sets can be run as a union"),
        }
    }
}

impl std::error::Error for ScheduleError {}

/// A schedule with its names resolved to rule indices.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    Run(Vec<usize>),
    Seq(Vec<Plan>),
    Repeat(usize, Box<Plan>),
}

impl Plan {
    pub(crate) fn resolve<A: Analysis>(
        schedule: &Schedule,
        rules: &Rules<A>,
    ) -> Result<Self, ScheduleError> {
        Ok(match schedule {
            Schedule::Run(_) | Schedule::Union(_) => {
                let mut indices = Vec::new();
                collect(schedule, rules, &mut indices)?;
                Self::Run(indices)
            }
            Schedule::Seq(parts) => {
                let parts = parts.iter().map(|part| Self::resolve(part, rules));
                Self::Seq(parts.collect::<Result<_, _>>()?)
            }
            Schedule::Repeat(times, part) => {
                Self::Repeat(*times, Box::new(Self::resolve(part, rules)?))
            }
            Schedule::Saturate(part) => {
                Self::Repeat(usize::MAX, Box::new(Self::resolve(part, rules)?))
            }
        })
    }
}

/// Rules of a union, in order, each once.
fn collect<A: Analysis>(
    schedule: &Schedule,
    rules: &Rules<A>,
    indices: &mut Vec<usize>,
) -> Result<(), ScheduleError> {
    match schedule {
        Schedule::Run(name) => {
            let set = rules.set(name).ok_or_else(|| ScheduleError::UnknownSet(name.clone()))?;
            for rule in set {
                if !indices.contains(rule) {
                    indices.push(*rule);
                }
            }
            Ok(())
        }
        Schedule::Union(parts) => parts.iter().try_for_each(|part| collect(part, rules, indices)),
        _ => Err(ScheduleError::NotASet),
    }
}

/// A composition of names as the command line writes it: `A,B|C` runs `A`, then the union of `B`
/// and `C`. `|` binds tighter than `,`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Composition {
    /// One name.
    Set(String),
    /// `a|b`
    Union(Vec<Composition>),
    /// `a,b`
    Seq(Vec<Composition>),
}

/// A composition with a name missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompositionError {
    /// Byte offset at which a name was expected.
    pub position: usize,
}

impl fmt::Display for CompositionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a rule set's name is missing at byte {}", self.position)
    }
}

impl std::error::Error for CompositionError {}

impl Composition {
    /// Parses `name (("," | "|") name)*`; white space around names is dropped.
    ///
    /// # Errors
    /// [`CompositionError`] where a name is missing.
    pub fn parse(text: &str) -> Result<Self, CompositionError> {
        let mut steps = Vec::new();
        let mut position = 0;
        for step in text.split(',') {
            let mut sets = Vec::new();
            for name in step.split('|') {
                if name.trim().is_empty() {
                    return Err(CompositionError { position });
                }
                sets.push(Self::Set(name.trim().to_owned()));
                position += name.len() + 1;
            }
            steps.push(if sets.len() == 1 { sets.swap_remove(0) } else { Self::Union(sets) });
        }
        Ok(if steps.len() == 1 { steps.swap_remove(0) } else { Self::Seq(steps) })
    }

    /// The names, in order of appearance.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Set(name) => vec![name],
            Self::Union(parts) | Self::Seq(parts) => parts.iter().flat_map(Self::names).collect(),
        }
    }

    /// The schedule that runs each step until nothing changes.
    pub fn saturating(&self) -> Schedule {
        match self {
            Self::Seq(parts) => Schedule::Seq(parts.iter().map(Self::saturating).collect()),
            Self::Set(_) | Self::Union(_) => Schedule::Saturate(Box::new(self.once())),
        }
    }

    /// The schedule that runs each step once.
    pub fn once(&self) -> Schedule {
        match self {
            Self::Set(name) => Schedule::Run(name.clone()),
            Self::Union(parts) => Schedule::Union(parts.iter().map(Self::once).collect()),
            Self::Seq(parts) => Schedule::Seq(parts.iter().map(Self::once).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str) -> Composition {
        Composition::Set(name.to_owned())
    }

    #[test]
    fn the_bar_binds_tighter_than_the_comma() {
        let parsed = Composition::parse("A, B|C").unwrap();
        let union = Composition::Union(vec![set("B"), set("C")]);
        assert_eq!(parsed, Composition::Seq(vec![set("A"), union]));
        assert_eq!(parsed.names(), ["A", "B", "C"]);
        assert_eq!(Composition::parse(" x.egg ").unwrap(), set("x.egg"));
        let run = |name: &str| Schedule::Run(name.to_owned());
        let bc = Schedule::Saturate(Box::new(Schedule::Union(vec![run("B"), run("C")])));
        assert_eq!(parsed.saturating(), Schedule::Seq(vec![Schedule::saturate("A"), bc]));
    }

    #[test]
    fn missing_names_are_located() {
        let at = |text: &str| Composition::parse(text).unwrap_err().position;
        assert_eq!((at(""), at("A,"), at("A|B,|C"), at(",A")), (0, 2, 4, 0));
    }
}
