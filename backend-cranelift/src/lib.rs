//! RVSDG to machine code through Cranelift.
