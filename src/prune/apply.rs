//! From a plan to its application.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::decision::PlannedTag;
use super::document::{PlanFileError, PlanReader};
use super::gather::live_tags;
use super::matcher::Matcher;
use super::plan::RepositoryPlan;
use super::step::{Step, next_step};
use super::tag::TagState;
use crate::diag::with_causes;
use crate::quay::{Client, QuayError, TagQuery};

/// How many tags one page of a list holds.
const PAGE: usize = 100;
/// Failures and skipped tags that are told in full; of the rest only the count is kept.
const TOLD: usize = 1000;

/// What the application of a plan came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Applied {
    /// Tags that got an expiration.
    pub expired: u64,
    /// Tags that were deleted.
    pub deleted: u64,
    /// Tags that were gone or expiring already.
    pub done_already: u64,
    /// Tags that had changed since the plan was made, or are protected now.
    pub skipped: u64,
    /// Tags whose removal failed.
    pub failed: u64,
    /// Tags that were not tried, because the run was interrupted or its credentials ended.
    pub not_tried: u64,
    /// The skipped and failed ones, as far as there is room, in the order in which they came.
    pub notes: Vec<Note>,
}

/// Something to tell about a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// `namespace/name`.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// Whether its removal failed; else it was skipped.
    pub failed: bool,
    /// Why.
    pub reason: String,
}

/// One tag's outcome.
#[derive(Clone, Debug)]
enum Done {
    Expired,
    Deleted,
    Already,
    Skipped(String),
    Failed(String),
    NotTried,
}

/// Runs with what all tags of a plan have in common.
#[derive(Debug)]
pub struct Applier<'a> {
    /// The registry.
    pub client: &'a Client,
    /// The rules that are asked again before each removal.
    pub matcher: &'a Matcher,
    /// The time.
    pub now: Timestamp,
    /// Requests at a time.
    pub concurrency: usize,
    /// Ends the run before its time: nothing new is begun.
    pub cancel: &'a CancellationToken,
}

impl Applier<'_> {
    /// Applies a plan, several repositories and tags at a time. `each` is told how many more tags are through.
    ///
    /// What fails is collected; the other tags are removed all the same. Only when the registry does not accept the
    /// credentials any more is the rest not tried.
    pub async fn apply<R: BufRead>(
        &self,
        reader: &mut PlanReader<R>,
        mut each: impl FnMut(u64),
    ) -> Result<Applied, PlanFileError> {
        let limit = Semaphore::new(self.concurrency.max(1));
        let lost = AtomicBool::new(false);
        let mut applied = Applied::default();
        let mut broken = None;
        {
            let plans = stream::iter(std::iter::from_fn(|| match reader.next_repository() {
                Ok(plan) => plan,
                Err(error) => {
                    broken = Some(error);
                    None
                }
            }));
            let results = plans
                .filter(|plan| std::future::ready(plan.removals().next().is_some()))
                .map(|plan| self.repository(plan, &limit, &lost))
                .buffered(self.concurrency.max(1));
            let mut results = std::pin::pin!(results);
            while let Some((repository, tags)) = results.next().await {
                each(tags.len() as u64);
                for (tag, done) in tags {
                    applied.count(&repository, tag, done);
                }
            }
        }
        match broken {
            None => Ok(applied),
            Some(error) => Err(error),
        }
    }

    async fn repository(
        &self,
        plan: RepositoryPlan,
        limit: &Semaphore,
        lost: &AtomicBool,
    ) -> (String, Vec<(String, Done)>) {
        let name = plan.full_name();
        let removals: Vec<&PlannedTag> = plan.removals().collect();
        let all = |done: &Done| removals.iter().map(|tag| (tag.tag.clone(), done.clone())).collect();
        if self.is_over(lost) {
            return (name, all(&Done::NotTried));
        }
        let current = match self.current(&name, &removals, plan.tags.len(), limit).await {
            Ok(current) => current,
            Err(error) => {
                note_loss(&error, lost);
                return (name, all(&Done::Failed(with_causes(&error))));
            }
        };
        let steps = removals.iter().map(|planned| {
            let (name, current) = (&name, current.get(&planned.tag));
            async move { (planned.tag.clone(), self.tag(name, planned, current, limit, lost).await) }
        });
        let results = stream::iter(steps).buffered(self.concurrency.max(1)).collect().await;
        (name, results)
    }

    /// The tags as they are now: one by one where that is fewer requests than the whole list.
    async fn current(
        &self,
        repository: &str,
        removals: &[&PlannedTag],
        planned: usize,
        limit: &Semaphore,
    ) -> Result<BTreeMap<String, TagState>, QuayError> {
        let mut states = Vec::new();
        if removals.len() <= planned / PAGE {
            for planned in removals {
                let _permit = limit.acquire().await;
                states.extend(live_tags(self.client, repository, TagQuery::OneActive(&planned.tag)).await?);
            }
        } else {
            let _permit = limit.acquire().await;
            states = live_tags(self.client, repository, TagQuery::Active).await?;
        }
        let mut current: BTreeMap<String, TagState> = BTreeMap::new();
        for state in states {
            // a list that moved while it was read may name a tag twice; the newer entry is the tag
            if current.get(&state.name).is_none_or(|known| known.started < state.started) {
                current.insert(state.name.clone(), state);
            }
        }
        Ok(current)
    }

    async fn tag(
        &self,
        repository: &str,
        planned: &PlannedTag,
        current: Option<&TagState>,
        limit: &Semaphore,
        lost: &AtomicBool,
    ) -> Done {
        let _permit = limit.acquire().await;
        if self.is_over(lost) {
            return Done::NotTried;
        }
        let result = match next_step(planned, current, self.matcher, self.now) {
            Step::Nothing => return Done::Already,
            Step::Skip(reason) if reason.is_done_already() => return Done::Already,
            Step::Skip(reason) => return Done::Skipped(reason.to_string()),
            Step::Expire(at) => {
                let end = Some(at.as_second());
                self.client.expire_tag(repository, &planned.tag, end).await.map(|()| Done::Expired)
            }
            Step::Delete(_) => {
                let deleted = self.client.delete_tag(repository, &planned.tag).await;
                deleted.map(|deleted| if deleted { Done::Deleted } else { Done::Already })
            }
        };
        result.unwrap_or_else(|error| {
            note_loss(&error, lost);
            Done::Failed(with_causes(&error))
        })
    }

    fn is_over(&self, lost: &AtomicBool) -> bool {
        self.cancel.is_cancelled() || lost.load(Ordering::Relaxed)
    }
}

impl Applied {
    /// Whether every removal that the plan asks for is done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && self.not_tried == 0
    }

    fn count(&mut self, repository: &str, tag: String, done: Done) {
        let (failed, reason) = match done {
            Done::Expired => return self.expired += 1,
            Done::Deleted => return self.deleted += 1,
            Done::Already => return self.done_already += 1,
            Done::NotTried => return self.not_tried += 1,
            Done::Skipped(reason) => {
                self.skipped += 1;
                (false, reason)
            }
            Done::Failed(reason) => {
                self.failed += 1;
                (true, reason)
            }
        };
        if self.notes.len() < TOLD {
            self.notes.push(Note { repository: repository.to_owned(), tag, failed, reason });
        }
    }
}

/// Remembers that the credentials are no longer accepted: every further request would fail the same way.
fn note_loss(error: &QuayError, lost: &AtomicBool) {
    if error.refusal().is_some_and(crate::quay::Refusal::is_unauthenticated) {
        lost.store(true, Ordering::Relaxed);
    }
}
