//! Attributes of things that live only inside a template, other hosts' variables among them.

use std::rc::Rc;
use std::sync::Arc;

use super::machine::Machine;
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, LoopState, MacroFn, Object};

impl Machine<'_> {
    pub(super) fn object_attr(&self, object: &Rc<Object>, name: &Arc<str>) -> Outcome<Option<Item>> {
        Ok(match &**object {
            Object::Namespace(names) => names.borrow().get(name).cloned(),
            Object::Loop(state) => loop_attr(state, name),
            Object::Module(module) => module.names.get(name).map(|item| match item {
                // a macro sees the template that it comes from, not the one that calls it
                Item::Object(object) if matches!(**object, Object::Macro(_)) => match &**object {
                    Object::Macro(function) => Item::object(Object::Macro(MacroFn {
                        decl: Arc::clone(&function.decl),
                        program: Arc::clone(&function.program),
                        closure: function.closure.clone(),
                        home: Some(Rc::new(module.names.clone())),
                        is_caller: function.is_caller,
                    })),
                    _ => item.clone(),
                },
                item => item.clone(),
            }),
            Object::Macro(function) => match &**name {
                "name" => Some(Item::text(Arc::clone(&function.decl.name))),
                "arguments" => {
                    Some(Item::tuple(function.decl.args.iter().map(|arg| Item::text(Arc::clone(arg))).collect()))
                }
                _ => None,
            },
            Object::Cycler(cycler) if &**name == "current" => cycler.items.get(cycler.position.get()).cloned(),
            Object::DateTime(time) => Some(Item::int(match &**name {
                "year" => i64::from(time.year()),
                "month" => i64::from(time.month()),
                "day" => i64::from(time.day()),
                "hour" => i64::from(time.hour()),
                "minute" => i64::from(time.minute()),
                "second" => i64::from(time.second()),
                "microsecond" => i64::from(time.subsec_nanosecond() / 1000),
                _ => return Ok(None),
            })),
            Object::Delta(delta) => {
                let micros = delta.as_micros();
                Some(Item::int(match &**name {
                    "days" => micros.div_euclid(86_400_000_000),
                    "seconds" => micros.rem_euclid(86_400_000_000) / 1_000_000,
                    "microseconds" => micros.rem_euclid(1_000_000),
                    _ => return Ok(None),
                }))
            }
            Object::Vars => self.variable(name)?,
            Object::HostVars => {
                if self.scope.host(name).is_none() {
                    let hosts = self.scope.hosts();
                    let help = crate::diag::did_you_mean(name, hosts.iter().map(String::as_str));
                    return Ok(Some(Item::missing(
                        Fault::undefined(format!("hostvars['{name}'] is undefined")).help(help),
                    )));
                }
                Some(Item::object(Object::Host(Arc::clone(name))))
            }
            Object::Host(host) => {
                let Some(scope) = self.scope.host(host) else { return Ok(None) };
                let nested = self.nested(&*scope);
                let found = self.deeper(|| match nested.variable(name) {
                    Ok(Some(item)) => match nested.plain(&item) {
                        Ok(value) => Ok(Some(Item::Value(value))),
                        Err(fault) if fault.is_undefined() => Ok(Some(Item::missing(fault.via(name)))),
                        Err(fault) => Err(fault),
                    },
                    other => other,
                });
                if nested.touched.get() {
                    self.touched.set(true);
                }
                found?
            }
            _ => None,
        })
    }
}

fn loop_attr(state: &LoopState, name: &str) -> Option<Item> {
    let index = state.index.get();
    let length = state.items.len();
    Some(match name {
        "index" => Item::int(index as u64 + 1),
        "index0" => Item::int(index as u64),
        "revindex" => Item::int((length - index) as u64),
        "revindex0" => Item::int((length - index) as u64 - 1),
        "first" => Item::from(index == 0),
        "last" => Item::from(index + 1 == length),
        "length" => Item::int(length as u64),
        "depth" => Item::int(state.depth as u64 + 1),
        "depth0" => Item::int(state.depth as u64),
        "previtem" => match index.checked_sub(1).and_then(|index| state.items.get(index)) {
            Some(item) => item.clone(),
            None => Item::missing(Fault::undefined("there is no previous item")),
        },
        "nextitem" => match state.items.get(index + 1) {
            Some(item) => item.clone(),
            None => Item::missing(Fault::undefined("there is no next item")),
        },
        _ => return None,
    })
}
