//! One play: its keywords, its hosts, its batches, its sections.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::batch::{Batch, PlaySettings, Status};
use super::defaults::Gathering;
use super::env::Env;
use super::frame::Frame;
use super::problem::{Problem, span_of};
use super::prompts::prompts;
use super::schedule::{batches, ordered};
use super::strategy::Strategy;
use crate::diag::Diagnostic;
use crate::event::EventKind;
use crate::inventory::HostOrder;
use crate::playbook::{Play, Step};
use crate::tree::absolute;
use crate::value::{Map, Value, is_truthy, parse_bool, python_str};
use crate::vars::{HostVars, PlayVars, TaskScope};

/// What a play means for the plays after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlayEnd {
    /// They run.
    Continue,
    /// No host of the play is left, so that nothing after it runs.
    NoHostsLeft,
}

/// Runs a play.
pub(super) async fn run_play(env: &Arc<Env>, play: &Arc<Play>) -> Result<PlayEnd, Problem> {
    let dir = absolute(&play.dir);
    let plain = PlayVars::new(play, String::new(), dir.clone(), Map::new());
    let prompts = prompts(env, play, &scope_of(env, plain))?;
    let plain = PlayVars::new(play, String::new(), dir.clone(), prompts.clone());
    let keywords = PlayKeywords { env, play, scope: scope_of(env, plain) };
    let pattern = keywords.hosts()?;
    let name = match &play.keywords.name {
        Some(name) => keywords.render(name).map_or_else(|_| python_str(name), |name| python_str(&name)),
        None => pattern.join(","),
    };
    let hosts = &env.vars.hosts;
    hosts.enter(&dir).map_err(|problem| Problem::from_diagnostic(&problem, &env.sources))?;
    let chosen = hosts.matching(&pattern, &env.limit).map_err(|problem| {
        let place = span_of(&play.hosts).unwrap_or(play.span);
        let problem = if problem.labels.is_empty() { problem.at(place) } else { *problem };
        Problem::from_diagnostic(&problem, &env.sources)
    })?;
    for warning in hosts.take_warnings() {
        env.warn_of(&warning);
    }
    if chosen.is_empty() {
        let reason = "no hosts matched".to_owned();
        env.sink.emit(EventKind::PlaySkipped { name, reason });
        return Ok(PlayEnd::Continue);
    }
    let order = keywords.text(play.order.as_ref())?;
    let order = match order.as_deref() {
        None => HostOrder::default(),
        Some(text) => HostOrder::parse(text).ok_or_else(|| {
            let known = HostOrder::NAMES.join(", ");
            keywords.problem("order", play.order.as_ref(), format!("`order` is one of {known}, not `{text}`"))
        })?,
    };
    let chosen = ordered(chosen, order);
    let serial = play.serial.as_ref().map(|value| keywords.render(value)).transpose()?;
    let settings = keywords.settings()?;
    let all = Value::list(chosen.iter().map(|host| Value::data(Arc::clone(host.name()))).collect());
    let batches =
        batches(chosen, serial.as_ref()).map_err(|reason| keywords.problem("serial", play.serial.as_ref(), reason))?;
    let mut end = PlayEnd::Continue;
    for hosts in batches {
        let size = hosts.len();
        let hosts: Vec<Arc<HostVars>> = hosts.into_iter().filter(|host| !env.is_lost(host.name())).collect();
        let vars = Arc::new(PlayVars::new(play, name.clone(), dir.clone(), prompts.clone()));
        env.sink.emit(EventKind::PlayStarted {
            name: name.clone(),
            hosts: hosts.iter().map(|host| host.name().to_string()).collect(),
            location: env.location(play.span),
        });
        let batch = Batch::new(Arc::clone(env), Arc::clone(play), vars, settings.clone(), hosts, all.clone());
        let lost = batch.run().await;
        if let Some(problem) = env.take_fatal() {
            return Err(problem);
        }
        if env.interrupted() {
            return Ok(PlayEnd::Continue);
        }
        if lost == size {
            return Ok(PlayEnd::NoHostsLeft);
        }
        if batch.is_stopped() {
            // the other batches of this play still have their turn, as in Ansible
            end = PlayEnd::NoHostsLeft;
        }
        if batch.play_ended.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(end)
}

fn scope_of(env: &Env, vars: PlayVars) -> TaskScope {
    TaskScope::new(Arc::clone(&env.vars)).in_play(Arc::new(vars), Arc::default())
}

/// Renders the keywords of a play, which no host has a say in.
struct PlayKeywords<'p> {
    env: &'p Env,
    play: &'p Play,
    scope: TaskScope,
}

impl PlayKeywords<'_> {
    fn render(&self, value: &Value) -> Result<Value, Problem> {
        let place = span_of(value).or(Some(self.play.span));
        self.env.templar.render(value, &self.scope).map_err(|error| self.env.template_problem(&error, place))
    }

    fn problem(&self, code: &'static str, value: Option<&Value>, message: String) -> Problem {
        let place = value.and_then(span_of).unwrap_or(self.play.span);
        Problem::from_diagnostic(&Diagnostic::error(code, message).at(place), &self.env.sources)
    }

    fn text(&self, value: Option<&Value>) -> Result<Option<String>, Problem> {
        value.map(|value| self.render(value).map(|value| python_str(&value))).transpose()
    }

    fn switch(&self, name: &'static str, value: Option<&Value>) -> Result<Option<bool>, Problem> {
        let Some(value) = value else { return Ok(None) };
        let rendered = self.render(value)?;
        parse_bool(&rendered)
            .map(Some)
            .ok_or_else(|| self.problem("keyword", Some(value), format!("`{name}` takes true or false")))
    }

    fn hosts(&self) -> Result<Vec<String>, Problem> {
        let patterns: Vec<String> = match self.render(&self.play.hosts)? {
            Value::List(items) => items.iter().map(python_str).collect(),
            other => vec![python_str(&other)],
        };
        if patterns.iter().all(|pattern| pattern.trim().is_empty()) {
            return Err(self.problem("hosts", Some(&self.play.hosts), "`hosts` is empty".to_owned()));
        }
        Ok(patterns)
    }

    fn settings(&self) -> Result<PlaySettings, Problem> {
        let play = self.play;
        let strategy = self.text(play.strategy.as_ref())?.or_else(|| self.env.defaults.strategy.clone());
        let strategy = match strategy {
            None => Strategy::default(),
            Some(name) => {
                Strategy::parse(&name).map_err(|reason| self.problem("strategy", play.strategy.as_ref(), reason))?
            }
        };
        let max_fail_percentage = match self.text(play.max_fail_percentage.as_ref())? {
            None => None,
            Some(text) => Some(text.trim().trim_end_matches('%').parse().map_err(|_| {
                let message = "`max_fail_percentage` takes a number".to_owned();
                self.problem("keyword", play.max_fail_percentage.as_ref(), message)
            })?),
        };
        Ok(PlaySettings {
            strategy,
            max_fail_percentage,
            force_handlers: self
                .switch("force_handlers", play.force_handlers.as_ref())?
                .unwrap_or(self.env.force_handlers),
            gather_facts: match &play.gather_facts {
                None => self.env.defaults.gathering != Gathering::Explicit,
                Some(value) => {
                    is_truthy(&self.render(value)?) && self.switch("gather_facts", Some(value))? == Some(true)
                }
            },
        })
    }
}

impl Batch {
    /// Runs the play on this batch; how many of its hosts are lost for the rest of the run.
    async fn run(&self) -> usize {
        let frame = Frame::of_play(&self.play);
        self.run_by_strategy(&frame).await;
        let mut lost = 0;
        for (host, state) in self.hosts.iter().zip(self.states().iter()) {
            if matches!(state.status, Status::Failed | Status::Unreachable) {
                lost += 1;
                self.env.lose(host.name(), state.status);
            }
        }
        lost
    }

    /// Takes some hosts through the play: the gathering of facts, then its sections, each with its handlers at the end.
    pub(super) async fn run_sections(&self, frame: &Frame, hosts: &[usize]) {
        self.gather(frame, hosts).await;
        let sections: [&[Step]; 3] = [&self.play.pre_tasks, &self.main, &self.play.post_tasks];
        for section in sections {
            let hosts = self.running(hosts);
            self.run_steps(section, frame, &hosts).await;
            self.end_section(&hosts).await;
        }
    }
}
