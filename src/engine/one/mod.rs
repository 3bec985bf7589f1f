//! One task on one host.

mod args;
mod attempt;
mod background;
mod keywords;
mod looping;
mod once;
mod one;
mod way;

pub(super) use one::One;
