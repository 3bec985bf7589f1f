//! The table of modules, sorted by name.

use super::definition::ModuleDef;

/// Every module, sorted by name (a test checks it).
pub static MODULES: &[ModuleDef] = &[];

/// Finds a module by its short name, its full name (`ansible.builtin.copy`, `ansible.legacy.copy`) or an alias.
#[must_use]
pub fn find(name: &str) -> Option<&'static ModuleDef> {
    let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy."));
    MODULES.iter().find(|module| {
        let full = || name.strip_prefix(module.collection).and_then(|rest| rest.strip_prefix('.')) == Some(module.name);
        match short {
            Some(short) => {
                module.collection == "ansible.builtin" && (module.name == short || module.aliases.contains(&short))
            }
            None => module.name == name || full() || module.aliases.contains(&name),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        let names: Vec<_> = MODULES.iter().map(|module| module.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }
}
