//! Tests of the front end as its users see it.

mod conformance;
mod harness;
mod messages;
mod robust;
mod shape;
mod type_messages;
