//! Between HTTP and the handlers of the API: requests, answers, routing, and the order in which Quay checks things.

pub mod cookies;
mod dispatch;
pub mod page_token;
mod query;
mod reply;
mod request;
mod routing;

pub use dispatch::{Handler, Transaction, handle};
pub use query::Query;
pub use reply::{Body, Failure, Reply, html};
pub use request::Call;
pub use routing::not_allowed;
