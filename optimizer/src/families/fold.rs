//! Constant folding. The analysis evaluates operations on constants by the interpreter's own
//! definitions; what is left for rules is choice by a constant.

use crate::facts::FactAnalysis;
use crate::language::Language;
use egraph_core::Rule;

pub(super) fn rules(_: &Language) -> Vec<Rule<FactAnalysis>> {
    vec![
        Rule::rewrite("select-true", "(select const[bool:true] ?a ?b)", "?a"),
        Rule::rewrite("select-false", "(select const[bool:false] ?a ?b)", "?b"),
    ]
}
