//! What `--list-tasks`, `--list-tags` and `--list-hosts` show.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::keywords::Keywords;
use super::load::is_literal;
use super::model::{Action, IncludeKind, Play, Playbook, Step, Task};
use super::tags::TagFilter;
use crate::template::{MapScope, Templar};
use crate::value::{Map, Value, python_repr, python_str};

/// What is to be listed.
#[derive(Clone, Copy)]
pub struct Listing<'a> {
    /// Each task with its tags.
    pub tasks: bool,
    /// The tags of each play's tasks.
    pub tags: bool,
    /// The hosts of each play, as the inventory has them.
    pub hosts: Option<&'a dyn Fn(&Play) -> Vec<String>>,
    /// Which tasks count.
    pub filter: &'a TagFilter,
    /// Variables of the command line, for tags, names and patterns that are templates.
    pub extra_vars: &'a Map,
    /// Renders them.
    pub templar: &'a Templar,
}

impl Listing<'_> {
    /// The plays of a playbook, in ansible-playbook's words. `name` is the playbook as the user named it.
    #[must_use]
    pub fn text(&self, name: &str, playbook: &Playbook) -> String {
        let mut out = format!("\nplaybook: {name}\n");
        for (index, play) in playbook.plays.iter().enumerate() {
            self.play(index + 1, play, &mut out);
        }
        out
    }

    fn play(&self, number: usize, play: &Play, out: &mut String) {
        let mut vars = play.keywords.vars.clone();
        vars.extend(self.extra_vars.iter().map(|(key, value)| (key.clone(), value.clone())));
        let patterns = patterns(&self.rendered(&play.hosts, &vars));
        let joined = patterns.iter().map(python_str).collect::<Vec<_>>().join(",");
        let title = play.keywords.name.as_ref().map(|name| python_str(&self.rendered(name, &vars)));
        let title = title.filter(|title| !title.is_empty()).unwrap_or_else(|| joined.clone());
        let play_tags = self.tags(&play.keywords.tags, &vars);
        let shown: Vec<&str> = play_tags.iter().map(String::as_str).collect();
        let _ = writeln!(out, "\n  play #{number} ({joined}): {title}\tTAGS: [{}]", shown.join(","));
        if let Some(hosts) = self.hosts {
            let hosts = hosts(play);
            let _ = writeln!(
                out,
                "    pattern: {}\n    hosts ({}):",
                python_repr(&Value::list(patterns.clone())),
                hosts.len()
            );
            for host in hosts {
                let _ = writeln!(out, "      {host}");
            }
        }
        if !self.tasks && !self.tags {
            return;
        }
        let mut tasks = String::new();
        let mut all_tags = play_tags;
        let outer = Keywords { tags: play.keywords.tags.clone(), ..Keywords::default() };
        let main = play.main_steps();
        for step in play.pre_tasks.iter().chain(&main).chain(&play.post_tasks) {
            self.step(step, &outer, &vars, None, &mut tasks, &mut all_tags);
        }
        if self.tasks {
            let _ = writeln!(out, "    tasks:");
            out.push_str(&tasks);
        }
        if self.tags {
            let tags: Vec<String> = all_tags.into_iter().collect();
            let _ = writeln!(out, "      TASK TAGS: [{}]", tags.join(", "));
        }
    }

    fn step(
        &self,
        step: &Step,
        outer: &Keywords,
        vars: &Map,
        role: Option<&str>,
        out: &mut String,
        all: &mut BTreeSet<String>,
    ) {
        match step {
            Step::Block(block) => {
                let tags = outer.tags.iter().chain(&block.keywords.tags).cloned().collect();
                let outer = Keywords { tags, ..Keywords::default() };
                let role = block.role.as_ref().map(|role| &*role.name).or(role);
                // `rescue` and `always` are not listed, as with ansible-playbook
                for step in &block.block {
                    self.step(step, &outer, vars, role, out, all);
                }
            }
            Step::Task(task) => {
                let tags: Vec<Value> = outer.tags.iter().chain(&task.keywords.tags).cloned().collect();
                let tags = self.tags(&tags, vars);
                let list: Vec<String> = tags.iter().cloned().collect();
                if !self.filter.selects(&list) {
                    return;
                }
                let _ = writeln!(out, "      {}\tTAGS: [{}]", title(task, role), list.join(", "));
                all.extend(tags);
            }
        }
    }

    /// The names of tags, sorted.
    fn tags(&self, tags: &[Value], vars: &Map) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for tag in tags {
            let rendered = self.rendered(tag, vars);
            match rendered.as_list() {
                Some(items) => out.extend(items.iter().map(python_str)),
                None => {
                    out.insert(python_str(&rendered));
                }
            }
        }
        out
    }

    /// A value without its templates; as it is written where they cannot be worked out without a host.
    fn rendered(&self, value: &Value, vars: &Map) -> Value {
        if is_literal(value) && value.as_list().is_none() {
            return value.clone();
        }
        match self.templar.render(value, &MapScope(vars)) {
            Ok(rendered) if Templar::is_omit(&rendered) => Value::data(""),
            Ok(rendered) => rendered,
            Err(_) => value.clone(),
        }
    }
}

/// What `--syntax-check` says of a good playbook.
#[must_use]
pub fn syntax_checked(name: &str) -> String {
    format!("\nplaybook: {name}\n")
}

/// A task's name with its role, or the action where it has none. That of `include_role` stands alone, as with Ansible.
fn title(task: &Task, role: Option<&str>) -> String {
    let name = task.keywords.name.as_ref().map(python_str).filter(|name| !name.is_empty());
    let includes_role = matches!(&task.action, Action::Include(include) if include.kind == IncludeKind::Role);
    let role = role.filter(|_| !includes_role);
    match (name, role) {
        (Some(name), Some(role)) => format!("{role} : {name}"),
        (Some(name), None) => name,
        (None, _) => match &task.action {
            Action::Module { name, .. } => name.to_string(),
            Action::Include(include) if include.name.is_empty() => match include.kind {
                IncludeKind::Tasks => "include_tasks".to_owned(),
                IncludeKind::Role => "include_role".to_owned(),
            },
            Action::Include(include) => include.name.to_string(),
            Action::Named(named) => python_str(&named.name),
            Action::Meta(_) => "meta".to_owned(),
        },
    }
}

/// The patterns of `hosts` as a list.
fn patterns(hosts: &Value) -> Vec<Value> {
    match hosts.as_list() {
        Some(items) => items.to_vec(),
        None => vec![hosts.clone()],
    }
}
