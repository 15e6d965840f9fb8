//! How fast cores are at the moment.
//!
//! A core of a virtual machine is often half of a processor's, and somebody else's work on the other
//! half, or in its stead, makes it up to two times slower for as long as that lasts. A loop that
//! keeps all of a core busy tells.

use crate::usage::pin;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// How long the loop runs.
const TIME: Duration = Duration::from_millis(2);
/// Steps between two looks at the clock.
const STEPS: u32 = 1 << 14;

/// Nanoseconds of a step of a loop on the slowest of `count` cores from `first` on, which all run it
/// at the same time.
///
/// # Errors
/// What the system says, if there are no such cores.
pub(crate) fn slowest(first: usize, count: usize) -> Result<f64, String> {
    let all_there = &Barrier::new(count);
    let pace_of = |core| {
        move || {
            let pinned = pin(core, 1);
            all_there.wait();
            pinned.map(|()| pace())
        }
    };
    thread::scope(|scope| {
        let cores = first..first + count;
        let threads: Vec<_> = cores.map(|core| scope.spawn(pace_of(core))).collect();
        threads.into_iter().try_fold(0.0_f64, |slowest, thread| {
            let pace = thread.join().map_err(|_| "the loop panicked".to_owned())??;
            Ok(slowest.max(pace))
        })
    })
}

/// Nanoseconds of a step on this core. A step has more operations than a core can begin in the time
/// in which its longest chain of three ends.
fn pace() -> f64 {
    let mut chains: [u64; 6] = black_box([1, 2, 3, 5, 8, 13]);
    let (started, mut steps) = (Instant::now(), 0);
    loop {
        for step in steps..steps + STEPS {
            for chain in &mut chains {
                *chain = (chain.rotate_left(7) ^ u64::from(step)).wrapping_add(u64::from(step));
            }
        }
        steps += STEPS;
        let time = started.elapsed();
        if time > TIME {
            black_box(chains);
            return time.as_nanos() as f64 / f64::from(steps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_a_few_cycles() {
        let pace = slowest(0, 1).unwrap();
        assert!((0.1..1000.0).contains(&pace), "{pace} ns");
    }

    #[test]
    fn cores_that_are_not_there_are_refused() {
        assert!(slowest(1 << 20, 1).is_err());
    }
}
