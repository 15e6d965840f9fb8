//! No input makes the compiler panic, overflow its stack or run away.

#![allow(clippy::format_collect, clippy::format_push_string, reason = "the texts are small")]

use crate::harness::{compiled, source};
use frontend_py::{Options, ParamType, Semantics, SourceFile, codes, compile};
use rvsdg::Type;

const FUNCTIONS: &str = include_str!("../fixtures/functions.py");
const LIBRARY: &str = include_str!("../fixtures/library.py");
const PROGRAMS: &str = include_str!("../fixtures/programs.py");

/// A number that the environment sets, for recorded runs.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A small generator (xorshift64), so that failures repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// Compiles everything in the text; functions that compile must verify, and nothing may be an
/// internal error. Returns how many functions compiled.
fn compile_all(text: &str, semantics: Semantics) -> usize {
    let Ok(file) = SourceFile::parse("test.py", text.to_owned()) else { return 0 };
    let mut compiled = 0;
    for name in file.functions() {
        let count = file.signature(name).map_or(0, |signature| signature.params.len());
        let types = Some(vec![ParamType::Scalar(Type::F64); count]);
        match compile(&file, name, &Options { semantics, types }) {
            Ok(function) => {
                rvsdg::verify(&function).unwrap_or_else(|e| panic!("{e}\n{name} of\n{text}"));
                compiled += 1;
            }
            Err(diagnostics) => {
                for diagnostic in diagnostics.0 {
                    assert_ne!(diagnostic.code, codes::INTERNAL, "{name} of\n{text}");
                    let shown = frontend_py::render("test.py", text, &diagnostic, true);
                    assert!(shown.contains(diagnostic.code));
                }
            }
        }
    }
    compiled
}

/// Splits text into words, numbers, blanks and signs.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let kind = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c == ' ' {
            1
        } else {
            2
        }
    };
    let mut last = None;
    for (at, c) in text.char_indices() {
        let this = kind(c);
        if last.is_some_and(|last| last != this || this == 2) {
            tokens.push(&text[start..at]);
            start = at;
        }
        last = Some(this);
    }
    tokens.push(&text[start..]);
    tokens
}

#[test]
fn mutated_programs() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ setting("OVUM_MUTATED_SEED", 0));
    let rounds = setting("OVUM_MUTATED_SOURCES", 1_500);
    let texts = [FUNCTIONS, LIBRARY, PROGRAMS].map(|text| text.split("\n\n\n"));
    let chunks: Vec<&str> = texts.into_iter().flatten().filter(|c| c.contains("def ")).collect();
    let imports = "import math\nimport numpy as np\n";
    let pool: Vec<&str> = [FUNCTIONS, LIBRARY, PROGRAMS].map(tokens).concat();
    let extra = [
        "return",
        "break",
        "continue",
        "while True",
        "for",
        "else:",
        "not",
        "None",
        "1.5",
        "-1",
        "[0]",
        ", ",
        "(",
        ")",
        "x",
        "True",
        "**",
        "//",
        "lambda",
        "yield",
        "é",
        "\u{0}",
        "\t",
        "\n",
        "\n    ",
        "0x",
        "1e999",
        "'",
        "\"\"\"",
        "#",
        "\\",
        "*",
        "@",
        ":=",
        "99999999999999999999",
    ];
    let mut compiled = 0;
    for round in 0..rounds {
        let chunk = chunks[random.below(chunks.len())];
        let mut parts: Vec<&str> = tokens(chunk);
        for _ in 0..=random.below(3) {
            let at = random.below(parts.len());
            match random.below(5) {
                0 => {
                    parts.remove(at);
                }
                1 => parts.insert(at, extra[random.below(extra.len())]),
                2 => parts[at] = pool[random.below(pool.len())],
                3 => parts[at] = extra[random.below(extra.len())],
                _ => {
                    let other = random.below(parts.len());
                    parts.swap(at, other);
                }
            }
            if parts.is_empty() {
                break;
            }
        }
        let semantics = if round % 3 == 0 { Semantics::Fast } else { Semantics::Strict };
        compiled += compile_all(&(imports.to_owned() + &parts.concat()), semantics);
    }
    // Most mutations leave some correct function: the test must not pass by parsing nothing.
    assert!(compiled > 200, "{compiled}");
}

#[test]
fn truncated_programs() {
    for (at, _) in FUNCTIONS.char_indices().step_by(97) {
        let start = at.saturating_sub(1_500);
        compile_all(&FUNCTIONS[start..at], Semantics::Strict);
    }
}

#[test]
fn deep_nesting_is_refused_or_compiled() {
    let deep = [
        format!("def f(x):\n    return {}x{}\n", "(".repeat(10_000), ")".repeat(10_000)),
        format!("def f(x):\n    return x{}\n", " + x".repeat(5_000)),
        format!("def f(x):\n    return {}x\n", "-".repeat(100_000)),
        format!("def f(x):\n    return {}x\n", "not ".repeat(100_000)),
        format!("def f(x):\n    return {}x\n", "x ** ".repeat(100_000)),
        format!("def f(x):\n    return {}x\n", "x if x else ".repeat(10_000)),
        format!("def f(x):\n    return x{}\n", "[0]".repeat(100_000)),
        format!("def f(x):\n    return x{}\n", "()".repeat(100_000)),
        format!("def f(x):\n    return x{}\n", ".a".repeat(100_000)),
        format!("def f(x):\n    return {}\n", "lambda: ".repeat(100_000)),
        format!("def f(x):\n    return {}", "f(-".repeat(50_000)),
        format!("def f(x: {}f64{}):\n    return x\n", "a[".repeat(20_000), "]".repeat(20_000)),
        format!("def f(x):\n    return x{}\n", " and x".repeat(5_000)),
        format!("def f(x):\n    return 0 < x{}\n", " < x".repeat(5_000)),
        format!(
            "def f(x):\n{}",
            (0..5_000).map(|i| format!("    if x < {i}: return {i}.0\n")).collect::<String>()
        ),
        (0..200).map(|i| format!("{}if x:\n", " ".repeat(i))).collect(),
        format!("def f(x):\n    return f'{}'\n", "{f'".repeat(3_000)),
        "{".repeat(200_000),
        format!("def f(x):\n{}    pass\n", "    elif x:\n        pass\n".repeat(3_000)),
        format!(
            "def f(x):\n    if x:\n        pass\n{}    return x\n",
            "    elif x:\n        pass\n".repeat(3_000)
        ),
    ];
    for text in deep {
        compile_all(&text, Semantics::Strict);
    }
    for terms in [100, 1_000] {
        let text = format!("def f(x):\n    return x{}\n", " + x".repeat(terms));
        assert_eq!(compile_all(&text, Semantics::Strict), 1);
    }
    // The deepest that is accepted: a long expression in a helper that is called in another.
    let both = format!(
        "def g(x):\n    return x{0}\ndef f(x):\n    return g(x){0}\n",
        " + x".repeat(1_480)
    );
    assert_eq!(compile_all(&both, Semantics::Strict), 2);
    let nested = format!("def f(x):\n    return {}x{}\n", "(".repeat(1_000), ")".repeat(1_000));
    assert_eq!(compile_all(&nested, Semantics::Strict), 1);
}

#[test]
fn long_programs_compile() {
    let long = [
        format!("def f(x):\n{}    return x\n", "    x = x + 1.0\n".repeat(20_000)),
        format!(
            "def f(x):\n{}    return x\n",
            "    if x > 1.0:\n        x = x * 0.5\n".repeat(3_000)
        ),
        format!(
            "def f(x):\n{}    return v1999\n",
            (0..2_000).map(|i| format!("    v{i} = x * {i}.0\n")).collect::<String>()
        ),
        format!(
            "def f(x):\n{}    return x\n",
            (0..200).map(|i| format!("    if x == {i}: return {i}.0\n")).collect::<String>()
        ),
        format!(
            "def f(x):\n    while x > 1.0:\n        x -= 1.0\n{}    return x\n",
            "    for i in range(3):\n        x += i\n".repeat(500)
        ),
    ];
    for text in long {
        assert_eq!(compile_all(&text, Semantics::Strict), 1, "{}", &text[..80]);
    }
}

#[test]
fn helpers_cannot_grow_without_bound() {
    let mut text = "def f0(x):\n    return x + 1.0\n".to_owned();
    for i in 1..40 {
        text += &format!("def f{i}(x):\n    return f{}(x) + f{}(x)\n", i - 1, i - 1);
    }
    let file = source(&text);
    let types = Some(vec![ParamType::Scalar(Type::F64)]);
    let error = compile(&file, "f39", &Options { semantics: Semantics::Strict, types });
    assert_eq!(error.unwrap_err().0[0].code, codes::TOO_LARGE);
}

#[test]
fn odd_files() {
    for text in [
        "",
        "\u{feff}",
        "\u{feff}def f(x):\n    return x\n",
        "\r\n",
        "def f(x):\r    return x\r",
        "é = 1",
    ] {
        compile_all(text, Semantics::Strict);
    }
    let crlf = source("def f(x: f64):\r\n    # ovum: run f(1.0)\r\n    return x\r\n");
    compiled(&crlf, "f", Semantics::Strict);
    assert_eq!(crlf.directives()[0].call, "f(1.0)");
    assert_eq!(crlf.directives()[0].line, 2);
    assert_eq!(crlf.line_column(0), (1, 1));
    assert_eq!(crlf.line_column(u32::MAX).0, 4);
}
