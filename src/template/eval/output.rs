//! What a template emits. One single node keeps its type; several are joined as text.

use super::machine::{Machine, is_omit, omit};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Origin, Text, Trust, Value, python_str};

/// The output of a template, a macro or a `set` block.
#[derive(Default)]
pub(super) struct Output {
    /// The first node, as long as it is alone.
    single: Option<Item>,
    nodes: usize,
    text: String,
    secret: bool,
    /// Whether `omit` was emitted.
    omitted: bool,
    /// Whether an `if` expression without `else` yielded nothing.
    quiet: bool,
    /// After `extends`: what follows outside blocks is not shown.
    pub(super) muted: bool,
}

impl Output {
    /// Text of the template itself.
    pub(super) fn raw(&mut self, m: &Machine<'_>, text: &std::sync::Arc<str>) -> Outcome<()> {
        self.emit(m, Item::Value(Value::data(std::sync::Arc::clone(text))))
    }

    /// The value of an expression. `None` and omitted values are nothing.
    pub(super) fn emit(&mut self, m: &Machine<'_>, item: Item) -> Outcome<()> {
        match &item {
            Item::Missing(missing) if missing.quiet => {
                self.quiet = true;
                return Ok(());
            }
            Item::Missing(missing) => return Err(missing.fault.clone()),
            Item::Value(Value::Null) => return Ok(()),
            Item::Value(value) if is_omit(value) => {
                self.omitted = true;
                return Ok(());
            }
            _ if self.muted => return Ok(()),
            _ => {}
        }
        self.nodes += 1;
        if self.nodes == 1 {
            self.single = Some(item);
            return Ok(());
        }
        if let Some(first) = self.single.take() {
            self.write(m, &first)?;
        }
        self.write(m, &item)
    }

    fn write(&mut self, m: &Machine<'_>, item: &Item) -> Outcome<()> {
        if let Item::Value(Value::Str(text)) = item {
            self.secret |= text.is_secret();
            self.text.push_str(text);
            return Ok(());
        }
        let (text, secret) = m.watched(|| match item {
            // tuples leave a template as lists
            Item::Tuple(_) | Item::List(_) | Item::Map(_) => Ok(python_str(&m.plain(item)?)),
            item => m.display(item),
        })?;
        self.secret |= secret;
        self.text.push_str(&text);
        Ok(())
    }

    /// What the template yields.
    pub(super) fn finish(self) -> Outcome {
        match (self.nodes, self.single) {
            (0, _) if self.quiet => {
                Err(Fault::undefined("the condition of an `if` expression is false and it has no `else`"))
            }
            (0, _) => Ok(Item::Value(if self.omitted { omit() } else { Value::Null })),
            (_, Some(item)) => Ok(item),
            (_, None) => {
                let origin = Origin { trust: Trust::Data, secret: self.secret };
                Ok(Item::Value(Value::Str(Text::new(self.text, origin))))
            }
        }
    }
}
