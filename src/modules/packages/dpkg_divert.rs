//! `dpkg_divert`.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::state::State;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value};

/// Keeps a diversion of dpkg: packages that bring a file put it elsewhere.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DpkgDivert {
    /// The file that packages bring.
    #[serde(alias = "name")]
    #[schemars(extend("x-aliases" = ["name"]))]
    path: String,
    /// Whether the diversion shall be there.
    #[serde(default)]
    state: State,
    /// Where packages put it instead; the path with `.distrib` where not given.
    divert: Option<String>,
    /// The package whose file is not diverted; `LOCAL` where not given.
    holder: Option<String>,
    /// Move the file that is there away, or back.
    #[serde(default)]
    rename: bool,
    /// Move it even where something is in its place already.
    #[serde(default)]
    force: bool,
}

/// A diversion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diversion {
    divert: String,
    holder: String,
}

impl DpkgDivert {
    fn wanted(&self) -> Diversion {
        Diversion {
            divert: self.divert.clone().unwrap_or_else(|| format!("{}.distrib", self.path)),
            holder: self.holder.clone().unwrap_or_else(|| "LOCAL".to_owned()),
        }
    }

    fn arguments(&self, diversion: &Diversion, remove: bool, rename: bool) -> Vec<String> {
        let mut argv = vec!["dpkg-divert".to_owned()];
        argv.push(if rename { "--rename" } else { "--no-rename" }.to_owned());
        if remove {
            argv.extend(["--remove".to_owned(), self.path.clone()]);
            return argv;
        }
        if diversion.holder == "LOCAL" {
            argv.push("--local".to_owned());
        } else {
            argv.extend(["--package".to_owned(), diversion.holder.clone()]);
        }
        argv.extend(["--divert".to_owned(), diversion.divert.clone(), "--add".to_owned(), self.path.clone()]);
        argv
    }
}

impl Managed for DpkgDivert {
    type State = Option<Diversion>;

    fn read(&self, ctx: &mut Ctx) -> Result<Option<Diversion>, ModuleError> {
        let argv = ["dpkg-divert", "--listpackage", self.path.as_str()];
        let output = ctx.command(argv).env("LC_ALL", "C").run()?.success("asking for the diversion")?;
        let holder = output.out().trim().to_owned();
        if holder.is_empty() {
            return Ok(None);
        }
        let output = ctx.command(["dpkg-divert", "--truename", self.path.as_str()]).run()?;
        let divert = output.success("asking for the diversion")?.out().trim().to_owned();
        Ok(Some(Diversion { divert, holder }))
    }

    fn desired(&self, _: &Option<Diversion>, _: &mut Ctx) -> Result<Option<Diversion>, ModuleError> {
        Ok((self.state == State::Present).then(|| self.wanted()))
    }

    fn apply(
        &self,
        current: &Option<Diversion>,
        desired: &Option<Diversion>,
        ctx: &mut Ctx,
    ) -> Result<Applied, ModuleError> {
        let (mut commands, mut messages) = (Vec::new(), Vec::new());
        let mut run = |argv: Vec<String>| -> Result<(), ModuleError> {
            commands.push(Value::from(argv.join(" ")));
            let output = ctx.command(argv).env("LC_ALL", "C").run()?.success("dpkg-divert")?;
            messages.extend(output.out().lines().map(Value::from));
            Ok(())
        };
        // what stands where a file shall be moved to is lost only where that was asked for
        let give_way = |from: &str, to: &str| -> Result<(), ModuleError> {
            if self.rename && self.force && Path::new(from).exists() && Path::new(to).exists() {
                fs::remove_file(to).map_err(|error| ModuleError::because(format!("cannot remove `{to}`"), error))?;
            }
            Ok(())
        };
        if let Some(old) = current {
            give_way(&old.divert, &self.path)?;
            run(self.arguments(old, true, self.rename))?;
        }
        if let Some(new) = desired {
            give_way(&self.path, &new.divert)?;
            run(self.arguments(new, false, self.rename))?;
        }
        let mut applied = Applied::default();
        applied.values.insert("commands".into(), Value::list(commands));
        applied.values.insert("messages".into(), Value::list(messages));
        Ok(applied)
    }

    fn values(&self, state: &Option<Diversion>) -> Map {
        let text = |pick: fn(&Diversion) -> &String| {
            state.as_ref().map_or(Value::Null, |diversion| Value::from(pick(diversion).as_str()))
        };
        let diversion: Map = [
            ("divert".into(), text(|diversion| &diversion.divert)),
            ("holder".into(), text(|diversion| &diversion.holder)),
            ("path".into(), Value::from(self.path.as_str())),
            ("state".into(), Value::from(if state.is_some() { "present" } else { "absent" })),
        ]
        .into();
        [
            ("diversion".into(), Value::map(diversion)),
            ("commands".into(), Value::list(Vec::new())),
            ("messages".into(), Value::list(Vec::new())),
        ]
        .into()
    }

    fn title(&self) -> String {
        format!("diversion of {}", self.path)
    }
}
