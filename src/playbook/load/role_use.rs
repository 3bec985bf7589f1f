//! One use of a role, as `roles`, a dependency, `import_role` or `include_role` asks for it.

use crate::diag::Span;
use crate::playbook::keywords::Keywords;
use crate::value::Map;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct RoleUse {
    /// The role: a name, a name with its collection, or a path.
    pub name: String,
    /// Where it is named.
    pub at: Option<Span>,
    /// `tasks_from`; `main` where not given.
    pub tasks_from: Option<String>,
    /// `vars_from`.
    pub vars_from: Option<String>,
    /// `defaults_from`.
    pub defaults_from: Option<String>,
    /// `handlers_from`.
    pub handlers_from: Option<String>,
    /// Keywords of the use.
    pub keywords: Keywords,
    /// Parameters given beside `role:`.
    pub params: Map,
    /// `allow_duplicates`; the role's own word where not given.
    pub allow_duplicates: Option<bool>,
    /// Whether its variables stay visible to the rest of the play.
    pub public: bool,
    /// Whether its argument specification is checked first.
    pub validate: bool,
    /// Whether it comes from `import_role` or `include_role`.
    pub included: bool,
}

impl RoleUse {
    /// A plain use of a role.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), validate: true, ..Self::default() }
    }

    /// Sets `tasks_from` and its like by their names; others are left alone.
    pub fn set_from(&mut self, key: &str, file: impl Into<String>) {
        let slot = match key {
            "tasks_from" => &mut self.tasks_from,
            "vars_from" => &mut self.vars_from,
            "defaults_from" => &mut self.defaults_from,
            "handlers_from" => &mut self.handlers_from,
            _ => return,
        };
        *slot = Some(file.into());
    }
}
