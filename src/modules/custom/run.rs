//! The host's part: a folder of its own for the module and its options, the call, the answer.

use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;

/// Runs a module that the controller hands over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::modules) struct RunCustom {
    /// The module's name.
    name: String,
    /// The module, in base 64.
    content: String,
    /// Its options, as it reads them.
    arguments: crate::value::Secret,
    /// Whether the options are a file that is named to it.
    with_file: bool,
    /// What it is run with.
    interpreter: Vec<String>,
}

impl Action for RunCustom {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let content = base64::engine::general_purpose::STANDARD
            .decode(&self.content)
            .map_err(|error| ModuleError::because("the module did not arrive whole", error))?;
        // a folder that no other user can look into, gone when this ends
        let folder = tempfile::Builder::new()
            .prefix("quaymaster.")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|error| ModuleError::because("cannot make a folder for the module", error))?;
        let file = folder.path().join(&self.name);
        write(&file, &content, 0o700)?;
        let mut argv: Vec<String> = self.interpreter.clone();
        argv.push(file.to_string_lossy().into_owned());
        if self.with_file {
            let arguments = folder.path().join("args");
            write(&arguments, self.arguments.expose().as_bytes(), 0o600)?;
            argv.push(arguments.to_string_lossy().into_owned());
        }
        let output = ctx.command(argv).run()?;
        answer::read(&self.name, &output)
    }
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), ModuleError> {
    let cannot = |error| ModuleError::because(format!("cannot write `{}`", path.display()), error);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(cannot)?;
    file.write_all(bytes).map_err(cannot)
}
