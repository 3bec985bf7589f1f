//! `script`: finds the script on the controller; the host's part is `_script`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::set;
use crate::modules::outcome::Outcome;
use crate::value::split_words;
use crate::value::{Map, Text, Value};

/// Brings a script of the controller to the host and runs it there in a shell.
///
/// The task counts as changed whenever the script ran, and as failed when its exit status is not 0.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Path of the script, looked for in the `files` folders of role and playbook, and behind it its arguments. May stand
    /// directly behind the module's name.
    #[serde(alias = "_raw_params", alias = "free_form")]
    #[schemars(with = "Option<String>", extend("x-aliases" = ["_raw_params", "free_form"]))]
    cmd: Option<Text>,
    /// Start in this folder of the host.
    chdir: Option<String>,
    /// Do not run when this exists on the host.
    creates: Option<String>,
    /// Do not run unless this exists on the host.
    removes: Option<String>,
    /// Program to run the script with, such as `python3`.
    executable: Option<String>,
    /// Decrypt a script that Ansible Vault has encrypted.
    #[serde(default = "yes")]
    decrypt: bool,
}

fn yes() -> bool {
    true
}

impl ControllerAction for Script {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let line = self.cmd.as_ref().map_or("", |line| line.as_str().trim());
        let (script, arguments) = first_word(line)?;
        if script.is_empty() {
            return Err(ModuleError::new("no script given"));
        }
        let path = ctx.find_source("files", &script)?;
        let mut args = Map::new();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        set(&mut args, "name", Some(&name));
        ctx.open_source(&path, self.decrypt)?.bring(&mut args);
        let secret = self.cmd.as_ref().is_some_and(Text::is_secret);
        args.insert("arguments".into(), if secret { Value::secret(arguments) } else { Value::from(arguments) });
        set(&mut args, "executable", self.executable.as_deref());
        set(&mut args, "chdir", self.chdir.as_deref());
        set(&mut args, "creates", self.creates.as_deref());
        set(&mut args, "removes", self.removes.as_deref());
        let outcome = (ctx.run_module)("_script", &Value::map(args), ctx.ctx)?;
        Ok((outcome, Vec::new()))
    }
}

/// The first word of a command line, and the text behind it as it stands.
fn first_word(line: &str) -> Result<(String, &str), ModuleError> {
    let mut quote = None;
    let mut escaped = false;
    let end = line.find(|c: char| {
        if escaped {
            escaped = false;
            return false;
        }
        match (quote, c) {
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, c) if c.is_whitespace() => return true,
            _ => {}
        }
        false
    });
    let (head, rest) = line.split_at(end.unwrap_or(line.len()));
    let words =
        split_words(head).map_err(|error| ModuleError::because("cannot split the command into words", error))?;
    Ok((words.into_iter().next().unwrap_or_default(), rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run, with_ctx};

    #[test]
    fn the_first_word_ends_where_a_shell_ends_it() {
        assert_eq!(first_word("a.sh 'b  c' $D").unwrap(), ("a.sh".to_owned(), "'b  c' $D"));
        assert_eq!(first_word(r#""my script.sh"  x"#).unwrap(), ("my script.sh".to_owned(), "x"));
        assert_eq!(first_word(r"my\ script.sh").unwrap(), ("my script.sh".to_owned(), ""));
        assert!(first_word("'a").is_err());
    }

    #[test]
    fn scripts_run_with_arguments_and_conditions() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            ctx.working_dir = dir.path().to_owned();
            ctx.environment.insert("WHO".into(), "you".into());
            fs::create_dir(dir.path().join("files")).unwrap();
            fs::write(dir.path().join("files/my script.sh"), "#!/bin/sh\necho \"$WHO:$1:$2:$(pwd)\"\nexit 2\n")
                .unwrap();
            let args = json!({"cmd": "'my script.sh' 'a  b' \"$WHO\"", "chdir": "/usr"});
            let done = run(ctx, "script", args).unwrap();
            assert_eq!(done.values.get("stdout").and_then(Value::as_str), Some("you:a  b:you:/usr\n"));
            assert!(done.failed && done.changed);
            fs::write(dir.path().join("files/plain"), "echo $0 $1 >&2\n").unwrap();
            let done = run(ctx, "script", json!({"cmd": "plain x", "executable": "/bin/sh -e"})).unwrap();
            let said = done.values.get("stderr").and_then(Value::as_str).unwrap();
            assert!(said.ends_with("/plain x\n"), "{said}");
            let path = said.split_whitespace().next().unwrap();
            assert!(!std::path::Path::new(path).exists(), "nothing stays behind");
            let not = run(ctx, "script", json!({"cmd": "plain", "creates": "/etc/passwd"})).unwrap();
            assert!(not.skipped && !not.changed);
            ctx.mode.check = true;
            assert!(run(ctx, "script", json!({"cmd": "plain", "creates": "/no/such"})).unwrap().changed);
            assert!(run(ctx, "script", json!({"cmd": "plain"})).unwrap().skipped);
        });
    }
}
