//! `tempfile`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;

/// What to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// A folder.
    Directory,
    /// A file.
    #[default]
    File,
}

/// Makes a new file or folder with a name of its own, and returns its `path`. Nobody removes it but the playbook.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TempFile {
    /// What to make.
    #[serde(default)]
    state: State,
    /// Folder to make it in; the system's folder for temporary files where not given.
    path: Option<String>,
    /// How the name begins.
    #[serde(default = "prefix")]
    prefix: String,
    /// How the name ends.
    #[serde(default)]
    suffix: String,
}

fn prefix() -> String {
    "ansible.".to_owned()
}

impl Action for TempFile {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        for (option, text) in [("prefix", &self.prefix), ("suffix", &self.suffix)] {
            if text.contains('/') {
                return Err(ModuleError::new(format!("{option} must be a valid file name component, got '{text}'")));
            }
        }
        if ctx.mode.check {
            return Ok(Outcome { skipped: true, ..Outcome::ok().msg("a temporary file is not made in check mode") });
        }
        let folder = match &self.path {
            Some(path) => ctx.resolve(path),
            None => ctx.resolve(&ctx.variable("TMPDIR").unwrap_or_else(|| "/tmp".to_owned())),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(&self.prefix).suffix(&self.suffix);
        let cannot = |error| ModuleError::because(format!("cannot make anything in `{}`", folder.display()), error);
        let path = match self.state {
            State::File => {
                let file = builder.tempfile_in(&folder).map_err(cannot)?;
                file.into_temp_path().keep().map_err(|error| cannot(error.error))?
            }
            State::Directory => {
                let private = fs::Permissions::from_mode(0o700);
                builder.permissions(private).tempdir_in(&folder).map_err(cannot)?.keep()
            }
        };
        let mut outcome = Outcome::changed(true).with("path", path.display().to_string());
        outcome.values.extend(ctx.path_info(&path)?);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::modules::testing::{run, with_ctx};
    use crate::value::Value;

    #[test]
    fn files_and_folders_are_made_private() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            for (state, mode) in [("file", "0600"), ("directory", "0700")] {
                let args = json!({"path": dir.path(), "state": state, "prefix": "p_", "suffix": "_s"});
                let done = run(ctx, "tempfile", args).unwrap();
                let path = done.values.get("path").and_then(Value::as_str).unwrap();
                assert!(path.contains("/p_") && path.ends_with("_s"));
                assert_eq!(done.values.get("mode"), Some(&Value::from(mode)));
                assert_eq!(done.values.get("state"), Some(&Value::from(state)));
            }
            ctx.mode.check = true;
            assert!(run(ctx, "tempfile", json!({"path": dir.path()})).unwrap().skipped);
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
        });
    }
}
