//! Modules whose names are templates, once the name is known.

use super::action::{OwnedBody, Target, Written, form_of, resolve};
use super::arguments::{Arguments, Body};
use super::context::LoadContext;
use super::reader::Reader;
use super::unsupported::Missing;
use crate::diag::Diagnostic;
use crate::modules::ModuleDef;
use crate::playbook::model::{Named, NamedBody};
use crate::value::{Key, Origin, Text, Value};
use crate::yaml::Node;

impl Named {
    /// As written.
    pub(super) fn new(written: Written<'_>, args: Option<&Node>, collections: Vec<String>) -> Self {
        Self {
            name: Value::Str(Text::new(written.name, Origin::TEMPLATE).with_span(Some(written.span))),
            span: written.span,
            args: args.cloned(),
            collections,
            body: match written.body {
                OwnedBody::Node(node) => NamedBody::Entries(node.clone()),
                OwnedBody::Text(text) => NamedBody::Text(text),
                OwnedBody::Entries(node) => NamedBody::Entries(node),
            },
        }
    }
}

impl Reader<'_> {
    /// The module of a name, and its options as the task gives them.
    pub(super) fn named_module(&mut self, named: &Named, name: &str) -> Option<(&'static ModuleDef, Value)> {
        let mut context = LoadContext::new(".");
        context.collections.clone_from(&named.collections);
        let module = match resolve(name, &context) {
            Some(Target::Module(module)) => module,
            Some(_) => {
                let message = format!("`{name}` cannot be named by a template: it is no module");
                self.problem(Diagnostic::error("misplaced-action", message).at(named.span));
                return None;
            }
            None => {
                let problem = match self.missing_module(name, named.span, &context) {
                    Missing::Unsupported(_, problem) | Missing::Unknown(problem) => *problem,
                };
                self.problem(problem);
                return None;
            }
        };
        let body = match &named.body {
            NamedBody::Text(text) => Body::Text(text),
            NamedBody::Entries(node) => Body::Node(node),
        };
        let args = match self.arguments(name, named.span, body, form_of(module), named.args.as_ref())? {
            Arguments::Template(value) => value,
            Arguments::Given(list) => {
                let spec = self.loader.spec(module);
                let own = |name: &str| Key::from(spec.own_name(name).unwrap_or(name));
                Value::map(list.into_iter().map(|argument| (own(&argument.name), argument.value)).collect())
            }
        };
        Some((module, args))
    }
}
