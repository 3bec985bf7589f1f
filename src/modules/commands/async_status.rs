//! `async_status`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::job_file::{JobFile, SECRETS};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::{Diff, DiffText, Outcome};
use crate::value::{Value, from_json, is_truthy};

/// Tells how a background job fares, which a task with `async` has started: what the task returns, once it has `finished`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsyncStatus {
    /// The job: the `ansible_job_id` that the task with `async` returned.
    jid: String,
    /// Whether to look at the job, or to remove what is known of it (`cleanup`).
    #[serde(default)]
    mode: AsyncStatusMode,
}

/// What to do with a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AsyncStatusMode {
    /// Look at it.
    #[default]
    Status,
    /// Remove what is known of it.
    Cleanup,
}

impl Action for AsyncStatus {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let file = JobFile::of(&self.jid, ctx)?;
        let shown = file.path().display().to_string();
        let Some(mut state) = file.read()? else {
            return Err(ModuleError::new("could not find job")
                .with("ansible_job_id", file.id())
                .with("results_file", shown)
                .with("started", true)
                .with("finished", true)
                .with("stdout", "")
                .with("stdout_lines", Value::list(Vec::new()))
                .with("stderr", "")
                .with("stderr_lines", Value::list(Vec::new())));
        };
        let base = Outcome::ok().with("ansible_job_id", file.id());
        if self.mode == AsyncStatusMode::Cleanup {
            file.remove().map_err(|error| ModuleError::because(format!("cannot remove `{shown}`"), error))?;
            let base = base.with("erased", shown).with("started", false).with("finished", false);
            return Ok(base.with("stdout", "").with("stderr", ""));
        }
        for secret in state.remove(SECRETS).as_ref().and_then(Json::as_array).into_iter().flatten() {
            ctx.redactor.register(secret.as_str().unwrap_or_default());
        }
        let mut outcome = base.with("results_file", shown);
        let mut flag = |key: &str| state.remove(key).is_some_and(|value| is_truthy(&from_json(value)));
        outcome.changed = flag("changed");
        outcome.failed = flag("failed");
        outcome.skipped = flag("skipped");
        let (started, finished) = (flag("started"), flag("finished"));
        outcome.values.insert("started".into(), started.into());
        outcome.values.insert("finished".into(), finished.into());
        for stream in ["stdout", "stderr"] {
            outcome.values.insert(stream.into(), Value::data(""));
            if !state.contains_key(stream) {
                outcome.values.insert(format!("{stream}_lines").into(), Value::list(Vec::new()));
            }
        }
        if let Some(Json::String(msg)) = state.remove("msg") {
            outcome.msg = Some(msg);
        }
        for warning in state.remove("warnings").as_ref().and_then(Json::as_array).into_iter().flatten() {
            outcome.warnings.extend(warning.as_str().map(str::to_owned));
        }
        for diff in state.remove("diff").as_ref().and_then(Json::as_array).into_iter().flatten() {
            outcome.diff.push(diff_of(diff));
        }
        if let Some(facts) = state.remove("ansible_facts")
            && let Value::Map(facts) = from_json(facts)
        {
            outcome.facts = Some((*facts).clone());
        }
        outcome.values.extend(state.into_iter().map(|(key, value)| (key.into(), from_json(value))));
        Ok(outcome)
    }
}

/// A diff as the job has written it.
fn diff_of(json: &Json) -> Diff {
    let text = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let side = |key: &str| match json.get(key) {
        Some(Json::String(text)) => DiffText::Text(text.clone()),
        Some(other) if !other.is_null() => DiffText::Value(from_json(other.clone())),
        _ => DiffText::Absent,
    };
    Diff {
        before_header: text("before_header"),
        after_header: text("after_header"),
        before: side("before"),
        after: side("after"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::job_file::ASYNC_DIR;
    use super::*;
    use crate::modules::testing::{run, with_ctx};

    #[test]
    fn a_job_is_looked_at_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        with_ctx(|ctx| {
            ctx.environment.insert(ASYNC_DIR.to_owned(), dir.path().display().to_string());
            let file = JobFile::of("j1.2", ctx).unwrap();
            let state = json!({
                "started": true, "finished": 1, "changed": true, "rc": 0, "stdout": "the secret word",
                SECRETS: ["secret word"],
            });
            file.write(state.as_object().unwrap()).unwrap();
            let found = run(ctx, "async_status", json!({"jid": "j1.2"})).unwrap();
            assert!(found.changed && !found.failed);
            assert_eq!(found.values.get("finished"), Some(&Value::Bool(true)));
            assert_eq!(found.values.get("rc"), Some(&Value::Int(0)));
            assert!(!found.values.contains_key(SECRETS));
            assert_eq!(ctx.redactor.redact("the secret word"), "the ********");
            let gone = run(ctx, "async_status", json!({"jid": "j1.2", "mode": "cleanup"})).unwrap();
            assert_eq!(gone.values.get("erased"), Some(&Value::data(file.path().display().to_string())));
            let error = run(ctx, "async_status", json!({"jid": "j1.2"})).unwrap_err();
            assert_eq!(error.message, "could not find job");
            assert_eq!(error.values.get("finished"), Some(&Value::Bool(true)));
            for wrong in ["../x", "", ".job", "a/b"] {
                assert!(run(ctx, "async_status", json!({"jid": wrong})).is_err());
            }
        });
    }
}
