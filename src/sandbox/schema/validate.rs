//! The part of JSON Schema (draft 4) that Quay's schemas use, with the messages of Python's `jsonschema`.

use std::cmp::Reverse;
use std::fmt;

use serde_json::Value as Json;

use super::pretty::{pretty, repr};

/// A step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "[{}]", repr(&Json::from(key.as_str()))),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Why a value does not satisfy a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// What is wrong, one sentence.
    pub message: String,
    keyword: &'static str,
    schema: Json,
    instance: Json,
    schema_path: Vec<Step>,
    path: Vec<Step>,
    context: Vec<Violation>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indented = |value: &Json| pretty(value).replace('\n', "\n    ");
        write!(f, "{}\n\nFailed validating '{}' in schema", self.message, self.keyword)?;
        self.schema_path.iter().try_for_each(|step| step.fmt(f))?;
        write!(f, ":\n    {}\n\nOn instance", indented(&self.schema))?;
        self.path.iter().try_for_each(|step| step.fmt(f))?;
        write!(f, ":\n    {}", indented(&self.instance))
    }
}

impl Violation {
    /// Higher is more to the point, as `jsonschema.exceptions.relevance` has it.
    fn relevance(&self) -> (Reverse<usize>, bool) {
        (Reverse(self.path.len()), self.keyword != "oneOf")
    }

    fn below(mut self, schema: &[Step], instance: Option<&Step>) -> Self {
        self.schema_path.splice(0..0, schema.iter().cloned());
        self.path.splice(0..0, instance.cloned());
        self
    }
}

/// Checks a value; of several violations the most telling one is returned.
pub fn validate(instance: &Json, schema: &Json) -> Result<(), Box<Violation>> {
    let mut best: Option<Violation> = None;
    for violation in violations(instance, schema) {
        if best.as_ref().is_none_or(|best| violation.relevance() > best.relevance()) {
            best = Some(violation);
        }
    }
    let Some(mut best) = best else { return Ok(()) };
    // into alternatives: the first of their deepest violations
    loop {
        let mut context = std::mem::take(&mut best.context);
        context.sort_by_key(Violation::relevance);
        match context.into_iter().next() {
            Some(deeper) => best = deeper,
            None => return Err(Box::new(best)),
        }
    }
}

fn violations(instance: &Json, schema: &Json) -> Vec<Violation> {
    let mut out = Vec::new();
    let Some(map) = schema.as_object() else { return out };
    let fail = |keyword: &'static str, message: String| Violation {
        message,
        keyword,
        schema: schema.clone(),
        instance: instance.clone(),
        schema_path: Vec::new(),
        path: Vec::new(),
        context: Vec::new(),
    };
    for (keyword, rule) in map {
        match keyword.as_str() {
            "type" => {
                let types: Vec<&str> = match rule {
                    Json::Array(types) => types.iter().filter_map(Json::as_str).collect(),
                    other => other.as_str().into_iter().collect(),
                };
                if !types.iter().any(|name| is_type(instance, name)) {
                    let names = types.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
                    out.push(fail("type", format!("{} is not of type {names}", repr(instance))));
                }
            }
            "enum" => {
                if !rule.as_array().is_some_and(|allowed| allowed.contains(instance)) {
                    out.push(fail("enum", format!("{} is not one of {}", repr(instance), repr(rule))));
                }
            }
            "required" => {
                let missing = rule.as_array().into_iter().flatten().filter_map(Json::as_str);
                for name in missing.filter(|name| instance.as_object().is_some_and(|map| !map.contains_key(*name))) {
                    out.push(fail("required", format!("'{name}' is a required property")));
                }
            }
            "properties" => {
                let Some(given) = instance.as_object() else { continue };
                for (name, inner) in rule.as_object().into_iter().flatten() {
                    let Some(value) = given.get(name) else { continue };
                    let step = Step::Key(name.clone());
                    let steps = [Step::Key("properties".to_owned()), step.clone()];
                    out.extend(violations(value, inner).into_iter().map(|v| v.below(&steps, Some(&step))));
                }
            }
            "additionalProperties" if *rule == Json::Bool(false) => {
                let known = map.get("properties").and_then(Json::as_object);
                let extra: Vec<String> = instance
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name)))
                    .map(|(name, _)| repr(&Json::from(name.as_str())))
                    .collect();
                if !extra.is_empty() {
                    let verb = if extra.len() == 1 { "was" } else { "were" };
                    let text =
                        format!("Additional properties are not allowed ({} {verb} unexpected)", extra.join(", "));
                    out.push(fail("additionalProperties", text));
                }
            }
            "items" => {
                for (index, value) in instance.as_array().into_iter().flatten().enumerate() {
                    let steps = [Step::Key("items".to_owned())];
                    out.extend(violations(value, rule).into_iter().map(|v| v.below(&steps, Some(&Step::Index(index)))));
                }
            }
            "oneOf" => out.extend(one_of(instance, rule, &fail)),
            "not" => {
                if violations(instance, rule).is_empty() {
                    out.push(fail("not", format!("{} is not allowed for {}", repr(rule), repr(instance))));
                }
            }
            other => out.extend(bound(instance, other, rule).map(|(keyword, message)| fail(keyword, message))),
        }
    }
    out
}

fn one_of(instance: &Json, rule: &Json, fail: &dyn Fn(&'static str, String) -> Violation) -> Option<Violation> {
    let alternatives = rule.as_array()?;
    let mut context = Vec::new();
    let mut valid = Vec::new();
    for (index, alternative) in alternatives.iter().enumerate() {
        let found = violations(instance, alternative);
        if found.is_empty() {
            valid.push(alternative);
        }
        context.extend(found.into_iter().map(|v| v.below(&[Step::Index(index)], None)));
    }
    match valid.as_slice() {
        [_] => None,
        [] => {
            let message = format!("{} is not valid under any of the given schemas", repr(instance));
            Some(Violation { context, ..fail("oneOf", message) })
        }
        several => {
            let schemas = several.iter().map(|schema| repr(schema)).collect::<Vec<_>>().join(", ");
            Some(fail("oneOf", format!("{} is valid under each of {schemas}", repr(instance))))
        }
    }
}

/// Limits of numbers and text.
fn bound(instance: &Json, keyword: &str, rule: &Json) -> Option<(&'static str, String)> {
    let length = || instance.as_str().map(|text| text.chars().count() as u64);
    match keyword {
        "minLength" if length()? < rule.as_u64()? => Some(("minLength", format!("{} is too short", repr(instance)))),
        "maxLength" if length()? > rule.as_u64()? => Some(("maxLength", format!("{} is too long", repr(instance)))),
        "minimum" if instance.as_f64()? < rule.as_f64()? => {
            Some(("minimum", format!("{} is less than the minimum of {}", repr(instance), repr(rule))))
        }
        "maximum" if instance.as_f64()? > rule.as_f64()? => {
            Some(("maximum", format!("{} is greater than the maximum of {}", repr(instance), repr(rule))))
        }
        "pattern" => {
            let pattern = fancy_regex::Regex::new(rule.as_str()?).ok()?;
            let fits = pattern.is_match(instance.as_str()?).unwrap_or(false);
            (!fits).then(|| ("pattern", format!("{} does not match {}", repr(instance), repr(rule))))
        }
        _ => None,
    }
}

fn is_type(value: &Json, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_deepest_violation_of_the_alternatives_is_told() {
        let schema = json!({ "oneOf": [
            { "properties": { "bytes": { "type": "integer" } }, "required": ["bytes"] },
            { "properties": { "limit": { "type": "string", "pattern": "^[0-9]+$" } }, "required": ["limit"] },
        ] });
        assert!(validate(&json!({ "bytes": 1 }), &schema).is_ok());
        let violation = validate(&json!({ "limit": "ten" }), &schema).unwrap_err();
        assert_eq!(violation.message, "'ten' does not match '^[0-9]+$'");
    }

    #[test]
    fn paths_go_through_items_and_properties() {
        let schema = json!({ "items": { "properties": { "n": { "minimum": 3 } } } });
        let violation = validate(&json!([{ "n": 3 }, { "n": 2 }]), &schema).unwrap_err();
        assert!(
            violation.to_string().starts_with(
                "2 is less than the minimum of 3\n\nFailed validating 'minimum' in schema['items']['properties']['n']:"
            ),
            "{violation}"
        );
        assert!(violation.to_string().ends_with("On instance[1]['n']:\n    2"), "{violation}");
    }
}
