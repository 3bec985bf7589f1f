//! From rules to a written plan: what the command line and the module have in common.

use std::io::Write;

use jiff::Timestamp;

use super::brakes::{Brake, Totals};
use super::dlrn::keep_list;
use super::document::{Header, PLAN_VERSION, PlanWriter};
use super::error::PruneError;
use super::gather::{find_repositories, plan_repositories};
use super::keep_list::KeepList;
use super::matcher::Matcher;
use super::plan::RepositoryPlan;
use super::rules::Rules;
use crate::quay::Client;

/// Told while a plan is made.
#[derive(Debug)]
pub enum Progress<'p> {
    /// So many repositories are looked at.
    Repositories(u64),
    /// The plan of one of them.
    Planned(&'p RepositoryPlan),
}

/// The rules together with the names that their sources ask to keep. Any failure of a source is an error.
pub async fn compile(client: &Client, rules: Rules) -> Result<Matcher, PruneError> {
    // the patterns first: they cost nothing to check
    Matcher::new(rules.clone(), KeepList::new())?;
    let options = client.options();
    let list = keep_list(&rules.keep.dlrn, &options.trust, options.retry).await?;
    Ok(Matcher::new(rules, list)?)
}

/// The header of a plan that is made now.
#[must_use]
pub fn header(client: &Client, rules: &Rules, now: Timestamp) -> Header {
    Header { version: PLAN_VERSION, server: client.server().to_string(), created: now, rules: rules.clone() }
}

/// Makes a plan and writes it. Gives back where it was written to, its counts and the limits that it passes.
pub async fn make_plan<W: Write>(
    client: &Client,
    matcher: &Matcher,
    now: Timestamp,
    concurrency: usize,
    out: W,
    mut tell: impl FnMut(Progress<'_>),
) -> Result<(W, Totals, Vec<Brake>), PruneError> {
    let mut writer = PlanWriter::new(out, header(client, matcher.rules(), now))?;
    let targets = find_repositories(client, matcher).await?;
    tell(Progress::Repositories(targets.len() as u64));
    plan_repositories(client, matcher, targets, now, concurrency, |plan| {
        tell(Progress::Planned(&plan));
        writer.repository(plan).map_err(PruneError::from)
    })
    .await?;
    Ok(writer.finish()?)
}
