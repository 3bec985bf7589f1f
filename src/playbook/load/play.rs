//! Plays.

use std::path::Path;
use std::sync::Arc;

use super::context::{LoadContext, VarsRank};
use super::import::may_be_passed_over;
use super::names;
use super::reader::{Reader, is_literal, kind_of, kind_of_value};
use crate::diag::{Diagnostic, did_you_mean};
use crate::playbook::check::candidates;
use crate::playbook::keywords::Keywords;
use crate::playbook::model::{Play, VarsPrompt};
use crate::tree::display_name;
use crate::value::{Map, Value, parse_bool, python_str};
use crate::yaml::{Entry, Node};

/// The values of `order`.
const ORDERS: [&str; 5] = ["inventory", "reverse_inventory", "reverse_sorted", "shuffle", "sorted"];

/// The values of `strategy`.
const STRATEGIES: [&str; 3] = ["free", "host_pinned", "linear"];

/// The parts of a play that are read once its variables are known.
#[derive(Default)]
struct Parts<'n> {
    roles: Option<&'n Node>,
    pre_tasks: Option<&'n Node>,
    tasks: Option<&'n Node>,
    post_tasks: Option<&'n Node>,
    handlers: Option<&'n Node>,
}

impl Reader<'_> {
    /// A play in a file of the folder `dir`.
    pub(super) fn play(&mut self, node: &Node, dir: &Path, outer: &Keywords) -> Option<Play> {
        let entries = self.entries(node, "a play")?;
        let mut play = Play {
            hosts: Value::Null,
            keywords: Keywords::default(),
            dir: dir.to_owned(),
            vars_files: Vec::new(),
            vars_prompt: Vec::new(),
            gather_facts: None,
            gather_subset: None,
            gather_timeout: None,
            fact_path: None,
            strategy: None,
            serial: None,
            max_fail_percentage: None,
            order: None,
            force_handlers: None,
            pre_tasks: Vec::new(),
            roles: Vec::new(),
            tasks: Vec::new(),
            post_tasks: Vec::new(),
            handlers: Vec::new(),
            span: node.span,
        };
        let mut parts = Parts::default();
        let mut hosts = None;
        for (key, entry) in &entries {
            let value = &entry.value;
            match *key {
                "hosts" => hosts = Some(value),
                "roles" => parts.roles = Some(value),
                "pre_tasks" => parts.pre_tasks = Some(value),
                "tasks" => parts.tasks = Some(value),
                "post_tasks" => parts.post_tasks = Some(value),
                "handlers" => parts.handlers = Some(value),
                _ => self.play_keyword(key, entry, &mut play),
            }
        }
        self.hosts(node, hosts, &mut play);
        // what `import_playbook` gives lies over the play's own variables, not under them
        play.keywords.vars.extend(outer.vars.iter().map(|(key, value)| (key.clone(), value.clone())));
        play.keywords.when.clone_from(&outer.when);
        let missing: Vec<Value> = outer.tags.iter().filter(|tag| !play.keywords.tags.contains(tag)).cloned().collect();
        play.keywords.tags.extend(missing);
        self.play_parts(&mut play, &parts);
        self.check_notifications(&play);
        Some(play)
    }

    fn play_parts(&mut self, play: &mut Play, parts: &Parts<'_>) {
        let context = LoadContext::in_play(play);
        let file_vars = self.vars_files(play, &context);
        let mut context = context.with_vars(VarsRank::Play, file_vars);
        context.conditional = may_be_passed_over(&play.keywords);
        if let Some(node) = parts.handlers {
            play.handlers = self.handlers(node, "`handlers`", &context.for_handlers(), &Arc::default());
        }
        if let Some(node) = parts.roles {
            for r#use in self.role_uses(node, "`roles`", &context) {
                play.roles.extend(self.role(&r#use, &context));
            }
        }
        let mut steps =
            |node: Option<&Node>, what: &str| node.map(|node| self.steps(node, what, &context)).unwrap_or_default();
        play.pre_tasks = steps(parts.pre_tasks, "`pre_tasks`");
        play.tasks = steps(parts.tasks, "`tasks`");
        play.post_tasks = steps(parts.post_tasks, "`post_tasks`");
    }

    fn play_keyword(&mut self, key: &str, entry: &Entry, play: &mut Play) {
        let node = &entry.value;
        match key {
            "user" => {
                if play.keywords.remote_user.is_some() {
                    self.error("duplicate-keyword", "`user` is an old name of `remote_user`", entry.key.span);
                }
                play.keywords.remote_user = self.text(key, node);
            }
            "gather_facts" => play.gather_facts = self.flag(key, node),
            "gather_subset" => play.gather_subset = self.value(node),
            "gather_timeout" => play.gather_timeout = self.number(key, node),
            "fact_path" => play.fact_path = self.text(key, node),
            "strategy" => play.strategy = self.strategy(node),
            "serial" => play.serial = self.value(node),
            "max_fail_percentage" => play.max_fail_percentage = self.text(key, node),
            "order" => play.order = self.order(node),
            "force_handlers" => play.force_handlers = self.flag(key, node),
            "vars_files" => play.vars_files = self.vars_files_list(node),
            "vars_prompt" => play.vars_prompt = self.vars_prompts(node),
            _ if names::PLAY.contains(&key) && self.shared_keyword(key, entry, &mut play.keywords) => {}
            _ if names::TASK.contains(&key) || names::BLOCK.contains(&key) => {
                self.problem(
                    Diagnostic::error("unknown-keyword", format!("`{key}` is not a keyword of a play"))
                        .at(entry.key.span)
                        .help("it belongs to tasks and blocks"),
                );
            }
            _ => self.unknown_keyword(entry, key, "a play", names::PLAY),
        }
    }

    fn hosts(&mut self, node: &Node, hosts: Option<&Node>, play: &mut Play) {
        let Some(hosts) = hosts else {
            let start = node.as_mapping().and_then(|entries| entries.first()).map_or(node.span, |entry| entry.key.span);
            self.problem(
                Diagnostic::error("missing-keyword", "this play has no `hosts`")
                    .at(start)
                    .help("a play says which hosts it is for: `hosts: all`"),
            );
            return;
        };
        let items = hosts.as_sequence().unwrap_or(std::slice::from_ref(hosts));
        let empty = items.is_empty() || hosts.is_null() || hosts.as_str().is_some_and(|text| text.trim().is_empty());
        if empty {
            self.error("wrong-type", "`hosts` is empty", hosts.span);
        } else {
            for item in items {
                let value = item.to_value();
                if !matches!(value, Value::Str(_) | Value::Encrypted(_)) {
                    let message = format!("`hosts` takes a pattern or a list of patterns, not {}", kind_of(item));
                    self.error("wrong-type", message, item.span);
                }
            }
        }
        play.hosts = hosts.to_value();
        self.check_templates(&play.hosts);
    }

    fn strategy(&mut self, node: &Node) -> Option<Value> {
        let value = self.text("strategy", node)?;
        let name = value.as_str().unwrap_or_default();
        let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
        if !is_literal(&value) || STRATEGIES.contains(&short) {
            return Some(value);
        }
        let problem = if short == "debug" {
            Diagnostic::error("unsupported", "the strategy `debug` is not supported: there is no interactive debugger")
        } else {
            let known: Vec<String> = STRATEGIES.iter().map(|name| format!("`{name}`")).collect();
            Diagnostic::error("wrong-choice", format!("`strategy` takes one of {}", known.join(", ")))
        };
        self.problem(problem.at(node.span).help_opt(did_you_mean(name, STRATEGIES)));
        None
    }

    fn order(&mut self, node: &Node) -> Option<Value> {
        let value = self.text("order", node)?;
        let name = value.as_str().unwrap_or_default();
        if is_literal(&value) && !ORDERS.contains(&name) {
            let known: Vec<String> = ORDERS.iter().map(|name| format!("`{name}`")).collect();
            self.problem(
                Diagnostic::error("wrong-choice", format!("`order` takes one of {}", known.join(", ")))
                    .at(node.span)
                    .help_opt(did_you_mean(name, ORDERS)),
            );
            return None;
        }
        Some(value)
    }

    fn vars_files_list(&mut self, node: &Node) -> Vec<Value> {
        let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        let mut out = Vec::new();
        for item in items {
            let Some(value) = self.value(item) else { continue };
            let names = value.as_list().unwrap_or(std::slice::from_ref(&value));
            match names.iter().find(|name| name.as_str().is_none()) {
                Some(wrong) => {
                    let message = format!("`vars_files` takes names of files, not {}", kind_of_value(wrong));
                    self.error("wrong-type", message, item.span);
                }
                None => out.push(value),
            }
        }
        out
    }

    /// Checks the variable files whose names are known by now, and gives their variables for names of static imports.
    fn vars_files(&mut self, play: &Play, context: &LoadContext) -> Map {
        let mut vars = Map::new();
        for entry in &play.vars_files {
            let names = entry.as_list().unwrap_or(std::slice::from_ref(entry));
            if !names.iter().all(is_literal) {
                continue;
            }
            let span = names.first().and_then(|name| match name {
                Value::Str(text) => text.span(),
                _ => None,
            });
            let places: Vec<_> =
                names.iter().filter_map(Value::as_str).flat_map(|name| candidates(context, "vars", name)).collect();
            if let Some(path) = places.iter().find(|place| self.loader.options.files.is_file(place)) {
                vars.extend(self.vars_file(path, span).unwrap_or_default());
                continue;
            }
            let shown: Vec<String> = places.iter().map(|path| format!("`{}`", display_name(path))).collect();
            let names: Vec<String> = names.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
            let near = names.first().and_then(|name| self.loader.similar_file(&play.dir, name.trim_matches('`')));
            self.problem(
                Diagnostic::error("missing-file", format!("there is no variables file {}", names.join(" or ")))
                    .at_opt(span)
                    .help_opt(near)
                    .help(format!("looked for {}", shown.join(", "))),
            );
        }
        vars
    }

    fn vars_prompts(&mut self, node: &Node) -> Vec<VarsPrompt> {
        self.list(node, "`vars_prompt`").iter().filter_map(|item| self.vars_prompt(item)).collect()
    }

    fn vars_prompt(&mut self, node: &Node) -> Option<VarsPrompt> {
        let mut prompt = VarsPrompt {
            name: "".into(),
            prompt: None,
            default: None,
            private: true,
            confirm: false,
            is_unsafe: false,
            encrypt: None,
            salt: None,
            salt_size: None,
            span: node.span,
        };
        for (key, entry) in self.entries(node, "an entry of `vars_prompt`")? {
            let value = &entry.value;
            let flag = |value: Option<Value>, other: bool| value.as_ref().and_then(parse_bool).unwrap_or(other);
            match key {
                "name" => prompt.name = value.as_str().unwrap_or_default().into(),
                "prompt" => prompt.prompt = self.text(key, value),
                "default" => prompt.default = self.value(value),
                "private" => prompt.private = flag(self.flag(key, value), true),
                "confirm" => prompt.confirm = flag(self.flag(key, value), false),
                "unsafe" => prompt.is_unsafe = flag(self.flag(key, value), false),
                "encrypt" => prompt.encrypt = self.text(key, value).map(|value| python_str(&value)),
                "salt" => prompt.salt = self.text(key, value).map(|value| python_str(&value)),
                "salt_size" => {
                    prompt.salt_size = self.number(key, value).and_then(|value| python_str(&value).trim().parse().ok());
                }
                _ => self.unknown_keyword(entry, key, "an entry of `vars_prompt`", names::VARS_PROMPT),
            }
        }
        if prompt.name.is_empty() {
            self.error("missing-keyword", "an entry of `vars_prompt` needs the `name` of a variable", node.span);
            return None;
        }
        Some(prompt)
    }
}
