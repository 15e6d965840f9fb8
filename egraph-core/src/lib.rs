//! The e-graph engine: per-operator tables, region-stamped classes, rules, schedules.
