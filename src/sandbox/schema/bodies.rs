//! Which schema the body of which operation must satisfy.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value as Json;

use super::validate::validate;

/// The schemas that Quay describes in its own discovery document, by name, and the operations that use them.
const BODIES: &str = include_str!("bodies.json");

#[derive(Debug, Deserialize)]
struct Bodies {
    bodies: BTreeMap<String, String>,
    schemas: BTreeMap<String, Json>,
}

/// A body that its operation does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(pub String);

/// Checks a body against the schema of an operation; operations without one take anything.
pub fn check(operation: &str, body: &Json) -> Result<(), BodyError> {
    let Some(bodies) = bodies() else { return Ok(()) };
    let Some(schema) = bodies.bodies.get(operation).and_then(|name| bodies.schemas.get(name)) else { return Ok(()) };
    validate(body, schema).map_err(|violation| BodyError(violation.to_string()))
}

/// The name of the schema that an operation's body must satisfy.
pub fn name_of(operation: &str) -> Option<&'static str> {
    bodies()?.bodies.get(operation).map(String::as_str)
}

/// All schemas by name.
pub fn definitions() -> Json {
    let schemas = bodies().map(|bodies| bodies.schemas.clone()).unwrap_or_default();
    Json::Object(schemas.into_iter().collect())
}

fn bodies() -> Option<&'static Bodies> {
    static PARSED: OnceLock<Option<Bodies>> = OnceLock::new();
    // the file is part of the binary, and a test reads it
    PARSED.get_or_init(|| serde_json::from_str(BODIES).ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::quay::contract::OTHERS;
    use crate::quay::contract::endpoints::ALL;

    #[test]
    fn every_schema_belongs_to_an_operation_that_exists() {
        let bodies = bodies().expect("the file is valid");
        let known: Vec<&str> = ALL.iter().copied().chain(OTHERS).map(|endpoint| endpoint.operation).collect();
        for (operation, name) in &bodies.bodies {
            assert!(known.contains(&operation.as_str()), "{operation}");
            assert!(bodies.schemas.contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_missing_property_is_told_with_the_schema() {
        let error = check("createInstallUser", &json!({ "email": "x@example.com" })).unwrap_err();
        assert_eq!(
            error.0,
            "'username' is a required property\n\nFailed validating 'required' in schema:\n    {'description': 'Data for \
             creating a user',\n     'id': 'CreateInstallUser',\n     'properties': {'email': {'description': 'The email \
             address of the '\n                                             'user being created',\n                              \
             'type': 'string'},\n                    'username': {'description': 'The username of the user '\n                                                \
             'being created',\n                                 'type': 'string'}},\n     'required': ['username']}\n\nOn \
             instance:\n    {'email': 'x@example.com'}"
        );
    }
}
