//! `sysctl`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::{Diff, DiffText};
use crate::modules::system::config_file::{ConfigFile, text_diff};
use crate::modules::system::presence::Presence;
use crate::value::{Map, Value, parse_bool};

/// Keeps a setting of the kernel in a file of `sysctl`, and on demand in the running kernel.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sysctl {
    /// The setting, with dots.
    #[serde(alias = "key")]
    #[schemars(extend("x-aliases" = ["key"]))]
    name: String,
    /// Its value. Needed with `state: present`. A word for a truth value is written as 1 or 0.
    #[serde(alias = "val")]
    #[schemars(extend("x-aliases" = ["val"]))]
    value: Option<String>,
    /// Whether it shall be in the file.
    #[serde(default)]
    state: Presence,
    /// The file.
    #[serde(default = "usual_file")]
    sysctl_file: String,
    /// Let the kernel read the file where it was changed.
    #[serde(default = "yes")]
    reload: bool,
    /// Compare with the running kernel too, and set the value there where it differs.
    #[serde(default)]
    sysctl_set: bool,
    /// Do not fail for settings that the kernel does not know.
    #[serde(default)]
    ignoreerrors: bool,
}

fn usual_file() -> String {
    "/etc/sysctl.conf".to_owned()
}

fn yes() -> bool {
    true
}

/// The setting in the file and in the kernel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SysctlState {
    /// The file's text; `None` where there is none.
    file: Option<String>,
    /// The running kernel's value, where the task cares.
    live: Option<String>,
}

/// Values are equal whatever blanks are between their words.
fn same(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// Name and value of a line.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    Some((name.trim(), value.trim()))
}

impl Sysctl {
    fn wanted(&self) -> String {
        let value = self.value.as_deref().unwrap_or_default().trim();
        match parse_bool(&Value::from(value)) {
            Some(true) => "1".to_owned(),
            Some(false) => "0".to_owned(),
            None => value.to_owned(),
        }
    }

    fn path(&self, ctx: &Ctx) -> PathBuf {
        ctx.resolve(&self.sysctl_file)
    }

    /// The file's text with the setting as asked for; the text as it is where nothing is to be done.
    fn edited(&self, text: Option<&str>) -> Option<String> {
        let value = self.wanted();
        let old = text.unwrap_or_default();
        // of several lines the last one counts
        let found = old.lines().filter_map(setting).rfind(|(name, _)| *name == self.name);
        let right = match self.state {
            Presence::Present => found.is_some_and(|(_, now)| same(now, &value)),
            Presence::Absent => found.is_none(),
        };
        if right {
            return text.map(str::to_owned);
        }
        let mut lines: Vec<String> = Vec::new();
        let mut written = self.state == Presence::Absent;
        for line in old.lines() {
            match setting(line) {
                Some((name, _)) if name == self.name => {
                    if !written {
                        lines.push(format!("{name}={value}"));
                        written = true;
                    }
                }
                _ => lines.push(line.to_owned()),
            }
        }
        if !written {
            lines.push(format!("{}={value}", self.name));
        }
        Some(lines.join("\n") + "\n")
    }

    fn call(&self, words: &[&str], ctx: &Ctx) -> Result<Output, ModuleError> {
        let ignore = self.ignoreerrors.then_some("-e");
        ctx.run_tool("sysctl", ignore.into_iter().chain(words.iter().copied()))
    }

    /// `sysctl` ends with 0 after some refusals; what it complains tells them.
    fn refused(output: &Output) -> bool {
        let told = output.err();
        output.rc != 0 || told.contains("Invalid argument") || told.contains("Read-only file system")
    }
}

impl Managed for Sysctl {
    type State = SysctlState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.name.trim().is_empty() {
            return Err(ModuleError::new("name cannot be blank"));
        }
        if self.state == Presence::Present && self.value.as_ref().is_none_or(|value| value.trim().is_empty()) {
            return Err(ModuleError::new("value cannot be blank"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<SysctlState, ModuleError> {
        let file = ConfigFile::at(self.path(ctx)).text(ctx)?;
        let mut live = None;
        if self.sysctl_set && self.state == Presence::Present {
            let output = ctx.run_tool("sysctl", ["-e", "-n", &self.name])?;
            live = Some(if output.rc == 0 { output.out().trim().to_owned() } else { String::new() });
        }
        Ok(SysctlState { file, live })
    }

    fn desired(&self, current: &SysctlState, _: &mut Ctx) -> Result<SysctlState, ModuleError> {
        let wanted = self.wanted();
        let live = current.live.as_ref().map(|now| if same(now, &wanted) { now.clone() } else { wanted.clone() });
        Ok(SysctlState { file: self.edited(current.file.as_deref()), live })
    }

    fn apply(&self, current: &SysctlState, desired: &SysctlState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        if current.live != desired.live {
            let value = self.wanted();
            let output = self.call(&["-w", &format!("{}={value}", self.name)], ctx)?;
            if Self::refused(&output) {
                let why = format!("{}{}", output.out(), output.err());
                return Err(ModuleError::new(format!("setting {} failed: {}", self.name, why.trim())));
            }
        }
        if current.file != desired.file {
            let path = self.path(ctx);
            ConfigFile::at(&path).write(desired.file.as_deref(), ctx)?;
            if self.reload {
                let output = self.call(&["-p", &path.to_string_lossy()], ctx)?;
                if Self::refused(&output) {
                    let why = format!("{}{}", output.out(), output.err());
                    return Err(ModuleError::new(format!("Failed to reload sysctl: {}", why.trim())));
                }
            }
        }
        Ok(Applied::default())
    }

    fn diff(&self, current: &SysctlState, desired: &SysctlState) -> Result<Vec<Diff>, ModuleError> {
        let mut out = Vec::new();
        if current.file != desired.file {
            out.push(text_diff(&self.sysctl_file, current.file.as_deref(), desired.file.as_deref()));
        }
        if current.live != desired.live {
            let side = |state: &SysctlState| {
                let value = Value::from(state.live.clone().unwrap_or_default());
                DiffText::Value(Value::map(Map::from([(self.name.as_str().into(), value)])))
            };
            out.push(Diff {
                before_header: "running kernel".to_owned(),
                after_header: "running kernel".to_owned(),
                before: side(current),
                after: side(desired),
            });
        }
        Ok(out)
    }

    fn title(&self) -> String {
        format!("setting {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    #[test]
    fn a_setting_in_a_file() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("own.conf");
            let mut keep = |mut args: serde_json::Value| {
                args["sysctl_file"] = json!(path);
                args["reload"] = json!(false);
                prove(ctx, dir.path(), "ansible.posix.sysctl", &args);
                fs::read_to_string(&path).unwrap()
            };
            assert_eq!(keep(json!({"name": "vm.swappiness", "value": 5})), "vm.swappiness=5\n");
            let text = keep(json!({"key": "net.ipv4.ip_forward", "val": true}));
            assert_eq!(text, "vm.swappiness=5\nnet.ipv4.ip_forward=1\n");
            fs::write(&path, "# note\na.b = 1   2\nc.d=1\na.b = 3\n").unwrap();
            let mut keep = |mut args: serde_json::Value| {
                args["sysctl_file"] = json!(path);
                args["reload"] = json!(false);
                prove(ctx, dir.path(), "sysctl", &args);
                fs::read_to_string(&path).unwrap()
            };
            assert_eq!(keep(json!({"name": "a.b", "value": "1 2"})), "# note\na.b=1 2\nc.d=1\n");
            assert_eq!(keep(json!({"name": "c.d", "state": "absent"})), "# note\na.b=1 2\n");
            assert!(run(ctx, "sysctl", json!({"name": "a.b"})).is_err());
        });
    }
}
