//! What `command` and `shell` share: conditions, running, return values.

use jiff::Zoned;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Output, ProcessError, glob, lines};
use crate::modules::outcome::Outcome;
use crate::value::{Map, Text, Value};

/// A command to run.
pub(super) struct Invocation<'o> {
    pub(super) program: Program<'o>,
    pub(super) chdir: Option<&'o str>,
    pub(super) creates: Option<&'o str>,
    pub(super) removes: Option<&'o str>,
    pub(super) stdin: Option<&'o Text>,
    pub(super) stdin_add_newline: bool,
    pub(super) strip_empty_ends: bool,
}

/// Its program.
pub(super) enum Program<'o> {
    Words { words: Vec<String>, expand: bool },
    Shell { shell: &'o str, line: &'o str },
}

impl Program<'_> {
    fn argv(&self, ctx: &Ctx) -> Vec<String> {
        match self {
            Self::Words { words, expand: true } => words.iter().map(|word| ctx.expand(word)).collect(),
            Self::Words { words, expand: false } => words.clone(),
            Self::Shell { shell, line } => vec![(*shell).to_owned(), "-c".to_owned(), (*line).to_owned()],
        }
    }

    fn shown(&self) -> Value {
        match self {
            Self::Words { words, .. } => Value::list(words.iter().map(|word| Value::from(word.as_str())).collect()),
            Self::Shell { line, .. } => Value::from(*line),
        }
    }
}

/// Return values before anything ran.
fn values(cmd: Value) -> Map {
    let nothing = || Value::from("");
    let empty = || Value::list(Vec::new());
    [
        ("cmd", cmd),
        ("delta", Value::Null),
        ("end", Value::Null),
        ("rc", Value::Int(0)),
        ("start", Value::Null),
        ("stderr", nothing()),
        ("stderr_lines", empty()),
        ("stdout", nothing()),
        ("stdout_lines", empty()),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), value))
    .collect()
}

/// Runs it, unless a condition or check mode rules it out.
pub(super) fn run(invocation: &Invocation<'_>, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
    let mut outcome = Outcome { values: values(invocation.program.shown()), ..Outcome::ok() };
    let folder = match invocation.chdir {
        Some(chdir) => ctx.resolve(chdir),
        None => ctx.working_dir.clone(),
    };
    if invocation.chdir.is_some() && !folder.is_dir() {
        return Err(ModuleError::new(format!(
            "cannot change into the folder `{}`: it does not exist",
            folder.display()
        )));
    }
    let matches = |pattern: &&str| !glob(&folder.join(ctx.expand(pattern))).is_empty();
    let stop =
        invocation.creates.filter(matches).map(|pattern| (pattern, "exists")).or_else(|| {
            invocation.removes.filter(|pattern| !matches(pattern)).map(|pattern| (pattern, "does not exist"))
        });
    if let Some((pattern, why)) = stop {
        let would = if ctx.mode.check { "Would" } else { "Did" };
        let said = format!("skipped, since {pattern} {why}");
        outcome.values.insert("stdout_lines".into(), Value::list(vec![Value::from(said.as_str())]));
        outcome.values.insert("stdout".into(), said.into());
        return Ok(outcome.msg(format!("{would} not run command since '{pattern}' {why}")));
    }
    if ctx.mode.check {
        // a condition that would let it run makes the prediction worth something; without one nothing is known
        let known = invocation.creates.is_some() || invocation.removes.is_some();
        outcome.changed = known;
        outcome.skipped = !known;
        return Ok(outcome.msg("Command would have run if not in check mode"));
    }
    let mut process = ctx.command(invocation.program.argv(ctx)).dir(folder);
    if let Some(text) = invocation.stdin {
        let newline = if invocation.stdin_add_newline { "\n" } else { "" };
        process = process.stdin(format!("{}{newline}", text.as_str()));
    }
    let start = Zoned::now();
    let output = process.run().map_err(|error| not_run(error, &invocation.program))?;
    let end = Zoned::now();
    outcome.changed = true;
    finish(&mut outcome, &output, invocation.strip_empty_ends);
    outcome.values.insert("start".into(), stamp(&start).into());
    outcome.values.insert("end".into(), stamp(&end).into());
    outcome.values.insert("delta".into(), delta(&start, &end).into());
    Ok(outcome)
}

/// Takes what the process wrote and how it ended into the result.
pub(super) fn finish(outcome: &mut Outcome, output: &Output, strip: bool) {
    for (name, text) in [("stdout", output.out()), ("stderr", output.err())] {
        let text = if strip { text.trim_end_matches(['\r', '\n']) } else { &text };
        outcome.values.insert(format!("{name}_lines").into(), lines(text));
        outcome.values.insert(name.into(), Value::from(text));
    }
    outcome.values.insert("rc".into(), i64::from(output.rc).into());
    outcome.failed = output.rc != 0;
    outcome.msg = Some(if outcome.failed { "non-zero return code" } else { "" }.to_owned());
}

fn not_run(error: ProcessError, program: &Program<'_>) -> ModuleError {
    let rc = match &error {
        ProcessError::Spawn { source, .. } => i64::from(source.raw_os_error().unwrap_or(257)),
        _ => 257,
    };
    let cmd = match program {
        Program::Words { words, .. } => Value::from(words.join(" ")),
        Program::Shell { .. } => program.shown(),
    };
    let mut error = ModuleError::from(error).with("rc", rc).with("cmd", cmd);
    for name in ["stdout", "stderr"] {
        error = error.with(name, "").with(&format!("{name}_lines"), Value::list(Vec::new()));
    }
    error
}

/// A time as the return values have it.
pub(super) fn stamp(time: &Zoned) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// A duration as Python prints it: `0:00:01.002003`, with days before it where there are any.
pub(super) fn delta(start: &Zoned, end: &Zoned) -> String {
    let micros = (end.timestamp().as_microsecond() - start.timestamp().as_microsecond()).max(0);
    let seconds = micros / 1_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let prefix = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    let fraction = match micros % 1_000_000 {
        0 => String::new(),
        fraction => format!(".{fraction:06}"),
    };
    format!("{prefix}{hours}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run, with_ctx};
    use crate::value::to_json;

    #[test]
    fn a_commands_return_values() {
        with_ctx(|ctx| {
            ctx.environment.insert("WHO".into(), "you".into());
            let outcome = run(ctx, "command", json!({"cmd": "echo 'a  b' $WHO"})).unwrap();
            assert!(outcome.changed && !outcome.failed);
            let values = to_json(&Value::map(outcome.values));
            assert_eq!(values["cmd"], json!(["echo", "a  b", "$WHO"]));
            assert_eq!(values["stdout_lines"], json!(["a  b you"]));
            assert_eq!(values["rc"], 0);
            assert!(values["delta"].as_str().unwrap().starts_with("0:00:0"));
        });
    }

    #[test]
    fn failure_and_missing_program() {
        with_ctx(|ctx| {
            let outcome = run(ctx, "shell", json!({"cmd": "cat; echo no >&2; exit 4", "stdin": "in"})).unwrap();
            assert!(outcome.failed && outcome.changed);
            assert_eq!(outcome.msg.as_deref(), Some("non-zero return code"));
            assert_eq!(outcome.values.get("stdout").and_then(Value::as_str), Some("in"));
            let error = run(ctx, "command", json!({"argv": ["/no/such"]})).unwrap_err();
            assert_eq!(error.values.get("rc"), Some(&Value::Int(2)));
        });
    }

    #[test]
    fn conditions_and_check_mode() {
        with_ctx(|ctx| {
            let there = run(ctx, "command", json!({"cmd": "false", "creates": "/etc/pass*"})).unwrap();
            assert!(!there.changed && !there.failed);
            assert_eq!(there.msg.as_deref(), Some("Did not run command since '/etc/pass*' exists"));
            ctx.mode.check = true;
            let unknown = run(ctx, "shell", json!({"cmd": "false"})).unwrap();
            assert!(unknown.skipped && !unknown.changed);
            let known = run(ctx, "shell", json!({"cmd": "false", "creates": "/no/such"})).unwrap();
            assert!(known.changed && !known.skipped);
            let gone = run(ctx, "shell", json!({"cmd": "false", "removes": "/no/such"})).unwrap();
            assert_eq!(gone.msg.as_deref(), Some("Would not run command since '/no/such' does not exist"));
        });
    }
}
