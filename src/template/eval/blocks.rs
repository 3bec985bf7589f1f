//! Several templates together: inheritance, include and import.

use std::sync::Arc;

use super::output::Output;
use super::run::{Frame, Run};
use crate::template::fault::{At, Fault, Outcome};
use crate::template::item::{Item, Module, Object};
use crate::template::syntax::{Block, Compiled, Expr};
use crate::value::Value;

/// The blocks of a template and of those that it extends.
#[derive(Clone, Default)]
pub(super) struct Blocks {
    /// By name, the most derived first.
    layers: Vec<(Arc<Compiled>, Arc<Block>)>,
    /// The block being run and its place among those of its name.
    current: Option<(Arc<str>, usize)>,
}

impl Blocks {
    pub(super) fn of(program: &Arc<Compiled>) -> Self {
        let mut blocks = Self::default();
        blocks.extend(program);
        blocks
    }

    pub(super) fn extend(&mut self, program: &Arc<Compiled>) {
        self.layers.extend(program.blocks.values().map(|block| (Arc::clone(program), Arc::clone(block))));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    fn find(&self, name: &str, level: usize) -> Option<(Arc<Compiled>, Arc<Block>)> {
        self.layers.iter().filter(|(_, block)| *block.name == *name).nth(level).cloned()
    }
}

impl Run<'_, '_> {
    /// The output of a block, or of the one that it overrides at a level.
    pub(super) fn block(&mut self, name: &Arc<str>, level: usize) -> Outcome {
        let Some((program, block)) = self.blocks.find(name, level) else {
            return Err(Fault::undefined(format!("there is no parent block called '{name}'")));
        };
        if block.required {
            return Err(Fault::new(format!("required block '{name}' not found")));
        }
        let outer_program = std::mem::replace(&mut self.program, program);
        let outer_block = self.blocks.current.replace((Arc::clone(name), level));
        let result = self.captured(&block.body);
        let result = self.placed(result);
        self.blocks.current = outer_block;
        self.program = outer_program;
        result
    }

    /// `super()`.
    pub(super) fn super_block(&mut self) -> Outcome {
        match self.blocks.current.clone() {
            Some((name, level)) => self.block(&name, level + 1),
            None => Err(Fault::undefined("'super' is undefined outside of a block")),
        }
    }

    /// The template that `extends` names.
    pub(super) fn parent_template(&mut self, name: &Expr) -> Outcome<Arc<Compiled>> {
        let item = self.eval(name)?;
        let file = self.display(&item).map_err(|fault| fault.at(name.at))?;
        self.load(&file).map_err(|fault| fault.at(name.at))
    }

    /// Reads and compiles a template by its name in the search path.
    fn load(&self, name: &str) -> Outcome<Arc<Compiled>> {
        let current = self.program.file.as_deref();
        let path = self.engine.find_template(name, current, self.scope)?;
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Fault::new(format!("template `{}` cannot be read: {error}", path.display())))?;
        let dialect = self.program.dialect.included();
        let text = crate::value::Text::data(text);
        self.engine.template(&text, Some(&path.to_string_lossy()), dialect)
    }

    /// `include`: the first of the templates that there is, with this template's variables.
    pub(super) fn include(&mut self, name: &Expr, ignore_missing: bool) -> Outcome {
        let item = self.eval(name)?.present().map_err(|fault| fault.at(name.at))?;
        let names = match &item {
            Item::Value(Value::Str(text)) => vec![text.to_string()],
            other => self.iterate(other)?.iter().map(|item| self.display(item)).collect::<Outcome<_>>()?,
        };
        let mut found = Err(Fault::new("no template is named to include"));
        for name in &names {
            found = self.load(name);
            if found.is_ok() {
                break;
            }
        }
        let program = match found {
            Ok(program) => program,
            Err(_) if ignore_missing => return Ok(Item::NULL),
            Err(fault) => return Err(fault.at(name.at)),
        };
        let machine = self.machine;
        let frame = self.visible();
        machine.deeper(|| {
            let mut run = Run::with_frame(machine, program, frame);
            let result = run.execute();
            run.placed(result)
        })
    }

    /// All variables of this template that are visible here.
    fn visible(&self) -> Frame {
        let mut all = Frame::new();
        for frame in &self.frames {
            all.extend(frame.iter().map(|(name, item)| (Arc::clone(name), item.clone())));
        }
        all
    }

    /// `import … as name`.
    pub(super) fn import(&mut self, name: &Expr) -> Outcome {
        let item = self.eval(name)?;
        let file = self.display(&item).map_err(|fault| fault.at(name.at))?;
        let program = self.load(&file).map_err(|fault| fault.at(name.at))?;
        let machine = self.machine;
        let names = machine.deeper(|| {
            let mut run = Run::with_frame(machine, Arc::clone(&program), Frame::new());
            let result = run.body(&program.body, &mut Output::default());
            run.placed(result)?;
            Ok(run.into_top())
        })?;
        Ok(Item::object(Object::Module(Module { names })))
    }

    /// `from … import name`.
    pub(super) fn import_names(&mut self, name: &Expr, names: &[(Arc<str>, Arc<str>)], at: At) -> Outcome<()> {
        let module = self.import(name)?;
        for (name, alias) in names {
            let item = self.attr(&module, name)?;
            let item = match item {
                Item::Missing(_) => {
                    Item::missing(Fault::undefined(format!("the template imported does not export '{name}'")).at(at))
                }
                item => item,
            };
            self.set(alias, item);
        }
        Ok(())
    }
}
