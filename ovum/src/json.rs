//! JSON as the command writes it: keys in a fixed order, floats as Python's `json` module.
//!
//! `NaN`, `Infinity` and `-Infinity` are written bare, which JSON proper has no words for; every
//! other float is the shortest text that reads back to the same bits and always holds a `.` or an
//! `e`, so that a reader can tell `1.0` from `1`.

use crate::answer::float_text;
use std::fmt::{self, Write};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction.
    Int(i64),
    /// A number with fraction.
    Float(f64),
    /// A string.
    Str(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; keys are written in this order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// An object from pairs.
    pub fn object<const N: usize>(pairs: [(&str, Json); N]) -> Json {
        Json::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A string, or null.
    pub fn optional(text: Option<&str>) -> Json {
        text.map_or(Json::Null, |text| Json::Str(text.to_owned()))
    }

    /// A count.
    pub fn count(number: usize) -> Json {
        Json::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Adds a pair at the end of an object; no effect on anything else.
    pub fn push(&mut self, key: &str, value: Json) {
        if let Json::Object(pairs) = self {
            pairs.push((key.to_owned(), value));
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Int(value) => write!(f, "{value}"),
            Json::Float(value) if value.is_nan() => f.write_str("NaN"),
            Json::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Json::Float(value) => f.write_str(&float_text(*value)),
            Json::Str(text) => write_string(f, text),
            Json::Array(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    write!(f, "{item}")?;
                }
                f.write_char(']')
            }
            Json::Object(pairs) => {
                f.write_char('{')?;
                for (at, (key, value)) in pairs.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    write_string(f, key)?;
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn floats_are_pythons() {
        let text = |x| Json::Float(x).to_string();
        assert_eq!(text(f64::NAN), "NaN");
        assert_eq!(text(f64::INFINITY), "Infinity");
        assert_eq!(text(f64::NEG_INFINITY), "-Infinity");
        assert_eq!(text(1.0), "1.0");
        assert_eq!(text(-0.0), "-0.0");
        assert_eq!(text(1e300), "1e+300");
    }

    #[test]
    fn strings_are_escaped() {
        let odd = "a\"b\\c\nd\u{1}é";
        let text = Json::Str(odd.to_owned()).to_string();
        assert_eq!(text, "\"a\\\"b\\\\c\\nd\\u0001é\"");
        assert_eq!(serde_json::from_str::<String>(&text).expect("our own JSON"), odd);
    }

    #[test]
    fn keys_keep_their_order() {
        let mut json = Json::object([("version", Json::Int(1)), ("b", Json::Null)]);
        json.push("a", Json::Array(vec![Json::Bool(true), Json::Str("x".into())]));
        assert_eq!(json.to_string(), r#"{"version": 1, "b": null, "a": [true, "x"]}"#);
    }
}
