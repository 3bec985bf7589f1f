//! Keywords that plays, roles, blocks and tasks share, still unrendered.

use std::sync::Arc;

use crate::diag::Span;
use crate::value::{Map, Value};

/// Keywords of a play, role, block or task. `None` and empty mean "not given here": the engine looks further out
/// ([`Keywords::inherit`]). Values are as written and may hold templates.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    /// `name`.
    pub name: Option<Value>,
    /// `when`: conditions that must all hold, the outermost first once inherited.
    pub when: Vec<Value>,
    /// `vars`.
    pub vars: Map,
    /// `tags`, the inherited ones included once inherited.
    pub tags: Tags,
    /// `environment`: mappings (or templates of one), outermost first.
    pub environment: Vec<Value>,
    /// `become` and its companions.
    pub r#become: Become,
    /// `no_log`.
    pub no_log: Option<Value>,
    /// `ignore_errors`.
    pub ignore_errors: Option<Value>,
    /// `ignore_unreachable`.
    pub ignore_unreachable: Option<Value>,
    /// `any_errors_fatal`.
    pub any_errors_fatal: Option<Value>,
    /// `check_mode`.
    pub check_mode: Option<Value>,
    /// `diff`.
    pub diff: Option<Value>,
    /// `delegate_to`.
    pub delegate_to: Option<Value>,
    /// `delegate_facts`.
    pub delegate_facts: Option<Value>,
    /// `run_once`.
    pub run_once: Option<Value>,
    /// `connection`.
    pub connection: Option<Value>,
    /// `remote_user`.
    pub remote_user: Option<Value>,
    /// `port`.
    pub port: Option<Value>,
    /// `throttle`.
    pub throttle: Option<Value>,
    /// `timeout`, in seconds.
    pub timeout: Option<Value>,
    /// `module_defaults`, outermost first; keys are module names or `group/…`.
    pub module_defaults: Vec<Value>,
    /// `collections`.
    pub collections: Vec<String>,
    /// `notify` (tasks and blocks).
    pub notify: Vec<Value>,
}

/// `tags` as written: names, possibly templates.
pub type Tags = Vec<Value>;

/// Privilege escalation keywords.
#[derive(Clone, Debug, Default)]
pub struct Become {
    /// `become`.
    pub r#become: Option<Value>,
    /// `become_user`.
    pub user: Option<Value>,
    /// `become_method`.
    pub method: Option<Value>,
    /// `become_flags`.
    pub flags: Option<Value>,
    /// `become_exe`.
    pub exe: Option<Value>,
}

impl Keywords {
    /// These keywords inside `outer`: what is given here wins, lists of conditions, tags, environments and defaults are
    /// joined with the outer ones first, and `vars` here lie over the outer ones.
    #[must_use]
    pub fn inherit(&self, outer: &Self) -> Self {
        fn join(outer: &[Value], inner: &[Value]) -> Vec<Value> {
            outer.iter().chain(inner).cloned().collect()
        }
        let or = |inner: &Option<Value>, outer: &Option<Value>| inner.clone().or_else(|| outer.clone());
        let mut vars = outer.vars.clone();
        vars.extend(self.vars.iter().map(|(k, v)| (k.clone(), v.clone())));
        Self {
            name: self.name.clone(),
            when: join(&outer.when, &self.when),
            vars,
            tags: join(&outer.tags, &self.tags),
            environment: join(&outer.environment, &self.environment),
            r#become: Become {
                r#become: or(&self.r#become.r#become, &outer.r#become.r#become),
                user: or(&self.r#become.user, &outer.r#become.user),
                method: or(&self.r#become.method, &outer.r#become.method),
                flags: or(&self.r#become.flags, &outer.r#become.flags),
                exe: or(&self.r#become.exe, &outer.r#become.exe),
            },
            no_log: or(&self.no_log, &outer.no_log),
            ignore_errors: or(&self.ignore_errors, &outer.ignore_errors),
            ignore_unreachable: or(&self.ignore_unreachable, &outer.ignore_unreachable),
            any_errors_fatal: or(&self.any_errors_fatal, &outer.any_errors_fatal),
            check_mode: or(&self.check_mode, &outer.check_mode),
            diff: or(&self.diff, &outer.diff),
            delegate_to: or(&self.delegate_to, &outer.delegate_to),
            delegate_facts: or(&self.delegate_facts, &outer.delegate_facts),
            run_once: or(&self.run_once, &outer.run_once),
            connection: or(&self.connection, &outer.connection),
            remote_user: or(&self.remote_user, &outer.remote_user),
            port: or(&self.port, &outer.port),
            throttle: or(&self.throttle, &outer.throttle),
            timeout: or(&self.timeout, &outer.timeout),
            module_defaults: join(&outer.module_defaults, &self.module_defaults),
            collections: self.collections.iter().chain(&outer.collections).cloned().collect(),
            notify: join(&outer.notify, &self.notify),
        }
    }
}

/// `loop_control`.
#[derive(Clone, Debug, Default)]
pub struct LoopControl {
    /// `loop_var`; `item` where not given.
    pub loop_var: Option<Arc<str>>,
    /// `index_var`.
    pub index_var: Option<Arc<str>>,
    /// `label`, a template.
    pub label: Option<Value>,
    /// `pause` between items, in seconds.
    pub pause: Option<Value>,
    /// `extended`.
    pub extended: Option<Value>,
    /// `extended_allitems`.
    pub extended_allitems: Option<Value>,
    /// `break_when`.
    pub break_when: Vec<Value>,
    /// Where it stands.
    pub span: Option<Span>,
}
