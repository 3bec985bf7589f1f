//! Modules for the operating system: facts, cron, time.

mod facts;
mod ping;
pub mod setup;

pub use ping::Ping;
