//! The agent of another user, behind the one of the login user: its stream of bytes goes through.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::becoming::Become;
use super::binary::Binaries;
use super::handshake::{self, StartError, Started};
use super::message::{BecomeRequest, ToRunner};
use super::script::Script;
use super::streams::{Incoming, Outgoing, PIECE};
use crate::value::Secret;

/// How long becoming another user may take; a wrong password alone costs `sudo` two seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// Starts the agent of another user on this very host, with the binary that runs here.
pub(super) async fn start(request: &BecomeRequest, program: &Path, binaries: &Binaries) -> Result<Started, StartError> {
    let other = Become {
        method: request.method.clone(),
        user: request.user.clone(),
        password: request.password.as_ref().map(|password| Secret::new(password.0.as_str())),
        executable: request.executable.clone(),
        flags: request.flags.clone(),
    };
    start_as(&other, &request.folders, program, binaries).await
}

/// The same by its own types.
pub(super) async fn start_as(
    other: &Become,
    folders: &[String],
    program: &Path,
    binaries: &Binaries,
) -> Result<Started, StartError> {
    let digests = binaries.digests()?;
    let script = Script { binaries: &digests, folders, beside: program.to_str() };
    let text = script.text();
    let process = match tokio::time::timeout(LIMIT, other.start(&text)).await {
        Ok(process) => process?,
        Err(_) => {
            return Err(StartError::Become(format!(
                "becoming `{}` took longer than {} s",
                other.user,
                LIMIT.as_secs()
            )));
        }
    };
    handshake::start(process, binaries, LIMIT).await
}

/// Carries bytes in both directions until one side ends.
pub(super) async fn pump(started: Started, mut incoming: Incoming<ToRunner>, outgoing: Outgoing<ToRunner>) {
    let Started { mut input, mut output, process, .. } = started;
    let to_agent = async {
        while let Ok(Some(bytes)) = incoming.next().await {
            if output.write_all(&bytes).await.is_err() || output.flush().await.is_err() {
                break;
            }
        }
        // its input is at its end, so it ends
        drop(output);
    };
    let from_agent = async {
        let mut piece = vec![0; PIECE];
        while let Ok(count @ 1..) = input.read(&mut piece).await {
            if outgoing.send(piece.get(..count).unwrap_or_default()).await.is_err() {
                break;
            }
        }
        // a runner that is gone does not miss it
        let _ = outgoing.end().await;
    };
    tokio::join!(to_agent, from_agent);
    // the program that became the user is waited for, so that nothing of it is left
    let _ = tokio::time::timeout(Duration::from_secs(5), process.exit).await;
}
