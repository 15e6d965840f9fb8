//! What the operating system knows of processes: processor time, memory, limits, signals.
//!
//! Source: proc(5), setrlimit(2), prctl(2). On systems other than Linux nothing is measured, no
//! memory is limited, and a killed process may leave children behind.

use std::process::Child;

/// What a process has used up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time of the process and of its children that have ended, in seconds.
    pub cpu_seconds: Option<f64>,
    /// The most memory that it held at one time, in bytes.
    pub peak_rss: Option<u64>,
}

impl Usage {
    /// Of two measurements of one process, what both know: usage only grows.
    pub fn max(self, other: Usage) -> Usage {
        let cpu = self.cpu_seconds.unwrap_or(0.0).max(other.cpu_seconds.unwrap_or(0.0));
        let known = self.cpu_seconds.is_some() || other.cpu_seconds.is_some();
        Usage { cpu_seconds: known.then_some(cpu), peak_rss: self.peak_rss.max(other.peak_rss) }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use super::{Child, Usage};
    use rustix::process::{
        Pid, Resource, Rlimit, Signal, kill_process_group, set_parent_process_death_signal,
        setrlimit,
    };
    use rustix::time::{ClockId, clock_gettime};
    use std::fs;

    /// The kernel counts processor time in proc(5) in hundredths of a second (`USER_HZ`), on every
    /// architecture that Rust's standard library runs on.
    const TICKS: f64 = 100.0;

    pub(super) fn own_usage() -> Usage {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let own = time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9;
        let children = stat("self").map_or(0.0, |times| times.children);
        Usage { cpu_seconds: Some(own + children), peak_rss: peak_rss("self") }
    }

    pub(super) fn usage(child: &Child) -> Usage {
        let id = child.id().to_string();
        let cpu_seconds = stat(&id).map(|times| times.own + times.children);
        Usage { cpu_seconds, peak_rss: peak_rss(&id) }
    }

    struct Times {
        own: f64,
        children: f64,
    }

    fn stat(id: &str) -> Option<Times> {
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name may hold anything; the fields follow its closing parenthesis.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let seconds = |at: usize| Some(fields.get(at)?.parse::<f64>().ok()? / TICKS);
        Some(Times { own: seconds(11)? + seconds(12)?, children: seconds(13)? + seconds(14)? })
    }

    fn peak_rss(id: &str) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    }

    pub(super) fn limit_memory(bytes: u64) -> bool {
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        setrlimit(Resource::As, limit).is_ok()
    }

    pub(super) fn end_with_parent() {
        // Where this is refused, the sweep's own end leaves the child to its time limit.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
    }

    pub(super) fn kill_group(child: &Child) {
        // A group that has ended is what was wanted.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Child, Usage};

    pub(super) fn own_usage() -> Usage {
        Usage::default()
    }

    pub(super) fn usage(_child: &Child) -> Usage {
        Usage::default()
    }

    pub(super) fn limit_memory(_bytes: u64) -> bool {
        false
    }

    pub(super) fn end_with_parent() {}

    pub(super) fn kill_group(_child: &Child) {}
}

/// What this process has used, to the microsecond.
pub fn own_usage() -> Usage {
    system::own_usage()
}

/// What a child that has not been waited for has used, to the hundredth of a second.
pub fn usage(child: &Child) -> Usage {
    system::usage(child)
}

/// Caps the address space of this process and of those that it starts; `false` where the system
/// knows no such limit or refuses it. An allocation beyond it ends the process.
pub fn limit_memory(bytes: u64) -> bool {
    system::limit_memory(bytes)
}

/// Has this process killed when the thread that started it ends.
pub fn end_with_parent() {
    system::end_with_parent();
}

/// Kills a child and, if it leads a process group, all of the group.
pub fn kill_tree(child: &mut Child) {
    system::kill_group(child);
    // It may have ended by itself.
    let _ = child.kill();
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_something() {
        let start = std::time::Instant::now();
        while start.elapsed().as_millis() < 20 {}
        let usage = own_usage();
        assert!(usage.cpu_seconds.unwrap() > 0.01, "{usage:?}");
        assert!(usage.peak_rss.unwrap() > 100_000, "{usage:?}");
    }

    #[test]
    fn usage_only_grows() {
        let known = Usage { cpu_seconds: Some(2.0), peak_rss: Some(5) };
        let other = Usage { cpu_seconds: Some(1.0), peak_rss: None };
        assert_eq!(known.max(other), known);
        assert_eq!(other.max(known), known);
        assert_eq!(Usage::default().max(Usage::default()), Usage::default());
    }
}
