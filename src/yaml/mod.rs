//! YAML as Ansible reads it: YAML 1.1 scalars, spans on every node, Vault and `!unsafe` tags, duplicate-key warnings.

mod node;

pub use node::{Document, Entry, Node, NodeKind, parse};
