//! Runs that count only while the cores are as fast as they can be.
//!
//! On a machine shared with others the same run takes half as long again, or twice as long, while
//! somebody else is at work on the other half of a core. The median of a few rounds then tells more
//! of them than of the engines, and the gain of a second thread nothing at all. Before each run and
//! after it a short loop on the cores in use tells how fast they are; a run with slower ones is
//! repeated for a while.

use super::peers::{Answer, Peer, Request};
use crate::error::Result;
use std::time::{Duration, Instant};

/// How long full speed is looked for at first; a faster loop later counts from then on.
const FIRST: Duration = Duration::from_secs(1);
/// So much slower a loop may be than the fastest: when nobody disturbs them, one in ten takes more
/// than a twentieth longer (Emerald Rapids, virtual).
const SLACK: f64 = 1.1;

/// How fast cores are that nobody disturbs: nanoseconds of a step of the fastest loop so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct FullSpeed(pub(super) f64);

impl FullSpeed {
    /// True of a pace close to the fastest.
    pub(super) fn includes(self, pace: f64) -> bool {
        pace <= self.0 * SLACK
    }
}

/// Watches the cores in use.
pub(super) struct Watch<'a> {
    peer: &'a Peer,
    threads: usize,
    core: usize,
    pub(super) full_speed: FullSpeed,
    /// How long to wait for full speed, for each workload.
    patience: Duration,
}

impl<'a> Watch<'a> {
    /// Finds out what full speed is of as many cores as there are threads, from one on.
    pub(super) fn new(
        peer: &'a Peer,
        threads: usize,
        core: usize,
        patience: Duration,
    ) -> Result<Self> {
        let full_speed = FullSpeed(f64::INFINITY);
        let mut watch = Self { peer, threads, core, full_speed, patience };
        let started = Instant::now();
        while started.elapsed() < FIRST {
            watch.look()?;
        }
        Ok(watch)
    }

    /// How long a step of the loop takes now.
    fn look(&mut self) -> Result<f64> {
        let pace = self.peer.pace(self.threads, self.core)?;
        self.full_speed = FullSpeed(self.full_speed.0.min(pace));
        Ok(pace)
    }

    /// When patience with a workload ends that begins now.
    pub(super) fn until(&self) -> Option<Instant> {
        Instant::now().checked_add(self.patience)
    }

    /// Runs a workload at full speed, or at whatever speed there is when patience ends.
    pub(super) fn run(
        &mut self,
        peer: &Peer,
        request: &Request<'_>,
        until: Option<Instant>,
    ) -> Result<Answer> {
        loop {
            let patient = || until.is_none_or(|until| Instant::now() < until);
            let mut before = self.look()?;
            while !self.full_speed.includes(before) && patient() {
                before = self.look()?;
            }
            let mut answer = peer.run(request);
            let pace = before.max(self.look()?);
            if let Answer::Sample(sample) = &mut answer {
                sample.pace = Some(pace);
                if !self.full_speed.includes(pace) && patient() {
                    continue;
                }
            }
            return Ok(answer);
        }
    }
}
