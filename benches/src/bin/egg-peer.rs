//! One workload on egg, with the system's allocator, as egg comes.

use benches::engines::run_egg;
use benches::peer::{self, Job, Peer};

fn main() {
    let run = |job: &Job| -> Result<peer::Count, String> {
        let outcome = run_egg(&job.program)?;
        Ok(Box::new(move |_| outcome))
    };
    std::process::exit(peer::main(&Peer { engine: "egg", version: "0.11.0", limits: false, run }));
}
