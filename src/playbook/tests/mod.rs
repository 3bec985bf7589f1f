//! Small playbooks through the loader.

mod problems;
mod reading;
mod support;
