//! The controller's part: reads the module, adds what Ansible tells every module, and hands it to the host.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::kind::{CustomKind, INLINE_MARK};
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::json_text::python_json;
use crate::modules::outcome::Outcome;
use crate::tree::display_name;
use crate::value::{Key, Map, Value, python_str, quote_word};

/// The option in which the loader hands over the module's file.
pub const CUSTOM_FILE: &str = "_quaymaster_module_file";

/// A module from a `library` folder, with the options of the task: any, as the module alone knows them.
pub struct CustomModule {
    file: PathBuf,
    options: Map,
}

impl<'de> Deserialize<'de> for CustomModule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let Value::Map(map) = Value::deserialize(deserializer)? else {
            return Err(D::Error::custom("expected a mapping"));
        };
        let mut options = (*map).clone();
        match options.shift_remove(CUSTOM_FILE) {
            Some(Value::Str(file)) => Ok(Self { file: PathBuf::from(file.as_str()), options }),
            _ => Err(D::Error::custom("the module's file is missing")),
        }
    }
}

impl JsonSchema for CustomModule {
    fn schema_name() -> Cow<'static, str> {
        "CustomModule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": true })
    }
}

impl ControllerAction for CustomModule {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let shown = display_name(&self.file);
        let content = ctx
            .files
            .read(&self.file)
            .map_err(|error| ModuleError::because(format!("cannot read the module `{shown}`"), error))?;
        let kind = CustomKind::of(&content)
            .map_err(|refusal| ModuleError::new(format!("the module `{shown}` cannot be run: {refusal}")))?;
        let interpreter = interpreter(&content, ctx)?;
        let name = self.file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let options = self.told(&name, ctx);
        let (content, args) = match kind {
            CustomKind::Json => (content, python_json(&Value::map(options))),
            CustomKind::Words => (content, words(&options)),
            CustomKind::Inlined => {
                // the mark stands in quotes of the script's language
                let json = python_json(&Value::map(options));
                let text = String::from_utf8_lossy(&content).replace(INLINE_MARK, &json);
                (text.into_bytes(), String::new())
            }
        };
        let handed = Map::from([
            (Key::from("name"), Value::from(name)),
            (Key::from("content"), Value::from(base64::engine::general_purpose::STANDARD.encode(content))),
            // whatever the options hold that is secret, this text holds too
            (Key::from("arguments"), if self.holds_secret() { Value::secret(args) } else { Value::from(args) }),
            (Key::from("with_file"), Value::Bool(kind != CustomKind::Inlined)),
            (Key::from("interpreter"), Value::list(interpreter.into_iter().map(Value::from).collect())),
        ]);
        let outcome = (ctx.run_module)("_run_custom", &Value::map(handed), ctx.ctx)?;
        Ok((outcome, Vec::new()))
    }
}

impl CustomModule {
    fn holds_secret(&self) -> bool {
        self.options.values().any(Value::holds_secret)
    }

    /// The task's options with what Ansible tells every module.
    fn told(&self, name: &str, ctx: &ControllerCtx<'_>) -> Map {
        let mode = ctx.ctx.mode;
        let version = ctx.scope.get("ansible_version").and_then(|version| version.get("full").map(python_str));
        let mut all = self.options.clone();
        for (key, value) in [
            ("_ansible_check_mode", Value::Bool(mode.check)),
            ("_ansible_no_log", Value::Bool(false)),
            ("_ansible_debug", Value::Bool(false)),
            ("_ansible_diff", Value::Bool(mode.diff)),
            ("_ansible_verbosity", Value::Int(mode.verbosity.into())),
            ("_ansible_version", version.map_or(Value::Null, Value::from)),
            ("_ansible_module_name", Value::data(name)),
            ("_ansible_syslog_facility", Value::data("LOG_USER")),
            (
                "_ansible_selinux_special_fs",
                Value::list(["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"].map(Value::data).to_vec()),
            ),
            ("_ansible_string_conversion_action", Value::data("warn")),
            ("_ansible_socket", Value::Null),
            ("_ansible_shell_executable", Value::data("/bin/sh")),
            ("_ansible_keep_remote_files", Value::Bool(false)),
            ("_ansible_remote_tmp", Value::data("~/.ansible/tmp")),
            ("_ansible_ignore_unknown_opts", Value::Bool(false)),
        ] {
            all.insert(Key::from(key), value);
        }
        all
    }
}

/// `key=value` words, quoted for a shell.
fn words(options: &Map) -> String {
    options.iter().fold(String::new(), |mut out, (key, value)| {
        let _ = write!(out, "{key}={} ", quote_word(&python_str(value)));
        out
    })
}

/// What a script is run with: what its first line names, or the variable `ansible_NAME_interpreter` says. Nothing for what
/// runs by itself.
fn interpreter(content: &[u8], ctx: &ControllerCtx<'_>) -> Result<Vec<String>, ModuleError> {
    let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(line) = first.strip_prefix(b"#!") else {
        let script = std::str::from_utf8(content).is_ok_and(|text| !text.contains('\0'));
        return Ok(if script { vec!["/bin/sh".to_owned()] } else { Vec::new() });
    };
    let line = String::from_utf8_lossy(line);
    let mut parts: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let by_env = parts.first().is_some_and(|first| first.ends_with("/env"));
    let program = parts.get(usize::from(by_env)).cloned().unwrap_or_default();
    let base = Path::new(&program).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let python = base.starts_with("python");
    let variable = format!("ansible_{}_interpreter", if python { "python" } else { &base });
    if let Some(given) = ctx.scope.get(&variable) {
        let given = ctx
            .templar
            .render(&given, ctx.scope)
            .map_err(|error| ModuleError::because(format!("cannot render `{variable}`"), error))?;
        let given = python_str(&given);
        if !python || !given.starts_with("auto") {
            return Ok(given
                .split_whitespace()
                .map(str::to_owned)
                .chain(parts.into_iter().skip(1 + usize::from(by_env)))
                .collect());
        }
    }
    if python && !by_env {
        // any Python 3, wherever the host has it
        parts.splice(0..1, ["/usr/bin/env".to_owned(), "python3".to_owned()]);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_read_by_a_shell() {
        let options = Map::from([
            (Key::from("name"), Value::data("a b")),
            (Key::from("n"), Value::Int(5)),
            (Key::from("t"), Value::Bool(true)),
            (Key::from("q"), Value::data("it's")),
        ]);
        assert_eq!(words(&options), "name='a b' n=5 t=True q='it'\"'\"'s' ");
    }
}
