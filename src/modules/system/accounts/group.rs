//! `group`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::system::presence::Presence;
use crate::value::{Map, Value};

/// Makes sure that a group exists, or that it does not.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Group")]
pub struct GroupModule {
    /// The group's name.
    name: String,
    /// Whether it shall be there.
    #[serde(default)]
    state: Presence,
    /// Its number. Chosen by the system where not given.
    gid: Option<u32>,
    /// Make a system group. Of effect only where the group is made.
    #[serde(default)]
    system: bool,
    /// Use the tools for local accounts (`lgroupadd` and its like) and look only into `/etc/group`.
    #[serde(default)]
    local: bool,
    /// Let the number be one that another group has. Needs `gid`.
    #[serde(default)]
    non_unique: bool,
    /// Remove the group even if it is the primary group of a user.
    #[serde(default)]
    force: bool,
    /// Smallest number that may be chosen for a new group, in place of `GID_MIN` of `/etc/login.defs`.
    gid_min: Option<u32>,
    /// Largest number that may be chosen for a new group, in place of `GID_MAX` of `/etc/login.defs`.
    gid_max: Option<u32>,
}

/// A group that is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupState {
    name: String,
    /// `None` where the system will choose.
    gid: Option<u32>,
}

impl GroupModule {
    fn find(&self, ctx: &Ctx) -> Result<Option<GroupState>, ModuleError> {
        let found = if self.local { ctx.local_group(&self.name)? } else { ctx.group(&self.name)? };
        let found = found.filter(|group| group.name == self.name);
        Ok(found.map(|group| GroupState { name: group.name, gid: Some(group.gid) }))
    }

    fn tool(&self, name: &str) -> String {
        if self.local { format!("l{name}") } else { name.to_owned() }
    }

    /// The local tools take a number twice without a word; the others check by themselves.
    fn check_number(&self, ctx: &Ctx) -> Result<(), ModuleError> {
        if let Some(gid) = self.gid
            && self.local
            && !self.non_unique
            && let Some(other) = ctx.local_group(&gid.to_string())?.filter(|group| group.gid == gid)
        {
            return Err(ModuleError::new(format!("GID '{gid}' already exists with group '{}'", other.name)));
        }
        Ok(())
    }

    fn number_words(&self) -> Vec<String> {
        let Some(gid) = self.gid else { return Vec::new() };
        let mut words = vec!["-g".to_owned(), gid.to_string()];
        if self.non_unique {
            words.push("-o".to_owned());
        }
        words
    }
}

impl Managed for GroupModule {
    type State = Option<GroupState>;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.non_unique && self.gid.is_none() {
            return Err(ModuleError::new("non_unique is True but all of the following are missing: gid"));
        }
        if self.local && (self.gid_min.is_some() || self.gid_max.is_some()) {
            return Err(ModuleError::new("'gid_min' and 'gid_max' can only be used with non-local groups"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        self.find(ctx)
    }

    fn desired(&self, current: &Self::State, _: &mut Ctx) -> Result<Self::State, ModuleError> {
        Ok(match self.state {
            Presence::Absent => None,
            Presence::Present => {
                let gid = self.gid.or_else(|| current.as_ref().and_then(|group| group.gid));
                Some(GroupState { name: self.name.clone(), gid })
            }
        })
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let mut words = Vec::new();
        let tool = match (current, desired) {
            (_, None) => {
                if self.force && !self.local {
                    words.push("-f".to_owned());
                }
                "groupdel"
            }
            (None, Some(_)) => {
                self.check_number(ctx)?;
                words.extend(self.number_words());
                if self.system {
                    words.push("-r".to_owned());
                }
                for (name, limit) in [("GID_MIN", self.gid_min), ("GID_MAX", self.gid_max)] {
                    words.extend(limit.into_iter().flat_map(|limit| ["-K".to_owned(), format!("{name}={limit}")]));
                }
                "groupadd"
            }
            (Some(_), Some(_)) => {
                self.check_number(ctx)?;
                words.extend(self.number_words());
                "groupmod"
            }
        };
        words.push(self.name.clone());
        let tool = self.tool(tool);
        let output = ctx.run_tool(&tool, &words)?;
        let output = output.success(&tool).map_err(|error| error.with("name", self.name.as_str()))?;
        let mut values = Map::new();
        for (key, text) in [("stdout", output.out()), ("stderr", output.err())] {
            if !text.is_empty() {
                values.insert(key.into(), Value::from(text));
            }
        }
        Ok(Applied { values, facts: None })
    }

    fn report(&self, state: &Self::State, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let mut values = Map::from([
            ("name".into(), Value::from(self.name.as_str())),
            ("state".into(), Value::from(self.state.word())),
        ]);
        if let Some(group) = state {
            values.insert("system".into(), Value::from(self.system));
            let gid = match group.gid {
                Some(gid) => Some(gid),
                None => self.find(ctx)?.and_then(|made| made.gid),
            };
            if let Some(gid) = gid {
                values.insert("gid".into(), Value::from(i64::from(gid)));
            }
        }
        Ok(values)
    }

    fn title(&self) -> String {
        format!("group {}", self.name)
    }
}
