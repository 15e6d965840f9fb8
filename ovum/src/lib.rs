//! Ovum: Python functions through equality saturation to machine code and MLIR.
