//! `quay_prune`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, BufWriter};

use indexmap::IndexMap;
use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::connect::option;
use super::options::quay_options;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::{Diff, DiffText, Outcome};
use crate::prune::{
    Applied, Applier, Brake, DlrnSource, Matcher, PlanReader, Progress, PruneError, RemovalMode, RepositoryPlan, Rules,
    Share, Totals, compile, make_plan,
};
use crate::value::{Value, from_json};

/// Requests at a time.
const CONCURRENCY: usize = 8;

quay_options! {
    /// Removes old tags. A plan with one decision and its reason for each tag is made first; what a `keep` option protects is
    /// never removed; if a keep list cannot be read, nothing is. In check mode only the plan is made. Not in
    /// `infra.quay_configuration`; `quaymaster prune` is the same on the command line.
    pub struct QuayPrune {
        /// Organizations or users to prune; shell patterns.
        organizations: Vec<String>,
        /// Tags older than this many days are removed.
        days: u32,
        /// Only these repositories: shell patterns of `name` or `organization/name`.
        repositories: Option<Vec<String>>,
        /// Not these repositories.
        exclude_repositories: Option<Vec<String>>,
        /// Tags to keep by their exact names.
        keep: Option<Vec<String>>,
        /// Tags to keep by shell patterns.
        keep_globs: Option<Vec<String>>,
        /// Tags to keep by regular expressions, found anywhere in the name.
        keep_regexes: Option<Vec<String>>,
        /// DLRN APIs whose promotions are kept.
        keep_from_dlrn: Option<Vec<DlrnSource>>,
        /// Keep so many of the newest tags of each repository.
        #[serde(default)]
        keep_newest: u32,
        /// Leave each repository at least so many tags.
        #[serde(default)]
        keep_minimum: u32,
        /// Whether tags get an expiration, or are deleted at once. Tags too old for an expiration are deleted anyway.
        #[serde(default)]
        removal: RemovalMode,
        /// Hours until an expiration that is set.
        #[serde(default = "a_day")]
        expire_in_hours: u32,
        /// Fail, without removing anything, if more tags than this would go.
        max_removals: Option<u64>,
        /// Fail if more than this share of all tags would go: `30%`.
        max_share: Option<String>,
        /// Fail if more than this share of one repository's tags would go.
        max_repository_share: Option<String>,
        /// Whether the plan is applied. Otherwise it is only made, as in check mode.
        #[serde(default = "super::options::yes")]
        confirm: bool,
        /// Whether `decisions` also lists the tags that stay.
        #[serde(default)]
        all_decisions: bool,
    }
}

fn a_day() -> u32 {
    24
}

/// What a run gives back.
struct Planned {
    file: NamedTempFile,
    totals: Totals,
    brakes: Vec<Brake>,
    decisions: Vec<Value>,
    reasons: IndexMap<String, u64>,
    removed: String,
}

impl Action for QuayPrune {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let rules = self.rules()?;
        let Some(registry) = self.connection().open(ctx)? else {
            return Ok(Outcome { skipped: true, ..Outcome::ok() }.msg("there is no token yet, so there is no plan"));
        };
        let client = registry.client();
        let matcher = wait(ctx, compile(client, rules))?;
        let now = Timestamp::now();
        let plan = self.plan(client, &matcher, now, ctx)?;
        let mut outcome = plan.outcome();
        if let Some(brake) = plan.brakes.first() {
            outcome.failed = true;
            return Ok(outcome.msg(format!("nothing was removed: {brake}")));
        }
        let removals = plan.totals.removals();
        outcome.changed = removals > 0;
        if outcome.changed && ctx.mode.diff {
            outcome = outcome.diff(Diff {
                before_header: "tags to remove".to_owned(),
                after_header: "tags to remove".to_owned(),
                before: DiffText::Text(plan.removed),
                after: DiffText::Text(String::new()),
            });
        }
        if ctx.mode.check || !self.confirm || removals == 0 {
            if !self.confirm {
                outcome.changed = false;
            }
            return Ok(outcome.msg(crate::prune::totals_text(&plan.totals)));
        }
        let applied = apply(client, &matcher, &plan.file, ctx)?;
        outcome.changed = applied.expired + applied.deleted > 0;
        outcome.failed = !applied.is_complete();
        let text = format!("{} set to expire, {} deleted, {} failed", applied.expired, applied.deleted, applied.failed);
        Ok(outcome.with("applied", json(&applied)?).msg(text))
    }
}

impl QuayPrune {
    fn rules(&self) -> Result<Rules, ModuleError> {
        if self.organizations.is_empty() {
            return Err(option("organizations", "names nothing to prune"));
        }
        let list = |option: &Option<Vec<String>>| option.clone().unwrap_or_default();
        let share = |name: &str, text: &Option<String>| -> Result<Option<Share>, ModuleError> {
            text.as_deref().map(|text| text.parse().map_err(|error: String| option(name, error))).transpose()
        };
        let mut rules = Rules::older_than(self.days);
        rules.organizations.include.clone_from(&self.organizations);
        rules.repositories.include = list(&self.repositories);
        rules.repositories.exclude = list(&self.exclude_repositories);
        rules.keep.names = list(&self.keep);
        rules.keep.globs = list(&self.keep_globs);
        rules.keep.regexes = list(&self.keep_regexes);
        rules.keep.dlrn = self.keep_from_dlrn.clone().unwrap_or_default();
        rules.keep.newest = self.keep_newest;
        rules.keep.minimum = self.keep_minimum;
        rules.removal = self.removal;
        rules.expire_in_hours = self.expire_in_hours;
        rules.brakes.max_removals = self.max_removals;
        rules.brakes.max_share = share("max_share", &self.max_share)?;
        rules.brakes.max_repository_share = share("max_repository_share", &self.max_repository_share)?;
        Ok(rules)
    }

    fn plan(
        &self,
        client: &crate::quay::Client,
        matcher: &Matcher,
        now: Timestamp,
        ctx: &Ctx,
    ) -> Result<Planned, ModuleError> {
        let cannot = |error: std::io::Error| ModuleError::because("cannot write the plan", error);
        let out = BufWriter::new(NamedTempFile::new().map_err(cannot)?);
        let mut decisions = Vec::new();
        let mut reasons: IndexMap<String, u64> = IndexMap::new();
        let mut removed = String::new();
        let making = make_plan(client, matcher, now, CONCURRENCY, out, |progress| {
            let Progress::Planned(plan) = progress else { return };
            for tag in &plan.tags {
                *reasons.entry(tag.decision.group()).or_default() += 1;
                if self.all_decisions || tag.decision.removes() {
                    decisions.push(decision(plan, tag));
                }
                if ctx.mode.diff && tag.decision.removes() {
                    // writing to a string cannot fail
                    let _ = writeln!(removed, "{}:{} {}", plan.full_name(), tag.tag, tag.decision);
                }
            }
        });
        let (out, totals, brakes) = wait(ctx, making)?;
        let file = out.into_inner().map_err(|error| cannot(error.into_error()))?;
        Ok(Planned { file, totals, brakes, decisions, reasons, removed })
    }
}

impl Planned {
    fn outcome(&self) -> Outcome {
        let count = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        let reasons = self.reasons.iter().map(|(reason, number)| (reason.as_str().into(), count(*number)));
        Outcome::ok()
            .with("repositories", count(self.totals.repositories))
            .with("tags", count(self.totals.tags))
            .with("kept", count(self.totals.keep))
            .with("already_expiring", count(self.totals.already_expiring))
            .with("to_expire", count(self.totals.expire))
            .with("to_delete", count(self.totals.delete))
            .with("reasons", Value::map(reasons.collect()))
            .with("decisions", Value::list(self.decisions.clone()))
    }
}

fn decision(plan: &RepositoryPlan, tag: &crate::prune::PlannedTag) -> Value {
    from_json(serde_json::json!({
        "repository": plan.full_name(),
        "tag": tag.tag,
        "digest": tag.digest,
        "action": tag.decision.action(),
        "reason": tag.decision.to_string(),
    }))
}

/// Applies the plan. An interruption lets running requests end and begins no new ones.
fn apply(
    client: &crate::quay::Client,
    matcher: &Matcher,
    file: &NamedTempFile,
    ctx: &Ctx,
) -> Result<Applied, ModuleError> {
    let open = File::open(file.path()).map_err(|error| ModuleError::because("cannot read the plan", error))?;
    let mut reader = PlanReader::new(BufReader::new(open)).map_err(|error| failed(error.into()))?;
    let applier = Applier { client, matcher, now: Timestamp::now(), concurrency: CONCURRENCY, cancel: &ctx.cancel };
    ctx.runtime.block_on(applier.apply(&mut reader, |_| {})).map_err(|error| failed(error.into()))
}

fn wait<T>(ctx: &Ctx, future: impl Future<Output = Result<T, PruneError>>) -> Result<T, ModuleError> {
    match ctx.wait(future) {
        Some(result) => result.map_err(failed),
        None => Err(ModuleError::new("interrupted; nothing was removed")),
    }
}

fn failed(error: PruneError) -> ModuleError {
    ModuleError::because("cannot prune", error)
}

fn json(applied: &Applied) -> Result<Value, ModuleError> {
    let value = serde_json::to_value(applied).map_err(|error| ModuleError::because("cannot tell the result", error))?;
    Ok(from_json(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::from_value;

    fn module(args: serde_json::Value) -> QuayPrune {
        from_value(&from_json(args)).unwrap()
    }

    #[test]
    fn options_become_rules() {
        let rules = module(json!({
            "organizations": ["acme"], "days": 7, "keep": ["latest"], "removal": "delete", "max_share": "30%",
            "keep_from_dlrn": [{"url": "trunk.example.org", "endpoints": ["a"], "promotions": ["b"]}],
        }))
        .rules()
        .unwrap();
        assert_eq!((rules.days, rules.removal), (7, RemovalMode::Delete));
        assert_eq!(rules.keep.names, ["latest"]);
        assert_eq!(rules.keep.dlrn[0].endpoints, ["a"]);
        assert_eq!(rules.brakes.max_share.unwrap().to_string(), "30%");
        let error = module(json!({"organizations": ["acme"], "days": 7, "max_share": "30"})).rules().unwrap_err();
        assert!(error.message.contains("option `max_share`: `30` is not a share"), "{}", error.message);
        assert!(module(json!({"organizations": [], "days": 7})).rules().is_err());
    }
}
