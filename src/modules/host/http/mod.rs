//! HTTP for the modules `uri` and `get_url`: clients by their settings, requests that follow redirects as Ansible does.

mod client;
mod netrc;
mod request;

pub use client::HttpSettings;
pub use request::{Answer, Follow, HttpError, Request, masked_url};
