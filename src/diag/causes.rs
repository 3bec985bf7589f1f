//! Errors with what caused them.

use std::error::Error;

/// An error and its causes on one line: `cannot read /etc/hosts: No such file or directory (os error 2)`. A cause that an
/// error's own text ends with is not told twice.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !part.is_empty() && !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}
