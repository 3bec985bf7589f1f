//! Colours of the console. They repeat what the words say and never carry meaning alone.

use crate::event::TaskStatus;

/// Which colours to use: ANSI sequences, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// No colours.
    Plain,
    /// The sixteen ANSI colours.
    Ansi,
}

impl Palette {
    /// The text in a status's colour.
    pub(super) fn status(self, status: TaskStatus, text: &str) -> String {
        self.paint(
            match status {
                TaskStatus::Ok => "32",
                TaskStatus::Changed => "33",
                TaskStatus::Skipped => "36",
                TaskStatus::Failed | TaskStatus::Unreachable => "31",
            },
            text,
        )
    }

    /// The text as a heading.
    pub(super) fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// A diff, its lines coloured by their first character.
    pub(super) fn diff(self, text: &str) -> String {
        if self == Self::Plain {
            return text.to_owned();
        }
        let paint = |line: &str| match line.as_bytes().first() {
            Some(b'+') => self.paint("32", line),
            Some(b'-') => self.paint("31", line),
            Some(b'@') => self.paint("36", line),
            _ => line.to_owned(),
        };
        text.lines().map(paint).collect::<Vec<_>>().join("\n")
    }

    /// The text in the colour of warnings.
    pub(super) fn warning(self, text: &str) -> String {
        self.paint("35", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}
