//! `package_facts`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Manager {
    /// Whatever the host has.
    Auto,
    /// Debian's.
    Apt,
    /// Fedora's, Red Hat's and SUSE's.
    #[serde(alias = "dnf", alias = "dnf5", alias = "yum", alias = "zypper")]
    Rpm,
    /// Arch's.
    Pacman,
    /// Alpine's.
    Apk,
}

/// Which of several managers count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Strategy {
    /// The first that the host has.
    #[default]
    First,
    /// All that it has.
    All,
}

/// Returns the installed packages as the fact `packages`: by name, a list of what is installed of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageFacts {
    /// Package managers to ask: `auto`, `apt`, `rpm` (also as `dnf`, `yum`, `zypper`), `pacman`, `apk`.
    #[serde(default = "auto")]
    manager: Vec<Manager>,
    /// Whether the first one that the host has is enough.
    #[serde(default)]
    strategy: Strategy,
}

fn auto() -> Vec<Manager> {
    vec![Manager::Auto]
}

/// What managers know: packages by name.
type Packages = BTreeMap<String, Vec<Value>>;

impl Manager {
    fn program(self) -> &'static str {
        match self {
            Self::Auto | Self::Apt => "dpkg-query",
            Self::Rpm => "rpm",
            Self::Pacman => "pacman",
            Self::Apk => "apk",
        }
    }

    fn collect(self, into: &mut Packages, ctx: &Ctx) -> Result<(), ModuleError> {
        let list = |argv: &[&str]| -> Result<String, ModuleError> {
            let output = ctx.command(argv.iter().copied()).env("LC_ALL", "C.UTF-8").run()?;
            Ok(output.success("listing the packages")?.out())
        };
        match self {
            Self::Auto => {}
            Self::Apt => {
                let format =
                    "--showformat=${Package}\\t${Version}\\t${Architecture}\\t${Section}\\t${db:Status-Status}\\n";
                let text = list(&["dpkg-query", "--show", format])?;
                let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
                let names: Vec<&str> = rows.iter().filter_map(|row| row.first().copied()).collect();
                let origins = if ctx.has_program("apt-cache") { origins(&names, ctx)? } else { BTreeMap::new() };
                for row in rows {
                    let [name, version, architecture, section, "installed"] = row.as_slice() else { continue };
                    let origin = origins.get(*name).map_or("", String::as_str);
                    let fields = [
                        ("name", *name),
                        ("version", *version),
                        ("arch", *architecture),
                        ("category", *section),
                        ("origin", origin),
                    ];
                    add(into, name, "apt", &fields, &[]);
                }
            }
            Self::Rpm => {
                let format = "%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{EPOCH}\\t%{ARCH}\\n";
                let text = list(&["rpm", "--query", "--all", "--queryformat", format])?;
                for line in text.lines() {
                    let row: Vec<&str> = line.split('\t').collect();
                    let [name, version, release, epoch, architecture] = row.as_slice() else { continue };
                    let known = |text: &str| text != "(none)";
                    let epoch = epoch.parse::<i64>().map_or(Value::Null, Value::from);
                    let architecture = if known(architecture) { Value::from(*architecture) } else { Value::Null };
                    let fields = [("name", *name), ("version", *version), ("release", *release)];
                    add(into, name, "rpm", &fields, &[("epoch", epoch), ("arch", architecture)]);
                }
            }
            Self::Pacman => {
                let text = list(&["pacman", "--query"])?;
                for line in text.lines() {
                    let Some((name, full)) = line.split_once(' ') else { continue };
                    let (version, release) = full.rsplit_once('-').unwrap_or((full, ""));
                    add(into, name, "pacman", &[("name", name), ("version", version), ("release", release)], &[]);
                }
            }
            Self::Apk => {
                let text = list(&["apk", "info", "--verbose"])?;
                for line in text.lines() {
                    let mut parts = line.rsplitn(3, '-');
                    let (Some(release), Some(version), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
                        continue;
                    };
                    add(into, name, "apk", &[("name", name), ("version", version), ("release", release)], &[]);
                }
            }
        }
        Ok(())
    }
}

fn add(into: &mut Packages, name: &str, source: &str, fields: &[(&str, &str)], more: &[(&str, Value)]) {
    let mut map: Map = fields.iter().map(|(key, value)| ((*key).into(), Value::from(*value))).collect();
    map.extend(more.iter().map(|(key, value)| ((*key).into(), value.clone())));
    map.insert("source".into(), Value::from(source));
    into.entry(name.to_owned()).or_default().push(Value::map(map));
}

/// Who publishes the installed versions: `Debian`, or nothing where no source has the version.
fn origins(names: &[&str], ctx: &Ctx) -> Result<BTreeMap<String, String>, ModuleError> {
    let ask = |names: &[&str]| -> Result<String, ModuleError> {
        let argv = [&["apt-cache", "policy"], names].concat();
        Ok(ctx.command(argv).env("LC_ALL", "C").run()?.success("asking where packages are from")?.out())
    };
    Ok(read_origins(&ask(&[])?, &ask(names)?))
}

fn read_origins(sources: &str, packages: &str) -> BTreeMap<String, String> {
    let mut publishers: BTreeMap<&str, &str> = BTreeMap::new();
    let mut source = "";
    for line in sources.lines() {
        let text = line.trim();
        if let Some(release) = text.strip_prefix("release ") {
            let origin = release.split(',').find_map(|part| part.strip_prefix("o="));
            publishers.insert(source, origin.unwrap_or_default());
        } else if let Some((_, rest)) = text.split_once(' ') {
            source = rest.trim();
        }
    }
    let mut found = BTreeMap::new();
    let (mut name, mut installed) = ("", false);
    for line in packages.lines() {
        if !line.starts_with(' ') {
            name = line.trim_end_matches(':');
            installed = false;
        } else if line.starts_with(" *** ") {
            installed = true;
        } else if !line.starts_with("        ") {
            installed = false;
        } else if installed
            && let Some((_, rest)) = line.trim().split_once(' ')
            && let Some(publisher) = publishers.get(rest.trim())
        {
            found.entry(name.to_owned()).or_insert_with(|| (*publisher).to_owned());
        }
    }
    found
}

impl Action for PackageFacts {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let mut asked: Vec<Manager> = Vec::new();
        for manager in &self.manager {
            match manager {
                Manager::Auto => asked.extend([Manager::Apk, Manager::Apt, Manager::Pacman, Manager::Rpm]),
                one => asked.push(*one),
            }
        }
        let mut packages = Packages::new();
        let mut any = false;
        for manager in asked {
            if !ctx.has_program(manager.program()) {
                if !self.manager.contains(&Manager::Auto) {
                    ctx.warn(format!("this host has no `{}`", manager.program()));
                }
                continue;
            }
            manager.collect(&mut packages, ctx)?;
            any = true;
            if self.strategy == Strategy::First {
                break;
            }
        }
        if !any {
            return Err(ModuleError::new("Could not detect a supported package manager"));
        }
        let packages: Map = packages.into_iter().map(|(name, list)| (name.into(), Value::list(list))).collect();
        let facts: Map = [("packages".into(), Value::map(packages))].into();
        Ok(Outcome { facts: Some(facts), ..Outcome::ok() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_those_of_the_installed_version() {
        let sources = "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n \
                       500 http://deb.debian.org/debian bookworm/main amd64 Packages\n     \
                       release v=12,o=Debian,a=oldstable\n     origin deb.debian.org\n";
        let packages = "\
xz-utils:
  Installed: 5.4.1-1
  Candidate: 5.4.1-1+deb12u2
  Version table:
     5.4.1-1+deb12u2 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
 *** 5.4.1-1 100
        100 /var/lib/dpkg/status
unzip:
  Version table:
 *** 6.0-28 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
";
        let found = read_origins(sources, packages);
        assert_eq!(found.get("unzip").map(String::as_str), Some("Debian"));
        assert_eq!(found.get("xz-utils").map(String::as_str), Some(""));
    }
}
