//! Values and results as they travel. The forms are mirrors of the real types, so that a change of those is a change of the
//! protocol that the compiler points at.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::modules::{Diff, DiffText, ModuleError, Outcome};
use crate::value::{Key, Map, Origin, Text, Trust, Value};

/// A value that cannot travel: a Vault value that was not opened.
#[derive(Debug, Error)]
#[error("an option holds a Vault value that was not opened")]
pub struct ClosedVault;

/// A value. Places in files stay behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum WireValue {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text { text: String, template: bool, secret: bool },
    List(Vec<WireValue>),
    Map(WireMap),
}

/// A mapping, in its order.
pub(super) type WireMap = Vec<(WireKey, WireValue)>;

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum WireKey {
    Text(String),
    Int(i128),
    Bool(bool),
    Null,
}

/// What a module returned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WireOutcome {
    changed: bool,
    skipped: bool,
    failed: bool,
    msg: Option<String>,
    values: WireMap,
    facts: Option<WireMap>,
    diff: Vec<WireDiff>,
    warnings: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct WireDiff {
    before_header: String,
    after_header: String,
    before: WireDiffText,
    after: WireDiffText,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum WireDiffText {
    Text(String),
    Value(WireValue),
    Absent,
    Hidden(String),
}

/// Why a module failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WireFailure {
    message: String,
    values: WireMap,
    option: Option<Vec<String>>,
}

impl TryFrom<&Value> for WireValue {
    type Error = ClosedVault;

    fn try_from(value: &Value) -> Result<Self, ClosedVault> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(number) => Self::Int(*number),
            Value::Float(number) => Self::Float(*number),
            Value::Str(text) => Self::Text {
                text: text.as_str().to_owned(),
                template: text.origin().trust == Trust::Template,
                secret: text.is_secret(),
            },
            Value::List(items) => Self::List(items.iter().map(Self::try_from).collect::<Result<_, _>>()?),
            Value::Map(map) => Self::Map(to_wire(map)?),
            Value::Encrypted(_) => return Err(ClosedVault),
        })
    }
}

impl From<WireValue> for Value {
    fn from(wire: WireValue) -> Self {
        match wire {
            WireValue::Null => Self::Null,
            WireValue::Bool(value) => Self::Bool(value),
            WireValue::Int(number) => Self::Int(number),
            WireValue::Float(number) => Self::Float(number),
            WireValue::Text { text, template, secret } => {
                let trust = if template { Trust::Template } else { Trust::Data };
                Self::Str(Text::new(text, Origin { trust, secret }))
            }
            WireValue::List(items) => Self::list(items.into_iter().map(Self::from).collect()),
            WireValue::Map(map) => Self::map(from_wire(map)),
        }
    }
}

fn to_wire(map: &Map) -> Result<WireMap, ClosedVault> {
    map.iter().map(|(key, value)| Ok((WireKey::from(key), WireValue::try_from(value)?))).collect()
}

fn from_wire(map: WireMap) -> Map {
    map.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

impl From<&Key> for WireKey {
    fn from(key: &Key) -> Self {
        match key {
            Key::Str(text) => Self::Text(text.to_string()),
            Key::Int(number) => Self::Int(*number),
            Key::Bool(value) => Self::Bool(*value),
            Key::Null => Self::Null,
        }
    }
}

impl From<WireKey> for Key {
    fn from(key: WireKey) -> Self {
        match key {
            WireKey::Text(text) => Self::Str(text.into()),
            WireKey::Int(number) => Self::Int(number),
            WireKey::Bool(value) => Self::Bool(value),
            WireKey::Null => Self::Null,
        }
    }
}

impl TryFrom<&Outcome> for WireOutcome {
    type Error = ClosedVault;

    fn try_from(outcome: &Outcome) -> Result<Self, ClosedVault> {
        Ok(Self {
            changed: outcome.changed,
            skipped: outcome.skipped,
            failed: outcome.failed,
            msg: outcome.msg.clone(),
            values: to_wire(&outcome.values)?,
            facts: outcome.facts.as_ref().map(to_wire).transpose()?,
            diff: outcome.diff.iter().map(WireDiff::try_from).collect::<Result<_, _>>()?,
            warnings: outcome.warnings.clone(),
        })
    }
}

impl From<WireOutcome> for Outcome {
    fn from(wire: WireOutcome) -> Self {
        Self {
            changed: wire.changed,
            skipped: wire.skipped,
            failed: wire.failed,
            msg: wire.msg,
            values: from_wire(wire.values),
            facts: wire.facts.map(from_wire),
            diff: wire.diff.into_iter().map(Diff::from).collect(),
            warnings: wire.warnings,
        }
    }
}

impl TryFrom<&Diff> for WireDiff {
    type Error = ClosedVault;

    fn try_from(diff: &Diff) -> Result<Self, ClosedVault> {
        Ok(Self {
            before_header: diff.before_header.clone(),
            after_header: diff.after_header.clone(),
            before: WireDiffText::try_from(&diff.before)?,
            after: WireDiffText::try_from(&diff.after)?,
        })
    }
}

impl From<WireDiff> for Diff {
    fn from(wire: WireDiff) -> Self {
        Self {
            before_header: wire.before_header,
            after_header: wire.after_header,
            before: wire.before.into(),
            after: wire.after.into(),
        }
    }
}

impl TryFrom<&DiffText> for WireDiffText {
    type Error = ClosedVault;

    fn try_from(text: &DiffText) -> Result<Self, ClosedVault> {
        Ok(match text {
            DiffText::Text(text) => Self::Text(text.clone()),
            DiffText::Value(value) => Self::Value(value.try_into()?),
            DiffText::Absent => Self::Absent,
            DiffText::Hidden(why) => Self::Hidden(why.to_string()),
        })
    }
}

impl From<WireDiffText> for DiffText {
    fn from(wire: WireDiffText) -> Self {
        match wire {
            WireDiffText::Text(text) => Self::Text(text),
            WireDiffText::Value(value) => Self::Value(value.into()),
            WireDiffText::Absent => Self::Absent,
            WireDiffText::Hidden(why) => Self::Hidden(why.into()),
        }
    }
}

impl From<&ModuleError> for WireFailure {
    fn from(error: &ModuleError) -> Self {
        Self {
            message: error.full_message(),
            // a failure is told even where one of its values cannot be
            values: to_wire(&error.values).unwrap_or_default(),
            option: error.option.clone(),
        }
    }
}

impl From<WireFailure> for ModuleError {
    fn from(wire: WireFailure) -> Self {
        Self { values: from_wire(wire.values), option: wire.option, ..Self::new(wire.message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_arrive_as_they_left() {
        let inner = Map::from_iter([
            (Key::Int(1), Value::Float(0.5)),
            (Key::Bool(true), Value::Null),
            (Key::Null, Value::Int(1 << 100)),
        ]);
        let value = Value::list(vec![
            Value::map(inner),
            Value::secret("hidden"),
            Value::template("{{ x }}"),
            Value::data("ä\n"),
        ]);
        let wire = WireValue::try_from(&value).unwrap();
        let bytes = postcard::to_stdvec(&wire).unwrap();
        let back = Value::from(postcard::from_bytes::<WireValue>(&bytes).unwrap());
        assert_eq!(format!("{back:?}"), format!("{value:?}"));
        let items = back.as_list().unwrap();
        assert!(matches!(&items[1], Value::Str(text) if text.is_secret()));
        assert!(matches!(&items[2], Value::Str(text) if text.is_template()));
    }

    #[test]
    fn failures_keep_values_and_option() {
        let mut error = ModuleError::because("cannot do it", std::io::Error::other("why")).with("rc", Value::Int(3));
        error.option = Some(vec!["path".to_owned()]);
        let back = ModuleError::from(WireFailure::from(&error));
        assert_eq!(back.message, "cannot do it: why");
        assert_eq!((back.values.get("rc"), back.option), (Some(&Value::Int(3)), Some(vec!["path".to_owned()])));
    }
}
