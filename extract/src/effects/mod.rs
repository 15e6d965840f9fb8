//! Regions and states: the columns that make an answer a program, where a choice per class is not
//! enough.
//!
//! A class is a *value* or a *state*. Values are chosen, one node per class. A state is not chosen:
//! for each live [`Walk`] (a region's states of one kind) an answer has a sequence of *effects*
//! from the state on entry to the resulting state. An effect consumes one state, its
//! [source](Effects::source), and makes the next; each is on its walk at most once, a class may
//! recur. What a node asks of the walks:
//!
//! - it *reads* states: each must be the current one when the node runs;
//! - it *needs* effects: a value of a call needs that very call on its walk, a loop that may never
//!   end needs its own effect;
//! - it *requires* values that run in no given order with it: a loop variable its next value.
//!
//! A walk is live if it is a root's, or if the effect that [opens](Walk::by) it is on its own walk:
//! the state output of a branch or loop opens the walks of its regions. A state that is read in a
//! region whose walk is not live is the outer one, if the instance [keeps](Walk::keeps) it.
//!
//! Nodes of one *event* (the outputs of a branch, of a loop, of a call) run at once, and a region's
//! content runs with its instance's event. An answer is legal if in every region the events, with
//! the values and the walks, can be put in an order; what it costs is the sum over chosen values
//! and effects, each once. A problem's children are what any answer has before a node: of an
//! effect and of a reader also the states.
//!
//! Source: regions and walks as in eggcc's statewalks; what makes a schedule legal was found with
//! random programs against an interpreter.

mod check;
mod columns;
mod exact;
mod json;
pub mod oracle;
mod order;
mod realise;
mod relaxed;
mod walks;

pub use check::{EffectError, Program, check_program};
pub use columns::{EffectSource, Effects, NodeEffects, RegionSource, Walk, WalkSource};
pub use exact::StateWalks;
pub(crate) use json::RawEffects;
pub use realise::GreedyWalks;

use crate::problem::NodeIndex;

/// The effects on each walk, by walk; none where it is not live.
pub type Walks = Vec<Vec<NodeIndex>>;
