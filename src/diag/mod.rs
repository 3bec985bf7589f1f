//! Places in source text, diagnostics that point at them, and exit codes.
//!
//! Everything a user wrote (playbooks, variables, inventories, templates) is registered in a [`SourceMap`], and every node
//! read from it keeps its [`Span`], so that any later stage can say where a problem is. This folder knows nothing of YAML,
//! playbooks or the terminal: it builds text, and only `cli/` prints it.

mod causes;
mod diagnostic;
mod exit;
mod render;
mod source_map;
mod span;
mod suggest;

pub use causes::with_causes;
pub use diagnostic::{Code, Diagnostic, Diagnostics, Label, Severity};
pub use exit::ExitCode;
pub use render::{RenderStyle, render};
pub use source_map::{Location, Source, SourceMap};
pub use span::{SourceId, Span};
pub use suggest::{closest, did_you_mean};
