//! The options of `quaymaster prune`.

use std::path::PathBuf;

use crate::prune::Share;

/// Remove old tags from a registry: show the plan, and with --confirm apply it.
///
/// Every live tag gets one decision with its reason. What a --keep option protects is never removed. Tags get an expiration
/// one day ahead; tags that are too old for that (past 104 weeks) are deleted, which the registry's time machine can undo.
///
/// Exit status: 0 nothing to do or everything done, 1 the run stopped before it removed anything (a keep list that cannot
/// be read, wrong credentials, a broken plan), 2 some removals failed, 3 the rules are not valid, 5 wrong options, 6 a limit
/// (--max-…) stopped the plan, 130 interrupted.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Args {
    /// Address of the registry
    #[arg(long, value_name = "URL", env = "QUAY_HOST", help_heading = "Registry")]
    pub(super) url: String,

    /// File that holds the OAuth token, alone or as `export NAME=token`
    #[arg(long, value_name = "FILE", group = "credentials", help_heading = "Registry")]
    pub(super) token_file: Option<PathBuf>,

    /// Environment variable that holds the OAuth token [default: `QUAY_TOKEN`]
    #[arg(long, value_name = "NAME", group = "credentials", help_heading = "Registry")]
    pub(super) token_env: Option<String>,

    /// Sign in as this user instead, which is much cheaper for the registry
    #[arg(long, value_name = "USER", group = "credentials", requires = "password_file", help_heading = "Registry")]
    pub(super) username: Option<String>,

    /// File that holds the user's password
    #[arg(long, value_name = "FILE", requires = "username", help_heading = "Registry")]
    pub(super) password_file: Option<PathBuf>,

    /// File with further certificate authorities to trust (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Registry")]
    pub(super) ca_file: Option<PathBuf>,

    /// Trust any certificate of the registry
    #[arg(long, conflicts_with = "ca_file", help_heading = "Registry")]
    pub(super) insecure: bool,

    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "Registry")]
    pub(super) concurrency: u16,

    /// Organization or user to prune; a shell pattern, may be given several times
    #[arg(short = 'o', long = "organization", value_name = "NAME", help_heading = "What to look at")]
    pub(super) organizations: Vec<String>,

    /// Only repositories that match this shell pattern, by `name` or `organization/name`
    #[arg(long = "repository", value_name = "PATTERN", help_heading = "What to look at")]
    pub(super) repositories: Vec<String>,

    /// Leave out repositories that match this shell pattern
    #[arg(long = "exclude-repository", value_name = "PATTERN", help_heading = "What to look at")]
    pub(super) exclude_repositories: Vec<String>,

    /// Remove tags that are older than this
    #[arg(long, value_name = "N", help_heading = "Rules")]
    pub(super) days: Option<u32>,

    /// Keep tags of exactly this name
    #[arg(long = "keep", value_name = "NAME", help_heading = "Rules")]
    pub(super) keep: Vec<String>,

    /// Keep tags whose name matches this shell pattern
    #[arg(long = "keep-glob", value_name = "PATTERN", help_heading = "Rules")]
    pub(super) keep_globs: Vec<String>,

    /// Keep tags in whose name this regular expression is found
    #[arg(long = "keep-regex", value_name = "REGEX", help_heading = "Rules")]
    pub(super) keep_regexes: Vec<String>,

    /// Keep the newest N tags of each repository
    #[arg(long, value_name = "N", help_heading = "Rules")]
    pub(super) keep_newest: Option<u32>,

    /// Leave each repository at least N tags
    #[arg(long, value_name = "N", help_heading = "Rules")]
    pub(super) keep_minimum: Option<u32>,

    /// Keep what this DLRN API names as promoted
    #[arg(long, value_name = "URL", requires_all = ["dlrn_endpoints", "dlrn_promotions"], help_heading = "Rules")]
    pub(super) keep_from_dlrn: Option<String>,

    /// Endpoint of the DLRN API, such as `api-centos9-master-uc`
    #[arg(long = "dlrn-endpoint", value_name = "NAME", requires = "keep_from_dlrn", help_heading = "Rules")]
    pub(super) dlrn_endpoints: Vec<String>,

    /// Promotion to look up in each endpoint
    #[arg(long = "dlrn-promotion", value_name = "NAME", requires = "keep_from_dlrn", help_heading = "Rules")]
    pub(super) dlrn_promotions: Vec<String>,

    /// Go on where an endpoint knows no such promotion
    #[arg(long, requires = "keep_from_dlrn", help_heading = "Rules")]
    pub(super) dlrn_allow_empty: bool,

    /// Delete at once instead of setting an expiration
    #[arg(long, help_heading = "Rules")]
    pub(super) delete: bool,

    /// Hours until the expiration that is set
    #[arg(long, value_name = "N", conflicts_with = "delete", help_heading = "Rules")]
    pub(super) expire_in_hours: Option<u32>,

    /// Read the rules from this YAML file; the options above add to it
    #[arg(long = "rules", value_name = "FILE", help_heading = "Rules")]
    pub(super) rules_file: Option<PathBuf>,

    /// Stop if more than N tags would go
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub(super) max_removals: Option<u64>,

    /// Stop if more than this share of all tags would go, such as `30%`
    #[arg(long, value_name = "SHARE", help_heading = "Limits")]
    pub(super) max_share: Option<Share>,

    /// Stop if more than this share of one repository's tags would go
    #[arg(long, value_name = "SHARE", help_heading = "Limits")]
    pub(super) max_repository_share: Option<Share>,

    /// Do it; without this only the plan is shown
    #[arg(long, help_heading = "Plan")]
    pub(super) confirm: bool,

    /// Write the plan to this file
    #[arg(long, value_name = "FILE", help_heading = "Plan")]
    pub(super) plan_out: Option<PathBuf>,

    /// Apply the plan in this file instead of making one
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "organizations", "repositories", "exclude_repositories", "days", "keep", "keep_globs", "keep_regexes",
            "keep_newest", "keep_minimum", "keep_from_dlrn", "delete", "expire_in_hours", "rules_file", "max_removals",
            "max_share", "max_repository_share", "plan_out",
        ],
        help_heading = "Plan"
    )]
    pub(super) apply: Option<PathBuf>,

    /// Refuse to apply a plan that is older than this
    #[arg(long, value_name = "HOURS", default_value_t = 24, requires = "apply", help_heading = "Plan")]
    pub(super) max_plan_age: u32,

    /// How the run is reported
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(super) output: Format,

    /// Show every repository and every tag
    #[arg(short = 'v', long, help_heading = "Output")]
    pub(super) verbose: bool,
}

/// How the run is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A readable report
    Text,
    /// The records of the plan and then the result, one JSON object a line
    Json,
}
