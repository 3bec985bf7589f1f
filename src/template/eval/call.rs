//! Calls of functions, macros and methods.

use std::rc::Rc;
use std::sync::Arc;

use super::args::Args;
use super::mutate;
use super::run::{Frame, Run};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, MacroFn, Object};
use crate::template::methods;
use crate::template::syntax::{Arg, Expr, ExprKind};

impl Run<'_, '_> {
    /// The `call` statement: a call that is given a `caller`.
    pub(super) fn call_with_caller(&mut self, call: &Expr, caller: Item) -> Outcome {
        match &call.kind {
            ExprKind::Call { callee, args } => {
                self.call_expr(callee, args, Some(caller)).map_err(|fault| fault.at(call.at))
            }
            _ => Err(Fault::new("template syntax: a call is needed here").at(call.at)),
        }
    }

    pub(super) fn call_expr(&mut self, callee: &Expr, args: &[Arg], caller: Option<Item>) -> Outcome {
        if let ExprKind::Attr(receiver, name) = &callee.kind {
            let item = self.eval(receiver)?;
            if mutate::is_mutator(name) && !matches!(item, Item::Object(_)) {
                // not shared while it changes
                drop(item);
                return self.mutate(receiver, name, args);
            }
            let receiver = item;
            let args = self.args(args)?;
            return self.call_method(receiver, name, args, caller);
        }
        if let ExprKind::Name(name) = &callee.kind
            && &**name == "super"
        {
            return self.super_block();
        }
        let function = self.eval(callee)?;
        let args = self.args(args)?;
        self.call(&function, args, caller)
    }

    /// `receiver.name(…)`.
    fn call_method(&mut self, receiver: Item, name: &Arc<str>, args: Args, caller: Option<Item>) -> Outcome {
        if receiver.is_missing() {
            return Ok(receiver);
        }
        if let Item::Object(object) = &receiver {
            match &**object {
                Object::SelfBlocks => return self.block(name, 0),
                Object::Loop(state) if &**name == "cycle" => {
                    let index = state.index.get() % args.positional.len().max(1);
                    return args.positional.get(index).cloned().ok_or_else(|| Fault::new("no items for cycling given"));
                }
                Object::Loop(state) if &**name == "changed" => {
                    let mut last = state.changed.borrow_mut();
                    let same = match &*last {
                        Some(last) => {
                            super::equal(self, &Item::list(last.clone()), &Item::list(args.positional.clone()))?
                        }
                        None => false,
                    };
                    *last = Some(args.positional);
                    return Ok(Item::from(!same));
                }
                _ => {
                    if let Some(function) = self.object_attr(object, name)? {
                        return self.call(&function, args, caller);
                    }
                }
            }
        }
        if let Some(missing) = args.missing() {
            return Ok(missing.clone());
        }
        if !methods::exists(&receiver, name) {
            // an entry of a mapping that holds something to call, or nothing
            let item = self.attr(&receiver, name)?;
            return self.call(&item, args, caller);
        }
        self.tainted(&receiver, args, |run, args| methods::call(run, &receiver, name, args))
    }

    /// Calls anything that can be called.
    pub(crate) fn call(&mut self, function: &Item, mut args: Args, caller: Option<Item>) -> Outcome {
        let object = match function {
            Item::Missing(_) => return Ok(function.clone()),
            Item::Object(object) => Rc::clone(object),
            other => return Err(Fault::new(format!("'{}' object is not callable", other.type_name()))),
        };
        match &*object {
            Object::Function(function) => {
                if !function.takes_missing
                    && let Some(missing) = args.missing()
                {
                    return Ok(missing.clone());
                }
                self.tainted(&Item::NULL, args, |run, args| {
                    (function.run)(run, args).map_err(|fault| {
                        if fault.is_undefined() { fault } else { fault.within(format_args!("`{}`", function.name)) }
                    })
                })
            }
            Object::Macro(function) => {
                let caller = caller.or_else(|| args.take("caller"));
                self.call_macro(function, args, caller)
            }
            Object::Method(bound) => self.call_method(bound.receiver.clone(), &bound.name, args, None),
            Object::Joiner(separator, used) => {
                args.none()?;
                Ok(if used.replace(true) { Item::text(Arc::clone(separator)) } else { Item::text("") })
            }
            Object::Loop(state) => {
                let Some(node) = state.recursive.clone() else {
                    return Err(Fault::new("the loop cannot call itself: write `recursive` at the end of its `for`"));
                };
                let [children] = args.bind(["children"])?;
                let children = super::required(children, "children")?;
                self.recurse(&node, &children)
            }
            other => Err(Fault::new(format!("'{}' object is not callable", other.type_name()))),
        }
    }

    fn call_macro(&mut self, function: &MacroFn, args: Args, caller: Option<Item>) -> Outcome {
        let decl = Arc::clone(&function.decl);
        let mut frame = Frame::with_capacity(decl.args.len() + 3);
        let mut positional = args.positional.into_iter();
        let mut named = args.named;
        let first_default = decl.args.len() - decl.defaults.len().min(decl.args.len());
        let mut defaults = Vec::new();
        for (index, name) in decl.args.iter().enumerate() {
            if let Some(item) = positional.next() {
                frame.insert(Arc::clone(name), item);
            } else if let Some(at) = named.iter().position(|(n, _)| n == name) {
                frame.insert(Arc::clone(name), named.remove(at).1);
            } else if let Some(default) = index.checked_sub(first_default).and_then(|i| decl.defaults.get(i)) {
                defaults.push((Arc::clone(name), default));
            } else {
                let fault = Fault::undefined(format!("parameter '{name}' was not provided"));
                frame.insert(Arc::clone(name), Item::missing(fault));
            }
        }
        let rest: Vec<Item> = positional.collect();
        if decl.uses_varargs {
            frame.insert("varargs".into(), Item::tuple(rest));
        } else if !rest.is_empty() {
            return Err(Fault::new(format!(
                "macro '{}' takes not more than {} argument(s)",
                decl.name,
                decl.args.len()
            )));
        }
        if decl.uses_kwargs {
            let map = named.into_iter().map(|(name, item)| (name.into(), item)).collect();
            frame.insert("kwargs".into(), Item::map(map));
        } else if let Some((name, _)) = named.first() {
            let help = crate::diag::did_you_mean(name, decl.args.iter().map(|arg| &**arg));
            return Err(Fault::new(format!("macro '{}' takes no keyword argument '{name}'", decl.name)).help(help));
        }
        if let Some(caller) = caller {
            frame.insert("caller".into(), caller);
        }
        self.enter(function, frame, |run| {
            for (name, default) in defaults {
                let item = run.eval(default)?;
                run.set(&name, item);
            }
            run.captured(&decl.body)
        })
    }

    /// Runs something where a macro was defined.
    fn enter(&mut self, function: &MacroFn, frame: Frame, run: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let top = match &function.home {
            Some(home) => (**home).clone(),
            None => self.frames.first().cloned().unwrap_or_default(),
        };
        let frames = std::iter::once(top).chain(function.closure.iter().cloned()).chain([frame]).collect();
        let outer_frames = std::mem::replace(&mut self.frames, frames);
        let outer_program = std::mem::replace(&mut self.program, Arc::clone(&function.program));
        let machine = self.machine;
        let result = machine.deeper(|| run(self));
        let result = self.placed(result);
        self.program = outer_program;
        self.frames = outer_frames;
        result
    }
}
