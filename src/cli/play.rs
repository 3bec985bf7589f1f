//! `quaymaster play`: from the command line to a finished run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::diagnostics;
use super::extra_vars;
use super::play_args::{Args, OutputFormat};
use super::reporting::Reporting;
use super::terminal::{GRACE, User};
use super::vault_passwords;
use crate::diag::{Diagnostic, Diagnostics, ExitCode, SourceMap};
use crate::engine::{self, Question, Run};
use crate::event::EventSink;
use crate::inventory::{Inventory, Limit};
use crate::modules::{HostServices, LookupServices, RunMode, Terminal as _};
use crate::playbook::{Listing, Loader, LoaderOptions, Play, Playbook, TagFilter, split_tags, syntax_checked};
use crate::quay::QuayPool;
use crate::template::{MapScope, Templar};
use crate::tree::{COLLECTION, Files, WithEmbedded};
use crate::value::{Map, python_str};
use crate::vars::{Hosts, Settings};

/// Where roles are looked for when neither `--roles-path` nor the environment says.
const ROLES_PATH: [&str; 2] = ["/usr/share/ansible/roles", "/etc/ansible/roles"];

/// Everything that is read before anything runs.
struct Prepared {
    sources: SourceMap,
    templar: Templar,
    extra_vars: Map,
    inventory: Inventory,
    loader: Loader,
    playbooks: Vec<Playbook>,
    limit: Limit,
    filter: TagFilter,
}

/// Loads, checks and runs the playbooks.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let sources = SourceMap::new();
    let colour = diagnostics::stderr_colour(environment.contains_key("NO_COLOR"));
    let mut warnings = Diagnostics::new();
    let prepared = prepare(args, &environment, &sources, &mut warnings)?;
    diagnostics::print(&warnings, &sources, colour);
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => {
            diagnostics::print(&problems, &sources, colour);
            summary(&problems);
            return Ok(ExitCode::Invalid);
        }
    };
    if args.syntax_check || args.list_tasks || args.list_tags || args.list_hosts {
        list(args, &prepared);
        return Ok(ExitCode::Success);
    }
    execute(args, prepared, environment)
}

#[expect(clippy::print_stderr, reason = "the edge where diagnostics become text")]
fn summary(problems: &[Diagnostic]) {
    let count = if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) };
    eprintln!("{count} found, nothing was run");
}

/// Reads the command line's files. Problems in what the user wrote are the inner error, all at once where possible.
fn prepare(
    args: &Args,
    environment: &BTreeMap<String, String>,
    sources: &SourceMap,
    warnings: &mut Diagnostics,
) -> anyhow::Result<Result<Prepared, Diagnostics>> {
    let mut refused = Vec::new();
    let vault = vault_passwords::load(&args.vault_password_file, &args.vault_id, args.ask_vault_pass, &mut refused)
        .context("cannot get the Vault passwords")?;
    warnings.extend(refused.iter().map(|error| Diagnostic::warning("vault-password", error.to_string())));
    let templar = Templar::new(vault.clone(), vault.redactor().clone())
        .with_context(environment.clone(), Some(sources.clone()))
        .with_outside(Arc::new(LookupServices::new(environment.clone(), vault.redactor().clone())));
    let extra_vars = match extra_vars::parse(&args.extra_vars, sources, &vault, warnings)? {
        Ok(vars) => vars,
        Err(problem) => return Ok(Err(vec![*problem])),
    };
    let inventory = match Inventory::load(&args.inventory, sources, &vault, warnings) {
        Ok(inventory) => inventory,
        Err(problems) => return Ok(Err(problems)),
    };
    let mut roles_path = args.roles_path.clone();
    if roles_path.is_empty() {
        roles_path.extend(environment.get("HOME").map(|home| PathBuf::from(home).join(".ansible/roles")));
        roles_path.extend(ROLES_PATH.map(PathBuf::from));
    }
    let files: Arc<dyn Files> = Arc::new(WithEmbedded::new(COLLECTION));
    let loader = Loader::new(LoaderOptions {
        sources: sources.clone(),
        files,
        templar: templar.clone(),
        extra_vars: extra_vars.clone(),
        roles_path,
        collections_path: Vec::new(),
    });
    let (mut playbooks, mut problems) = (Vec::new(), Diagnostics::new());
    for name in &args.playbooks {
        match loader.load_playbook(&name.to_string_lossy()) {
            Ok(playbook) => playbooks.push(playbook),
            Err(found) => problems.extend(found),
        }
    }
    warnings.extend(loader.take_warnings());
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let limit = args.limit.as_deref().map(Limit::parse).transpose()?.unwrap_or_default();
    let split = |given: &[String]| given.iter().flat_map(|text| split_tags(text)).collect::<Vec<_>>();
    // without a choice of tags `--list-tags` shows all of them, `never` too
    let filter = if args.list_tags && args.tags.is_empty() && args.skip_tags.is_empty() {
        TagFilter::everything()
    } else {
        TagFilter::new(split(&args.tags), split(&args.skip_tags))
    };
    Ok(Ok(Prepared { sources: sources.clone(), templar, extra_vars, inventory, loader, playbooks, limit, filter }))
}

/// `--syntax-check` and the listings.
#[expect(clippy::print_stdout, reason = "the listing is the output")]
fn list(args: &Args, prepared: &Prepared) {
    if args.syntax_check {
        for name in &args.playbooks {
            print!("{}", syntax_checked(&name.to_string_lossy()));
        }
        return;
    }
    let hosts = |play: &Play| hosts_of(play, prepared);
    let listing = Listing {
        tasks: args.list_tasks,
        tags: args.list_tags,
        hosts: if args.list_hosts { Some(&hosts) } else { None },
        filter: &prepared.filter,
        extra_vars: &prepared.extra_vars,
        templar: &prepared.templar,
    };
    for (name, playbook) in args.playbooks.iter().zip(&prepared.playbooks) {
        print!("{}", listing.text(&name.to_string_lossy(), playbook));
    }
}

/// The hosts that a play would work on. A pattern that cannot be rendered without a host's variables selects none here.
fn hosts_of(play: &Play, prepared: &Prepared) -> Vec<String> {
    let mut vars = play.keywords.vars.clone();
    vars.extend(prepared.extra_vars.iter().map(|(key, value)| (key.clone(), value.clone())));
    let Ok(patterns) = prepared.templar.render(&play.hosts, &MapScope(&vars)) else { return Vec::new() };
    let patterns: Vec<String> = match patterns.as_list() {
        Some(items) => items.iter().map(python_str).collect(),
        None => vec![python_str(&patterns)],
    };
    let mut ignored = Diagnostics::new();
    let Ok(hosts) = prepared.inventory.hosts_matching_any(&patterns, &mut ignored) else { return Vec::new() };
    let hosts = prepared.inventory.limited(hosts, &prepared.limit, &mut ignored).unwrap_or_default();
    hosts.iter().map(|host| host.as_str().to_owned()).collect()
}

/// Runs the playbooks; events go to the report on a thread of its own.
fn execute(args: &Args, prepared: Prepared, environment: BTreeMap<String, String>) -> anyhow::Result<ExitCode> {
    let no_color = environment.contains_key("NO_COLOR");
    let reporting = Reporting { format: args.output, verbosity: args.verbose, colour: args.color, no_color };
    let (sink, events) = EventSink::new(prepared.templar.redactor().clone());
    let mut services = HostServices::with_environment(environment);
    // without it only background jobs are impossible, and a task that asks for one says so
    if let Ok(program) = std::env::current_exe() {
        services = services.with_program(program);
    }
    let services =
        Arc::new(if args.output == OutputFormat::Console { services.with_terminal(Arc::new(User)) } else { services });
    let settings = Settings {
        mode: RunMode { check: args.check, diff: args.diff, verbosity: args.verbose },
        forks: args.forks.max(1),
        limit: args.limit.clone(),
        run_tags: args.tags.iter().flat_map(|text| split_tags(text)).collect(),
        skip_tags: args.skip_tags.iter().flat_map(|text| split_tags(text)).collect(),
        inventory_sources: args.inventory.clone(),
        config_file: None,
    };
    let cancel = CancellationToken::new();
    let asking = cancel.clone();
    let shared = Arc::clone(&services);
    let run = Run {
        playbooks: prepared.playbooks,
        hosts: Hosts::new(prepared.inventory, prepared.sources, prepared.templar.vault().clone()),
        settings,
        limit: prepared.limit,
        extra_vars: prepared.extra_vars,
        tags: prepared.filter,
        start_at_task: args.start_at_task.clone(),
        force_handlers: args.force_handlers,
        r#become: args.r#become,
        templar: prepared.templar,
        loader: prepared.loader,
        services,
        sink,
        cancel: cancel.clone(),
        prompter: Arc::new(move |question: &Question| ask(question, &asking)),
        started: jiff::Timestamp::now().to_string(),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads to work with")?;
    let reporter = std::thread::spawn(move || reporting.run(events));
    let outcome = runtime.block_on(async {
        let interrupted = tokio::spawn(interrupt(cancel));
        let outcome = engine::run(run).await;
        interrupted.abort();
        // a session that cannot be ended in time ends by itself
        drop(tokio::time::timeout(GRACE, shared.get::<QuayPool>().sign_out()).await);
        outcome
    });
    runtime.shutdown_timeout(GRACE);
    reporter.join().map_err(|_| anyhow::anyhow!("the report stopped"))?.context("cannot print the report")?;
    Ok(outcome.exit)
}

/// Waits for Ctrl-C or a termination signal and fires the token; a second signal ends the process at once.
#[expect(clippy::exit, reason = "the user asked twice")]
async fn interrupt(cancel: CancellationToken) {
    let (Ok(mut ctrl_c), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return;
    };
    tokio::select! { _ = ctrl_c.recv() => {}, _ = terminate.recv() => {} }
    cancel.cancel();
    tokio::select! { _ = ctrl_c.recv() => {}, _ = terminate.recv() => {} }
    std::process::exit(i32::from(ExitCode::Interrupted.code()));
}

/// Answers one question of `vars_prompt`.
fn ask(question: &Question, cancel: &CancellationToken) -> Result<String, String> {
    let text = match &question.default {
        Some(default) if !question.private => format!("{} [{default}]: ", question.text),
        _ => format!("{}: ", question.text),
    };
    let once = |text: &str| match User.ask(text, !question.private, cancel) {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(format!("there is nobody to ask for `{}`; give it with -e", question.name)),
        Err(error) => Err(format!("cannot ask for `{}`: {error}", question.name)),
    };
    let answer = once(&text)?;
    if question.confirm && once(&format!("confirm {text}"))? != answer {
        return Err(format!("the two answers for `{}` differ", question.name));
    }
    Ok(match &question.default {
        Some(default) if answer.is_empty() => default.clone(),
        _ => answer,
    })
}
