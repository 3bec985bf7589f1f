//! `group_by`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::Value;

/// Puts each host into a group that is named after facts or variables, for later plays to use.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupBy {
    /// The group's name, mostly a template such as `os_{{ ansible_facts.distribution }}`. Blanks become hyphens.
    key: String,
    /// Groups that the new one becomes a part of.
    #[serde(default = "all")]
    parents: Vec<String>,
}

fn all() -> Vec<String> {
    vec!["all".to_owned()]
}

impl ControllerAction for GroupBy {
    fn run(&self, _: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let name = |text: &str| text.replace(' ', "-");
        let group = name(&self.key);
        let parents: Vec<String> = self.parents.iter().map(|parent| name(parent)).collect();
        let shown = Value::list(parents.iter().map(|parent| Value::from(parent.as_str())).collect());
        let outcome = Outcome::ok().with("add_group", group.as_str()).with("parent_groups", shown);
        Ok((outcome, vec![Effect::GroupBy { groups: vec![group], parents }]))
    }
}
