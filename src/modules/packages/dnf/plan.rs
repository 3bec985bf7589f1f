//! What `dnf` says that it would do.

use crate::modules::outcome::{Diff, DiffText};

/// What happens to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Installed,
    Upgraded,
    Downgraded,
    Reinstalled,
    Removed,
}

/// A transaction, as its table tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan(pub(super) Vec<(Change, String)>);

impl Plan {
    /// Reads the table between its head and `Transaction Summary`.
    pub(super) fn parse(text: &str) -> Self {
        let mut plan = Vec::new();
        let mut change = None;
        let mut started = String::new();
        for line in text.lines() {
            if line.starts_with("Transaction Summary") {
                break;
            }
            if !line.starts_with(' ') {
                change = heading(line.trim_end());
                started.clear();
                continue;
            }
            let Some(change) = change else { continue };
            let words: Vec<&str> = line.split_whitespace().collect();
            // dnf5 tells below a row what it replaces
            if words.first() == Some(&"replacing") {
                continue;
            }
            // a long name stands in a line of its own
            let row = format!("{started} {line}");
            let words: Vec<&str> = row.split_whitespace().collect();
            match words.as_slice() {
                [name, architecture, version, _repository, ..] => {
                    let version = version.strip_prefix("0:").unwrap_or(version);
                    plan.push((change, format!("{name}-{version}.{architecture}")));
                    started.clear();
                }
                _ => started = row,
            }
        }
        Self(plan)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, change: Change) -> bool {
        self.0.iter().any(|(one, _)| *one == change)
    }

    /// As the return value `results` tells it.
    pub(super) fn results(&self) -> Vec<String> {
        let word = |change: Change| if change == Change::Removed { "Removed" } else { "Installed" };
        self.0.iter().map(|(change, package)| format!("{}: {package}", word(*change))).collect()
    }

    pub(super) fn diff(&self) -> Diff {
        let side = |removed: bool| {
            let packages = self.0.iter().filter(|(change, _)| (*change == Change::Removed) == removed);
            DiffText::lines(packages.map(|(_, package)| package))
        };
        Diff {
            before_header: "packages".to_owned(),
            after_header: "packages".to_owned(),
            before: side(true),
            after: side(false),
        }
    }
}

fn heading(line: &str) -> Option<Change> {
    let line = line.strip_suffix(':')?;
    Some(match line.split(' ').next()? {
        "Installing" => Change::Installed,
        "Upgrading" => Change::Upgraded,
        "Downgrading" => Change::Downgraded,
        "Reinstalling" => Change::Reinstalled,
        "Removing" => Change::Removed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DNF4: &str = "\
Last metadata expiration check: 0:00:01 ago.
Dependencies resolved.
================================================================================
 Package      Architecture    Version       Repository    Size
================================================================================
Installing:
 foo          noarch          1.0-1         local        6.1 k
 a-package-whose-name-is-rather-long-for-a-table
              noarch          2:3-4         local        6.1 k
Installing dependencies:
 bar          noarch          1.0-1         local        6.1 k
Removing dependent packages:
 old          noarch          0.9-1         @local        0  

Transaction Summary
================================================================================
Install  3 Packages
 fake row here 1 2 3
";

    #[test]
    fn tables_are_read() {
        let plan = Plan::parse(DNF4);
        let rows: Vec<_> = plan.0.iter().map(|(change, package)| (*change, package.as_str())).collect();
        assert_eq!(
            rows,
            [
                (Change::Installed, "foo-1.0-1.noarch"),
                (Change::Installed, "a-package-whose-name-is-rather-long-for-a-table-2:3-4.noarch"),
                (Change::Installed, "bar-1.0-1.noarch"),
                (Change::Removed, "old-0.9-1.noarch"),
            ]
        );
        assert!(Plan::parse("Package foo is already installed.\nDependencies resolved.\nNothing to do.\n").is_empty());
    }

    #[test]
    fn the_table_of_dnf5_is_read() {
        let text = "Package  Arch   Version  Repository  Size\nUpgrading:\n foo     noarch 0:2.0-1  local   7.0 KiB\n   \
                    replacing foo noarch 0:1.0-1 local 6.0 KiB\n\nTransaction Summary:\n";
        assert_eq!(Plan::parse(text).results(), ["Installed: foo-2.0-1.noarch"]);
    }
}
