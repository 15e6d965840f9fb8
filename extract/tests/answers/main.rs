//! Answers of every extractor, judged by the checker and by exhaustive search.

mod checker;
mod effects;
mod gym;
mod hand_made;
mod large;
#[cfg(feature = "maxsat")]
mod maxsat;
mod random;
mod sources;
