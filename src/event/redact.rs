//! Reaches every text of an event, so that known secrets can be blanked out of it.

use serde_json::Value as Json;

use super::event::{EventKind, ItemResult};
use crate::value::REDACTED;

/// Endings of names under which results and variables hold secrets that nothing has marked as such: a plain variable
/// `password` is one, whether or not it came from Vault.
const SECRET_NAMES: &[&str] = &["password", "passwd", "passphrase", "token", "secret", "private_key", "api_key"];

type Change<'c> = &'c mut dyn FnMut(&mut String);

impl EventKind {
    /// Calls `found` with every text that stands under a secret's name in a result.
    pub(super) fn each_named_secret(&self, found: &mut dyn FnMut(&str)) {
        match self {
            Self::ItemDone { result, .. } | Self::Retrying { result, .. } | Self::TaskDone { result, .. } => {
                named_secrets(&result.result, found);
            }
            _ => {}
        }
    }

    /// Calls `change` with every text that may hold what a user or a host wrote.
    pub(super) fn each_text(&mut self, change: Change<'_>) {
        match self {
            Self::RunStarted { playbooks, .. } => playbooks.iter_mut().for_each(change),
            Self::PlayStarted { name, hosts, location } => {
                change(name);
                hosts.iter_mut().for_each(&mut *change);
                location.iter_mut().for_each(change);
            }
            Self::PlaySkipped { name, reason } => {
                change(name);
                change(reason);
            }
            Self::TaskStarted { name, action, location, .. } => {
                change(name);
                change(action);
                location.iter_mut().for_each(change);
            }
            Self::Included { what, hosts, label, .. } => {
                change(what);
                hosts.iter_mut().for_each(&mut *change);
                label.iter_mut().for_each(change);
            }
            Self::ItemDone { host, delegated_to, result, .. }
            | Self::Retrying { host, delegated_to, result, .. }
            | Self::TaskDone { host, delegated_to, result, .. } => {
                change(host);
                delegated_to.iter_mut().for_each(&mut *change);
                result.each_text(change);
            }
            Self::HandlerNotified { handler, host } => {
                change(handler);
                change(host);
            }
            Self::Warning { message } | Self::Error { message } => change(message),
            Self::Interrupted => {}
            Self::RunEnded { custom_stats, .. } => each_json_text(custom_stats, change),
        }
    }
}

impl ItemResult {
    fn each_text(&mut self, change: Change<'_>) {
        for text in [&mut self.label, &mut self.msg, &mut self.diagnostic].into_iter().flatten() {
            change(text);
        }
        self.diff.iter_mut().for_each(&mut *change);
        self.warnings.iter_mut().for_each(&mut *change);
        each_json_text(&mut self.result, change);
    }
}

fn named_secrets(json: &Json, found: &mut dyn FnMut(&str)) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| named_secrets(item, found)),
        Json::Object(map) => {
            for (key, value) in map {
                match value {
                    Json::String(text) if is_secret_name(key) && !text.is_empty() => found(text),
                    value => named_secrets(value, found),
                }
            }
        }
        _ => {}
    }
}

fn is_secret_name(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|ending| key.ends_with(ending))
}

fn each_json_text(json: &mut Json, change: Change<'_>) {
    match json {
        Json::String(text) => change(text),
        Json::Array(items) => items.iter_mut().for_each(|item| each_json_text(item, change)),
        Json::Object(map) => {
            // a key may hold a secret too (`{"Bearer …": …}`); keys are rebuilt only where one changes
            let changed = map.keys().any(|key| {
                let mut copy = key.clone();
                change(&mut copy);
                copy != *key
            });
            if changed {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(mut key, value)| {
                        change(&mut key);
                        (key, value)
                    })
                    .collect();
            }
            for (key, value) in map {
                match value {
                    Json::String(text) if is_secret_name(key) && !text.is_empty() => REDACTED.clone_into(text),
                    value => each_json_text(value, change),
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
