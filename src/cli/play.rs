//! `quaymaster play`: from the command line to a finished run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::config::Config;
use super::diagnostics;
use super::dialect::Dialect;
use super::extra_vars;
use super::outside::World;
use super::play_args::{Args, OutputFormat};
use super::questions::Questions;
use super::request::{Listings, Request};
use super::terminal::{GRACE, User};
use crate::diag::{Diagnostic, Diagnostics, ExitCode, SourceMap};
use crate::engine::{self, Run};
use crate::event::EventSink;
use crate::inventory::{Inventory, Limit, LoadOptions};
use crate::modules::{HostServices, LookupServices, RunMode};
use crate::playbook::{Listing, Loader, LoaderOptions, Play, Playbook, TagFilter, split_tags, syntax_checked};
use crate::quay::QuayPool;
use crate::template::{MapScope, Templar};
use crate::value::{Map, python_str};
use crate::vars::{Hosts, Settings};

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

/// `quaymaster play`.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let environment = environment();
    let config = Config::load(&environment, &std::env::current_dir()?)?;
    play(args.into_request(&config, environment)?)
}

/// The variables of the environment that are text.
pub(super) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Loads, checks and runs playbooks.
pub(super) fn play(request: Request) -> anyhow::Result<ExitCode> {
    let sources = SourceMap::new();
    let colour = diagnostics::stderr_colour(request.environment.contains_key("NO_COLOR"));
    for warning in &request.warnings {
        request.dialect.warn(warning);
    }
    let mut warnings = Diagnostics::new();
    let prepared = prepare(&request, &sources, &mut warnings)?;
    request.dialect.print(&warnings, &sources, colour);
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => {
            request.dialect.print(&problems, &sources, colour);
            if request.dialect == Dialect::Own {
                summary(&problems);
            }
            return Ok(ExitCode::Invalid);
        }
    };
    if let Some(listing) = request.listing {
        list(&request, listing, &prepared);
        return Ok(ExitCode::Success);
    }
    execute(request, prepared)
}

#[expect(clippy::print_stderr, reason = "the edge where diagnostics become text")]
fn summary(problems: &[Diagnostic]) {
    let count = if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) };
    eprintln!("{count} found, nothing was run");
}

/// Reads the command line's files. Problems in what the user wrote are the inner error, all at once where possible.
fn prepare(
    request: &Request,
    sources: &SourceMap,
    warnings: &mut Diagnostics,
) -> anyhow::Result<Result<Prepared, Diagnostics>> {
    let mut refused = Vec::new();
    let vault = request.vault.load(&mut refused).context("cannot get the Vault passwords")?;
    warnings.extend(refused.iter().map(|error| Diagnostic::warning("vault-password", error.to_string())));
    let services = LookupServices::new(request.environment.clone(), vault.redactor().clone());
    let templar = Templar::new(vault.clone(), vault.redactor().clone())
        .with_context(request.environment.clone(), Some(sources.clone()))
        .with_outside(Arc::new(World::new(services, request.config.clone())));
    let extra_vars = match extra_vars::parse(&request.extra_vars, sources, &vault, warnings)? {
        Ok(vars) => vars,
        Err(problem) => return Ok(Err(vec![*problem])),
    };
    let options = LoadOptions { extra_vars: extra_vars.clone(), ..request.inventory_options.clone() };
    let inventory = match Inventory::load_with(&request.inventory, sources, &vault, &options, warnings) {
        Ok(inventory) => inventory,
        Err(problems) => return Ok(Err(problems)),
    };
    let loader = Loader::new(LoaderOptions {
        sources: sources.clone(),
        files: Arc::clone(&request.files),
        templar: templar.clone(),
        extra_vars: extra_vars.clone(),
        roles_path: request.roles_path.clone(),
        collections_path: request.collections_path.clone(),
        library: request.library.clone(),
        lists: request.listing.is_some_and(|listing| !listing.syntax),
    });
    let (mut playbooks, mut problems) = (Vec::new(), Diagnostics::new());
    for name in &request.playbooks {
        match loader.load_playbook(name) {
            Ok(playbook) => playbooks.push(playbook),
            Err(found) => problems.extend(found),
        }
    }
    warnings.extend(loader.take_warnings());
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let mut limit = request.limit.as_deref().map(Limit::parse).transpose()?.unwrap_or_default();
    match inventory.has_within(&limit) {
        Ok(true) => {}
        Ok(false) if request.dialect == Dialect::Ansible => {
            bail!("Specified inventory, host pattern and/or --limit leaves us with no hosts to target.")
        }
        Ok(false) => {
            bail!("no host of the inventory is within `--limit {}`", request.limit.as_deref().unwrap_or_default())
        }
        Err(problem) => return Ok(Err(vec![*problem])),
    }
    if let Some(shard) = request.shard {
        limit = match limit.within_shard(shard, &inventory) {
            Ok(limit) => limit,
            Err(problem) => return Ok(Err(vec![*problem])),
        };
    }
    let split = |given: &[String]| given.iter().flat_map(|text| split_tags(text)).collect::<Vec<_>>();
    // without a choice of tags `--list-tags` shows all of them, `never` too
    let lists_tags = request.listing.is_some_and(|listing| listing.tags);
    let filter = if lists_tags && request.tags.is_empty() && request.skip_tags.is_empty() {
        TagFilter::everything()
    } else {
        TagFilter::new(split(&request.tags), split(&request.skip_tags))
    };
    Ok(Ok(Prepared { sources: sources.clone(), templar, extra_vars, inventory, loader, playbooks, limit, filter }))
}

/// `--syntax-check` and the listings.
#[expect(clippy::print_stdout, reason = "the listing is the output")]
fn list(request: &Request, listing: Listings, prepared: &Prepared) {
    if listing.syntax {
        for name in &request.playbooks {
            print!("{}", syntax_checked(name));
        }
        return;
    }
    let hosts = |play: &Play| hosts_of(play, prepared);
    let listing = Listing {
        tasks: listing.tasks,
        tags: listing.tags,
        hosts: if listing.hosts { Some(&hosts) } else { None },
        filter: &prepared.filter,
        extra_vars: &prepared.extra_vars,
        templar: &prepared.templar,
    };
    for (name, playbook) in request.playbooks.iter().zip(&prepared.playbooks) {
        print!("{}", listing.text(name, playbook));
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

/// Lists the hosts of a pattern, as `ansible --list-hosts` does.
#[expect(clippy::print_stdout, reason = "the listing is the output")]
pub(super) fn list_hosts(request: &Request, pattern: &str) -> anyhow::Result<ExitCode> {
    let sources = SourceMap::new();
    let mut warnings = Diagnostics::new();
    let vault = request.vault.load(&mut Vec::new()).context("cannot get the Vault passwords")?;
    let limit = request.limit.as_deref().map(Limit::parse).transpose()?.unwrap_or_default();
    let options = &request.inventory_options;
    let loaded = Inventory::load_with(&request.inventory, &sources, &vault, options, &mut warnings);
    let hosts = loaded.and_then(|inventory| {
        let hosts = inventory.hosts_matching(pattern, &mut warnings).map_err(|problem| vec![*problem])?;
        inventory.limited(hosts, &limit, &mut warnings).map_err(|problem| vec![*problem])
    });
    request.dialect.print(&warnings, &sources, false);
    match hosts {
        Ok(hosts) => {
            if hosts.is_empty() {
                request.dialect.warn("No hosts matched, nothing to do");
            }
            let mut lines = format!("  hosts ({}):\n", hosts.len());
            for host in &hosts {
                lines.push_str("    ");
                lines.push_str(host);
                lines.push('\n');
            }
            print!("{lines}");
            Ok(ExitCode::Success)
        }
        Err(problems) => {
            request.dialect.print(&problems, &sources, false);
            Ok(ExitCode::Invalid)
        }
    }
}

/// Runs the playbooks; events go to the report on a thread of its own.
#[expect(clippy::print_stdout, reason = "Ansible says first which configuration it read")]
fn execute(request: Request, prepared: Prepared) -> anyhow::Result<ExitCode> {
    let reporting = request.reporting;
    if request.dialect == Dialect::Ansible && reporting.verbosity > 0 {
        match &request.config.file {
            Some(path) => println!("Using {} as config file", path.display()),
            None => println!("No config file found; using defaults"),
        }
    }
    let verbosity = reporting.verbosity;
    let asks = reporting.format != OutputFormat::Json;
    let (sink, events) = EventSink::new(prepared.templar.redactor().clone());
    let mut services = HostServices::with_environment(request.environment);
    // without it only background jobs are impossible, and a task that asks for one says so
    if let Ok(program) = std::env::current_exe() {
        services = services.with_program(program);
    }
    let services = Arc::new(if asks { services.with_terminal(Arc::new(User)) } else { services });
    let settings = Settings {
        mode: RunMode { check: request.check, diff: request.diff, verbosity },
        forks: request.forks,
        limit: request.limit,
        run_tags: request.tags.iter().flat_map(|text| split_tags(text)).collect(),
        skip_tags: request.skip_tags.iter().flat_map(|text| split_tags(text)).collect(),
        inventory_sources: request.inventory.clone(),
        config_file: request.config.file,
    };
    let cancel = CancellationToken::new();
    let shown = Arc::new(AtomicU64::new(0));
    let questions = Questions::new(cancel.clone(), sink.clone(), Arc::clone(&shown));
    let read_again = {
        let (given, vault) = (request.inventory.clone(), prepared.templar.vault().clone());
        let sources = prepared.sources.clone();
        let options = LoadOptions { extra_vars: prepared.extra_vars.clone(), ..request.inventory_options };
        move |warnings: &mut Diagnostics| Inventory::load_with(&given, &sources, &vault, &options, warnings)
    };
    let shared = Arc::clone(&services);
    let facts = request.facts.policy(|| prepared.inventory.all_hosts())?;
    let run = Run {
        playbooks: prepared.playbooks,
        hosts: Hosts::new(prepared.inventory, prepared.sources, prepared.templar.vault().clone()).with_facts(facts),
        settings,
        limit: prepared.limit,
        extra_vars: prepared.extra_vars,
        tags: prepared.filter,
        start_at_task: request.start_at_task,
        force_handlers: request.force_handlers,
        r#become: request.r#become,
        defaults: request.defaults,
        templar: prepared.templar,
        loader: prepared.loader,
        services,
        sink,
        cancel: cancel.clone(),
        prompter: Arc::new(move |question| questions.ask(question)),
        inventory: Arc::new(read_again),
        step: request.step,
        started: jiff::Timestamp::now().to_string(),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads to work with")?;
    let reporter = std::thread::spawn(move || reporting.run(events, &shown));
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
