//! Facts that outlive a run: one JSON file for each host, in the form that ansible-core keeps and reads.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};
use thiserror::Error;

use crate::diag::Diagnostic;
use crate::value::{Key, Map, from_json, to_json};

/// What ansible-core 2.19 and later put before a host's name: the form of what the file holds.
const SCHEMA: &str = "s1_";

/// Files that hold the facts of hosts between runs (the cache plug-in `jsonfile`).
#[derive(Debug)]
pub struct FactCache {
    dir: PathBuf,
    prefix: String,
    /// How old a file may be; `None` for any age.
    timeout: Option<Duration>,
    warnings: Mutex<Vec<Diagnostic>>,
}

/// The folder of cached facts cannot be used.
#[derive(Debug, Error)]
#[error("the folder `{}` for cached facts cannot be made", dir.display())]
pub struct FactCacheError {
    dir: PathBuf,
    source: io::Error,
}

/// Why a file of facts is of no use.
#[derive(Debug, Error)]
enum Unusable {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("it holds no mapping")]
    NoMapping,
    #[error("it holds a value of the unknown type `{0}`")]
    UnknownType(String),
}

impl FactCache {
    /// Facts in the files of a folder, which is made where it is not there.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn new(dir: PathBuf, prefix: String, timeout: Option<Duration>) -> Result<Self, FactCacheError> {
        match fs::create_dir_all(&dir) {
            Ok(()) => Ok(Self { dir, prefix, timeout, warnings: Mutex::default() }),
            Err(source) => Err(FactCacheError { dir, source }),
        }
    }

    /// The facts of a host, where there are some that are not too old. A file that cannot be read is told as a warning.
    pub(super) fn load(&self, host: &str) -> Option<Map> {
        let path = self.paths(host).into_iter().find(|path| self.is_fresh(path))?;
        match read(&path) {
            Ok(facts) => Some(facts),
            Err(error) => {
                self.warn(format!("cached facts of `{host}` in `{}` are of no use: {error}", path.display()));
                None
            }
        }
    }

    /// Keeps the facts of a host, in place of those that were kept before. Secrets are left out, since the file is open to
    /// everybody who can read the folder.
    pub(super) fn store(&self, host: &str, facts: &Map) {
        let (secret, open): (Vec<_>, Vec<_>) = facts.iter().partition(|(_, value)| value.holds_secret());
        for (name, _) in secret {
            self.warn(format!("the fact `{name}` of `{host}` is secret, so it is not kept for later runs"));
        }
        let facts: serde_json::Map<String, Json> =
            open.into_iter().map(|(name, value)| (name.to_string(), to_json(value))).collect();
        let text = json!({ "__payload__": Json::Object(facts).to_string() }).to_string();
        let [path, _] = self.paths(host);
        if let Err(error) = self.write(&path, &text) {
            self.warn(format!("the facts of `{host}` cannot be kept in `{}`: {error}", path.display()));
        }
    }

    /// Forgets the facts of a host.
    pub fn forget(&self, host: &str) {
        for path in self.paths(host) {
            if let Err(error) = fs::remove_file(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                self.warn(format!("`{}` cannot be removed: {error}", path.display()));
            }
        }
    }

    /// What was noticed since the last call.
    pub(super) fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn warn(&self, message: String) {
        let warning = Diagnostic::warning("fact-cache", message);
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    /// The file of a host, and where ansible-core before 2.19 had it.
    fn paths(&self, host: &str) -> [PathBuf; 2] {
        // a name is no way out of the folder
        let host = host.replace('/', "%2F");
        [SCHEMA, ""].map(|schema| self.dir.join(format!("{}{schema}{host}", self.prefix)))
    }

    fn is_fresh(&self, path: &Path) -> bool {
        let Ok(changed) = fs::metadata(path).and_then(|data| data.modified()) else { return false };
        let age = SystemTime::now().duration_since(changed).unwrap_or_default();
        self.timeout.is_none_or(|timeout| age <= timeout)
    }

    /// Writes a file at once, so that no other run reads half of it.
    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".facts").tempfile_in(&self.dir)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(Permissions::from_mode(0o644))?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

fn read(path: &Path) -> Result<Map, Unusable> {
    let mut json: Json = serde_json::from_slice(&fs::read(path)?)?;
    if let Some(Json::String(payload)) = json.get("__payload__") {
        json = serde_json::from_str(payload)?;
    }
    match plain(json)? {
        Json::Object(facts) => Ok(facts.into_iter().map(|(name, value)| (Key::from(name), from_json(value))).collect()),
        _ => Err(Unusable::NoMapping),
    }
}

/// What ansible-core wrote, without its notes on where each value came from.
fn plain(json: Json) -> Result<Json, Unusable> {
    Ok(match json {
        Json::Array(items) => Json::Array(items.into_iter().map(plain).collect::<Result<_, _>>()?),
        Json::Object(mut map) => {
            if let Some(kind) = map.get("__ansible_type").and_then(Json::as_str).map(str::to_owned) {
                // dates and times are text here
                let value = map.remove("value").or_else(|| map.remove("iso8601"));
                return value.map_or(Err(Unusable::UnknownType(kind)), plain);
            }
            if let Some(text) = map.remove("__ansible_unsafe") {
                return Ok(text);
            }
            if map.contains_key("__ansible_vault") {
                return Err(Unusable::UnknownType("__ansible_vault".to_owned()));
            }
            Json::Object(map.into_iter().map(|(key, value)| Ok((key, plain(value)?))).collect::<Result<_, Unusable>>()?)
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn cache(dir: &Path, timeout: Option<Duration>) -> FactCache {
        FactCache::new(dir.join("facts"), "p_".to_owned(), timeout).unwrap()
    }

    fn facts(pairs: &[(&str, Value)]) -> Map {
        pairs.iter().map(|(name, value)| (Key::from(*name), value.clone())).collect()
    }

    #[test]
    fn what_is_stored_is_loaded_and_can_be_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), None);
        let kept = facts(&[("ansible_os", Value::data("é")), ("n", Value::Int(1)), ("none", Value::Null)]);
        cache.store("a/b", &kept);
        assert!(dir.path().join("facts/p_s1_a%2Fb").exists());
        assert_eq!(cache.load("a/b"), Some(kept));
        assert_eq!(cache.load("a"), None);
        cache.forget("a/b");
        assert_eq!(cache.load("a/b"), None);
        assert!(cache.take_warnings().is_empty());
    }

    #[test]
    fn secrets_are_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), None);
        let secret = Value::list(vec![Value::secret("hush")]);
        cache.store("a", &facts(&[("open", Value::Int(1)), ("token", secret)]));
        assert_eq!(cache.load("a"), Some(facts(&[("open", Value::Int(1))])));
        let warnings = cache.take_warnings();
        assert!(warnings.len() == 1 && warnings[0].message.contains("`token`"), "{warnings:?}");
        assert!(!fs::read_to_string(dir.path().join("facts/p_s1_a")).unwrap().contains("hush"));
    }

    #[test]
    fn old_files_do_not_count_and_broken_ones_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), Some(Duration::from_mins(1)));
        let path = dir.path().join("facts/p_s1_a");
        cache.store("a", &facts(&[("n", Value::Int(1))]));
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(61)).unwrap();
        assert_eq!(cache.load("a"), None);
        fs::write(&path, "{").unwrap();
        assert_eq!(cache.load("a"), None);
        assert_eq!(cache.take_warnings().len(), 1);
    }

    #[test]
    fn what_either_ansible_wrote_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), None);
        let tagged = json!({"x": {"value": "1", "tags": [{"__ansible_type": "Origin", "line_num": 5}], "__ansible_type": "_AnsibleTaggedStr"},
            "d": {"__ansible_type": "date", "iso8601": "2026-01-02"},
            "l": {"value": [{"value": 2, "tags": [], "__ansible_type": "_AnsibleTaggedInt"}], "tags": [], "__ansible_type": "_AnsibleTaggedList"}});
        let text = json!({"__payload__": tagged.to_string()}).to_string();
        fs::write(dir.path().join("facts/p_s1_new"), text).unwrap();
        let list = Value::list(vec![Value::Int(2)]);
        let read = facts(&[("x", Value::data("1")), ("d", Value::data("2026-01-02")), ("l", list)]);
        assert_eq!(cache.load("new"), Some(read));
        fs::write(dir.path().join("facts/p_old"), r#"{"x": {"__ansible_unsafe": "{{ 1 }}"}}"#).unwrap();
        assert_eq!(cache.load("old"), Some(facts(&[("x", Value::data("{{ 1 }}"))])));
    }
}
