//! The reports of the `ansible` command: Ansible's `minimal` and `oneline` callbacks.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::colours::Shade;
use super::diff;
use super::dump::python_json_nice;
use super::options::CallbackOptions;
use super::result::{cleaned, short_name, warning, without_word};
use crate::event::{Event, EventKind, ItemResult, TaskStatus};
use crate::report::Printed;

/// Modules whose output is shown as it is.
const COMMANDS: &[&str] = &["command", "shell", "raw", "script"];

/// How a host's result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdHocForm {
    /// Indented JSON, or the output of a command below the host (`minimal`).
    Lines,
    /// One line for each host (`oneline`, `-o`).
    OneLine,
}

/// The state of the report between events: which module runs.
#[derive(Debug)]
pub struct AdHocCallback {
    options: CallbackOptions,
    form: AdHocForm,
    actions: BTreeMap<u64, String>,
}

impl AdHocCallback {
    /// A report that has shown nothing yet.
    #[must_use]
    pub fn new(form: AdHocForm, options: CallbackOptions) -> Self {
        Self { options, form, actions: BTreeMap::new() }
    }

    /// What to print for the next event.
    pub fn event(&mut self, event: &Event) -> Printed {
        let mut printed = Printed::default();
        match &event.kind {
            EventKind::TaskStarted { task, action, .. } => {
                self.actions.insert(*task, action.clone());
            }
            EventKind::TaskDone { task, host, result, .. } => {
                let action = self.actions.get(task).map(String::as_str).unwrap_or_default();
                for message in &result.warnings {
                    self.line(&mut printed.err, Shade::Warning, &warning(message));
                }
                if let Some(diagnostic) = &result.diagnostic {
                    self.line(&mut printed.err, Shade::Failed, &format!("[ERROR]: {}", without_word(diagnostic)));
                }
                if let (Some(found), false) = (result.result.get("diff"), result.diff.is_empty()) {
                    let text = diff::text(found, &self.options);
                    printed.out.push_str(&text);
                }
                let text = self.text(action, host, result);
                self.line(&mut printed.out, Shade::of(result.status), &text);
            }
            EventKind::Warning { message } => {
                self.line(&mut printed.err, Shade::Warning, &warning(message));
            }
            EventKind::Error { message } => {
                self.line(&mut printed.err, Shade::Failed, &format!("[ERROR]: {}", without_word(message)));
            }
            EventKind::Interrupted => {
                self.line(&mut printed.err, Shade::Failed, "[ERROR]: User interrupted execution");
            }
            _ => {}
        }
        printed
    }

    fn text(&self, action: &str, host: &str, result: &ItemResult) -> String {
        let is_command = COMMANDS.contains(&short_name(action)) && result.result.get("ansible_job_id").is_none();
        let raw = is_command && result.result.get("module_stderr").is_none();
        let caption = match result.status {
            TaskStatus::Ok => "SUCCESS",
            TaskStatus::Changed => "CHANGED",
            TaskStatus::Skipped => return format!("{host} | SKIPPED"),
            TaskStatus::Failed if raw => "FAILED",
            TaskStatus::Failed => "FAILED!",
            TaskStatus::Unreachable if self.form == AdHocForm::OneLine => {
                return format!("{host} | UNREACHABLE!: {}", result.msg.as_deref().unwrap_or_default());
            }
            TaskStatus::Unreachable => "UNREACHABLE!",
        };
        let json = cleaned(action, result, self.options.verbosity);
        let raw = raw && result.status != TaskStatus::Unreachable;
        match self.form {
            AdHocForm::Lines if raw => {
                let field = |name: &str| result.result.get(name).and_then(Json::as_str).unwrap_or_default();
                let (out, err, msg) = (field("stdout"), field("stderr"), field("msg"));
                format!("{host} | {caption} | rc={} >>\n{out}{err}{msg}", rc(result))
            }
            AdHocForm::Lines => format!("{host} | {caption} => {}", python_json_nice(&json, 4)),
            AdHocForm::OneLine if raw && result.status != TaskStatus::Failed => {
                let field = |name: &str| {
                    let text = result.result.get(name).and_then(Json::as_str).unwrap_or_default();
                    text.replace('\n', "\\n").replace('\r', "\\r")
                };
                let (out, err) = (field("stdout"), field("stderr"));
                let err = if err.is_empty() { String::new() } else { format!(" (stderr) {err}") };
                format!("{host} | {caption} | rc={} | (stdout) {out}{err}", rc(result))
            }
            AdHocForm::OneLine => {
                let caption = if result.status == TaskStatus::Failed { "FAILED!" } else { caption };
                format!("{host} | {caption} => {}", python_json_nice(&json, 0).replace('\n', ""))
            }
        }
    }

    fn line(&self, out: &mut String, shade: Shade, text: &str) {
        out.push_str(&shade.paint(self.options.palette, text));
        out.push('\n');
    }
}

fn rc(result: &ItemResult) -> String {
    result.result.get("rc").map_or_else(|| "-1".to_owned(), Json::to_string)
}
