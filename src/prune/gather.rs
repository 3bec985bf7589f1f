//! From a registry to a plan: which repositories there are, and the tags of each.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::error::PruneError;
use super::matcher::Matcher;
use super::plan::{RepositoryPlan, Skipped, plan_repository};
use super::tag::{RepositoryTags, TagState};
use crate::quay::contract::{RepositoryState, Tag};
use crate::quay::{Client, QuayError, TagQuery, Verified, concurrent};

/// A repository that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    namespace: String,
    name: String,
    skipped: Option<Skipped>,
}

/// Finds the repositories that the rules look at, private ones included, sorted by name.
///
/// The credentials are checked first: with a token that is not valid any more a registry shows only what is public, and the
/// plan would have holes that nobody sees.
pub async fn find_repositories(client: &Client, matcher: &Matcher) -> Result<Vec<Target>, PruneError> {
    let verified = client.verify().await.map_err(PruneError::quay("use the given credentials"))?;
    if let Verified::Anonymous = verified {
        return Err(PruneError::Anonymous);
    }
    let mut targets = BTreeSet::new();
    for namespace in &namespaces(client, matcher, &verified).await? {
        let doing = || PruneError::quay(format!("list the repositories of `{namespace}`"));
        let mut found = std::pin::pin!(client.repository_stream(namespace).map_err(doing())?);
        let mut count = 0;
        while let Some(repository) = found.try_next().await.map_err(doing())? {
            count += 1;
            let is_image = repository.kind.as_deref().is_none_or(|kind| kind == "image");
            if is_image && matcher.covers_repository(&repository.namespace, &repository.name) {
                let skipped = skipped(repository.state.unwrap_or_default());
                targets.insert(Target { namespace: repository.namespace, name: repository.name, skipped });
            }
        }
        // an empty list is also what a registry says of an organization that it does not have
        if count == 0 && !exists(client, namespace, &verified).await? {
            return Err(PruneError::NoNamespace { name: namespace.clone(), server: client.server().to_string() });
        }
    }
    Ok(targets.into_iter().collect())
}

/// Reads the tags of repositories, several at a time, and hands each repository's plan on in the given order. Only a few
/// repositories' tags are in memory at any time.
pub async fn plan_repositories(
    client: &Client,
    matcher: &Matcher,
    targets: Vec<Target>,
    now: Timestamp,
    concurrency: usize,
    mut each: impl FnMut(RepositoryPlan) -> Result<(), PruneError>,
) -> Result<(), PruneError> {
    let calls = targets.into_iter().map(|target| plan_one(client, matcher, target, now));
    let mut plans = std::pin::pin!(concurrent::in_order(calls, concurrency));
    while let Some(plan) = plans.next().await {
        if let Some(plan) = plan? {
            each(plan)?;
        }
    }
    Ok(())
}

/// The plan for one repository; `None` if it was deleted meanwhile.
async fn plan_one(
    client: &Client,
    matcher: &Matcher,
    target: Target,
    now: Timestamp,
) -> Result<Option<RepositoryPlan>, PruneError> {
    let Target { namespace, name, skipped } = target;
    if skipped.is_some() {
        return Ok(Some(RepositoryPlan { namespace, repository: name, skipped, tags: Vec::new() }));
    }
    let full_name = format!("{namespace}/{name}");
    let tags = match live_tags(client, &full_name, TagQuery::Active).await {
        Ok(tags) => tags,
        Err(error) if error.refusal().is_some_and(crate::quay::Refusal::is_not_found) => return Ok(None),
        Err(error) => return Err(PruneError::quay(format!("list the tags of `{full_name}`"))(error)),
    };
    Ok(Some(plan_repository(&RepositoryTags { namespace, name, tags }, matcher, now)))
}

/// Reads tags that are there now.
pub(super) async fn live_tags(
    client: &Client,
    repository: &str,
    query: TagQuery<'_>,
) -> Result<Vec<TagState>, QuayError> {
    client.tag_stream(repository, query)?.try_filter_map(|tag| std::future::ready(Ok(state(tag)))).try_collect().await
}

/// A tag as the planner sees it. One whose times cannot be real is left out, and so never removed.
fn state(tag: Tag) -> Option<TagState> {
    let ends = match tag.end_ts {
        None => None,
        Some(end) => Some(Timestamp::from_second(end).ok()?),
    };
    Some(TagState {
        name: tag.name,
        digest: tag.manifest_digest,
        started: Timestamp::from_second(tag.start_ts).ok()?,
        ends,
        immutable: tag.immutable,
        children: tag.child_manifests_presence.unwrap_or_default().into_keys().collect(),
    })
}

fn skipped(state: RepositoryState) -> Option<Skipped> {
    match state {
        RepositoryState::Normal => None,
        RepositoryState::ReadOnly => Some(Skipped::ReadOnly),
        _ => Some(Skipped::Mirror),
    }
}

/// The namespaces to look at: those that are named, or all that the caller may ask for and a pattern matches.
async fn namespaces(client: &Client, matcher: &Matcher, verified: &Verified) -> Result<Vec<String>, PruneError> {
    if let Some(exact) = matcher.exact_organizations() {
        return Ok(exact.into_iter().map(str::to_owned).collect());
    }
    let mut names: BTreeSet<String> = match client.organizations().await {
        Ok(all) => all.into_iter().map(|organization| organization.name).collect(),
        // only superusers see them all; others see their own
        Err(error) if error.refusal().is_some_and(|refusal| matches!(refusal.status, 401 | 403)) => match verified {
            Verified::User(user) => user.organizations.iter().map(|organization| organization.name.clone()).collect(),
            _ => return Err(PruneError::quay("list the organizations")(error)),
        },
        Err(error) => return Err(PruneError::quay("list the organizations")(error)),
    };
    if let Verified::User(user) = verified {
        names.insert(user.username.clone());
    }
    Ok(names.into_iter().filter(|name| matcher.covers_organization(name)).collect())
}

async fn exists(client: &Client, namespace: &str, verified: &Verified) -> Result<bool, PruneError> {
    if matches!(verified, Verified::User(user) if user.username == namespace) {
        return Ok(true);
    }
    let found = client.organization(namespace).await;
    Ok(found.map_err(PruneError::quay(format!("look for the organization `{namespace}`")))?.is_some())
}
