//! Programs that want to talk to a terminal: they get one, and something that answers them.

use std::path::Path;
use std::time::Duration;

use pty_process::{Pts, Pty};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;

use super::process::{AFTERMATH, end_group, exit_code};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// What is to be typed in answer to what a program wrote: how many bytes of it were understood, and the line.
pub struct Reply {
    /// Bytes that were understood; what follows is looked at next time.
    pub read: usize,
    /// The line, without its end.
    pub line: String,
}

/// Looks at what was written and not understood yet.
pub type Answerer<'a> = dyn FnMut(&str) -> Result<Option<Reply>, ModuleError> + Send + 'a;

/// How a conversation ended.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Everything that was to be seen on the terminal.
    pub output: String,
    /// The exit status, or the negative number of the signal; `None` where the program went quiet for too long.
    pub rc: Option<i32>,
}

/// A program, and how it is talked to.
pub struct Talk<'a> {
    /// Program and arguments.
    pub argv: &'a [String],
    /// Where it starts.
    pub dir: &'a Path,
    /// How long to wait for something that can be answered, or for the end.
    pub timeout: Option<Duration>,
    /// Whether what is typed shows on the terminal.
    pub echo: bool,
}

impl Ctx {
    /// Runs a program on a terminal of its own to its end.
    pub fn converse(&self, talk: &Talk<'_>, answer: &mut Answerer<'_>) -> Result<Conversation, ModuleError> {
        let program = talk.argv.first().map_or("", String::as_str);
        let failed = |what: &str, error: pty_process::Error| {
            ModuleError::because(format!("cannot {what} for `{program}`"), error)
        };
        self.runtime.block_on(async {
            let (mut pty, pts) = pty_process::open().map_err(|error| failed("open a terminal", error))?;
            pty.resize(pty_process::Size::new(24, 80)).map_err(|error| failed("size the terminal", error))?;
            if !talk.echo {
                quiet(&pts)?;
            }
            let command = pty_process::Command::new(program)
                .args(talk.argv.iter().skip(1))
                .current_dir(talk.dir)
                .envs(&self.environment)
                .kill_on_drop(true);
            let mut child = command.spawn(pts).map_err(|error| {
                ModuleError::because(format!("The command was not found or was not executable: {program}"), error)
            })?;
            let group = child.id();
            let ended = tokio::select! {
                biased;
                () = self.cancel.cancelled() => Err(ModuleError::new(format!("interrupted while `{program}` ran"))),
                ended = attend(&mut pty, &mut child, talk.timeout, answer) => ended,
            };
            if !matches!(ended, Ok(Conversation { rc: Some(_), .. })) {
                end_group(&mut child, group).await;
            }
            ended
        })
    }
}

/// Keeps the terminal from showing what is typed.
fn quiet(pts: &Pts) -> Result<(), ModuleError> {
    let failed =
        |error: rustix::io::Errno| ModuleError::because("cannot set the terminal up", std::io::Error::from(error));
    let mut modes = tcgetattr(pts).map_err(failed)?;
    modes.local_modes.remove(LocalModes::ECHO);
    tcsetattr(pts, OptionalActions::Now, &modes).map_err(failed)
}

async fn attend(
    pty: &mut Pty,
    child: &mut Child,
    timeout: Option<Duration>,
    answer: &mut Answerer<'_>,
) -> Result<Conversation, ModuleError> {
    let lost = |error| ModuleError::because("lost the program on the terminal", error);
    let (mut output, mut unread) = (Vec::new(), Vec::new());
    let mut buffer = vec![0; 4096];
    let mut status = None;
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut patience = deadline(timeout);
    loop {
        tokio::select! {
            biased;
            read = pty.read(&mut buffer) => match read {
                // the far end of a terminal is closed with an error
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    let new = buffer.get(..count).unwrap_or_default();
                    output.extend_from_slice(new);
                    unread.extend_from_slice(new);
                    let text = shown(&unread);
                    if let Some(reply) = answer(&text)? {
                        unread = text.get(reply.read..).unwrap_or_default().as_bytes().to_vec();
                        pty.write_all(format!("{}\n", reply.line).as_bytes()).await.map_err(lost)?;
                        patience = deadline(timeout);
                    }
                }
            },
            ended = child.wait(), if status.is_none() => status = Some(ended.map_err(lost)?),
            // something that it left in the background may keep the terminal open
            () = tokio::time::sleep(AFTERMATH), if status.is_some() => break,
            () = until(patience) => return Ok(Conversation { output: shown(&output), rc: None }),
        }
    }
    let status = if let Some(status) = status {
        status
    } else {
        tokio::select! {
            ended = child.wait() => ended.map_err(lost)?,
            () = until(patience) => return Ok(Conversation { output: shown(&output), rc: None }),
        }
    };
    Ok(Conversation { output: shown(&output), rc: Some(exit_code(status)) })
}

fn deadline(timeout: Option<Duration>) -> Option<tokio::time::Instant> {
    timeout.map(|timeout| tokio::time::Instant::now() + timeout)
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
