//! The `ovum` command.

use ovum::cli;
use std::io::{stderr, stdout};

fn main() {
    let style = cli::terminal_style();
    let code = cli::run_styled(std::env::args_os(), &mut stdout().lock(), &mut stderr(), style);
    std::process::exit(code);
}
