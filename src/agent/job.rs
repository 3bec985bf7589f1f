//! The work of a background job: one module, then its result in the job's file.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::launch::{JobError, JobRequest, running};
use crate::modules::commands::{JobFile, SECRETS};
use crate::modules::{Ctx, Diff, DiffText, HostServices, ModuleError, Outcome, Runner, table};
use crate::value::{REDACTED, Redactor, Value, from_json, to_json};

/// How long a module that was told to end may take to do so.
const GRACE: Duration = Duration::from_secs(5);

/// A job's result.
type Ended = Result<Outcome, ModuleError>;

/// Does the job that a file asks for, which is removed, and leaves its result in the job's file.
///
/// # Errors
/// The request cannot be read, or the result cannot be written: nobody learns how the job went.
pub async fn run_job(request: &Path, services: HostServices) -> Result<(), JobError> {
    let shown = request.display().to_string();
    let read = |source| JobError::Read { path: shown.clone(), source };
    let text = fs::read(request).map_err(read)?;
    fs::remove_file(request).map_err(read)?;
    let request: JobRequest = serde_json::from_slice(&text).map_err(|error| read(io::Error::other(error)))?;
    let file = JobFile::at(&request.id, &request.file);
    let mut state = running(&request.id);
    state.insert("finished".to_owned(), json!(true));
    state.extend(match work(&request, services).await {
        Some(ended) => told(ended, request.secret),
        None => out_of_time(),
    });
    file.write(&state).map_err(|source| JobError::Write { path: request.file.display().to_string(), source })
}

/// Runs the module; nothing where its time was up.
async fn work(request: &JobRequest, services: HostServices) -> Option<Ended> {
    let cancel = CancellationToken::new();
    let runtime = tokio::runtime::Handle::current();
    let mut ctx = Ctx::new(request.mode(), Arc::new(services), Redactor::new(), cancel.clone(), runtime);
    ctx.environment.clone_from(&request.environment);
    ctx.working_dir.clone_from(&request.working_dir);
    let (name, args) = (request.module.clone(), from_json(request.args.clone()));
    let run = tokio::task::spawn_blocking(move || {
        let module = table::find(&name).or_else(|| table::internal(&name));
        match module.map(|module| module.runner) {
            Some(Runner::Host(run)) => run(&args, &mut ctx),
            _ => Err(ModuleError::new(format!("`{name}` is no module that a host runs"))),
        }
    });
    tokio::pin!(run);
    let crashed = |error| Err(ModuleError::new(format!("the module crashed, which is a bug in quaymaster: {error}")));
    let limit = Duration::try_from_secs_f64(request.limit).unwrap_or(Duration::MAX);
    if let Ok(ended) = tokio::time::timeout(limit, &mut run).await {
        return Some(ended.unwrap_or_else(crashed));
    }
    cancel.cancel();
    // its result comes too late to count; what it has started ends with it
    drop(tokio::time::timeout(GRACE, run).await);
    None
}

/// The result of a job whose time was up.
fn out_of_time() -> Map<String, Json> {
    let values =
        [("failed", json!(true)), ("msg", json!("Timeout exceeded")), ("child_pid", json!(std::process::id()))];
    values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A result as the job's file holds it. `secret`: the command line is not told.
fn told(ended: Ended, secret: bool) -> Map<String, Json> {
    let (mut values, mut rest) = match ended {
        Ok(outcome) => {
            let mut rest = vec![("changed", json!(outcome.changed))];
            rest.extend(outcome.failed.then(|| ("failed", json!(true))));
            rest.extend(outcome.skipped.then(|| ("skipped", json!(true))));
            rest.extend(outcome.msg.map(|msg| ("msg", json!(msg))));
            if !outcome.warnings.is_empty() {
                rest.push(("warnings", json!(outcome.warnings)));
            }
            if !outcome.diff.is_empty() {
                rest.push(("diff", outcome.diff.iter().map(diff).collect()));
            }
            rest.extend(outcome.facts.map(|facts| ("ansible_facts", to_json(&Value::map(facts)))));
            (outcome.values, rest)
        }
        Err(error) => {
            let msg = error.full_message();
            (error.values, vec![("failed", json!(true)), ("changed", json!(false)), ("msg", json!(msg))])
        }
    };
    if let Some(command) = values.get_mut("cmd").filter(|_| secret) {
        *command = Value::data(REDACTED);
    }
    let values = Value::map(values);
    let mut secrets = Vec::new();
    collect_secrets(&values, &mut secrets);
    if !secrets.is_empty() {
        rest.push((SECRETS, json!(secrets)));
    }
    let mut out = match to_json(&values) {
        Json::Object(map) => map,
        _ => Map::new(),
    };
    out.extend(rest.into_iter().map(|(key, value)| (key.to_owned(), value)));
    out
}

fn diff(diff: &Diff) -> Json {
    let side = |side: &DiffText| match side {
        DiffText::Text(text) => json!(text),
        DiffText::Value(value) => crate::value::to_json_redacted(value),
        DiffText::Absent => json!(""),
        DiffText::Hidden(why) => json!(why),
    };
    json!({
        "before_header": diff.before_header,
        "after_header": diff.after_header,
        "before": side(&diff.before),
        "after": side(&diff.after),
    })
}

fn collect_secrets(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Str(text) if text.is_secret() => out.push(text.as_str().to_owned()),
        Value::List(items) => items.iter().for_each(|item| collect_secrets(item, out)),
        Value::Map(map) => map.values().for_each(|value| collect_secrets(value, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn job(module: &str, args: Json, limit: f64) -> Map<String, Json> {
        let dir = tempfile::tempdir().unwrap();
        let request = JobRequest {
            id: "j1.1".to_owned(),
            file: dir.path().join("j1.1"),
            module: module.to_owned(),
            args,
            check: false,
            diff: false,
            verbosity: 0,
            environment: [("WORD".to_owned(), "hi".to_owned())].into(),
            working_dir: PathBuf::from("/"),
            limit,
            secret: false,
        };
        let path = dir.path().join("request");
        fs::write(&path, serde_json::to_vec(&request).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let environment = [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into();
        runtime.block_on(run_job(&path, HostServices::with_environment(environment))).unwrap();
        assert!(!path.exists());
        JobFile::at("j1.1", &request.file).read().unwrap().unwrap()
    }

    #[test]
    fn a_job_leaves_its_result() {
        let state = job("ansible.builtin.shell", json!({"cmd": "echo $WORD"}), 10.0);
        assert_eq!(
            (&state["stdout"], &state["finished"], &state["changed"]),
            (&json!("hi"), &json!(true), &json!(true))
        );
        let state = job("ansible.builtin.command", json!({"cmd": "/nonexistent"}), 10.0);
        assert_eq!((&state["failed"], &state["rc"]), (&json!(true), &json!(2)));
        let state = job("ansible.builtin.debug", json!({}), 10.0);
        assert!(state["msg"].as_str().unwrap().contains("no module that a host runs"));
    }

    #[test]
    fn a_job_ends_when_its_time_is_up() {
        let state = job("ansible.builtin.command", json!({"cmd": "sleep 60"}), 0.2);
        assert_eq!((&state["failed"], &state["msg"]), (&json!(true), &json!("Timeout exceeded")));
    }

    #[test]
    fn secrets_of_a_result_are_named_and_a_secret_command_is_not_told() {
        let outcome = Outcome::ok().with("token", Value::secret("hidden")).with("cmd", "use hidden");
        let told = told(Ok(outcome), true);
        assert_eq!((&told[SECRETS], &told["cmd"]), (&json!(["hidden"]), &json!(REDACTED)));
    }
}
