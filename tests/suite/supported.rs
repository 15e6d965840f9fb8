//! The table of what the front end supports, in `docs/python/supported.md`, is the front end's own.

use std::fmt::Write as _;
use std::path::Path;

/// The page, made from [`frontend_py::supported`].
fn page() -> String {
    let mut text =
        "# What is supported\n\nThis table is the front end's own; a test keeps the page \
                    equal to it. Anything else is refused with\na message that points at it.\n\n\
                    | construct | what to know |\n|---|---|\n"
            .to_owned();
    for (construct, note) in frontend_py::supported() {
        let cell = |text: &str| text.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | {} |", cell(construct), cell(note));
    }
    text
}

#[test]
fn the_page_is_the_front_ends_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/python/supported.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, page()).expect("the documentation can be written");
    }
    let written = std::fs::read_to_string(&path).expect("the page exists");
    assert_eq!(written, page(), "UPDATE_EXPECT=1 writes the page anew");
}
