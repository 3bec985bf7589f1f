//! `script`, the host's part: runs what the controller's part has brought.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use schemars::JsonSchema;
use serde::Deserialize;

use super::execution::finish;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Brought, glob};
use crate::modules::outcome::Outcome;
use crate::value::Text;

/// Runs a script that was brought to the host. Not for playbooks: `script` uses it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunScript {
    /// The script as a file that the controller had brought.
    source: Option<String>,
    /// The script as text.
    content: Option<Text>,
    /// The script in Base64.
    content_base64: Option<String>,
    /// Whether the script must not be shown; it never is.
    #[serde(default)]
    #[expect(dead_code, reason = "comes with every content")]
    secret: bool,
    /// What to call it in the folder that it runs from.
    name: String,
    /// The rest of the command line.
    #[serde(default)]
    arguments: String,
    /// Program to run it with.
    executable: Option<String>,
    /// Start in this folder.
    chdir: Option<String>,
    /// Do not run when this exists.
    creates: Option<String>,
    /// Do not run unless this exists.
    removes: Option<String>,
}

impl Action for RunScript {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let exists = |pattern: &str| !glob(&ctx.resolve(pattern)).is_empty();
        let skipped = |why: String| Ok(Outcome { skipped: true, ..Outcome::ok() }.msg(why));
        if let Some(creates) = self.creates.as_deref().filter(|pattern| exists(pattern)) {
            return skipped(format!("{creates} exists, matching creates option"));
        }
        if let Some(removes) = self.removes.as_deref().filter(|pattern| !exists(pattern)) {
            return skipped(format!("{removes} does not exist, matching removes option"));
        }
        if ctx.mode.check {
            let known = self.creates.is_some() || self.removes.is_some();
            let outcome = Outcome { skipped: !known, ..Outcome::changed(known) };
            return Ok(outcome.msg("Command would have run if not in check mode"));
        }
        let brought = Brought {
            source: self.source.as_deref(),
            content: self.content.as_ref(),
            content_base64: self.content_base64.as_deref(),
        };
        let failed = |error| ModuleError::because("cannot make a folder for the script", error);
        let folder = tempfile::Builder::new().prefix("script.").tempdir_in(ctx.temporary()).map_err(failed)?;
        let path = folder.path().join(&self.name);
        let cannot = |error| ModuleError::because(format!("cannot write `{}`", path.display()), error);
        fs::write(&path, brought.bytes(ctx)?).map_err(cannot)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(cannot)?;
        let program = self.executable.as_ref().map_or_else(String::new, |program| format!("{program} "));
        let line = format!("{program}\"$0\" {}", self.arguments);
        let mut process = ctx.command(["/bin/sh", "-c", &line]);
        // the script's path as the shell's own name, so that no character of it is read by the shell
        process = process.argument(&path);
        if let Some(chdir) = &self.chdir {
            let dir = ctx.resolve(chdir);
            if !dir.is_dir() {
                return Err(ModuleError::new(format!("cannot change into the folder `{}`", dir.display())));
            }
            process = process.dir(dir);
        }
        let output = process.run()?;
        let mut outcome = Outcome::changed(true);
        finish(&mut outcome, &output, false);
        outcome.msg = outcome.msg.filter(|_| outcome.failed);
        Ok(outcome)
    }
}
