//! What the application of a plan does to one tag now: a pure function of the plan and of the tag as it is now.

use std::fmt;

use jiff::Timestamp;

use super::decision::{DeleteReason, KeepReason, PlannedTag};
use super::matcher::Matcher;
use super::plan::{Removal, removal};
use super::tag::TagState;

/// What is done to a tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing, because the plan does not remove it.
    Nothing,
    /// Set this expiration.
    Expire(Timestamp),
    /// Delete it.
    Delete(DeleteReason),
    /// Nothing, because it is not as it was when the plan was made.
    Skip(SkipReason),
}

/// Why a tag that the plan removes is left alone.
#[derive(Clone, Debug, PartialEq)]
pub enum SkipReason {
    /// It is gone already.
    Gone,
    /// It points elsewhere now.
    Moved {
        /// Where.
        digest: String,
    },
    /// It was pushed anew.
    Renewed,
    /// It has an expiration already.
    Expiring(Timestamp),
    /// The rules protect it now.
    Protected(KeepReason),
}

impl SkipReason {
    /// Whether the plan's aim is reached without doing anything, so that there is nothing to report.
    #[must_use]
    pub fn is_done_already(&self) -> bool {
        matches!(self, Self::Gone | Self::Expiring(_))
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("gone already"),
            Self::Moved { digest } => write!(f, "moved to {digest} since the plan was made"),
            Self::Renewed => f.write_str("pushed anew since the plan was made"),
            Self::Expiring(at) => write!(f, "expires already at {at}"),
            Self::Protected(reason) => write!(f, "protected now: {reason}"),
        }
    }
}

/// Looks at a planned tag and at its present state (`None`: there is no such live tag). The rules are asked again, so a plan
/// that was edited, or that waited while a tag was promoted, removes nothing that is protected.
#[must_use]
pub fn next_step(planned: &PlannedTag, current: Option<&TagState>, matcher: &Matcher, now: Timestamp) -> Step {
    if !planned.decision.removes() {
        return Step::Nothing;
    }
    let Some(current) = current else { return Step::Skip(SkipReason::Gone) };
    if let Some(reason) = matcher.protects(current) {
        return Step::Skip(SkipReason::Protected(reason));
    }
    if current.digest != planned.digest {
        return Step::Skip(SkipReason::Moved { digest: current.digest.clone() });
    }
    if current.started > planned.started {
        return Step::Skip(SkipReason::Renewed);
    }
    if let Some(at) = current.ends {
        return Step::Skip(SkipReason::Expiring(at));
    }
    match removal(current.started, matcher.rules(), now) {
        Removal::Expire(at) => Step::Expire(at),
        Removal::Delete(reason) => Step::Delete(reason),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::prune::plan::tests::{any_keep_list, any_rules, any_tag, days_ago, now, tag};
    use crate::prune::{KeepList, RepositoryTags, Rules, plan_repository};

    fn planned(tag: &TagState, matcher: &Matcher) -> PlannedTag {
        let repository = RepositoryTags { namespace: "acme".into(), name: "app".into(), tags: vec![tag.clone()] };
        plan_repository(&repository, matcher, now()).tags.remove(0)
    }

    #[test]
    fn a_tag_that_changed_is_left_alone() {
        let matcher = Matcher::new(Rules::older_than(7), KeepList::new()).unwrap();
        let old = tag("old", 30);
        let plan = planned(&old, &matcher);
        let step = |current: Option<&TagState>| next_step(&plan, current, &matcher, now());
        assert_eq!(step(Some(&old)), Step::Expire(days_ago(-1)));
        assert_eq!(step(None), Step::Skip(SkipReason::Gone));
        let moved = TagState { digest: "sha256:other".into(), ..old.clone() };
        assert_eq!(step(Some(&moved)), Step::Skip(SkipReason::Moved { digest: "sha256:other".into() }));
        let renewed = TagState { started: now(), ..old.clone() };
        assert_eq!(step(Some(&renewed)), Step::Skip(SkipReason::Renewed));
        let immutable = TagState { immutable: true, ..old.clone() };
        assert_eq!(step(Some(&immutable)), Step::Skip(SkipReason::Protected(KeepReason::Immutable)));
    }

    #[test]
    fn a_plan_that_waited_deletes_what_has_become_too_old_to_expire() {
        let matcher = Matcher::new(Rules::older_than(7), KeepList::new()).unwrap();
        let old = tag("old", 727);
        let plan = planned(&old, &matcher);
        let later = now() + SignedDuration::from_hours(48);
        assert_eq!(
            next_step(&plan, Some(&old), &matcher, later),
            Step::Delete(DeleteReason::TooOldToExpire { weeks: 104 })
        );
    }

    #[test]
    fn what_was_promoted_since_the_plan_is_kept() {
        let before = Matcher::new(Rules::older_than(7), KeepList::new()).unwrap();
        let old = tag("old", 30);
        let plan = planned(&old, &before);
        let mut rules = Rules::older_than(7);
        rules.keep.names.push("old".into());
        let after = Matcher::new(rules, KeepList::new()).unwrap();
        assert_eq!(next_step(&plan, Some(&old), &after, now()), Step::Skip(SkipReason::Protected(KeepReason::Name)));
    }

    proptest! {
        #[test]
        fn a_plan_applied_twice_does_nothing_the_second_time(
            tags in prop::collection::vec(any_tag(), 0..30), rules in any_rules(), keep_list in any_keep_list(),
        ) {
            let matcher = Matcher::new(rules, keep_list).unwrap();
            let mut repository = RepositoryTags { namespace: "acme".into(), name: "app".into(), tags: vec![] };
            for tag in tags {
                if !repository.tags.iter().any(|other| other.name == tag.name) {
                    repository.tags.push(tag);
                }
            }
            let plan = plan_repository(&repository, &matcher, now());
            let removals = plan.removals().count();
            let mut done = 0;
            for planned in &plan.tags {
                let at = repository.tags.iter().position(|tag| tag.name == planned.tag);
                match next_step(planned, at.map(|at| &repository.tags[at]), &matcher, now()) {
                    Step::Expire(end) => repository.tags[at.unwrap()].ends = Some(end),
                    Step::Delete(_) => drop(repository.tags.remove(at.unwrap())),
                    Step::Nothing => continue,
                    Step::Skip(reason) => prop_assert!(false, "skipped {}: {reason}", planned.tag),
                }
                done += 1;
            }
            prop_assert_eq!(done, removals);
            // the same plan again
            for planned in &plan.tags {
                let current = repository.tags.iter().find(|tag| tag.name == planned.tag);
                match next_step(planned, current, &matcher, now()) {
                    Step::Nothing => {}
                    Step::Skip(reason) => prop_assert!(reason.is_done_already()),
                    step => prop_assert!(false, "{}: {step:?}", planned.tag),
                }
            }
        }
    }
}
