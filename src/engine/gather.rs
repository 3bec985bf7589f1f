//! The gathering of facts before a play.

use std::sync::Arc;

use super::batch::Batch;
use super::defaults::Gathering;
use super::frame::{Frame, Prepared};
use crate::event::TaskKind;
use crate::modules::table;
use crate::playbook::{Action, Keywords, LoopControl, Task, TaskId};
use crate::value::{Key, Map, Value};

impl Batch {
    /// Gathers facts on hosts, where the play wants it.
    pub(super) async fn gather(&self, frame: &Frame, hosts: &[usize]) {
        let Some(prepared) = self.setup_task(frame) else { return };
        let mut running = self.running(hosts);
        // even a play that says yes need not ask again, as in Ansible
        if self.env.defaults.gathering == Gathering::Smart {
            running.retain(|place| self.hosts.get(*place).is_some_and(|host| !host.has_gathered()));
        }
        let wanted = self.settings.gather_facts && !running.is_empty() && self.is_selected(&prepared);
        if wanted && self.is_confirmed(&prepared, &running) {
            self.run_prepared(Arc::new(prepared), &running).await;
        }
    }

    fn setup_task(&self, frame: &Frame) -> Option<Prepared> {
        let module = table::find("setup")?;
        let mut args = Map::new();
        for (name, value) in [
            ("gather_subset", &self.play.gather_subset),
            ("gather_timeout", &self.play.gather_timeout),
            ("fact_path", &self.play.fact_path),
        ] {
            if let Some(value) = value {
                args.insert(Key::from(name), value.clone());
            }
        }
        let mut keywords = Keywords {
            name: Some(Value::data("Gathering Facts")),
            run_once: Some(false.into()),
            ..Keywords::default()
        };
        // facts are gathered whatever is asked for, unless the play itself is tagged
        if frame.keywords.tags.is_empty() {
            keywords.tags = vec![Value::data("always")];
        }
        let task = Task {
            id: TaskId(0),
            keywords,
            action: Action::Module {
                module,
                name: "gather_facts".into(),
                args: Value::map(args),
                span: self.play.span,
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
            dir: self.vars.dir.clone(),
            span: self.play.span,
        };
        let frame = Frame { kind: TaskKind::Setup, ..frame.clone() };
        Some(frame.prepare(&Arc::new(task)))
    }
}
