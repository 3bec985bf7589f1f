//! `copy`: finds and reads the source on the controller; the host's part is `_install_file`.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::find_file::Source;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::{CopySource, Install, copy_folder, set};
use crate::modules::host::{Mode, SourceMode, file_options};
use crate::modules::outcome::Outcome;
use crate::modules::python_json;
use crate::tree::{Files, display_name};
use crate::value::Value;

file_options! {
    /// Copies a file or folder from the controller to the host, or writes a text there.
    ///
    /// A folder is copied with all below it; with a slash at the end of `src` only what is in it. A file whose content is
    /// the same already is left alone.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Copy {
        /// File or folder on the controller, absolute or looked for in the `files` folders of role and playbook. With
        /// `remote_src`, a path on the host.
        src: Option<String>,
        /// The text to write instead of a file's content. Lists and mappings are written as JSON.
        content: Option<Value>,
        /// Where to on the host. A folder, or a path with a slash at its end, means a file of the source's name in it; folders
        /// missing above a path with a slash at its end are made.
        dest: String,
        /// Mode of the file, such as `"0644"` or `u=rw,g=r`; `preserve` takes the source's. Left alone where not given.
        mode: Option<SourceMode>,
        /// Mode of folders that have to be made.
        directory_mode: Option<Mode>,
        /// Keep a copy of a file that is replaced; its name is returned as `backup_file`.
        #[serde(default)]
        backup: bool,
        /// Replace a file whose content differs. With `false` only a missing file is written.
        #[serde(default = "yes", alias = "thirsty")]
        #[schemars(extend("x-aliases" = ["thirsty"]))]
        force: bool,
        /// Write to what a link at `dest` leads to, instead of replacing the link.
        #[serde(default)]
        follow: bool,
        /// Copy what links in a source folder lead to, rather than the links.
        #[serde(default = "yes")]
        local_follow: bool,
        /// `src` is a path on the host.
        #[serde(default)]
        remote_src: bool,
        /// Decrypt a source file that Ansible Vault has encrypted.
        #[serde(default = "yes")]
        decrypt: bool,
        /// Command that must accept the new file before it takes its place; `%s` stands for its path. No shell is used.
        validate: Option<String>,
        /// SHA-1 that the source file must have.
        checksum: Option<String>,
    }
}

fn yes() -> bool {
    true
}

impl Copy {
    fn install(&self) -> Install {
        Install {
            dest: self.dest.clone(),
            directory_mode: self.directory_mode.clone(),
            backup: self.backup,
            force: self.force,
            follow: self.follow,
            validate: self.validate.clone(),
            checksum: self.checksum.clone(),
            attributes: self.attributes(match &self.mode {
                Some(SourceMode::Given(mode)) => Some(mode.clone()),
                _ => None,
            }),
            ..Install::default()
        }
    }
}

impl ControllerAction for Copy {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let outcome = match (&self.src, &self.content) {
            (Some(_), Some(_)) => return Err(ModuleError::new("src and content are mutually exclusive")),
            (None, None) => return Err(ModuleError::new("src (or content) is required")),
            (None, Some(content)) => self.write(content, ctx)?,
            (Some(src), None) if self.remote_src => self.on_host(src, ctx)?,
            (Some(src), None) => {
                let source = ctx.find_source("files", src)?;
                if ctx.files.is_folder(&source) {
                    let mut from = FromController { copy: self, ctx };
                    copy_folder(&mut from, src, &source, &self.install(), self.local_follow)?
                } else {
                    let name = source.file_name().map(|name| name.to_string_lossy().into_owned());
                    self.file(&self.install(), &source, name.unwrap_or_default(), ctx)?
                }
            }
        };
        Ok((outcome, Vec::new()))
    }
}

impl Copy {
    fn write(&self, content: &Value, ctx: &mut ControllerCtx<'_>) -> Result<Outcome, ModuleError> {
        if self.dest.ends_with('/') {
            return Err(ModuleError::new("can not use content with a dir as dest"));
        }
        if matches!(self.mode, Some(SourceMode::Preserve)) {
            return Err(ModuleError::new("`mode: preserve` needs `src`"));
        }
        let (text, secret) = match content {
            Value::Str(text) => (text.as_str().to_owned(), text.is_secret()),
            other => (python_json(other), holds_secret(other)),
        };
        self.install().file(Source::Bytes { bytes: text.into_bytes(), secret }, ctx)
    }

    fn on_host(&self, src: &str, ctx: &mut ControllerCtx<'_>) -> Result<Outcome, ModuleError> {
        let mut args = self.install().arguments();
        set(&mut args, "src", Some(src));
        args.insert("preserve".into(), Value::Bool(matches!(self.mode, Some(SourceMode::Preserve))));
        args.insert("local_follow".into(), Value::Bool(self.local_follow));
        (ctx.run_module)("_copy_on_host", &Value::map(args), ctx.ctx)
    }

    fn file(
        &self,
        install: &Install,
        source: &Path,
        relative: String,
        ctx: &mut ControllerCtx<'_>,
    ) -> Result<Outcome, ModuleError> {
        let mut install =
            Install { basename: Some(relative), shown_source: Some(display_name(source)), ..install.clone() };
        if matches!(self.mode, Some(SourceMode::Preserve)) {
            let bits = ctx
                .files
                .mode(source)
                .ok_or_else(|| ModuleError::new(format!("`{}` has no mode to preserve", display_name(source))))?;
            install.attributes.mode = Some(Mode::Bits(bits));
        }
        let content = ctx.open_source(source, self.decrypt)?;
        install.file(content, ctx)
    }
}

/// Copies from the controller to the host.
struct FromController<'c, 'r> {
    copy: &'c Copy,
    ctx: &'c mut ControllerCtx<'r>,
}

impl CopySource for FromController<'_, '_> {
    fn files(&self) -> &dyn Files {
        self.ctx.files
    }

    fn file(&mut self, install: &Install, path: &Path, relative: String) -> Result<Outcome, ModuleError> {
        self.copy.file(install, path, relative, self.ctx)
    }

    fn entry(&mut self, args: &Value) -> Result<Outcome, ModuleError> {
        (self.ctx.run_module)("file", args, self.ctx.ctx)
    }
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.is_secret(),
        Value::Encrypted(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(map) => map.values().any(holds_secret),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::modules::outcome::DiffText;
    use crate::modules::testing::{prove, run, run_value, with_ctx};
    use crate::value::from_json;

    #[test]
    fn content_files_and_folders() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            ctx.working_dir = dir.path().to_owned();
            let at = |name: &str| dir.path().join(name);
            let out = at("out");
            fs::create_dir(&out).unwrap();
            fs::create_dir_all(at("files/tree/sub/empty")).unwrap();
            fs::write(at("files/tree/a"), "a").unwrap();
            fs::write(at("files/tree/sub/b"), [0_u8, 255]).unwrap();
            let mut keep = |args: serde_json::Value| prove(ctx, &out, "copy", &args);
            let done = keep(json!({"content": "hi\n", "dest": at("out/x"), "mode": "0600"}));
            assert_eq!(done.values.get("checksum"), Some(&Value::from("55ca6286e3e4f4fba5d0448333fa99fc5a404a73")));
            assert_eq!(done.values.get("md5sum"), Some(&Value::from("764efa883dda1e11db47671c4a3bbd9e")));
            keep(json!({"content": {"a": 1, "b": [1, "ä"]}, "dest": at("out/json")}));
            assert_eq!(fs::read_to_string(at("out/json")).unwrap(), "{\"a\": 1, \"b\": [1, \"\\u00e4\"]}");
            keep(json!({"src": "tree/a", "dest": at("out"), "mode": "preserve"}));
            keep(json!({"src": "tree/a", "dest": format!("{}/new/folder/", out.display()), "directory_mode": "0700"}));
            assert_eq!(fs::read_to_string(at("out/new/folder/a")).unwrap(), "a");
            keep(json!({"src": "tree", "dest": at("out/whole")}));
            assert!(at("out/whole/tree/sub/empty").is_dir());
            keep(json!({"src": "tree/", "dest": at("out/inside")}));
            assert_eq!(fs::read(at("out/inside/sub/b")).unwrap(), [0, 255]);
            std::os::unix::fs::symlink("x", at("out/link")).unwrap();
            keep(json!({"content": "through", "dest": at("out/link"), "follow": true}));
            assert_eq!(fs::read_to_string(at("out/x")).unwrap(), "through");
            keep(json!({"content": "through", "dest": at("out/link")}));
            assert!(!at("out/link").is_symlink());
        });
    }

    #[test]
    fn backup_force_validate_and_checksum() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            fs::write(&path, "old").unwrap();
            assert!(!run(ctx, "copy", json!({"content": "new", "dest": path, "force": false})).unwrap().changed);
            let refused =
                run(ctx, "copy", json!({"content": "new", "dest": path, "validate": "false %s"})).unwrap_err();
            assert_eq!(refused.message, "failed to validate");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
            let args = json!({"content": "new", "dest": path, "validate": "grep -q new %s", "backup": true});
            let done = run(ctx, "copy", args).unwrap();
            let backup = done.values.get("backup_file").and_then(Value::as_str).unwrap();
            assert_eq!(fs::read_to_string(backup).unwrap(), "old");
            assert!(run(ctx, "copy", json!({"content": "x", "dest": dir.path()})).is_err());
            assert!(run(ctx, "copy", json!({"content": "x", "dest": dir.path().join("no/f")})).is_err());
        });
    }

    #[test]
    fn a_secret_is_not_shown_in_the_diff() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let mut args = from_json(json!({"dest": dir.path().join("f")})).as_map().unwrap().clone();
            args.insert("content".into(), Value::secret("t0ken"));
            let done = run_value(ctx, "copy", &Value::map(args.clone())).unwrap();
            assert_eq!(done.diff[0].after, DiffText::Hidden("secret".into()));
            args.insert("content".into(), Value::list(vec![Value::secret("t0ken")]));
            let done = run_value(ctx, "copy", &Value::map(args)).unwrap();
            assert_eq!(done.diff[0].after, DiffText::Hidden("secret".into()));
            assert_eq!(fs::read_to_string(dir.path().join("f")).unwrap(), "[\"t0ken\"]");
        });
    }
}
