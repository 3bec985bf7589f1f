//! `unarchive`, the host's part: the controller's part brings an archive that is not there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::tar::{Difference, Tar};
use super::zip::Zip;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Brought, Mode, Output, file_options, normalized};
use crate::modules::managed::{Applied, Managed};
use crate::modules::net::download;
use crate::value::{Map, Text, Value};

file_options! {
    /// Unpacks an archive on the host, where what it holds is not there yet.
    ///
    /// Archives are those of `tar`, plain or packed with gzip, bzip2, xz or zstd, and those of `zip`. The host needs the programs
    /// to unpack them. What is in the folder and not in the archive stays.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct UnpackOnHost {
        /// The archive: on the controller, looked for in the `files` folders of role and playbook; with `remote_src` on the
        /// host, or a URL that the host downloads.
        pub(in crate::modules) src: Option<String>,
        /// Folder of the host to unpack into; it must exist.
        dest: String,
        /// `src` is on the host, or a URL.
        #[serde(default)]
        pub(in crate::modules) remote_src: bool,
        /// The opposite of `remote_src`, as it was called long ago.
        pub(in crate::modules) copy: Option<bool>,
        /// Do nothing when this exists on the host.
        pub(in crate::modules) creates: Option<String>,
        /// Decrypt an archive of the controller that Ansible Vault has encrypted.
        #[serde(default = "yes")]
        pub(in crate::modules) decrypt: bool,
        /// Entries to leave out.
        #[serde(default)]
        exclude: Vec<String>,
        /// Entries to unpack; all where not given.
        #[serde(default)]
        include: Vec<String>,
        /// Options for `tar` or `unzip`, one in each item.
        #[serde(default)]
        extra_opts: Vec<String>,
        /// Leave files alone that are newer than those in the archive.
        #[serde(default)]
        keep_newer: bool,
        /// Return the names of the entries as `files`.
        #[serde(default)]
        list_files: bool,
        /// Mode of everything that the archive holds. As in the archive where not given.
        mode: Option<Mode>,
        /// Refuse a server whose certificate is not valid.
        #[serde(default = "yes")]
        validate_certs: bool,
        /// Without effect: nothing is read through a buffer of ours.
        #[serde(default)]
        #[expect(dead_code, reason = "taken because playbooks give it")]
        io_buffer_size: Option<u64>,
        /// Not for playbooks: the archive as a file that the controller had brought.
        #[schemars(skip)]
        source: Option<String>,
        /// Not for playbooks: the archive as text.
        #[schemars(skip)]
        content: Option<Text>,
        /// Not for playbooks: the archive in Base64.
        #[schemars(skip)]
        content_base64: Option<String>,
        /// Not for playbooks: whether the archive must not be shown; it never is.
        #[schemars(skip)]
        #[serde(default)]
        #[expect(dead_code, reason = "comes with every content")]
        secret: bool,
    }
}

fn yes() -> bool {
    true
}

/// What of the archive is not there, or is otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnpackState {
    differing: Vec<String>,
    #[serde(skip)]
    found: Found,
}

/// What was found out on the way. It is the same before and after.
#[derive(Clone, Debug)]
struct Found {
    archive: Arc<Held>,
    kind: Option<Kind>,
    names: Vec<String>,
    skipped: Option<String>,
}

/// The archive, kept until the task has ended where it is a temporary file.
#[derive(Debug)]
struct Held {
    path: PathBuf,
    _temporary: Option<tempfile::TempPath>,
}

impl PartialEq for Found {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl UnpackOnHost {
    fn archive(&self, ctx: &mut Ctx) -> Result<Held, ModuleError> {
        let brought = Brought {
            source: self.source.as_deref(),
            content: self.content.as_ref(),
            content_base64: self.content_base64.as_deref(),
        };
        if let Some(path) = brought.path(ctx) {
            return Ok(Held { path, _temporary: None });
        }
        if self.content.is_some() || self.content_base64.is_some() {
            let cannot = |error| ModuleError::because("cannot write the archive to a temporary file", error);
            let file = tempfile::Builder::new().prefix("unarchive.").tempfile_in(ctx.temporary()).map_err(cannot)?;
            std::fs::write(file.path(), brought.bytes(ctx)?).map_err(cannot)?;
            let kept = file.into_temp_path();
            return Ok(Held { path: kept.to_path_buf(), _temporary: Some(kept) });
        }
        let src = self.src.as_deref().ok_or_else(|| ModuleError::new("src (or content) is required"))?;
        if src.contains("://") {
            let kept = download(src, self.validate_certs, ctx)?;
            return Ok(Held { path: kept.to_path_buf(), _temporary: Some(kept) });
        }
        let path = ctx.resolve(src);
        if !path.exists() {
            return Err(ModuleError::new(format!("Source '{}' does not exist", path.display())));
        }
        Ok(Held { path, _temporary: None })
    }

    fn tar<'a>(&'a self, archive: &'a Path, kind: Kind, dest: &'a Path) -> Tar<'a> {
        Tar { archive, kind, dest, include: &self.include, exclude: &self.exclude, extra: &self.extra_opts }
    }

    fn zip<'a>(&'a self, archive: &'a Path) -> Zip<'a> {
        Zip { archive, include: &self.include, exclude: &self.exclude, extra: &self.extra_opts }
    }

    /// The names in the archive, and those of them that are not there as the archive has them.
    fn compare(
        &self,
        archive: &Path,
        kind: Kind,
        dest: &Path,
        ctx: &mut Ctx,
    ) -> Result<(Vec<String>, Vec<String>), ModuleError> {
        let mut differing = Vec::new();
        let names: Vec<String> = if kind == Kind::Zip {
            let mut names = Vec::new();
            for entry in self.zip(archive).entries(ctx)? {
                let path = dest.join(&entry.name);
                let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
                let kept = self.keep_newer && newer(&path, archive);
                if !entry.is_at(&path).map_err(cannot)? && !kept {
                    differing.push(entry.name.clone());
                }
                names.push(entry.name);
            }
            names
        } else {
            let tar = self.tar(archive, kind, dest);
            let root = rustix::process::geteuid().is_root();
            for (path, what) in tar.differences(ctx)? {
                let counts = match what {
                    Difference::Missing => true,
                    Difference::Mode => self.mode.is_none(),
                    Difference::Owner => root && self.owner.is_none(),
                    Difference::Group => root && self.group.is_none(),
                    Difference::Time | Difference::Content => !(self.keep_newer && newer(&dest.join(&path), archive)),
                };
                if counts && !differing.contains(&path) {
                    differing.push(path);
                }
            }
            tar.names(ctx)?
        };
        if let Some(name) = names.iter().find(|name| !normalized(&dest.join(name)).starts_with(normalized(dest))) {
            return Err(ModuleError::new(format!("the archive holds `{name}`, which would be outside of the folder")));
        }
        let wanted = self.attributes(self.mode.clone());
        if !wanted.is_empty() {
            for name in &names {
                let path = dest.join(name);
                let Some(meta) = ctx.meta(&path)? else { continue };
                if path.is_symlink() || differing.contains(name) {
                    continue;
                }
                let now = meta.ownership();
                if wanted.wanted(&path, now, path.is_dir(), ctx)? != now {
                    differing.push(name.clone());
                }
            }
        }
        Ok((names, differing))
    }
}

/// Whether a path was changed later than the archive was.
fn newer(path: &Path, archive: &Path) -> bool {
    let time = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    time(path).zip(time(archive)).is_some_and(|(path, archive)| path > archive)
}

impl Managed for UnpackOnHost {
    type State = UnpackState;

    fn validate(&self) -> Result<(), ModuleError> {
        if !self.include.is_empty() && !self.exclude.is_empty() {
            return Err(ModuleError::new("only one of `include` and `exclude` can be given"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<UnpackState, ModuleError> {
        if let Some(creates) = self.creates.as_deref().filter(|path| ctx.resolve(path).symlink_metadata().is_ok()) {
            let found = Found {
                archive: Arc::new(Held { path: PathBuf::new(), _temporary: None }),
                kind: None,
                names: Vec::new(),
                skipped: Some(format!("skipped, since {creates} exists")),
            };
            return Ok(UnpackState { differing: Vec::new(), found });
        }
        let dest = ctx.resolve(&self.dest);
        if !dest.is_dir() {
            return Err(ModuleError::new(format!("Destination '{}' is not a directory", dest.display())));
        }
        let archive = self.archive(ctx)?;
        let kind = Kind::of(&archive.path)?;
        let (names, differing) = self.compare(&archive.path, kind, &dest, ctx)?;
        let found = Found { archive: Arc::new(archive), kind: Some(kind), names, skipped: None };
        Ok(UnpackState { differing, found })
    }

    fn desired(&self, current: &UnpackState, _: &mut Ctx) -> Result<UnpackState, ModuleError> {
        Ok(UnpackState { differing: Vec::new(), found: current.found.clone() })
    }

    fn apply(&self, current: &UnpackState, _: &UnpackState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let dest = ctx.resolve(&self.dest);
        let path = &current.found.archive.path;
        let kind = current.found.kind.unwrap_or(Kind::Tar);
        let output = if kind == Kind::Zip {
            self.zip(path).unpack(&dest, self.keep_newer, ctx)?
        } else {
            self.tar(path, kind, &dest).unpack(self.keep_newer, ctx)?
        };
        let wanted = self.attributes(self.mode.clone());
        for name in current.found.names.iter().filter(|_| !wanted.is_empty()) {
            let path = dest.join(name);
            let Some(meta) = ctx.meta(&path)? else { continue };
            let now = meta.ownership();
            wanted.wanted(&path, now, path.is_dir(), ctx)?.set(&path, now, path.is_symlink())?;
        }
        let mut applied = Applied::default();
        applied.values.insert("extract_results".into(), results(&output));
        Ok(applied)
    }

    fn report(&self, state: &UnpackState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let mut values = Map::new();
        if let Some(msg) = &state.found.skipped {
            values.insert("msg".into(), Value::from(msg.as_str()));
            values.insert("skipped".into(), true.into());
            return Ok(values);
        }
        let dest = ctx.resolve(&self.dest);
        values.insert("dest".into(), Value::from(dest.display().to_string()));
        let src = self.src.clone().unwrap_or_else(|| state.found.archive.path.display().to_string());
        values.insert("src".into(), Value::from(src));
        values.insert("handler".into(), Value::from(state.found.kind.map_or("", Kind::handler)));
        if self.list_files {
            let names = state.found.names.iter().map(|name| Value::from(name.as_str())).collect();
            values.insert("files".into(), Value::list(names));
        }
        values.extend(ctx.path_info(&dest)?);
        Ok(values)
    }

    fn title(&self) -> String {
        self.dest.clone()
    }
}

fn results(output: &Output) -> Value {
    let map: Map = [
        ("rc".into(), i64::from(output.rc).into()),
        ("out".into(), output.out().into()),
        ("err".into(), output.err().into()),
    ]
    .into();
    Value::map(map)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};
    use crate::value::{Value, to_json};

    fn sh(line: &str, dir: &std::path::Path) {
        assert!(Command::new("sh").args(["-c", line]).current_dir(dir).status().unwrap().success(), "{line}");
    }

    #[test]
    fn archives_of_every_kind_are_unpacked_once() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            ctx.working_dir = dir.path().to_owned();
            let files = dir.path().join("files");
            fs::create_dir_all(files.join("a/b")).unwrap();
            fs::write(files.join("a/one"), "1\n").unwrap();
            fs::write(files.join("a/b/two words"), "2\n").unwrap();
            std::os::unix::fs::symlink("one", files.join("a/link")).unwrap();
            sh(
                "tar cf p.tar a; tar czf p.tgz a; tar cjf p.tar.bz2 a; tar cJf p.tar.xz a; tar cf p.tar.zst --zstd a",
                &files,
            );
            sh("zip -qry p.zip a", &files);
            let kinds = [
                ("p.tar", "TarArchive"),
                ("p.tgz", "TgzArchive"),
                ("p.tar.bz2", "TarBzipArchive"),
                ("p.tar.xz", "TarXzArchive"),
                ("p.tar.zst", "TarZstdArchive"),
                ("p.zip", "ZipArchive"),
            ];
            for (number, (name, handler)) in kinds.into_iter().enumerate() {
                let out = dir.path().join(format!("out{number}"));
                fs::create_dir(&out).unwrap();
                let args = json!({"src": name, "dest": out, "list_files": true});
                let done = prove(ctx, &out, "unarchive", &args);
                assert_eq!(done.values.get("handler"), Some(&Value::from(handler)));
                let mut names: Vec<String> = serde_json::from_value(to_json(&done.values["files"])).unwrap();
                names.sort();
                assert_eq!(names, ["a/", "a/b/", "a/b/two words", "a/link", "a/one"], "{name}");
                assert_eq!(fs::read_to_string(out.join("a/b/two words")).unwrap(), "2\n");
                fs::write(out.join("a/one"), "x\n").unwrap();
                prove(ctx, &out, "unarchive", &args);
                assert_eq!(fs::read_to_string(out.join("a/one")).unwrap(), "1\n");
            }
        });
    }

    #[test]
    fn modes_selections_and_conditions() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            fs::create_dir_all(at("in/a")).unwrap();
            fs::create_dir_all(at("out")).unwrap();
            fs::write(at("in/a/keep"), "k").unwrap();
            fs::write(at("in/a/drop"), "d").unwrap();
            sh("tar czf ../p.tgz a", &at("in"));
            let args = json!({
                "src": at("p.tgz"), "remote_src": true, "dest": at("out"), "exclude": ["a/drop"], "mode": "u=rwX,go=",
                "extra_opts": ["--no-such-option"],
            });
            let error = run(ctx, "unarchive", args).unwrap_err();
            assert!(error.full_message().contains("no-such-option"), "{}", error.full_message());
            let args = json!({
                "src": at("p.tgz"), "remote_src": true, "dest": at("flat"), "extra_opts": ["--strip-components=1"],
            });
            fs::create_dir(at("flat")).unwrap();
            prove(ctx, &at("flat"), "unarchive", &args);
            assert!(at("flat/keep").is_file());
            let args = json!({
                "src": at("p.tgz"), "remote_src": true, "dest": at("out"), "exclude": ["a/drop"], "mode": "u=rwX,go=",
            });
            prove(ctx, &at("out"), "unarchive", &args);
            assert!(!at("out/a/drop").exists());
            assert_eq!(fs::metadata(at("out/a/keep")).unwrap().permissions().mode() & 0o777, 0o600);
            let args = json!({"src": at("p.tgz"), "remote_src": true, "dest": at("out"), "creates": at("out/a/keep")});
            assert!(!run(ctx, "unarchive", args).unwrap().changed);
            fs::write(at("out/a/keep"), "newer").unwrap();
            let args = json!({
                "src": at("p.tgz"), "remote_src": true, "dest": at("out"), "include": ["a/keep"], "keep_newer": true,
                "mode": "0600",
            });
            assert!(!run(ctx, "unarchive", args).unwrap().changed);
            fs::write(at("text"), "no archive").unwrap();
            let args = json!({"src": at("text"), "remote_src": true, "dest": at("out")});
            assert!(run(ctx, "unarchive", args).unwrap_err().message.contains("Failed to find handler"));
        });
    }
}
