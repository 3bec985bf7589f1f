//! A plan as people read it: for each repository the reasons, and the tags under each.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::brakes::Totals;
use super::decision::{Decision, KeepReason, PlannedTag};
use super::plan::RepositoryPlan;

/// Names that a group shows, unless all are wanted.
const SHOWN: usize = 12;
const WIDTH: usize = 100;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Repositories from which something goes, and at most a dozen names for each reason.
    Short,
    /// Every repository and every tag.
    Full,
}

/// The decisions for one repository; `None` where there is nothing worth telling.
#[must_use]
pub fn repository_text(plan: &RepositoryPlan, detail: Detail) -> Option<String> {
    let removals = plan.removals().count();
    if let Some(skipped) = plan.skipped {
        return Some(format!("{}: left alone, {skipped}\n", plan.full_name()));
    }
    if removals == 0 && detail == Detail::Short {
        return None;
    }
    let mut text = format!("{}: {removals} of {} to remove\n", plan.full_name(), tags(plan.tags.len() as u64));
    let mut groups: IndexMap<String, Vec<&PlannedTag>> = IndexMap::new();
    for tag in &plan.tags {
        groups.entry(tag.decision.group()).or_default().push(tag);
    }
    // what goes first, then what stays; each in the order of its newest tag
    groups.sort_by(|_, a, _, b| rank(a).cmp(&rank(b)));
    for (group, members) in groups {
        let _ = writeln!(text, "  {group} ({})", members.len());
        let shown = if detail == Detail::Full { members.len() } else { SHOWN };
        let mut names: Vec<String> = members.iter().take(shown).map(|tag| label(tag)).collect();
        if members.len() > shown {
            names.push(format!("and {} more", members.len() - shown));
        }
        wrap(&mut text, &names);
    }
    Some(text)
}

/// One line of counts.
#[must_use]
pub fn totals_text(totals: &Totals) -> String {
    let repositories = match totals.repositories {
        1 => "1 repository".to_owned(),
        count => format!("{count} repositories"),
    };
    format!(
        "{} in {repositories}: {} to expire, {} to delete, {} already expiring, {} kept",
        tags(totals.tags),
        totals.expire,
        totals.delete,
        totals.already_expiring,
        totals.keep
    )
}

fn tags(count: u64) -> String {
    match count {
        1 => "1 tag".to_owned(),
        count => format!("{count} tags"),
    }
}

fn rank(members: &[&PlannedTag]) -> u8 {
    match members.first().map(|tag| &tag.decision) {
        Some(Decision::Delete { .. }) => 0,
        Some(Decision::Expire { .. }) => 1,
        Some(Decision::AlreadyExpiring { .. }) => 2,
        _ => 3,
    }
}

/// The tag's name with what its group does not say.
fn label(tag: &PlannedTag) -> String {
    let days = |days: u32| format!("{} ({days} d)", tag.tag);
    match &tag.decision {
        Decision::Expire { age_days, .. }
        | Decision::Delete { age_days, .. }
        | Decision::Keep { because: KeepReason::Younger { age_days, .. } } => days(*age_days),
        Decision::Keep { because: KeepReason::Companion { of } } => format!("{} (of {of})", tag.tag),
        Decision::AlreadyExpiring { at } => format!("{} ({at})", tag.tag),
        // a protected tag that ends all the same deserves a look
        Decision::Keep { .. } => match tag.ends {
            Some(at) => format!("{} (but it expires at {at})", tag.tag),
            None => tag.tag.clone(),
        },
    }
}

fn wrap(text: &mut String, names: &[String]) {
    let mut line = String::from("   ");
    for (at, name) in names.iter().enumerate() {
        let comma = if at + 1 == names.len() { "" } else { "," };
        if line.len() > 3 && line.chars().count() + name.chars().count() + 2 > WIDTH {
            let _ = writeln!(text, "{line}");
            line = String::from("   ");
        }
        let _ = write!(line, " {name}{comma}");
    }
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::plan::tests::{days_ago, now, tag};
    use crate::prune::{KeepList, Matcher, RepositoryTags, Rules, plan_repository};

    fn plan(tags: Vec<crate::prune::TagState>) -> RepositoryPlan {
        let mut rules = Rules::older_than(7);
        rules.keep.names.push("latest".into());
        let matcher = Matcher::new(rules, KeepList::new()).unwrap();
        let repository = RepositoryTags { namespace: "acme".into(), name: "app".into(), tags };
        plan_repository(&repository, &matcher, now())
    }

    #[test]
    fn tags_are_grouped_by_their_reason() {
        let mut latest = tag("latest", 400);
        latest.ends = Some(days_ago(-1));
        let text =
            repository_text(&plan(vec![tag("a", 30), tag("b", 31), tag("c", 900), tag("d", 2), latest]), Detail::Short);
        assert_eq!(
            text.unwrap(),
            "acme/app: 3 of 5 tags to remove\n\
             \x20 delete: older than 7 days, past 104 weeks an expiration would be lost in the past, a deletion can be \
             restored (1)\n\
             \x20   c (900 d)\n\
             \x20 expire: older than 7 days (2)\n\
             \x20   a (30 d), b (31 d)\n\
             \x20 keep: younger than 7 days (1)\n\
             \x20   d (2 d)\n\
             \x20 keep: name (1)\n\
             \x20   latest (but it expires at 2026-11-22T12:00:00Z)\n"
        );
    }

    #[test]
    fn long_groups_are_cut_and_wrapped() {
        let many: Vec<_> = (8..208).map(|age| tag(&format!("tag-{age:03}"), age)).collect();
        let short = repository_text(&plan(many.clone()), Detail::Short).unwrap();
        assert!(short.ends_with("tag-019 (19 d),\n    and 188 more\n") && !short.contains("tag-020"), "{short}");
        let full = repository_text(&plan(many), Detail::Full).unwrap();
        assert!(full.lines().all(|line| line.len() <= WIDTH) && full.contains("tag-207 (207 d)\n"), "{full}");
    }

    #[test]
    fn nothing_to_remove_is_told_only_in_full() {
        let quiet = plan(vec![tag("d", 2)]);
        assert_eq!(repository_text(&quiet, Detail::Short), None);
        assert!(repository_text(&quiet, Detail::Full).unwrap().starts_with("acme/app: 0 of 1 tag to remove\n"));
    }
}
