//! `quaymaster prune`: removes old tags, plan first.

mod args;
mod credentials;
mod output;
mod rules;
mod run;

pub(super) use args::Args;
pub(super) use run::run;
