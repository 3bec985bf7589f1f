//! Dynamic includes: `include_tasks` and `include_role`, read when they are reached.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::batch::{Batch, HostSet};
use super::frame::{Frame, Prepared};
use super::outcome::{Done, HostDone};
use super::problem::Problem;
use crate::diag::Diagnostic;
use crate::event::{EventKind, TaskKind, TaskStatus};
use crate::playbook::{Handler, Include, IncludeKind, Role, RoleUse, Step, TaskId, VarsRank};
use crate::tree::display_name;
use crate::value::{Map, Value, parse_bool, python_str};

/// What dynamic includes have read, for hosts that come to the same one later.
#[derive(Debug, Default)]
pub(super) struct Includes {
    known: Mutex<HashMap<TaskId, Vec<Known>>>,
}

#[derive(Debug)]
struct Known {
    args: Map,
    vars: Map,
    /// Variables of the includes around.
    outer: Vec<Arc<Map>>,
    read: Result<(Included, String), Problem>,
}

/// One thing that is included, and the hosts that include it with the same options and loop variables.
struct Group {
    args: Map,
    vars: Map,
    hosts: HostSet,
    /// The loop's item.
    label: Option<String>,
    /// What was read and its path or name, or why it could not be.
    read: Result<(Included, String), Problem>,
}

/// What an include read.
#[derive(Clone, Debug)]
enum Included {
    Tasks(Arc<Vec<Step>>),
    Handlers(Arc<Vec<Handler>>),
    Role(Arc<Role>),
}

impl Batch {
    /// Reads what hosts include and runs it, one after another in the order of the first host that wants each.
    pub(super) async fn run_includes(
        &self,
        prepared: &Arc<Prepared>,
        include: &Include,
        number: u64,
        once: bool,
        mut done: Vec<(usize, HostDone)>,
    ) {
        done.sort_by_key(|(place, _)| *place);
        let mut groups: Vec<Group> = Vec::new();
        for (place, done) in &mut done {
            let mut broken: Option<Problem> = None;
            let each = match &mut done.items {
                Some(items) => items.as_mut_slice(),
                None => std::slice::from_mut(&mut done.whole),
            };
            for one in each {
                let Some(args) = one.include.take() else { continue };
                let at = self.group(&mut groups, prepared, include, args, one, *place);
                let Some(group) = groups.get_mut(at) else { continue };
                group.hosts.push(*place);
                match &group.read {
                    Ok(_) => one.set("include", Value::data(shown_name(include.kind, &group.args))),
                    Err(problem) => broken = Some(problem.clone()),
                }
            }
            if let Some(problem) = broken {
                let failed = Done::failed(problem);
                done.whole.result.extend(failed.result);
                done.whole.diagnostic = failed.diagnostic;
            }
        }
        let mut trouble = HostSet::new();
        for (place, done) in done {
            if self.apply(prepared, number, place, once, &done) == TaskStatus::Failed {
                trouble.push(place);
            }
        }
        self.judge_batch(prepared, once, &trouble);
        for group in &groups {
            let hosts = self.running(&group.hosts);
            if let (Ok((_, what)), false) = (&group.read, hosts.is_empty()) {
                self.env.sink.emit(EventKind::Included {
                    task: number,
                    what: what.clone(),
                    hosts: hosts.iter().filter_map(|at| self.hosts.get(*at)).map(|h| h.name().to_string()).collect(),
                    label: group.label.clone(),
                });
            }
        }
        for group in groups {
            let hosts = self.running(&group.hosts);
            if let (Ok((included, _)), false) = (group.read, hosts.is_empty()) {
                self.count(&hosts);
                self.run_included(prepared, include, included, group.vars, &hosts).await;
            }
        }
    }

    /// The place of the group that a host belongs to; what it includes is read when its first host comes.
    fn group(
        &self,
        groups: &mut Vec<Group>,
        prepared: &Prepared,
        include: &Include,
        args: Map,
        one: &Done,
        place: usize,
    ) -> usize {
        let loop_vars = &one.loop_vars;
        let found = groups
            .iter()
            .position(|group| group.args == args && group.vars == *loop_vars && !group.hosts.contains(&place));
        found.unwrap_or_else(|| {
            let read = self.read_once(prepared, include, &args, loop_vars);
            groups.push(Group { args, vars: loop_vars.clone(), hosts: HostSet::new(), label: one.label.clone(), read });
            groups.len() - 1
        })
    }

    /// What is included: where each host goes for itself, all of them share what the first has read.
    fn read_once(
        &self,
        prepared: &Prepared,
        include: &Include,
        args: &Map,
        vars: &Map,
    ) -> Result<(Included, String), Problem> {
        if self.settings.strategy.is_in_step() {
            return self.read_included(prepared, include, args, vars);
        }
        let outer = &prepared.frame.includes;
        let mut known = self.includes.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(prepared.task.id).or_default();
        if let Some(found) = known.iter().find(|one| one.args == *args && one.vars == *vars && one.outer == *outer) {
            return found.read.clone();
        }
        let read = self.read_included(prepared, include, args, vars);
        if let Ok((Included::Role(role), _)) = &read {
            self.take_role(prepared, include, role, vars.clone());
        }
        known.push(Known { args: args.clone(), vars: vars.clone(), outer: outer.clone(), read: read.clone() });
        read
    }

    fn read_included(
        &self,
        prepared: &Prepared,
        include: &Include,
        args: &Map,
        loop_vars: &Map,
    ) -> Result<(Included, String), Problem> {
        let sources = &self.env.sources;
        let loader = &self.env.loader;
        let mut vars = prepared.task.keywords.vars.clone();
        vars.extend(loop_vars.iter().map(|(name, value)| (name.clone(), value.clone())));
        let frame = match &include.apply {
            Some(apply) => prepared.frame.with_keywords(apply),
            None => prepared.frame.clone(),
        };
        let mut context =
            frame.load_context(&self.play, &prepared.task).with_vars(VarsRank::Task, frame.keywords.vars.clone());
        context = context.with_vars(VarsRank::Params, vars.clone());
        context.module_defaults.clone_from(&frame.keywords.module_defaults);
        let at = super::problem::span_of(&Value::map(include.args.clone())).or(Some(include.span));
        let text = |key: &str| args.get(key).filter(|value| **value != Value::Null).map(python_str);
        match include.kind {
            IncludeKind::Tasks => {
                let name = text("file").unwrap_or_default();
                let path: PathBuf = loader
                    .find_task_file(&name, at, &context)
                    .map_err(|problem| Problem::from_diagnostic(&problem, sources))?;
                let context = match path.parent() {
                    Some(dir) => context.from_dir(dir),
                    None => context,
                };
                let read = if prepared.frame.kind == TaskKind::Handler {
                    loader.load_handler_file(&path, at, &context).map(Arc::new).map(Included::Handlers)
                } else {
                    loader.load_task_file(&path, at, &context).map(Arc::new).map(Included::Tasks)
                };
                read.map(|included| (included, display_name(&path)))
            }
            IncludeKind::Role => {
                let name = text("name").unwrap_or_default();
                let mut wanted = RoleUse::named(name.clone());
                wanted.at = at;
                wanted.included = true;
                // uses with other variables are other uses, of which each runs
                wanted.keywords.vars = vars;
                for key in ["tasks_from", "vars_from", "defaults_from", "handlers_from"] {
                    if let Some(file) = text(key) {
                        wanted.set_from(key, file);
                    }
                }
                let switch = |key: &str| match args.get(key) {
                    None => Ok(None),
                    Some(value) => parse_bool(value).map(Some).ok_or_else(|| {
                        let problem = Diagnostic::error("keyword", format!("`{key}` takes true or false")).at_opt(at);
                        Problem::from_diagnostic(&problem, sources)
                    }),
                };
                wanted.public = switch("public")?.unwrap_or(false);
                wanted.allow_duplicates = Some(switch("allow_duplicates")?.unwrap_or(true));
                wanted.validate = switch("rolespec_validate")?.unwrap_or(true);
                loader.load_role(&wanted, &context).map(|role| (Included::Role(role), name))
            }
        }
        .map_err(|problems| Problem::from_diagnostics(&problems, sources))
    }

    async fn run_included(
        &self,
        prepared: &Prepared,
        include: &Include,
        included: Included,
        loop_vars: Map,
        hosts: &[usize],
    ) {
        if let (Included::Role(role), true) = (&included, self.settings.strategy.is_in_step()) {
            self.take_role(prepared, include, role, loop_vars.clone());
        }
        let frame = inner_frame(prepared, include, loop_vars);
        match included {
            Included::Tasks(steps) => self.run_steps(&steps, &frame, hosts).await,
            Included::Handlers(handlers) => self.run_included_handlers(&handlers, &frame, hosts).await,
            Included::Role(role) => {
                let steps = [Step::Block(role.block())];
                self.run_steps(&steps, &frame, hosts).await;
            }
        }
    }

    /// The play knows an included role's handlers and, where it is public, its variables.
    fn take_role(&self, prepared: &Prepared, include: &Include, role: &Arc<Role>, loop_vars: Map) {
        self.handlers.add(role.bound_handlers(), &inner_frame(prepared, include, loop_vars));
        self.vars.include(role);
    }

    /// Handlers that a handler includes are notified with it.
    async fn run_included_handlers(&self, handlers: &[Handler], frame: &Frame, hosts: &[usize]) {
        for handler in handlers {
            let running = self.running(hosts);
            if running.is_empty() {
                return;
            }
            let frame = frame.with_keywords(&handler.outer);
            let prepared = Arc::new(frame.prepare(&handler.task));
            Box::pin(self.run_prepared(prepared, &running)).await;
        }
    }

    /// An include counts as done once what it names has been read.
    fn count(&self, hosts: &[usize]) {
        let mut stats = self.env.stats();
        for host in hosts.iter().filter_map(|place| self.hosts.get(*place)) {
            stats.host(host.name()).ok += 1;
        }
    }
}

/// The place of what is included.
fn inner_frame(prepared: &Prepared, include: &Include, loop_vars: Map) -> Frame {
    // keywords on the include itself are not for what it includes, but its variables are
    let mut vars = prepared.task.keywords.vars.clone();
    vars.extend(loop_vars);
    let frame = prepared.frame.with_include(vars);
    match &include.apply {
        Some(apply) => frame.with_keywords(apply),
        None => frame,
    }
}

/// What a result says that it included.
fn shown_name(kind: IncludeKind, args: &Map) -> String {
    let key = match kind {
        IncludeKind::Tasks => "file",
        IncludeKind::Role => "name",
    };
    let name = args.get(key).map(python_str).unwrap_or_default();
    display_name(std::path::Path::new(&name))
}
