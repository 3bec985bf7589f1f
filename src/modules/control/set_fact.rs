//! `set_fact`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value, parse_bool};

/// The variables to set, and whether they are facts too.
pub struct SetFact {
    facts: Map,
    cacheable: bool,
}

impl<'de> Deserialize<'de> for SetFact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Value::Map(map) = Value::deserialize(deserializer)? else {
            return Err(D::Error::custom("expected variables with their values"));
        };
        let mut facts = (*map).clone();
        let cacheable = match facts.shift_remove("cacheable") {
            None => false,
            Some(value) => {
                parse_bool(&value).ok_or_else(|| D::Error::custom("option `cacheable`: expected a truth value"))?
            }
        };
        Ok(Self { facts, cacheable })
    }
}

impl JsonSchema for SetFact {
    fn schema_name() -> Cow<'static, str> {
        "SetFact".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Sets variables of the host for the rest of the run.\n\nEach option is a variable with its value. \
                            They outrank the variables of plays, roles and the inventory.",
            "properties": {
                "cacheable": {
                    "type": "boolean",
                    "default": false,
                    "description": "Make the variables facts as well, below all other variables, where a fact cache would \
                                    keep them."
                }
            },
            "additionalProperties": true
        })
    }
}

/// Whether a name can be used as a variable.
pub(super) fn is_identifier(name: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&name)
}

impl ControllerAction for SetFact {
    fn run(&self, _: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        if self.facts.is_empty() {
            return Err(ModuleError::new("no variable given: at least one `name: value` is needed"));
        }
        if let Some(name) = self.facts.keys().find(|key| !key.as_str().is_some_and(is_identifier)) {
            return Err(ModuleError::new(format!(
                "`{name}` is no valid name for a variable: letters, digits and underscores, not starting with a digit"
            )));
        }
        let outcome = Outcome::ok().with("ansible_facts", self.facts.clone());
        Ok((outcome, vec![Effect::SetFact { facts: self.facts.clone(), cacheable: self.cacheable }]))
    }
}
