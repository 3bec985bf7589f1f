//! Package names as tasks write them: `foo`, `foo=1.0`, `foo=1.*`, `foo>=1.0`, `foo*`, `foo:i386`.

use globset::{Glob, GlobMatcher};

use super::installed::{InstalledPackages, compare_versions};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// What a task asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) version: Version,
}

/// Which version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Any,
    /// This one; a shell pattern.
    Is(String),
    /// This one or later.
    AtLeast(String),
}

/// What to do so that a package is as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing.
    Met,
    /// Give this to `apt-get install`.
    Install(String),
}

impl Spec {
    pub(super) fn parse(text: &str) -> Result<Self, ModuleError> {
        let text = text.trim();
        let (name, version) = match text.split_once('=') {
            None => (text, Version::Any),
            Some((_, version)) if version.contains('=') => {
                return Err(ModuleError::new(format!("invalid package spec: {text}")));
            }
            Some((name, version)) => match name.strip_suffix('>') {
                Some(name) => (name, Version::AtLeast(version.to_owned())),
                None => (name, Version::Is(version.to_owned())),
            },
        };
        Ok(Self { name: name.trim().to_owned(), version })
    }

    pub(super) fn is_pattern(&self) -> bool {
        is_pattern(&self.name)
    }

    /// What makes the package be there, in any version or, with `latest`, in the newest.
    pub(super) fn need(&self, packages: &InstalledPackages, latest: bool, ctx: &Ctx) -> Result<Need, ModuleError> {
        let installed = packages.complete(&self.name);
        let met = match (&self.version, installed) {
            (_, None) => false,
            // apt-get knows whether there is a newer one
            (Version::Any, Some(_)) => !latest,
            (Version::Is(pattern), Some(package)) => {
                matches(pattern, &package.version)? && !(latest && is_pattern(pattern))
            }
            (Version::AtLeast(least), Some(package)) => {
                compare_versions(&package.version, "ge", least, ctx)? && !latest
            }
        };
        if met || installed.is_none() && self.version == Version::Any && packages.provided(&self.name) {
            return Ok(Need::Met);
        }
        Ok(Need::Install(match &self.version {
            Version::Any => self.name.clone(),
            Version::Is(version) => format!("{}={version}", self.name),
            Version::AtLeast(least) => {
                let candidate = candidate(&self.name, ctx)?;
                match candidate {
                    Some(candidate) if compare_versions(&candidate, "ge", least, ctx)? => {
                        format!("{}={candidate}", self.name)
                    }
                    _ => return Err(no_package(&format!("{}>={least}", self.name))),
                }
            }
        }))
    }

    /// The names that a pattern stands for.
    pub(super) fn expand(&self, names: &[String]) -> Result<Vec<Self>, ModuleError> {
        let matcher = pattern(&self.name)?;
        let found = names.iter().filter(|name| matcher.is_match(name.as_str()));
        Ok(found.map(|name| Self { name: name.clone(), version: self.version.clone() }).collect())
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn pattern(text: &str) -> Result<GlobMatcher, ModuleError> {
    Glob::new(text)
        .map(|glob| glob.compile_matcher())
        .map_err(|error| ModuleError::because(format!("`{text}` is no shell pattern"), error))
}

fn matches(text: &str, version: &str) -> Result<bool, ModuleError> {
    Ok(text == version || is_pattern(text) && pattern(text)?.is_match(version))
}

/// The failure of a name that no source has.
pub(super) fn no_package(name: &str) -> ModuleError {
    ModuleError::new(format!("No package matching '{name}' is available"))
}

/// All names that the package lists have.
pub(super) fn known_names(ctx: &Ctx) -> Result<Vec<String>, ModuleError> {
    let output = ctx.command(["apt-cache", "pkgnames"]).env("LC_ALL", "C").run()?;
    let mut names: Vec<String> =
        output.success("reading the names of packages")?.out().lines().map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

/// The version that would be installed.
fn candidate(name: &str, ctx: &Ctx) -> Result<Option<String>, ModuleError> {
    let output = ctx.command(["apt-cache", "policy", name]).env("LC_ALL", "C").run()?;
    let text = output.success("asking for versions")?.out();
    let version = text.lines().find_map(|line| line.trim().strip_prefix("Candidate: ").map(str::to_owned));
    Ok(version.filter(|version| version != "(none)"))
}

/// Those of the names that the package lists know nothing of, not even as a name that other packages provide.
pub(super) fn unknown_names<'n>(names: &[&'n str], ctx: &Ctx) -> Result<Vec<&'n str>, ModuleError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let argv = ["apt-cache", "policy", "--"].iter().chain(names);
    let output = ctx.command(argv.copied()).env("LC_ALL", "C").run()?;
    let text = output.success("asking for packages")?.out();
    let known = |name: &str| {
        let plain = name.split(':').next().unwrap_or(name);
        text.lines().filter_map(|line| line.strip_suffix(':')).any(|line| line == name || line == plain)
    };
    Ok(names.iter().copied().filter(|name| !known(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_read() {
        let spec = |text| Spec::parse(text).unwrap();
        assert_eq!(spec("foo"), Spec { name: "foo".into(), version: Version::Any });
        assert_eq!(spec("foo:i386=1.*"), Spec { name: "foo:i386".into(), version: Version::Is("1.*".into()) });
        assert_eq!(spec(" foo>=1:2 "), Spec { name: "foo".into(), version: Version::AtLeast("1:2".into()) });
        assert!(Spec::parse("a=1=2").is_err());
        let names = ["lib-a".to_owned(), "lib-b".to_owned(), "x".to_owned()];
        let found: Vec<_> = spec("lib-*").expand(&names).unwrap().into_iter().map(|spec| spec.name).collect();
        assert_eq!(found, ["lib-a", "lib-b"]);
        assert!(matches("1.0*", "1.0-1").unwrap() && !matches("1.0", "1.0-1").unwrap());
    }
}
