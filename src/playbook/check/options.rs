//! A task's options against what its module takes, read from the module's schema.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use serde_json::{Map as JsonMap, Value as Json};

use crate::diag::{Diagnostic, Diagnostics, Span, closest, did_you_mean};
use crate::modules::ModuleDef;
use crate::playbook::load::{is_literal, kind_of_value};
use crate::value::{Value, parse_bool, python_str};

/// What an option takes.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Anything, or something the schema says in a way that is not checked here.
    Any,
    Text,
    Flag,
    Integer,
    Number,
    Choice(Vec<String>),
    List(Box<Kind>),
    Mapping(Option<Box<OptionSpec>>),
}

/// One option.
#[derive(Clone, Debug, PartialEq)]
struct OptionDef {
    name: String,
    aliases: Vec<String>,
    required: bool,
    kind: Kind,
}

/// The options of a module or of a mapping inside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::playbook) struct OptionSpec {
    options: Vec<OptionDef>,
    /// Whether further options are taken.
    open: bool,
}

/// An option given in a task: its name with the place of the name, and its value with the place of the value.
pub(in crate::playbook) struct Given<'a> {
    pub(in crate::playbook) name: &'a str,
    pub(in crate::playbook) name_span: Span,
    pub(in crate::playbook) value: &'a Value,
    pub(in crate::playbook) value_span: Span,
}

impl OptionSpec {
    /// The options of a module.
    pub(in crate::playbook) fn of(module: &ModuleDef) -> Self {
        let mut generator = SchemaGenerator::default();
        let schema = (module.schema)(&mut generator);
        let definitions = generator.take_definitions(true);
        let mut spec = Self::read(schema.as_value(), &definitions, 0);
        spec.open |= module.open;
        spec
    }

    fn read(schema: &Json, definitions: &JsonMap<String, Json>, depth: usize) -> Self {
        let schema = follow(schema, definitions);
        let required: Vec<&str> =
            schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        let options: Vec<OptionDef> = schema
            .get("properties")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(name, option)| OptionDef {
                name: name.clone(),
                aliases: aliases(option),
                required: required.contains(&name.as_str()),
                kind: kind(option, definitions, depth),
            })
            .collect();
        let open = match schema.get("additionalProperties") {
            Some(Json::Bool(open)) => *open,
            Some(_) => true,
            // a parameter struct without `deny_unknown_fields` would drop an unknown option silently, so it is refused
            None => options.is_empty(),
        };
        Self { options, open }
    }

    fn find(&self, name: &str) -> Option<&OptionDef> {
        // `daemon-reload` is another way of writing `daemon_reload`
        let plain = name.replace('-', "_");
        self.options.iter().find(|option| {
            option.name == name
                || option.aliases.iter().any(|alias| alias == name)
                || option.name == plain
                || option.aliases.contains(&plain)
        })
    }

    /// The name that the module itself has for an option as written.
    pub(in crate::playbook) fn own_name(&self, name: &str) -> Option<&str> {
        self.find(name).map(|option| option.name.as_str())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.options
            .iter()
            .flat_map(|option| std::iter::once(option.name.as_str()).chain(option.aliases.iter().map(String::as_str)))
    }

    /// What is wrong with a task's options. `what` is the module as messages call it, with its backticks;
    /// `may_be_defaulted` says that `module_defaults` may bring further options.
    pub(in crate::playbook) fn check(
        &self,
        what: &str,
        at: Span,
        given: &[Given<'_>],
        may_be_defaulted: bool,
        out: &mut Diagnostics,
    ) {
        let mut seen: BTreeMap<&str, &Given<'_>> = BTreeMap::new();
        let mut meant = Vec::new();
        for option in given {
            let Some(def) = self.find(option.name) else {
                if !self.open {
                    out.push(self.unknown(what, option));
                    let near = closest(option.name, self.names());
                    meant.extend(near.and_then(|near| self.find(near)).map(|near| near.name.as_str()));
                }
                continue;
            };
            if let Some(before) = seen.insert(def.name.as_str(), option) {
                out.push(
                    Diagnostic::warning(
                        "duplicate-option",
                        format!("`{}` and `{}` are the same option of {what}", before.name, option.name),
                    )
                    .label(option.name_span, "this one counts")
                    .label(before.name_span, "given here already"),
                );
            }
            check_kind(&def.kind, option.value, option.value_span, &format!("option `{}` of {what}", option.name), out);
        }
        if may_be_defaulted {
            return;
        }
        // a misspelt option is not missing too
        let given = |name: &str| seen.contains_key(name) || meant.contains(&name);
        for missing in self.options.iter().filter(|option| option.required && !given(&option.name)) {
            let mut problem =
                Diagnostic::error("missing-option", format!("{what} needs the option `{}`", missing.name)).at(at);
            if let Kind::Choice(choices) = &missing.kind {
                problem = problem.help(format!("it is one of {}", quoted(choices)));
            }
            out.push(problem);
        }
    }

    fn unknown(&self, what: &str, option: &Given<'_>) -> Diagnostic {
        let mut problem =
            Diagnostic::error("unknown-option", format!("{what} has no option `{}`", option.name)).at(option.name_span);
        match did_you_mean(option.name, self.names()) {
            Some(help) => problem = problem.help(help),
            None if self.options.is_empty() => problem = problem.help("it takes no options"),
            None => {
                let names: Vec<String> = self.options.iter().map(|option| option.name.clone()).collect();
                problem = problem.help(format!("it has {}", quoted(&names)));
            }
        }
        problem
    }
}

/// Checks a literal value against what its option takes; templates are left to the run.
fn check_kind(kind: &Kind, value: &Value, span: Span, what: &str, out: &mut Diagnostics) {
    if matches!(value, Value::Null) || !is_literal(value) {
        return;
    }
    let span = match value {
        Value::Str(text) => text.span().unwrap_or(span),
        _ => span,
    };
    let mut wrong = |wanted: &str| {
        let message = format!("{what} takes {wanted}, not {}", kind_of_value(value));
        out.push(Diagnostic::error("wrong-type", message).at(span));
    };
    match kind {
        Kind::Any => {}
        Kind::Text => {
            if matches!(value, Value::List(_) | Value::Map(_)) {
                wrong("a text");
            }
        }
        Kind::Flag => {
            if parse_bool(value).is_none() {
                wrong("a truth value (yes or no)");
            }
        }
        Kind::Integer => {
            let fits = match value {
                Value::Int(_) | Value::Bool(_) => true,
                Value::Float(number) => number.fract() == 0.0,
                Value::Str(text) => text.trim().replace('_', "").parse::<i128>().is_ok(),
                _ => false,
            };
            if !fits {
                wrong("a whole number");
            }
        }
        Kind::Number => {
            let fits = match value {
                Value::Int(_) | Value::Float(_) => true,
                Value::Str(text) => text.trim().parse::<f64>().is_ok(),
                _ => false,
            };
            if !fits {
                wrong("a number");
            }
        }
        Kind::Choice(choices) => check_choice(choices, value, span, what, out),
        Kind::List(item) => match value {
            Value::List(items) => items.iter().for_each(|value| check_kind(item, value, span, what, out)),
            // a text is split at commas, and a single thing counts as a list of one
            Value::Map(_) => wrong("a list"),
            _ => {}
        },
        Kind::Mapping(spec) => match (value, spec) {
            (Value::Map(map), Some(spec)) => {
                let entries: Vec<(String, &Value)> =
                    map.iter().map(|(key, value)| (python_str(&key_value(key)), value)).collect();
                let given: Vec<Given<'_>> = entries
                    .iter()
                    .map(|(name, value)| Given { name, name_span: span, value, value_span: span })
                    .collect();
                spec.check(what, span, &given, false, out);
            }
            (Value::Map(_), None) => {}
            _ => wrong("a mapping"),
        },
    }
}

fn key_value(key: &crate::value::Key) -> Value {
    Value::data(key.to_string())
}

fn check_choice(choices: &[String], value: &Value, span: Span, what: &str, out: &mut Diagnostics) {
    let names: Vec<String> = match value {
        // `state: yes` is read as a truth value; where a choice is called so, that is what was meant
        Value::Bool(true) => ["yes", "true", "on"].map(str::to_owned).to_vec(),
        Value::Bool(false) => ["no", "false", "off"].map(str::to_owned).to_vec(),
        Value::List(_) | Value::Map(_) => Vec::new(),
        other => vec![python_str(other)],
    };
    if choices.iter().any(|choice| names.contains(choice)) {
        return;
    }
    let message = format!("{what} takes one of {}, not {}", quoted(choices), kind_of_value(value));
    let near = value.as_str().and_then(|text| did_you_mean(text, choices.iter().map(String::as_str)));
    out.push(Diagnostic::error("wrong-choice", message).at(span).help_opt(near));
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn aliases(option: &Json) -> Vec<String> {
    let list = option.get("x-aliases").and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The schema that a reference stands for.
fn follow<'s>(schema: &'s Json, definitions: &'s JsonMap<String, Json>) -> &'s Json {
    let name = schema.get("$ref").and_then(Json::as_str).and_then(|target| target.rsplit('/').next());
    match name.and_then(|name| definitions.get(name)) {
        Some(definition) => definition,
        None => schema,
    }
}

/// What a schema takes. Parts that are not understood take anything: a check that is wrong would be worse than none.
fn kind(schema: &Json, definitions: &JsonMap<String, Json>, depth: usize) -> Kind {
    const DEEPEST: usize = 6; // a type that holds itself ends here
    if depth > DEEPEST {
        return Kind::Any;
    }
    let schema = follow(schema, definitions);
    if let Some(choices) = constants(schema) {
        return Kind::Choice(choices);
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        if let Some(parts) = schema.get(word).and_then(Json::as_array) {
            let parts: Vec<&Json> =
                parts.iter().filter(|part| part.get("type").and_then(Json::as_str) != Some("null")).collect();
            return match parts.as_slice() {
                [only] => kind(only, definitions, depth + 1),
                _ => Kind::Any,
            };
        }
    }
    let names: Vec<&str> = match schema.get("type") {
        Some(Json::String(name)) => vec![name.as_str()],
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).filter(|name| *name != "null").collect(),
        _ => Vec::new(),
    };
    match names.as_slice() {
        ["string"] => Kind::Text,
        ["boolean"] => Kind::Flag,
        ["integer"] => Kind::Integer,
        ["number"] => Kind::Number,
        ["array"] => {
            let item = schema.get("items").map_or(Kind::Any, |items| kind(items, definitions, depth + 1));
            Kind::List(Box::new(item))
        }
        ["object"] => {
            let spec = schema.get("properties").map(|_| OptionSpec::read(schema, definitions, depth + 1));
            Kind::Mapping(spec.map(Box::new))
        }
        _ => Kind::Any,
    }
}

/// The choices of a schema that lists texts.
fn constants(schema: &Json) -> Option<Vec<String>> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    if let Some(list) = schema.get("enum").and_then(Json::as_array) {
        return list.iter().filter(|value| !value.is_null()).map(text).collect();
    }
    let list = schema.get("oneOf").and_then(Json::as_array)?;
    let mut choices = Vec::new();
    for part in list {
        match (part.get("const"), constants(part)) {
            (Some(value), _) => choices.push(text(value)?),
            (None, Some(more)) => choices.extend(more),
            (None, None) => return None,
        }
    }
    Some(choices)
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::diag::SourceMap;
    use crate::modules::{Ctx, ModuleError, Outcome};

    /// A module for these tests.
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    struct Sample {
        #[schemars(extend("x-aliases" = ["dest", "name"]))]
        path: String,
        mode: Option<u32>,
        #[serde(default)]
        force: bool,
        state: Option<State>,
        #[serde(default)]
        names: Vec<String>,
        #[serde(rename = "daemon_reload", default)]
        reload: bool,
        #[serde(default)]
        perms: Vec<Perm>,
        ratio: Option<f64>,
        anything: Option<Value2>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(transparent)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    struct Value2(serde_json::Value);

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only the schema is looked at")]
    struct Perm {
        name: String,
        role: State,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum State {
        /// There.
        Present,
        /// Not there.
        Absent,
    }

    impl crate::modules::Action for Sample {
        fn run(&self, _: &mut Ctx) -> Result<Outcome, ModuleError> {
            Ok(Outcome::ok())
        }
    }

    static SAMPLE: ModuleDef = ModuleDef::action::<Sample>("ansible.builtin", "sample");

    fn check(options: &[(&str, Value)]) -> Vec<String> {
        let span = Span::new(SourceMap::new().add("x", "y"), 0, 1);
        let given: Vec<Given<'_>> =
            options.iter().map(|(name, value)| Given { name, name_span: span, value, value_span: span }).collect();
        let mut out = Diagnostics::new();
        OptionSpec::of(&SAMPLE).check("`sample`", span, &given, false, &mut out);
        out.into_iter()
            .map(|problem| [problem.message].into_iter().chain(problem.help).collect::<Vec<_>>().join("; "))
            .collect()
    }

    #[test]
    fn good_options_pass() {
        let none: Vec<String> = Vec::new();
        assert_eq!(
            check(&[
                ("dest", "/x".into()),
                ("mode", Value::Int(0o644)),
                ("force", "yes".into()),
                ("state", Value::template("{{ s }}")),
                ("names", "a,b".into()),
                ("daemon-reload", true.into()),
                ("ratio", "0.5".into()),
                ("anything", Value::list(vec![])),
            ]),
            none
        );
    }

    #[test]
    fn wrong_ones_are_named() {
        assert_eq!(
            check(&[
                ("pth", "/x".into()),
                ("mode", "rw".into()),
                ("force", "maybe".into()),
                ("state", "presnt".into()),
                ("names", Value::empty_map()),
            ]),
            [
                "`sample` has no option `pth`; did you mean `path`?",
                "option `mode` of `sample` takes a whole number, not the text `rw`",
                "option `force` of `sample` takes a truth value (yes or no), not the text `maybe`",
                "option `state` of `sample` takes one of `present`, `absent`, not the text `presnt`; did you mean `present`?",
                "option `names` of `sample` takes a list, not a mapping",
            ]
        );
    }

    #[test]
    fn options_of_options_are_checked_too() {
        let perm = Value::map(
            [("nam".into(), Value::data("x")), ("role".into(), Value::data("absent"))].into_iter().collect(),
        );
        assert_eq!(
            check(&[("path", "/x".into()), ("perms", Value::list(vec![perm]))]),
            ["option `perms` of `sample` has no option `nam`; did you mean `name`?",]
        );
    }

    #[test]
    fn every_module_of_the_table_can_be_checked() {
        for module in crate::modules::table::MODULES {
            let spec = OptionSpec::of(module);
            let mut names: Vec<&str> = spec.names().collect();
            names.sort_unstable();
            let total = names.len();
            names.dedup();
            assert_eq!(names.len(), total, "{module:?} has an option name twice: {names:?}");
        }
    }
}
