//! Prints diagnostics.

use std::io::{self, IsTerminal as _};

use crate::diag::{Diagnostic, RenderStyle, SourceMap, render};

/// Prints diagnostics to standard error, a blank line between them.
#[expect(clippy::print_stderr, reason = "the edge where diagnostics become text")]
pub(super) fn print(diagnostics: &[Diagnostic], sources: &SourceMap, colour: bool) {
    let style = if colour { RenderStyle::Colour } else { RenderStyle::Plain };
    for diagnostic in diagnostics {
        eprintln!("{}\n", render(diagnostic, sources, style));
    }
}

/// Whether standard error takes colours.
pub(super) fn stderr_colour(no_color: bool) -> bool {
    io::stderr().is_terminal() && !no_color
}
