//! `pause`.

use std::time::{Duration, Instant};

use jiff::Zoned;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Value, python_float};

/// Waits for a time, or for the user to press enter.
///
/// Without `minutes` or `seconds` the user is asked; where there is no terminal, the run goes on with a warning.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// How long to wait, in minutes.
    minutes: Option<f64>,
    /// How long to wait, in seconds; at least one.
    seconds: Option<f64>,
    /// What to ask the user.
    prompt: Option<String>,
    /// Show what the user types.
    #[serde(default = "yes")]
    echo: bool,
}

fn yes() -> bool {
    true
}

impl Pause {
    /// Whole seconds, as Ansible counts them.
    fn duration(&self) -> Result<Option<Duration>, ModuleError> {
        let (seconds, given) = match (self.minutes, self.seconds) {
            (Some(_), Some(_)) => return Err(ModuleError::new("only one of `minutes` and `seconds` can be given")),
            (Some(minutes), None) => (minutes.trunc() * 60.0, true),
            (None, Some(seconds)) => (seconds.trunc(), true),
            (None, None) => (0.0, false),
        };
        if !given {
            return Ok(None);
        }
        Duration::try_from_secs_f64(seconds.max(1.0))
            .map(Some)
            .map_err(|error| ModuleError::because("the time to wait is out of range", error))
    }
}

impl ControllerAction for Pause {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let stamp = |time: Zoned| time.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
        let duration = self.duration()?;
        let began = Instant::now();
        let start = stamp(Zoned::now());
        let mut input = Value::from("");
        if let Some(duration) = duration {
            if ctx.ctx.wait(tokio::time::sleep(duration)).is_none() {
                return Err(ModuleError::new("interrupted while pausing"));
            }
        } else {
            let question = self.prompt.as_deref().unwrap_or("Press enter to continue, Ctrl+C to interrupt");
            let terminal = ctx.ctx.services.terminal();
            let answer = match &terminal {
                Some(terminal) => terminal
                    .ask(question, self.echo, &ctx.ctx.cancel)
                    .map_err(|error| ModuleError::because("cannot ask the user", error))?,
                None => None,
            };
            match answer {
                Some(answer) if self.echo => input = Value::from(answer),
                Some(answer) => {
                    ctx.ctx.redactor.register(&answer);
                    input = Value::secret(answer);
                }
                None => ctx.ctx.warn("not waiting for an answer: standard input is not a terminal"),
            }
        }
        let waited = began.elapsed();
        // Ansible counts in minutes unless seconds were asked for
        let (count, unit) = match self.seconds {
            Some(_) => (waited.as_secs_f64(), "seconds"),
            None => (waited.as_secs_f64() / 60.0, "minutes"),
        };
        let told = format!("Paused for {} {unit}", python_float((count * 100.0).round() / 100.0));
        let outcome = Outcome::ok()
            .with("start", start)
            .with("stop", stamp(Zoned::now()))
            .with("delta", waited.as_secs())
            .with("echo", self.echo && duration.is_none())
            .with("rc", 0_i64)
            .with("stderr", "")
            .with("stdout", told)
            .with("user_input", input);
        Ok((outcome, Vec::new()))
    }
}
