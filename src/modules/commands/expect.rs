//! `expect`.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Zoned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::execution::{delta, stamp};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Reply, Talk, glob, lines};
use crate::modules::outcome::Outcome;
use crate::modules::pyregex::PyRegex;
use crate::template::Flags;
use crate::value::split_words;
use crate::value::{Value, python_str};

/// Runs a program on a terminal of its own and answers its questions.
///
/// In check mode nothing runs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The command line, split into words; no shell.
    command: String,
    /// Answers by the regular expressions of the questions. A list answers the first question of the kind with its first item,
    /// and so on.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    responses: Value,
    /// Seconds to wait for a question that has an answer, or for the end; nothing to wait for ever.
    #[serde(default = "half_a_minute")]
    timeout: Option<u64>,
    /// Let the answers show in the output.
    #[serde(default)]
    echo: bool,
    /// Start in this folder.
    chdir: Option<String>,
    /// Do not run when this exists.
    creates: Option<String>,
    /// Do not run unless this exists.
    removes: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "the option may be null")]
fn half_a_minute() -> Option<u64> {
    Some(30)
}

/// What answers one kind of question.
struct Answer {
    pattern: String,
    regex: PyRegex,
    /// The same each time.
    always: Option<String>,
    next: VecDeque<String>,
}

impl Expect {
    fn answers(&self) -> Result<Vec<Answer>, ModuleError> {
        let Some(map) = self.responses.as_map() else {
            return Err(ModuleError::new("option `responses`: expected a mapping"));
        };
        let mut out = Vec::new();
        for (pattern, answer) in map {
            let pattern = pattern.to_string();
            let regex = PyRegex::with_flags(&pattern, Flags { dot_all: true, ..Flags::default() })?;
            let line = |value: &Value| python_str(value).trim_end_matches('\n').to_owned();
            let (always, next) = match answer {
                Value::List(items) => (None, items.iter().map(line).collect()),
                one => (Some(line(one)), VecDeque::new()),
            };
            out.push(Answer { pattern, regex, always, next });
        }
        Ok(out)
    }
}

/// The answer to the question that comes first in the text.
fn reply(answers: &mut [Answer], text: &str) -> Result<Option<Reply>, ModuleError> {
    let mut first: Option<(usize, usize, &mut Answer)> = None;
    for answer in answers {
        if let Some(found) = answer.regex.search(text)?.and_then(|captures| captures.get(0))
            && first.as_ref().is_none_or(|(start, ..)| found.start() < *start)
        {
            first = Some((found.start(), found.end(), answer));
        }
    }
    let Some((_, end, answer)) = first else { return Ok(None) };
    match answer.always.clone().or_else(|| answer.next.pop_front()) {
        Some(line) => Ok(Some(Reply { read: end, line })),
        None => Err(ModuleError::new(format!(
            "No remaining responses for '{}', output was '{}'",
            answer.pattern,
            text.trim_end()
        ))),
    }
}

impl Action for Expect {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let argv = split_words(&self.command)
            .map_err(|error| ModuleError::because("cannot split the command into words", error))?;
        if argv.is_empty() {
            return Err(ModuleError::new("no command given").with("rc", 256_i64));
        }
        let dir = self.chdir.as_ref().map_or_else(|| ctx.working_dir.clone(), |chdir| ctx.resolve(chdir));
        let mut answers = self.answers()?;
        let exists = |pattern: &&String| !glob(&dir.join(ctx.expand(pattern))).is_empty();
        let stop = self.creates.as_ref().filter(exists).map(|path| format!("skipped, since {path} exists"));
        let stop = stop.or_else(|| {
            let missing = self.removes.as_ref().filter(|path| !exists(path));
            missing.map(|path| format!("skipped, since {path} does not exist"))
        });
        let outcome = Outcome::ok().with("cmd", self.command.as_str());
        if let Some(said) = stop {
            return Ok(outcome.with("stdout", said).with("rc", 0_i64));
        }
        if ctx.mode.check {
            return Ok(Outcome { skipped: true, ..outcome }.msg("nothing is asked or answered in check mode"));
        }
        let talk = Talk { argv: &argv, dir: &dir, timeout: self.timeout.map(Duration::from_secs), echo: self.echo };
        let start = Zoned::now();
        let talked = ctx.converse(&talk, &mut |text| reply(&mut answers, text))?;
        let end = Zoned::now();
        let text = talked.output.trim_end_matches(['\r', '\n']);
        let outcome = outcome
            .with("stdout", text)
            .with("stdout_lines", lines(text))
            .with("start", stamp(&start))
            .with("end", stamp(&end))
            .with("delta", delta(&start, &end));
        let outcome = Outcome { changed: true, ..outcome };
        Ok(match talked.rc {
            None => Outcome { failed: true, ..outcome }.with("rc", Value::Null).msg("command exceeded timeout"),
            Some(0) => outcome.with("rc", 0_i64),
            Some(rc) => Outcome { failed: true, ..outcome }.with("rc", i64::from(rc)).msg("non-zero return code"),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::modules::testing::{run, with_ctx};
    use crate::value::Value;

    const SCRIPT: &str = "sh -c 'test -t 0 || exit 9; printf \"Name: \"; read a; printf \"Again? \" > /dev/tty; \
                          read b < /dev/tty; printf \"Again? \"; read c; echo \"<$a|$b|$c>\"; exit 4'";

    #[test]
    fn questions_are_answered_in_turn() {
        with_ctx(|ctx| {
            let responses = json!({"(?i)name: ": "Ann", "Again\\?": ["one", "two"]});
            let done = run(ctx, "expect", json!({"command": SCRIPT, "responses": responses})).unwrap();
            assert_eq!(done.values.get("rc"), Some(&Value::Int(4)), "{:?}", done.values);
            let said = done.values["stdout"].as_str().unwrap();
            assert!(said.ends_with("<Ann|one|two>"), "{said}");
            assert!(!said.contains("Ann\r\n"), "what is typed is not shown: {said}");
            let few = json!({"Name: ": "Ann", "Again\\?": ["one"]});
            let error = run(ctx, "expect", json!({"command": SCRIPT, "responses": few})).unwrap_err();
            assert!(error.message.starts_with("No remaining responses for 'Again\\?'"), "{}", error.message);
        });
    }

    #[test]
    fn silence_ends_it() {
        with_ctx(|ctx| {
            let args = json!({"command": "sleep 60", "responses": {"x": "y"}, "timeout": 1});
            let done = run(ctx, "expect", args).unwrap();
            assert!(done.failed);
            assert_eq!(done.msg.as_deref(), Some("command exceeded timeout"));
            let args = json!({"command": "false", "responses": {"x": "y"}, "creates": "/etc/passwd"});
            assert!(!run(ctx, "expect", args).unwrap().changed);
            assert!(run(ctx, "expect", json!({"command": "/no/such", "responses": {}})).is_err());
        });
    }
}
