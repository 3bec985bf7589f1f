//! `reboot` and `wait_for_connection`: what outlives the host's own end.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Value, from_json, quote_word};

/// Longest time between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(12);

/// Reboots the host and waits until it is back and answers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reboot {
    /// Command whose output differs after each boot.
    #[serde(default = "boot_id")]
    boot_time_command: String,
    /// Seconds to wait for a connection; the connection's own limit where not given.
    #[serde(rename = "connect_timeout")]
    _connect_timeout: Option<u64>,
    /// What users of the host are told.
    #[serde(default = "message")]
    msg: String,
    /// Seconds to wait after the command before looking whether the host is back.
    #[serde(default)]
    post_reboot_delay: u64,
    /// Seconds until the host goes down, in whole minutes.
    #[serde(default)]
    pre_reboot_delay: u64,
    /// Command that reboots the host, in place of `shutdown -r`. `msg` and `pre_reboot_delay` are then left aside.
    reboot_command: Option<String>,
    /// Seconds to wait until the host is back, and once more until `test_command` succeeds.
    #[serde(default = "ten_minutes")]
    reboot_timeout: u64,
    /// Folders to look for `shutdown` in.
    #[serde(default = "folders")]
    search_paths: Vec<String>,
    /// Command that must succeed before the play goes on.
    #[serde(default = "whoami")]
    test_command: String,
}

fn boot_id() -> String {
    "cat /proc/sys/kernel/random/boot_id".to_owned()
}

fn message() -> String {
    "Reboot initiated by Ansible".to_owned()
}

fn ten_minutes() -> u64 {
    600
}

fn folders() -> Vec<String> {
    ["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"].map(str::to_owned).to_vec()
}

fn whoami() -> String {
    "whoami".to_owned()
}

/// Waits until the host can be reached.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitForConnection {
    /// Seconds to wait for a connection; the connection's own limit counts.
    #[serde(rename = "connect_timeout")]
    _connect_timeout: Option<u64>,
    /// Seconds to wait before the first try.
    #[serde(default)]
    delay: u64,
    /// Seconds between two tries.
    #[serde(default = "one")]
    sleep: u64,
    /// Seconds to wait at most.
    #[serde(default = "ten_minutes")]
    timeout: u64,
}

fn one() -> u64 {
    1
}

/// Waits, unless the run is interrupted.
fn rest(time: Duration, ctx: &ControllerCtx<'_>) -> Result<(), ModuleError> {
    if ctx.ctx.wait(tokio::time::sleep(time)).is_some() {
        return Ok(());
    }
    Err(ModuleError::new("interrupted while waiting for the host"))
}

/// Runs a module on the host, as if there were no check mode.
fn on_host(module: &str, options: serde_json::Value, ctx: &mut ControllerCtx<'_>) -> Result<Outcome, ModuleError> {
    (ctx.run_module)(module, &from_json(options), ctx.ctx)
}

/// The output of a command that succeeds on the host.
fn output(command: &str, ctx: &mut ControllerCtx<'_>) -> Result<String, ModuleError> {
    let outcome = on_host("command", json!({ "cmd": command }), ctx)?;
    let text = |key: &str| outcome.values.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if outcome.failed || outcome.values.get("rc").and_then(Value::as_int) != Some(0) {
        return Err(ModuleError::new(format!("`{command}` failed on the host: {}{}", text("stdout"), text("stderr"))));
    }
    Ok(text("stdout"))
}

/// Tries something again and again, with longer and longer pauses.
fn until(
    limit: Duration,
    what: &str,
    ctx: &mut ControllerCtx<'_>,
    mut done: impl FnMut(&mut ControllerCtx<'_>) -> Result<bool, ModuleError>,
) -> Result<(), ModuleError> {
    let began = Instant::now();
    let mut pause = Duration::from_secs(1);
    loop {
        let last = match done(ctx) {
            Ok(true) => return Ok(()),
            Ok(false) => None,
            Err(error) => Some(error),
        };
        if began.elapsed() >= limit {
            let text = format!("Timed out waiting for {what} (timeout={})", limit.as_secs());
            return Err(match last {
                Some(error) => ModuleError::because(text, error),
                None => ModuleError::new(text),
            });
        }
        rest(pause.min(limit.saturating_sub(began.elapsed())), ctx)?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Reboot {
    /// The shell's words for the reboot.
    fn command(&self) -> String {
        if let Some(command) = &self.reboot_command {
            return command.clone();
        }
        let quoted = quote_word(&self.msg);
        let minutes = self.pre_reboot_delay / 60;
        let folders = self.search_paths.join(" ");
        format!(
            "for folder in {folders}; do if [ -x \"$folder/shutdown\" ]; then exec \"$folder/shutdown\" -r {minutes} {quoted}; \
             fi; done; echo 'no shutdown in {folders}' >&2; exit 127"
        )
    }

    fn is_local(ctx: &ControllerCtx<'_>) -> bool {
        match ctx.scope.get("ansible_connection").as_ref().and_then(Value::as_str) {
            Some(connection) => matches!(connection.rsplit('.').next(), Some("local" | "agent")),
            None => matches!(ctx.host, "localhost" | "127.0.0.1" | "::1"),
        }
    }
}

impl ControllerAction for Reboot {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        if Self::is_local(ctx) {
            return Err(ModuleError::new("Running reboot with local connection would reboot the control node."));
        }
        if ctx.ctx.mode.check {
            return Ok((Outcome::changed(true).with("elapsed", 0_i64).with("rebooted", true), Vec::new()));
        }
        let before = output(&self.boot_time_command, ctx)?;
        let began = Instant::now();
        // a connection that breaks now is the reboot itself; that it happened is seen afterwards
        if let Ok(outcome) = on_host("shell", json!({ "cmd": self.command() }), ctx)
            && outcome.failed
        {
            let text =
                |key: &str| outcome.values.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
            let why = format!("{}, {}", text("stdout"), text("stderr"));
            let error = ModuleError::new(format!("Reboot command failed. Error was: '{why}'"));
            return Err(error.with("rebooted", false));
        }
        rest(Duration::from_secs(self.post_reboot_delay), ctx)?;
        let limit = Duration::from_secs(self.reboot_timeout);
        let back = until(limit, "last boot time check", ctx, |ctx| Ok(output(&self.boot_time_command, ctx)? != before));
        back.map_err(|error| error.with("rebooted", false))?;
        let ready = until(limit, "post-reboot test command", ctx, |ctx| output(&self.test_command, ctx).map(|_| true));
        ready.map_err(|error| error.with("rebooted", true))?;
        let elapsed = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
        Ok((Outcome::changed(true).with("elapsed", elapsed).with("rebooted", true), Vec::new()))
    }
}

impl ControllerAction for WaitForConnection {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        if ctx.ctx.mode.check {
            return Ok((Outcome { skipped: true, ..Outcome::ok() }, Vec::new()));
        }
        let began = Instant::now();
        rest(Duration::from_secs(self.delay), ctx)?;
        let limit = Duration::from_secs(self.timeout);
        while let Err(error) = on_host("ping", json!({}), ctx) {
            if began.elapsed() >= limit {
                return Err(ModuleError::because("timed out waiting for ping module test", error));
            }
            rest(Duration::from_secs(self.sleep), ctx)?;
        }
        let elapsed = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
        Ok((Outcome::ok().with("elapsed", elapsed), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::context::Ctx;
    use crate::modules::testing::{run, with_ctx};
    use crate::template::{MapScope, Templar};
    use crate::tree::Disk;
    use crate::value::{Map, from_value};
    use crate::vault::VaultSecrets;

    /// A host that answers commands by a script.
    fn on(
        host: &mut dyn FnMut(&str, &Value) -> Result<Outcome, ModuleError>,
        action: &impl ControllerAction,
    ) -> Result<Outcome, ModuleError> {
        with_ctx(|ctx| {
            let templar = Templar::new(VaultSecrets::new(Vec::new()), ctx.redactor.clone());
            let vars = Map::new();
            let mut controller = ControllerCtx {
                templar: &templar,
                scope: &MapScope(&vars),
                ctx,
                files: &Disk,
                search_path: &|_| Vec::new(),
                run_module: &mut |name: &str, args: &Value, _: &mut Ctx| host(name, args),
                host: "far",
            };
            action.run(&mut controller).map(|(outcome, _)| outcome)
        })
    }

    fn said(text: &str) -> Outcome {
        Outcome::ok().with("rc", 0_i64).with("stdout", text)
    }

    #[test]
    fn a_reboot_is_over_when_the_boot_id_is_another() {
        let action: Reboot = from_value(&from_json(json!({"msg": "it's time"}))).unwrap();
        let mut boot = 1;
        let mut down = 0;
        let mut ran = Vec::new();
        let outcome = on(
            &mut |_, args| {
                let command = args.get("cmd").and_then(Value::as_str).unwrap().to_owned();
                ran.push(command.clone());
                if command.contains("shutdown") {
                    (boot, down) = (2, 1);
                    return Err(ModuleError::new("connection lost"));
                }
                if down > 0 {
                    down -= 1;
                    return Err(ModuleError::new("no route"));
                }
                Ok(said(&boot.to_string()))
            },
            &action,
        );
        assert_eq!(outcome.unwrap().values.get("rebooted"), Some(&Value::from(true)));
        assert!(ran.iter().any(|command| command.contains("-r 0 'it'\"'\"'s time'")), "{ran:?}");
        assert_eq!(ran.last().map(String::as_str), Some("whoami"));
    }

    #[test]
    fn a_host_that_stays_up_is_a_failure() {
        let action: Reboot = from_value(&from_json(json!({"reboot_command": "true", "reboot_timeout": 1}))).unwrap();
        let error = on(&mut |_, _| Ok(said("same")), &action).unwrap_err();
        assert_eq!(error.message, "Timed out waiting for last boot time check (timeout=1)");
        assert_eq!(error.values.get("rebooted"), Some(&Value::from(false)));
    }

    #[test]
    fn connections_are_tried_until_they_work() {
        let action: WaitForConnection = from_value(&from_json(json!({"sleep": 0, "timeout": 5}))).unwrap();
        let mut tries = 0;
        on(
            &mut |module, _| {
                assert_eq!(module, "ping");
                tries += 1;
                if tries < 3 { Err(ModuleError::new("no route")) } else { Ok(Outcome::ok()) }
            },
            &action,
        )
        .unwrap();
        assert_eq!(tries, 3);
    }

    #[test]
    fn the_controller_is_not_rebooted() {
        with_ctx(|ctx| {
            let error = run(ctx, "reboot", json!({})).unwrap_err();
            assert!(error.message.contains("local connection"), "{}", error.message);
            assert!(run(ctx, "wait_for_connection", json!({})).is_ok());
        });
    }
}
