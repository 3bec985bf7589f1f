//! Ways to a host: each starts a command there and gives its three streams. What runs over them is not their business.

mod askpass;
mod child;
mod container;
mod error;
mod local;
mod open;
mod openssh;
mod process;
mod spec;
mod ssh;
mod user;

pub use error::TransportError;
pub use open::open;
pub use process::{BoxFuture, ExitStatus, Process, Transport};
pub use spec::{ConnectionSpec, HostKeyChecking, Kind};
