//! Schedulers: how many matches a rule may have before it is set aside.

use rustc_hash::FxBuildHasher;

/// Decides, per rule and iteration, whether to search and whether to apply what was found.
pub trait Scheduler {
    /// The most matches the rule may have in this iteration, or `None` to leave the rule out.
    /// The search stops just above that number.
    fn allowance(&mut self, iteration: usize, rule: usize) -> Option<usize>;

    /// Told the number of matches, at most one above the allowance for every chunk of the
    /// table; true to apply them. A session counts all matches, those seen before included; up to
    /// the allowance the number may be too large by matches that unions have made one.
    fn admit(&mut self, iteration: usize, rule: usize, matches: usize) -> bool;

    /// Asked when an iteration changed nothing: true if no rule was left out, so that the rules
    /// are saturated. A scheduler that answers false must let some rule back in.
    fn may_stop(&mut self, iteration: usize) -> bool;
}

/// Which scheduler a [`Runner`](crate::Runner) makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchedulerKind {
    /// Every match of every rule in every iteration.
    #[default]
    Simple,
    /// egg's back-off: a rule with more than `match_limit` matches is left out until `ban_length`
    /// iterations later; both double at each offence.
    Backoff {
        /// Matches allowed at first; egg's default is 1000.
        match_limit: usize,
        /// Iterations from the first offence to the next search; egg's default is 5.
        ban_length: usize,
    },
}

impl SchedulerKind {
    /// A fresh scheduler of this kind.
    pub fn build(self) -> Box<dyn Scheduler> {
        match self {
            Self::Simple => Box::new(Simple),
            Self::Backoff { match_limit, ban_length } => {
                Box::new(Backoff { match_limit, ban_length, bans: hashbrown::HashMap::default() })
            }
        }
    }
}

struct Simple;

impl Scheduler for Simple {
    fn allowance(&mut self, _iteration: usize, _rule: usize) -> Option<usize> {
        Some(usize::MAX)
    }

    fn admit(&mut self, _iteration: usize, _rule: usize, _matches: usize) -> bool {
        true
    }

    fn may_stop(&mut self, _iteration: usize) -> bool {
        true
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Ban {
    times: u32,
    until: usize,
}

struct Backoff {
    match_limit: usize,
    ban_length: usize,
    bans: hashbrown::HashMap<usize, Ban, FxBuildHasher>,
}

fn doubled(base: usize, times: u32) -> usize {
    base.saturating_mul(1usize.checked_shl(times).unwrap_or(usize::MAX))
}

impl Scheduler for Backoff {
    fn allowance(&mut self, iteration: usize, rule: usize) -> Option<usize> {
        let ban = self.bans.entry(rule).or_default();
        (iteration >= ban.until).then(|| doubled(self.match_limit, ban.times))
    }

    fn admit(&mut self, iteration: usize, rule: usize, matches: usize) -> bool {
        let ban = self.bans.entry(rule).or_default();
        if matches <= doubled(self.match_limit, ban.times) {
            return true;
        }
        ban.until = iteration.saturating_add(doubled(self.ban_length, ban.times));
        ban.times += 1;
        false
    }

    fn may_stop(&mut self, iteration: usize) -> bool {
        let mut soonest = usize::MAX;
        // The order of a minimum and of equal subtractions does not matter.
        #[allow(clippy::iter_over_hash_type)]
        {
            for ban in self.bans.values().filter(|ban| ban.until > iteration) {
                soonest = soonest.min(ban.until);
            }
            if soonest == usize::MAX {
                return true;
            }
            for ban in self.bans.values_mut().filter(|ban| ban.until > iteration) {
                ban.until -= soonest - iteration;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_limit_and_ban_and_lets_rules_back_in() {
        let mut s = SchedulerKind::Backoff { match_limit: 10, ban_length: 3 }.build();
        assert_eq!(s.allowance(0, 7), Some(10));
        assert!(s.admit(0, 7, 10));
        assert!(!s.admit(0, 7, 11));
        assert_eq!((s.allowance(1, 7), s.allowance(2, 7)), (None, None));
        assert_eq!(s.allowance(3, 7), Some(20));
        assert!(!s.admit(3, 7, 21));
        assert_eq!(s.allowance(4, 7), None);
        assert!(!s.may_stop(4));
        assert_eq!(s.allowance(5, 7), Some(40));
        assert!(s.admit(5, 7, 40) && s.may_stop(5));
    }
}
