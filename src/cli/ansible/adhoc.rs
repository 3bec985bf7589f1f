//! `ansible`: one task on some hosts.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::common::{OptionsError, configuration};
use super::run_args::RunArgs;
use crate::cli::dialect::Dialect;
use crate::cli::play::{list_hosts, play};
use crate::cli::play_args::OutputFormat;
use crate::cli::request::Request;
use crate::diag::ExitCode;
use crate::tree::{COLLECTION, FileKind, Files, WithEmbedded};

/// Modules that do nothing without arguments.
const WANT_ARGUMENTS: &[&str] = &["command", "win_command", "win_shell", "raw", "script", "shell"];

/// Arguments of `ansible`.
#[derive(Debug, clap::Args)]
pub(super) struct AdHocArgs {
    /// The hosts
    pattern: String,
    #[command(flatten)]
    run: RunArgs,
    /// The module
    #[arg(short = 'm', long)]
    module_name: Option<String>,
    /// Its options: `key=value …`, a JSON or YAML mapping, or a command
    #[arg(short = 'a', long = "args", allow_hyphen_values = true)]
    args: Option<String>,
    /// One line for each host
    #[arg(short, long)]
    one_line: bool,
    /// Write each host's result to a file in this folder
    #[arg(short, long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// Let the task go on in the background for at most so many seconds
    #[arg(short = 'B', long, value_name = "SECONDS")]
    background: Option<u64>,
    /// Seconds between looks at a task in the background
    #[arg(short = 'P', long = "poll", value_name = "SECONDS")]
    poll: Option<u64>,
    /// Seconds that the task may take
    #[arg(long)]
    task_timeout: Option<u64>,
    /// The folder that stands in for a playbook's
    #[arg(long, value_name = "DIR")]
    playbook_dir: Option<PathBuf>,
}

/// Runs the task.
pub(super) fn run(args: AdHocArgs) -> anyhow::Result<ExitCode> {
    let (environment, config) = configuration()?;
    let module = match (&args.module_name, config.text("DEFAULT_MODULE_NAME").filter(|name| !name.is_empty())) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "command".to_owned(),
    };
    let given = args.args.clone().or_else(|| config.text("DEFAULT_MODULE_ARGS").map(str::to_owned));
    let given = given.unwrap_or_default();
    let lists = args.run.list_hosts;
    let short = module.strip_prefix("ansible.builtin.").unwrap_or(&module);
    if !lists && given.trim().is_empty() && WANT_ARGUMENTS.contains(&short) {
        let hint = if Path::new(&args.pattern).extension().is_some_and(|ending| ending == "yml") {
            " (did you mean to run ansible-playbook?)"
        } else {
            ""
        };
        return Err(OptionsError(format!("No argument passed to {module} module{hint}")).into());
    }
    if matches!(short, "import_playbook" | "import_tasks" | "import_role") {
        return Err(OptionsError(format!("'{module}' is not a valid action for ad-hoc commands")).into());
    }
    let folder = match args.playbook_dir.clone().or_else(|| config.path("PLAYBOOK_DIR")) {
        Some(folder) => std::path::absolute(folder)?,
        None => std::env::current_dir()?,
    };
    let path = folder.join("__adhoc_playbook__");
    let text = playbook(&args, &module, &given);
    let files = Arc::new(OneMore { path: path.clone(), text });
    let mut request = Request::from_config(&config, Dialect::Ansible, environment, files)?;
    request.playbooks = vec![path.to_string_lossy().into_owned()];
    // only a callback that was chosen by name takes the place of these
    if args.one_line {
        request.reporting.format = OutputFormat::AnsibleOneline;
    } else if config.switch("DEFAULT_LOAD_CALLBACK_PLUGINS")? != Some(true)
        || request.reporting.format == OutputFormat::Ansible && config.text("DEFAULT_STDOUT_CALLBACK").is_none()
    {
        request.reporting.format = OutputFormat::AnsibleMinimal;
    }
    request.reporting.retry = None;
    request.reporting.tree = args.tree;
    let request = args.run.apply(request, &config)?;
    if lists { list_hosts(&request, &args.pattern) } else { play(request) }
}

/// The playbook of the one task.
fn playbook(args: &AdHocArgs, module: &str, given: &str) -> String {
    let quoted = |text: &str| Json::String(text.to_owned()).to_string();
    let mut out = format!(
        "- name: Ansible Ad-Hoc\n  hosts: {}\n  gather_facts: false\n  tasks:\n    - {}: ",
        quoted(&args.pattern),
        quoted(module)
    );
    let trimmed = given.trim();
    if trimmed.starts_with('{') && !trimmed.starts_with("{{") {
        out.push_str(trimmed);
    } else {
        out.push_str(&quoted(given));
    }
    out.push('\n');
    for (keyword, value) in [("async", args.background), ("poll", args.poll), ("timeout", args.task_timeout)] {
        if let Some(value) = value {
            let _ = writeln!(out, "      {keyword}: {value}");
        }
    }
    out
}

/// The files there are, and the playbook that only exists here.
#[derive(Debug)]
struct OneMore {
    path: PathBuf,
    text: String,
}

/// Everything else.
static REST: std::sync::LazyLock<WithEmbedded> = std::sync::LazyLock::new(|| WithEmbedded::new(COLLECTION));

impl Files for OneMore {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == self.path { Ok(self.text.clone().into_bytes()) } else { REST.read(path) }
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        if path == self.path { Some(FileKind::File) } else { REST.kind(path) }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        REST.list(folder)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        REST.mode(path)
    }
}
