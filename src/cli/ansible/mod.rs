//! quaymaster called by the names of Ansible's commands, through a link: their options, exit codes and reports.

mod adhoc;
mod common;
mod config;
mod dispatch;
mod doc;
mod playbook;
mod run_args;

pub(super) use dispatch::AnsibleCommand;
