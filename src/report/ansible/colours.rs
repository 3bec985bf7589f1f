//! Ansible's colours, by what they stand for.

use crate::event::TaskStatus;
use crate::report::Palette;

/// What a text is coloured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shade {
    Ok,
    Changed,
    Skipped,
    Failed,
    Unreachable,
    Ignored,
    Quiet,
    Verbose,
    Warning,
}

impl Shade {
    pub(super) fn of(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Ok => Self::Ok,
            TaskStatus::Changed => Self::Changed,
            TaskStatus::Skipped => Self::Skipped,
            TaskStatus::Failed => Self::Failed,
            TaskStatus::Unreachable => Self::Unreachable,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Ok => "0;32",
            Self::Changed => "0;33",
            Self::Skipped | Self::Ignored => "0;36",
            Self::Failed => "0;31",
            Self::Unreachable => "1;31",
            Self::Quiet => "1;30",
            Self::Verbose => "0;34",
            Self::Warning => "1;35",
        }
    }

    /// The text in this colour, line by line as Ansible paints it.
    pub(super) fn paint(self, palette: Palette, text: &str) -> String {
        if palette == Palette::Plain {
            return text.to_owned();
        }
        let paint = |line: &str| format!("\u{1b}[{}m{line}\u{1b}[0m", self.code());
        text.split('\n').map(paint).collect::<Vec<_>>().join("\n")
    }
}
