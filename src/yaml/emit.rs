//! Values as YAML text, byte for byte as PyYAML's `dump` writes it over libyaml (which is what Ansible's `to_yaml` and
//! `to_nice_yaml` use).

use std::fmt::Write as _;

use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};
use thiserror::Error;

use super::number;
use super::scalar::{is_null, read_bool};
use super::timestamp::{self, Timestamp};
use crate::value::{Key, Map, Value, python_float};

const STR: &str = "tag:yaml.org,2002:str";

/// The emitter refused the value.
#[derive(Debug, Error)]
#[error("cannot write the value as YAML: {0}")]
pub struct EmitError(String);

/// How collections are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowStyle {
    /// Collections of plain scalars on one line in brackets, all others as blocks (`default_flow_style=None`, as `to_yaml`).
    #[default]
    Auto,
    /// All as blocks (`False`, as `to_nice_yaml`).
    Block,
    /// All in brackets (`True`).
    Flow,
}

/// How scalars are written (`default_style`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextStyle {
    /// Without quotes where that is possible.
    #[default]
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As literal blocks, `|`.
    Literal,
    /// Text of several lines as literal blocks, all others without quotes where that is possible.
    Lines,
}

/// The arguments of PyYAML's `dump`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmitOptions {
    /// Blanks for each level; 2 unless it is between 2 and 9.
    pub indent: i32,
    /// The width at which lines are folded; below twice the indent it is 80, below 0 there is none.
    pub width: i32,
    /// Sort mappings by key, unless keys of several types are mixed.
    pub sort_keys: bool,
    /// How collections are written.
    pub flow_style: FlowStyle,
    /// How scalars are written.
    pub text_style: TextStyle,
    /// Begin with `---`.
    pub explicit_start: bool,
    /// End with `...`.
    pub explicit_end: bool,
    /// Write letters beyond ASCII as they are, not as escapes.
    pub allow_unicode: bool,
}

impl EmitOptions {
    /// The settings of Ansible's filter `to_yaml`.
    #[must_use]
    pub fn terse() -> Self {
        Self {
            indent: 2,
            width: 80,
            sort_keys: true,
            flow_style: FlowStyle::Auto,
            text_style: TextStyle::Plain,
            explicit_start: false,
            explicit_end: false,
            allow_unicode: true,
        }
    }

    /// The settings of Ansible's filter `to_nice_yaml`.
    #[must_use]
    pub fn nice() -> Self {
        Self { indent: 4, flow_style: FlowStyle::Block, ..Self::terse() }
    }
}

/// The value as a YAML document.
///
/// # Errors
/// Where libyaml refuses it; no value is known that makes it.
pub fn emit(value: &Value, options: &EmitOptions) -> Result<String, EmitError> {
    let mut bytes = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_encoding(Encoding::Utf8);
    emitter.set_output(&mut bytes);
    emitter.set_indent(options.indent);
    emitter.set_width(options.width);
    emitter.set_unicode(options.allow_unicode);
    let stand_in = if options.allow_unicode { StandIn::find(value) } else { None };
    let mut writer = Writer { emitter, options, stand_in };
    writer.document(value).map_err(|error| EmitError(error.to_string()))?;
    drop(writer);
    let text = String::from_utf8(bytes).map_err(|error| EmitError(error.to_string()))?;
    Ok(match stand_in {
        Some(stand_in) => text.replace(&stand_in.escape(), "\\U00"),
        None => text,
    })
}

/// libyaml writes letters beyond the Basic Multilingual Plane as escapes (`"\U0001F600"`), even where others stand as they
/// are; libyaml-safer does not. A control character that the value does not use, followed by the six digits, takes their
/// place: it is escaped for sure, and its escape is as wide, so that lines are folded at the same places.
#[derive(Clone, Copy)]
struct StandIn(char);

impl StandIn {
    /// The control character to use; `None` where none is needed.
    fn find(value: &Value) -> Option<Self> {
        let mut texts = Vec::new();
        collect(value, &mut texts);
        if !texts.iter().any(|text| text.chars().any(is_astral)) {
            return None;
        }
        let is_free =
            |stand_in: &Self| !texts.iter().any(|text| text.contains(stand_in.0) || text.contains(&stand_in.escape()));
        ('\u{e}'..='\u{1a}').chain('\u{1}'..='\u{6}').map(Self).find(is_free)
    }

    fn escape(self) -> String {
        format!("\\x{:02X}", u32::from(self.0))
    }

    fn apply(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if is_astral(c) {
                let _ = write!(out, "{}{:06X}", self.0, u32::from(c));
            } else {
                out.push(c);
            }
        }
        out
    }
}

fn is_astral(c: char) -> bool {
    u32::from(c) > 0xffff
}

fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::Str(text) => texts.push(text),
        Value::List(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Map(map) => {
            for (key, item) in map.iter() {
                texts.extend(key.as_str());
                collect(item, texts);
            }
        }
        _ => {}
    }
}

struct Writer<'w, 'o> {
    emitter: Emitter<'w>,
    options: &'o EmitOptions,
    stand_in: Option<StandIn>,
}

impl Writer<'_, '_> {
    fn document(&mut self, value: &Value) -> Result<(), libyaml_safer::Error> {
        self.emitter.emit(Event::stream_start(Encoding::Utf8))?;
        self.emitter.emit(Event::document_start(None, &[], !self.options.explicit_start))?;
        self.value(value)?;
        self.emitter.emit(Event::document_end(!self.options.explicit_end))?;
        self.emitter.emit(Event::stream_end())?;
        self.emitter.flush()
    }

    fn value(&mut self, value: &Value) -> Result<(), libyaml_safer::Error> {
        match value {
            Value::Null => self.scalar("null", "tag:yaml.org,2002:null"),
            Value::Bool(value) => self.scalar(if *value { "true" } else { "false" }, "tag:yaml.org,2002:bool"),
            Value::Int(number) => self.scalar(&number.to_string(), "tag:yaml.org,2002:int"),
            Value::Float(number) => self.scalar(&float(*number), "tag:yaml.org,2002:float"),
            Value::Str(text) => self.scalar(text, STR),
            Value::Encrypted(closed) => self.emitter.emit(Event::scalar(
                None,
                Some("!vault"),
                &closed.envelope,
                false,
                false,
                ScalarStyle::Literal,
            )),
            Value::List(items) => {
                let style = if self.in_brackets(items.iter().all(|item| self.is_plain(item))) {
                    SequenceStyle::Flow
                } else {
                    SequenceStyle::Block
                };
                self.emitter.emit(Event::sequence_start(None, Some("tag:yaml.org,2002:seq"), true, style))?;
                for item in items.iter() {
                    self.value(item)?;
                }
                self.emitter.emit(Event::sequence_end())
            }
            Value::Map(map) => {
                let style = if self.in_brackets(
                    self.options.text_style == TextStyle::Plain && map.values().all(|item| self.is_plain(item)),
                ) {
                    MappingStyle::Flow
                } else {
                    MappingStyle::Block
                };
                self.emitter.emit(Event::mapping_start(None, Some("tag:yaml.org,2002:map"), true, style))?;
                for (key, item) in self.entries(map) {
                    self.key(key)?;
                    self.value(item)?;
                }
                self.emitter.emit(Event::mapping_end())
            }
        }
    }

    fn key(&mut self, key: &Key) -> Result<(), libyaml_safer::Error> {
        match key {
            Key::Str(text) => self.scalar(text, STR),
            Key::Int(number) => self.value(&Value::Int(*number)),
            Key::Bool(value) => self.value(&Value::Bool(*value)),
            Key::Null => self.value(&Value::Null),
        }
    }

    fn scalar(&mut self, text: &str, tag: &str) -> Result<(), libyaml_safer::Error> {
        let style = match self.options.text_style {
            TextStyle::Single => ScalarStyle::SingleQuoted,
            TextStyle::Double => ScalarStyle::DoubleQuoted,
            TextStyle::Literal => ScalarStyle::Literal,
            TextStyle::Lines if tag == STR && text.contains('\n') => ScalarStyle::Literal,
            TextStyle::Plain | TextStyle::Lines => ScalarStyle::Any,
        };
        // a text may stand without quotes if it then still reads as text
        let plain_implicit = if tag == STR { reads_as_text(text) } else { true };
        let replaced;
        let text = match self.stand_in {
            Some(stand_in) if text.chars().any(is_astral) => {
                replaced = stand_in.apply(text);
                &replaced
            }
            _ => text,
        };
        self.emitter.emit(Event::scalar(None, Some(tag), text, plain_implicit, tag == STR, style))
    }

    fn is_plain(&self, value: &Value) -> bool {
        let scalar = !matches!(value, Value::List(_) | Value::Map(_) | Value::Encrypted(_));
        scalar && self.options.text_style == TextStyle::Plain
    }

    fn in_brackets(&self, all_plain: bool) -> bool {
        match self.options.flow_style {
            FlowStyle::Auto => all_plain,
            FlowStyle::Block => false,
            FlowStyle::Flow => true,
        }
    }

    fn entries<'m>(&self, map: &'m Map) -> Vec<(&'m Key, &'m Value)> {
        let mut entries: Vec<_> = map.iter().collect();
        let comparable = map.keys().all(|key| matches!(key, Key::Str(_)))
            || map.keys().all(|key| matches!(key, Key::Int(_) | Key::Bool(_)));
        if self.options.sort_keys && comparable {
            entries.sort_by(|(a, _), (b, _)| sort_key(a).cmp(&sort_key(b)));
        }
        entries
    }
}

/// How Python orders keys of one type: texts by code points, numbers and truth values by number.
fn sort_key(key: &Key) -> (i128, &str) {
    match key {
        Key::Str(text) => (0, text),
        Key::Int(number) => (*number, ""),
        Key::Bool(value) => (i128::from(*value), ""),
        Key::Null => (0, ""),
    }
}

/// Whether a plain scalar with this text is text and nothing else.
fn reads_as_text(text: &str) -> bool {
    !(is_null(text)
        || read_bool(text).is_some()
        || number::is_int(text)
        || number::is_float(text)
        || !matches!(timestamp::read(text), Timestamp::Not)
        || matches!(text, "<<" | "=" | "!" | "&" | "*"))
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = python_float(number);
    // YAML 1.1 knows no exponent without a point
    match text.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diag::SourceMap;
    use crate::value::from_json;

    fn value(json: &str) -> Value {
        from_json(serde_json::from_str(json).unwrap())
    }

    /// The texts are what `yaml.dump` of PyYAML 6 over libyaml gives.
    #[test]
    fn output_is_that_of_pyyaml() {
        let block = EmitOptions { flow_style: FlowStyle::Block, ..EmitOptions::terse() };
        let cases: [(&EmitOptions, &str, &str); 17] = [
            (&EmitOptions::terse(), r#"{"b": [1, "x"], "a": {}}"#, "a: {}\nb: [1, x]\n"),
            (&EmitOptions::terse(), r#"{"b": [1, [2]]}"#, "b:\n- 1\n- [2]\n"),
            (&EmitOptions::nice(), r#"{"b": [1, {"c": [2]}]}"#, "b:\n- 1\n-   c:\n    - 2\n"),
            (&EmitOptions::nice(), "[]", "[]\n"),
            (&EmitOptions::terse(), r#""text""#, "text\n"),
            (&EmitOptions::terse(), "null", "null\n"),
            (
                &block,
                r#"["yes", "no", "~", "", "0123", "12:30", "1_000", "1e3", "2020-01-01", "=", "<<", "0o17"]"#,
                "- 'yes'\n- 'no'\n- '~'\n- ''\n- '0123'\n- '12:30'\n- '1_000'\n- 1e3\n- '2020-01-01'\n- '='\n- '<<'\n- 0o17\n",
            ),
            (&block, "[1.0, 1e20, 1e-7, true]", "- 1.0\n- 1.0e+20\n- 1.0e-07\n- true\n"),
            (
                &block,
                r##"["a\nb", "a\n", "it's", "say \"x\"", "a: b", "#a", "- a", "@a"]"##,
                "- 'a\n\n  b'\n- 'a\n\n  '\n- it's\n- say \"x\"\n- 'a: b'\n- '#a'\n- '- a'\n- '@a'\n",
            ),
            (
                &block,
                r#"["tab\there", "\u0000", "\u0007", "é", "😀 é", "\ufeffx"]"#,
                "- \"tab\\there\"\n- \"\\0\"\n- \"\\a\"\n- é\n- \"\\U0001F600 é\"\n- \"\\uFEFFx\"\n",
            ),
            (&EmitOptions { allow_unicode: false, ..block.clone() }, r#"["é"]"#, "- \"\\xE9\"\n"),
            (&EmitOptions { explicit_start: true, ..block.clone() }, r#"{"a": 1}"#, "---\na: 1\n"),
            (&EmitOptions { sort_keys: false, ..block.clone() }, r#"{"b": 1, "a": 2}"#, "b: 1\na: 2\n"),
            (
                &EmitOptions { width: 20, ..block.clone() },
                r#"["lorem ipsum dolor sit amet"]"#,
                "- lorem ipsum dolor sit\n  amet\n",
            ),
            (&EmitOptions { flow_style: FlowStyle::Flow, ..block.clone() }, r#"{"a": [1]}"#, "{a: [1]}\n"),
            (&EmitOptions { text_style: TextStyle::Double, ..block.clone() }, r#"{"a": 1}"#, "\"a\": ! \"1\"\n"),
            (&EmitOptions { text_style: TextStyle::Literal, ..block.clone() }, r#"["a\nb"]"#, "- |-\n  a\n  b\n"),
        ];
        for (options, json, expected) in cases {
            assert_eq!(emit(&value(json), options).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn long_text_folds_where_pyyaml_folds_it() {
        let text = "lorem ipsum dolor sit amet ".repeat(6);
        let map = Value::map([(Key::from("key"), Value::data(text.trim_end()))].into_iter().collect());
        assert_eq!(
            emit(&map, &EmitOptions::nice()).unwrap(),
            "key: lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet\n    lorem ipsum dolor \
             sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet\n"
        );
    }

    #[test]
    fn keys_of_several_types_stay_in_their_order() {
        let map = Value::map([(Key::from("b"), Value::Null), (Key::Int(1), Value::Null)].into_iter().collect());
        assert_eq!(emit(&map, &EmitOptions::nice()).unwrap(), "b: null\n1: null\n");
    }

    #[test]
    fn an_astral_letter_does_not_disturb_control_characters() {
        let text: String = ('\u{e}'..='\u{1a}').chain(['😀', '\\', 'x', '0', '1']).collect();
        let shown = emit(&Value::data(text.clone()), &EmitOptions::terse()).unwrap();
        assert!(shown.contains("\\U0001F600") && shown.contains("\\x0E") && shown.contains("\\\\x01"), "{shown}");
        assert_eq!(read_back(&shown), Value::data(text));
    }

    fn read_back(text: &str) -> Value {
        let sources = SourceMap::new();
        let id = sources.add("x", text);
        crate::yaml::parse_one(&sources, id, &mut Vec::new())
            .unwrap_or_else(|error| panic!("{error:?}: {text}"))
            .to_value()
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            "([ -~]|\n|é|😀|\t|\r|\u{85}|\u{2028}|\u{feff}|\u{1}){0,20}",
            "(word ){0,40}",
            "[-+.0-9_:eExob]{0,8}",
            proptest::sample::select(vec![
                "yes",
                "NULL",
                "~",
                "<<",
                "=",
                "2020-01-01",
                "---",
                "...",
                "{{ x }}",
                "$ANSIBLE_VAULT;1.1"
            ])
            .prop_map(str::to_owned),
        ]
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i128>().prop_map(Value::Int),
            any::<f64>().prop_filter("NaN equals nothing", |number| !number.is_nan()).prop_map(Value::Float),
            any_text().prop_map(Value::data),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::list),
                proptest::collection::vec((any_text(), inner), 0..6).prop_map(|entries| Value::map(
                    entries.into_iter().map(|(key, item)| (Key::from(key), item)).collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            value in any_value(),
            width in prop_oneof![Just(-1), Just(80), 10..200],
            indent in 0..10,
            style in 0..12_usize,
        ) {
            let options = EmitOptions {
                width,
                indent,
                flow_style: [FlowStyle::Auto, FlowStyle::Block, FlowStyle::Flow][style % 3],
                // with forced quotes numbers carry the tag `!`, which PyYAML reads as text too
                text_style: match style / 3 {
                    1 if only_text(&value) => TextStyle::Single,
                    2 if only_text(&value) => TextStyle::Double,
                    3 if only_text(&value) => TextStyle::Literal,
                    _ => TextStyle::Plain,
                },
                ..EmitOptions::terse()
            };
            let text = emit(&value, &options).unwrap();
            prop_assert_eq!(read_back(&text), value, "{}", text);
        }
    }

    fn only_text(value: &Value) -> bool {
        match value {
            Value::Str(_) => true,
            Value::List(items) => items.iter().all(only_text),
            Value::Map(map) => map.values().all(only_text),
            _ => false,
        }
    }
}
