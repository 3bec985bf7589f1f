//! Modules that run beside the engine because they need variables, templates or files of the controller.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::context::Ctx;
use super::error::ModuleError;
use super::outcome::Outcome;
use crate::template::{Scope, Templar};
use crate::tree::Files;
use crate::value::{Map, Value};

/// What a controller action does to the run. The engine carries it out after the task, in order.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the variants' documentation names their fields")]
pub enum Effect {
    /// Sets variables of the host; `cacheable` also makes them facts.
    SetFact { facts: Map, cacheable: bool },
    /// Adds variables with the precedence of `include_vars`.
    IncludeVars(Map),
    /// Adds a host to the inventory of this run.
    AddHost { name: String, groups: Vec<String>, vars: Map },
    /// Puts the host into groups.
    GroupBy { groups: Vec<String>, parents: Vec<String> },
    /// Adds to the statistics shown at the end of the run.
    SetStats { data: Map, per_host: bool, aggregate: bool },
}

/// What a controller action can reach beside [`Ctx`].
pub struct ControllerCtx<'a> {
    /// Renders templates.
    pub templar: &'a Templar,
    /// The variables of this task on this host.
    pub scope: &'a dyn Scope,
    /// The general context; `ctx.working_dir` is the playbook's folder.
    pub ctx: &'a mut Ctx,
    /// Where controller-side files are read: the disk and the collection built into the binary.
    pub files: &'a dyn Files,
    /// Folders to look for a relative source file in, best first, for a kind of file (`files`, `templates`, `vars`).
    pub search_path: &'a dyn Fn(&str) -> Vec<PathBuf>,
    /// Runs a host module where the host is, by a name that [`table::find`](super::table::find) or
    /// [`table::internal`](super::table::internal) knows (`template` hands the rendered text to `_install_file`). An argument
    /// `source` of an internal module is a path on the controller's disk; a remote connection brings that file to the host
    /// first.
    pub run_module: &'a mut dyn FnMut(&str, &Value, &mut Ctx) -> Result<Outcome, ModuleError>,
    /// The host's name.
    pub host: &'a str,
}

/// A module that runs beside the engine. `Self` holds the task's options.
pub trait ControllerAction: DeserializeOwned + JsonSchema + Send + Sized + 'static {
    /// Does it; effects on the run are returned, not made.
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError>;
}

/// Runs a controller action with the task's arguments.
pub(super) fn run<A: ControllerAction>(
    args: &Value,
    ctx: &mut ControllerCtx<'_>,
) -> Result<(Outcome, Vec<Effect>), ModuleError> {
    let action: A = crate::value::from_value(args)?;
    let (mut outcome, effects) = action.run(ctx)?;
    outcome.warnings.extend(ctx.ctx.take_warnings());
    Ok((outcome, effects))
}
