//! Errors while they travel through the evaluator: they gather their place on the way up and become a [`TemplateError`] at
//! the edge.
//!
//! [`TemplateError`]: super::TemplateError

use std::fmt::Display;

use crate::diag::Span;

/// Byte offsets within a template's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// The first byte.
    pub(crate) start: u32,
    /// The byte after the last.
    pub(crate) end: u32,
}

impl At {
    /// The same so many bytes further on.
    pub(crate) fn moved(self, by: u32) -> Self {
        Self { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }
}

/// A place in a template whose text is at hand.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) at: At,
    pub(crate) position: (usize, usize),
    pub(crate) span: Option<Span>,
    pub(crate) file: Option<String>,
}

/// What sort of error it is, as far as callers tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something does not exist: `default` and `is defined` catch it.
    Undefined,
    /// Anything else.
    Other,
}

/// An error on its way up.
#[derive(Clone, Debug)]
pub(crate) struct Fault(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: Kind,
    message: String,
    help: Option<String>,
    at: Option<At>,
    place: Option<Place>,
    via: Vec<String>,
    unknown: Option<String>,
}

impl Fault {
    /// An error of the ordinary kind.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind: Kind::Other,
            message: message.into(),
            help: None,
            at: None,
            place: None,
            via: Vec::new(),
            unknown: None,
        }))
    }

    /// Something does not exist.
    pub(crate) fn undefined(message: impl Into<String>) -> Self {
        let mut fault = Self::new(message);
        fault.0.kind = Kind::Undefined;
        fault
    }

    /// With a sentence of help, unless it has one.
    #[must_use]
    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        if self.0.help.is_none() {
            self.0.help = help;
        }
        self
    }

    /// With the place of an expression, unless an inner one is known.
    #[must_use]
    pub(crate) fn at(mut self, at: At) -> Self {
        if self.0.at.is_none() && self.0.place.is_none() {
            self.0.at = Some(at);
        }
        self
    }

    /// With its place so many bytes further on.
    #[must_use]
    pub(crate) fn moved(mut self, by: u32) -> Self {
        if let Some(at) = &mut self.0.at {
            *at = at.moved(by);
        }
        self
    }

    /// With the place worked out against the text, unless an inner template has done so.
    #[must_use]
    pub(crate) fn placed(mut self, place: impl FnOnce(At) -> Place) -> Self {
        if self.0.place.is_none()
            && let Some(at) = self.0.at
        {
            self.0.place = Some(place(at));
        }
        self
    }

    /// With the variable in whose value it happened.
    #[must_use]
    pub(crate) fn via(mut self, name: &str) -> Self {
        self.0.via.push(name.to_owned());
        self
    }

    /// The same with the message put after a few words: `filter `x`: …`.
    #[must_use]
    pub(crate) fn within(mut self, words: impl Display) -> Self {
        self.0.message = format!("{words}: {}", self.0.message);
        self
    }

    /// With the name that nobody knows, so that near ones can be offered.
    #[must_use]
    pub(crate) fn unknown(mut self, name: &str) -> Self {
        self.0.unknown = Some(name.to_owned());
        self
    }

    pub(crate) fn unknown_name(&self) -> Option<&str> {
        self.0.unknown.as_deref()
    }

    pub(crate) fn is_undefined(&self) -> bool {
        self.0.kind == Kind::Undefined
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The help, or the names of the variables that led here.
    pub(crate) fn advice(&self) -> Option<String> {
        let chain = (!self.0.via.is_empty()).then(|| {
            let names: Vec<_> = self.0.via.iter().map(|name| format!("`{name}`")).collect();
            format!("it is needed for the value of {}", names.join(", which is needed for "))
        });
        match (&self.0.help, chain) {
            (Some(help), Some(chain)) => Some(format!("{help}; {chain}")),
            (help, chain) => help.clone().or(chain),
        }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

/// What the evaluator's functions return.
pub(crate) type Outcome<T = super::item::Item> = Result<T, Fault>;
