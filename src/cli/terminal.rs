//! Asking the user.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio_util::sync::CancellationToken;

use crate::modules::Terminal;
use crate::value::Secret;

/// How often a waiting question looks whether the run was interrupted.
const PATIENCE: Duration = Duration::from_millis(100);

/// The user at the terminal, or whoever feeds standard input.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct User;

impl Terminal for User {
    fn ask(&self, question: &str, echo: bool, cancel: &CancellationToken) -> io::Result<Option<String>> {
        // passwords are asked for at the terminal even where standard input is a file
        let mut input = match OpenOptions::new().read(true).write(true).open("/dev/tty") {
            Ok(terminal) => terminal,
            Err(_) if !io::stdin().is_terminal() => File::from(rustix::io::dup(io::stdin())?),
            Err(error) => return Err(error),
        };
        if input.is_terminal() {
            input.write_all(question.as_bytes())?;
        }
        let silent = Silent::new(&input, echo)?;
        let answer = read_line(&input, cancel);
        drop(silent);
        if !echo && input.is_terminal() {
            input.write_all(b"\n")?;
        }
        answer
    }
}

impl User {
    /// A line of standard input, whatever feeds it.
    pub(super) fn standard_input(cancel: &CancellationToken) -> io::Result<Option<String>> {
        read_line(&File::from(rustix::io::dup(io::stdin())?), cancel)
    }
}

/// Asks for a secret.
pub(super) fn ask_secret(question: &str) -> io::Result<Secret> {
    match User.ask(question, false, &CancellationToken::new())? {
        Some(answer) => Ok(Secret::new(answer)),
        None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "there is nobody to ask")),
    }
}

/// Turns the terminal's echo off until dropped.
struct Silent<'t> {
    terminal: &'t File,
    before: Option<Termios>,
}

impl<'t> Silent<'t> {
    fn new(terminal: &'t File, echo: bool) -> io::Result<Self> {
        if echo || !terminal.is_terminal() {
            return Ok(Self { terminal, before: None });
        }
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes &= !LocalModes::ECHO;
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before: Some(before) })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // the terminal may be gone; there is nobody left to tell
            let _ = tcsetattr(self.terminal, OptionalActions::Flush, before);
        }
    }
}

/// One line without its end; `None` at the end of the input or when the run was interrupted.
fn read_line(input: &File, cancel: &CancellationToken) -> io::Result<Option<String>> {
    let mut input = input.try_clone()?;
    let (sender, receiver) = channel();
    // reading cannot be interrupted, so it has a thread of its own, which an interrupted run leaves behind
    thread::spawn(move || drop(sender.send(next_line(&mut input))));
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(line) => return line,
            Err(RecvTimeoutError::Timeout) if !cancel.is_cancelled() => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Reads byte by byte: what follows the line belongs to whoever asks next.
fn next_line(input: &mut File) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut byte = [0_u8; 1];
    loop {
        let read = input.read(&mut byte)?;
        match byte {
            [b'\n'] if read == 1 => break,
            [byte] if read == 1 => line.push(byte),
            _ if line.is_empty() => return Ok(None),
            _ => break,
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()))
}

/// How long an interrupted run may take to end before the process is ended anyway.
pub(super) const GRACE: Duration = Duration::from_secs(10);
