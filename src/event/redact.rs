//! Reaches every text of an event, so that known secrets can be blanked out of it.

use serde_json::Value as Json;

use super::event::{EventKind, ItemResult};

type Change<'c> = &'c mut dyn FnMut(&mut String);

impl EventKind {
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
            Self::ItemDone { host, result, .. } | Self::Retrying { host, result, .. } => {
                change(host);
                result.each_text(change);
            }
            Self::TaskDone { host, delegated_to, result, .. } => {
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
            map.values_mut().for_each(|value| each_json_text(value, change));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
