//! `raw`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::execution::finish;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;
use crate::modules::outcome::Outcome;

/// Runs a command line in a shell, as it stands and without conditions.
///
/// The task counts as changed whenever the command ran, and as failed when its exit status is not 0. In check mode nothing
/// runs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// The command line. May stand directly behind the module's name.
    #[serde(alias = "_raw_params")]
    #[schemars(extend("x-aliases" = ["_raw_params"]))]
    free_form: Option<String>,
    /// The shell to use instead of `/bin/sh`, by its full path.
    executable: Option<String>,
    /// An option of `command`. Without effect here, which a warning says.
    creates: Option<String>,
    /// An option of `command`. Without effect here, which a warning says.
    removes: Option<String>,
    /// An option of `command`. Without effect here, which a warning says.
    chdir: Option<String>,
}

/// A command line for a shell.
#[derive(Debug)]
pub struct ShellLine {
    /// The shell.
    pub shell: String,
    /// What it reads.
    pub line: String,
}

impl Raw {
    /// What is to run.
    ///
    /// # Errors
    /// There is no command.
    pub fn line(&self) -> Result<ShellLine, ModuleError> {
        let Some(line) = self.free_form.as_deref().filter(|line| !line.trim().is_empty()) else {
            return Err(ModuleError::new("no command given").with("rc", 256_i64));
        };
        let shell = self.executable.clone().unwrap_or_else(|| "/bin/sh".to_owned());
        Ok(ShellLine { shell, line: line.to_owned() })
    }

    /// What comes of it in check mode.
    #[must_use]
    pub fn skipped() -> Outcome {
        Outcome { skipped: true, ..Outcome::ok() }.msg("Command would have run if not in check mode")
    }

    /// What came of it.
    #[must_use]
    pub fn outcome(&self, output: &Output) -> Outcome {
        let mut outcome = Outcome::changed(true);
        let others = [("creates", &self.creates), ("removes", &self.removes), ("chdir", &self.chdir)];
        for (option, _) in others.into_iter().filter(|(_, given)| given.is_some()) {
            outcome.warnings.push(format!("`{option}` has no effect on `raw`; `shell` and `command` have it"));
        }
        finish(&mut outcome, output, false);
        outcome.msg = outcome.msg.filter(|_| outcome.failed);
        outcome
    }
}

impl Action for Raw {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let ShellLine { shell, line } = self.line()?;
        if ctx.mode.check {
            return Ok(Self::skipped());
        }
        Ok(self.outcome(&ctx.command([shell, "-c".to_owned(), line]).run()?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::modules::testing::{run, with_ctx};
    use crate::value::Value;

    #[test]
    fn a_line_runs_in_a_shell() {
        with_ctx(|ctx| {
            let done = run(ctx, "raw", json!({"free_form": "echo $((1 + 1)); exit 3"})).unwrap();
            assert!(done.changed && done.failed);
            assert_eq!(done.values.get("stdout").and_then(Value::as_str), Some("2\n"));
            assert_eq!(done.values.get("rc"), Some(&Value::Int(3)));
            let done = run(ctx, "raw", json!({"free_form": "true", "creates": "/"})).unwrap();
            assert!(done.changed && done.warnings.iter().any(|text| text.contains("`creates`")));
            ctx.mode.check = true;
            assert!(run(ctx, "raw", json!({"free_form": "false"})).unwrap().skipped);
        });
    }
}
