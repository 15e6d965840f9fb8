//! Benchmarks of the engine beside egg and egglog.
