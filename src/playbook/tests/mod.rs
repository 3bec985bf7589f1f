//! Small playbooks through the loader.

mod listing;
mod problems;
mod reading;
mod support;
mod templates;
