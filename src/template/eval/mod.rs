//! The evaluator: one [`Machine`] per value rendered, one [`Run`] per template text.

mod access;
mod args;
mod blocks;
mod call;
mod compare;
mod display;
mod expr;
mod host;
mod machine;
mod mutate;
mod number;
mod operators;
mod output;
mod run;
mod statements;
mod taint;

pub(crate) use access::{from_key, range};
pub(crate) use args::{Args, required};
pub(crate) use compare::{contains, equal, order};
pub(crate) use display::datetime_str;
pub(crate) use machine::{Machine, is_omit, omit, with_newlines_of};
pub(crate) use number::{Number, float_of, int_of, truncate};
pub(crate) use run::Run;
