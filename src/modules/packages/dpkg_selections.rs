//! `dpkg_selections`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value};

/// What dpkg shall do with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Selection {
    /// Install or upgrade it.
    Install,
    /// Leave it as it is.
    Hold,
    /// Remove it.
    Deinstall,
    /// Remove it with its configuration files.
    Purge,
}

impl Selection {
    fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Hold => "hold",
            Self::Deinstall => "deinstall",
            Self::Purge => "purge",
        }
    }
}

/// Keeps what dpkg is told to do with a package, most often to `hold` it. Nothing is installed or removed by it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DpkgSelections {
    /// The package.
    name: String,
    /// What dpkg shall do with it.
    selection: Selection,
}

/// A package's selection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectionState {
    selection: String,
    #[serde(skip)]
    before: Before,
}

/// What was there, for the result.
#[derive(Clone, Debug)]
struct Before(String);

impl PartialEq for Before {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Managed for DpkgSelections {
    type State = SelectionState;

    fn read(&self, ctx: &mut Ctx) -> Result<SelectionState, ModuleError> {
        let output = ctx.command(["dpkg", "--get-selections", &self.name]).env("LC_ALL", "C").run()?;
        let text = output.success("reading the selections of dpkg")?.out();
        let found = text.lines().find_map(|line| line.split_whitespace().nth(1).map(str::to_owned));
        let selection = found.unwrap_or_else(|| "not present".to_owned());
        Ok(SelectionState { before: Before(selection.clone()), selection })
    }

    fn desired(&self, current: &SelectionState, _: &mut Ctx) -> Result<SelectionState, ModuleError> {
        if current.selection == "not present" {
            return Err(ModuleError::new(format!("Failed to find package '{}' to perform selection", self.name)));
        }
        Ok(SelectionState { selection: self.selection.word().to_owned(), before: current.before.clone() })
    }

    fn apply(&self, _: &SelectionState, desired: &SelectionState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let line = format!("{} {}\n", self.name, desired.selection);
        ctx.command(["dpkg", "--set-selections"]).stdin(line).run()?.success("setting the selection")?;
        Ok(Applied::default())
    }

    fn values(&self, state: &SelectionState) -> Map {
        [
            ("before".into(), Value::from(state.before.0.as_str())),
            ("after".into(), Value::from(state.selection.as_str())),
        ]
        .into()
    }

    fn title(&self) -> String {
        format!("selection of {}", self.name)
    }
}
