//! One channel of a session, as its thread moves it on: bytes in, bytes out, end, exit status, close.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use ssh2::{Channel, ErrorCode};
use tokio::sync::oneshot;

use super::super::error::TransportError;
use super::super::process::ExitStatus;
use super::pipe::{Pipe, Pulled};

/// A failure of the whole session: its text.
#[derive(Debug)]
pub(super) struct Fatal(pub(super) String);

/// libssh2's number for "not now".
pub(super) const EAGAIN: i32 = -37;
/// Its numbers for what goes wrong with one channel alone.
const OF_ONE_CHANNEL: [i32; 7] = [-21, -22, -23, -24, -25, -26, -27];

/// Whether an error of libssh2 only says "not now".
pub(super) fn not_now(error: &ssh2::Error) -> bool {
    error.code() == ErrorCode::Session(EAGAIN)
}

/// Whether an error of libssh2 leaves the session usable.
pub(super) fn of_one_channel(error: &ssh2::Error) -> bool {
    matches!(error.code(), ErrorCode::Session(code) if OF_ONE_CHANNEL.contains(&code))
}

/// What is at this end of a channel.
#[derive(Debug)]
pub(super) enum Ends {
    Command {
        stdin: Arc<Pipe>,
        stdout: Arc<Pipe>,
        stderr: Arc<Pipe>,
        exit: Option<oneshot::Sender<Result<ExitStatus, TransportError>>>,
    },
    /// The socket of another session, and what it has not taken yet.
    Tunnel { socket: UnixStream, backlog: Vec<u8> },
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Phase {
    Flowing,
    /// Everything has been read; the other side still has to say how the command ended.
    Ending,
    /// Our close has to go out and theirs to come.
    Closing,
    Closed,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Input {
    Open,
    EndDue,
    Ended,
}

/// What other channels' reads can change behind this one's back.
type Seen = (u32, u32, bool);

/// A channel in use.
pub(super) struct Running {
    channel: Channel,
    ends: Ends,
    phase: Phase,
    input: Input,
    /// What libssh2 has been asked to send: it must be offered the same again until it has been taken.
    chunk: Vec<u8>,
    seen: Seen,
}

/// The most that one step moves, so that no channel starves the others.
const STEP: usize = 256 * 1024;
const CHUNK: usize = 32 * 1024;

impl Running {
    pub(super) fn new(channel: Channel, ends: Ends) -> Self {
        Self { channel, ends, phase: Phase::Flowing, input: Input::Open, chunk: Vec::new(), seen: (0, 0, false) }
    }

    /// Moves what can be moved without waiting; whether anything was.
    pub(super) fn step(&mut self, session: &ssh2::Session, buffer: &mut [u8]) -> Result<bool, Fatal> {
        let mut progress = false;
        if matches!(self.phase, Phase::Flowing | Phase::Ending) {
            if self.abandoned() {
                self.phase = Phase::Closing;
            } else {
                // a command may read on after it has closed its outputs
                progress |= self.send(session)?;
            }
        }
        // before anything is read: reading one of the streams may take from the socket what is for the other
        let seen = self.look();
        if self.phase == Phase::Flowing {
            progress |= self.receive(session, buffer)?;
        }
        progress |= self.finish()?;
        self.seen = seen;
        Ok(progress)
    }

    /// Whether something came for it that it has not read, while another stream or another channel read the socket.
    pub(super) fn has_news(&self) -> bool {
        matches!(self.phase, Phase::Flowing | Phase::Ending) && self.look() != self.seen
    }

    /// Its end comes without data, and so without news: it must be asked again and again.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending | Phase::Closing)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Whether it takes what the socket brings; if not, whoever holds the other ends has to read first.
    pub(super) fn reads(&mut self) -> bool {
        match self.phase {
            Phase::Flowing => self.ends.room(0) > 0 || self.ends.room(1) > 0,
            Phase::Ending | Phase::Closing => true,
            Phase::Closed => false,
        }
    }

    /// The socket of a tunnel, with whether there is something for it.
    pub(super) fn socket(&self) -> Option<(&UnixStream, bool, bool)> {
        match &self.ends {
            Ends::Tunnel { socket, backlog } if self.phase == Phase::Flowing => {
                let reads = self.chunk.is_empty() && self.input == Input::Open;
                Some((socket, reads, !backlog.is_empty()))
            }
            _ => None,
        }
    }

    /// Tells whoever holds the other ends that the connection broke.
    pub(super) fn fail(self, host: &str, reason: &str) {
        match self.ends {
            Ends::Command { stdin, stdout, stderr, exit } => {
                stdin.fail(reason);
                stdout.fail(reason);
                stderr.fail(reason);
                if let Some(exit) = exit {
                    let _ = exit.send(Err(TransportError::Broken { host: host.to_owned(), source: reason.into() }));
                }
            }
            Ends::Tunnel { socket, .. } => drop(socket.shutdown(std::net::Shutdown::Both)),
        }
    }

    fn look(&self) -> Seen {
        (self.channel.read_window().available, self.channel.write_window().remaining, self.channel.eof())
    }

    fn abandoned(&self) -> bool {
        match &self.ends {
            Ends::Command { stdout, stderr, exit, .. } => {
                stdout.is_unread() && stderr.is_unread() && exit.as_ref().is_none_or(oneshot::Sender::is_closed)
            }
            Ends::Tunnel { .. } => false,
        }
    }

    fn send(&mut self, session: &ssh2::Session) -> Result<bool, Fatal> {
        let mut moved = 0;
        while moved < STEP {
            if self.chunk.is_empty() && self.input == Input::Open {
                // what fits no window stays where back-pressure can see it
                let window = self.channel.write_window().remaining as usize;
                if window == 0 {
                    break;
                }
                match self.ends.pull(&mut self.chunk, CHUNK.min(window)) {
                    Pulled::Bytes => {}
                    Pulled::Nothing => break,
                    Pulled::End => self.input = Input::EndDue,
                }
            }
            if self.chunk.is_empty() {
                break;
            }
            match self.channel.write(&self.chunk) {
                Ok(count) => {
                    self.chunk.drain(..count);
                    moved += count;
                    if count == 0 {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    check(session, &error)?;
                    self.chunk.clear();
                    self.input = Input::Ended;
                    self.ends.refuse_input();
                }
            }
        }
        if self.input == Input::EndDue {
            match self.channel.send_eof() {
                Ok(()) => self.input = Input::Ended,
                Err(error) if not_now(&error) => {}
                Err(error) if of_one_channel(&error) => self.input = Input::Ended,
                Err(error) => return Err(Fatal(error.message().to_owned())),
            }
        }
        Ok(moved > 0)
    }

    fn receive(&mut self, session: &ssh2::Session, buffer: &mut [u8]) -> Result<bool, Fatal> {
        let mut progress = false;
        for stream in [0, 1] {
            let mut moved = 0;
            while moved < STEP {
                let room = self.ends.room(stream).min(buffer.len());
                if room == 0 {
                    break;
                }
                let Some(part) = buffer.get_mut(..room) else { break };
                match self.channel.stream(stream).read(part) {
                    Ok(0) => break,
                    Ok(count) => {
                        self.ends.push(stream, part.get(..count).unwrap_or_default());
                        moved += count;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => {
                        check(session, &error)?;
                        break;
                    }
                }
            }
            progress |= moved > 0;
        }
        if self.channel.eof() && self.ends.end() {
            self.phase = Phase::Ending;
            progress = true;
        }
        Ok(progress)
    }

    fn finish(&mut self) -> Result<bool, Fatal> {
        let before = self.phase;
        if self.phase == Phase::Ending {
            match self.channel.wait_close() {
                Ok(()) => self.phase = Phase::Closing,
                Err(error) if not_now(&error) => {}
                Err(error) if of_one_channel(&error) => self.phase = Phase::Closing,
                Err(error) => return Err(Fatal(error.message().to_owned())),
            }
            if self.phase == Phase::Closing {
                let status = self.status();
                self.ends.exited(status);
            }
        }
        if self.phase == Phase::Closing {
            match self.channel.close() {
                Err(error) if not_now(&error) => {}
                Err(error) if !of_one_channel(&error) => return Err(Fatal(error.message().to_owned())),
                _ => self.phase = Phase::Closed,
            }
        }
        Ok(self.phase != before)
    }

    fn status(&self) -> ExitStatus {
        if let Ok(signal) = self.channel.exit_signal()
            && let Some(name) = signal.exit_signal
        {
            return ExitStatus::Signal(name);
        }
        self.channel.exit_status().map_or(ExitStatus::Unknown, ExitStatus::Code)
    }
}

impl Ends {
    fn pull(&mut self, into: &mut Vec<u8>, limit: usize) -> Pulled {
        match self {
            Self::Command { stdin, .. } => stdin.pull(into, limit),
            Self::Tunnel { socket, .. } => {
                into.resize(limit, 0);
                let read = socket.read(into);
                into.truncate(*read.as_ref().unwrap_or(&0));
                match read {
                    Ok(0) => Pulled::End,
                    Ok(_) => Pulled::Bytes,
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                        Pulled::Nothing
                    }
                    Err(_) => Pulled::End,
                }
            }
        }
    }

    fn refuse_input(&self) {
        if let Self::Command { stdin, .. } = self {
            stdin.end();
        }
    }

    fn room(&mut self, stream: i32) -> usize {
        match self {
            Self::Command { stdout, .. } if stream == 0 => stdout.room(),
            Self::Command { stderr, .. } => stderr.room(),
            Self::Tunnel { .. } if stream != 0 => 0,
            Self::Tunnel { socket, backlog } => {
                flush(socket, backlog);
                if backlog.is_empty() { CHUNK } else { 0 }
            }
        }
    }

    fn push(&mut self, stream: i32, bytes: &[u8]) {
        match self {
            Self::Command { stdout, .. } if stream == 0 => stdout.push(bytes),
            Self::Command { stderr, .. } => stderr.push(bytes),
            Self::Tunnel { socket, backlog } => {
                backlog.extend(bytes);
                flush(socket, backlog);
            }
        }
    }

    /// The other side sends no more; whether that could be passed on.
    fn end(&mut self) -> bool {
        match self {
            Self::Command { stdout, stderr, .. } => {
                stdout.end();
                stderr.end();
                true
            }
            Self::Tunnel { socket, backlog } => {
                flush(socket, backlog);
                backlog.is_empty() && {
                    let _ = socket.shutdown(std::net::Shutdown::Both);
                    true
                }
            }
        }
    }

    fn exited(&mut self, status: ExitStatus) {
        if let Self::Command { stdin, exit, .. } = self {
            stdin.end();
            if let Some(exit) = exit.take() {
                let _ = exit.send(Ok(status));
            }
        }
    }
}

fn flush(socket: &mut UnixStream, backlog: &mut Vec<u8>) {
    while !backlog.is_empty() {
        match socket.write(backlog) {
            Ok(count) => drop(backlog.drain(..count)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // the other session is gone: its side of the socket tells this one
            Err(_) => backlog.clear(),
        }
    }
}

/// `std::io::Error` has lost libssh2's number; the session still has it.
fn check(session: &ssh2::Session, error: &std::io::Error) -> Result<(), Fatal> {
    match ssh2::Error::last_session_error(session) {
        Some(last) if of_one_channel(&last) => Ok(()),
        _ => Err(Fatal(error.to_string())),
    }
}
