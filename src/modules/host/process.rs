//! Runs processes: without a shell, in a process group of their own, ended as a group when the task is cancelled or out of
//! time.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// How long output is awaited after the process has ended while something it left in the background holds the pipes.
pub(super) const AFTERMATH: Duration = Duration::from_millis(100);
/// How long a process group may take to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// Where programs are looked for when the environment does not say.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A process to run. Made by [`Ctx::command`].
#[must_use]
pub struct Process<'c> {
    ctx: &'c Ctx,
    argv: Vec<OsString>,
    dir: Option<PathBuf>,
    environment: BTreeMap<String, String>,
    stdin: Option<Vec<u8>>,
    umask: Option<u32>,
    timeout: Option<Duration>,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status, or the negative number of the signal that ended it.
    pub rc: i32,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it complained.
    pub stderr: Vec<u8>,
}

/// Why a process could not be run to its end.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("cannot run `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Talking to it failed.
    #[error("lost `{program}`")]
    Io {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The run was interrupted; the process group has been ended.
    #[error("interrupted while `{program}` ran")]
    Cancelled {
        /// The program.
        program: String,
    },
    /// It took too long; the process group has been ended.
    #[error("`{program}` did not end within {seconds} s")]
    TimedOut {
        /// The program.
        program: String,
        /// The limit.
        seconds: u64,
    },
}

impl From<ProcessError> for ModuleError {
    fn from(error: ProcessError) -> Self {
        let message = error.to_string();
        match error {
            ProcessError::Spawn { source, .. } | ProcessError::Io { source, .. } => Self::because(message, source),
            _ => Self::new(message),
        }
    }
}

impl Output {
    /// Standard output as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// This output, or a failure that quotes what the process complained.
    pub fn success(self, doing: &str) -> Result<Self, ModuleError> {
        if self.rc == 0 {
            return Ok(self);
        }
        let said = if self.stderr.is_empty() { self.out() } else { self.err() };
        Err(ModuleError::new(format!("{doing} failed with status {}: {}", self.rc, said.trim()))
            .with("rc", i64::from(self.rc))
            .with("stdout", self.out())
            .with("stderr", self.err()))
    }
}

impl Ctx {
    /// A process to run: program and arguments, no shell. It starts in the working folder with the task's `environment` over
    /// the run's own.
    pub fn command<I>(&self, argv: I) -> Process<'_>
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Process {
            ctx: self,
            argv: argv.into_iter().map(Into::into).collect(),
            dir: None,
            environment: BTreeMap::new(),
            stdin: None,
            umask: None,
            timeout: None,
        }
    }

    /// Whether a program of this name is in the folders that commands are looked for in.
    pub fn has_program(&self, name: &str) -> bool {
        let path = self.variable("PATH").unwrap_or_else(|| USUAL_PATH.to_owned());
        path.split(':').any(|folder| std::path::Path::new(folder).join(name).is_file())
    }
}

impl Process<'_> {
    /// Starts it in this folder.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.argv.push(argument.into());
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Feeds it; without this it reads from nothing.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Gives it this umask.
    pub fn umask(mut self, umask: u32) -> Self {
        self.umask = Some(umask);
        self
    }

    /// Ends it after this time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Result<Output, ProcessError> {
        let program = self.argv.first().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let runtime = self.ctx.runtime.clone();
        let cancel = self.ctx.cancel.clone();
        runtime.block_on(async move {
            let io = |source| ProcessError::Io { program: program.clone(), source };
            let mut child =
                self.prepare().spawn().map_err(|source| ProcessError::Spawn { program: program.clone(), source })?;
            let group = child.id();
            let ended = tokio::select! {
                biased;
                () = cancel.cancelled() => None,
                () = expiry(self.timeout) => None,
                output = attend(&mut child, self.stdin.as_deref()) => Some(output.map_err(io)?),
            };
            if let Some(output) = ended {
                return Ok(output);
            }
            end_group(&mut child, group).await;
            Err(interruption(program.clone(), &cancel, self.timeout))
        })
    }

    fn prepare(&self) -> Command {
        // a umask is the one thing that cannot be set for a child without unsafe code; a shell sets it and then becomes
        // the program
        let wrapped: Vec<OsString>;
        let argv = match self.umask {
            Some(umask) => {
                let head = ["/bin/sh".into(), "-c".into(), format!("umask {umask:o}; exec \"$@\"").into(), "sh".into()];
                wrapped = head.into_iter().chain(self.argv.iter().cloned()).collect();
                &wrapped
            }
            None => &self.argv,
        };
        let (program, arguments) =
            argv.split_first().map_or((OsStr::new(""), &[][..]), |(p, rest)| (p.as_os_str(), rest));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.dir.as_deref().unwrap_or(&self.ctx.working_dir))
            .envs(&self.ctx.environment)
            .envs(&self.environment)
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}

fn interruption(program: String, cancel: &CancellationToken, timeout: Option<Duration>) -> ProcessError {
    match timeout {
        Some(timeout) if !cancel.is_cancelled() => ProcessError::TimedOut { program, seconds: timeout.as_secs() },
        _ => ProcessError::Cancelled { program },
    }
}

async fn expiry(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

/// Feeds the process and reads it until it has ended. Something that it left running in the background may hold its output
/// open; that is not waited for.
async fn attend(child: &mut Child, input: Option<&[u8]>) -> io::Result<Output> {
    let (mut stdin, mut stdout, mut stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut left = input.unwrap_or_default();
    let mut status: Option<ExitStatus> = None;
    while status.is_none() || stdout.is_some() || stderr.is_some() {
        tokio::select! {
            biased;
            read = read_some(&mut stdout, &mut out), if stdout.is_some() => if read? == 0 { stdout = None },
            read = read_some(&mut stderr, &mut err), if stderr.is_some() => if read? == 0 { stderr = None },
            written = write_some(&mut stdin, left), if stdin.is_some() => match written {
                Ok(count) if count < left.len() => left = left.get(count..).unwrap_or_default(),
                // all written, or it does not listen any more: both end the input
                _ => stdin = None,
            },
            ended = child.wait(), if status.is_none() => status = Some(ended?),
            () = tokio::time::sleep(AFTERMATH), if status.is_some() => break,
        }
    }
    Ok(Output { rc: status.map_or(-1, exit_code), stdout: out, stderr: err })
}

async fn read_some<R: AsyncReadExt + Unpin>(stream: &mut Option<R>, into: &mut Vec<u8>) -> io::Result<usize> {
    match stream {
        Some(stream) => {
            into.reserve(16 * 1024);
            stream.read_buf(into).await
        }
        None => Ok(0),
    }
}

async fn write_some<W: AsyncWriteExt + Unpin>(stream: &mut Option<W>, bytes: &[u8]) -> io::Result<usize> {
    match stream {
        Some(stream) => stream.write(bytes).await,
        None => Ok(0),
    }
}

pub(super) fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or(-1)
}

/// Asks the whole group to end, then makes it.
pub(super) async fn end_group(child: &mut Child, group: Option<u32>) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = group.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let Some(group) = group else { return };
    // a group that is gone already is what was wanted
    let _ = kill_process_group(group, Signal::TERM);
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait().await;
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::modules::testing::with_ctx;

    #[test]
    fn output_input_status_and_signal() {
        with_ctx(|ctx| {
            let output = ctx.command(["sh", "-c", "cat; echo oops >&2; exit 3"]).stdin("hello").run().unwrap();
            assert_eq!((output.rc, output.out().as_str(), output.err().as_str()), (3, "hello", "oops\n"));
            assert_eq!(ctx.command(["sh", "-c", "kill -9 $$"]).run().unwrap().rc, -9);
            let umask = ctx.command(["sh", "-c", "umask"]).umask(0o027).run().unwrap();
            assert_eq!(umask.out().trim(), "0027");
            assert!(matches!(ctx.command(["/no/such/program"]).run(), Err(ProcessError::Spawn { .. })));
        });
    }

    #[test]
    fn much_output_and_a_background_child_do_not_block() {
        with_ctx(|ctx| {
            let output = ctx.command(["sh", "-c", "head -c 3000000 /dev/zero; sleep 60 & echo end"]).run().unwrap();
            assert_eq!(output.stdout.len(), 3_000_004);
        });
    }

    #[test]
    fn time_out_ends_the_group() {
        with_ctx(|ctx| {
            let began = Instant::now();
            let result = ctx.command(["sh", "-c", "sleep 60 & sleep 60"]).timeout(Duration::from_millis(200)).run();
            assert!(matches!(result, Err(ProcessError::TimedOut { .. })));
            assert!(began.elapsed() < Duration::from_secs(10));
        });
    }
}
