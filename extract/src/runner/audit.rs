//! Answers judged by each other: nothing may be cheaper than what was proved to be the least.

use super::row::{Row, RowStatus};
use crate::verify::clearly_below;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// Marks as invalid every row whose claim a legal answer to the same file refutes. Returns how many
/// were marked. Rows of one file must stem from one e-graph.
pub fn audit(rows: &mut [Row]) -> usize {
    let mut least: HashMap<String, (f64, String), FxBuildHasher> = HashMap::default();
    for row in rows.iter() {
        let Some(cost) = row.cost() else { continue };
        let best = least.entry(row.file.clone()).or_insert((f64::INFINITY, String::new()));
        if cost < best.0 {
            *best = (cost, row.extractor.clone());
        }
    }
    let mut refuted = 0;
    for row in rows.iter_mut().filter(|row| row.status.is_answer()) {
        let claimed = if row.status == RowStatus::Optimal { row.dag_cost } else { row.bound };
        let (Some(claimed), Some((other, who))) = (claimed, least.get(&row.file)) else { continue };
        if clearly_below(*other, claimed) {
            row.status = RowStatus::Invalid;
            row.message =
                Some(format!("claims that nothing is below {claimed}, but {who} found {other}"));
            refuted += 1;
        }
    }
    refuted
}
