//! `patch`, the host's part: the controller's part brings a patch that is not there.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Brought, Output};
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Text};

/// Whether the patch shall be applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It is not.
    Absent,
    /// It is.
    #[default]
    Present,
}

/// Applies a patch to files of the host, or takes it back. The host needs `patch`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchOnHost {
    /// The patch: on the controller, looked for in the `files` folders of role and playbook; with `remote_src` on the host.
    #[serde(alias = "patchfile")]
    #[schemars(extend("x-aliases" = ["patchfile"]))]
    pub(in crate::modules) src: String,
    /// `src` is on the host.
    #[serde(default)]
    pub(in crate::modules) remote_src: bool,
    /// Folder that the names in the patch start from.
    basedir: Option<String>,
    /// The one file to patch, whatever the patch names.
    #[serde(alias = "originalfile")]
    #[schemars(extend("x-aliases" = ["originalfile"]))]
    dest: Option<String>,
    /// Whether the patch shall be applied.
    #[serde(default)]
    state: State,
    /// How many folders to leave out of the names in the patch.
    #[serde(default)]
    strip: i64,
    /// Keep numbered copies of the files.
    #[serde(default)]
    backup: bool,
    /// Take the patch byte by byte.
    #[serde(default)]
    binary: bool,
    /// Let lines match that differ in blanks.
    #[serde(default)]
    ignore_whitespace: bool,
    /// Not for playbooks: the patch as a file that the controller had brought.
    #[schemars(skip)]
    source: Option<String>,
    /// Not for playbooks: the patch as text.
    #[schemars(skip)]
    content: Option<Text>,
    /// Not for playbooks: the patch in Base64.
    #[schemars(skip)]
    content_base64: Option<String>,
    /// Not for playbooks: whether the patch must not be shown; it never is.
    #[schemars(skip)]
    #[serde(default)]
    #[expect(dead_code, reason = "comes with every content")]
    secret: bool,
}

/// Whether the patch is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PatchState {
    applied: bool,
}

impl PatchOnHost {
    fn patch(&self, extra: &[&str], ctx: &Ctx) -> Result<Output, ModuleError> {
        let brought = Brought {
            source: self.source.as_deref(),
            content: self.content.as_ref(),
            content_base64: self.content_base64.as_deref(),
        };
        let handed_over = self.source.is_some() || self.content.is_some() || self.content_base64.is_some();
        let bytes = if handed_over {
            brought.bytes(ctx)?
        } else {
            let path = ctx.resolve(&self.src);
            std::fs::read(&path).map_err(|error| {
                ModuleError::because(format!("src {} doesn't exist or not readable", path.display()), error)
            })?
        };
        let mut argv: Vec<std::ffi::OsString> =
            vec!["patch".into(), "--quiet".into(), "--batch".into(), format!("--strip={}", self.strip).into()];
        argv.extend(extra.iter().map(Into::into));
        for (given, option) in [(self.binary, "--binary"), (self.ignore_whitespace, "--ignore-whitespace")] {
            if given {
                argv.push(option.into());
            }
        }
        let dest = self.dest.as_ref().map(|dest| ctx.resolve(dest));
        let folder = match (&self.basedir, &dest) {
            (Some(folder), _) => ctx.resolve(folder),
            (None, Some(dest)) => dest.parent().map_or_else(|| PathBuf::from("/"), std::path::Path::to_owned),
            (None, None) => return Err(ModuleError::new("one of `dest` and `basedir` is needed")),
        };
        argv.extend(["--directory".into(), folder.into(), "--reject-file=-".into()]);
        argv.extend(dest.map(Into::into));
        Ok(ctx.command(argv).env("LC_ALL", "C").stdin(bytes).run()?)
    }
}

impl Managed for PatchOnHost {
    type State = PatchState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.dest.is_none() && self.basedir.is_none() {
            return Err(ModuleError::new("one of `dest` and `basedir` is needed"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<PatchState, ModuleError> {
        // what can be taken back is applied
        Ok(PatchState { applied: self.patch(&["--dry-run", "--force", "--reverse"], ctx)?.rc == 0 })
    }

    fn desired(&self, current: &PatchState, ctx: &mut Ctx) -> Result<PatchState, ModuleError> {
        let wanted = PatchState { applied: self.state == State::Present };
        if wanted.applied && !current.applied {
            self.patch(&["--dry-run", "--forward"], ctx)?.success("the patch does not fit: patch")?;
        }
        Ok(wanted)
    }

    fn apply(&self, _: &PatchState, desired: &PatchState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let mut extra = vec![if desired.applied { "--forward" } else { "--reverse" }];
        if self.backup {
            extra.extend(["--backup", "--version-control=numbered"]);
        }
        self.patch(&extra, ctx)?.success("patch")?;
        Ok(Applied::default())
    }

    fn values(&self, _: &PatchState) -> Map {
        Map::new()
    }

    fn title(&self) -> String {
        format!("patch {}", self.src)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    #[test]
    fn patches_are_applied_and_taken_back() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            ctx.working_dir = dir.path().to_owned();
            let at = |name: &str| dir.path().join(name);
            fs::create_dir_all(at("files")).unwrap();
            fs::create_dir(at("tree")).unwrap();
            fs::write(at("tree/f"), "one\ntwo\nthree\n").unwrap();
            let patch = "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";
            fs::write(at("files/p.patch"), patch).unwrap();
            prove(ctx, &at("tree"), "patch", &json!({"src": "p.patch", "basedir": at("tree"), "strip": 1}));
            assert_eq!(fs::read_to_string(at("tree/f")).unwrap(), "one\n2\nthree\n");
            let back = json!({
                "src": at("files/p.patch"), "remote_src": true, "dest": at("tree/f"), "state": "absent", "strip": "1",
            });
            prove(ctx, &at("tree"), "patch", &back);
            assert_eq!(fs::read_to_string(at("tree/f")).unwrap(), "one\ntwo\nthree\n");
            fs::write(at("tree/f"), "another\n").unwrap();
            assert!(run(ctx, "patch", json!({"src": "p.patch", "basedir": at("tree"), "strip": 1})).is_err());
            assert_eq!(fs::read_dir(at("tree")).unwrap().count(), 1, "no rejects are left behind");
        });
    }
}
