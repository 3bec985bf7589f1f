//! The part of the binary that works on a host by itself: background jobs, which outlive the run that starts them.

mod job;
mod launch;

pub use job::run_job;
pub use launch::{JobError, JobRequest, launch};
