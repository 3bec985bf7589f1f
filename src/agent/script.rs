//! The command line that turns a login into an agent: it starts the binary where it lies from an earlier run, or takes it from
//! its standard input. It asks nothing of the host but a POSIX shell, `id`, `uname`, `head` and `mkdir`.
//!
//! It must survive any login shell, so it is one line in single quotes, without quotes, exclamation marks (csh) and
//! backslashes before quotes (fish) of its own. What it has to say stands between marks that no greeting prints.

use std::fmt::Write as _;

/// What stands before a word of the script's.
pub(super) const OPEN: &str = "\x1f<quaymaster>";

/// What stands behind it.
pub(super) const CLOSE: u8 = 0x1f;

/// Where the binary is kept, best first; what is on a disk without `exec` or not writable is passed over.
const FOLDERS: &[&str] =
    &["$HOME/.cache/quaymaster", "/var/tmp/quaymaster-$u", "/tmp/quaymaster-$u", "/dev/shm/quaymaster-$u"];

/// What the script is made for.
#[derive(Clone, Debug, Default)]
pub(super) struct Script<'a> {
    /// The binaries that can be had, as architecture (`uname -m`) and SHA-256.
    pub(super) binaries: &'a [(String, String)],
    /// Folders to keep the binary in, before the usual ones; `~/` at the front is the user's home.
    pub(super) folders: &'a [String],
    /// A binary that is there for sure, and trusted: the one of the agent that becomes another user.
    pub(super) beside: Option<&'a str>,
}

impl Script<'_> {
    /// For `sh -c`, not yet quoted.
    pub(super) fn text(&self) -> String {
        let mut out = String::from("u=$(id -u); m=$(uname -m); v=; case $m in ");
        for (architecture, digest) in self.binaries {
            let _ = write!(out, "{architecture}) v={digest};; ");
        }
        out.push_str("esac; ");
        if let Some(beside) = self.beside {
            let _ = write!(out, "b={}; if [ -x \"$b\" ]; then exec \"$b\" agent serve; fi; ", double_quoted(beside));
        }
        out.push_str("set --");
        for folder in self.folders {
            let _ = match folder.strip_prefix("~/") {
                Some(rest) => write!(out, " \"$HOME\"/{}", double_quoted(rest)),
                None => write!(out, " {}", double_quoted(folder)),
            };
        }
        for folder in FOLDERS {
            let _ = write!(out, " \"{folder}\"");
        }
        out.push_str(concat!(
            "; say() { printf \"\\037<quaymaster>%s\\037\" \"$1\"; }; ",
            "if [ -z \"$v\" ]; then say \"arch $m\"; exit 3; fi; ",
            "for d in \"$@\"; do f=$d/quaymaster-$v; ",
            // in a folder of somebody else's there may be a link to another file of this user's
            "if [ -O \"$d\" ] && [ -f \"$f\" ] && [ -x \"$f\" ] && [ -O \"$f\" ]; then exec \"$f\" agent serve; fi; done; ",
            "for d in \"$@\"; do ",
            "mkdir -p \"$d\" 2>/dev/null; [ -d \"$d\" ] || continue; [ -L \"$d\" ] && continue; [ -O \"$d\" ] || continue; ",
            "chmod 700 \"$d\" || continue; t=$d/.new.$$; ",
            // a file that the shell can only run where programs may be run
            "(echo : >\"$t\") 2>/dev/null || continue; chmod 700 \"$t\"; \"$t\" 2>/dev/null || { rm -f \"$t\"; continue; }; ",
            "c=cat; command -v gzip >/dev/null 2>&1 && c=gzip; say \"need $m $c\"; read -r n || exit 3; ",
            "if [ $c = gzip ]; then head -c \"$n\" | gzip -dc >\"$t\"; else head -c \"$n\" >\"$t\"; fi ",
            "&& mv \"$t\" \"$d/quaymaster-$v\" && exec \"$d/quaymaster-$v\" agent serve --verify \"$v\"; ",
            "rm -f \"$t\"; say \"fail $d\"; exit 3; done; say nowhere; exit 3"
        ));
        out
    }

    /// As a command line for any login shell.
    pub(super) fn command_line(&self) -> String {
        format!("/bin/sh -c '{}'", self.text())
    }
}

/// Text between double quotes of `sh`, which itself stands between single quotes of a login shell: a single quote in it ends
/// those for a moment.
fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' | '$' | '`' => {
                out.push('\\');
                out.push(char);
            }
            '\'' => out.push_str("'\\''"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::process::{Command, Output, Stdio};

    use super::*;

    fn play(home: &Path, script: &Script<'_>, input: &[u8]) -> Output {
        let mut child = Command::new("/bin/sh")
            .args(["-c", &script.command_line()])
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // where the script has ended already it does not read
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn architecture() -> Vec<(String, String)> {
        vec![(std::env::consts::ARCH.to_owned(), "d1g3st".to_owned())]
    }

    #[test]
    fn a_binary_is_taken_and_found_again() {
        let home = tempfile::tempdir().unwrap();
        let binaries = architecture();
        let script = Script { binaries: &binaries, ..Script::default() };
        let program = b"#!/bin/sh\necho \"started with $*\"\n";
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(program).unwrap();
        let packed = packed.finish().unwrap();
        let input = [format!("{}\n", packed.len()).into_bytes(), packed].concat();
        let first = play(home.path(), &script, &input);
        let text = String::from_utf8(first.stdout).unwrap();
        assert_eq!(
            text,
            format!("{OPEN}need {} gzip\x1fstarted with agent serve --verify d1g3st\n", std::env::consts::ARCH)
        );
        let kept = home.path().join(".cache/quaymaster");
        assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 1);
        let second = play(home.path(), &script, b"");
        assert_eq!(String::from_utf8(second.stdout).unwrap(), "started with agent serve\n");
    }

    #[test]
    fn a_torn_binary_is_not_kept() {
        let home = tempfile::tempdir().unwrap();
        let binaries = architecture();
        let script = Script { binaries: &binaries, ..Script::default() };
        let output = play(home.path(), &script, b"100\nnot a packed file");
        assert!(String::from_utf8_lossy(&output.stdout).contains("<quaymaster>fail "), "{output:?}");
        assert_eq!(std::fs::read_dir(home.path().join(".cache/quaymaster")).unwrap().count(), 0);
    }

    #[test]
    fn another_architecture_and_a_folder_of_ones_own() {
        let home = tempfile::tempdir().unwrap();
        let output = play(home.path(), &Script::default(), b"");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{OPEN}arch {}\x1f", std::env::consts::ARCH));
        let binaries = architecture();
        let folders = vec!["~/it's \"here\" $u".to_owned()];
        let script = Script { binaries: &binaries, folders: &folders, ..Script::default() };
        play(home.path(), &script, b"100\nx");
        assert!(home.path().join("it's \"here\" $u").is_dir());
    }
}
