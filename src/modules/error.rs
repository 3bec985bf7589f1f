//! Why a module failed.

use std::error::Error;
use std::fmt;

use crate::diag::with_causes;
use crate::value::{ArgError, Key, Map, Value};

/// A module's failure: what it was doing, to what, and the cause. Return values that Ansible gives with a failure (`rc`,
/// `stdout` …) go along.
#[derive(Debug)]
pub struct ModuleError {
    /// Operation and target, as a sentence fragment that completes "failed: …".
    pub message: String,
    /// Further return values of the failed task.
    pub values: Map,
    /// The cause; its text is printed after the message, once.
    pub source: Option<Box<dyn Error + Send + Sync>>,
    /// The option that is wrong, from the outside in, where the arguments were the cause.
    pub option: Option<Vec<String>>,
}

impl ModuleError {
    /// A failure with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), values: Map::new(), source: None, option: None }
    }

    /// A failure of an operation with its cause: `ModuleError::because("cannot read /etc/hosts", error)`.
    pub fn because(message: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(message) }
    }

    /// Adds a return value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.insert(Key::from(key), value.into());
        self
    }

    /// Message and causes in one line: `cannot read /etc/hosts: No such file or directory (os error 2)`.
    #[must_use]
    pub fn full_message(&self) -> String {
        with_causes(self)
    }
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ModuleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}

impl From<ArgError> for ModuleError {
    fn from(error: ArgError) -> Self {
        Self { option: Some(error.path.clone()), ..Self::new(error.to_string()) }
    }
}
