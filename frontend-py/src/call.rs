//! Calls as text.
