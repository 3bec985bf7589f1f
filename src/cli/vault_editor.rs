//! The user's editor and pager, for `quaymaster vault`.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

/// The folder for plaintext that is lent to an editor: in memory where the session has such a folder, else the one for
/// temporary files. Only private folders are made in it.
pub(super) fn scratch() -> PathBuf {
    env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir()).unwrap_or_else(env::temp_dir)
}

/// Runs `$EDITOR` on a file. Signals meant for the editor do not end this process, which must clean up after it.
pub(super) fn edit(file: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _entered = runtime.enter();
    let _caught = [SignalKind::interrupt(), SignalKind::quit(), SignalKind::terminate(), SignalKind::hangup()]
        .map(signal)
        .into_iter()
        .collect::<io::Result<Vec<_>>>()?;
    let editor = env::var("EDITOR").ok().filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    // a shell splits `code --wait` and finds functions of the user's own
    let status = Command::new("/bin/sh").arg("-c").arg(format!("{editor} \"$1\"")).arg(&editor).arg(file).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("`{editor}` ended with {status}"))) }
}

/// Shows text through `$PAGER` (or `less`) at a terminal, else prints it.
pub(super) fn page(bytes: &[u8]) -> anyhow::Result<()> {
    if io::stdout().is_terminal() {
        let pager =
            env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty()).unwrap_or_else(|| "less".to_owned());
        let child = Command::new("/bin/sh").arg("-c").arg(format!("exec {pager}")).stdin(Stdio::piped()).spawn();
        if let Ok(mut child) = child {
            if let Some(mut input) = child.stdin.take() {
                // the user may leave the pager before the end
                let _ = input.write_all(bytes);
            }
            // 127: there is no such program
            if child.wait().context("the pager failed")?.code() != Some(127) {
                return Ok(());
            }
        }
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    if !bytes.ends_with(b"\n") {
        stdout.write_all(b"\n")?;
    }
    stdout.flush().context("cannot write to standard output")
}
