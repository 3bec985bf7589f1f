//! Why a template could not be rendered.

use thiserror::Error;

use crate::diag::Span;

/// Why a template could not be rendered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct TemplateError {
    /// One sentence, lower-case, without a full stop, secrets never quoted.
    pub message: String,
    /// Where in the source text, where that is known.
    pub span: Option<Span>,
    /// What the user can do.
    pub help: Option<String>,
    /// Whether the cause is a variable that does not exist (`default`, `is defined` and `ignore_errors`-like callers ask).
    pub undefined: bool,
    /// Line and column, both from 1 and in characters, within the template's own text; for [`Templar::render_file`], whose
    /// text is in no source map yet, the only place there is.
    ///
    /// [`Templar::render_file`]: super::Templar::render_file
    pub position: Option<(usize, usize)>,
    /// Byte offsets of the guilty expression within the template's own text.
    pub range: Option<(usize, usize)>,
    /// Of a check before a run: the place stands under a condition of the template and may never be reached.
    pub conditional: bool,
    /// The template file, where the place is in an included file rather than in the text that was rendered.
    pub file: Option<String>,
}
