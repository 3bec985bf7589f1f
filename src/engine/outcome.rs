//! What one task on one host came to.

use std::sync::Arc;

use super::problem::Problem;
use crate::event::TaskStatus;
use crate::modules::{Diff, DiffText, Effect, Outcome};
use crate::value::{Key, Map, Value, is_truthy, to_json_redacted};
use crate::vars::HostVars;

/// The end of one run of a task's action: the task itself, or one item of its loop.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// All return values, as `register` keeps them.
    pub(super) result: Map,
    /// What a controller action asks of the run.
    pub(super) effects: Vec<Effect>,
    /// Facts for the host.
    pub(super) facts: Option<Map>,
    /// Handlers to notify should the task have changed anything.
    pub(super) notify: Vec<Value>,
    /// A drawing of the place that caused a failure.
    pub(super) diagnostic: Option<String>,
    /// Diffs as text.
    pub(super) diff: Vec<String>,
    /// The loop item's label.
    pub(super) label: Option<String>,
    /// The result must not be shown.
    pub(super) no_log: bool,
    /// A failure does not end the host's play.
    pub(super) ignore_errors: bool,
    /// Being unreachable does not end the host's play.
    pub(super) ignore_unreachable: bool,
    /// The host that did the work in place of the task's own.
    pub(super) delegate: Option<Arc<HostVars>>,
    /// Facts belong to that host.
    pub(super) delegate_facts: bool,
    /// Loop variables, for a dynamic include.
    pub(super) loop_vars: Map,
    /// Rendered options of a dynamic include.
    pub(super) include: Option<Map>,
    /// How long it took, in seconds.
    pub(super) seconds: f64,
}

/// The end of a task on a host: one run, or all items of its loop.
#[derive(Debug)]
pub(super) struct HostDone {
    /// What the task as a whole came to. For a loop it holds `results`.
    pub(super) whole: Done,
    /// The items of a loop, in order.
    pub(super) items: Option<Vec<Done>>,
}

impl HostDone {
    /// The return values as events show them; of a loop with `no_log` only the items that ask for it are censored.
    pub(super) fn json(&self) -> serde_json::Value {
        let mut json = self.whole.json();
        if let (true, Some(items), Some(map)) = (self.whole.no_log, &self.items, json.as_object_mut()) {
            map.insert("results".to_owned(), items.iter().map(Done::json).collect());
        }
        json
    }

    /// A failure of the whole task.
    pub(super) fn failed(problem: Problem) -> Self {
        Self { whole: Done::failed(problem), items: None }
    }
}

impl Done {
    /// A failure.
    pub(super) fn failed(problem: Problem) -> Self {
        let mut done = Self { diagnostic: problem.diagnostic, result: problem.values, ..Self::default() };
        done.set("changed", false.into());
        done.set("failed", true.into());
        done.set("msg", Value::data(problem.message));
        done
    }

    /// A host that could not be reached.
    pub(super) fn unreachable(message: String) -> Self {
        let mut done = Self::default();
        done.set("changed", false.into());
        done.set("unreachable", true.into());
        done.set("msg", Value::data(message));
        done
    }

    /// What a condition ruled out.
    pub(super) fn skipped(condition: &Value) -> Self {
        let mut done = Self::default();
        done.set("changed", false.into());
        done.set("skipped", true.into());
        done.set("skip_reason", Value::data("Conditional result was False"));
        done.set("false_condition", condition.clone().into_data());
        done
    }

    /// What a module returned.
    pub(super) fn of(outcome: Outcome, effects: Vec<Effect>) -> Self {
        let mut done = Self { result: outcome.values, facts: outcome.facts, ..Self::default() };
        done.set("changed", outcome.changed.into());
        if outcome.skipped {
            done.set("skipped", true.into());
        }
        if outcome.failed {
            done.set("failed", true.into());
        }
        if let Some(msg) = outcome.msg {
            done.set("msg", Value::data(msg));
        }
        for stream in ["stdout", "stderr"] {
            let lines = format!("{stream}_lines");
            if let Some(Value::Str(text)) = done.result.get(stream)
                && !done.result.contains_key(lines.as_str())
            {
                let secret = text.is_secret();
                let items = text.lines().map(|line| if secret { Value::secret(line) } else { Value::data(line) });
                let items = Value::list(items.collect());
                done.set(&lines, items);
            }
        }
        if !outcome.warnings.is_empty() {
            done.set("warnings", Value::list(outcome.warnings.into_iter().map(Value::data).collect()));
        }
        if !outcome.diff.is_empty() {
            done.set("diff", Value::list(outcome.diff.iter().map(diff_value).collect()));
            done.diff = outcome.diff.iter().map(super::shown::unified).collect();
        }
        done.take_effects(effects);
        done
    }

    /// Facts that a controller action sets are return values too.
    fn take_effects(&mut self, effects: Vec<Effect>) {
        let mut shown = self.facts.clone();
        for effect in &effects {
            if let Effect::SetFact { facts, .. } | Effect::IncludeVars(facts) = effect {
                shown.get_or_insert_default().extend(facts.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
        if let Some(facts) = shown
            && !self.result.contains_key("ansible_facts")
        {
            self.set("ansible_facts", Value::map(facts));
        }
        self.effects = effects;
    }

    /// Sets a return value.
    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.result.insert(Key::from(key), value);
    }

    /// Whether a return value is there and true.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.result.get(key).is_some_and(is_truthy)
    }

    /// How it ended.
    pub(super) fn status(&self) -> TaskStatus {
        if self.flag("unreachable") {
            TaskStatus::Unreachable
        } else if self.flag("failed") {
            TaskStatus::Failed
        } else if self.flag("skipped") {
            TaskStatus::Skipped
        } else if self.flag("changed") {
            TaskStatus::Changed
        } else {
            TaskStatus::Ok
        }
    }

    /// The value that `register` keeps. Of a task with `no_log` it is secret: usable, but never shown.
    pub(super) fn registered(&self) -> Value {
        let value = Value::map(self.result.clone());
        if self.no_log { value.into_secret() } else { value }
    }

    /// The return values as events show them.
    pub(super) fn json(&self) -> serde_json::Value {
        if self.no_log {
            let mut json = serde_json::json!({ "censored": CENSORED, "changed": self.flag("changed") });
            if let (Some(attempts), Some(map)) = (self.result.get("attempts"), json.as_object_mut()) {
                map.insert("attempts".to_owned(), to_json_redacted(attempts));
            }
            return json;
        }
        to_json_redacted(&Value::map(self.result.clone()))
    }
}

/// What stands in place of a result that must not be shown.
const CENSORED: &str = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// A diff as Ansible's results hold it. A side that is not shown stands under the name of the reason.
fn diff_value(diff: &Diff) -> Value {
    let mut parts = Map::new();
    let mut put = |key: &str, value: Value| {
        parts.insert(Key::from(key), value);
    };
    let sides =
        [("before", "dst", &diff.before, &diff.before_header), ("after", "src", &diff.after, &diff.after_header)];
    let hidden = sides.iter().any(|(_, _, side, _)| matches!(side, DiffText::Hidden(_)));
    for (name, file, side, header) in sides {
        // what is not there has no header
        if !header.is_empty() && !matches!(side, DiffText::Absent) {
            put(&format!("{name}_header"), Value::data(header.as_str()));
        }
        match side {
            DiffText::Hidden(why) if why == "binary" => put(&format!("{file}_binary"), Value::Int(1)),
            DiffText::Hidden(why) if why == "larger than 104448 bytes" => {
                put(&format!("{file}_larger"), Value::Int(104_448));
            }
            DiffText::Hidden(why) => put("prepared", Value::data(format!("({why})\n"))),
            _ if hidden => {}
            DiffText::Text(text) => put(name, Value::data(text.as_str())),
            DiffText::Value(value) => put(name, value.clone()),
            DiffText::Absent => put(name, Value::data("")),
        }
    }
    Value::map(parts)
}
