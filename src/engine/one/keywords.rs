//! Keywords of a task, rendered for one host and one item.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::background::Background;
use super::one::One;
use crate::diag::Diagnostic;
use crate::engine::problem::{Problem, span_of};
use crate::engine::target::Wanted;
use crate::modules::RunMode;
use crate::template::Templar;
use crate::value::{Value, parse_bool, python_str};
use crate::vars::HostVars;

/// Keywords as the run of the module needs them.
pub(super) struct Rendered {
    pub(super) mode: RunMode,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) timeout: Option<Duration>,
    pub(super) background: Option<Background>,
    pub(super) retries: Option<usize>,
    pub(super) delay: Duration,
    pub(super) delegate: Option<Arc<HostVars>>,
    pub(super) delegate_facts: bool,
    pub(super) wanted: Wanted,
}

impl One {
    /// All keywords that matter once the conditions hold.
    pub(super) fn keywords(&self) -> Result<Rendered, Problem> {
        let keywords = &self.prepared.keywords;
        let task = &self.prepared.task;
        let settings = &self.env.vars.settings.mode;
        let mode = RunMode {
            check: self.switch("check_mode", keywords.check_mode.as_ref())?.unwrap_or(settings.check),
            diff: self.switch("diff", keywords.diff.as_ref())?.unwrap_or(settings.diff),
            verbosity: settings.verbosity,
        };
        let limit = self.seconds("async", task.r#async.as_ref())?.filter(|limit| !limit.is_zero());
        let poll = self.seconds("poll", task.poll.as_ref())?.unwrap_or(Background::POLL);
        let delegate = match self.scope.delegate() {
            Some(delegate) => Some(Arc::clone(delegate)),
            None => self.delegate()?,
        };
        let retries = match &task.retries {
            Some(value) => Some(self.number_of("retries", value)?),
            None if task.until.is_empty() => None,
            None => Some(3.0),
        };
        let delay = self.seconds("delay", task.delay.as_ref())?.unwrap_or(Duration::from_secs(5));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, cut off at zero")]
        let retries = retries.map(|count| count.max(0.0) as usize);
        Ok(Rendered {
            mode,
            environment: self.environment()?,
            timeout: self
                .seconds("timeout", keywords.timeout.as_ref())?
                .or(self.env.defaults.task_timeout)
                .filter(|timeout| !timeout.is_zero()),
            background: limit.map(|limit| Background { limit, poll }),
            retries,
            delay,
            delegate_facts: self.switch("delegate_facts", keywords.delegate_facts.as_ref())?.unwrap_or(false),
            wanted: self.wanted(delegate.as_ref())?,
            delegate,
        })
    }

    /// A truth value keyword; `None` where it is not given.
    pub(super) fn switch(&self, name: &str, value: Option<&Value>) -> Result<Option<bool>, Problem> {
        let Some(value) = value else { return Ok(None) };
        if let Value::Bool(value) = value {
            return Ok(Some(*value));
        }
        let rendered = self.render(value)?;
        if Templar::is_omit(&rendered) {
            return Ok(None);
        }
        parse_bool(&rendered).map(Some).ok_or_else(|| {
            self.keyword_problem(name, value, &format!("takes true or false, and this is a {}", rendered.type_name()))
        })
    }

    /// A keyword that is a number of seconds.
    pub(super) fn seconds(&self, name: &str, value: Option<&Value>) -> Result<Option<Duration>, Problem> {
        let Some(value) = value else { return Ok(None) };
        let number = self.number_of(name, value)?;
        Duration::try_from_secs_f64(number.max(0.0))
            .map(Some)
            .map_err(|_| self.keyword_problem(name, value, "is too large"))
    }

    fn number_of(&self, name: &str, value: &Value) -> Result<f64, Problem> {
        let rendered = self.render(value)?;
        let number = match &rendered {
            #[expect(clippy::cast_precision_loss, reason = "seconds and counts are small")]
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Str(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| {
            self.keyword_problem(name, value, &format!("takes a number, and this is a {}", rendered.type_name()))
        })
    }

    fn keyword_problem(&self, name: &str, value: &Value, what: &str) -> Problem {
        let diagnostic = Diagnostic::error("keyword", format!("`{name}` {what}"))
            .at(span_of(value).unwrap_or(self.prepared.task.span));
        Problem::from_diagnostic(&diagnostic, &self.env.sources)
    }

    /// The host that `delegate_to` names.
    pub(super) fn delegate(&self) -> Result<Option<Arc<HostVars>>, Problem> {
        let Some(value) = &self.prepared.keywords.delegate_to else { return Ok(None) };
        let rendered = self.render(value)?;
        if Templar::is_omit(&rendered) {
            return Ok(None);
        }
        match rendered.as_str().filter(|name| !name.is_empty()) {
            Some(name) => {
                let host = self.env.vars.hosts.named(name);
                host.map(Some).map_err(|problem| Problem::from_diagnostic(&problem, &self.env.sources))
            }
            None => Err(self.keyword_problem("delegate_to", value, "takes the name of a host")),
        }
    }

    fn environment(&self) -> Result<BTreeMap<String, String>, Problem> {
        let mut out = BTreeMap::new();
        for value in &self.prepared.keywords.environment {
            match self.render(value)? {
                Value::Map(map) => {
                    out.extend(map.iter().map(|(name, value)| (name.to_string(), python_str(value))));
                }
                Value::Null => {}
                other if Templar::is_omit(&other) => {}
                other => {
                    let what = format!("takes a mapping, and this is a {}", other.type_name());
                    return Err(self.keyword_problem("environment", value, &what));
                }
            }
        }
        Ok(out)
    }
}
