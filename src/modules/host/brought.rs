//! Files that a controller's half of a module has handed over.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::value::Text;

/// The options of an internal module that hold a file of the controller: one of them is given.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'o> {
    /// A file that was brought to this host.
    pub source: Option<&'o str>,
    /// Text.
    pub content: Option<&'o Text>,
    /// Bytes in Base64.
    pub content_base64: Option<&'o str>,
}

impl Brought<'_> {
    /// The file, where it was brought as one.
    pub fn path(&self, ctx: &Ctx) -> Option<PathBuf> {
        self.source.map(|source| ctx.working_dir.join(source))
    }

    /// The bytes.
    pub fn bytes(&self, ctx: &Ctx) -> Result<Vec<u8>, ModuleError> {
        if let Some(path) = self.path(ctx) {
            return fs::read(&path)
                .map_err(|error| ModuleError::because(format!("cannot read `{}`", path.display()), error));
        }
        if let Some(text) = self.content {
            return Ok(text.as_str().as_bytes().to_vec());
        }
        let encoded = self.content_base64.ok_or_else(|| ModuleError::new("no content was handed over"))?;
        base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .map_err(|error| ModuleError::because("the content is not Base64", error))
    }
}

impl Ctx {
    /// The folder for temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.resolve(&self.variable("TMPDIR").unwrap_or_else(|| "/tmp".to_owned()))
    }
}
