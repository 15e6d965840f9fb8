//! One workload on Ovum, with the system's allocator, as the library comes.

use benches::engines::ovum;
use benches::peer::{self, Job, Peer};

fn main() {
    let run = |job: &Job| -> Result<peer::Count, String> {
        let finished = ovum::run(job)?;
        Ok(Box::new(move |classes| finished.outcome(classes)))
    };
    let version = env!("CARGO_PKG_VERSION");
    std::process::exit(peer::main(&Peer { engine: "ovum", version, limits: true, run }));
}
