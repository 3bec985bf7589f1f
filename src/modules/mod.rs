//! The modules: what a task can do on a host.
//!
//! Two kinds run where the host is: a [`Managed`] module keeps a thing as declared (it tells how to read it, what is wanted,
//! and how to apply the difference; [`managed::run`] compares, shows the diff and honours check mode), and an [`Action`]
//! merely does something and says so. A third kind, the [`ControllerAction`], runs beside the engine because it needs
//! variables and templates (`set_fact`, `template`, `debug`); its effects on the run are returned as data.
//!
//! Adding a module is one file and one line in [`table::MODULES`].

mod action;
mod context;
mod controller;
mod definition;
pub mod doc;
mod error;
mod json_text;
mod lookup_services;
pub mod managed;
mod options;
mod outcome;
mod pyregex;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;

pub mod commands;
pub mod control;
pub mod custom;
pub mod files;
pub mod host;
pub mod net;
pub mod packages;
pub mod quay;
pub mod scm;
pub mod system;

pub use action::Action;
pub use context::{Ctx, HostServices, RunMode, Terminal};
pub use controller::{ControllerAction, ControllerCtx, Effect};
pub use definition::{FreeForm, ModuleDef, Runner};
pub use error::ModuleError;
use json_text::python_json;
pub use lookup_services::LookupServices;
pub use managed::{Applied, Managed};
pub use outcome::{Diff, DiffText, Outcome};
