//! Templates against ansible-core's answers to them.

use std::collections::BTreeMap;

use quaymaster::template::{MapScope, Templar};
use quaymaster::value::{Key, Map, Redactor, Value, python_float};
use quaymaster::vault::VaultSecrets;
use serde_json::Value as Json;

/// Where this program's answer differs, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("{{ 170141183460469231731687303715884105727 + 1 }}", "integers have 128 bits here"),
    ("{{ query('nested', [1,2]) }}", "one flat list is as good as one list of lists"),
    ("{{ '{a[0]} {b.c}'.format(a=[1], b={'c': 2}) }}", "an entry of a dictionary is an attribute everywhere"),
    ("{{ l.count(2) }}", "ansible-core's lazy lists count wrongly"),
    ("{{ dk.items }}", "an entry of a dictionary goes before a method that is not called"),
    ("{{ dk.keys }}", "an entry of a dictionary goes before a method that is not called"),
    ("{{ dk.get }}", "an entry of a dictionary goes before a method that is not called"),
    ("{{ omit }}", "`render` hands the omitted value to its caller, who leaves the option out"),
    ("{{ \"a\" if fa else omit }}", "`render` hands the omitted value to its caller, who leaves the option out"),
    (
        "{{ people | community.general.json_query('sort_by(@, &name)[].name') }}",
        "ansible-core's tagged texts have no order in JMESPath",
    ),
    ("{{ [1,'a',1,true] | community.general.counter }}", "`true` and `1` are two keys here"),
    ("{{ '1y' | community.general.to_months(month=31) }}", "the collection remembers the `year` of another call"),
    ("{{ items | json_query(\"[].name\") }}", "the collection is built in"),
    ("{{ \"1.2.3.4\" | ipaddr }}", "the collection is built in"),
    ("{{ '1.2.3.4/24' | ipaddr('network') }}", "the short name works where no two collections have it"),
    ("{{ '1.2.3.4/24' | ansible.netcommon.ipaddr('network') }}", "the old name works"),
    ("{{ '::ffff:1.2.3.4' | ansible.utils.ipsubnet('10.0.0.0/8') }}", "the collection compares versions 4 and 6"),
    ("{{ '::ffff:1.2.3.4' | ansible.utils.ipsubnet('192.168.0.0/16') }}", "the collection compares versions 4 and 6"),
    ("{{ 'fe80::1' | ansible.utils.ipaddr('int') }}", "integers have 128 bits here"),
    ("{{ \"2020-01-01\" | to_datetime(\"%Y-%m-%d\") }}", "a time leaves a template as text"),
];

fn templar() -> Templar {
    let environment = BTreeMap::from([("HOME".to_owned(), "/root".to_owned())]);
    Templar::new(VaultSecrets::default(), Redactor::new()).with_context(environment, None)
}

/// Texts of a playbook: templates.
fn written(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::template(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(written).collect()),
        Json::Object(map) => Value::map(map.iter().map(|(k, v)| (Key::from(k.as_str()), written(v))).collect()),
        Json::Number(number) if number.is_f64() && !number.to_string().contains('.') => {
            Value::Int(number.to_string().parse().unwrap())
        }
        other => quaymaster::value::from_json(other.clone()),
    }
}

/// A value as the case file notes it: a type and its content.
fn noted(value: &Value) -> Json {
    match value {
        Value::Null => serde_json::json!(["none", null]),
        Value::Bool(value) => serde_json::json!(["bool", value]),
        Value::Int(number) => serde_json::json!(["int", number.to_string()]),
        Value::Float(number) => serde_json::json!(["float", python_float(*number)]),
        Value::Str(text) => serde_json::json!(["str", text.as_str()]),
        Value::List(items) => serde_json::json!(["list", items.iter().map(noted).collect::<Vec<_>>()]),
        Value::Map(map) => {
            let pairs: Vec<_> = map.iter().map(|(key, value)| vec![noted(&key_value(key)), noted(value)]).collect();
            serde_json::json!(["dict", pairs])
        }
        Value::Encrypted(_) => serde_json::json!(["vault", null]),
    }
}

fn key_value(key: &Key) -> Value {
    match key {
        Key::Str(text) => Value::data(text.clone()),
        Key::Int(number) => Value::Int(*number),
        Key::Bool(value) => Value::Bool(*value),
        Key::Null => Value::Null,
    }
}

/// Runs the cases of a file and returns those that differ, each with what was expected and what came.
fn differences(cases: &str) -> (usize, Vec<String>) {
    let file: Json = serde_json::from_str(cases).unwrap();
    let mut scope: Map =
        file["vars"].as_object().unwrap().iter().map(|(k, v)| (Key::from(k.as_str()), written(v))).collect();
    // JSON has neither integer keys nor integers of this size
    scope.insert(
        Key::from("intkeys"),
        Value::map([(Key::Int(1), Value::data("one")), (Key::Int(2), Value::data("two"))].into_iter().collect()),
    );
    scope.insert(Key::from("big"), Value::Int(123_456_789_012_345_678_901_234_567_890));
    let templar = templar();
    let cases = file["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let template = case["template"].as_str().unwrap();
        let expected = &case["ansible"];
        let answer = templar.render(&Value::template(template), &MapScope(&scope));
        let agrees = match (&answer, expected[0].as_str()) {
            (Ok(value), Some("ok")) => noted(value) == expected[1],
            (Err(_), Some("err")) => true,
            _ => false,
        };
        if agrees == DIFFERENT.iter().any(|(known, _)| *known == template) {
            let got = match answer {
                Ok(value) => noted(&value).to_string(),
                Err(error) => format!("error: {error}"),
            };
            wrong.push(format!("{template}\n   expected {expected}\n   got      {got}"));
        }
    }
    (cases.len(), wrong)
}

#[test]
fn templates_answer_as_ansible_core() {
    let (total, wrong) = differences(include_str!("data/jinja.json"));
    assert!(wrong.is_empty(), "{} of {total} differ from what is noted:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn more_templates_answer_as_ansible_core() {
    let (total, wrong) = differences(include_str!("data/jinja_more.json"));
    assert!(wrong.is_empty(), "{} of {total} differ from what is noted:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn filters_of_collections_answer_as_theirs() {
    let (total, wrong) = differences(include_str!("data/jinja_collections.json"));
    assert!(wrong.is_empty(), "{} of {total} differ from what is noted:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn addresses_answer_as_ansible_utils() {
    let (total, wrong) = differences(include_str!("data/jinja_net.json"));
    assert!(wrong.is_empty(), "{} of {total} differ from what is noted:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn filters_tests_and_lookups_answer_as_ansible_core() {
    let (total, wrong) = differences(include_str!("data/jinja_builtin.json"));
    assert!(wrong.is_empty(), "{} of {total} differ from what is noted:\n{}", wrong.len(), wrong.join("\n"));
}
