//! How a file wants to be called, told from its content as Ansible tells it.

use thiserror::Error;

/// How a module is given its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomKind {
    /// A file of JSON is its argument: binaries, and scripts in which `WANT_JSON` stands.
    Json,
    /// The options as JSON take the place of a mark in the script itself.
    Inlined,
    /// A file of `key=value` words is its argument: all other scripts.
    Words,
}

/// Why a file cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It imports `ansible.module_utils`.
    #[error("it needs Ansible's own Python library (`ansible.module_utils`), which quaymaster does not have")]
    Python,
    /// It is made for Windows.
    #[error("it is written in PowerShell for Windows")]
    PowerShell,
}

/// What stands in a script in place of its options.
pub(super) const INLINE_MARK: &str = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>";

impl CustomKind {
    /// How a file wants to be called.
    ///
    /// # Errors
    /// It needs what is not here.
    pub fn of(content: &[u8]) -> Result<Self, Refusal> {
        let Ok(text) = std::str::from_utf8(content) else { return Ok(Self::Json) };
        if text.contains('\0') {
            return Ok(Self::Json);
        }
        if text.contains("#<<INCLUDE_ANSIBLE_MODULE_COMMON>>") || text.lines().any(imports_library) {
            return Err(Refusal::Python);
        }
        let powershell = |line: &str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("#!powershell")
                || line.starts_with("#requires -module")
                || line.starts_with("#ansiblerequires")
        };
        if text.contains("REPLACER_WINDOWS") || text.lines().any(powershell) {
            return Err(Refusal::PowerShell);
        }
        if text.contains(INLINE_MARK) {
            return Ok(Self::Inlined);
        }
        Ok(if text.contains("WANT_JSON") { Self::Json } else { Self::Words })
    }
}

/// Whether a line of Python imports Ansible's library.
fn imports_library(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some("from" | "import"), Some(module)) = (words.next(), words.next()) else { return false };
    ["ansible.module_utils", "ansible_collections."].iter().any(|library| module.starts_with(library))
        || (module == "ansible" && line.contains("module_utils"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_how_a_module_is_called() {
        let of = |text: &str| CustomKind::of(text.as_bytes());
        assert_eq!(of("#!/bin/sh\n. $1\n"), Ok(CustomKind::Words));
        assert_eq!(of("#!/usr/bin/perl\n# WANT_JSON\n"), Ok(CustomKind::Json));
        assert_eq!(of("#!/bin/sh\nargs='<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'\n"), Ok(CustomKind::Inlined));
        assert_eq!(CustomKind::of(b"\x7fELF\x02\x01\0\0\xff"), Ok(CustomKind::Json));
        assert_eq!(
            of("#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n"),
            Err(Refusal::Python)
        );
        assert_eq!(of("  import ansible.module_utils.basic\n"), Err(Refusal::Python));
        assert_eq!(of("from ansible import module_utils\n"), Err(Refusal::Python));
        assert_eq!(of("#!powershell\n"), Err(Refusal::PowerShell));
        assert_eq!(of("# speaks of ansible.module_utils only\n"), Ok(CustomKind::Words));
    }
}
