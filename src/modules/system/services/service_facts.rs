//! `service_facts`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::openrc::OpenRc;
use super::systemctl::Systemctl;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Key, Map, Value};

/// Tells which services the host has, what they do, and whether they start with the system, as the fact `services`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceFacts {}

/// Words for units whose file is of no use; they count more than what the file says.
const BAD: [&str; 3] = ["not-found", "masked", "failed"];

fn entry(name: &str, state: &str, status: Option<&str>, source: &str) -> (Key, Value) {
    let mut values = Map::from([("name".into(), Value::from(name)), ("state".into(), Value::from(state))]);
    if let Some(status) = status {
        values.insert("status".into(), Value::from(status));
    }
    values.insert("source".into(), Value::from(source));
    (Key::from(name), Value::map(values))
}

/// What `service --status-all` lists: `[ + ]  name`.
fn scripts(text: &str) -> Map {
    let lines = text.lines().filter_map(|line| {
        let (mark, name) = line.trim_start().strip_prefix("[ ")?.split_once(" ]")?;
        let state = match mark {
            "+" => "running",
            "-" => "stopped",
            _ => return None,
        };
        Some(entry(name.trim(), state, None, "sysv"))
    });
    lines.collect()
}

/// What `list-units` lists: unit, load state, active state, sub-state, description.
fn units(text: &str) -> Vec<(String, &'static str, String)> {
    let mut out = Vec::new();
    for line in text.lines().filter(|line| line.contains(".service")) {
        let fields: Vec<&str> = line.split_whitespace().skip_while(|field| !field.contains(".service")).collect();
        let [name, load, active, sub, ..] = fields.as_slice() else { continue };
        let bad = BAD.iter().find(|bad| [load, active, sub].iter().any(|field| field == bad));
        let state = if *sub == "running" { "running" } else { "stopped" };
        out.push(((*name).to_owned(), state, (*bad.unwrap_or(active)).to_owned()));
    }
    out
}

/// Units with a file that are not loaded: their state is asked for in one go.
fn not_loaded(files: &[(&str, &str)], ctx: &Ctx) -> Result<Map, ModuleError> {
    let mut states = std::collections::BTreeMap::new();
    let plain: Vec<&str> = files.iter().map(|(name, _)| *name).filter(|name| !name.contains("@.")).collect();
    if !plain.is_empty() {
        let words: Vec<&str> = ["show", "--property=Id,ActiveState"].into_iter().chain(plain.iter().copied()).collect();
        let shown = Systemctl::SYSTEM.run(&words, ctx)?.out();
        // one block for each, in the order asked: an alias tells another name than its own
        for (name, block) in plain.iter().zip(shown.split("\n\n")) {
            let state = block.lines().find_map(|line| line.strip_prefix("ActiveState="));
            states.insert(*name, state.unwrap_or("unknown").to_owned());
        }
    }
    let entries = files.iter().map(|(name, status)| {
        let state = states.get(name).map_or("unknown", String::as_str);
        entry(name, state, Some(status), "systemd")
    });
    Ok(entries.collect())
}

fn systemd(ctx: &Ctx) -> Result<Map, ModuleError> {
    let list = |what: &str| -> Result<String, ModuleError> {
        let words = [what, "--no-pager", "--type", "service", "--all", "--plain"];
        let words = if what == "list-units" { &words[..] } else { words.get(..5).unwrap_or_default() };
        Ok(Systemctl::SYSTEM.run(words, ctx)?.success("systemctl")?.out())
    };
    let loaded = units(&list("list-units")?);
    let text = list("list-unit-files")?;
    let files: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| line.contains(".service"))
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            fields.next().zip(fields.next())
        })
        .collect();
    let mut services = Map::new();
    for (name, state, status) in &loaded {
        let file = files.iter().find(|(file, _)| file == name).filter(|_| !BAD.contains(&status.as_str()));
        services.extend([entry(name, state, Some(file.map_or(status.as_str(), |(_, status)| status)), "systemd")]);
    }
    let others: Vec<(&str, &str)> =
        files.into_iter().filter(|(name, _)| !loaded.iter().any(|(loaded, ..)| loaded == name)).collect();
    services.extend(not_loaded(&others, ctx)?);
    Ok(services)
}

/// What `rc-status` lists, with the run levels that each service is in.
fn openrc(ctx: &Ctx) -> Result<Map, ModuleError> {
    let text = ctx.run_tool("rc-status", ["-a", "-s"])?.success("rc-status")?.out();
    let lines = text.lines().filter_map(|line| {
        let (name, state) = line.trim().split_once('[')?;
        let state = state.trim_matches([' ', ']']).split_whitespace().next()?;
        Some(entry(name.trim(), state, None, "openrc"))
    });
    Ok(lines.collect())
}

impl Action for ServiceFacts {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let mut services = Map::new();
        if OpenRc::is_there(ctx) {
            services.extend(openrc(ctx)?);
        } else if ctx.find_tool("service").is_some() && ctx.find_tool("chkconfig").is_none() {
            let output = ctx.run_tool("service", ["--status-all"])?;
            services.extend(scripts(&format!("{}{}", output.out(), output.err())));
        }
        if Systemctl::is_running() {
            services.extend(systemd(ctx)?);
        }
        if services.is_empty() {
            ctx.warn("Failed to find any services. This can be due to privileges or some other configuration issue.");
        }
        let facts = Map::from([("services".into(), Value::map(services))]);
        Ok(Outcome { facts: Some(facts), ..Outcome::ok() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_whatever_the_description_says() {
        let text = "UNIT LOAD ACTIVE SUB DESCRIPTION\n\
                    a.service loaded active running A failed attempt\n\
                    * b.service not-found inactive dead b.service\n\
                    c.service loaded failed failed C\n";
        let found = units(text);
        let row = |name: &str, state, status: &str| (name.to_owned(), state, status.to_owned());
        let expected = [
            row("a.service", "running", "active"),
            row("b.service", "stopped", "not-found"),
            row("c.service", "stopped", "failed"),
        ];
        assert_eq!(found, expected);
        let map = scripts(" [ + ]  cron\n [ - ]  ssh\n [ ? ]  odd\n");
        assert_eq!(map.len(), 2);
        assert_eq!(map["cron"].get("state").and_then(Value::as_str), Some("running"));
    }
}
