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

/// The program that the environment names, by Ansible's own variable or the usual one.
fn chosen(name: &str, default: &str) -> String {
    let names = [format!("ANSIBLE_{name}"), name.to_owned()];
    let mut found = names.iter().filter_map(|name| env::var(name).ok()).filter(|program| !program.trim().is_empty());
    found.next().unwrap_or_else(|| default.to_owned())
}

/// Runs `$EDITOR` on a file. Signals meant for the editor do not end this process, which must clean up after it.
pub(super) fn edit(file: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _entered = runtime.enter();
    let _caught = [SignalKind::interrupt(), SignalKind::quit(), SignalKind::terminate(), SignalKind::hangup()]
        .map(signal)
        .into_iter()
        .collect::<io::Result<Vec<_>>>()?;
    let editor = chosen("EDITOR", "vi");
    // a shell splits `code --wait` and finds functions of the user's own
    let status = Command::new("/bin/sh").arg("-c").arg(format!("{editor} \"$1\"")).arg(&editor).arg(file).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("`{editor}` ended with {status}"))) }
}

/// Shows text through `$PAGER` (or `less`) at a terminal, else prints it.
pub(super) fn page(bytes: &[u8]) -> anyhow::Result<()> {
    if io::stdout().is_terminal() {
        let pager = chosen("PAGER", "less");
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
