//! The rules of a run: a file, and the options over it.

use std::path::Path;

use anyhow::Context as _;

use super::args::Args;
use crate::diag::{Diagnostic, Diagnostics, SourceMap, did_you_mean};
use crate::prune::{DlrnSource, RemovalMode, Rules};
use crate::value::{ArgError, ArgErrorKind, from_value};
use crate::yaml::{self, Node, NodeKind};

/// Reads the rules. What is wrong in the file is a diagnostic that points at it.
pub(super) fn rules(args: &Args, sources: &SourceMap) -> anyhow::Result<Result<Rules, Box<Diagnostic>>> {
    let mut rules = match (&args.rules_file, args.days) {
        (Some(path), _) => match from_file(path, sources)? {
            Ok(rules) => rules,
            Err(diagnostic) => return Ok(Err(diagnostic)),
        },
        (None, Some(days)) => Rules::older_than(days),
        (None, None) => {
            return Ok(Err(Box::new(
                Diagnostic::error("prune-rules", "there is no rule for what to remove")
                    .help("give --days N, or --rules FILE"),
            )));
        }
    };
    if let Some(days) = args.days {
        rules.days = days;
    }
    add(&mut rules.organizations.include, &args.organizations);
    add(&mut rules.repositories.include, &args.repositories);
    add(&mut rules.repositories.exclude, &args.exclude_repositories);
    add(&mut rules.keep.names, &args.keep);
    add(&mut rules.keep.globs, &args.keep_globs);
    add(&mut rules.keep.regexes, &args.keep_regexes);
    if let Some(url) = &args.keep_from_dlrn {
        rules.keep.dlrn.push(DlrnSource {
            url: url.clone(),
            endpoints: args.dlrn_endpoints.clone(),
            promotions: args.dlrn_promotions.clone(),
            allow_empty: args.dlrn_allow_empty,
        });
    }
    rules.keep.newest = args.keep_newest.unwrap_or(rules.keep.newest);
    rules.keep.minimum = args.keep_minimum.unwrap_or(rules.keep.minimum);
    if args.delete {
        rules.removal = RemovalMode::Delete;
    }
    rules.expire_in_hours = args.expire_in_hours.unwrap_or(rules.expire_in_hours);
    rules.brakes.max_removals = args.max_removals.or(rules.brakes.max_removals);
    rules.brakes.max_share = args.max_share.or(rules.brakes.max_share);
    rules.brakes.max_repository_share = args.max_repository_share.or(rules.brakes.max_repository_share);
    if rules.organizations.include.is_empty() {
        return Ok(Err(Box::new(
            Diagnostic::error("prune-rules", "there is no organization to prune")
                .help("give --organization NAME; `--organization '*'` means all that the credentials reach"),
        )));
    }
    Ok(Ok(rules))
}

fn add(list: &mut Vec<String>, more: &[String]) {
    list.extend(more.iter().cloned());
}

fn from_file(path: &Path, sources: &SourceMap) -> anyhow::Result<Result<Rules, Box<Diagnostic>>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read the rules in `{}`", path.display()))?;
    let source = sources.add(path.display().to_string(), text);
    let mut warnings = Diagnostics::new();
    let root = match yaml::parse_one(sources, source, &mut warnings) {
        Ok(root) => root,
        Err(diagnostic) => return Ok(Err(diagnostic)),
    };
    // a key that stands twice is a rule that is silently lost
    if let Some(warning) = warnings.into_iter().next() {
        return Ok(Err(Box::new(warning)));
    }
    Ok(from_value(&root.to_value()).map_err(|error| Box::new(place(&error, &root))))
}

/// Points at what is wrong.
fn place(error: &ArgError, root: &Node) -> Diagnostic {
    let mut node = root;
    for step in &error.path {
        let next = match &node.kind {
            NodeKind::Mapping(entries) => entries
                .iter()
                .find(|entry| entry.key.to_key().is_some_and(|key| key.to_string() == *step))
                .map(|entry| &entry.value),
            NodeKind::Sequence(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
            NodeKind::Scalar(_) => None,
        };
        let Some(next) = next else { break };
        node = next;
    }
    match &error.kind {
        ArgErrorKind::Unknown(name, known) => {
            let key = match &node.kind {
                NodeKind::Mapping(entries) => entries
                    .iter()
                    .map(|entry| &entry.key)
                    .find(|key| key.to_key().is_some_and(|key| key.to_string() == *name)),
                _ => None,
            };
            Diagnostic::error("prune-rules", format!("there is no rule `{name}`"))
                .at(key.map_or(node.span, |key| key.span))
                .help_opt(
                    did_you_mean(name, known.iter().copied())
                        .or_else(|| Some(format!("there are {}", known.join(", ")))),
                )
        }
        ArgErrorKind::Missing(name) => {
            Diagnostic::error("prune-rules", format!("the rule `{name}` is missing")).at(node.span)
        }
        _ => {
            let bare = ArgError { path: Vec::new(), kind: error.kind.clone() };
            Diagnostic::error("prune-rules", bare.to_string()).at(node.span)
        }
    }
}
