//! The one entrance.

use std::sync::Arc;

use super::container::Container;
use super::error::TransportError;
use super::local::Local;
use super::process::Transport;
use super::spec::{ConnectionSpec, Kind};
use super::ssh;

/// The way to a host. Nothing is connected yet, but configuration files have been read.
pub fn open(spec: &ConnectionSpec) -> Result<Arc<dyn Transport>, TransportError> {
    match &spec.kind {
        Kind::Local => Ok(Arc::new(Local)),
        Kind::Container(engine) => Ok(Arc::new(Container::new(engine, spec))),
        Kind::Ssh | Kind::OpenSsh => ssh::open(spec),
    }
}
