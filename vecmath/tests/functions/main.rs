//! Accuracy, special values and the equality of every instance.

mod accuracy;
mod recorded;
mod special;
