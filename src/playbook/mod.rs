//! The playbook: its model, its loader, its static checks.
//!
//! Loading reads everything that can be known before the run: plays, static imports, roles and their dependencies, included
//! files whose names hold no template. It finds every problem at once, so that nothing is touched when something is wrong.
//! Nothing here renders a template but names of static imports, and nothing runs.

mod check;
mod flow;
mod keywords;
mod list;
mod load;
mod model;
mod tags;

pub use flow::BoundHandler;
pub use keywords::{Become, Keywords, LoopControl, Tags};
pub use list::{Listing, syntax_checked};
pub use load::{LoadContext, Loader, LoaderOptions, RoleHome, RoleUse, VarsRank};
pub use model::{
    Action, Block, Handler, Include, IncludeKind, LoopSource, Named, Play, Playbook, Role, Step, Task, TaskId,
    VarsPrompt,
};
pub use tags::{TagFilter, split_tags};

#[cfg(test)]
mod tests;
