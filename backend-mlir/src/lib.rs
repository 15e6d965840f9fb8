//! RVSDG to MLIR text, and the driver of the MLIR toolchain.
