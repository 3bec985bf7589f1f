//! Archives that the host's `tar` reads.

use std::path::Path;

use super::kind::Kind;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Output, Process};

/// What is told about an entry that is not as in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    Missing,
    Mode,
    Owner,
    Group,
    Time,
    Content,
}

/// One archive, and where it is compared with or unpacked to.
pub(super) struct Tar<'a> {
    pub(super) archive: &'a Path,
    pub(super) kind: Kind,
    pub(super) dest: &'a Path,
    pub(super) include: &'a [String],
    pub(super) exclude: &'a [String],
    pub(super) extra: &'a [String],
}

impl Tar<'_> {
    fn command<'c>(&self, action: &str, ctx: &'c Ctx) -> Process<'c> {
        let mut argv: Vec<std::ffi::OsString> = vec!["tar".into(), action.into()];
        argv.extend(self.kind.tar_option().map(Into::into));
        argv.extend(["--directory".into(), self.dest.into()]);
        argv.extend(self.extra.iter().map(Into::into));
        argv.extend(self.exclude.iter().map(|pattern| format!("--exclude={pattern}").into()));
        argv.extend(["--file".into(), self.archive.into()]);
        argv.extend(self.include.iter().map(Into::into));
        ctx.command(argv).env("LC_ALL", "C").env("LANGUAGE", "C").env("TAR_OPTIONS", "")
    }

    /// The names of the entries, as they are unpacked.
    pub(super) fn names(&self, ctx: &Ctx) -> Result<Vec<String>, ModuleError> {
        let transformed = Tar { extra: &[self.extra, &["--show-transformed-names".to_owned()]].concat(), ..*self };
        let output = transformed
            .command("--list", ctx)
            .argument("--quoting-style=literal")
            .run()?
            .success(&format!("reading the archive `{}`", self.archive.display()))?;
        // tar itself takes the slash from a name's start
        let text = output.out();
        let names = text.lines().map(|name| name.trim_start_matches('/'));
        Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// How what is there differs from the archive.
    pub(super) fn differences(&self, ctx: &Ctx) -> Result<Vec<(String, Difference)>, ModuleError> {
        let output = self.command("--diff", ctx).argument("--quoting-style=literal").run()?;
        // 1 means that something differs, and that a file is missing makes it 2 as every other failure does
        let found: Vec<_> = output.out().lines().chain(output.err().lines()).filter_map(read_difference).collect();
        if output.rc > 1 && !found.iter().any(|(_, what)| *what == Difference::Missing) {
            return Err(output
                .success(&format!("comparing the archive `{}`", self.archive.display()))
                .err()
                .unwrap_or_else(|| ModuleError::new("comparing the archive failed")));
        }
        Ok(found)
    }

    /// Unpacks it.
    pub(super) fn unpack(&self, keep_newer: bool, ctx: &Ctx) -> Result<Output, ModuleError> {
        let mut command = self.command("--extract", ctx);
        if keep_newer {
            command = command.argument("--keep-newer-files");
        }
        command.run()?.success(&format!("failed to unpack {} to {}", self.archive.display(), self.dest.display()))
    }
}

/// A line of `tar --diff`, such as `a/b: Mod time differs` or `tar: a/b: Warning: Cannot stat: No such file or directory`.
fn read_difference(line: &str) -> Option<(String, Difference)> {
    let line = line.strip_prefix("tar: ").unwrap_or(line);
    let (path, what) = line.rsplit_once(": ")?;
    let what = match what {
        "No such file or directory" | "Not a directory" => Difference::Missing,
        "Mode differs" => Difference::Mode,
        "Uid differs" => Difference::Owner,
        "Gid differs" => Difference::Group,
        "Mod time differs" => Difference::Time,
        "Size differs" | "Contents differ" | "Symlink differs" | "File type differs" | "Device number differs" => {
            Difference::Content
        }
        other if other.starts_with("Not linked to ") => Difference::Content,
        _ => return None,
    };
    let path = path.trim_end_matches(": Cannot open").trim_end_matches(": Cannot stat").trim_end_matches(": Warning");
    // an entry of which `--strip-components` leaves nothing
    (!path.is_empty()).then(|| (path.to_owned(), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tars_comparison() {
        let read = |line: &str| read_difference(line).unwrap();
        assert_eq!(read("a: b/c: Mod time differs"), ("a: b/c".to_owned(), Difference::Time));
        assert_eq!(
            read("tar: x/y: Warning: Cannot stat: No such file or directory"),
            ("x/y".to_owned(), Difference::Missing)
        );
        assert_eq!(read("l: Not linked to k").1, Difference::Content);
        assert!(read_difference("tar: Exiting with failure status due to previous errors").is_none());
    }
}
