//! What a run is asked for, whichever command asks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::config::{Config, ConfigError};
use super::connection_args;
use super::dialect::Dialect;
use super::facts::FactOptions;
use super::play_args::{OutputFormat, When};
use super::reporting::{Reporting, RetryFile};
use super::vault_passwords::VaultOptions;
use crate::engine::{Defaults, Gathering};
use crate::inventory::{LoadOptions, Shard};
use crate::report::{CallbackOptions, ResultFormat};
use crate::tree::Files;

/// Where roles are looked for when neither `--roles-path` nor the configuration says.
const ROLES_PATH: [&str; 2] = ["/usr/share/ansible/roles", "/etc/ansible/roles"];

/// What a run is asked for.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Request {
    pub(super) dialect: Dialect,
    pub(super) environment: BTreeMap<String, String>,
    /// The settings, for lookups.
    pub(super) config: Config,
    pub(super) playbooks: Vec<String>,
    /// Where playbooks are read from.
    pub(super) files: Arc<dyn Files>,
    pub(super) inventory: Vec<String>,
    pub(super) inventory_options: LoadOptions,
    pub(super) limit: Option<String>,
    pub(super) shard: Option<Shard>,
    pub(super) forks: usize,
    pub(super) tags: Vec<String>,
    pub(super) skip_tags: Vec<String>,
    pub(super) start_at_task: Option<String>,
    /// Ask before each task.
    pub(super) step: bool,
    pub(super) force_handlers: bool,
    pub(super) extra_vars: Vec<String>,
    pub(super) vault: VaultOptions,
    pub(super) check: bool,
    pub(super) diff: bool,
    pub(super) listing: Option<Listings>,
    pub(super) r#become: bool,
    pub(super) defaults: Defaults,
    pub(super) facts: FactOptions,
    pub(super) roles_path: Vec<PathBuf>,
    pub(super) collections_path: Vec<PathBuf>,
    /// Folders with modules of the user's.
    pub(super) library: Vec<PathBuf>,
    pub(super) reporting: Reporting,
    /// What to tell before the run.
    pub(super) warnings: Vec<String>,
}

/// What is listed in place of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Listings {
    pub(super) syntax: bool,
    pub(super) tasks: bool,
    pub(super) tags: bool,
    pub(super) hosts: bool,
}

impl Listings {
    /// `None` where nothing is listed.
    pub(super) fn some(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl Request {
    /// A request with what the configuration says; the command line goes on from here.
    pub(super) fn from_config(
        config: &Config,
        dialect: Dialect,
        environment: BTreeMap<String, String>,
        files: Arc<dyn Files>,
    ) -> anyhow::Result<Self> {
        let on = |name| config.switch(name).map(|found| found.unwrap_or(false));
        let home = environment.get("HOME").map(|home| Path::new(home).join(".ansible"));
        let home = config.path("ANSIBLE_HOME").or(home);
        let roles_path = config.paths("DEFAULT_ROLES_PATH", ':').unwrap_or_else(|| {
            home.iter().map(|home| home.join("roles")).chain(ROLES_PATH.map(PathBuf::from)).collect()
        });
        let mut warnings = config.warnings.clone();
        if config.text("DEFAULT_HASH_BEHAVIOUR").is_some_and(|behaviour| behaviour == "merge") {
            warnings.push(
                "hash_behaviour = merge is not supported: mappings of the same name replace each other".to_owned(),
            );
        }
        let gathering = match config.text("DEFAULT_GATHERING").filter(|text| !text.is_empty()) {
            None => Gathering::default(),
            Some(text) => Gathering::parse(text)
                .ok_or_else(|| config.refuse("DEFAULT_GATHERING", "it is one of implicit, explicit, smart"))?,
        };
        let timeout = config.number::<u64>("TASK_TIMEOUT")?.filter(|seconds| *seconds > 0);
        Ok(Self {
            dialect,
            config: config.clone(),
            playbooks: Vec::new(),
            files,
            inventory: config.inventories(),
            inventory_options: inventory_options(config),
            limit: None,
            shard: None,
            forks: config.number("DEFAULT_FORKS")?.unwrap_or(5).max(1),
            tags: config.list("TAGS_RUN").unwrap_or_default(),
            skip_tags: config.list("TAGS_SKIP").unwrap_or_default(),
            start_at_task: None,
            step: false,
            force_handlers: on("DEFAULT_FORCE_HANDLERS")?,
            extra_vars: Vec::new(),
            vault: VaultOptions::default(),
            check: false,
            diff: on("DIFF_ALWAYS")?,
            listing: None,
            r#become: on("DEFAULT_BECOME")?,
            defaults: Defaults {
                connection: connection_args::from_config(config, &environment)?,
                gathering,
                any_errors_fatal: on("ANY_ERRORS_FATAL")?,
                task_timeout: timeout.map(Duration::from_secs),
                strategy: config.text("DEFAULT_STRATEGY").filter(|name| !name.is_empty()).map(str::to_owned),
            },
            facts: FactOptions::from_config(config, &mut warnings)?,
            roles_path,
            collections_path: config.paths("COLLECTIONS_PATHS", ':').unwrap_or_default(),
            library: config.paths("DEFAULT_MODULE_PATH", ':').unwrap_or_else(|| default_library(&environment)),
            reporting: reporting(config, dialect, &environment, &mut warnings)?,
            environment,
            warnings,
        })
    }
}

/// What the configuration says of inventories.
pub(super) fn inventory_options(config: &Config) -> LoadOptions {
    LoadOptions {
        ignore_endings: config.list("INVENTORY_IGNORE_EXTS"),
        ignore_patterns: config.list("INVENTORY_IGNORE_PATTERNS").unwrap_or_default(),
        host_list_ranges: reads_ranges(&config.list("INVENTORY_ENABLED").unwrap_or_default()),
        ..LoadOptions::default()
    }
}

/// Whether of the enabled inventory plug-ins the first one for lists of hosts is that which knows ranges.
fn reads_ranges(enabled: &[String]) -> bool {
    let short = |name: &String| name.strip_prefix("ansible.builtin.").unwrap_or(name).to_owned();
    let first = enabled.iter().map(short).find(|name| matches!(name.as_str(), "host_list" | "advanced_host_list"));
    first.is_some_and(|name| name == "advanced_host_list")
}

/// The report that the configuration asks for.
fn reporting(
    config: &Config,
    dialect: Dialect,
    environment: &BTreeMap<String, String>,
    warnings: &mut Vec<String>,
) -> Result<Reporting, ConfigError> {
    let switch = |name, default| config.switch(name).map(|found| found.unwrap_or(default));
    let result_format = match config.text("CALLBACK_RESULT_FORMAT").filter(|text| !text.is_empty()) {
        None | Some("json") => ResultFormat::Json,
        Some("yaml") => ResultFormat::Yaml,
        Some(_) => return Err(config.refuse("CALLBACK_RESULT_FORMAT", "it is json or yaml")),
    };
    let mut callback = CallbackOptions {
        dir: std::env::current_dir().unwrap_or_default(),
        display_skipped_hosts: switch("DISPLAY_SKIPPED_HOSTS", true)?,
        display_ok_hosts: switch("CALLBACK_DISPLAY_OK_HOSTS", true)?,
        display_failed_stderr: switch("CALLBACK_DISPLAY_FAILED_STDERR", false)?,
        show_custom_stats: switch("SHOW_CUSTOM_STATS", false)?,
        show_task_path_on_failure: switch("CALLBACK_SHOW_TASK_PATH_ON_FAILURE", false)?,
        check_mode_markers: switch("CALLBACK_CHECK_MODE_MARKERS", false)?,
        result_format,
        pretty_results: config.switch("CALLBACK_FORMAT_PRETTY")?,
        diff_context: config.number("DIFF_CONTEXT")?.unwrap_or(3),
        ..CallbackOptions::default()
    };
    let asked = config.text("DEFAULT_STDOUT_CALLBACK").unwrap_or_default();
    let name = asked.strip_prefix("ansible.builtin.").unwrap_or(asked);
    let mut format = if dialect == Dialect::Ansible { OutputFormat::Ansible } else { OutputFormat::Console };
    match name {
        "" | "default" => {}
        "minimal" => format = OutputFormat::AnsibleMinimal,
        "oneline" => format = OutputFormat::AnsibleOneline,
        // what the retired callback of that name did
        "yaml" | "community.general.yaml" => callback.result_format = ResultFormat::Yaml,
        other => warnings.push(format!("there is no stdout callback `{other}` here; the default one is used")),
    }
    // as Ansible has it, a setting to force colours wins over one not to have any
    let colour = if switch("ANSIBLE_FORCE_COLOR", false)? {
        When::Always
    } else if config.text("ANSIBLE_NOCOLOR").is_some_and(|text| !text.is_empty() && text != "0" && text != "false") {
        When::Never
    } else {
        When::Auto
    };
    let retry = switch("RETRY_FILES_ENABLED", false)?
        .then(|| RetryFile { folder: config.path("RETRY_FILES_SAVE_PATH"), playbook: None });
    Ok(Reporting {
        format,
        verbosity: config.number("DEFAULT_VERBOSITY")?.unwrap_or(0),
        colour,
        no_color: environment.contains_key("NO_COLOR"),
        callback,
        retry,
        log: config.path("DEFAULT_LOG_PATH"),
        tree: None,
    })
}

/// Where Ansible looks for modules of the user's by default.
fn default_library(environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let own = environment.get("HOME").map(|home| PathBuf::from(home).join(".ansible/plugins/modules"));
    own.into_iter().chain([PathBuf::from("/usr/share/ansible/plugins/modules")]).collect()
}
