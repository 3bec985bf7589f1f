//! What a module printed as a result.

use serde_json::{Map as JsonMap, Value as Json};

use crate::modules::error::ModuleError;
use crate::modules::host::Output;
use crate::modules::outcome::{Diff, DiffText, Outcome};
use crate::value::{Key, Value, from_json, is_truthy, parse_bool, python_str};

/// Reads the answer: a JSON object, lines of other text before and after it passed over.
pub(super) fn read(name: &str, output: &Output) -> Result<Outcome, ModuleError> {
    let text = output.out();
    let Some((object, noise)) = object(&text) else {
        return Err(ModuleError::new(format!("the module `{name}` did not answer with a JSON object"))
            .with("module_stdout", text)
            .with("module_stderr", output.err())
            .with("rc", i64::from(output.rc)));
    };
    let mut outcome = outcome(object);
    if noise {
        outcome
            .warnings
            .push(format!("the module `{name}` printed other text beside its JSON object, which is passed over"));
    }
    Ok(outcome)
}

/// The object, and whether there is text after it.
fn object(text: &str) -> Option<(JsonMap<String, Json>, bool)> {
    let mut from = 0;
    for line in text.split_inclusive('\n') {
        let start = from;
        from += line.len();
        if !line.trim_start().starts_with('{') {
            continue;
        }
        let rest = text.get(start..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Json>();
        if let Some(Ok(Json::Object(object))) = values.next() {
            let after = rest.get(values.byte_offset()..).unwrap_or("");
            return Some((object, !after.trim().is_empty()));
        }
    }
    None
}

fn outcome(object: JsonMap<String, Json>) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut failed, mut rc) = (None, None);
    for (key, json) in object {
        let value = from_json(json);
        let truth = || parse_bool(&value).unwrap_or_else(|| is_truthy(&value));
        match key.as_str() {
            "changed" => outcome.changed = truth(),
            "failed" => failed = Some(truth()),
            "skipped" => outcome.skipped = truth(),
            "msg" => outcome.msg = Some(python_str(&value)),
            "warnings" => outcome.warnings.extend(texts(&value)),
            "ansible_facts" if value.as_map().is_some() => outcome.facts = value.as_map().cloned(),
            "diff" => outcome.diff = diffs(&value),
            // words between Ansible and its own modules
            key if key.starts_with("_ansible_") => {}
            key => {
                if key == "rc" {
                    rc = value.as_int();
                }
                outcome.values.insert(Key::from(key), value);
            }
        }
    }
    outcome.failed = failed.unwrap_or(rc.is_some_and(|rc| rc != 0));
    outcome
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().map(python_str).collect(),
        Value::Str(text) => vec![text.to_string()],
        _ => Vec::new(),
    }
}

fn diffs(value: &Value) -> Vec<Diff> {
    let one = |value: &Value| {
        let side = |name: &str| match value.get(name) {
            None | Some(Value::Null) => DiffText::Absent,
            Some(Value::Str(text)) => DiffText::Text(text.to_string()),
            Some(other) => DiffText::Value(other.clone()),
        };
        let header = |name: &str| value.get(name).map(python_str).unwrap_or_default();
        Diff {
            before_header: header("before_header"),
            after_header: header("after_header"),
            before: side("before"),
            after: side("after"),
        }
    };
    match value {
        Value::List(items) => items.iter().map(one).collect(),
        Value::Map(_) => vec![one(value)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(stdout: &str) -> Result<Outcome, ModuleError> {
        read("m", &Output { rc: 0, stdout: stdout.into(), stderr: Vec::new() })
    }

    #[test]
    fn noise_around_the_object_is_passed_over() {
        let outcome = answered("hello\n{not json\n{\"changed\": true, \"x\": 1}\nbye\n").unwrap();
        assert!(outcome.changed && !outcome.failed);
        assert_eq!(outcome.values.get("x"), Some(&Value::Int(1)));
        assert_eq!(outcome.warnings.len(), 1);
        assert!(answered("\n{\"a\": \"{{ b }}\"}").unwrap().warnings.is_empty());
    }

    #[test]
    fn an_answer_without_an_object_is_a_failure() {
        let error = answered("[1]").unwrap_err();
        assert_eq!(error.values.get("module_stdout"), Some(&Value::data("[1]")));
    }

    #[test]
    fn a_status_means_failure_unless_the_module_says_otherwise() {
        assert!(answered("{\"rc\": 1}").unwrap().failed);
        assert!(!answered("{\"rc\": 1, \"failed\": false}").unwrap().failed);
        let outcome = answered("{\"failed\": \"yes\", \"msg\": \"no\", \"ansible_facts\": {\"f\": 1}}").unwrap();
        assert!(outcome.failed);
        assert_eq!(outcome.msg.as_deref(), Some("no"));
        assert!(outcome.facts.is_some());
    }
}
