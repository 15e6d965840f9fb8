//! Arguments of commands, described only when the command is asked for: describing those of all
//! commands takes longer than a small program in the egglog language.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// Arguments of one command.
#[derive(Debug)]
pub(crate) struct Late<A>(pub(crate) A);

impl<A: Args> Args for Late<A> {
    fn augment_args(command: Command) -> Command {
        command.defer(A::augment_args)
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(A::augment_args_for_update)
    }
}

impl<A: FromArgMatches> FromArgMatches for Late<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches(matches).map(Late)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
