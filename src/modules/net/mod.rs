//! Modules for network requests and waiting.

mod checksum_option;
mod get_url;
mod multipart;
#[cfg(test)]
mod tests;
mod uri;
mod uri_body;
mod wait_for;

pub use get_url::{DownloadState, GetUrl};
pub use uri::UriRequest;
pub use wait_for::WaitFor;
