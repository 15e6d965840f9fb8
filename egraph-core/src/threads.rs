//! Threads that help the calling one.
//!
//! Waking a thread costs tens of microseconds, more than most rounds of a rule set take. Work is
//! therefore measured as it is done ([`Pace`]), and shared only where the work that is foreseen
//! would keep two threads busy for much longer than that. A thread that helped looks for more for a
//! while before it sleeps, and the calling one for the last piece before it waits: as long as rounds
//! follow one another nobody is woken, and little work is worth sharing. What comes out is the same
//! whichever way is taken: pieces give their results in the order of the pieces, wherever they were
//! done.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder, Yield};

/// Nanoseconds that sharing must save, by what is foreseen, where threads look for work.
const AWAKE: u64 = 15_000;
/// As [`AWAKE`], for work that is done beside other work.
const AWAKE_ASIDE: u64 = 30_000;
/// As [`AWAKE`], where threads have to be woken.
const WORTHWHILE: u64 = 120_000;
/// As [`WORTHWHILE`], where threads have still to be started: besides the time that takes, the
/// allocator is slower from then on.
const WORTH_STARTING: u64 = 200_000;

/// How long a thread that helped looks for more before it sleeps.
const LINGER: Duration = Duration::from_millis(2);
/// A thread that offers its processor and gets it back so late shares it with another.
const CROWDED: Duration = Duration::from_micros(50);
/// How long the calling thread looks for the last pieces before it waits for them.
const IMPATIENCE: Duration = Duration::from_micros(100);
/// Looks between two at the clock.
const LOOKS: u32 = 64;

/// Threads that sessions may share work with. Clones are the same threads.
///
/// ```
/// use egraph_core::egglog::{Options, Pool, Session};
///
/// let options = Options { pool: Some(Pool::new(2)), ..Options::default() };
/// let session = Session::new(options);
/// # let _ = session;
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    /// The calling thread included.
    threads: usize,
    /// Whether sharing is decided by what it saves.
    thrifty: bool,
    /// None inside if the system refused threads.
    pool: OnceLock<Option<Arc<ThreadPool>>>,
    /// Threads that look for work.
    awake: Arc<AtomicUsize>,
}

impl Inner {
    fn new(threads: usize, thrifty: bool, pool: OnceLock<Option<Arc<ThreadPool>>>) -> Arc<Self> {
        Arc::new(Self { threads, thrifty, pool, awake: Arc::default() })
    }

    /// Keeps the threads from sleeping for a while.
    fn rouse(&self, pool: &ThreadPool) {
        let threads = pool.current_num_threads();
        let asleep = self.awake.compare_exchange(0, threads, Ordering::Relaxed, Ordering::Relaxed);
        if asleep.is_ok() {
            let awake = self.awake.clone();
            pool.spawn_broadcast(move |_| {
                linger();
                awake.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }
}

/// Does what there is to do for the thread's pool, until there was nothing for a while or others
/// want the processor. The calling thread may be among these: a thread that sleeps is woken on a
/// processor that is idle, one that is busy stays where it is.
fn linger() {
    let mut idle = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if rayon::yield_now() == Some(Yield::Executed) {
                idle = Instant::now();
            }
            std::hint::spin_loop();
        }
        let asked = Instant::now();
        std::thread::yield_now();
        if asked.duration_since(idle) > LINGER || asked.elapsed() > CROWDED {
            return;
        }
    }
}

/// Where a thread that is to be helped runs.
#[cfg(target_os = "linux")]
fn processor() -> usize {
    rustix::thread::sched_getcpu()
}

/// Where a thread that is to be helped runs, if that is known.
#[cfg(not(target_os = "linux"))]
fn processor() -> usize {
    0
}

/// Moves this thread to another processor than that one, if it may run on another. The system often
/// puts a new thread beside the one that started it and leaves it there for milliseconds, though
/// others are idle. It may be moved again afterwards; what the system refuses is no loss.
#[cfg(target_os = "linux")]
fn step_aside(processor: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let Ok(all) = sched_getaffinity(None) else { return };
    if processor >= CpuSet::MAX_CPU || !all.is_set(processor) || all.count() < 2 {
        return;
    }
    let mut others = all;
    others.unset(processor);
    if sched_setaffinity(None, &others).is_ok() {
        // A thread stays where it is while it may.
        let _ = sched_setaffinity(None, &all);
    }
}

/// Leaves a thread where it is.
#[cfg(not(target_os = "linux"))]
fn step_aside(_processor: usize) {}

/// Looks for a condition, but not for long.
fn await_briefly(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while started.elapsed() < IMPATIENCE {
        for _ in 0..LOOKS {
            if condition() {
                return;
            }
            std::hint::spin_loop();
        }
        std::thread::yield_now();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.0.threads).finish_non_exhaustive()
    }
}

/// The caller's threads: as many work together as the pool has, the calling one among them.
impl From<Arc<ThreadPool>> for Pool {
    fn from(pool: Arc<ThreadPool>) -> Self {
        let threads = pool.current_num_threads();
        Self(Inner::new(threads, true, OnceLock::from(Some(pool))))
    }
}

impl Pool {
    /// So many threads, the calling one among them. The others are started when there is first
    /// enough to do for them; if the system refuses them, the calling thread does everything.
    pub fn new(threads: usize) -> Self {
        Self(Inner::new(threads, true, OnceLock::new()))
    }

    /// As [`Pool::new`], sharing whatever there is to share.
    #[cfg(test)]
    pub(crate) fn lavish(threads: usize) -> Self {
        Self(Inner::new(threads, false, OnceLock::new()))
    }

    /// Whether pieces that are foreseen to take so many nanoseconds are worth sharing.
    pub(crate) fn pays(&self, pieces: impl Iterator<Item = u64> + Clone) -> bool {
        if self.0.threads < 2 {
            return false;
        }
        if !self.0.thrifty {
            return true;
        }
        let all: u64 = pieces.clone().sum();
        let least = match self.0.pool.get() {
            None => WORTH_STARTING,
            Some(_) if self.0.awake.load(Ordering::Relaxed) > 0 => AWAKE,
            Some(_) => WORTHWHILE,
        };
        if all < least {
            return false;
        }
        let longest = pieces.max().unwrap_or(0);
        all - longest.max(all / self.0.threads as u64) >= least
    }

    /// As [`Pool::pays`], for pieces that take at least so long in all.
    pub(crate) fn pays_from(&self, least: u64, pieces: impl Iterator<Item = u64> + Clone) -> bool {
        let enough = !self.0.thrifty || pieces.clone().sum::<u64>() >= least;
        enough && self.pays(pieces)
    }

    /// True where threads were started: sharing starts none then.
    pub(crate) fn is_started(&self) -> bool {
        !self.0.thrifty || self.0.pool.get().is_some()
    }

    /// Wakes the threads, if they were started, for work that will soon be there.
    pub(crate) fn alert(&self) {
        if let Some(Some(pool)) = self.0.pool.get() {
            self.0.rouse(pool);
        }
    }

    /// Does something while another thread works aside whenever it is called to, for which `does`
    /// has its argument. Both have ended in the end.
    pub(crate) fn beside<R>(
        &self,
        aside: impl Fn() + Sync,
        does: impl FnOnce(&dyn Fn()) -> R,
    ) -> R {
        let (aside, called) = (&aside, &AtomicUsize::new(0));
        match self.started() {
            None => does(aside),
            Some(pool) => {
                self.0.rouse(pool);
                pool.in_place_scope(|scope| {
                    let done = does(&|| {
                        // Who was called and has not begun will see this work too.
                        if called.fetch_add(1, Ordering::AcqRel) == 0 {
                            // Those who left in between would sleep again after each call.
                            self.0.rouse(pool);
                            scope.spawn(move |_| {
                                called.store(0, Ordering::Release);
                                aside();
                            });
                        }
                    });
                    await_briefly(|| called.load(Ordering::Acquire) == 0);
                    done
                })
            }
        }
    }

    /// Whether work of so many nanoseconds beside other work is worth the threads that there are.
    pub(crate) fn pays_aside(&self, foreseen: u64) -> bool {
        if self.0.threads < 2 || !self.0.thrifty {
            return self.0.threads > 1;
        }
        let awake = self.0.awake.load(Ordering::Relaxed) > 0;
        self.is_started() && foreseen >= if awake { AWAKE_ASIDE } else { WORTHWHILE }
    }

    fn started(&self) -> Option<&ThreadPool> {
        let start = || {
            if self.0.threads < 2 {
                return None;
            }
            let caller = processor();
            let builder = ThreadPoolBuilder::new().num_threads(self.0.threads - 1);
            let pool = builder.start_handler(move |_| step_aside(caller)).build().ok()?;
            // One that waits for this processor gets it, and leaves it.
            std::thread::yield_now();
            Some(Arc::new(pool))
        };
        self.0.pool.get_or_init(start).as_deref()
    }

    /// The results of a task for pieces, in the order of their numbers. Pieces are taken in the
    /// order given, by each thread with a state of its own.
    pub(crate) fn map<S: Default, R: Send>(
        &self,
        state: &mut S,
        pieces: &[u32],
        task: impl Fn(&mut S, usize) -> R + Sync,
    ) -> Vec<(u32, R)> {
        let next = AtomicUsize::new(0);
        let work = |state: &mut S| {
            let mut done = Vec::with_capacity(pieces.len());
            while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push((*piece, task(state, *piece as usize)));
            }
            done
        };
        let (others, returned) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        let mut done = match self.started() {
            None => work(state),
            Some(pool) => {
                self.0.rouse(pool);
                pool.in_place_scope(|scope| {
                    let helpers = self.0.threads.min(pieces.len()).saturating_sub(1);
                    for _ in 0..helpers {
                        scope.spawn(|_| {
                            let done = work(&mut S::default());
                            others.lock().unwrap_or_else(PoisonError::into_inner).extend(done);
                            returned.fetch_add(1, Ordering::Release);
                        });
                    }
                    let done = work(state);
                    await_briefly(|| returned.load(Ordering::Acquire) == helpers);
                    done
                })
            }
        };
        done.extend(others.into_inner().unwrap_or_else(PoisonError::into_inner));
        done.sort_unstable_by_key(|(piece, _)| *piece);
        done
    }

    /// The results of a task for pieces that it takes, in their order, in which they are begun too.
    pub(crate) fn map_taken<T: Send, R: Send>(
        &self,
        pieces: Vec<T>,
        task: impl Fn(T) -> R + Sync,
    ) -> Vec<R> {
        let numbers: Vec<u32> = (0..pieces.len() as u32).collect();
        let pieces: Vec<Mutex<Option<T>>> =
            pieces.into_iter().map(|piece| Mutex::new(Some(piece))).collect();
        let done = self.map(&mut (), &numbers, |(), at| {
            pieces[at].lock().unwrap_or_else(PoisonError::into_inner).take().map(&task)
        });
        done.into_iter().filter_map(|(_, result)| result).collect()
    }
}

/// How long work takes, as measured.
#[derive(Debug, Default)]
pub(crate) struct Pace(AtomicU32);

impl Clone for Pace {
    fn clone(&self) -> Self {
        Self(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Pace {
    /// Sixteenths of a nanosecond for a step, before anything was measured.
    const USUAL: u64 = 10 << 4;

    /// Nanoseconds of a measurement that are not the steps'.
    const OVERHEAD: u64 = 2_000;
    /// Fewer steps count as so many: what is cold takes longer.
    const FEW: usize = 8;

    /// The nanoseconds that so many steps will take.
    pub(crate) fn foresee(&self, steps: usize) -> u64 {
        let pace = match self.0.load(Ordering::Relaxed) {
            0 => Self::USUAL,
            pace => u64::from(pace),
        };
        (steps as u64).saturating_mul(pace) >> 4
    }

    /// So many steps took so long.
    pub(crate) fn measured(&self, steps: usize, time: Duration) {
        if steps == 0 {
            return;
        }
        let time = (time.as_nanos() as u64).saturating_sub(Self::OVERHEAD);
        let new = time * 16 / steps.max(Self::FEW) as u64;
        let new = match self.0.load(Ordering::Relaxed) {
            0 => new.max(1),
            old => u64::midpoint(new, u64::from(old)),
        };
        self.0.store(u32::try_from(new).unwrap_or(u32::MAX).max(1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_their_results_in_order() {
        let pieces: Vec<u32> = (0..1000).rev().collect();
        for pool in [Pool::new(1), Pool::lavish(3)] {
            let mut state = 0u64;
            let done = pool.map(&mut state, &pieces, |sum, piece| {
                *sum += 1;
                piece * 2
            });
            let expected: Vec<(u32, usize)> = (0..1000).map(|n| (n, n as usize * 2)).collect();
            assert!(state <= 1000);
            assert_eq!(done, expected);
        }
    }

    #[test]
    fn pieces_are_taken_once() {
        let pieces: Vec<Box<u32>> = (0..1000).map(Box::new).collect();
        for pool in [Pool::new(1), Pool::lavish(3)] {
            let done = pool.map_taken(pieces.clone(), |piece| *piece * 2);
            assert_eq!(done, (0..1000).map(|n| n * 2).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn little_work_and_work_in_one_piece_is_not_shared() {
        let pool = Pool::new(2);
        assert!(!pool.pays([1000; 100].into_iter()));
        assert!(!pool.pays([1 << 30, 1000].into_iter()));
        assert!(pool.pays([1 << 20; 4].into_iter()));
        assert!(!Pool::new(1).pays([1 << 20; 4].into_iter()));
        assert!(Pool::lavish(2).pays([1].into_iter()));
        assert!(pool.0.pool.get().is_none(), "nothing was started to find that out");
    }

    #[test]
    fn what_was_measured_is_foreseen() {
        let pace = Pace::default();
        assert_eq!(pace.foresee(10), 100);
        pace.measured(0, Duration::from_secs(1));
        pace.measured(100, Duration::from_micros(6));
        assert_eq!(pace.foresee(10), 400);
        pace.measured(1, Duration::from_micros(5));
        assert!(pace.foresee(100) < 40_000, "a cold step says little");
        pace.measured(1, Duration::from_secs(10));
        assert!(pace.foresee(1) > 1000);
    }
}
