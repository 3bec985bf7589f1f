//! What is known of a setting.

/// The type of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Kind {
    Bool,
    Float,
    Int,
    /// Words between commas.
    List,
    /// A path, relative to the file that holds it.
    Path,
    /// Paths between commas.
    PathList,
    /// Paths between colons.
    PathSpec,
    Text,
}

/// What a setting means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Meaning {
    /// It works as in Ansible.
    Honoured,
    /// What it is about does not exist here (Python, plug-ins of the network, cows), or not yet (ssh), so that ignoring it
    /// changes nothing.
    Nothing,
    /// It would change something, and does not: said in a warning.
    Unsupported,
}

/// A setting of ansible-core.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Setting {
    /// Its name in `ansible-config dump`.
    pub(in crate::cli) name: &'static str,
    /// `section.key`, several between semicolons; of them the last counts.
    pub(super) ini: &'static str,
    /// The variable of the environment, several between semicolons; of them the last counts.
    pub(super) env: &'static str,
    pub(in crate::cli) kind: Kind,
    /// The default as it would be written; empty for none.
    pub(in crate::cli) default: &'static str,
    pub(in crate::cli) meaning: Meaning,
}

impl Setting {
    /// Sections with keys.
    pub(in crate::cli) fn ini_names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.ini.split(';').filter_map(|name| name.split_once('.'))
    }

    /// Variables of the environment.
    pub(in crate::cli) fn env_names(&self) -> impl Iterator<Item = &'static str> {
        self.env.split(';').filter(|name| !name.is_empty())
    }
}
