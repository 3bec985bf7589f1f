//! The order in which loaded things run.

use std::sync::Arc;

use super::keywords::Keywords;
use super::model::{Block, Handler, Play, Role, Step};

/// A handler with the roles around it, the outermost first: their variables are in its scope, their keywords hold for it.
#[derive(Clone, Debug)]
pub struct BoundHandler {
    /// The handler.
    pub handler: Handler,
    /// The role that it comes from, after the roles that depend on it.
    pub roles: Vec<Arc<Role>>,
}

impl Role {
    /// The role's dependencies and tasks as one block, with its keywords around all of them: a dependency inherits the
    /// tags and conditions of the role that wants it.
    #[must_use]
    pub fn block(self: &Arc<Self>) -> Arc<Block> {
        let dependencies = self.dependencies.iter().map(|dependency| Step::Block(dependency.block()));
        Arc::new(Block {
            keywords: self.keywords.clone(),
            block: dependencies.chain(self.tasks.iter().cloned()).collect(),
            rescue: Vec::new(),
            always: Vec::new(),
            role: Some(Arc::clone(self)),
            span: self.span,
        })
    }

    /// The handlers of the role after those of its dependencies.
    #[must_use]
    pub fn bound_handlers(self: &Arc<Self>) -> Vec<BoundHandler> {
        fn collect(role: &Arc<Role>, outer: &[Arc<Role>], out: &mut Vec<BoundHandler>) {
            let mut roles = outer.to_vec();
            roles.push(Arc::clone(role));
            for dependency in &role.dependencies {
                collect(dependency, &roles, out);
            }
            out.extend(
                role.handlers.iter().map(|handler| BoundHandler { handler: handler.clone(), roles: roles.clone() }),
            );
        }
        let mut out = Vec::new();
        collect(self, &[], &mut out);
        out
    }
}

impl Play {
    /// What runs between `pre_tasks` and `post_tasks`: the roles, then `tasks`.
    #[must_use]
    pub fn main_steps(&self) -> Vec<Step> {
        self.roles.iter().map(|role| Step::Block(role.block())).chain(self.tasks.iter().cloned()).collect()
    }

    /// All handlers that are known before the run, in the order they run: those of `roles`, the play's own, those of
    /// imported roles. Of two with one name the last is meant.
    #[must_use]
    pub fn bound_handlers(&self) -> Vec<BoundHandler> {
        let mut out: Vec<BoundHandler> = self.roles.iter().flat_map(Role::bound_handlers).collect();
        out.extend(self.handlers.iter().map(|handler| BoundHandler { handler: handler.clone(), roles: Vec::new() }));
        let roles = self.roles.iter().flat_map(|role| &role.tasks);
        for step in self.pre_tasks.iter().chain(roles).chain(&self.tasks).chain(&self.post_tasks) {
            imported_handlers(step, &Keywords::default(), &mut out);
        }
        out
    }
}

/// The handlers of the roles that a step imports, with the keywords of the blocks around the import.
fn imported_handlers(step: &Step, outer: &Keywords, out: &mut Vec<BoundHandler>) {
    let Step::Block(block) = step else { return };
    if let Some(role) = &block.role {
        out.extend(role.bound_handlers().into_iter().map(|mut bound| {
            bound.handler.outer = Arc::new(bound.handler.outer.inherit(outer));
            bound
        }));
        for step in &role.tasks {
            imported_handlers(step, outer, out);
        }
    } else {
        let keywords = block.keywords.inherit(outer);
        for step in block.block.iter().chain(&block.rescue).chain(&block.always) {
            imported_handlers(step, &keywords, out);
        }
    }
}
