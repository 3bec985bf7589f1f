//! Statements.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::output::Output;
use super::run::Run;
use crate::template::fault::{At, Fault, Outcome};
use crate::template::item::{Item, LoopState, MacroFn, Object};
use crate::template::syntax::{Expr, ExprKind, ForLoop, Macro, Stmt, Target};

impl Run<'_, '_> {
    pub(super) fn body(&mut self, stmts: &[Stmt], out: &mut Output) -> Outcome<()> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt, out))
    }

    fn stmt(&mut self, stmt: &Stmt, out: &mut Output) -> Outcome<()> {
        match stmt {
            Stmt::Raw(text) => out.raw(self, text),
            Stmt::Emit(expr) => {
                let item = self.eval(expr)?;
                out.emit(self, item).map_err(|fault| fault.at(expr.at))
            }
            Stmt::For(node) => self.for_loop(node, out),
            Stmt::If { test, then, otherwise } => {
                let holds = self.holds(test)?;
                self.body(if holds { then } else { otherwise }, out)
            }
            Stmt::With { assignments, body } => {
                let values: Vec<_> = assignments
                    .iter()
                    .map(|(target, value)| Ok((target, self.eval(value)?)))
                    .collect::<Outcome<_>>()?;
                self.scoped(|run| {
                    for (target, value) in values {
                        run.assign(target, value)?;
                    }
                    run.body(body, out)
                })
            }
            Stmt::Set { target, value } => {
                let value = self.eval(value)?;
                self.assign(target, value)
            }
            Stmt::SetBlock { target, filter, body } => {
                let value = self.captured(body)?;
                let value = match filter {
                    Some(filter) => self.filter_block(filter, value)?,
                    None => value,
                };
                self.assign(target, value)
            }
            Stmt::FilterBlock { filter, body } => {
                let value = self.captured(body)?;
                let value = self.filter_block(filter, value)?;
                out.emit(self, value)
            }
            Stmt::Group(body) => self.body(body, out),
            Stmt::Block(block) => {
                if out.muted {
                    return Ok(());
                }
                let item = self.block(&block.name, 0)?;
                out.emit(self, item)
            }
            Stmt::Extends(name) => {
                let parent = self.parent_template(name)?;
                self.parent = Some(parent);
                out.muted = true;
                Ok(())
            }
            Stmt::Include { name, ignore_missing } => {
                let item = self.include(name, *ignore_missing)?;
                out.emit(self, item)
            }
            Stmt::Import { name, target } => {
                let module = self.import(name)?;
                self.set(target, module);
                Ok(())
            }
            Stmt::FromImport { name, names, at } => self.import_names(name, names, *at),
            Stmt::Macro(decl) => {
                let function = self.macro_item(decl, false);
                self.set(&decl.name, function);
                Ok(())
            }
            Stmt::Call { call, body } => {
                let caller = self.macro_item(body, true);
                let item = self.call_with_caller(call, caller)?;
                out.emit(self, item)
            }
        }
    }

    /// Whether an expression is true; a thing that does not exist is an error.
    pub(super) fn holds(&mut self, test: &Expr) -> Outcome<bool> {
        let item = self.eval(test)?;
        self.truthy(&item).map_err(|fault| fault.at(test.at))
    }

    /// What a block of statements emits.
    pub(super) fn captured(&mut self, body: &[Stmt]) -> Outcome {
        let mut out = Output::default();
        self.scoped(|run| run.body(body, &mut out))?;
        out.finish()
    }

    fn macro_item(&self, decl: &Arc<Macro>, is_caller: bool) -> Item {
        Item::object(Object::Macro(MacroFn {
            decl: Arc::clone(decl),
            program: Arc::clone(&self.program),
            closure: self.frames.iter().skip(1).cloned().collect(),
            home: None,
            is_caller,
        }))
    }

    /// The filters of a `filter` or `set` block around its text.
    fn filter_block(&mut self, filter: &Expr, text: Item) -> Outcome {
        let ExprKind::Filter { filter: found, subject, args } = &filter.kind else {
            return Err(Fault::new("template syntax: a filter is needed here").at(filter.at));
        };
        let subject = match subject {
            Some(inner) => self.filter_block(inner, text)?,
            None => text,
        };
        self.apply_filter(found, subject, args).map_err(|fault| fault.at(filter.at))
    }

    pub(super) fn assign(&mut self, target: &Target, value: Item) -> Outcome<()> {
        match target {
            Target::Name(name) => {
                self.set(name, value);
                Ok(())
            }
            Target::Attr(name, attr, at) => {
                let item = self.name(name)?;
                match &item {
                    Item::Object(object) => match &**object {
                        Object::Namespace(names) => {
                            names.borrow_mut().insert(Arc::clone(attr), value);
                            Ok(())
                        }
                        _ => Err(not_a_namespace(name, *at)),
                    },
                    _ => Err(not_a_namespace(name, *at)),
                }
            }
            Target::Tuple(targets, at) => {
                let items = self.iterate(&value).map_err(|fault| fault.at(*at))?;
                if items.len() != targets.len() {
                    let few = if items.len() < targets.len() { "not enough" } else { "too many" };
                    return Err(Fault::new(format!(
                        "{few} values to unpack: expected {}, got {}",
                        targets.len(),
                        items.len()
                    ))
                    .at(*at));
                }
                targets.iter().zip(items).try_for_each(|(target, item)| self.assign(target, item))
            }
        }
    }

    fn for_loop(&mut self, node: &Arc<ForLoop>, out: &mut Output) -> Outcome<()> {
        let iter = self.eval(&node.iter)?;
        self.for_items(node, &iter, out).map_err(|fault| fault.at(node.iter.at))
    }

    /// Runs a loop over something.
    fn for_items(&mut self, node: &Arc<ForLoop>, iter: &Item, out: &mut Output) -> Outcome<()> {
        let mut items = self.iterate(iter)?;
        if let Some(filter) = &node.filter {
            let mut kept = Vec::with_capacity(items.len());
            for item in items {
                let keep = self.scoped(|run| {
                    run.assign(&node.target, item.clone())?;
                    run.holds(filter)
                })?;
                if keep {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            return self.scoped(|run| run.body(&node.otherwise, out));
        }
        let state = Rc::new(Object::Loop(LoopState {
            index: Cell::new(0),
            items: Rc::new(items.clone()),
            depth: self.loop_depth,
            changed: RefCell::new(None),
            recursive: node.recursive.then(|| Arc::clone(node)),
        }));
        let name: Arc<str> = "loop".into();
        for (index, item) in items.into_iter().enumerate() {
            if let Object::Loop(state) = &*state {
                state.index.set(index);
            }
            self.scoped(|run| {
                run.set(&name, Item::Object(Rc::clone(&state)));
                run.assign(&node.target, item)?;
                run.body(&node.body, out)
            })?;
        }
        Ok(())
    }

    /// `loop(children)` in a recursive loop.
    pub(super) fn recurse(&mut self, node: &Arc<ForLoop>, children: &Item) -> Outcome {
        let mut out = Output::default();
        self.loop_depth += 1;
        let machine = self.machine;
        let result = machine.deeper(|| self.for_items(node, children, &mut out));
        self.loop_depth -= 1;
        result?;
        out.finish()
    }
}

fn not_a_namespace(name: &str, at: At) -> Fault {
    Fault::new("cannot assign attribute on non-namespace object")
        .help(Some(format!("make it one with `{{% set {name} = namespace() %}}`")))
        .at(at)
}
