//! Whose manners the command line has: quaymaster's own, or those of the Ansible command that it was called as.

use crate::diag::{Diagnostic, ExitCode, RenderStyle, SourceMap, render};

/// Whose manners the command line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// quaymaster's own.
    Own,
    /// Ansible's: its report, its exit codes, its prefixes of warnings and errors.
    Ansible,
}

impl Dialect {
    /// The number that the process exits with.
    pub(super) fn exit_code(self, code: ExitCode) -> u8 {
        match (self, code) {
            (Self::Ansible, ExitCode::Invalid) => 4,
            (Self::Ansible, ExitCode::Usage) => 5,
            (Self::Ansible, ExitCode::Interrupted) => 99,
            (_, code) => code.code(),
        }
    }

    /// Prints diagnostics to standard error.
    #[expect(clippy::print_stderr, reason = "the edge where diagnostics become text")]
    pub(super) fn print(self, diagnostics: &[Diagnostic], sources: &SourceMap, colour: bool) {
        match self {
            Self::Own => super::diagnostics::print(diagnostics, sources, colour),
            Self::Ansible => {
                for diagnostic in diagnostics {
                    eprintln!("{}", with_prefix(&render(diagnostic, sources, RenderStyle::Plain)));
                }
            }
        }
    }

    /// Prints a warning that has no place.
    #[expect(clippy::print_stderr, reason = "the edge where warnings become text")]
    pub(super) fn warn(self, message: &str) {
        match self {
            Self::Own => eprintln!("warning: {message}"),
            Self::Ansible => eprintln!("[WARNING]: {message}"),
        }
    }

    /// Prints an error with its causes, each once.
    #[expect(clippy::print_stderr, reason = "the edge where errors become text")]
    pub(super) fn report(self, error: &anyhow::Error) {
        match self {
            Self::Own => eprintln!("error: {error}"),
            Self::Ansible => eprintln!("[ERROR]: {error}"),
        }
        for cause in error.chain().skip(1) {
            eprintln!("  caused by: {cause}");
        }
    }
}

/// A drawn diagnostic with the prefix that Ansible gives its own.
fn with_prefix(drawn: &str) -> String {
    let (level, rest) = drawn.split_once(": ").unwrap_or(("error", drawn));
    let prefix = if level.starts_with("warning") { "[WARNING]" } else { "[ERROR]" };
    format!("{prefix}: {rest}")
}
