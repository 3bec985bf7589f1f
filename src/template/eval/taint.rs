//! Secrecy follows what is computed from a secret.

use std::rc::Rc;

use super::machine::Machine;
use crate::template::fault::Outcome;
use crate::template::item::Item;
use crate::value::{Text, Value};

/// Shorter texts derived from a secret say little, and blanking them out everywhere would hide ordinary words.
const SHORTEST: usize = 4;

impl Machine<'_> {
    /// Runs something and tells whether it read a secret.
    pub(crate) fn watched<T>(&self, run: impl FnOnce() -> Outcome<T>) -> Outcome<(T, bool)> {
        let before = self.touched.replace(false);
        let result = run();
        let touched = self.touched.get();
        self.touched.set(before || touched);
        Ok((result?, touched))
    }

    /// Notes the secrecy of operands that are text themselves.
    pub(super) fn touch_item(&self, item: &Item) {
        if let Item::Value(Value::Str(text)) = item {
            self.touch(text);
        }
    }

    /// Marks everything in a derived result secret and makes its texts known to the redactor.
    pub(crate) fn taint(&self, item: Item) -> Item {
        match item {
            Item::Value(value) => Item::Value(self.taint_value(value)),
            Item::List(items) => Item::List(Rc::new(items.iter().map(|item| self.taint(item.clone())).collect())),
            Item::Tuple(items) => Item::Tuple(Rc::new(items.iter().map(|item| self.taint(item.clone())).collect())),
            Item::Map(map) => {
                Item::Map(Rc::new(map.iter().map(|(key, item)| (key.clone(), self.taint(item.clone()))).collect()))
            }
            other => other,
        }
    }

    fn taint_value(&self, value: Value) -> Value {
        match value {
            Value::Str(text) if text.is_secret() => Value::Str(text),
            Value::Str(text) => {
                self.register(&text);
                Value::Str(text.into_secret())
            }
            Value::List(items) => Value::list(items.iter().map(|item| self.taint_value(item.clone())).collect()),
            Value::Map(map) => {
                Value::map(map.iter().map(|(key, item)| (key.clone(), self.taint_value(item.clone()))).collect())
            }
            other => other,
        }
    }

    /// A text that still shows the secret it came from is redacted through that one; and the lines of a long one, a rendered
    /// file say, are mostly no secrets.
    fn register(&self, text: &Text) {
        if text.len() >= SHORTEST
            && !text.contains('\n')
            && matches!(self.engine.redactor.redact(text), std::borrow::Cow::Borrowed(_))
        {
            self.engine.redactor.register(text);
        }
    }
}
