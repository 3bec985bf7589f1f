//! What `dpkg` knows.

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// One package that is installed, or of which configuration files are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules::packages) struct Installed {
    pub(in crate::modules::packages) name: String,
    pub(in crate::modules::packages) architecture: String,
    pub(in crate::modules::packages) version: String,
    /// All of it is there, not only configuration files.
    pub(in crate::modules::packages) complete: bool,
    provides: Vec<String>,
}

/// The packages of the host.
#[derive(Clone, Debug)]
pub(in crate::modules::packages) struct InstalledPackages {
    native: String,
    packages: Vec<Installed>,
}

impl InstalledPackages {
    /// Asks `dpkg`.
    pub(in crate::modules::packages) fn read(ctx: &Ctx) -> Result<Self, ModuleError> {
        let format = "--showformat=${Package}\\t${Architecture}\\t${Version}\\t${db:Status-Status}\\t${Provides}\\n";
        let output = ctx.command(["dpkg-query", "--show", format]).env("LC_ALL", "C").run()?;
        // dpkg-query complains when there is no package at all
        let text = if output.rc == 1 && output.stdout.is_empty() {
            String::new()
        } else {
            output.success("reading the installed packages")?.out()
        };
        let native = ctx.command(["dpkg", "--print-architecture"]).run()?.success("asking for the architecture")?;
        Ok(Self::parse(&text, native.out().trim()))
    }

    fn parse(text: &str, native: &str) -> Self {
        let packages = text.lines().filter_map(|line| {
            let mut parts = line.split('\t');
            let mut next = || parts.next().map(str::to_owned);
            let (name, architecture, version, status, provides) = (next()?, next()?, next()?, next()?, next()?);
            if status == "not-installed" {
                return None;
            }
            let provides = provides.split(',').filter_map(|part| part.split_whitespace().next()).map(str::to_owned);
            let complete = status != "config-files";
            Some(Installed { name, architecture, version, complete, provides: provides.collect() })
        });
        Self { native: native.to_owned(), packages: packages.collect() }
    }

    /// The package of a name, which may end with `:architecture`.
    pub(in crate::modules::packages) fn find(&self, name: &str) -> Option<&Installed> {
        let (name, wanted) =
            name.split_once(':').map_or((name, None), |(name, architecture)| (name, Some(architecture)));
        self.packages.iter().find(|package| {
            package.name == name
                && match wanted {
                    Some("any") => true,
                    Some(wanted) => wanted == package.architecture,
                    None => package.architecture == self.native || package.architecture == "all",
                }
        })
    }

    /// The package of a name, if all of it is there.
    pub(in crate::modules::packages) fn complete(&self, name: &str) -> Option<&Installed> {
        self.find(name).filter(|package| package.complete)
    }

    /// Whether an installed package stands in for this name.
    pub(in crate::modules::packages) fn provided(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.complete && package.provides.iter().any(|provided| provided == name))
    }

    /// All names.
    pub(in crate::modules::packages) fn names(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(|package| package.name.as_str())
    }
}

/// Whether `a RELATION b` holds for two versions, by dpkg's rules. Relations are `lt`, `le`, `eq`, `ge`, `gt`.
pub(in crate::modules::packages) fn compare_versions(
    a: &str,
    relation: &str,
    b: &str,
    ctx: &Ctx,
) -> Result<bool, ModuleError> {
    Ok(ctx.command(["dpkg", "--compare-versions", a, relation, b]).run()?.rc == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_name_and_architecture() {
        let text =
            "mawk\tamd64\t1.3\tinstalled\tawk, x (= 1)\nlibc6\ti386\t2\tinstalled\t\nold\tall\t1\tconfig-files\t\n";
        let packages = InstalledPackages::parse(text, "amd64");
        assert_eq!(packages.find("mawk").unwrap().version, "1.3");
        assert!(packages.find("libc6").is_none() && packages.complete("libc6:i386").is_some());
        assert!(packages.provided("awk") && packages.provided("x") && !packages.provided("y"));
        assert!(packages.find("old").is_some() && packages.complete("old").is_none());
    }
}
