//! Tags, rules and the clock to decisions: a pure function.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::decision::{Decision, DeleteReason, KeepReason, PlannedTag};
use super::matcher::Matcher;
use super::rules::{RemovalMode, Rules};
use super::tag::{RepositoryTags, TagState, subject_of};

/// The decisions for one repository, newest tag first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryPlan {
    /// The organization or user.
    pub namespace: String,
    /// The repository's name in there.
    pub repository: String,
    /// Why its tags were not even looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skipped>,
    /// One decision for each live tag.
    pub tags: Vec<PlannedTag>,
}

/// Why a whole repository is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// Nobody may write it.
    ReadOnly,
    /// Only its mirror may write it.
    Mirror,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "it is read-only",
            Self::Mirror => "it is a mirror",
        })
    }
}

impl RepositoryPlan {
    /// `namespace/repository`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.repository)
    }

    /// The tags that are to go.
    pub fn removals(&self) -> impl Iterator<Item = &PlannedTag> {
        self.tags.iter().filter(|tag| tag.decision.removes())
    }
}

/// Decides for every tag of a repository. What the rules protect is kept; then what already expires is left alone; then the
/// newest tags, the young ones, those needed for the minimum, and the companions of what is kept are kept; the rest goes.
#[must_use]
pub fn plan_repository(repository: &RepositoryTags, matcher: &Matcher, now: Timestamp) -> RepositoryPlan {
    let tags = unique_newest_first(&repository.tags);
    let mut decisions: Vec<Decision> = first_pass(&tags, matcher, now);
    spare_for_minimum(&tags, &mut decisions, matcher.rules().keep.minimum);
    spare_companions(&tags, &mut decisions);
    let tags = tags.into_iter().zip(decisions).map(|(tag, decision)| PlannedTag {
        tag: tag.name.clone(),
        digest: tag.digest.clone(),
        started: tag.started,
        ends: tag.ends,
        decision,
    });
    RepositoryPlan {
        namespace: repository.namespace.clone(),
        repository: repository.name.clone(),
        skipped: None,
        tags: tags.collect(),
    }
}

/// How a tag that is to go would be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// With an expiration at this time.
    Expire(Timestamp),
    /// With a deletion.
    Delete(DeleteReason),
}

/// The way to remove a tag that is recoverable: an expiration that the registry takes as it is, or else a deletion.
pub(super) fn removal(started: Timestamp, rules: &Rules, now: Timestamp) -> Removal {
    if rules.removal == RemovalMode::Delete {
        return Removal::Delete(DeleteReason::Asked);
    }
    let weeks = rules.longest_expiration_weeks;
    let too_old = Removal::Delete(DeleteReason::TooOldToExpire { weeks });
    let Ok(end) = now.checked_add(SignedDuration::from_hours(i64::from(rules.expire_in_hours))) else { return too_old };
    // a latest end beyond the calendar is no limit
    match started.checked_add(SignedDuration::from_hours(i64::from(weeks) * 7 * 24)) {
        Ok(latest) if latest < end => too_old,
        _ => Removal::Expire(end),
    }
}

/// Each name once. Lists are read page by page while others write, so a name may come twice; its newest entry counts.
fn unique_newest_first(tags: &[TagState]) -> Vec<&TagState> {
    let mut newest: BTreeMap<&str, &TagState> = BTreeMap::new();
    for tag in tags {
        let entry = newest.entry(&tag.name).or_insert(tag);
        let rank = |tag: &TagState| (tag.started, tag.digest.clone(), tag.ends, tag.immutable);
        if rank(tag) > rank(entry) {
            *entry = tag;
        }
    }
    let mut tags: Vec<&TagState> = newest.into_values().collect();
    tags.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.name.cmp(&b.name)));
    tags
}

/// Everything that does not depend on the decision for other tags.
fn first_pass(tags: &[&TagState], matcher: &Matcher, now: Timestamp) -> Vec<Decision> {
    let rules = matcher.rules();
    let mut newest_left = rules.keep.newest;
    let decide = |tag: &&TagState| {
        let counts = tag.ends.is_none() && subject_of(&tag.name).is_none();
        let is_newest = counts && newest_left > 0;
        if is_newest {
            newest_left -= 1;
        }
        if let Some(because) = matcher.protects(tag) {
            return Decision::Keep { because };
        }
        if let Some(at) = tag.ends {
            return Decision::AlreadyExpiring { at };
        }
        if is_newest {
            return Decision::Keep { because: KeepReason::Newest { count: rules.keep.newest } };
        }
        let age = now.duration_since(tag.started);
        let limit_days = rules.days;
        let age_days = u32::try_from(age.as_hours().max(0) / 24).unwrap_or(u32::MAX);
        if age <= SignedDuration::from_hours(i64::from(limit_days) * 24) {
            return Decision::Keep { because: KeepReason::Younger { limit_days, age_days } };
        }
        match removal(tag.started, rules, now) {
            Removal::Expire(_) => Decision::Expire { age_days, limit_days },
            Removal::Delete(because) => Decision::Delete { age_days, limit_days, because },
        }
    };
    tags.iter().map(decide).collect()
}

/// Keeps the newest tags that were to go until the repository has its minimum.
fn spare_for_minimum(tags: &[&TagState], decisions: &mut [Decision], minimum: u32) {
    let counts = |tag: &TagState| tag.ends.is_none() && subject_of(&tag.name).is_none();
    let kept = tags.iter().zip(&*decisions).filter(|(tag, decision)| counts(tag) && !decision.removes()).count();
    let missing = usize::try_from(minimum).unwrap_or(usize::MAX).saturating_sub(kept);
    let candidates = tags.iter().zip(decisions).filter(|(tag, decision)| counts(tag) && decision.removes());
    for (_, decision) in candidates.take(missing) {
        *decision = Decision::Keep { because: KeepReason::Minimum { count: minimum } };
    }
}

/// Keeps what belongs to a kept tag: a signature is nothing without its image, and the image is not trusted without it.
fn spare_companions(tags: &[&TagState], decisions: &mut [Decision]) {
    let mut kept: BTreeMap<&str, &str> = BTreeMap::new();
    for (tag, decision) in tags.iter().zip(&*decisions) {
        if matches!(decision, Decision::Keep { .. }) && subject_of(&tag.name).is_none() {
            for digest in std::iter::once(&tag.digest).chain(&tag.children) {
                kept.entry(digest).or_insert(&tag.name);
            }
        }
    }
    // a signature may itself be signed, so each round may bring further subjects
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    loop {
        let mut found = Vec::new();
        for (tag, decision) in tags.iter().zip(decisions.iter_mut()) {
            let Some(subject) = subject_of(&tag.name) else { continue };
            let Some(of) = kept.get(subject.as_str()) else { continue };
            if decision.removes() {
                *decision = Decision::Keep { because: KeepReason::Companion { of: (*of).to_owned() } };
            }
            if matches!(decision, Decision::Keep { .. }) && seen.insert(&tag.name) {
                found.push(tag);
            }
        }
        if found.is_empty() {
            return;
        }
        for tag in found {
            for digest in std::iter::once(&tag.digest).chain(&tag.children) {
                kept.entry(digest).or_insert(&tag.name);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::str::FromStr as _;

    use proptest::prelude::*;

    use super::*;
    use crate::prune::{KeepList, Promotion};

    pub(in crate::prune) fn now() -> Timestamp {
        Timestamp::from_str("2026-11-21T12:00:00Z").unwrap()
    }

    pub(in crate::prune) fn days_ago(days: i64) -> Timestamp {
        now() - SignedDuration::from_hours(days * 24)
    }

    pub(in crate::prune) fn tag(name: &str, age_days: i64) -> TagState {
        let digest = format!("sha256:{:064x}", u64::from(name.as_bytes()[0]) * 1000 + age_days.unsigned_abs());
        TagState {
            name: name.into(),
            digest,
            started: days_ago(age_days),
            ends: None,
            immutable: false,
            children: vec![],
        }
    }

    fn repository(tags: Vec<TagState>) -> RepositoryTags {
        RepositoryTags { namespace: "acme".into(), name: "app".into(), tags }
    }

    fn texts(rules: Rules, keep_list: KeepList, tags: Vec<TagState>) -> Vec<String> {
        let matcher = Matcher::new(rules, keep_list).unwrap();
        let plan = plan_repository(&repository(tags), &matcher, now());
        plan.tags.iter().map(|tag| format!("{} {}", tag.tag, tag.decision)).collect()
    }

    #[test]
    fn each_decision_says_why() {
        let mut rules = Rules::older_than(7);
        rules.keep.names.push("latest".into());
        rules.keep.globs.push("release-*".into());
        rules.keep.regexes.push(r"^v\d+$".into());
        let mut keep_list = KeepList::new();
        keep_list.add("abc123", Promotion { endpoint: "centos9".into(), name: "current".into() });
        let mut expiring = tag("going", 30);
        expiring.ends = Some(days_ago(-1));
        let mut immutable = tag("fixed", 31);
        immutable.immutable = true;
        let tags = vec![
            tag("latest", 800),
            tag("release-1", 41),
            tag("v12", 40),
            tag("abc123", 39),
            immutable,
            expiring,
            tag("young", 3),
            tag("edge", 7),
            tag("old", 8),
            tag("ancient", 728),
            tag("almost", 727),
        ];
        assert_eq!(
            texts(rules, keep_list, tags),
            [
                "young keep: younger than 7 days (3 days)",
                "edge keep: younger than 7 days (7 days)",
                "old expire: older than 7 days (8 days)",
                "going already expiring (2026-11-22T12:00:00Z)",
                "fixed keep: immutable",
                "abc123 keep: promoted by DLRN (centos9, current)",
                "v12 keep: matches the expression `^v\\d+$`",
                "release-1 keep: matches `release-*`",
                "almost expire: older than 7 days (727 days)",
                "ancient delete: older than 7 days (728 days), past 104 weeks an expiration would be lost in the past, \
                 a deletion can be restored",
                "latest keep: name",
            ]
        );
    }

    #[test]
    fn newest_and_minimum_count_neither_expiring_tags_nor_signatures() {
        let mut expiring = tag("a", 10);
        expiring.ends = Some(days_ago(-1));
        let signature = tag(&format!("sha256-{:064x}.sig", 7), 11);
        let tags = vec![expiring.clone(), signature.clone(), tag("b", 12), tag("c", 13), tag("d", 14)];
        let mut rules = Rules::older_than(7);
        rules.keep.newest = 1;
        let newest = texts(rules, KeepList::new(), tags.clone());
        assert_eq!(newest[2], "b keep: the newest of the repository");
        assert!(newest[3].starts_with("c expire"), "{newest:?}");
        let mut rules = Rules::older_than(7);
        rules.keep.minimum = 2;
        rules.keep.names.push("d".into());
        let minimum = texts(rules, KeepList::new(), tags);
        assert_eq!(minimum[2], "b keep: the repository keeps at least 2 tags");
        assert!(minimum[3].starts_with("c expire"), "{minimum:?}");
        assert_eq!(minimum[4], "d keep: name");
    }

    #[test]
    fn signatures_stay_with_their_kept_images_and_go_with_the_others() {
        let mut index = tag("v1", 300);
        index.children = vec![format!("sha256:{:064x}", 5)];
        let signed = |digest: &str, suffix: &str| format!("{}{suffix}", digest.replace(':', "-"));
        let signature = tag(&signed(&index.digest, ".sig"), 300);
        let of_child = tag(&signed(&index.children[0], ".att"), 300);
        let of_signature = tag(&signed(&signature.digest, ".sig"), 300);
        let gone = tag("w2", 300);
        let of_gone = tag(&signed(&gone.digest, ".sig"), 300);
        let mut rules = Rules::older_than(7);
        rules.keep.names.push("v1".into());
        let all = [&index, &signature, &of_child, &of_signature, &gone, &of_gone];
        let texts = texts(rules, KeepList::new(), all.iter().map(|tag| (*tag).clone()).collect());
        let text = |tag: &TagState| texts.iter().find(|text| text.starts_with(&format!("{} ", tag.name))).unwrap();
        assert!(text(&signature).ends_with("keep: belongs to the kept tag `v1`"), "{texts:#?}");
        assert!(text(&of_child).ends_with("keep: belongs to the kept tag `v1`"), "{texts:#?}");
        assert!(text(&of_signature).contains("keep: belongs to the kept tag `sha256-"), "{texts:#?}");
        assert!(text(&of_gone).contains(" expire"), "{texts:#?}");
    }

    #[test]
    fn a_name_listed_twice_counts_once_with_its_newest_entry() {
        let mut rules = Rules::older_than(7);
        rules.removal = RemovalMode::Delete;
        let texts = texts(rules, KeepList::new(), vec![tag("a", 30), tag("a", 2), tag("b", 9)]);
        assert_eq!(texts, ["a keep: younger than 7 days (2 days)", "b delete: older than 7 days (9 days)"]);
    }

    #[test]
    fn a_start_in_the_future_is_young() {
        assert_eq!(
            texts(Rules::older_than(0), KeepList::new(), vec![tag("a", -2)]),
            ["a keep: younger than 0 days (0 days)"]
        );
    }

    prop_compose! {
        pub(in crate::prune) fn any_tag()(
            name in "[ab][0-9]|v[0-9]|sha256-[01]{64}\\.sig",
            age in 0i64..1500,
            ends in prop::option::of(1i64..30),
            digest in "[01]{64}",
            immutable in prop::bool::weighted(0.1),
        ) -> TagState {
            TagState {
                name,
                digest: format!("sha256:{digest}"),
                started: days_ago(age),
                ends: ends.map(|days| days_ago(-days)),
                immutable,
                children: vec![],
            }
        }
    }

    prop_compose! {
        pub(in crate::prune) fn any_rules()(
            days in 0u32..800,
            names in prop::collection::vec("[ab][0-9]", 0..4),
            globs in prop::collection::vec(prop::sample::select(vec!["a*", "b*", "v?"]).prop_map(String::from), 0..2),
            regexes in prop::collection::vec(prop::sample::select(vec!["^v[0-4]$", "[5-9]"]).prop_map(String::from), 0..2),
            newest in 0u32..4,
            minimum in 0u32..6,
            delete in any::<bool>(),
        ) -> Rules {
            let mut rules = Rules::older_than(days);
            rules.keep.names = names;
            rules.keep.globs = globs;
            rules.keep.regexes = regexes;
            rules.keep.newest = newest;
            rules.keep.minimum = minimum;
            rules.removal = if delete { RemovalMode::Delete } else { RemovalMode::Expire };
            rules
        }
    }

    prop_compose! {
        pub(in crate::prune) fn any_keep_list()(names in prop::collection::vec("[ab][0-9]|v[0-9]", 0..4)) -> KeepList {
            let mut list = KeepList::new();
            for name in names {
                list.add(name, Promotion { endpoint: "e".into(), name: "p".into() });
            }
            list
        }
    }

    proptest! {
        #[test]
        fn a_protected_tag_is_never_planned_for_removal(
            tags in prop::collection::vec(any_tag(), 0..30), rules in any_rules(), keep_list in any_keep_list(),
        ) {
            let matcher = Matcher::new(rules.clone(), keep_list.clone()).unwrap();
            let plan = plan_repository(&repository(tags.clone()), &matcher, now());
            for planned in plan.removals() {
                // written without the matcher, so that its mistakes show
                prop_assert!(!rules.keep.names.contains(&planned.tag));
                prop_assert!(keep_list.get(&planned.tag).is_none());
                let first = planned.tag.as_bytes()[0] as char;
                let glob = format!("{first}*");
                prop_assert!(!rules.keep.globs.contains(&glob));
                prop_assert!(!(first == 'v' && rules.keep.globs.contains(&"v?".to_owned())));
                for regex in &rules.keep.regexes {
                    prop_assert!(!regex::Regex::new(regex).unwrap().is_match(&planned.tag));
                }
                let of_tag = tags.iter().filter(|tag| tag.name == planned.tag && tag.digest == planned.digest);
                prop_assert!(of_tag.clone().any(|tag| !tag.immutable && tag.ends.is_none()));
                prop_assert!(now().duration_since(planned.started).as_hours() >= i64::from(rules.days) * 24);
            }
        }

        #[test]
        fn every_tag_has_exactly_one_decision(tags in prop::collection::vec(any_tag(), 0..30), rules in any_rules()) {
            let matcher = Matcher::new(rules, KeepList::new()).unwrap();
            let plan = plan_repository(&repository(tags.clone()), &matcher, now());
            let planned: Vec<&str> = plan.tags.iter().map(|tag| tag.tag.as_str()).collect();
            let planned_set: BTreeSet<&str> = planned.iter().copied().collect();
            prop_assert_eq!(planned.len(), planned_set.len());
            prop_assert_eq!(planned_set, tags.iter().map(|tag| tag.name.as_str()).collect::<BTreeSet<_>>());
        }

        #[test]
        fn the_plan_does_not_depend_on_the_order_of_tags(
            (tags, shuffled) in prop::collection::vec(any_tag(), 0..20)
                .prop_flat_map(|tags| (Just(tags.clone()), Just(tags).prop_shuffle())),
            rules in any_rules(),
        ) {
            let matcher = Matcher::new(rules, KeepList::new()).unwrap();
            let one = plan_repository(&repository(tags), &matcher, now());
            let other = plan_repository(&repository(shuffled), &matcher, now());
            prop_assert_eq!(one, other);
        }

        #[test]
        fn newest_and_minimum_hold(tags in prop::collection::vec(any_tag(), 0..30), rules in any_rules()) {
            let (newest, minimum) = (rules.keep.newest as usize, rules.keep.minimum as usize);
            let matcher = Matcher::new(rules, KeepList::new()).unwrap();
            let plan = plan_repository(&repository(tags), &matcher, now());
            let images: Vec<_> =
                plan.tags.iter().filter(|tag| tag.ends.is_none() && subject_of(&tag.tag).is_none()).collect();
            for tag in images.iter().take(newest) {
                prop_assert!(!tag.decision.removes());
            }
            let left = images.iter().filter(|tag| !tag.decision.removes()).count();
            prop_assert!(left >= minimum.min(images.len()));
        }
    }
}
