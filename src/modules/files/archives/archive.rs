//! `archive`.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sources::Sources;
use super::zip::Zip;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Content, FileState, Mode, TargetFile, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value};

/// How to pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// With bzip2.
    Bz2,
    /// With gzip.
    #[default]
    Gz,
    /// Not at all.
    Tar,
    /// With xz.
    Xz,
    /// As a zip archive.
    Zip,
}

file_options! {
    /// Packs files and folders of the host into an archive there, or one file into a compressed one.
    ///
    /// The host needs `tar`, `gzip`, `bzip2`, `xz` or `zip`, as the format wants it.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Archive {
        /// Files and folders to pack, by path or shell pattern.
        path: Vec<String>,
        /// How to pack.
        #[serde(default)]
        format: Format,
        /// The archive. For a single file that is compressed, its own name with the format's ending where not given.
        dest: Option<String>,
        /// Paths or shell patterns of what is left out of `path`.
        #[serde(default)]
        exclude_path: Vec<String>,
        /// Shell patterns of names that are left out wherever they are found.
        #[serde(default)]
        exclusion_patterns: Vec<String>,
        /// Make an archive even of a single file.
        #[serde(default)]
        force_archive: bool,
        /// Remove what was packed.
        #[serde(default)]
        remove: bool,
        /// Mode of the archive. Left alone where not given.
        mode: Option<Mode>,
    }
}

/// What the archive holds, and what of its sources is still there to be removed.
#[derive(Clone, PartialEq, Serialize)]
pub struct ArchiveState {
    members: Option<Vec<String>>,
    to_remove: Vec<PathBuf>,
    ownership: Option<crate::modules::host::Ownership>,
}

impl Archive {
    fn sources(&self, ctx: &Ctx) -> Result<Sources, ModuleError> {
        Sources::find(&self.path, &self.exclude_path, &self.exclusion_patterns, &self.dest(ctx, None)?, ctx)
    }

    /// Whether it is one file that is compressed without an archive around it.
    fn is_single(&self, sources: &Sources) -> bool {
        let one = matches!(sources.found.as_slice(), [only] if only.is_file());
        one && self.path.len() == 1 && !self.force_archive && !matches!(self.format, Format::Tar | Format::Zip)
    }

    fn dest(&self, ctx: &Ctx, sources: Option<&Sources>) -> Result<PathBuf, ModuleError> {
        if let Some(dest) = &self.dest {
            return Ok(ctx.resolve(dest));
        }
        let [only] = self.path.as_slice() else {
            return Err(ModuleError::new("Error, must specify \"dest\" when archiving multiple files or trees"));
        };
        let path = ctx.resolve(only);
        if path.is_dir() || sources.is_some_and(|sources| sources.found.len() > 1) {
            return Err(ModuleError::new("Error, must specify \"dest\" when archiving multiple files or trees"));
        }
        Ok(PathBuf::from(format!("{}.{}", path.display(), self.ending())))
    }

    fn ending(&self) -> &'static str {
        match self.format {
            Format::Bz2 => "bz2",
            Format::Gz => "gz",
            Format::Tar => "tar",
            Format::Xz => "xz",
            Format::Zip => "zip",
        }
    }

    fn compressor(&self) -> Option<&'static str> {
        match self.format {
            Format::Bz2 => Some("bzip2"),
            Format::Gz => Some("gzip"),
            Format::Xz => Some("xz"),
            Format::Tar | Format::Zip => None,
        }
    }

    /// What an archive holds, in a form in which two archives can be compared.
    fn members(&self, archive: &Path, single: bool, ctx: &Ctx) -> Result<Option<Vec<String>>, ModuleError> {
        if !archive.is_file() {
            return Ok(None);
        }
        if single {
            let program = self.compressor().unwrap_or("gzip");
            let output = ctx.command([program.into(), "-dc".into(), archive.as_os_str().to_owned()]).run()?;
            // what cannot be unpacked is not what is wanted
            return Ok((output.rc == 0).then(|| vec![crate::modules::host::sha1_hex(&output.stdout)]));
        }
        if self.format == Format::Zip {
            let zip = Zip { archive, include: &[], exclude: &[], extra: &[] };
            let entries = zip.entries(ctx).unwrap_or_default();
            return Ok(Some(
                entries.iter().map(|entry| format!("{} {:08x} {}", entry.size, entry.crc, entry.name)).collect(),
            ));
        }
        let argv: [std::ffi::OsString; 7] = [
            "tar".into(),
            "--list".into(),
            "--verbose".into(),
            "--full-time".into(),
            "--numeric-owner".into(),
            "--file".into(),
            archive.into(),
        ];
        let output = ctx.command(argv).env("LC_ALL", "C").run()?;
        Ok((output.rc == 0).then(|| output.out().lines().map(str::to_owned).collect()))
    }

    /// Packs into a file.
    fn pack(&self, sources: &Sources, single: bool, into: &Path, ctx: &Ctx) -> Result<(), ModuleError> {
        if let (true, Some(program), [source]) = (single, self.compressor(), sources.found.as_slice()) {
            let output = ctx.command([program.into(), "-c".into(), source.as_os_str().to_owned()]).run()?;
            let output = output.success(&format!("compressing `{}`", source.display()))?;
            return fs::write(into, output.stdout)
                .map_err(|error| ModuleError::because(format!("cannot write `{}`", into.display()), error));
        }
        let names: Vec<String> = sources.members.iter().map(|path| path.display().to_string()).collect();
        let output = if self.format == Format::Zip {
            // zip wants to make the file by itself
            fs::remove_file(into)
                .map_err(|error| ModuleError::because(format!("cannot remove `{}`", into.display()), error))?;
            let argv: [std::ffi::OsString; 5] = ["zip".into(), "-q".into(), "-y".into(), into.into(), "-@".into()];
            ctx.command(argv).dir(&sources.root).stdin(names.join("\n") + "\n").run()?
        } else {
            let mut argv: Vec<std::ffi::OsString> = vec!["tar".into(), "--create".into()];
            argv.extend(self.compressor().map(|program| format!("--{program}").into()));
            argv.extend(
                ["--no-recursion", "--null", "--verbatim-files-from", "--files-from=-", "--file"].map(Into::into),
            );
            argv.push(into.into());
            ctx.command(argv).dir(&sources.root).env("LC_ALL", "C").stdin(names.join("\0") + "\0").run()?
        };
        output.success("packing the archive").map(drop)
    }

    fn target(&self, path: PathBuf) -> TargetFile {
        TargetFile { path, attributes: self.attributes(self.mode.clone()), backup: false, validate: None }
    }

    /// A new archive in a temporary file.
    fn packed(&self, sources: &Sources, ctx: &Ctx) -> Result<tempfile::TempPath, ModuleError> {
        let cannot = |error| ModuleError::because("cannot make a temporary archive", error);
        let ending = format!(".{}", self.ending());
        let file = tempfile::Builder::new().prefix("archive.").suffix(&ending).tempfile_in(ctx.temporary());
        let path = file.map_err(cannot)?.into_temp_path();
        self.pack(sources, self.is_single(sources), &path, ctx)?;
        Ok(path)
    }
}

impl Managed for Archive {
    type State = ArchiveState;

    fn read(&self, ctx: &mut Ctx) -> Result<ArchiveState, ModuleError> {
        let sources = self.sources(ctx)?;
        let dest = self.dest(ctx, Some(&sources))?;
        if sources.found.is_empty() && !dest.exists() {
            return Err(ModuleError::new("Error, no source paths were found").with("missing", list(&sources.missing)));
        }
        if dest.parent().is_some_and(|folder| !folder.is_dir()) {
            return Err(ModuleError::new(format!("the folder of `{}` does not exist", dest.display())));
        }
        let members = self.members(&dest, self.is_single(&sources), ctx)?;
        let to_remove = if self.remove { sources.found.clone() } else { Vec::new() };
        Ok(ArchiveState { members, to_remove, ownership: ctx.meta_following(&dest)?.map(|meta| meta.ownership()) })
    }

    fn desired(&self, current: &ArchiveState, ctx: &mut Ctx) -> Result<ArchiveState, ModuleError> {
        let sources = self.sources(ctx)?;
        let dest = self.dest(ctx, Some(&sources))?;
        let members = if sources.found.is_empty() {
            current.members.clone()
        } else {
            let packed = self.packed(&sources, ctx)?;
            self.members(&packed, self.is_single(&sources), ctx)?
        };
        let now = match current.ownership {
            Some(ownership) => ownership,
            None => crate::modules::host::Ownership::fresh(&dest, false, ctx)?,
        };
        let ownership = Some(self.attributes(self.mode.clone()).wanted(&dest, now, false, ctx)?);
        Ok(ArchiveState { members, to_remove: Vec::new(), ownership })
    }

    fn apply(&self, current: &ArchiveState, desired: &ArchiveState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let sources = self.sources(ctx)?;
        let target = self.target(self.dest(ctx, Some(&sources))?);
        let mut state: FileState = target.read(ctx)?;
        let mut applied = Applied::default();
        applied.values.extend(self.told(&sources, &target.path));
        if current.members != desired.members {
            let packed = self.packed(&sources, ctx)?;
            let cannot = |error| ModuleError::because("cannot read the new archive", error);
            let wanted = target.desired(&state, Content::of_file(&packed).map_err(cannot)?, ctx)?;
            target.apply(&state, &wanted, ctx)?;
            state = wanted;
        }
        if let (Some(now), Some(wanted)) = (state.ownership, desired.ownership) {
            wanted.set(&target.path, now, false)?;
        }
        for path in &current.to_remove {
            let removed =
                if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            removed.map_err(|error| ModuleError::because(format!("cannot remove `{}`", path.display()), error))?;
        }
        Ok(applied)
    }

    fn report(&self, _: &ArchiveState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let sources = self.sources(ctx)?;
        let dest = self.dest(ctx, Some(&sources))?;
        let mut values = ctx.path_info(&dest)?;
        values.extend(self.told(&sources, &dest));
        Ok(values)
    }

    fn title(&self) -> String {
        self.dest.clone().unwrap_or_else(|| self.path.join(", "))
    }
}

fn list(paths: &[PathBuf]) -> Value {
    Value::list(paths.iter().map(|path| Value::from(path.display().to_string())).collect())
}

impl Archive {
    fn told(&self, sources: &Sources, dest: &Path) -> Map {
        let state = match (sources.missing.is_empty(), self.is_single(sources)) {
            (false, _) => "incomplete",
            (true, true) => "compress",
            (true, false) => "archive",
        };
        let archived: Vec<PathBuf> = sources.members.iter().map(|path| sources.root.join(path)).collect();
        [
            ("archived".into(), list(&archived)),
            ("arcroot".into(), Value::from(format!("{}/", sources.root.display().to_string().trim_end_matches('/')))),
            ("dest".into(), Value::from(dest.display().to_string())),
            ("dest_state".into(), Value::from(state)),
            ("expanded_paths".into(), list(&sources.found)),
            ("expanded_exclude_paths".into(), list(&sources.excluded)),
            ("missing".into(), list(&sources.missing)),
        ]
        .into()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use serde_json::json;

    use super::*;
    use crate::modules::testing::{prove, with_ctx};

    #[test]
    fn archives_are_made_once() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            fs::create_dir_all(at("src/a/b")).unwrap();
            fs::create_dir(at("out")).unwrap();
            for name in ["one.txt", "b/two words", "b/skip.log"] {
                fs::write(at("src/a").join(name), name).unwrap();
            }
            for format in ["gz", "bz2", "xz", "tar", "zip"] {
                let dest = at("out").join(format!("p.{format}"));
                let args = json!({
                    "path": at("src/a"), "dest": dest, "format": format, "exclusion_patterns": ["*.log"], "mode": "0600",
                });
                let done = prove(ctx, &at("out"), "archive", &args);
                assert_eq!(done.values.get("dest_state"), Some(&Value::from("archive")));
                let listing = if format == "zip" { "unzip -Z1" } else { "tar tf" };
                let output =
                    Command::new("sh").args(["-c", &format!("{listing} {}", dest.display())]).output().unwrap();
                let mut names: Vec<_> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
                names.sort_unstable();
                assert_eq!(names, ["a/", "a/b/", "a/b/two words", "a/one.txt"], "{format}");
            }
        });
    }

    #[test]
    fn a_single_file_is_compressed_and_sources_removed() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            fs::write(at("f"), "text").unwrap();
            prove(ctx, dir.path(), "archive", &json!({"path": at("f")}));
            let output = Command::new("gzip").arg("-dc").arg(at("f.gz")).output().unwrap();
            assert_eq!(output.stdout, b"text");
            fs::write(at("g"), "more").unwrap();
            let args = json!({"path": [at("f"), at("g")], "dest": at("both.tgz"), "remove": true});
            prove(ctx, dir.path(), "archive", &args);
            assert!(!at("f").exists() && !at("g").exists());
        });
    }
}
