//! Lists of tasks, blocks and handlers.

use std::path::Path;
use std::sync::Arc;

use super::context::{LoadContext, VarsRank};
use super::import::may_be_passed_over;
use super::names;
use super::reader::Reader;
use super::task::Read;
use crate::diag::{Diagnostic, Span};
use crate::playbook::keywords::Keywords;
use crate::playbook::model::{Block, Handler, Step};
use crate::tree::display_name;
use crate::yaml::Node;

/// The keys that make a block of a mapping.
const SECTIONS: [&str; 3] = ["block", "rescue", "always"];

/// What a block is made of.
struct Parts<'n> {
    keywords: Keywords,
    sections: [Option<&'n Node>; 3],
    inner: LoadContext,
}

impl Reader<'_> {
    /// A list of tasks and blocks.
    pub(super) fn steps(&mut self, node: &Node, what: &str, context: &LoadContext) -> Vec<Step> {
        let mut steps = Vec::new();
        for item in self.list(node, what) {
            if item.is_null() {
                self.problem(
                    Diagnostic::warning("empty-task", "an empty item among the tasks is passed over").at(item.span),
                );
                continue;
            }
            if is_block(item) {
                steps.extend(self.block(item, context).map(|block| Step::Block(Arc::new(block))));
                continue;
            }
            match self.task(item, context) {
                Some(Read::Task(task, _)) => steps.push(Step::Task(task)),
                Some(Read::Imported(imported)) => steps.extend(imported),
                Some(Read::Handlers(_)) | None => {}
            }
        }
        steps
    }

    fn block(&mut self, node: &Node, context: &LoadContext) -> Option<Block> {
        let Parts { keywords, sections: [main, rescue, always], inner } = self.block_parts(node, context)?;
        // what fails in a block with a rescue is got over, and the rescue itself may never run
        let mut rescued = inner.clone();
        rescued.conditional |= rescue.is_some();
        let mut section = |node: Option<&Node>, name: &str, context: &LoadContext| {
            node.map(|node| self.steps(node, &format!("`{name}`"), context)).unwrap_or_default()
        };
        Some(Block {
            block: section(main, "block", &rescued),
            rescue: section(rescue, "rescue", &rescued),
            always: section(always, "always", &inner),
            keywords,
            role: None,
            span: node.span,
        })
    }

    /// The keywords and sections of a block, and the context of what is in it.
    fn block_parts<'n>(&mut self, node: &'n Node, context: &LoadContext) -> Option<Parts<'n>> {
        let mut keywords = Keywords::default();
        let mut sections: [Option<&Node>; 3] = [None; 3];
        for (key, entry) in self.entries(node, "a block")? {
            if let Some(at) = SECTIONS.iter().position(|section| *section == key) {
                if entry.value.is_null() {
                    self.error("wrong-type", format!("`{key}` must be a list, not nothing"), entry.key.span);
                }
                if let Some(section) = sections.get_mut(at) {
                    *section = Some(&entry.value);
                }
            } else if names::BLOCK.contains(&key) && self.shared_keyword(key, entry, &mut keywords) {
            } else if names::TASK.contains(&key) {
                self.problem(
                    Diagnostic::error("unknown-keyword", format!("`{key}` is not a keyword of a block"))
                        .at(entry.key.span)
                        .help("it belongs to single tasks"),
                );
            } else {
                self.unknown_keyword(entry, key, "a block", names::BLOCK);
            }
        }
        if sections.first().is_none_or(Option::is_none) {
            self.problem(
                Diagnostic::error("missing-keyword", "`rescue` and `always` need a `block` beside them").at(node.span),
            );
        }
        let mut inner = context.with_vars(VarsRank::Task, keywords.vars.clone());
        inner.module_defaults.extend(keywords.module_defaults.iter().cloned());
        inner.collections.splice(0..0, keywords.collections.iter().cloned());
        inner.conditional |= may_be_passed_over(&keywords);
        Some(Parts { keywords, sections, inner })
    }

    /// A list of handlers. `outer` are the keywords of the imports around it.
    pub(super) fn handlers(
        &mut self,
        node: &Node,
        what: &str,
        context: &LoadContext,
        outer: &Arc<Keywords>,
    ) -> Vec<Handler> {
        let mut handlers = Vec::new();
        for item in self.list(node, what) {
            if item.is_null() {
                continue;
            }
            if is_block(item) {
                handlers.extend(self.handler_block(item, context, outer));
                continue;
            }
            match self.task(item, context) {
                Some(Read::Task(task, listen)) => handlers.push(Handler {
                    task,
                    listen,
                    role: context.role.as_ref().map(|role| Arc::clone(&role.name)),
                    outer: Arc::clone(outer),
                }),
                Some(Read::Handlers(imported)) => handlers.extend(imported.into_iter().map(|mut handler| {
                    handler.outer = Arc::new(handler.outer.inherit(outer));
                    handler
                })),
                Some(Read::Imported(_)) => {}
                None => self.notifications.unreadable(item, context.role.as_ref()),
            }
        }
        handlers
    }

    /// The handlers of a block: the block only lends them its keywords, its other sections are never run.
    fn handler_block(&mut self, node: &Node, context: &LoadContext, outer: &Arc<Keywords>) -> Vec<Handler> {
        let Some(Parts { keywords, sections: [main, rescue, always], inner }) = self.block_parts(node, context) else {
            return Vec::new();
        };
        for unused in [rescue, always].into_iter().flatten() {
            self.problem(
                Diagnostic::warning("no-effect", "a block of handlers has no `rescue` or `always`").at(unused.span),
            );
        }
        let Some(main) = main else { return Vec::new() };
        for item in main.as_sequence().into_iter().flatten().filter(|item| is_block(item)) {
            self.problem(
                Diagnostic::error("misplaced-block", "a block inside a block of handlers is not supported")
                    .at(item.span)
                    .help("write its tasks as handlers that `listen` to one name"),
            );
        }
        if main.as_sequence().is_some_and(|items| items.iter().any(is_block)) {
            return Vec::new();
        }
        self.handlers(main, "`block`", &inner, &Arc::new(keywords.inherit(outer)))
    }

    /// The tasks of a file. A file that imports itself is reported.
    pub(super) fn task_file(&mut self, path: &Path, at: Option<Span>, context: &LoadContext) -> Option<Vec<Step>> {
        self.in_file(path, at, |reader, node| {
            let context = context.from_dir(path.parent().unwrap_or(Path::new(".")));
            let what = format!("the task file `{}`", display_name(path));
            reader.warn_if_empty(node, path, at);
            reader.steps(node, &what, &context)
        })
    }

    /// The handlers of a file.
    pub(super) fn handler_file(
        &mut self,
        path: &Path,
        at: Option<Span>,
        context: &LoadContext,
    ) -> Option<Vec<Handler>> {
        self.in_file(path, at, |reader, node| {
            let context = context.from_dir(path.parent().unwrap_or(Path::new(".")));
            let what = format!("the handlers file `{}`", display_name(path));
            reader.warn_if_empty(node, path, at);
            reader.handlers(node, &what, &context, &Arc::default())
        })
    }

    fn warn_if_empty(&mut self, node: &Node, path: &Path, at: Option<Span>) {
        if node.is_null() {
            let message = format!("`{}` is empty", display_name(path));
            self.problem(Diagnostic::warning("empty-file", message).at_opt(at));
        }
    }

    /// Reads a file, with a guard against files that import each other.
    pub(super) fn in_file<T>(
        &mut self,
        path: &Path,
        at: Option<Span>,
        read: impl FnOnce(&mut Self, &Node) -> T,
    ) -> Option<T> {
        if let Some(first) = self.open_files.iter().position(|open| open == path) {
            let chain: Vec<String> = self
                .open_files
                .iter()
                .skip(first)
                .map(std::path::PathBuf::as_path)
                .chain([path])
                .map(|path| format!("`{}`", display_name(path)))
                .collect();
            self.problem(
                Diagnostic::error("import-loop", "this import never ends")
                    .at_opt(at)
                    .help(format!("the files import each other: {}", chain.join(" → "))),
            );
            return None;
        }
        let node = self.document(path, at)?;
        self.open_files.push(path.to_owned());
        let out = read(self, &node);
        self.open_files.pop();
        Some(out)
    }
}

fn is_block(node: &Node) -> bool {
    SECTIONS.iter().any(|section| node.get(section).is_some())
}
