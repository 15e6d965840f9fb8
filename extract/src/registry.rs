//! The extractors that exist: those that ship, one line each, and those that a program brings.

use crate::annealing::Annealing;
use crate::auto::Auto;
use crate::beam::Beam;
use crate::bottom_up::BottomUp;
use crate::effects::{GreedyWalks, StateWalks};
use crate::exact::BranchAndBound;
use crate::extractor::Extractor;
use crate::global_greedy::GlobalGreedy;
use crate::greedy_dag::GreedyDag;
use crate::local_search::LocalSearch;
use crate::reduce::Reduced;
use crate::treewidth::Treewidth;
use std::sync::{PoisonError, RwLock};

/// The extractors that ship, one line each.
fn shipped() -> Vec<Box<dyn Extractor>> {
    vec![
        Box::new(Auto),
        Box::new(BottomUp),
        Box::new(GreedyDag),
        Box::new(Reduced { inner: GreedyDag, name: "reduced-greedy-dag" }),
        Box::new(GlobalGreedy),
        Box::new(Reduced { inner: GlobalGreedy, name: "reduced-global-greedy" }),
        Box::new(Reduced { inner: Beam, name: "beam" }),
        Box::new(LocalSearch),
        Box::new(Reduced { inner: LocalSearch, name: "reduced-local-search" }),
        Box::new(Annealing),
        Box::new(Reduced { inner: Annealing, name: "reduced-annealing" }),
        Box::new(Reduced { inner: Treewidth, name: "treewidth" }),
        Box::new(BranchAndBound),
        Box::new(GreedyWalks),
        Box::new(StateWalks),
        #[cfg(feature = "maxsat")]
        Box::new(Reduced { inner: crate::maxsat::MaxSat, name: "maxsat" }),
        #[cfg(feature = "highs")]
        Box::new(crate::milp::Milp),
    ]
}

type Maker = fn() -> Box<dyn Extractor>;

/// The extractors that a program brings along, in order of registration.
static REGISTERED: RwLock<Vec<Maker>> = RwLock::new(Vec::new());

/// Makes an extractor of the program's own known by its name, everywhere in this process: on the
/// command line, in lists, sweeps and reports. Of two extractors with one name, the first is found.
///
/// ```
/// extract::register(|| Box::new(extract::BottomUp));
/// assert_eq!(extract::extractors().last().map(|last| last.name()), Some("bottom-up"));
/// ```
pub fn register(make: fn() -> Box<dyn Extractor>) {
    REGISTERED.write().unwrap_or_else(PoisonError::into_inner).push(make);
}

/// Every extractor: those that ship, and those of [`register`].
pub fn extractors() -> Vec<Box<dyn Extractor>> {
    let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
    shipped().into_iter().chain(registered.iter().map(|make| make())).collect()
}

/// The extractor of this name.
pub fn extractor(name: &str) -> Option<Box<dyn Extractor>> {
    extractors().into_iter().find(|extractor| extractor.name() == name)
}
