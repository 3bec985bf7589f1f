//! Listening, TLS, the request log, faults on request, and the control interface `/_sandbox/`.

mod app;
mod config;
mod control;
mod faults;
mod log;
mod middleware;
mod router;
mod serve;
mod tls;

pub use app::App;
pub use config::{Config, TlsFiles};
pub use faults::{FaultRule, Faults, Tear};
pub use log::{AuthKind, LoggedRequest, RequestLog};
pub use serve::{Peer, serve};
