//! Finds the configuration and gives typed answers: the environment wins over the file.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::ini::Ini;
use super::setting::{Kind, Meaning, Setting};
use super::table::SETTINGS;
use crate::value::{Value, parse_bool};

/// The configuration cannot be used.
#[derive(Debug, Error)]
pub(in crate::cli) enum ConfigError {
    /// The file cannot be read or is not what it should be.
    #[error("the configuration file `{0}` cannot be read: {1}")]
    File(PathBuf, String),
    /// A value has another type than its setting.
    #[error("{origin}: {name} is `{value}`, but {wanted}")]
    Value { name: &'static str, origin: String, value: String, wanted: &'static str },
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Origin {
    Env(&'static str),
    File(PathBuf),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(out, "env: {name}"),
            Self::File(path) => write!(out, "{}", path.display()),
        }
    }
}

/// The settings that are set, and where.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Config {
    /// The file that was read.
    pub(in crate::cli) file: Option<PathBuf>,
    /// What the user should know: settings without effect, a file that was passed over.
    pub(in crate::cli) warnings: Vec<String>,
    set: BTreeMap<&'static str, (String, Origin)>,
    cwd: PathBuf,
    home: Option<PathBuf>,
}

impl Config {
    /// Reads the configuration of this process.
    pub(in crate::cli) fn load(environment: &BTreeMap<String, String>, cwd: &Path) -> Result<Self, ConfigError> {
        let mut config =
            Self { cwd: cwd.to_owned(), home: environment.get("HOME").map(PathBuf::from), ..Self::default() };
        let ini = match config.find_file(environment) {
            Some(path) => {
                let text = std::fs::read(&path).map_err(|error| ConfigError::File(path.clone(), error.to_string()))?;
                let text = String::from_utf8_lossy(&text);
                let ini = Ini::parse(&text).map_err(|reason| ConfigError::File(path.clone(), reason))?;
                config.file = Some(path);
                ini
            }
            None => Ini::default(),
        };
        for setting in SETTINGS {
            config.read(setting, environment, &ini);
        }
        config.warn_unsupported();
        Ok(config)
    }

    fn find_file(&mut self, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
        let named = environment.get("ANSIBLE_CONFIG").map(|path| {
            let path = self.complete(path, &self.cwd);
            if path.is_dir() { path.join("ansible.cfg") } else { path }
        });
        let here = self.cwd.join("ansible.cfg");
        let open = std::fs::metadata(&self.cwd).is_ok_and(|data| data.permissions().mode() & 0o002 != 0);
        if open && here.exists() && named.as_ref() != Some(&here) {
            self.warnings.push(format!(
                "`{}` is in a folder that everybody may write to, so it is not read as the configuration",
                here.display()
            ));
        }
        let here = (!open).then_some(here);
        let of_user = self.home.as_ref().map(|home| home.join(".ansible.cfg"));
        let candidates = [named, here, of_user, Some(PathBuf::from("/etc/ansible/ansible.cfg"))];
        candidates.into_iter().flatten().find(|path| path.is_file())
    }

    fn read(&mut self, setting: &'static Setting, environment: &BTreeMap<String, String>, ini: &Ini) {
        let from_env = setting.env_names().filter_map(|name| Some((environment.get(name)?.clone(), Origin::Env(name))));
        let found = from_env.last().or_else(|| {
            let value = setting.ini_names().filter_map(|(section, key)| ini.get(section, key)).last()?;
            Some((unquoted(value).to_owned(), Origin::File(self.file.clone()?)))
        });
        if let Some(found) = found {
            self.set.insert(setting.name, found);
        }
    }

    fn warn_unsupported(&mut self) {
        for setting in SETTINGS.iter().filter(|setting| setting.meaning == Meaning::Unsupported) {
            let Some((value, origin)) = self.set.get(setting.name) else { continue };
            let same = match setting.kind {
                Kind::Bool => truth(value) == truth(setting.default),
                _ => value == setting.default,
            };
            if !same {
                self.warnings.push(format!("{} ({origin}) is not supported and has no effect", setting.name));
            }
        }
    }

    /// A setting's text with its origin, where it is set.
    pub(in crate::cli) fn found(&self, name: &str) -> Option<(&str, &Origin)> {
        self.set.get(name).map(|(value, origin)| (value.as_str(), origin))
    }

    /// All settings, sorted by name.
    pub(in crate::cli) fn settings() -> &'static [Setting] {
        SETTINGS
    }

    /// A text; empty where it is set to nothing.
    pub(in crate::cli) fn text(&self, name: &'static str) -> Option<&str> {
        debug_assert!(SETTINGS.iter().any(|setting| setting.name == name), "no setting {name}");
        self.found(name).map(|(value, _)| value)
    }

    /// Says that a value is not one of those that its setting takes.
    pub(in crate::cli) fn refuse(&self, name: &'static str, wanted: &'static str) -> ConfigError {
        let (value, origin) = self.found(name).map(|(value, origin)| (value.to_owned(), origin.to_string())).unzip();
        ConfigError::Value { name, origin: origin.unwrap_or_default(), value: value.unwrap_or_default(), wanted }
    }

    /// A truth value.
    pub(in crate::cli) fn switch(&self, name: &'static str) -> Result<Option<bool>, ConfigError> {
        self.typed(name, "it takes true or false", truth)
    }

    /// A whole number.
    pub(in crate::cli) fn number<N: std::str::FromStr>(&self, name: &'static str) -> Result<Option<N>, ConfigError> {
        self.typed(name, "it takes a number", |text| text.trim().parse().ok())
    }

    fn typed<T>(
        &self,
        name: &'static str,
        wanted: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((value, origin)) = self.found(name).filter(|(value, _)| !value.is_empty()) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| ConfigError::Value {
            name,
            origin: origin.to_string(),
            value: value.to_owned(),
            wanted,
        })
    }

    /// Words between commas.
    pub(in crate::cli) fn list(&self, name: &'static str) -> Option<Vec<String>> {
        let text = self.text(name)?;
        Some(text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// A path; relative to the file that holds it, or to the working folder.
    pub(in crate::cli) fn path(&self, name: &'static str) -> Option<PathBuf> {
        let (text, origin) = self.found(name).filter(|(text, _)| !text.is_empty())?;
        Some(self.complete(text.trim(), &self.base(origin)))
    }

    /// Paths between colons, or as an inventory between commas.
    pub(in crate::cli) fn paths(&self, name: &'static str, separator: char) -> Option<Vec<PathBuf>> {
        let (text, origin) = self.found(name).filter(|(text, _)| !text.is_empty())?;
        let base = self.base(origin);
        let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
        Some(parts.map(|part| self.complete(part, &base)).collect())
    }

    fn base(&self, origin: &Origin) -> PathBuf {
        match origin {
            Origin::File(path) => path.parent().map_or_else(|| self.cwd.clone(), Path::to_owned),
            Origin::Env(_) => self.cwd.clone(),
        }
    }

    fn complete(&self, text: &str, base: &Path) -> PathBuf {
        let text = text.replace("{{CWD}}", &self.cwd.display().to_string());
        let path = match (text.strip_prefix('~'), &self.home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                home.join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(&text),
        };
        crate::tree::clean(&base.join(path))
    }

    /// A path of a default, from the home folder on.
    pub(super) fn at_home(&self, path: &str) -> String {
        self.complete(path, &self.cwd).display().to_string()
    }

    /// The inventories to read where the command line names none; a list of hosts stays as it is.
    pub(in crate::cli) fn inventories(&self) -> Vec<String> {
        let Some((text, origin)) = self.found("DEFAULT_HOST_LIST").filter(|(text, _)| !text.is_empty()) else {
            let default = Path::new("/etc/ansible/hosts");
            return default.exists().then(|| default.display().to_string()).into_iter().collect();
        };
        let base = self.base(origin);
        // `inventory = web1,` is a list of hosts, `inventory = a,b` are two files
        let path = |part: &str| self.complete(part, &base);
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if text.contains(',') && !parts.iter().any(|part| path(part).exists()) {
            return vec![text.to_owned()];
        }
        parts.into_iter().map(|part| path(part).display().to_string()).collect()
    }
}

fn truth(text: &str) -> Option<bool> {
    parse_bool(&Value::data(text.trim()))
}

/// A value without the quotes around it.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_paths_start_at_it() {
        let dir = tempfile::tempdir().unwrap();
        let cfg = dir.path().join("sub/ansible.cfg");
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        let text = "[defaults]\nforks = 7\nroles_path = r:~/x:/abs\ncowpath = /c\nno_log = yes\ninventory = h1,h2\n";
        std::fs::write(&cfg, text).unwrap();
        let env =
            environment(&[("ANSIBLE_CONFIG", cfg.to_str().unwrap()), ("HOME", "/home/u"), ("ANSIBLE_NOCOLOR", "1")]);
        let config = Config::load(&env, dir.path()).unwrap();
        assert_eq!(config.number::<usize>("DEFAULT_FORKS").unwrap(), Some(7));
        let paths = config.paths("DEFAULT_ROLES_PATH", ':').unwrap();
        assert_eq!(paths, [dir.path().join("sub/r"), "/home/u/x".into(), "/abs".into()]);
        assert_eq!(config.switch("ANSIBLE_NOCOLOR").unwrap(), Some(true));
        assert_eq!(config.inventories(), ["h1,h2"]);
        assert_eq!(config.warnings, [format!("DEFAULT_NO_LOG ({}) is not supported and has no effect", cfg.display())]);
        let mut env = env;
        env.insert("ANSIBLE_FORKS".to_owned(), "many".to_owned());
        let config = Config::load(&env, dir.path()).unwrap();
        let error = config.number::<usize>("DEFAULT_FORKS").unwrap_err().to_string();
        assert_eq!(error, "env: ANSIBLE_FORKS: DEFAULT_FORKS is `many`, but it takes a number");
    }

    #[test]
    fn a_file_in_a_folder_that_all_may_write_to_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ansible.cfg"), "[defaults]\nforks = 7\n").unwrap();
        let env = environment(&[("HOME", "/nonexistent")]);
        assert!(Config::load(&env, dir.path()).unwrap().file.is_some());
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let config = Config::load(&env, dir.path()).unwrap();
        assert!(config.file.is_none() && config.warnings.len() == 1, "{config:?}");
    }

    #[test]
    fn the_table_is_sorted_and_every_default_has_its_type() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        for setting in SETTINGS.iter().filter(|setting| setting.kind == Kind::Bool) {
            assert!(setting.default.is_empty() || truth(setting.default).is_some(), "{}", setting.name);
        }
    }
}
