//! Rows as a Parquet file: the columns of [`csv`](super::csv), typed, absent values as nulls.
//!
//! The plainest form that the format allows: no compression, one data page a column and group of
//! rows, PLAIN values, definition levels in bit-packed runs, metadata in Thrift's compact protocol.
//! Source: the Apache Parquet format, `parquet.thrift` and `Encodings.md` of version 2.10.

use super::csv::COLUMNS;
use super::row::Row;

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// Rows of a group: pages stay far below the 2 GiB that their headers can tell.
const GROUP: usize = 1 << 16;

/// A value of a column.
enum Value<'a> {
    Float(Option<f64>),
    Int(Option<u64>),
    Text(Option<&'a str>),
}

/// The values of a row, in the order of [`COLUMNS`].
fn values(row: &Row) -> [Value<'_>; COLUMNS.len()] {
    use Value::{Float, Int, Text};
    [
        Text(Some(&row.data_set)),
        Text(Some(&row.file)),
        Text(Some(&row.extractor)),
        Int(Some(row.seed)),
        Float(Some(row.time_limit)),
        Int(row.memory_limit),
        Text(Some(row.status.name())),
        Float(row.dag_cost),
        Float(row.tree_cost),
        Float(row.bound),
        Float(row.seconds),
        Float(row.load_seconds),
        Float(Some(row.wall_seconds)),
        Float(row.cpu_seconds),
        Int(row.peak_rss),
        Int(row.nodes),
        Int(row.classes),
        Text(row.message.as_deref()),
    ]
}

/// What a column holds, with the numbers of `parquet.thrift` for it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Float,
    Int,
    Text,
}

/// The kinds of [`COLUMNS`].
const KINDS: [Kind; COLUMNS.len()] = {
    use Kind::{Float, Int, Text};
    [
        Text, Text, Text, Int, Float, Int, Text, Float, Float, Float, Float, Float, Float, Float,
        Int, Int, Int, Text,
    ]
};

impl Kind {
    /// DOUBLE, INT64, `BYTE_ARRAY`.
    fn physical(self) -> i64 {
        match self {
            Kind::Float => 5,
            Kind::Int => 2,
            Kind::Text => 6,
        }
    }

    /// `UINT_64`, UTF8.
    fn converted(self) -> Option<i64> {
        match self {
            Kind::Float => None,
            Kind::Int => Some(14),
            Kind::Text => Some(0),
        }
    }
}

/// The whole file.
pub fn parquet(rows: &[Row]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let mut groups = Vec::new();
    for group in rows.chunks(GROUP) {
        groups.push((group.len(), chunks(group, &mut file)));
    }
    let start = file.len();
    footer(rows.len(), &groups, &mut file);
    let length = (file.len() - start) as u32;
    file.extend(length.to_le_bytes());
    file.extend(MAGIC);
    file
}

/// Where the page of a column lies.
struct Chunk {
    offset: usize,
    size: usize,
}

/// Writes the pages of a group of rows.
fn chunks(group: &[Row], file: &mut Vec<u8>) -> Vec<Chunk> {
    let mut present: Vec<Vec<bool>> = vec![Vec::with_capacity(group.len()); COLUMNS.len()];
    let mut data: Vec<Vec<u8>> = vec![Vec::new(); COLUMNS.len()];
    for row in group {
        for (at, value) in values(row).into_iter().enumerate() {
            let bytes = &mut data[at];
            let before = bytes.len();
            match value {
                Value::Float(value) => bytes.extend(value.iter().flat_map(|x| x.to_le_bytes())),
                Value::Int(value) => bytes.extend(value.iter().flat_map(|x| x.to_le_bytes())),
                Value::Text(value) => {
                    if let Some(text) = value {
                        bytes.extend((text.len() as u32).to_le_bytes());
                        bytes.extend(text.as_bytes());
                    }
                }
            }
            present[at].push(bytes.len() > before);
        }
    }
    let columns = present.iter().zip(data);
    columns
        .map(|(present, data)| {
            let mut page = levels(present);
            page.extend(data);
            let offset = file.len();
            page_header(present.len(), page.len(), file);
            file.extend(page);
            Chunk { offset, size: file.len() - offset }
        })
        .collect()
}

/// Which values are there, as one bit-packed run after its length.
fn levels(present: &[bool]) -> Vec<u8> {
    let mut run = Vec::new();
    varint((present.len().div_ceil(8) as u64) << 1 | 1, &mut run);
    for eight in present.chunks(8) {
        run.push(eight.iter().rev().fold(0, |byte, there| byte << 1 | u8::from(*there)));
    }
    let mut levels = (run.len() as u32).to_le_bytes().to_vec();
    levels.extend(run);
    levels
}

fn page_header(values: usize, size: usize, out: &mut Vec<u8>) {
    let mut page = Struct::new(out);
    page.int(1, 0); // DATA_PAGE
    page.int(2, size as i64);
    page.int(3, size as i64);
    let mut data = page.inner(5);
    data.int(1, values as i64);
    data.int(2, 0); // PLAIN
    data.int(3, 3); // RLE
    data.int(4, 3);
    data.end();
    page.end();
}

fn footer(rows: usize, groups: &[(usize, Vec<Chunk>)], out: &mut Vec<u8>) {
    let mut file = Struct::new(out);
    file.int(1, 1);
    file.list(2, STRUCT, KINDS.len() + 1);
    let mut root = file.element();
    root.text(4, "row");
    root.int(5, KINDS.len() as i64);
    root.end();
    for (kind, name) in KINDS.iter().zip(COLUMNS) {
        let mut column = file.element();
        column.int(1, kind.physical());
        column.int(3, 1); // OPTIONAL
        column.text(4, name);
        if let Some(converted) = kind.converted() {
            column.int(6, converted);
        }
        column.end();
    }
    file.long(3, rows as i64);
    file.list(4, STRUCT, groups.len());
    for (rows, chunks) in groups {
        let mut group = file.element();
        group.list(1, STRUCT, chunks.len());
        for ((chunk, kind), name) in chunks.iter().zip(KINDS).zip(COLUMNS) {
            let mut column = group.element();
            column.long(2, chunk.offset as i64);
            column_metadata(column.inner(3), *rows, chunk, kind, name);
            column.end();
        }
        group.long(2, chunks.iter().map(|chunk| chunk.size as i64).sum());
        group.long(3, *rows as i64);
        group.end();
    }
    file.text(6, concat!("ovum version ", env!("CARGO_PKG_VERSION")));
    file.end();
}

fn column_metadata(mut meta: Struct<'_>, rows: usize, chunk: &Chunk, kind: Kind, name: &str) {
    meta.int(1, kind.physical());
    meta.list(2, I32, 2);
    meta.item_int(0);
    meta.item_int(3);
    meta.list(3, BINARY, 1);
    meta.item_text(name);
    meta.int(4, 0); // UNCOMPRESSED
    meta.long(5, rows as i64);
    meta.long(6, chunk.size as i64);
    meta.long(7, chunk.size as i64);
    meta.long(9, chunk.offset as i64);
    meta.end();
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct of Thrift's compact protocol that is being written: fields in rising order.
struct Struct<'a> {
    out: &'a mut Vec<u8>,
    last: u8,
}

impl<'a> Struct<'a> {
    fn new(out: &'a mut Vec<u8>) -> Struct<'a> {
        Struct { out, last: 0 }
    }

    /// Ids of structs here are less than 16 apart.
    fn field(&mut self, id: u8, kind: u8) {
        self.out.push((id - self.last) << 4 | kind);
        self.last = id;
    }

    fn int(&mut self, id: u8, value: i64) {
        self.field(id, I32);
        self.item_int(value);
    }

    fn long(&mut self, id: u8, value: i64) {
        self.field(id, I64);
        self.item_int(value);
    }

    fn text(&mut self, id: u8, text: &str) {
        self.field(id, BINARY);
        self.item_text(text);
    }

    /// So many elements follow.
    fn list(&mut self, id: u8, kind: u8, count: usize) {
        self.field(id, LIST);
        if count < 15 {
            self.out.push((count as u8) << 4 | kind);
        } else {
            self.out.push(15 << 4 | kind);
            varint(count as u64, self.out);
        }
    }

    fn item_int(&mut self, value: i64) {
        varint((value << 1 ^ value >> 63) as u64, self.out);
    }

    fn item_text(&mut self, text: &str) {
        varint(text.len() as u64, self.out);
        self.out.extend(text.as_bytes());
    }

    /// A struct as a field; end it before the next field.
    fn inner(&mut self, id: u8) -> Struct<'_> {
        self.field(id, STRUCT);
        Struct::new(self.out)
    }

    /// A struct as an element of the list begun last.
    fn element(&mut self) -> Struct<'_> {
        Struct::new(self.out)
    }

    fn end(self) {
        self.out.push(0);
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::csv::rows_from_csv;

    #[test]
    fn kinds_are_those_of_the_values() {
        let header = crate::runner::csv::csv_header();
        let text = format!("{header}\na,a/b,c,7,0.5,,optimal,1,,,,,1,,,,,\n");
        let rows = rows_from_csv(&text).unwrap();
        for (value, kind) in values(&rows[0]).iter().zip(KINDS) {
            let found = match value {
                Value::Float(_) => Kind::Float,
                Value::Int(_) => Kind::Int,
                Value::Text(_) => Kind::Text,
            };
            assert_eq!(found, kind);
        }
    }

    #[test]
    fn levels_are_a_bit_a_value_from_the_low_end() {
        let there = [true, false, false, true, true, true, true, false, true];
        assert_eq!(levels(&there), [3, 0, 0, 0, 2 << 1 | 1, 0b0111_1001, 1]);
    }

    #[test]
    fn fields_tell_their_distance_and_numbers_zigzag() {
        let mut out = Vec::new();
        let mut outer = Struct::new(&mut out);
        outer.int(1, -1);
        outer.long(3, 300);
        let mut inner = outer.inner(4);
        inner.text(2, "ab");
        inner.end();
        outer.list(19, I32, 15);
        outer.end();
        let expected = [0x15, 1, 0x26, 0xd8, 4, 0x1c, 0x28, 2, b'a', b'b', 0];
        assert_eq!(out[..11], expected);
        assert_eq!(out[11..], [0xf9, 0xf5, 15, 0]);
    }

    /// The footer's length leads to the end of the last page.
    #[test]
    fn a_file_without_rows_is_its_columns() {
        let file = parquet(&[]);
        assert_eq!((&file[..4], &file[file.len() - 4..]), (&MAGIC[..], &MAGIC[..]));
        let length = u32::from_le_bytes(file[file.len() - 8..][..4].try_into().unwrap());
        assert_eq!(length as usize, file.len() - 12);
    }
}
