//! What the pruner prints.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::args::{Args, Format};
use crate::prune::{Applied, Brake, Detail, Header, PlanRecord, RepositoryPlan, Totals, repository_text, totals_text};

/// Standard output in the wanted form, and the progress bar on a terminal.
pub(super) struct Output {
    format: Format,
    detail: Detail,
    bar: ProgressBar,
}

impl Output {
    pub(super) fn new(args: &Args) -> Self {
        let visible = args.output == Format::Text && io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        if visible {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        let detail = if args.verbose { Detail::Full } else { Detail::Short };
        Self { format: args.output, detail, bar }
    }

    /// A step of the run begins, with so many things to do.
    pub(super) fn begin(&self, what: &'static str, count: u64) {
        self.bar.set_message(what);
        self.bar.set_length(count);
        self.bar.set_position(0);
    }

    /// So many of them are done.
    pub(super) fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// The run ends.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn header(&self, header: &Header) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.record(&PlanRecord::Plan(Box::new(header.clone()))),
            Format::Text => Ok(()),
        }
    }

    pub(super) fn repository(&self, plan: &RepositoryPlan) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.record(&PlanRecord::Repository(plan.clone())),
            Format::Text => match repository_text(plan, self.detail) {
                Some(text) => self.print(&text),
                None => Ok(()),
            },
        }
    }

    pub(super) fn totals(&self, totals: &Totals, brakes: &[Brake]) -> anyhow::Result<()> {
        if self.format == Format::Json {
            return self.record(&PlanRecord::End { totals: *totals, brakes: brakes.to_vec() });
        }
        self.print(&format!("{}\n", totals_text(totals)))?;
        for brake in brakes {
            self.print(&format!("stopped: {brake}\n"))?;
        }
        if !brakes.is_empty() {
            self.print("Nothing was removed. Check the rules, or raise the limit.\n")?;
        }
        Ok(())
    }

    pub(super) fn applied(&self, applied: &Applied) -> anyhow::Result<()> {
        if self.format == Format::Json {
            return self.print(&format!("{}\n", json!({ "applied": applied })));
        }
        for note in &applied.notes {
            let what = if note.failed { "failed" } else { "skipped" };
            self.print(&format!("{what}: {}:{}: {}\n", note.repository, note.tag, note.reason))?;
        }
        let mut line = format!("{} set to expire, {} deleted", applied.expired, applied.deleted);
        for (count, what) in [
            (applied.done_already, "gone or expiring already"),
            (applied.skipped, "skipped"),
            (applied.failed, "failed"),
            (applied.not_tried, "not tried"),
        ] {
            if count > 0 {
                let _ = write!(line, ", {count} {what}");
            }
        }
        self.print(&format!("{line}\n"))
    }

    /// A remark for people.
    pub(super) fn remark(&self, text: &str) -> anyhow::Result<()> {
        match self.format {
            Format::Json => Ok(()),
            Format::Text => self.print(&format!("{text}\n")),
        }
    }

    fn record(&self, record: &PlanRecord) -> anyhow::Result<()> {
        self.print(&format!("{}\n", serde_json::to_string(record)?))
    }

    fn print(&self, text: &str) -> anyhow::Result<()> {
        let written = self.bar.suspend(|| {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
        match written {
            // a reader that has seen enough does not end the run
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}
