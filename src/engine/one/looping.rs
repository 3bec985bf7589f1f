//! Loops: where the items come from, and the run over them.

use std::sync::Arc;
use std::time::Duration;

use super::one::One;
use crate::engine::outcome::{Done, HostDone};
use crate::engine::problem::Problem;
use crate::engine::shown::{item_result, label_text};
use crate::event::{EventKind, TaskStatus};
use crate::playbook::LoopSource;
use crate::value::{Key, Map, Value};

/// What is known of `loop_control` before the first item.
struct Control {
    loop_var: Arc<str>,
    index_var: Option<Arc<str>>,
    pause: Duration,
    extended: bool,
    all_items: bool,
}

impl One {
    /// The items of the task's loop; `None` where it has none.
    pub(super) fn loop_items(&self) -> Result<Option<Vec<Value>>, Problem> {
        match &self.prepared.task.looping {
            None => Ok(None),
            Some(LoopSource::Loop(value)) => match self.render(value)? {
                Value::List(items) => Ok(Some(Arc::unwrap_or_clone(items))),
                other => {
                    let diagnostic = crate::diag::Diagnostic::error(
                        "loop",
                        format!("`loop` takes a list, and this is a {}", other.type_name()),
                    )
                    .at_opt(crate::engine::problem::span_of(value).or(Some(self.prepared.task.span)))
                    .help_opt(other.as_map().is_some().then(|| "loop over a mapping with `| dict2items`".to_owned()));
                    Err(Problem::from_diagnostic(&diagnostic, &self.env.sources))
                }
            },
            Some(LoopSource::With(name, terms)) => {
                let place = crate::engine::problem::span_of(terms).or(Some(self.prepared.task.span));
                self.env
                    .templar
                    .lookup(name, terms, self.scope.as_ref())
                    .map(Some)
                    .map_err(|error| self.env.template_problem(&error, place))
            }
        }
    }

    /// Runs the task for every item.
    pub(super) async fn looped(&mut self, items: &[Value]) -> HostDone {
        if items.is_empty() {
            let mut whole = Done::default();
            whole.set("changed", false.into());
            whole.set("skipped", true.into());
            whole.set("skipped_reason", Value::data("No items in the list"));
            whole.set("results", Value::list(Vec::new()));
            return HostDone { whole, items: Some(Vec::new()) };
        }
        let control = match self.control() {
            Ok(control) => control,
            Err(problem) => return HostDone::failed(problem),
        };
        let mut done: Vec<Done> = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if index > 0 && !control.pause.is_zero() {
                self.sleep(control.pause).await;
            }
            if self.env.interrupted() {
                break;
            }
            done.push(self.item(items, index, item, &control).await);
            match self.first_false(&self.prepared.task.loop_control.break_when) {
                Ok(None) if !self.prepared.task.loop_control.break_when.is_empty() => break,
                Ok(_) => {}
                Err(problem) => {
                    done.push(Done::failed(problem));
                    break;
                }
            }
        }
        whole(done)
    }

    async fn item(&mut self, items: &[Value], index: usize, item: &Value, control: &Control) -> Done {
        let mut names = Map::new();
        names.insert(Key::from("ansible_loop_var"), Value::data(Arc::clone(&control.loop_var)));
        names.insert(Key::from(&*control.loop_var), item.clone());
        if let Some(index_var) = &control.index_var {
            names.insert(Key::from("ansible_index_var"), Value::data(Arc::clone(index_var)));
            names.insert(Key::from(&**index_var), number(index));
        }
        if control.extended {
            names.insert(Key::from("ansible_loop"), extended(items, index, control.all_items));
        }
        for (name, value) in &names {
            if let Some(name) = name.as_str() {
                self.set_local(name, value.clone());
            }
        }
        let mut done = self.once(None).await;
        if let Some(register) = self.prepared.task.register.clone() {
            self.set_local(&register, done.registered());
        }
        match self.label(item) {
            Ok(label) => done.label = Some(if done.no_log { "(censored due to no_log)".to_owned() } else { label }),
            Err(problem) => {
                let problem = problem.within("the loop's label cannot be rendered");
                done.set("failed", true.into());
                done.set("msg", Value::data(problem.message));
                done.diagnostic = problem.diagnostic;
            }
        }
        done.result.extend(names.iter().map(|(name, value)| (name.clone(), value.clone())));
        done.loop_vars = names;
        let host = self.host.name().to_string();
        let delegated_to = done.delegate.as_ref().map(|host| host.name().to_string());
        self.env.sink.emit(EventKind::ItemDone { task: self.number, host, delegated_to, result: item_result(&done) });
        done
    }

    fn label(&self, item: &Value) -> Result<String, Problem> {
        match &self.prepared.task.loop_control.label {
            Some(label) => Ok(label_text(&self.render(label)?)),
            None => Ok(label_text(item)),
        }
    }

    fn control(&self) -> Result<Control, Problem> {
        let written = &self.prepared.task.loop_control;
        Ok(Control {
            loop_var: written.loop_var.clone().unwrap_or_else(|| "item".into()),
            index_var: written.index_var.clone(),
            pause: self.seconds("pause", written.pause.as_ref())?.unwrap_or_default(),
            extended: self.switch("extended", written.extended.as_ref())?.unwrap_or(false),
            all_items: self.switch("extended_allitems", written.extended_allitems.as_ref())?.unwrap_or(true),
        })
    }
}

/// The value of `ansible_loop`.
fn extended(items: &[Value], index: usize, all_items: bool) -> Value {
    let length = items.len();
    let mut map = Map::new();
    let mut set = |name: &str, value: Value| {
        map.insert(Key::from(name), value);
    };
    set("index", number(index + 1));
    set("index0", number(index));
    set("first", (index == 0).into());
    set("last", (index + 1 == length).into());
    set("length", number(length));
    set("revindex", number(length - index));
    set("revindex0", number(length - index - 1));
    if all_items {
        set("allitems", Value::list(items.to_vec()));
    }
    if let Some(next) = items.get(index + 1) {
        set("nextitem", next.clone());
    }
    if let Some(previous) = index.checked_sub(1).and_then(|index| items.get(index)) {
        set("previtem", previous.clone());
    }
    Value::map(map)
}

fn number(index: usize) -> Value {
    Value::Int(index.try_into().unwrap_or(i128::MAX))
}

/// The task's result from those of its items.
fn whole(mut items: Vec<Done>) -> HostDone {
    let mut whole = Done::default();
    let any = |status: &dyn Fn(&Done) -> bool| items.iter().any(status);
    let failed = any(&|item| item.flag("failed"));
    let unreachable = any(&|item| item.flag("unreachable"));
    let changed = any(&|item| item.flag("changed"));
    let skipped = !items.is_empty() && items.iter().all(|item| item.flag("skipped"));
    whole.no_log = any(&|item| item.no_log);
    // one failure that counts is enough
    let bad = |status: TaskStatus, ignored: fn(&Done) -> bool| {
        items.iter().filter(|item| item.status() == status).all(ignored)
    };
    whole.ignore_errors = failed && bad(TaskStatus::Failed, |item| item.ignore_errors);
    whole.ignore_unreachable = unreachable && bad(TaskStatus::Unreachable, |item| item.ignore_unreachable);
    whole.seconds = items.iter().map(|item| item.seconds).sum();
    let mut warnings = Vec::new();
    for item in &mut items {
        if let Some(Value::List(found)) = item.result.shift_remove("warnings") {
            warnings.extend(found.iter().cloned());
        }
    }
    let results = items.iter().map(Done::registered).collect();
    whole.set("results", Value::list(results));
    whole.set("changed", changed.into());
    whole.set("skipped", skipped.into());
    if failed {
        whole.set("failed", true.into());
    }
    if unreachable {
        whole.set("unreachable", true.into());
    }
    let msg = if skipped {
        "All items skipped"
    } else if failed || unreachable {
        "One or more items failed"
    } else {
        "All items completed"
    };
    whole.set("msg", Value::data(msg));
    if !warnings.is_empty() {
        whole.set("warnings", Value::list(warnings));
    }
    HostDone { whole, items: Some(items) }
}
