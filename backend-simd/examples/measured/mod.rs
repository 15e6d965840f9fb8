//! What the examples that time kernels share: sizes, names, numbers, and the clock.

mod steady;

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
pub(crate) use steady::{Watch, pace};

/// Numbers of elements, increasing: those of `OVUM_KERNEL_SIZES`, or a cacheful and many.
pub(crate) static SIZES: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let text = std::env::var("OVUM_KERNEL_SIZES").unwrap_or_else(|_| "4096,1000000".to_owned());
    let size = |word: &str| word.parse().unwrap_or_else(|e| panic!("OVUM_KERNEL_SIZES: {e}"));
    text.split(',').map(size).collect()
});

/// Whether a kernel is among those of `OVUM_KERNEL_NAMES`; all are, without the variable.
pub(crate) fn is_wanted(name: &str) -> bool {
    static NAMES: LazyLock<Option<String>> =
        LazyLock::new(|| std::env::var("OVUM_KERNEL_NAMES").ok());
    NAMES.as_ref().is_none_or(|names| names.split(',').any(|wanted| wanted == name))
}

/// Numbers of an array: the largest size, and enough to begin a cache line.
pub(crate) fn memory() -> usize {
    SIZES[SIZES.len() - 1] + 64
}

/// Numbers in 0..1 by a linear congruence (D. E. Knuth, MMIX).
pub(crate) fn random() -> impl FnMut() -> f64 {
    let mut state = 1_u64;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// From so many elements on, runs are timed by the thread's processor time, as the rivals' are: a run
/// of milliseconds may be preempted. Reading that clock takes too long for shorter ones.
const MANY: usize = 10_000;

/// Nanoseconds of a run by the wall clock, the median of some.
pub(crate) fn median(runs: usize, run: impl FnMut()) -> f64 {
    let start = Instant::now();
    median_by(|| start.elapsed(), runs, run)
}

fn median_by(clock: impl Fn() -> Duration, runs: usize, mut run: impl FnMut()) -> f64 {
    type Core = Watch<fn() -> Duration>;
    static WATCH: LazyLock<Mutex<Core>> = LazyLock::new(|| Mutex::new(Watch::new(pace)));
    let mut watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
    middle(watch.times(runs, || {
        let start = clock();
        run();
        clock().saturating_sub(start)
    }))
}

/// The median.
pub(crate) fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Processor time of this thread.
#[cfg(unix)]
fn processor_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Nanoseconds per element of a run over `n` by this thread, the median of some.
pub(crate) fn per_element(n: usize, run: impl FnMut()) -> f64 {
    let runs = match n {
        0..MANY => 401,
        MANY..5_000_000 => 25,
        _ => 5,
    };
    #[cfg(unix)]
    if n >= MANY {
        return median_by(processor_time, runs, run) / n as f64;
    }
    median(runs, run) / n as f64
}
