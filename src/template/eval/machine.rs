//! One evaluation: the scope, what of it was rendered already, and how deep it is in.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::run::Run;
use crate::template::engine::Engine;
use crate::template::fault::{At, Fault, Outcome, Place};
use crate::template::item::Item;
use crate::template::scope::Scope;
use crate::template::syntax::{Compiled, Dialect};
use crate::value::{Encrypted, Map, Text, Value};

/// Templates within templates deeper than this are taken for a loop that names do not show.
const DEEPEST: usize = 40;

/// What `omit` yields: a text that nobody else has.
static OMIT: LazyLock<Text> = LazyLock::new(|| Text::data(format!("__omit_place_holder__{}", uuid::Uuid::new_v4())));

/// The value that stands for an omitted option.
pub(crate) fn omit() -> Value {
    Value::Str(OMIT.clone())
}

/// Whether a value is the one that stands for an omitted option.
pub(crate) fn is_omit(value: &Value) -> bool {
    matches!(value, Value::Str(text) if *text == *OMIT)
}

/// One evaluation.
pub(crate) struct Machine<'r> {
    pub(crate) engine: &'r Engine,
    pub(crate) scope: &'r dyn Scope,
    /// Variables already read, rendered.
    seen: RefCell<HashMap<String, Item>>,
    /// Variables being rendered, outermost first.
    active: RefCell<Vec<String>>,
    depth: Cell<usize>,
    /// Whether a secret was read since this was last cleared.
    pub(super) touched: Cell<bool>,
}

impl<'r> Machine<'r> {
    pub(crate) fn new(engine: &'r Engine, scope: &'r dyn Scope) -> Self {
        Self {
            engine,
            scope,
            seen: RefCell::default(),
            active: RefCell::default(),
            depth: Cell::new(0),
            touched: Cell::new(false),
        }
    }

    /// A machine for other variables within this evaluation.
    pub(crate) fn nested<'n>(&self, scope: &'n dyn Scope) -> Machine<'n>
    where
        'r: 'n,
    {
        let nested = Machine::new(self.engine, scope);
        nested.depth.set(self.depth.get() + 1);
        nested
    }

    /// The value of a variable, rendered; what cannot be rendered for want of something is missing.
    pub(crate) fn variable(&self, name: &str) -> Outcome<Option<Item>> {
        if let Some(item) = self.seen.borrow().get(name) {
            return Ok(Some(item.clone()));
        }
        let Some(value) = self.scope.get(name) else { return Ok(None) };
        let item = if matches!(&value, Value::Str(text) if text.is_template()) {
            if self.active.borrow().iter().any(|active| active == name) {
                return Err(self.loop_fault(name));
            }
            self.active.borrow_mut().push(name.to_owned());
            let item = self.open(value);
            self.active.borrow_mut().pop();
            match item {
                Ok(Item::Missing(missing)) => Item::missing(missing.fault.clone().via(name)),
                Ok(item) => item,
                Err(fault) => return Err(fault.via(name)),
            }
        } else {
            self.open(value).map_err(|fault| fault.via(name))?
        };
        self.seen.borrow_mut().insert(name.to_owned(), item.clone());
        Ok(Some(item))
    }

    fn loop_fault(&self, name: &str) -> Fault {
        let active = self.active.borrow();
        let chain: Vec<_> =
            active.iter().skip_while(|active| *active != name).map(|name| format!("`{name}`")).collect();
        Fault::new(format!("recursive loop in template: `{name}` needs its own value"))
            .help(Some(format!("the loop is {} -> `{name}`", chain.join(" -> "))))
    }

    /// A value as an operand: a template is rendered, a Vault value opened; what lies inside lists and mappings waits until
    /// it is read.
    pub(crate) fn open(&self, value: Value) -> Outcome {
        match value {
            Value::Str(text) if text.is_template() => match self.text(&text) {
                Err(fault) if fault.is_undefined() => Ok(Item::missing(fault)),
                result => result,
            },
            Value::Str(text) => {
                self.touch(&text);
                Ok(Item::Value(Value::Str(text)))
            }
            Value::Encrypted(encrypted) => self.decrypt(&encrypted).map(Item::Value),
            value => Ok(Item::Value(value)),
        }
    }

    fn decrypt(&self, encrypted: &Encrypted) -> Outcome<Value> {
        let secret = self.engine.vault.decrypt(&encrypted.envelope).map_err(|error| {
            let fault = Fault::new(format!("a Vault value cannot be opened: {error}"));
            match encrypted.span {
                Some(span) => fault.at(At { start: 0, end: 0 }).placed(|at| Place {
                    at,
                    position: (1, 1),
                    span: Some(span),
                    file: None,
                }),
                None => fault,
            }
        })?;
        self.engine.redactor.register(secret.expose());
        self.touched.set(true);
        Ok(Value::Str(Text::secret(secret.expose()).with_span(encrypted.span)))
    }

    pub(super) fn touch(&self, text: &Text) {
        if text.is_secret() {
            self.touched.set(true);
        }
    }

    /// Renders one text.
    pub(crate) fn text(&self, text: &Text) -> Outcome {
        let program = self.engine.headed(text, None, &Dialect::VALUE);
        let result = program.and_then(|program| {
            self.deeper(|| {
                let item = Run::new(self, Arc::clone(&program)).execute()?;
                Ok(with_newlines_of(text, item))
            })
        });
        result.map_err(|fault| fault.placed(|at| self.engine.place(text, at)))
    }

    /// Runs something that may render in its turn, refusing to go too deep.
    pub(crate) fn deeper<T>(&self, run: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let depth = self.depth.get();
        if depth >= DEEPEST {
            let active: Vec<_> = self.active.borrow().iter().map(|name| format!("`{name}`")).collect();
            let help = (!active.is_empty()).then(|| format!("the variables are {}", active.join(" -> ")));
            return Err(Fault::new(format!(
                "recursive loop in template: values refer to one another more than {DEEPEST} deep"
            ))
            .help(help));
        }
        self.depth.set(depth + 1);
        let result = run();
        self.depth.set(depth);
        result
    }

    /// Evaluates a compiled expression or template.
    pub(crate) fn run(&self, program: &Arc<Compiled>) -> Outcome {
        self.deeper(|| Run::new(self, Arc::clone(program)).execute())
    }

    /// A value with everything in it rendered and opened, and without omitted entries.
    pub(crate) fn deep(&self, value: &Value) -> Outcome<Value> {
        match value {
            Value::Str(text) if text.is_template() => {
                let item = self.text(text)?;
                self.deeper(|| self.plain(&item))
            }
            Value::Str(text) => {
                self.touch(text);
                Ok(value.clone())
            }
            Value::Encrypted(encrypted) => self.decrypt(encrypted),
            Value::List(items) => {
                let Some(first) = items.iter().position(|item| self.changes(item)) else { return Ok(value.clone()) };
                let mut out: Vec<Value> = items.iter().take(first).cloned().collect();
                for item in items.iter().skip(first) {
                    let item = self.deep(item)?;
                    if !is_omit(&item) {
                        out.push(item);
                    }
                }
                Ok(Value::list(out))
            }
            Value::Map(map) => {
                if !map.values().any(|item| self.changes(item)) {
                    return Ok(value.clone());
                }
                let mut out = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let item = self.deep(item)?;
                    if !is_omit(&item) {
                        out.insert(key.clone(), item);
                    }
                }
                Ok(Value::map(out))
            }
            value => Ok(value.clone()),
        }
    }

    /// Whether rendering would change a value. Notes secrets on the way.
    fn changes(&self, value: &Value) -> bool {
        match value {
            Value::Str(text) => {
                self.touch(text);
                text.is_template() || is_omit(value)
            }
            Value::Encrypted(_) => true,
            // no short cut: every text is looked at for its secrecy
            Value::List(items) => items.iter().filter(|item| self.changes(item)).count() > 0,
            Value::Map(map) => map.values().filter(|item| self.changes(item)).count() > 0,
            _ => false,
        }
    }
}

/// Jinja drops a newline at the end of a text; Ansible sees to it that a result that is text ends with as many as the
/// template does.
pub(crate) fn with_newlines_of(template: &str, item: Item) -> Item {
    let Item::Value(Value::Str(text)) = &item else { return item };
    let count = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = count(template).saturating_sub(count(text));
    if missing == 0 || *text == *OMIT {
        return item;
    }
    let whole = format!("{}{}", text.as_str(), "\n".repeat(missing));
    Item::Value(Value::Str(Text::new(whole, text.origin())))
}
