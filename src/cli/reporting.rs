//! Feeds the event stream to the reader that was chosen and prints what it says.

use std::io::{self, IsTerminal as _, Write as _};

use tokio::sync::mpsc::UnboundedReceiver;

use super::play_args::{OutputFormat, When};
use crate::event::Event;
use crate::report::{Console, ConsoleOptions, Palette, Printed, Progress, json_line};

/// What the command line says of the report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reporting {
    pub(super) format: OutputFormat,
    pub(super) verbosity: u8,
    pub(super) colour: When,
    /// `NO_COLOR` is set.
    pub(super) no_color: bool,
}

impl Reporting {
    /// Colours for standard output.
    pub(super) fn palette(self) -> Palette {
        let colour = match self.colour {
            When::Always => true,
            When::Never => false,
            When::Auto => io::stdout().is_terminal() && !self.no_color,
        };
        if colour { Palette::Ansi } else { Palette::Plain }
    }

    /// Reads the stream to its end. A reader of standard output that has gone away does not end the run: the rest is
    /// read and dropped.
    pub(super) fn run(self, mut events: UnboundedReceiver<Event>) -> io::Result<()> {
        let mut console = Console::new(ConsoleOptions { verbosity: self.verbosity, palette: self.palette() });
        let progress = Progress::new(self.format == OutputFormat::Console && io::stderr().is_terminal());
        let mut closed = false;
        while let Some(event) = events.blocking_recv() {
            if closed {
                continue;
            }
            let printed = match self.format {
                OutputFormat::Console => console.event(&event),
                OutputFormat::Json => Printed { out: json_line(&event).map_err(io::Error::other)?, err: String::new() },
            };
            progress.event(&event);
            let written = progress.aside(|| print(&printed));
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => closed = true,
                other => other?,
            }
        }
        Ok(())
    }
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
