//! Checks values against an argument specification, as Ansible's modules and roles declare it.

use crate::value::{Key, Map, Value, is_truthy, parse_bool, python_repr, python_str};

/// What was found wrong, in the order it was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    errors: Vec<String>,
    unsupported: Vec<String>,
}

impl Findings {
    /// Checks `given` against `spec`.
    pub(super) fn of(spec: &Map, given: &Map) -> Vec<String> {
        let mut findings = Self::default();
        findings.check(spec, &Map::new(), given, &[]);
        if !findings.unsupported.is_empty() {
            findings.unsupported.sort();
            let mut known: Vec<_> = spec.keys().map(ToString::to_string).collect();
            known.sort();
            findings.errors.push(format!(
                "{}. Supported parameters include: {}.",
                findings.unsupported.join(", "),
                known.join(", ")
            ));
        }
        findings.errors
    }

    /// `rules` holds what is said about several options together (`mutually_exclusive` …).
    fn check(&mut self, spec: &Map, rules: &Map, given: &Map, outer: &[String]) {
        let mut values = given.clone();
        for (option, about) in spec {
            for alias in texts(about.get("aliases")) {
                if let Some(value) = values.shift_remove(alias.as_str()) {
                    values.insert(option.clone(), value);
                }
            }
        }
        for key in values.keys().filter(|key| !spec.contains_key(*key)) {
            self.unsupported.push(path(outer, key));
        }
        self.check_together(rules, &values, outer);
        for (option, about) in spec {
            if let Some(default) = about.get("default")
                && !values.contains_key(option)
            {
                values.insert(option.clone(), default.clone());
            }
        }
        self.check_required(spec, &values, outer);
        for (option, about) in spec {
            self.check_option(option, about, &mut values, outer);
        }
        for (option, about) in spec {
            self.check_inside(option, about, &values, outer);
        }
    }

    fn check_required(&mut self, spec: &Map, values: &Map, outer: &[String]) {
        let mut missing: Vec<_> = spec
            .iter()
            .filter(|(option, about)| about.get("required").is_some_and(is_truthy) && !values.contains_key(*option))
            .map(|(option, _)| option.to_string())
            .collect();
        missing.sort();
        if !missing.is_empty() {
            self.error(format!("missing required arguments: {}", missing.join(", ")), outer);
        }
    }

    fn check_option(&mut self, option: &Key, about: &Value, values: &mut Map, outer: &[String]) {
        let Some(value) = values.get(option).cloned() else { return };
        let required = about.get("required").is_some_and(is_truthy);
        if matches!(value, Value::Null) && !required && matches!(about.get("default"), None | Some(Value::Null)) {
            return;
        }
        let hidden = about.get("no_log").is_some_and(is_truthy);
        let shown = |value: &Value| match value {
            Value::Str(text) if hidden || text.is_secret() => "********".to_owned(),
            other => python_str(other),
        };
        let wanted = about.get("type").and_then(Value::as_str).unwrap_or("str");
        let converted = match convert(&value, wanted) {
            Ok(value) => value,
            Err(why) => {
                let why = if hidden { "the value does not fit".to_owned() } else { why };
                let place = found_in(outer);
                self.errors.push(format!(
                    "argument '{option}' is of type {}{place} and we were unable to convert to {wanted}: {why}",
                    value.type_name()
                ));
                return;
            }
        };
        if let (Some(elements), Value::List(items)) = (about.get("elements").and_then(Value::as_str), &converted) {
            for item in items.iter() {
                if let Err(why) = convert(item, elements) {
                    let place = found_in(outer);
                    self.errors.push(format!(
                        "Elements value for option '{option}'{place} is of type {} and we were unable to convert to {elements}: {why}",
                        item.type_name()
                    ));
                }
            }
        }
        if let Some(choices) = about.get("choices").and_then(Value::as_list) {
            let list = choices.iter().map(python_str).collect::<Vec<_>>().join(", ");
            match &converted {
                Value::List(items) => {
                    let strangers: Vec<_> = items.iter().filter(|item| !choices.contains(item)).map(shown).collect();
                    if !strangers.is_empty() {
                        self.error(
                            format!(
                                "value of {option} must be one or more of: {list}. Got no match for: {}",
                                strangers.join(", ")
                            ),
                            outer,
                        );
                    }
                }
                value if !choices.contains(value) => {
                    self.error(format!("value of {option} must be one of: {list}, got: {}", shown(value)), outer);
                }
                _ => {}
            }
        }
        values.insert(option.clone(), converted);
    }

    /// Options of an option that is a mapping or a list of mappings.
    fn check_inside(&mut self, option: &Key, about: &Value, values: &Map, outer: &[String]) {
        let Some(spec) = about.get("options").and_then(Value::as_map) else { return };
        let rules = about.as_map().cloned().unwrap_or_default();
        let inner: Vec<String> = outer.iter().cloned().chain([option.to_string()]).collect();
        let empty = Value::empty_map();
        let items = match values.get(option) {
            None | Some(Value::Null) if about.get("apply_defaults").is_some_and(is_truthy) => vec![&empty],
            None | Some(Value::Null) => return,
            Some(Value::List(items)) => items.iter().collect(),
            Some(one) => vec![one],
        };
        for item in items {
            match item {
                Value::Map(map) => self.check(spec, &rules, map, &inner),
                _ => self.errors.push(format!("value of '{option}' must be of type dict or list of dicts")),
            }
        }
    }

    fn check_together(&mut self, rules: &Map, values: &Map, outer: &[String]) {
        let given = |name: &String| values.contains_key(name.as_str());
        for group in groups(rules.get("mutually_exclusive")) {
            if group.iter().filter(|name| given(name)).count() > 1 {
                self.error(format!("parameters are mutually exclusive: {}", group.join("|")), outer);
            }
        }
        for group in groups(rules.get("required_together")) {
            let count = group.iter().filter(|name| given(name)).count();
            if count > 0 && count < group.len() {
                self.error(format!("parameters are required together: {}", group.join(", ")), outer);
            }
        }
        for group in groups(rules.get("required_one_of")) {
            if !group.iter().any(given) {
                self.error(format!("one of the following is required: {}", group.join(", ")), outer);
            }
        }
        for rule in rules.get("required_if").and_then(Value::as_list).into_iter().flatten() {
            let Some([option, wanted, needed, rest @ ..]) = rule.as_list() else { continue };
            let name = python_str(option);
            let any = rest.first().is_some_and(is_truthy);
            if values.get(name.as_str()) != Some(wanted) {
                continue;
            }
            let needed = texts(Some(needed));
            let missing: Vec<_> = needed.iter().filter(|name| !given(name)).cloned().collect();
            if !missing.is_empty() && (!any || missing.len() == needed.len()) {
                let which = if any { "any" } else { "all" };
                self.error(
                    format!(
                        "{name} is {} but {which} of the following are missing: {}",
                        python_str(wanted),
                        missing.join(", ")
                    ),
                    outer,
                );
            }
        }
    }

    fn error(&mut self, text: String, outer: &[String]) {
        self.errors.push(match outer {
            [] => text,
            _ => format!("{text} found in {}", outer.join(" -> ")),
        });
    }
}

fn path(outer: &[String], key: &Key) -> String {
    outer.iter().cloned().chain([key.to_string()]).collect::<Vec<_>>().join(".")
}

fn found_in(outer: &[String]) -> String {
    match outer {
        [] => String::new(),
        _ => format!(" found in '{}'.", outer.join(" -> ")),
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(items)) => items.iter().map(python_str).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![python_str(one)],
    }
}

/// Lists of names; a plain list of names is one of them.
fn groups(value: Option<&Value>) -> Vec<Vec<String>> {
    match value.and_then(Value::as_list) {
        Some(items) if items.iter().all(|item| item.as_list().is_some()) => {
            items.iter().map(|item| texts(Some(item))).collect()
        }
        Some(_) => vec![texts(value)],
        None => Vec::new(),
    }
}

/// The value as Ansible converts it for an option of a type.
fn convert(value: &Value, wanted: &str) -> Result<Value, String> {
    let refuse = |what: &str| match value {
        Value::Str(text) if text.is_secret() => Err(format!("the value cannot be converted to {what}")),
        _ => Err(format!("{} cannot be converted to {what}", python_repr(value))),
    };
    match wanted {
        "bool" => parse_bool(value).map_or_else(|| refuse("a bool"), |value| Ok(Value::Bool(value))),
        "int" => match value {
            Value::Int(_) | Value::Bool(_) => Ok(value.clone()),
            #[expect(clippy::cast_possible_truncation, reason = "only whole numbers get here")]
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => Ok(Value::Int(*number as i128)),
            // `1.0` is a whole number too
            Value::Str(text) => match (text.trim().parse(), text.trim().parse::<f64>()) {
                (Ok(number), _) => Ok(Value::Int(number)),
                (_, Ok(number)) if number.fract() == 0.0 => convert(&Value::Float(number), wanted),
                _ => refuse("an int"),
            },
            _ => refuse("an int"),
        },
        "float" => match value {
            Value::Float(_) => Ok(value.clone()),
            Value::Int(_) | Value::Str(_) => {
                python_str(value).trim().parse().map_or_else(|_| refuse("a float"), |number| Ok(Value::Float(number)))
            }
            _ => refuse("a float"),
        },
        "list" => match value {
            Value::List(_) => Ok(value.clone()),
            Value::Str(text) => Ok(Value::list(text.split(',').map(Value::from).collect())),
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => Ok(Value::list(vec![Value::from(python_str(value))])),
            _ => Err(format!("<class '{}'> cannot be converted to a list", value.type_name())),
        },
        "dict" => match value {
            Value::Map(_) => Ok(value.clone()),
            Value::Str(text) => {
                dict(text).ok_or_else(|| "dictionary requested, could not parse JSON or key=value".into())
            }
            _ => Err(format!("<class '{}'> cannot be converted to a dict", value.type_name())),
        },
        "str" | "path" => Ok(match value {
            Value::Str(_) => value.clone(),
            Value::Null => Value::from(""),
            other => Value::from(python_str(other)),
        }),
        "raw" | "json" | "jsonarg" | "bytes" | "bits" | "sid" | "any" => Ok(value.clone()),
        other => Err(format!("`{other}` is no type of an argument")),
    }
}

/// A mapping written as JSON or as `a=1 b=2`.
fn dict(text: &str) -> Option<Value> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok().map(crate::value::from_json).filter(|value| value.as_map().is_some());
    }
    let words = crate::value::split_words(&text.replace(',', " ")).ok()?;
    let pairs: Option<Map> = words
        .iter()
        .map(|word| word.split_once('=').map(|(key, value)| (Key::from(key), Value::from(value))))
        .collect();
    pairs.filter(|map| !map.is_empty()).map(Value::map)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::from_json;

    fn errors(spec: serde_json::Value, given: serde_json::Value) -> Vec<String> {
        Findings::of(from_json(spec).as_map().unwrap(), from_json(given).as_map().unwrap())
    }

    #[test]
    fn messages_are_ansibles() {
        let spec = json!({
            "name": {"type": "str", "required": true},
            "port": {"type": "int", "default": 80},
            "state": {"choices": ["present", "absent"], "default": "present"},
            "users": {"type": "list", "elements": "dict", "options": {"uid": {"type": "int", "required": true}}},
        });
        assert!(errors(spec.clone(), json!({"name": "x", "port": "8080", "users": [{"uid": 1}]})).is_empty());
        assert_eq!(
            errors(spec, json!({"port": "many", "state": "gone", "users": [{"gid": 1}]})),
            [
                "missing required arguments: name",
                "argument 'port' is of type str and we were unable to convert to int: 'many' cannot be converted to an int",
                "value of state must be one of: present, absent, got: gone",
                "missing required arguments: uid found in users",
                "users.gid. Supported parameters include: name, port, state, users."
            ]
        );
    }

    #[test]
    fn secrets_are_not_quoted() {
        let spec = json!({"token": {"choices": ["a"], "no_log": true}});
        assert_eq!(errors(spec, json!({"token": "hunter22"})), ["value of token must be one of: a, got: ********"]);
    }
}
