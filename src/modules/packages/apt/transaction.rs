//! One run of `apt-get`, simulated before it is done.

use std::collections::BTreeMap;

use super::policy_rc_d::PolicyRcD;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Output, Process};
use crate::modules::outcome::{Diff, DiffText};
use crate::value::{Map, Value};

/// How `apt-get` is called.
#[derive(Clone, Debug, Default)]
pub(super) struct AptGet {
    /// Options of every call.
    pub(super) options: Vec<String>,
    /// The exit status of a `policy-rc.d` that is put up meanwhile.
    pub(super) policy_rc_d: Option<i32>,
}

/// What a run did, or in check mode would do.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) changed: bool,
    pub(super) values: Map,
    pub(super) diff: Vec<Diff>,
}

impl Done {
    /// Another run's result behind this one's.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.changed |= other.changed;
        self.diff.extend(other.diff);
        if !other.values.is_empty() {
            self.values = other.values;
        }
        self
    }
}

/// Packages that a run touches, with their versions before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Plan {
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
    /// Packages that are only configured.
    configured: Vec<String>,
}

impl Plan {
    /// Reads what `apt-get --simulate` prints.
    fn parse(text: &str) -> Self {
        let mut plan = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (Some(verb), Some(name)) = (words.next(), words.next()) else { continue };
            let rest = line.split_once(name).map_or("", |(_, rest)| rest.trim_start());
            let old = rest.strip_prefix('[').and_then(|rest| rest.split([']', ' ']).next());
            let new = line.split_once('(').and_then(|(_, rest)| rest.split([' ', ')']).next());
            match verb {
                "Inst" => {
                    if let Some(old) = old {
                        plan.before.insert(name.to_owned(), old.to_owned());
                    }
                    plan.after.insert(name.to_owned(), new.unwrap_or_default().to_owned());
                }
                "Remv" | "Purg" => {
                    plan.before.insert(name.to_owned(), old.unwrap_or_default().to_owned());
                }
                "Conf" if !plan.after.contains_key(name) => plan.configured.push(name.to_owned()),
                _ => {}
            }
        }
        plan
    }

    fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty() && self.configured.is_empty()
    }

    fn diff(&self) -> Diff {
        let side = |versions: &BTreeMap<String, String>| {
            DiffText::lines(versions.iter().map(|(name, version)| format!("{name} {version}")))
        };
        Diff {
            before_header: "packages".to_owned(),
            after_header: "packages".to_owned(),
            before: side(&self.before),
            after: side(&self.after),
        }
    }
}

/// A process of apt or dpkg: it asks nothing, and speaks plain English.
pub(in crate::modules::packages) fn quiet<'c>(ctx: &'c Ctx, argv: &[&str]) -> Process<'c> {
    ctx.command(argv.iter().copied())
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("DEBIAN_PRIORITY", "critical")
        .env("LC_ALL", "C.UTF-8")
        .env("LANGUAGE", "C")
}

impl AptGet {
    fn call(&self, simulate: bool, arguments: &[String], ctx: &Ctx) -> Result<Output, ModuleError> {
        let mut argv = vec!["apt-get", "-y"];
        argv.extend(self.options.iter().map(String::as_str));
        if simulate {
            argv.push("--simulate");
        }
        argv.extend(arguments.iter().map(String::as_str));
        let output = quiet(ctx, &argv).run()?;
        if output.rc == 0 {
            return Ok(output);
        }
        let line = argv.join(" ");
        let said = output.err();
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("E: ")).collect();
        let said = if errors.is_empty() { said.trim().to_owned() } else { errors.join("\n") };
        let mut error = ModuleError::new(format!("'{line}' failed: {said}")).with("rc", i64::from(output.rc));
        error.values.extend(output.written());
        Err(error)
    }

    /// Does it, where it changes anything.
    pub(super) fn run(&self, arguments: &[String], ctx: &Ctx) -> Result<Done, ModuleError> {
        let simulated = self.call(true, arguments, ctx)?;
        let plan = Plan::parse(&simulated.out());
        if plan.is_empty() {
            return Ok(Done { changed: false, values: simulated.written(), diff: Vec::new() });
        }
        let diff = if ctx.mode.diff { vec![plan.diff()] } else { Vec::new() };
        if ctx.mode.check {
            return Ok(Done { changed: true, values: simulated.written(), diff });
        }
        let guard = self.policy_rc_d.map(PolicyRcD::put_up).transpose()?;
        let done = self.call(false, arguments, ctx);
        if let Some(guard) = guard {
            guard.take_down()?;
        }
        Ok(Done { changed: true, values: done?.written(), diff })
    }

    /// `apt-get clean` and `autoclean`, whose effect is on downloaded files alone.
    pub(super) fn tidy(&self, verb: &str, files: bool, ctx: &Ctx) -> Result<Done, ModuleError> {
        let arguments = [verb.to_owned()];
        if verb == "clean" {
            if ctx.mode.check || !files {
                return Ok(Done { changed: files, ..Done::default() });
            }
            return Ok(Done { changed: true, values: self.call(false, &arguments, ctx)?.written(), diff: Vec::new() });
        }
        let simulated = self.call(true, &arguments, ctx)?;
        let changed = simulated.out().lines().any(|line| line.starts_with("Del "));
        if ctx.mode.check || !changed {
            return Ok(Done { changed, values: simulated.written(), diff: Vec::new() });
        }
        Ok(Done { changed, values: self.call(false, &arguments, ctx)?.written(), diff: Vec::new() })
    }
}

/// Reports which cannot be had from `apt-get` say nothing.
impl From<Done> for crate::modules::outcome::Outcome {
    fn from(done: Done) -> Self {
        let mut outcome = Self::changed(done.changed);
        outcome.values = done.values;
        outcome.diff = done.diff;
        for name in ["stdout", "stderr"] {
            if !outcome.values.contains_key(name) {
                outcome.values.insert(name.into(), Value::from(""));
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulations_are_read() {
        let text = "\
NOTE: This is only a simulation!
Remv tk-dev [8.6.13]
Purg unzip [6.0-28] [x:amd64 ]
Inst libdpkg-perl [1.21.22] (1.21.23 Debian:12.15/oldstable [all])
Inst cowsay (3.03+dfsg2-8 Debian:12.15/oldstable [all]) []
Conf libdpkg-perl (1.21.23 Debian:12.15/oldstable [all])
Conf broken (1 now [all])
";
        let plan = Plan::parse(text);
        let pairs = |map: &BTreeMap<String, String>| {
            map.iter().map(|(name, version)| format!("{name}={version}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(pairs(&plan.before), "libdpkg-perl=1.21.22 tk-dev=8.6.13 unzip=6.0-28");
        assert_eq!(pairs(&plan.after), "cowsay=3.03+dfsg2-8 libdpkg-perl=1.21.23");
        assert_eq!(plan.configured, ["broken"]);
        assert!(Plan::parse("0 upgraded, 0 newly installed, 0 to remove and 1 not upgraded.\n").is_empty());
    }
}
