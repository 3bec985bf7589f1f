//! Modules for the operating system: facts, cron, time.

mod cron;
mod crontab;
mod facts;
mod ping;
mod setup;

pub use cron::{Cron, CronState, SpecialTime};
pub use ping::Ping;
pub use setup::Setup;
