//! Text with its origin.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::diag::Span;

/// Whether text may be rendered as a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The user wrote it in a playbook, variables file, inventory or command line.
    Template,
    /// A module, fact, lookup, rendered template or `!unsafe` produced it; braces in it mean nothing.
    Data,
}

/// Where text came from, as far as that changes how it is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Template or data.
    pub trust: Trust,
    /// Whether it must never be shown.
    pub secret: bool,
}

impl Origin {
    /// Text that the user wrote.
    pub const TEMPLATE: Self = Self { trust: Trust::Template, secret: false };
    /// Text that something returned.
    pub const DATA: Self = Self { trust: Trust::Data, secret: false };
    /// Data that must never be shown.
    pub const SECRET: Self = Self { trust: Trust::Data, secret: true };
}

/// Text with its origin and, where it was read from a file, its place. Cheap to clone. Equality looks at the text alone.
#[derive(Clone)]
pub struct Text {
    text: Arc<str>,
    origin: Origin,
    span: Option<Span>,
}

impl Text {
    /// Text with a given origin and no place.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>, origin: Origin) -> Self {
        Self { text: text.into(), origin, span: None }
    }

    /// Data without a place.
    #[must_use]
    pub fn data(text: impl Into<Arc<str>>) -> Self {
        Self::new(text, Origin::DATA)
    }

    /// Secret data without a place.
    #[must_use]
    pub fn secret(text: impl Into<Arc<str>>) -> Self {
        Self::new(text, Origin::SECRET)
    }

    /// Text that the user wrote at a place.
    #[must_use]
    pub fn template(text: impl Into<Arc<str>>, span: Option<Span>) -> Self {
        Self { text: text.into(), origin: Origin::TEMPLATE, span }
    }

    /// The same text with a place.
    #[must_use]
    pub fn with_span(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// The same text, marked secret.
    #[must_use]
    pub fn into_secret(mut self) -> Self {
        self.origin.secret = true;
        self
    }

    /// The same text as data, its secrecy kept.
    #[must_use]
    pub fn into_data(mut self) -> Self {
        self.origin.trust = Trust::Data;
        self
    }

    /// The text itself, secret or not: whoever shows it asks [`Text::is_secret`] first.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The shared text.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Where it came from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether it must never be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.origin.secret
    }

    /// Whether it is to be rendered before use: the user wrote it and it holds a template marker.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.origin.trust == Trust::Template
            && (self.text.contains("{{") || self.text.contains("{%") || self.text.contains("{#"))
    }

    /// The place it was read from.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.span
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin.secret { f.write_str("<secret>") } else { write!(f, "{:?}", self.text) }
    }
}
