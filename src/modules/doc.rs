//! A module's documentation as text: what its parameter struct's doc comments and schema say.

use std::fmt::Write as _;

use schemars::SchemaGenerator;
use serde_json::{Map as JsonMap, Value as Json};

use super::definition::{FreeForm, ModuleDef, Runner};

/// Longest line.
const WIDTH: usize = 100;

/// The documentation of a module.
#[must_use]
pub fn render(module: &ModuleDef) -> String {
    let mut generator = SchemaGenerator::default();
    let schema = (module.schema)(&mut generator);
    let definitions = generator.take_definitions(true);
    let page = Page { definitions: &definitions };
    let schema = page.follow(schema.as_value());

    let mut out = format!("{}.{}\n", module.collection, module.name);
    if !module.aliases.is_empty() {
        wrap(&mut out, &format!("Also: {}", module.aliases.join(", ")), 0);
    }
    for paragraph in paragraphs(schema) {
        out.push('\n');
        wrap(&mut out, &paragraph, 0);
    }
    out.push('\n');
    wrap(&mut out, support(module), 0);
    if let FreeForm::Raw(option) = module.free_form {
        wrap(&mut out, &format!("Text directly behind the module's name is the option `{option}`."), 0);
    }
    let required = names(schema.get("required"));
    let options = schema.get("properties").and_then(Json::as_object);
    if let Some(options) = options.filter(|options| !options.is_empty()) {
        out.push_str("\nOPTIONS\n");
        let (needed, others): (Vec<_>, Vec<_>) = options.iter().partition(|(name, _)| required.contains(name));
        for (name, option) in needed {
            page.option(&mut out, name, option, true, 2);
        }
        for (name, option) in others {
            page.option(&mut out, name, option, false, 2);
        }
    }
    if module.open {
        out.push('\n');
        wrap(&mut out, "Further options are taken as they are.", 0);
    }
    out
}

/// The first sentence of a module's description.
#[must_use]
pub fn summary(module: &ModuleDef) -> String {
    let mut generator = SchemaGenerator::default();
    let schema = (module.schema)(&mut generator);
    let first = paragraphs(schema.as_value()).into_iter().next().unwrap_or_default();
    first.split_once(". ").map_or(first.as_str(), |(sentence, _)| sentence).trim_end_matches('.').to_owned()
}

/// A task with all options of a module and what they mean, to begin with.
#[must_use]
pub fn snippet(module: &ModuleDef) -> String {
    let mut generator = SchemaGenerator::default();
    let schema = (module.schema)(&mut generator);
    let schema = schema.as_value();
    let required = names(schema.get("required"));
    let mut out = format!("- name: {}\n  {}:\n", summary(module), module.name);
    for (name, option) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let need = if required.contains(name) { "(required) " } else { "" };
        let text = paragraphs(option).into_iter().next().unwrap_or_default();
        let _ = writeln!(out, "      {:<22} # {need}{text}", format!("{name}:"));
    }
    out
}

/// A module's page as Ansible's documentation has it in JSON: what it does and its options.
#[must_use]
pub fn json(module: &ModuleDef) -> Json {
    let mut generator = SchemaGenerator::default();
    let schema = (module.schema)(&mut generator);
    let definitions = generator.take_definitions(true);
    let page = Page { definitions: &definitions };
    let schema = page.follow(schema.as_value());
    serde_json::json!({
        "doc": {
            "collection": module.collection,
            "description": paragraphs(schema),
            "module": module.name,
            "options": page.options_json(schema),
            "plugin_name": format!("{}.{}", module.collection, module.name),
            "short_description": summary(module),
        },
        "examples": null,
        "metadata": null,
        "return": null,
    })
}

/// How the module behaves in check mode.
fn support(module: &ModuleDef) -> &'static str {
    match module.runner {
        Runner::Host(_) if module.keeps_state => {
            "Changes only what differs. Check mode foresees the change, and --diff shows it."
        }
        Runner::Host(_) => "Runs each time. In check mode it changes nothing.",
        Runner::Controller(_) => {
            "Runs beside the engine, with the task's variables. Check mode changes nothing on the host."
        }
        Runner::Engine => "Carried out when the playbook is loaded, or by the engine itself.",
    }
}

struct Page<'d> {
    definitions: &'d JsonMap<String, Json>,
}

impl<'d> Page<'d> {
    /// The schema itself where there is only a reference to it, or where it is one that may also be null.
    fn follow(&self, schema: &'d Json) -> &'d Json {
        let mut schema = schema;
        for _ in 0..8 {
            let name = schema.get("$ref").and_then(Json::as_str).and_then(|path| path.rsplit('/').next());
            let either = schema.get("anyOf").and_then(Json::as_array).and_then(|parts| {
                let mut real = parts.iter().filter(|part| part.get("type").and_then(Json::as_str) != Some("null"));
                real.next().filter(|_| real.next().is_none())
            });
            match name.and_then(|name| self.definitions.get(name)).or(either) {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }

    fn option(&self, out: &mut String, name: &str, option: &'d Json, required: bool, indent: usize) {
        let real = self.follow(option);
        let mut facts = vec![self.kind(real)];
        if required {
            facts.push("required".to_owned());
        }
        if let Some(default) = option.get("default").filter(|default| !default.is_null()) {
            facts.push(format!("default: {}", shown(default)));
        }
        let blank = " ".repeat(indent);
        let _ = writeln!(out, "\n{blank}{name}  ({})", facts.join(", "));
        let aliases = names(option.get("x-aliases"));
        if !aliases.is_empty() {
            wrap(out, &format!("Also: {}", aliases.join(", ")), indent + 4);
        }
        for paragraph in paragraphs(option) {
            wrap(out, &paragraph, indent + 4);
        }
        for (choice, meaning) in choices(real) {
            let text = if meaning.is_empty() { choice } else { format!("{choice}: {meaning}") };
            wrap(out, &format!("- {text}"), indent + 4);
        }
        // options of a mapping, or of the mappings of a list
        let inner = real.get("items").map_or(real, |items| self.follow(items));
        if let Some(options) = inner.get("properties").and_then(Json::as_object) {
            let required = names(inner.get("required"));
            for (name, option) in options {
                self.option(out, name, option, required.contains(name), indent + 4);
            }
        }
    }

    /// The options of a schema by name, in the words of Ansible's argument specifications.
    fn options_json(&self, schema: &'d Json) -> Json {
        let required = names(schema.get("required"));
        let options = schema.get("properties").and_then(Json::as_object).into_iter().flatten().map(|(name, option)| {
            let real = self.follow(option);
            let mut out = JsonMap::new();
            out.insert("description".to_owned(), paragraphs(option).into());
            out.insert("type".to_owned(), ansible_type(real).into());
            if required.contains(name) {
                out.insert("required".to_owned(), true.into());
            }
            if let Some(default) = option.get("default").filter(|default| !default.is_null()) {
                out.insert("default".to_owned(), default.clone());
            }
            let aliases = names(option.get("x-aliases"));
            if !aliases.is_empty() {
                out.insert("aliases".to_owned(), aliases.into());
            }
            let choices: Vec<String> = choices(real).into_iter().map(|(choice, _)| choice).collect();
            if !choices.is_empty() {
                out.insert("choices".to_owned(), choices.into());
            }
            let inner = real.get("items").map(|items| self.follow(items));
            if let Some(inner) = inner {
                out.insert("elements".to_owned(), ansible_type(inner).into());
            }
            let inner = inner.unwrap_or(real);
            if inner.get("properties").is_some() {
                out.insert("suboptions".to_owned(), self.options_json(inner));
            }
            (name.clone(), Json::Object(out))
        });
        Json::Object(options.collect())
    }

    fn kind(&self, schema: &'d Json) -> String {
        match schema.get("format").and_then(Json::as_str) {
            Some("password") => return "secret".to_owned(),
            Some("mode") => return "file mode".to_owned(),
            _ => {}
        }
        if !choices(schema).is_empty() {
            return "choice".to_owned();
        }
        let kinds = match schema.get("type") {
            Some(Json::String(kind)) => vec![kind.clone()],
            several => names(several),
        };
        let words: Vec<String> = kinds
            .iter()
            .filter(|kind| *kind != "null")
            .map(|kind| match kind.as_str() {
                "array" => match schema.get("items").map(|items| self.kind(self.follow(items))) {
                    Some(of) if of != "any value" => format!("list of {of}s"),
                    _ => "list".to_owned(),
                },
                "object" => "mapping".to_owned(),
                other => other.to_owned(),
            })
            .collect();
        if words.is_empty() { "any value".to_owned() } else { words.join(" or ") }
    }
}

/// The type of an option in Ansible's words.
fn ansible_type(schema: &Json) -> &'static str {
    let kinds = match schema.get("type") {
        Some(Json::String(kind)) => vec![kind.clone()],
        several => names(several),
    };
    let mut kinds = kinds.iter().filter(|kind| *kind != "null").map(String::as_str);
    match (kinds.next(), kinds.next()) {
        (Some("boolean"), None) => "bool",
        (Some("integer"), None) => "int",
        (Some("number"), None) => "float",
        (Some("array"), None) => "list",
        (Some("object"), None) => "dict",
        (Some("string"), None) => "str",
        (None, _) if !choices(schema).is_empty() => "str",
        _ => "raw",
    }
}

/// A list of texts.
fn names(list: Option<&Json>) -> Vec<String> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The values of a choice with what they mean.
fn choices(schema: &Json) -> Vec<(String, String)> {
    let word = |value: &Json| value.as_str().map(|text| text.escape_debug().to_string());
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return values.iter().filter_map(|value| Some((word(value)?, String::new()))).collect();
    }
    let mut out = Vec::new();
    for part in schema.get("oneOf").and_then(Json::as_array).into_iter().flatten() {
        let meaning = paragraphs(part).join(" ");
        if let Some(value) = part.get("const").and_then(word) {
            out.push((value, meaning));
        } else {
            out.extend(choices(part));
        }
    }
    out
}

/// The description, each paragraph in one line.
fn paragraphs(schema: &Json) -> Vec<String> {
    let text = schema.get("description").and_then(Json::as_str).unwrap_or_default();
    let whole = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split("\n\n").map(whole).filter(|paragraph| !paragraph.is_empty()).collect()
}

fn shown(value: &Json) -> String {
    match value {
        Json::String(text) if text.is_empty() => "\"\"".to_owned(),
        Json::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    }
}

/// Adds a text in lines of at most [`WIDTH`] characters.
fn wrap(out: &mut String, text: &str, indent: usize) {
    let blank = " ".repeat(indent);
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{blank}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{blank}{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::table::{MODULES, find};

    #[test]
    fn a_modules_page_names_everything() {
        let page = render(find("copy").unwrap());
        for part in [
            "ansible.builtin.copy\n",
            "\n  dest  (string, required)\n",
            "\n  mode  (file mode)\n",
            "\n  force  (boolean, default: true)\n      Also: thirsty\n",
        ] {
            assert!(page.contains(part), "{part:?} is not in\n{page}");
        }
        let page = render(find("file").unwrap());
        assert!(page.contains("  state  (choice)\n"), "{page}");
        assert!(page.contains("      - absent: Nothing; a folder goes"), "{page}");
        assert!(page.contains("Check mode foresees the change"), "{page}");
        assert!(render(find("command").unwrap()).contains("argv  (list of strings)"));
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
    }

    #[test]
    fn every_module_and_every_option_is_documented() {
        for module in MODULES {
            let mut generator = SchemaGenerator::default();
            let schema = (module.schema)(&mut generator);
            assert!(!paragraphs(schema.as_value()).is_empty(), "{module:?} has no description");
            let options = schema.as_value().get("properties").and_then(Json::as_object).cloned().unwrap_or_default();
            for (name, option) in options {
                assert!(!paragraphs(&option).is_empty(), "{module:?}: option {name} is not documented");
            }
        }
    }
}
