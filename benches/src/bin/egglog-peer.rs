//! One workload on egglog, with the allocator of egglog's own command.

use benches::engines::egglog;
use benches::peer::{self, Job, Peer};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let run = |job: &Job| -> Result<peer::Count, String> {
        let text = job.program.to_egglog().ok_or("egglog has no equivalent of this program")?;
        let finished = egglog::run(&job.name, &text, job.threads)?;
        Ok(Box::new(move |classes| finished.outcome(classes)))
    };
    std::process::exit(peer::main(&Peer {
        engine: "egglog",
        version: "3.0.0",
        limits: false,
        run,
    }));
}
