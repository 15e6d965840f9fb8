//! Runs that count only while the cores are as fast as they can be, as `ovum bench engine --steady`
//! has them.

use std::hint::black_box;
use std::io::Write;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How long to wait for full speed with each figure: seconds of `OVUM_STEADY`. Every run counts
/// without the variable.
static PATIENCE: LazyLock<Option<Duration>> = LazyLock::new(|| {
    let text = std::env::var("OVUM_STEADY").ok()?;
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Some(seconds.unwrap_or_else(|| panic!("OVUM_STEADY: {text} is no time in seconds")))
});
/// How long full speed is looked for at first; a faster loop later counts from then on.
const FIRST: Duration = Duration::from_millis(300);
/// So much slower than at best the loop may be.
const SLACK: f64 = 1.1;

/// The time of a short loop that keeps all of this core busy. A core of a virtual machine is often
/// half of a processor's, and slower while somebody else is at work on the other half.
pub(crate) fn pace() -> Duration {
    let mut chains: [u64; 6] = black_box([1, 2, 3, 5, 8, 13]);
    let start = Instant::now();
    for step in 0..20_000_u64 {
        for chain in &mut chains {
            *chain = (chain.rotate_left(7) ^ step).wrapping_add(step);
        }
    }
    black_box(chains);
    start.elapsed()
}

/// Repeats runs beside which the cores were slow.
pub(crate) struct Watch<P> {
    pace: P,
    fastest: Duration,
}

impl<P: Fn() -> Duration> Watch<P> {
    /// Watches the cores on which `pace` times the loop.
    pub(crate) fn new(pace: P) -> Self {
        let start = Instant::now();
        let mut watch = Self { pace, fastest: Duration::MAX };
        while PATIENCE.is_some() && start.elapsed() < FIRST {
            watch.look();
        }
        watch
    }

    fn look(&mut self) -> Duration {
        let now = (self.pace)();
        self.fastest = self.fastest.min(now);
        now
    }

    /// Nanoseconds of so many runs of one figure. When patience has ended they are of any speed, and
    /// the standard error output says how many.
    pub(crate) fn times(&mut self, runs: usize, mut run: impl FnMut() -> Duration) -> Vec<f64> {
        let Some(patience) = *PATIENCE else {
            return (0..runs).map(|_| run().as_secs_f64() * 1e9).collect();
        };
        let (start, mut times, mut slow) = (Instant::now(), Vec::with_capacity(runs), 0_usize);
        while times.len() < runs {
            let before = self.look();
            let time = run();
            let is_slow = before.max(self.look()) > self.fastest.mul_f64(SLACK);
            if !is_slow || start.elapsed() > patience {
                slow += usize::from(is_slow);
                times.push(time.as_secs_f64() * 1e9);
            }
        }
        if slow > 0 {
            let said = writeln!(std::io::stderr(), "{slow} of {runs} runs on slow cores");
            drop(said);
        }
        times
    }
}
