//! `ansible.cfg` and the `ANSIBLE_…` variables of the environment.

mod ini;
mod resolve;
mod setting;
mod table;
mod typed;

pub(super) use resolve::{Config, ConfigError};
pub(super) use setting::{Kind, Meaning};
