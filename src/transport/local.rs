//! This machine.

use tokio::process::Command;

use super::child;
use super::error::TransportError;
use super::process::{BoxFuture, Process, Transport};

/// Commands run as the user who runs this program.
#[derive(Debug)]
pub(super) struct Local;

impl Transport for Local {
    fn connect(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async { Ok(()) })
    }

    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Process, TransportError>> {
        Box::pin(async move {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", command]);
            child::start(shell, self.describe(), Box::new(Ok))
                .map_err(|error| TransportError::Connect { host: self.describe(), source: error.into() })
        })
    }

    fn describe(&self) -> String {
        "this machine".to_owned()
    }
}
