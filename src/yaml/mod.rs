//! YAML as Ansible reads it: YAML 1.1 scalars, spans on every node, Vault and `!unsafe` tags, duplicate-key warnings.
//!
//! The scanner is libyaml's (the one below PyYAML's C loader), so that what is YAML for Ansible is YAML here. Everything
//! above the events is our own: the places, the readings of scalars, merge keys, and messages that say what to mend.

mod anchors;
mod compose;
mod emit;
mod mapping;
mod node;
mod number;
mod parse;
mod scalar;
mod syntax;
mod tags;
mod timestamp;

pub use emit::{EmitError, EmitOptions, FlowStyle, TextStyle, emit};
pub use node::{Document, Entry, Node, NodeKind};
pub use parse::{parse, parse_one};

#[cfg(test)]
mod tests;
