//! `raw`: a command line over the bare connection, for hosts that cannot run an agent or do not have one yet.

use std::fmt::Write as _;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::target::{Request, TargetError};
use crate::diag::with_causes;
use crate::modules::commands::{Raw, ShellLine};
use crate::modules::host::Output;
use crate::modules::{ModuleError, Outcome};
use crate::transport::{ExitStatus, Transport, TransportError};
use crate::value::{from_value, quote_word};

/// The module's name.
pub(super) const RAW: &str = "raw";

/// Runs it.
pub(super) async fn run(transport: &dyn Transport, request: &Request) -> Result<Outcome, TargetError> {
    let raw: Raw = from_value(&request.args).map_err(|error| TargetError::Module(error.into()))?;
    let ShellLine { shell, line } = raw.line().map_err(TargetError::Module)?;
    if request.mode.check {
        return Ok(Raw::skipped());
    }
    let mut command = String::new();
    for (name, value) in &request.environment {
        let _ = write!(command, "{name}={} ", quote_word(value));
    }
    let _ = write!(command, "{} -c {}", quote_word(&shell), quote_word(&line));
    let work = output(transport, &command);
    tokio::select! {
        output = work => Ok(raw.outcome(&output.map_err(|error| TargetError::Unreachable(with_causes(&error)))?)),
        // dropped, the process ends as far as the connection can end it
        () = request.cancel.cancelled() => Err(TargetError::Module(ModuleError::new("interrupted"))),
    }
}

/// Runs a command line to its end, with nothing to read.
async fn output(transport: &dyn Transport, command: &str) -> Result<Output, TransportError> {
    let mut process = transport.start(command).await?;
    drop(process.stdin.take());
    let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
    let (stdout, stderr, exit) = tokio::join!(all(stdout), all(stderr), process.exit);
    let rc = match exit? {
        ExitStatus::Code(code) => code,
        ExitStatus::Signal(_) => 128,
        ExitStatus::Unknown => 255,
    };
    Ok(Output { rc, stdout, stderr })
}

async fn all(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // a stream that breaks tells so by the process's exit
        let _ = stream.read_to_end(&mut bytes).await;
    }
    bytes
}
