//! Plays run in process, with their events as text.

mod harness;
