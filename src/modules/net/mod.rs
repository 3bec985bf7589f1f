//! Modules for network requests and waiting.

mod checksum_option;
mod download;
mod get_url;
mod multipart;
#[cfg(test)]
mod tests;
mod uri;
mod uri_body;
mod url_options;
mod wait_for;

pub(in crate::modules) use download::download;
pub use get_url::{DownloadState, GetUrl};
pub use uri::UriRequest;
pub use wait_for::WaitFor;
