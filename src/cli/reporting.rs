//! Feeds the event stream to the reader that was chosen and prints what it says.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::termios::tcgetwinsize;
use tokio::sync::mpsc::UnboundedReceiver;

use super::play_args::{OutputFormat, When};
use crate::event::{Event, EventKind, HostStats};
use crate::report::{
    AdHocCallback, AdHocForm, CallbackOptions, Console, ConsoleOptions, DefaultCallback, Palette, Printed, Progress,
    json_line, python_json,
};

/// What the command line says of the report.
#[derive(Clone, Debug)]
pub(super) struct Reporting {
    pub(super) format: OutputFormat,
    pub(super) verbosity: u8,
    pub(super) colour: When,
    /// `NO_COLOR` is set.
    pub(super) no_color: bool,
    /// Options of the formats that are Ansible's.
    pub(super) callback: CallbackOptions,
    /// Hosts that failed are written to a file.
    pub(super) retry: Option<RetryFile>,
    /// All that is printed is written to this file, too.
    pub(super) log: Option<PathBuf>,
    /// Each host's result is written to a file in this folder.
    pub(super) tree: Option<PathBuf>,
}

/// The file of hosts that failed (`retry_files_enabled`).
#[derive(Clone, Debug, Default)]
pub(super) struct RetryFile {
    /// Where it is written; without it, beside the playbook.
    pub(super) folder: Option<PathBuf>,
    /// The playbook that it is named for.
    pub(super) playbook: Option<PathBuf>,
}

/// The reader of the stream.
enum Reader {
    Console(Console),
    Json,
    Default(Box<DefaultCallback>),
    AdHoc(Box<AdHocCallback>),
}

impl Reporting {
    /// Colours for standard output.
    pub(super) fn palette(&self) -> Palette {
        let colour = match self.colour {
            When::Always => true,
            When::Never => false,
            When::Auto => io::stdout().is_terminal() && !self.no_color,
        };
        if colour { Palette::Ansi } else { Palette::Plain }
    }

    fn reader(&self) -> Reader {
        let options = CallbackOptions {
            verbosity: self.verbosity,
            palette: self.palette(),
            columns: columns(),
            ..self.callback.clone()
        };
        match self.format {
            OutputFormat::Console => {
                Reader::Console(Console::new(ConsoleOptions { verbosity: self.verbosity, palette: self.palette() }))
            }
            OutputFormat::Json => Reader::Json,
            OutputFormat::Ansible => Reader::Default(Box::new(DefaultCallback::new(options))),
            OutputFormat::AnsibleMinimal => Reader::AdHoc(Box::new(AdHocCallback::new(AdHocForm::Lines, options))),
            OutputFormat::AnsibleOneline => Reader::AdHoc(Box::new(AdHocCallback::new(AdHocForm::OneLine, options))),
        }
    }

    /// Reads the stream to its end. A reader of standard output that has gone away does not end the run: the rest is
    /// read and dropped. `shown` counts the events that have been reported.
    pub(super) fn run(self, mut events: UnboundedReceiver<Event>, shown: &AtomicU64) -> io::Result<()> {
        let mut reader = self.reader();
        let mut log = self.log.as_deref().map(Log::open).transpose()?;
        let progress = Progress::new(self.format == OutputFormat::Console && io::stderr().is_terminal());
        let mut closed = false;
        while let Some(event) = events.blocking_recv() {
            let mut printed = match &mut reader {
                Reader::Console(console) => console.event(&event),
                Reader::Json => Printed { out: json_line(&event).map_err(io::Error::other)?, err: String::new() },
                Reader::Default(callback) => callback.event(&event),
                Reader::AdHoc(callback) => callback.event(&event),
            };
            if let EventKind::RunEnded { stats, .. } = &event.kind
                && let Some(path) = self.retry.as_ref().map(|retry| retry.write(stats)).transpose()?.flatten()
                && self.format == OutputFormat::Ansible
            {
                printed.out.insert_str(0, &format!("\tto retry, use: --limit @{}\n", path.display()));
            }
            if let (EventKind::TaskDone { host, result, .. }, Some(folder)) = (&event.kind, &self.tree) {
                std::fs::create_dir_all(folder)?;
                std::fs::write(folder.join(host), python_json(&result.result))?;
            }
            if let Some(log) = &mut log {
                log.write(&printed)?;
            }
            if !closed {
                progress.event(&event);
                match progress.aside(|| print(&printed)) {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => closed = true,
                    other => other?,
                }
            }
            shown.store(event.seq + 1, Ordering::Release);
        }
        Ok(())
    }
}

impl RetryFile {
    /// Writes the hosts that failed or could not be reached; nothing where there are none.
    fn write(&self, stats: &BTreeMap<String, HostStats>) -> io::Result<Option<PathBuf>> {
        let hosts: Vec<&str> = stats
            .iter()
            .filter(|(_, counts)| counts.failed > 0 || counts.unreachable > 0)
            .map(|(host, _)| host.as_str())
            .collect();
        let Some(playbook) = self.playbook.as_deref().filter(|_| !hosts.is_empty()) else { return Ok(None) };
        let playbook = std::path::absolute(playbook)?;
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => playbook.parent().map(Path::to_owned).unwrap_or_default(),
        };
        std::fs::create_dir_all(&folder)?;
        let name = playbook.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = folder.join(format!("{name}.retry"));
        std::fs::write(&path, hosts.join("\n") + "\n")?;
        Ok(Some(path))
    }
}

/// The file of `log_path`: one record for each thing that was printed, with time, process and user in front.
struct Log {
    file: File,
    user: String,
}

impl Log {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot write the log `{}`: {error}", path.display()))
        })?;
        let user = std::env::var("USER").unwrap_or_else(|_| rustix::process::geteuid().as_raw().to_string());
        Ok(Self { file, user })
    }

    fn write(&mut self, printed: &Printed) -> io::Result<()> {
        let (process, user) = (std::process::id(), &self.user);
        for (text, level) in [(&printed.out, "INFO"), (&printed.err, "WARNING")] {
            let text = text.trim_matches('\n');
            if !text.is_empty() {
                let time = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
                writeln!(self.file, "{time} p={process} u={user} n=ansible {level}| {}", without_colours(text))?;
            }
        }
        Ok(())
    }
}

fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split("\u{1b}[");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    out
}

/// How wide headings are: one column less than the terminal has, 79 without one.
fn columns() -> usize {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return 79;
    }
    tcgetwinsize(&stdout).map_or(79, |size| usize::from(size.ws_col).saturating_sub(1).max(79))
}

fn print(printed: &Printed) -> io::Result<()> {
    if !printed.out.is_empty() {
        let mut out = io::stdout().lock();
        out.write_all(printed.out.as_bytes())?;
        out.flush()?;
    }
    if !printed.err.is_empty() {
        io::stderr().lock().write_all(printed.err.as_bytes())?;
    }
    Ok(())
}
