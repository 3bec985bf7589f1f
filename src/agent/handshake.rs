//! From a process that runs the start script to the two ends of an agent's stream.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::binary::{Binaries, BinaryError};
use super::script::{CLOSE, OPEN};
use crate::transport::{ExitStatus, Process, TransportError};

/// What a shell may print before the agent speaks.
const MOST_NOISE: usize = 1 << 20;

/// How much of what a host wrote to standard error is kept for messages.
const TAIL: usize = 4096;

/// Why no agent runs on a host.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the variants' documentation names their fields")]
pub enum StartError {
    /// No connection.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The stream broke.
    #[error("the connection broke while the agent was started")]
    Stream(#[source] std::io::Error),
    /// The shell or the agent ended, having said `told`.
    #[error("the agent did not start{}", because(.told))]
    Ended { told: String },
    /// It took too long.
    #[error("the agent did not start within {} s{}", .0.as_secs(), because(.1))]
    Slow(Duration, String),
    /// There is no binary for the host's architecture.
    #[error(
        "the host is a {0}, and there is no agent for that: put one into the folder of `--agent-dir`, as `quaymaster-{0}`"
    )]
    Architecture(String),
    /// No folder of the host can hold the binary.
    #[error(
        "no folder of the host can hold the agent and run it; name one with `ansible_remote_tmp` that is writable and not mounted `noexec`"
    )]
    Nowhere,
    /// The binary could not be written.
    #[error("the agent could not be written to `{folder}`{}", because(.told))]
    Write { folder: String, told: String },
    /// What arrived is not what was sent.
    #[error("the agent arrived damaged")]
    Damaged,
    /// The binary cannot be read here.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// Another version answers.
    #[error("the agent is of another version")]
    Version,
    /// Another user cannot be had.
    #[error("{0}")]
    Become(String),
}

fn because(told: &str) -> String {
    let told = told.trim();
    if told.is_empty() { String::new() } else { format!(": {told}") }
}

/// The last of what a host writes to standard error.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    /// Reads standard error to its end, in the background.
    pub(super) fn of(mut stderr: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let told = Self::default();
        let own = told.clone();
        tokio::spawn(async move {
            let mut piece = [0; 1024];
            // a broken stream tells no more, which comes to the same as its end
            while let Ok(count @ 1..) = stderr.read(&mut piece).await {
                own.add(piece.get(..count).unwrap_or_default());
            }
        });
        told
    }

    pub(super) fn add(&self, bytes: &[u8]) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(bytes);
        let over = tail.len().saturating_sub(TAIL);
        tail.drain(..over);
    }

    /// The last lines, on one line.
    pub(super) fn text(&self) -> String {
        let tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&tail);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join("; ")
    }
}

/// The two ends of an agent's stream.
pub(super) struct Started {
    pub(super) input: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) output: Box<dyn AsyncWrite + Send + Unpin>,
    pub(super) told: Told,
    /// Kept, since dropping it may end the process.
    pub(super) process: Process,
}

/// Waits for the agent to be ready, and sends it the binary where the host asks for it.
pub(super) async fn start(mut process: Process, binaries: &Binaries, limit: Duration) -> Result<Started, StartError> {
    let told = process.stderr.take().map(Told::of).unwrap_or_default();
    let (Some(mut stdin), Some(mut stdout)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(StartError::Ended { told: "the transport gives no streams".to_owned() });
    };
    let ready = ready(&mut stdin, &mut stdout, binaries, &told);
    match tokio::time::timeout(limit, ready).await {
        Ok(Ok(rest)) => {
            let input = Box::new(std::io::Cursor::new(rest).chain(stdout));
            Ok(Started { input, output: stdin, told, process })
        }
        Ok(Err(StartError::Ended { told: shell })) => {
            let exit = tokio::time::timeout(Duration::from_secs(1), process.exit).await;
            if let Ok(Err(error)) = exit {
                return Err(error.into());
            }
            let status = match exit {
                Ok(Ok(ExitStatus::Code(code))) => format!("the shell ended with {code}"),
                Ok(Ok(ExitStatus::Signal(name))) => format!("the shell was ended by {name}"),
                _ => "the shell ended".to_owned(),
            };
            let said = [told.text(), shell].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            Err(StartError::Ended { told: [status, said].join("; ").trim_end_matches("; ").to_owned() })
        }
        Ok(Err(other)) => Err(other),
        Err(_) => Err(StartError::Slow(limit, told.text())),
    }
}

/// Reads up to the word that the agent is ready; gives back what came behind it.
async fn ready(
    stdin: &mut (impl AsyncWrite + Unpin),
    stdout: &mut (impl AsyncRead + Unpin),
    binaries: &Binaries,
    told: &Told,
) -> Result<Vec<u8>, StartError> {
    let mut seen: Vec<u8> = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stdout.read(&mut piece).await.map_err(StartError::Stream)?;
        if count == 0 {
            let noise = Told::default();
            noise.add(&seen);
            return Err(StartError::Ended { told: noise.text() });
        }
        seen.extend_from_slice(piece.get(..count).unwrap_or_default());
        while let Some((word, rest)) = next_word(&seen) {
            seen = rest;
            let mut parts = word.split(' ');
            match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
                ("ready", ..) => return Ok(seen),
                ("need", Some(architecture), packing) => {
                    let packed = packing == Some("gzip");
                    let bytes = binaries
                        .bytes(architecture, packed)?
                        .ok_or_else(|| StartError::Architecture(architecture.to_owned()))?;
                    let send = async {
                        stdin.write_all(format!("{}\n", bytes.len()).as_bytes()).await?;
                        stdin.write_all(&bytes).await?;
                        stdin.flush().await
                    };
                    // where the host stops reading, it says why
                    if let Err(error) = send.await
                        && error.kind() != std::io::ErrorKind::BrokenPipe
                    {
                        return Err(StartError::Stream(error));
                    }
                }
                ("arch", Some(architecture), _) => return Err(StartError::Architecture(architecture.to_owned())),
                ("nowhere", ..) => return Err(StartError::Nowhere),
                ("damaged", ..) => return Err(StartError::Damaged),
                ("fail", ..) => {
                    // what the tools said comes on another stream
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let folder = word.strip_prefix("fail ").unwrap_or_default().to_owned();
                    return Err(StartError::Write { folder, told: told.text() });
                }
                _ => {}
            }
        }
        if seen.len() > MOST_NOISE {
            return Err(StartError::Ended { told: "the login shell prints without an end".to_owned() });
        }
    }
}

/// The first word between marks, and what stands behind it.
fn next_word(seen: &[u8]) -> Option<(String, Vec<u8>)> {
    let open = OPEN.as_bytes();
    let at = seen.windows(open.len()).position(|part| part == open)?;
    let inside = seen.get(at + open.len()..)?;
    let end = inside.iter().position(|byte| *byte == CLOSE)?;
    let word = String::from_utf8_lossy(inside.get(..end)?).into_owned();
    Some((word, inside.get(end + 1..)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_noise() {
        let seen = b"Welcome!\n\x1f<other>\x1f<quaymaster>need x86_64 gzip\x1frest";
        assert_eq!(next_word(seen), Some(("need x86_64 gzip".to_owned(), b"rest".to_vec())));
        assert_eq!(next_word(b"Welcome \x1f<quaymaster>rea"), None);
    }

    #[test]
    fn the_last_lines_are_kept() {
        let told = Told::default();
        told.add("x".repeat(TAIL).as_bytes());
        told.add(b"\none\n\ntwo\nthree\nfour\n");
        assert_eq!(told.text(), "two; three; four");
    }
}
