//! Pruning of tags: rules to a plan (pure), a plan to its application.
//!
//! The plan is a pure function of the tags, the keep lists, the rules and the clock. It holds one decision with its reason
//! for each tag, can be written to a file, read, reviewed and applied. What a keep rule protects is never removed: the plan
//! asks the rules, and its application asks them again.

mod apply;
mod brakes;
mod decision;
mod dlrn;
mod document;
mod error;
mod gather;
mod keep_list;
mod make;
mod matcher;
mod plan;
mod rules;
mod step;
mod tag;
mod text;

pub use apply::{Applied, Applier, Note};
pub use brakes::{Brake, Totals};
pub use decision::{Decision, DeleteReason, KeepReason, PlannedTag};
pub use dlrn::{DlrnError, keep_list};
pub use document::{Header, PLAN_VERSION, PlanFileError, PlanReader, PlanRecord, PlanWriter};
pub use error::PruneError;
pub use gather::{Target, find_repositories, plan_repositories};
pub use keep_list::{KeepList, Promotion};
pub use make::{Progress, compile, header, make_plan};
pub use matcher::{Matcher, RulesError};
pub use plan::{RepositoryPlan, Skipped, plan_repository};
pub use rules::{Brakes, DlrnSource, Filter, Keep, RemovalMode, Rules, Share};
pub use step::{SkipReason, Step, next_step};
pub use tag::{RepositoryTags, TagState};
pub use text::{Detail, repository_text, totals_text};
