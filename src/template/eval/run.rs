//! One template text being run.

use std::ops::Deref;
use std::sync::Arc;

use indexmap::IndexMap;

use super::blocks::Blocks;
use super::machine::Machine;
use super::output::Output;
use crate::template::fault::{Fault, Outcome};
use crate::template::functions;
use crate::template::item::{Item, Object};
use crate::template::syntax::Compiled;

/// Variables that a template set itself.
pub(crate) type Frame = IndexMap<Arc<str>, Item>;

/// One template text being run. Dereferences to the machine it runs in.
pub(crate) struct Run<'m, 'r> {
    pub(crate) machine: &'m Machine<'r>,
    /// The text at hand: a macro or block may come from another one.
    pub(super) program: Arc<Compiled>,
    /// The template's own variables, innermost last; there is always the first.
    pub(super) frames: Vec<Frame>,
    pub(super) blocks: Blocks,
    /// What `extends` named.
    pub(super) parent: Option<Arc<Compiled>>,
    /// How deep in loops that call themselves.
    pub(super) loop_depth: usize,
}

impl<'r> Deref for Run<'_, 'r> {
    type Target = Machine<'r>;

    fn deref(&self) -> &Machine<'r> {
        self.machine
    }
}

impl<'m, 'r> Run<'m, 'r> {
    pub(crate) fn new(machine: &'m Machine<'r>, program: Arc<Compiled>) -> Self {
        Self::with_frame(machine, program, Frame::new())
    }

    /// A run in which some variables are set already.
    pub(crate) fn with_frame(machine: &'m Machine<'r>, program: Arc<Compiled>, frame: Frame) -> Self {
        let blocks = Blocks::of(&program);
        Self { machine, program, frames: vec![frame], blocks, parent: None, loop_depth: 0 }
    }

    /// Runs the template.
    pub(crate) fn execute(&mut self) -> Outcome {
        let mut out = Output::default();
        let mut program = Arc::clone(&self.program);
        self.body(&program.body, &mut out)?;
        while let Some(parent) = self.parent.take() {
            self.blocks.extend(&parent);
            program = Arc::clone(&parent);
            self.program = parent;
            out = Output::default();
            let result = self.body(&program.body, &mut out);
            self.placed(result)?;
        }
        out.finish()
    }

    /// The result, its error's place worked out against the text at hand where that is a file of its own.
    pub(super) fn placed<T>(&self, result: Outcome<T>) -> Outcome<T> {
        result.map_err(|fault| match &self.program.file {
            Some(_) => fault.placed(|at| self.engine.place_in(&self.program, at)),
            None => fault,
        })
    }

    /// The variables at the template's top level, as `import` wants them.
    pub(super) fn into_top(mut self) -> Frame {
        if self.frames.is_empty() { Frame::new() } else { self.frames.swap_remove(0) }
    }

    /// The value of a name; one that nobody knows is missing.
    pub(super) fn name(&mut self, name: &Arc<str>) -> Outcome {
        for frame in self.frames.iter().rev() {
            if let Some(item) = frame.get(name) {
                return Ok(item.clone());
            }
        }
        if let Some(item) = self.variable(name)? {
            return Ok(item);
        }
        Ok(match &**name {
            "omit" => Item::Value(super::machine::omit()),
            "vars" => Item::object(Object::Vars),
            "hostvars" if self.scope.has_hosts() => Item::object(Object::HostVars),
            "self" if !self.blocks.is_empty() => Item::object(Object::SelfBlocks),
            name => match functions::find(name) {
                Some(function) => Item::object(Object::Function(function)),
                None => Item::missing(Fault::undefined(format!("'{name}' is undefined")).unknown(name)),
            },
        })
    }

    pub(super) fn set(&mut self, name: &Arc<str>, item: Item) {
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(Arc::clone(name), item);
        }
    }

    /// Runs something in a frame of its own.
    pub(super) fn scoped<T>(&mut self, run: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        self.frames.push(Frame::new());
        let result = run(self);
        self.frames.pop();
        result
    }
}
