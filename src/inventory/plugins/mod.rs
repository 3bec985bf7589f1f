//! Inventory plug-ins: YAML files that say with `plugin:` which of them they are for.

mod constructed;
mod dispatch;
mod generator;
mod options;

use dispatch::Result;
pub(super) use dispatch::{PluginContext, run};
