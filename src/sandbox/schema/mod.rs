//! Checks of request bodies, in the words of Quay: it validates them with Python's `jsonschema` and tells the whole schema.

mod bodies;
mod pretty;
mod validate;

pub use bodies::{BodyError, check, definitions, name_of};
pub use pretty::{pretty, repr};
pub use validate::{Violation, validate};
