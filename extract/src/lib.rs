//! Extraction from e-graphs: a frozen dense view, extractors, an independent checker.
