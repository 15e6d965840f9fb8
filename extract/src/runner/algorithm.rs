//! What can be asked for by name: an extractor of this process, or a program.

use super::plugin::{Plugin, PluginError};
use super::process::Usage;
use crate::extractor::{Control, Extractor, Outcome, Status};
use crate::problem::Problem;
use crate::registry::extractor;

/// Where an answer comes from.
pub enum Algorithm {
    /// An extractor of this process.
    Extractor(Box<dyn Extractor>),
    /// A program of its own.
    Plugin(Plugin),
}

/// An answer, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// What was chosen and is claimed.
    pub outcome: Outcome,
    /// Whether a program was killed at the time limit after its last answer.
    pub killed: bool,
    /// What a program used; nothing for an extractor of this process.
    pub usage: Usage,
}

impl Algorithm {
    /// The algorithm of a name: an extractor's, or `cmd:` and a command.
    pub fn named(name: &str) -> Option<Algorithm> {
        match name.strip_prefix("cmd:") {
            Some(command) => Plugin::new(command).map(Algorithm::Plugin),
            None => extractor(name).map(Algorithm::Extractor),
        }
    }

    /// The name that it is asked for by.
    pub fn name(&self) -> &str {
        match self {
            Algorithm::Extractor(extractor) => extractor.name(),
            Algorithm::Plugin(plugin) => plugin.name(),
        }
    }

    /// Answers a problem; `improved` is told of the answers of a program as they come.
    ///
    /// # Errors
    /// If a program gives no answer.
    pub fn solve(
        &self,
        problem: &Problem,
        control: &Control,
        improved: &mut dyn FnMut(&Outcome),
    ) -> Result<Solved, PluginError> {
        match self {
            Algorithm::Extractor(extractor) => {
                if problem.effects().is_some() && !extractor.caps().states {
                    let outcome = Outcome::without_choices(problem, Status::Unsupported);
                    return Ok(Solved { outcome, killed: false, usage: Usage::default() });
                }
                let outcome = extractor.extract(problem, control);
                Ok(Solved { outcome, killed: false, usage: Usage::default() })
            }
            Algorithm::Plugin(plugin) => {
                let answer = plugin.solve(problem, control, improved)?;
                Ok(Solved { outcome: answer.outcome, killed: answer.killed, usage: answer.usage })
            }
        }
    }
}
