//! The binary's work on a host: as an agent that a runner talks to, and as a background job that outlives the run.

mod becoming;
mod binary;
mod client;
mod files;
mod frame;
mod handshake;
mod job;
mod launch;
mod message;
mod relay;
mod script;
mod serve;
mod streams;
mod wire;

pub use becoming::Become;
pub use binary::{Binaries, BinaryError, sha256};
pub use client::{AgentError, Call, RemoteAgent};
pub use frame::FrameError;
pub use handshake::StartError;
pub use job::run_job;
pub use launch::{JobError, NewJob, start_job};
pub use serve::{Agent, crash, say_damaged};
pub use wire::ClosedVault;
