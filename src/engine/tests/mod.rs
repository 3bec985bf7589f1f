//! Plays run in process, with their events as text.

mod ending;
mod flow;
mod handlers;
mod harness;
mod includes;
mod named;
mod places;
mod results;
mod secrets;
mod strategies;
mod variables;
