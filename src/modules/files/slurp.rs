//! `slurp`.

use std::fs;
use std::io::ErrorKind;

use base64::Engine as _;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;

/// Returns a file of the host in Base64, as `content`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slurp {
    /// The file.
    #[serde(alias = "path")]
    #[schemars(extend("x-aliases" = ["path"]))]
    src: String,
}

impl Action for Slurp {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let path = ctx.resolve(&self.src);
        let shown = path.display();
        let bytes = fs::read(&path).map_err(|error| {
            let message = match error.kind() {
                ErrorKind::NotFound => format!("File not found: {shown}"),
                ErrorKind::PermissionDenied => format!("File is not readable: {shown}"),
                ErrorKind::IsADirectory => format!("Source is a directory and must be a file: {shown}"),
                _ => format!("Unable to slurp file: {shown}"),
            };
            ModuleError::because(message, error)
        })?;
        Ok(Outcome::ok()
            .with("content", base64::engine::general_purpose::STANDARD.encode(bytes))
            .with("encoding", "base64")
            .with("source", shown.to_string()))
    }
}
