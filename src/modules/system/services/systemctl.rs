//! `systemctl`, called and read in one place.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;
use crate::value::{Key, Map, Value};

/// Which of systemd's managers is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scope {
    /// The system's.
    #[default]
    System,
    /// That of the user who runs the task; its `XDG_RUNTIME_DIR` must be set.
    User,
    /// What counts for the managers of all users.
    Global,
}

/// Calls of `systemctl` with common options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Systemctl {
    pub(super) scope: Scope,
    pub(super) no_block: bool,
    pub(super) force: bool,
}

impl Systemctl {
    /// The system's manager.
    pub(super) const SYSTEM: Self = Self { scope: Scope::System, no_block: false, force: false };

    /// Whether systemd runs this host.
    pub(super) fn is_running() -> bool {
        ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"].iter().any(|path| Path::new(path).exists())
    }

    /// Runs it, whatever its status.
    pub(super) fn run(self, words: &[&str], ctx: &Ctx) -> Result<Output, ModuleError> {
        let mut all: Vec<&str> = match self.scope {
            Scope::System => Vec::new(),
            Scope::User => vec!["--user"],
            Scope::Global => vec!["--global"],
        };
        if self.no_block {
            all.push("--no-block");
        }
        if self.force {
            all.push("--force");
        }
        all.extend(words);
        let mut call = ctx.tool("systemctl", &all)?;
        if self.scope != Scope::System && ctx.variable("XDG_RUNTIME_DIR").is_none() {
            call = call.env("XDG_RUNTIME_DIR", &format!("/run/user/{}", rustix::process::geteuid().as_raw()));
        }
        Ok(call.run()?)
    }

    /// The properties of a unit; `None` where systemd refuses to tell them.
    pub(super) fn show(self, unit: &str, ctx: &Ctx) -> Result<Option<Map>, ModuleError> {
        let output = self.run(&["show", unit], ctx)?;
        if output.rc != 0 {
            let told = output.err();
            if told.contains("Failed to connect to bus") {
                return Err(ModuleError::new(format!("systemd does not answer: {}", told.trim())));
            }
            return Ok(None);
        }
        Ok(Some(properties(&output.out())))
    }
}

/// Lines of `key=value`; a value in braces may go on over several lines.
fn properties(text: &str) -> Map {
    let mut out = Map::new();
    let mut open: Option<(String, Vec<String>)> = None;
    for line in text.lines() {
        if let Some((key, mut lines)) = open.take() {
            lines.push(line.to_owned());
            if line.trim_end().ends_with('}') {
                out.insert(Key::from(key), Value::from(lines.join("\n").trim()));
            } else {
                open = Some((key, lines));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        if key.starts_with("Exec") && value.trim_start().starts_with('{') && !value.trim_end().ends_with('}') {
            open = Some((key.to_owned(), vec![value.to_owned()]));
        } else {
            out.insert(Key::from(key), Value::from(value.trim()));
        }
    }
    if let Some((key, lines)) = open {
        out.insert(Key::from(key), Value::from(lines.join("\n").trim()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_may_span_lines() {
        let all =
            properties("Id=a.service\nExecStart={ path=/x ; argv[]=/x\nmore }\nDescription={ not closed\nEmpty=\n");
        assert_eq!(all["ExecStart"].as_str(), Some("{ path=/x ; argv[]=/x\nmore }"));
        assert_eq!((all["Description"].as_str(), all["Empty"].as_str()), (Some("{ not closed"), Some("")));
    }
}
