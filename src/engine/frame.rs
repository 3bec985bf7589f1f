//! What a task inherits from the blocks, roles and includes around it.

use std::sync::Arc;

use crate::event::TaskKind;
use crate::playbook::{Block, Keywords, LoadContext, Play, Role, Task};
use crate::value::Map;
use crate::vars::{RoleFrame, TaskVars};

/// Everything that holds for the tasks at one place in the tree of a play.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Keywords of the play and the blocks around; `vars` are those of the blocks only, since the play's rank lower.
    pub(super) keywords: Arc<Keywords>,
    /// The role.
    pub(super) role: Option<Arc<RoleFrame>>,
    /// `vars` and loop variables of dynamic includes around, the innermost first.
    pub(super) includes: Vec<Arc<Map>>,
    /// Whether a `rescue` section around takes failures over.
    pub(super) rescued: bool,
    /// Tasks or handlers.
    pub(super) kind: TaskKind,
}

/// A task with everything it inherits, ready to run on hosts.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) task: Arc<Task>,
    pub(super) keywords: Keywords,
    pub(super) vars: Arc<TaskVars>,
    pub(super) frame: Frame,
}

impl Frame {
    /// The top of a play.
    pub(super) fn of_play(play: &Play) -> Self {
        let mut keywords = play.keywords.clone();
        keywords.vars = Map::new();
        Self { keywords: Arc::new(keywords), role: None, includes: Vec::new(), rescued: false, kind: TaskKind::Task }
    }

    /// Inside a block.
    pub(super) fn enter(&self, block: &Block) -> Self {
        let mut frame = self.with_keywords(&block.keywords);
        if let Some(role) = &block.role {
            frame = frame.in_role(role);
        }
        frame
    }

    /// With further keywords around what comes.
    pub(super) fn with_keywords(&self, keywords: &Keywords) -> Self {
        Self { keywords: Arc::new(keywords.inherit(&self.keywords)), ..self.clone() }
    }

    /// Inside a role.
    pub(super) fn in_role(&self, role: &Arc<Role>) -> Self {
        let role = RoleFrame::new(Arc::clone(role), self.role.clone());
        Self { role: Some(Arc::new(role)), ..self.clone() }
    }

    /// With the variables of a dynamic include.
    pub(super) fn with_include(&self, vars: Map) -> Self {
        let mut frame = self.clone();
        if !vars.is_empty() {
            frame.includes.insert(0, Arc::new(vars));
        }
        frame
    }

    /// A task at this place.
    pub(super) fn prepare(&self, task: &Arc<Task>) -> Prepared {
        let mut keywords = task.keywords.inherit(&self.keywords);
        let vars = TaskVars {
            vars: std::mem::take(&mut keywords.vars),
            includes: self.includes.clone(),
            role: self.role.clone(),
            dir: task.dir.clone(),
            environment: keywords.environment.clone(),
        };
        Prepared { task: Arc::clone(task), keywords, vars: Arc::new(vars), frame: self.clone() }
    }

    /// Where files that a task at this place includes are looked for.
    pub(super) fn load_context(&self, play: &Play, task: &Task) -> LoadContext {
        let mut roles: Vec<&Arc<Role>> = self.role.iter().flat_map(|frame| frame.chain()).collect();
        roles.reverse();
        let context = roles.into_iter().fold(LoadContext::in_play(play), |context, role| context.in_role(role));
        let context = context.from_dir(&task.dir);
        if self.kind == TaskKind::Handler { context.for_handlers() } else { context }
    }
}
