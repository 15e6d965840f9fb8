//! What a process has used: CPU time, peak memory, and the cores it may use.

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::time::Duration;

/// What the process used from its start.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// User and system time of all threads; resolution below a microsecond.
    pub cpu: Duration,
    /// The largest resident set so far, in KiB (`VmHWM`); 0 where `/proc` does not tell.
    pub peak_rss_kb: u64,
}

impl Usage {
    /// Reads the process's clock, then its peak memory.
    pub fn now() -> Usage {
        Usage { cpu: cpu_time(), peak_rss_kb: peak_rss_kb() }
    }
}

/// User and system time of all threads of this process.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), time.tv_nsec as u32)
}

fn peak_rss_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Keeps this thread, and every thread that it starts later, on `count` cores from `first` on.
///
/// # Errors
/// What the system says, if there are no such cores.
pub fn pin(first: usize, count: usize) -> Result<(), String> {
    let mut cores = CpuSet::new();
    for core in first..first + count {
        if core >= CpuSet::MAX_CPU {
            return Err(format!("there is no core {core}"));
        }
        cores.set(core);
    }
    sched_setaffinity(None, &cores).map_err(|error| format!("cores from {first} on: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_and_memory_is_used() {
        let before = Usage::now();
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
        assert_eq!(sum, 64 << 20);
        let after = Usage::now();
        assert!(after.cpu > before.cpu);
        assert!(after.peak_rss_kb >= before.peak_rss_kb.max(64 << 10));
    }

    #[test]
    fn no_machine_has_a_core_of_that_number() {
        assert!(pin(1 << 20, 1).is_err());
    }
}
