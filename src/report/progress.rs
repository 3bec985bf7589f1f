//! The progress line on a terminal: which task runs, how many hosts are done. It is drawn on standard error and steps aside
//! for every line of the report.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::event::{Event, EventKind};

/// A progress line; hidden where standard error is not a terminal.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A visible or a hidden line.
    #[must_use]
    pub fn new(visible: bool) -> Self {
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        if visible {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar }
    }

    /// Follows the stream.
    pub fn event(&self, event: &Event) {
        match &event.kind {
            EventKind::TaskStarted { name, hosts, .. } => {
                self.bar.set_length(*hosts as u64);
                self.bar.set_position(0);
                self.bar.set_message(name.clone());
            }
            EventKind::ItemDone { host, result, .. } => {
                if let Some(label) = &result.label {
                    self.bar.set_message(format!("{host}: {label}"));
                }
            }
            EventKind::TaskDone { .. } => self.bar.inc(1),
            EventKind::RunEnded { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
    }

    /// Runs something that prints, with the line out of its way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}
