//! Ways to a host: each starts a command there and gives its three streams. What runs over them is not their business.

mod error;
mod process;
mod spec;

pub use error::TransportError;
pub use process::{BoxFuture, ExitStatus, Process, Transport};
pub use spec::{ConnectionSpec, HostKeyChecking, Kind};
