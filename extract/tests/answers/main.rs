//! Answers of every extractor, judged by the checker and by exhaustive search.

mod checker;
mod hand_made;
mod large;
mod random;
mod sources;
