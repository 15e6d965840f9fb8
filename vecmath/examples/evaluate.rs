//! Evaluates functions for `derive/measure.py`: a line `NAME f64|f32 BITS [BITS]` in, the result's
//! bits out, all in hexadecimal.

use std::io::{BufRead, Write};
use vecmath::Function;

fn answer(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let function = Function::from_name(words.next()?)?;
    let single = words.next()? == "f32";
    let bits: Option<Vec<u64>> = words.map(|w| u64::from_str_radix(w, 16).ok()).collect();
    let bits = bits?;
    if single {
        let args: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b as u32)).collect();
        Some(format!("{:x}", function.eval_f32(&args).to_bits()))
    } else {
        let args: Vec<f64> = bits.iter().map(|b| f64::from_bits(*b)).collect();
        Some(format!("{:x}", function.eval(&args).to_bits()))
    }
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let text = answer(&line).unwrap_or_else(|| format!("? {line}"));
        writeln!(out, "{text}")?;
    }
    out.flush()
}
