//! Operators that are associative and commutative: one row for any number of operands.
//!
//! A constructor declared `:ac` is a table whose one key is the multiset of the operands:
//! `(Sum a (Sum b a))` is one row with `{a: 2, b: 1}`. Before a row is added, operands whose class
//! has a row of the operator are replaced by that row's operands, units are left out, an
//! annihilator takes the place of all, and a multiset of one is its element. So two terms without
//! other equalities are equal under associativity, commutativity and unit exactly when they are one
//! row: a sum of n leaves costs one row where saturation by rules makes about 3^n.
//!
//! Congruence is that of containers: when classes are united, the multisets that mention them are
//! forwarded, and rows with equal multisets meet.
//!
//! Rows are not taken apart when an operand is united with a sum or the unit later.

use crate::lang::values::{Sort, Values};
use crate::store::{Kind, Refused, Store, TableId, Value};

/// An operator's multisets and distinguished operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    /// Sort of the multisets.
    pub(super) sort: Sort,
    /// Class of the operand that is left out.
    pub(super) unit: Option<Value>,
    /// Class of the operand that takes the place of all.
    pub(super) annihilator: Option<Value>,
}

impl Operator {
    /// The class of the operator applied to operands and the elements of a multiset, all canonical.
    pub(super) fn apply(
        &self,
        values: &Values,
        store: &mut Store,
        table: TableId,
        operands: &[Value],
        rest: Option<Value>,
    ) -> Result<Value, Refused> {
        let output = store.table(table).decl.output;
        let [unit, annihilator] =
            [self.unit, self.annihilator].map(|class| class.map(|c| store.canonical(output, c)));
        let mut counts: Vec<(Value, u32)> = Vec::with_capacity(operands.len());
        let pairs = |bag: Value| {
            values.content(self.sort, bag).chunks_exact(2).map(|pair| (pair[0], pair[1]))
        };
        // The column after the only key is the class of a row.
        store.tables[table as usize].ensure_index(1);
        for operand in operands {
            match row_of(store, table, *operand) {
                Some(bag) => counts.extend(pairs(bag)),
                None => counts.push((*operand, 1)),
            }
        }
        counts.extend(rest.into_iter().flat_map(pairs));
        for (element, _) in &mut counts {
            *element = store.canonical(output, *element);
        }
        if let Some(zero) = annihilator.filter(|zero| counts.iter().any(|(e, _)| e == zero)) {
            return Ok(zero);
        }
        counts.retain(|(element, number)| Some(*element) != unit && *number > 0);
        let name = |store: &Store| store.table(table).decl.name.clone();
        match counts[..] {
            [] => unit.ok_or_else(|| {
                Refused::Failed(format!("`{}` of nothing, and it has no `:unit`", name(store)))
            }),
            [(element, 1)] => Ok(element),
            _ => {
                let Some(bag) = values.multiset(self.sort, counts) else {
                    let why = format!("`{}` has more than 2^24 operands", name(store));
                    return Err(Refused::Failed(why));
                };
                let bag = store.canonical(Kind::Container(self.sort.index() as u32), bag);
                store.make(table, &[bag])
            }
        }
    }
}

/// The multiset of the oldest row of a class, if it has one.
fn row_of(store: &Store, table: TableId, class: Value) -> Option<Value> {
    let rows = store.table(table);
    let listed = rows.index(1)?.get(class).iter().copied();
    let row = listed.filter(|row| !rows.is_dead(*row) && rows.output(*row) == class).min()?;
    Some(rows.keys(row)[0])
}
