//! What a module returns.

use std::borrow::Cow;

use crate::value::{Key, Map, Value};

/// Before and after of one thing, for `--diff`.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// Shown above the old text: a path, or what the thing is.
    pub before_header: String,
    /// Shown above the new text.
    pub after_header: String,
    /// The old state.
    pub before: DiffText,
    /// The new state.
    pub after: DiffText,
}

/// One side of a diff.
#[derive(Clone, Debug, PartialEq)]
pub enum DiffText {
    /// Text, compared line by line.
    Text(String),
    /// A structure, shown as YAML with its secrets blanked out.
    Value(Value),
    /// The thing is not there.
    Absent,
    /// Something that is not shown, and why (`binary`, `larger than 104448 bytes`).
    Hidden(Cow<'static, str>),
}

impl DiffText {
    /// A list, an item a line.
    pub fn lines<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> Self {
        use std::fmt::Write as _;
        Self::Text(items.into_iter().fold(String::new(), |mut text, item| {
            let _ = writeln!(text, "{item}");
            text
        }))
    }
}

/// The result of one module on one host for one loop item.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether something was changed, or would be in check mode.
    pub changed: bool,
    /// Whether the module did nothing because the circumstances ruled it out (`creates` exists, check mode of a command).
    pub skipped: bool,
    /// Whether the module ran and found that its work failed (a command's exit status); `msg` says how.
    pub failed: bool,
    /// Ansible's `msg`.
    pub msg: Option<String>,
    /// The other return values, as Ansible documents them for the module.
    pub values: Map,
    /// Facts that become variables of the host (`ansible_facts`).
    pub facts: Option<Map>,
    /// What changed, for `--diff`.
    pub diff: Vec<Diff>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// Nothing was changed.
    pub fn ok() -> Self {
        Self::default()
    }

    /// Changed or not.
    pub fn changed(changed: bool) -> Self {
        Self { changed, ..Self::default() }
    }

    /// Adds a return value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.insert(Key::from(key), value.into());
        self
    }

    /// Sets `msg`.
    #[must_use]
    pub fn msg(mut self, text: impl Into<String>) -> Self {
        self.msg = Some(text.into());
        self
    }

    /// Adds a diff.
    #[must_use]
    pub fn diff(mut self, diff: Diff) -> Self {
        self.diff.push(diff);
        self
    }
}
