//! Runtime values: what YAML holds, templates compute and modules return.
//!
//! A value remembers where its text came from ([`Origin`]): text that the user wrote in a playbook, an inventory or a
//! variables file is a template; text that a module, a fact, a lookup or `!unsafe` returned is data and is never rendered.
//! Text from Vault, from `no_log` or from a token or password field is secret and is shown as asterisks everywhere.

mod convert;
mod de;
mod key;
mod redact;
mod repr;
mod secret;
mod shell_words;
mod text;
mod truth;
mod value;

pub use convert::{from_json, to_json, to_json_redacted, to_value};
pub use de::{ArgError, ArgErrorKind, from_value};
pub use key::Key;
pub use redact::{REDACTED, Redactor};
pub use repr::{python_float, python_repr, python_str};
pub use secret::Secret;
pub use shell_words::{SplitError, quote_word, split_words};
pub use text::{Origin, Text, Trust};
pub use truth::{is_truthy, parse_bool};
pub use value::{Encrypted, Map, Value};
