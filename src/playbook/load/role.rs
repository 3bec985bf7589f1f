//! Roles.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::context::{LoadContext, RoleHome, VarsRank};
use super::import::may_be_passed_over;
use super::names;
use super::reader::{Reader, kind_of};
use super::role_use::RoleUse;
use crate::diag::Diagnostic;
use crate::modules::table;
use crate::playbook::keywords::{Keywords, LoopControl};
use crate::playbook::model::{Action, Handler, Role, Step, Task};
use crate::tree::{absolute, display_name};
use crate::value::{Key, Map, Value, parse_bool, to_json};
use crate::yaml::Node;

/// What `meta/main` says.
#[derive(Default)]
struct Meta {
    dependencies: Vec<RoleUse>,
    allow_duplicates: bool,
    collections: Vec<String>,
    argument_specs: Option<Value>,
}

/// A role can depend on another this often before it counts as going in circles through changing names.
const DEEPEST: usize = 100;

impl Reader<'_> {
    /// The entries of `roles` or of a role's dependencies.
    pub(super) fn role_uses(&mut self, node: &Node, what: &str, context: &LoadContext) -> Vec<RoleUse> {
        self.list(node, what).iter().filter_map(|item| self.role_use(item, context)).collect()
    }

    fn role_use(&mut self, node: &Node, context: &LoadContext) -> Option<RoleUse> {
        if node.as_mapping().is_none() {
            let value = node.to_value();
            if !matches!(value, Value::Str(_) | Value::Int(_)) {
                let message = format!("a role is a name or a mapping with `role`, not {}", kind_of(node));
                self.error("wrong-type", message, node.span);
                return None;
            }
            let mut plain = RoleUse::named(self.static_name(&value, context, &Map::new())?);
            plain.at = Some(node.span);
            return Some(plain);
        }
        let entries = self.entries(node, "a role")?;
        let mut found = RoleUse::named("");
        let named = entries.iter().find(|(key, _)| *key == "role").or(entries.iter().find(|(key, _)| *key == "name"));
        let name = named.map(|(_, entry)| &entry.value);
        let source = entries.iter().find(|(key, _)| *key == "src").map(|(_, entry)| &entry.value);
        for (key, entry) in &entries {
            match *key {
                "role" => {}
                // the keys of a requirements file, which dependencies may have too
                "src" | "version" | "scm" if name.is_none() => {}
                key if names::ROLE.contains(&key) => {
                    self.shared_keyword(key, entry, &mut found.keywords);
                }
                key => {
                    let value = entry.value.to_value();
                    self.check_templates(&value);
                    found.params.insert(Key::from(key), value);
                }
            }
        }
        if let (None, Some(text)) = (name, source.and_then(Node::as_str)) {
            found.at = source.map(|node| node.span);
            name_of_source(text).clone_into(&mut found.name);
            return Some(found);
        }
        let Some(name) = name else {
            self.error("missing-keyword", "this role has no `role` that names it", node.span);
            return None;
        };
        if name.as_str().is_none_or(str::is_empty) {
            self.error("wrong-type", format!("a role is named by a text, not {}", kind_of(name)), name.span);
            return None;
        }
        found.at = Some(name.span);
        found.name = self.static_name(&name.to_value(), context, &found.keywords.vars)?;
        found.keywords.name = None;
        Some(found)
    }

    /// Reads a role with its dependencies.
    pub(super) fn role(&mut self, r#use: &RoleUse, context: &LoadContext) -> Option<Arc<Role>> {
        let home = self.find_role(&r#use.name, r#use.at, context, false)?;
        let entry_point = r#use.tasks_from.clone().unwrap_or_else(|| "main".to_owned());
        let circle = self.open_roles.iter().any(|(path, entry)| *path == home.path && *entry == entry_point);
        if circle || self.open_roles.len() > DEEPEST {
            let chain: Vec<String> = self
                .open_roles
                .iter()
                .map(|(path, _)| path)
                .chain([&home.path])
                .filter_map(|path| path.file_name())
                .map(|name| format!("`{}`", name.to_string_lossy()))
                .collect();
            self.problem(
                Diagnostic::error("role-loop", format!("the role `{}` needs itself", home.name))
                    .at_opt(r#use.at)
                    .help(format!("the roles need each other: {}", chain.join(" → "))),
            );
            return None;
        }
        self.open_roles.push((home.path.clone(), entry_point.clone()));
        self.loader.add_library(home.path.join("library"));
        // a role's files may be open already when it is used twice, one inside the other, with different entry points
        let role = self.role_content(r#use, home, &entry_point, context);
        self.open_roles.pop();
        Some(Arc::new(role))
    }

    fn role_content(&mut self, r#use: &RoleUse, home: RoleHome, entry_point: &str, context: &LoadContext) -> Role {
        let meta = self.role_meta(&home, context);
        let defaults = self.role_vars(&home, "defaults", r#use.defaults_from.as_deref(), r#use);
        let vars = self.role_vars(&home, "vars", r#use.vars_from.as_deref(), r#use);
        let mut inner = context
            .at_role(home.clone(), meta.collections.clone())
            .with_vars(VarsRank::Defaults, defaults.clone())
            .with_vars(VarsRank::Role, vars.clone())
            .with_vars(VarsRank::Params, r#use.params.clone())
            .with_vars(VarsRank::Params, r#use.keywords.vars.clone());
        inner.module_defaults.extend(r#use.keywords.module_defaults.iter().cloned());
        inner.conditional |= may_be_passed_over(&r#use.keywords);
        let mut dependencies = Vec::new();
        for mut dependency in meta.dependencies {
            dependency.public = r#use.public;
            dependencies.extend(self.role(&dependency, &inner));
        }
        let mut tasks = Vec::new();
        for file in self.role_files(&home, "tasks", r#use.tasks_from.as_deref(), false, r#use.at) {
            tasks = self.task_file(&file, r#use.at, &inner).unwrap_or_default();
        }
        let mut handlers: Vec<Handler> = Vec::new();
        for file in self.role_files(&home, "handlers", r#use.handlers_from.as_deref(), false, r#use.at) {
            handlers = self.handler_file(&file, r#use.at, &inner.for_handlers()).unwrap_or_default();
        }
        if r#use.validate
            && let Some(step) = self.validation(r#use, &home, entry_point, meta.argument_specs.as_ref(), &inner)
        {
            tasks.insert(0, step);
        }
        Role {
            identity: identity(r#use, &home.path),
            name: home.name,
            short_name: home.short_name,
            path: home.path,
            keywords: r#use.keywords.clone(),
            params: r#use.params.clone(),
            defaults,
            vars,
            tasks,
            handlers,
            dependencies,
            allow_duplicates: r#use.allow_duplicates.unwrap_or(meta.allow_duplicates),
            collections: meta.collections,
            public: r#use.public || !r#use.included,
            span: r#use.at.unwrap_or_else(|| self.nowhere()),
        }
    }

    /// A place for what no text names: the start of an empty source.
    fn nowhere(&self) -> crate::diag::Span {
        crate::diag::Span::new(self.loader.options.sources.add("<none>", ""), 0, 0)
    }

    fn role_vars(&mut self, home: &RoleHome, folder: &str, given: Option<&str>, r#use: &RoleUse) -> Map {
        let mut out = Map::new();
        for file in self.role_files(home, folder, given, true, r#use.at) {
            out.extend(self.vars_file(&file, r#use.at).unwrap_or_default());
        }
        out
    }

    fn role_meta(&mut self, home: &RoleHome, context: &LoadContext) -> Meta {
        let mut meta = Meta::default();
        let collection = super::role_files::split_collection(&home.name).map(|(collection, _)| collection.to_owned());
        meta.collections.extend(collection);
        let specs = [".yml", ".yaml"].map(|ending| home.path.join(format!("meta/argument_specs{ending}")));
        let specs: Option<PathBuf> = specs.into_iter().find(|path| self.loader.options.files.is_file(path));
        if let Some(node) = specs.as_ref().and_then(|path| self.document(path, None)) {
            meta.argument_specs = node.get("argument_specs").map(Node::to_value);
        }
        for file in self.role_files(home, "meta", None, false, None) {
            let Some(node) = self.document(&file, None) else { continue };
            if node.is_null() {
                continue;
            }
            let what = format!("`{}`", display_name(&file));
            let inner = context.at_role(home.clone(), meta.collections.clone());
            for (key, entry) in self.entries(&node, &what).unwrap_or_default() {
                match key {
                    "dependencies" => meta.dependencies = self.role_uses(&entry.value, "`dependencies`", &inner),
                    "allow_duplicates" => {
                        let value = self.flag(key, &entry.value);
                        meta.allow_duplicates = value.as_ref().and_then(parse_bool).unwrap_or(false);
                    }
                    "collections" => meta.collections.extend(self.names(key, &entry.value)),
                    "argument_specs" if specs.is_none() => meta.argument_specs = Some(entry.value.to_value()),
                    "argument_specs" | "galaxy_info" | "standalone" => {}
                    key if names::ROLE.contains(&key) => {
                        self.problem(
                            Diagnostic::warning("no-effect", format!("`{key}` has no effect in {what}"))
                                .at(entry.key.span),
                        );
                    }
                    key => self.unknown_keyword(
                        entry,
                        key,
                        &what,
                        &["allow_duplicates", "argument_specs", "collections", "dependencies", "galaxy_info"],
                    ),
                }
            }
        }
        meta
    }

    /// The task that checks a role's parameters before its own tasks, where the role has a specification for the entry point.
    fn validation(
        &mut self,
        r#use: &RoleUse,
        home: &RoleHome,
        entry_point: &str,
        specs: Option<&Value>,
        context: &LoadContext,
    ) -> Option<Step> {
        let spec = specs?.get(entry_point)?.as_map()?;
        let module = table::find("validate_argument_spec")?;
        let mut name = format!("Validating arguments against arg spec '{entry_point}'");
        if let Some(text) = spec.get("short_description").and_then(Value::as_str) {
            let _ = write!(name, " - {text}");
        }
        let text = |text: &str| Value::data(text);
        let args: Map = [
            ("argument_spec", spec.get("options").cloned().unwrap_or_else(Value::empty_map)),
            ("provided_arguments", Value::map(r#use.params.clone())),
            (
                "validate_args_context",
                Value::map(
                    [
                        ("type", text("role")),
                        ("name", text(&home.name)),
                        ("argument_spec_name", text(entry_point)),
                        ("path", text(&absolute(&home.path).to_string_lossy())),
                    ]
                    .into_iter()
                    .map(|(key, value)| (Key::from(key), value))
                    .collect(),
                ),
            ),
        ]
        .into_iter()
        .map(|(key, value)| (Key::from(key), value))
        .collect();
        let span = r#use.at.unwrap_or_else(|| self.nowhere());
        let keywords = Keywords { name: Some(Value::data(name)), tags: vec![text("always")], ..Keywords::default() };
        Some(Step::Task(Arc::new(Task {
            id: self.loader.task_id(),
            keywords,
            action: Action::Module {
                module,
                name: "ansible.builtin.validate_argument_spec".into(),
                args: Value::map(args),
                span,
            },
            looping: None,
            loop_control: LoopControl::default(),
            register: None,
            until: Vec::new(),
            retries: None,
            delay: None,
            failed_when: None,
            changed_when: None,
            r#async: None,
            poll: None,
            dir: context.dir.clone(),
            span,
        })))
    }
}

/// The name under which a role from a source (`https://example.org/web.git`) is installed.
fn name_of_source(source: &str) -> &str {
    if !source.contains("://") && !source.contains('@') {
        return source;
    }
    let last = source.rsplit('/').next().unwrap_or(source);
    let last = last.strip_suffix(".git").unwrap_or(last);
    let last = last.strip_suffix(".tar.gz").unwrap_or(last);
    last.split(',').next().unwrap_or(last)
}

/// What tells one use of a role from another. Hashed, because parameters may be secret.
fn identity(r#use: &RoleUse, path: &std::path::Path) -> Arc<str> {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    add(path.to_string_lossy().as_bytes());
    add(&[u8::from(r#use.included)]);
    for from in [&r#use.tasks_from, &r#use.vars_from, &r#use.defaults_from, &r#use.handlers_from] {
        add(from.as_deref().unwrap_or_default().as_bytes());
    }
    for value in [
        Value::map(r#use.params.clone()),
        Value::map(r#use.keywords.vars.clone()),
        Value::list(r#use.keywords.when.clone()),
        Value::list(r#use.keywords.tags.clone()),
    ] {
        add(to_json(&value).to_string().as_bytes());
    }
    let mut out = String::new();
    for byte in hash.finalize() {
        let _ = write!(out, "{byte:02x}");
    }
    out.as_str().into()
}
