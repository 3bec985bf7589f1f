//! Lookups that run a command on the controller.

use std::process::{Command, Stdio};

use super::call::Request;
use crate::template::fault::{Fault, Outcome};
use crate::value::Value;

/// `pipe`: what a shell command prints, blanks at the end taken off.
pub(super) fn pipe(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    request.texts()?.iter().map(|command| Ok(Value::data(run(request, command)?.trim_end()))).collect()
}

/// `lines`: the same, line by line.
pub(super) fn lines(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut out = Vec::new();
    for command in request.texts()? {
        out.extend(run(request, &command)?.lines().map(|line| Value::data(line.trim_end())));
    }
    Ok(out)
}

/// Runs a command in the playbook's folder with the program's environment.
fn run(request: &Request<'_, '_>, command: &str) -> Outcome<String> {
    let machine = request.machine;
    let mut process = Command::new("/bin/sh");
    process.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if !machine.engine.environment.is_empty() {
        process.env_clear().envs(&machine.engine.environment);
    }
    if let Some(folder) = machine.variable("playbook_dir")? {
        let folder = machine.display(&folder)?;
        if std::path::Path::new(&folder).is_dir() {
            process.current_dir(folder);
        }
    }
    let output = process.output().map_err(|error| Fault::new(format!("the shell cannot be started: {error}")))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().last().map(|line| format!(": {line}")).unwrap_or_default();
        return Err(Fault::new(format!("`{command}` failed with {}{last}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
