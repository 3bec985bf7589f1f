//! What expressions compute with: values, things that are undefined, and things that live only inside a template.

mod item;
mod object;

pub(crate) use item::{Item, Missing};
pub(crate) use object::{BoundMethod, Cycler, LoopState, MacroFn, Module, Object};
