//! Why a run of the pruner stops.

use thiserror::Error;

use super::dlrn::DlrnError;
use super::document::PlanFileError;
use super::matcher::RulesError;
use crate::quay::QuayError;

/// A run that stops before it removes anything (more).
#[derive(Debug, Error)]
pub enum PruneError {
    /// The rules cannot be used.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// A source of names to keep failed. Nothing is removed then: what it would have protected is not known.
    #[error("a keep list cannot be read, so nothing is removed")]
    KeepList(#[from] DlrnError),
    /// The plan's file.
    #[error(transparent)]
    PlanFile(#[from] PlanFileError),
    /// The caller is nobody: what is private would be missing from the plan without a word.
    #[error("pruning needs a token, or a user name and password")]
    Anonymous,
    /// The credentials, or the registry.
    #[error("cannot {doing}")]
    Quay {
        /// What was being done.
        doing: String,
        /// Why it failed.
        #[source]
        source: Box<QuayError>,
    },
    /// An organization that is to be pruned is not there.
    #[error("there is no organization or user `{name}` at {server}")]
    NoNamespace {
        /// Its name.
        name: String,
        /// Where.
        server: String,
    },
    /// A plan that was made for another registry.
    #[error("the plan is for {planned}, not for {server}")]
    OtherServer {
        /// Whose tags the plan names.
        planned: String,
        /// Where it was to be applied.
        server: String,
    },
    /// A plan that is too old.
    #[error("the plan is {age_hours} hours old, and {allowed_hours} are allowed: make a new one")]
    TooOld {
        /// Its age.
        age_hours: i64,
        /// The allowed age.
        allowed_hours: u32,
    },
}

impl PruneError {
    /// Wraps a failed call.
    pub(super) fn quay(doing: impl Into<String>) -> impl FnOnce(QuayError) -> Self {
        let doing = doing.into();
        move |source| Self::Quay { doing, source: Box::new(source) }
    }
}
