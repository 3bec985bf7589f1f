//! One line of the module table.

use schemars::{Schema, SchemaGenerator};

use super::action::{self, Action};
use super::context::Ctx;
use super::controller::{self, ControllerAction, ControllerCtx, Effect};
use super::error::ModuleError;
use super::managed::{self, Managed};
use super::outcome::Outcome;
use crate::value::Value;

/// How a module's free-form text (`command: ls -l`) becomes options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeForm {
    /// `key=value` pairs only.
    KeyValue,
    /// Text that is not `key=value` of a known option becomes this option (`_raw_params` of command, shell, script, raw).
    Raw(&'static str),
}

/// The function behind a module.
#[derive(Clone, Copy)]
pub enum Runner {
    /// Runs where the host is.
    Host(fn(&Value, &mut Ctx) -> Result<Outcome, ModuleError>),
    /// Runs beside the engine.
    Controller(fn(&Value, &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError>),
    /// The engine itself does it (`meta`, `include_tasks`, `import_role` …); the entry exists for names, options and docs.
    Engine,
}

/// A module: its names, its options, its function.
#[derive(Clone, Copy)]
pub struct ModuleDef {
    /// The short name, `copy`.
    pub name: &'static str,
    /// The collection it belongs to, `ansible.builtin`.
    pub collection: &'static str,
    /// Further names: short ones, or full ones of other collections.
    pub aliases: &'static [&'static str],
    /// Full names of the groups of `module_defaults` that it is in.
    pub groups: &'static [&'static str],
    /// How free-form text is read.
    pub free_form: FreeForm,
    /// Whether it keeps a thing as declared, so that check mode foresees what it does.
    pub keeps_state: bool,
    /// Whether options beyond the schema are taken (`set_fact`, `add_host`).
    pub open: bool,
    /// Whether a host that cannot be reached is this module's own business: its failure, not the host's end.
    pub outlives: bool,
    /// Options that are paths of files on the controller; they are brought to the host first.
    pub uploads: &'static [&'static str],
    /// Whether a task may run it in the background (`async`). Of a module that begins on the controller it is the host's part that
    /// does.
    pub background: bool,
    /// The options: JSON Schema of the parameter struct, its doc comments as descriptions.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// The function.
    pub runner: Runner,
}

impl std::fmt::Debug for ModuleDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ModuleDef({}.{})", self.collection, self.name)
    }
}

impl ModuleDef {
    /// A module that keeps a thing as declared.
    pub const fn managed<M: Managed>(collection: &'static str, name: &'static str) -> Self {
        let mut module = Self::new(collection, name, M::json_schema, Runner::Host(managed::run::<M>));
        module.keeps_state = true;
        module
    }

    /// A module that does something.
    pub const fn action<A: Action>(collection: &'static str, name: &'static str) -> Self {
        Self::new(collection, name, A::json_schema, Runner::Host(action::run::<A>))
    }

    /// A module that runs beside the engine.
    pub const fn controller<A: ControllerAction>(collection: &'static str, name: &'static str) -> Self {
        Self::new(collection, name, A::json_schema, Runner::Controller(controller::run::<A>))
    }

    /// A module that the engine itself carries out.
    pub const fn engine<P: schemars::JsonSchema>(collection: &'static str, name: &'static str) -> Self {
        Self::new(collection, name, P::json_schema, Runner::Engine)
    }

    const fn new(
        collection: &'static str,
        name: &'static str,
        schema: fn(&mut SchemaGenerator) -> Schema,
        runner: Runner,
    ) -> Self {
        Self {
            name,
            collection,
            aliases: &[],
            groups: &[],
            free_form: FreeForm::KeyValue,
            keeps_state: false,
            open: false,
            outlives: false,
            uploads: &[],
            background: matches!(runner, Runner::Host(_)),
            schema,
            runner,
        }
    }

    /// With further names.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// In groups of `module_defaults`, named in full (`community.general.group`).
    #[must_use]
    pub const fn groups(mut self, groups: &'static [&'static str]) -> Self {
        self.groups = groups;
        self
    }

    /// With free-form text as an option.
    #[must_use]
    pub const fn raw(mut self, option: &'static str) -> Self {
        self.free_form = FreeForm::Raw(option);
        self
    }

    /// Running in the background where a task asks for it, although it begins on the controller.
    #[must_use]
    pub const fn in_background(mut self) -> Self {
        self.background = true;
        self
    }

    /// Never running in the background.
    #[must_use]
    pub const fn in_foreground(mut self) -> Self {
        self.background = false;
        self
    }

    /// With options that are paths of files on the controller.
    #[must_use]
    pub const fn uploads(mut self, options: &'static [&'static str]) -> Self {
        self.uploads = options;
        self
    }

    /// Dealing itself with a host that cannot be reached.
    #[must_use]
    pub const fn outlives(mut self) -> Self {
        self.outlives = true;
        self
    }

    /// Taking options beyond the schema.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }
}
