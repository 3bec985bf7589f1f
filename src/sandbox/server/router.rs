//! Which part of the sandbox answers what.

use std::sync::Arc;

use axum::{Router, middleware};

use super::app::App;
use super::{control, middleware as around};
use crate::sandbox::{http, oci};

/// The whole server: the control interface, the OCI registry under `/v2`, Quay's API for the rest.
pub(super) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .merge(control::router())
        .merge(oci::router())
        .fallback(http::handle)
        .layer(middleware::from_fn_with_state(Arc::clone(app), around::observe))
        .with_state(Arc::clone(app))
}
