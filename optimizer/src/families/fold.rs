//! Constant folding. The analysis evaluates operations on constants by the interpreter's own
//! definitions; what is left for rules is choice by a constant: `optimizer/rules/fold.egg`.

use super::files::{Pair, pairs};
use crate::facts::FactAnalysis;
use crate::language::Language;
use egraph_core::Rule;
use std::sync::LazyLock;

static PAIRS: LazyLock<Vec<Pair>> =
    LazyLock::new(|| pairs("fold.egg", include_str!("../../rules/fold.egg")));

pub(super) fn rules(_: &Language) -> Vec<Rule<FactAnalysis>> {
    PAIRS.iter().map(Pair::rule).collect()
}
