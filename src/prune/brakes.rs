//! Counts of a plan, and the limits that stop it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::decision::Decision;
use super::plan::RepositoryPlan;
use super::rules::{Brakes, Share};

/// Counts of decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Repositories looked at.
    pub repositories: u64,
    /// Tags looked at.
    pub tags: u64,
    /// Tags that stay.
    pub keep: u64,
    /// Tags that expire already.
    pub already_expiring: u64,
    /// Tags that get an expiration.
    pub expire: u64,
    /// Tags that are deleted.
    pub delete: u64,
}

impl Totals {
    /// Counts a repository.
    pub fn add(&mut self, plan: &RepositoryPlan) {
        self.repositories += 1;
        for tag in &plan.tags {
            self.tags += 1;
            match tag.decision {
                Decision::Keep { .. } => self.keep += 1,
                Decision::AlreadyExpiring { .. } => self.already_expiring += 1,
                Decision::Expire { .. } => self.expire += 1,
                Decision::Delete { .. } => self.delete += 1,
            }
        }
    }

    /// Tags that are to go.
    #[must_use]
    pub fn removals(&self) -> u64 {
        self.expire + self.delete
    }

    /// Tags that would live on without the plan; shares are of these.
    #[must_use]
    pub fn alive(&self) -> u64 {
        self.tags - self.already_expiring
    }
}

/// A limit that a plan passes. Such a plan is not applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "limit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Brake {
    /// Too many removals.
    Removals {
        /// How many the plan has.
        planned: u64,
        /// How many there may be.
        allowed: u64,
    },
    /// Too large a share of all tags.
    Share {
        /// How many removals the plan has.
        planned: u64,
        /// Of how many tags.
        of: u64,
        /// The share that may go.
        allowed: Share,
    },
    /// Too large a share of one repository's tags.
    RepositoryShare {
        /// The repository.
        repository: String,
        /// How many removals the plan has there.
        planned: u64,
        /// Of how many tags.
        of: u64,
        /// The share that may go.
        allowed: Share,
    },
}

impl Brake {
    /// The limit for one repository, if its plan passes it.
    #[must_use]
    pub fn of_repository(brakes: &Brakes, plan: &RepositoryPlan) -> Option<Self> {
        let allowed = brakes.max_repository_share?;
        let mut totals = Totals::default();
        totals.add(plan);
        allowed.is_passed_by(totals.removals(), totals.alive()).then(|| Self::RepositoryShare {
            repository: plan.full_name(),
            planned: totals.removals(),
            of: totals.alive(),
            allowed,
        })
    }

    /// The limits for a whole run that its counts pass.
    #[must_use]
    pub fn of_run(brakes: &Brakes, totals: &Totals) -> Vec<Self> {
        let planned = totals.removals();
        let mut passed = Vec::new();
        if let Some(allowed) = brakes.max_removals.filter(|allowed| planned > *allowed) {
            passed.push(Self::Removals { planned, allowed });
        }
        if let Some(allowed) = brakes.max_share.filter(|share| share.is_passed_by(planned, totals.alive())) {
            passed.push(Self::Share { planned, of: totals.alive(), allowed });
        }
        passed
    }
}

impl fmt::Display for Brake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removals { planned, allowed } => {
                write!(f, "the plan removes {planned} tags, and {allowed} are allowed")
            }
            Self::Share { planned, of, allowed } => {
                write!(f, "the plan removes {planned} of {of} tags, and {allowed} of them are allowed")
            }
            Self::RepositoryShare { repository, planned, of, allowed } => {
                write!(
                    f,
                    "the plan removes {planned} of the {of} tags of {repository}, and {allowed} of them are allowed"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::plan::tests::{now, tag};
    use crate::prune::{KeepList, Matcher, RepositoryTags, Rules, plan_repository};

    fn plan() -> RepositoryPlan {
        let mut expiring = tag("e", 30);
        expiring.ends = Some(now());
        let tags = vec![tag("a", 1), tag("b", 30), tag("c", 30), tag("d", 900), expiring];
        let repository = RepositoryTags { namespace: "acme".into(), name: "app".into(), tags };
        let matcher = Matcher::new(Rules::older_than(7), KeepList::new()).unwrap();
        plan_repository(&repository, &matcher, now())
    }

    #[test]
    fn limits_hold_up_to_their_value() {
        let mut totals = Totals::default();
        totals.add(&plan());
        assert_eq!(totals, Totals { repositories: 1, tags: 5, keep: 1, already_expiring: 1, expire: 2, delete: 1 });
        let brakes = |max_removals, share: &str| Brakes {
            max_removals,
            max_share: Some(share.parse().unwrap()),
            max_repository_share: Some(share.parse().unwrap()),
        };
        assert!(Brake::of_run(&brakes(Some(3), "75%"), &totals).is_empty());
        assert!(Brake::of_repository(&brakes(None, "75%"), &plan()).is_none());
        let passed = Brake::of_run(&brakes(Some(2), "74%"), &totals);
        assert_eq!(
            passed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["the plan removes 3 tags, and 2 are allowed", "the plan removes 3 of 4 tags, and 74% of them are allowed"]
        );
        assert_eq!(
            Brake::of_repository(&brakes(None, "74%"), &plan()).unwrap().to_string(),
            "the plan removes 3 of the 4 tags of acme/app, and 74% of them are allowed"
        );
        assert!(Brake::of_run(&Brakes::default(), &totals).is_empty());
    }
}
