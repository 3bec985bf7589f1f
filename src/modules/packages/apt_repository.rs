//! `apt_repository`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::apt::{AptFolders, update_cache};
use super::state::State;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, Mode, TargetFile};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::{Diff, DiffText};
use crate::value::{Map, Value};

/// Keeps a line of apt's sources, in `/etc/apt/sources.list` or a file of `sources.list.d`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AptRepository {
    /// The line, such as `deb https://example.org/debian stable main`. A PPA (`ppa:…`) is not supported.
    repo: String,
    /// Whether it shall be there.
    #[serde(default)]
    state: State,
    /// Name of a new file in `sources.list.d`, without `.list`; made of the address where not given.
    filename: Option<String>,
    /// Mode of a new file.
    mode: Option<Mode>,
    /// Update the package lists after a change. Where that fails, the change is taken back.
    #[serde(default = "yes", alias = "update-cache")]
    #[schemars(extend("x-aliases" = ["update-cache"]))]
    update_cache: bool,
    /// How often to try to update the package lists.
    #[serde(default = "five")]
    update_cache_retries: u32,
    /// Wait twice as long after each failure, but never more than this many seconds.
    #[serde(default = "twelve")]
    update_cache_retry_max_delay: u64,
    /// Without effect: only for PPAs.
    #[expect(dead_code, reason = "taken because playbooks give it")]
    codename: Option<String>,
    /// Without effect: only for PPAs.
    #[serde(default = "yes")]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    validate_certs: bool,
    /// Without effect: nothing of Python's is needed.
    #[serde(default = "yes")]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    install_python_apt: bool,
}

fn yes() -> bool {
    true
}

fn five() -> u32 {
    5
}

fn twelve() -> u64 {
    12
}

/// The files with sources, by path.
#[derive(Clone, PartialEq, Serialize)]
pub struct Sources(BTreeMap<PathBuf, String>);

/// The source that a line holds, and whether it counts. `None` for comments and rubbish.
fn source(line: &str) -> Option<(String, bool)> {
    let text = line.trim();
    let (text, enabled) = match text.strip_prefix('#') {
        Some(rest) => (rest.trim_start_matches('#').trim(), false),
        None => (text, true),
    };
    let text = text.split('#').next().unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    let (["deb" | "deb-src", rest @ ..], true) = (words.as_slice(), words.len() >= 3) else { return None };
    // a sentence in a comment may begin with the word too
    let address = rest.iter().find(|word| !word.starts_with('[') && (word.contains(':') || word.contains('/')));
    address.map(|_| (words.join(" "), enabled))
}

impl AptRepository {
    fn wanted(&self) -> Result<String, ModuleError> {
        if self.repo.trim_start().starts_with("ppa:") {
            return Err(ModuleError::new("a PPA is not supported here: give its address and key to deb822_repository"));
        }
        match source(&self.repo) {
            Some((line, true)) => Ok(line),
            _ => Err(ModuleError::new(format!("Invalid repository string: {}", self.repo))),
        }
    }

    /// The name of a new file.
    fn file_name(&self, line: &str) -> String {
        if let Some(name) = &self.filename {
            return format!("{}.list", name.trim_end_matches(".list"));
        }
        let mut text = line.to_owned();
        if let (Some(from), Some(to)) = (text.find('['), text.find(']')) {
            text.replace_range(from..=to.max(from), "");
        }
        let address = text.split_whitespace().nth(1).unwrap_or_default();
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        let address = address.split_once('@').map_or(address, |(_, rest)| rest);
        let words: Vec<&str> =
            address.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
        format!("{}.list", words.join("_"))
    }

    fn with_line(&self, sources: &mut Sources, line: &str, folder: &Path) {
        let mut found = false;
        for text in sources.0.values_mut() {
            let there = |text: &str| text.lines().any(|one| source(one).is_some_and(|(source, _)| source == line));
            if !there(text) {
                continue;
            }
            found = true;
            let enabled = |one: &str| match source(one) {
                Some((source, false)) if source == line => format!("{line}\n"),
                _ => format!("{one}\n"),
            };
            let needs = text.lines().any(|one| source(one).is_some_and(|(source, enabled)| source == line && !enabled));
            if needs {
                *text = text.lines().map(enabled).collect();
            }
        }
        if !found {
            let text = sources.0.entry(folder.join(self.file_name(line))).or_default();
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(line);
            text.push('\n');
        }
    }
}

fn without_line(sources: &mut Sources, line: &str) {
    for text in sources.0.values_mut() {
        let is_it = |one: &str| source(one).is_some_and(|(source, _)| source == line);
        if text.lines().any(is_it) {
            let kept: Vec<&str> = text.split_inclusive('\n').filter(|one| !is_it(one)).collect();
            *text = kept.concat();
        }
    }
    sources.0.retain(|_, text| !text.trim().is_empty());
}

fn read(folders: &AptFolders) -> Result<Sources, ModuleError> {
    let mut files = Vec::from([folders.etc.join("sources.list")]);
    if let Ok(entries) = folders.etc.join("sources.list.d").read_dir() {
        let lists = entries.flatten().map(|entry| entry.path());
        files.extend(lists.filter(|path| path.extension().is_some_and(|ending| ending == "list")));
    }
    let mut sources = BTreeMap::new();
    for path in files {
        match fs::read(&path) {
            Ok(bytes) => drop(sources.insert(path, String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ModuleError::because(format!("cannot read `{}`", path.display()), error)),
        }
    }
    Ok(Sources(sources))
}

impl AptRepository {
    /// Writes what differs.
    fn write(&self, current: &Sources, desired: &Sources, ctx: &mut Ctx) -> Result<(), ModuleError> {
        for (path, text) in desired.0.iter().filter(|(path, text)| current.0.get(*path) != Some(*text)) {
            let new = !path.exists();
            let mode = self.mode.clone().or(Some(Mode::Bits(0o644))).filter(|_| new);
            let attributes = Attributes { mode, ..Attributes::default() };
            let target = TargetFile { path: path.clone(), attributes, backup: false, validate: None };
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)
                    .map_err(|error| ModuleError::because(format!("cannot make `{}`", folder.display()), error))?;
            }
            let now: FileState = target.read(ctx)?;
            let wanted = target.desired(&now, Content::new(text.as_bytes().to_vec()), ctx)?;
            target.apply(&now, &wanted, ctx)?;
        }
        for path in current.0.keys().filter(|path| !desired.0.contains_key(*path)) {
            fs::remove_file(path)
                .map_err(|error| ModuleError::because(format!("cannot remove `{}`", path.display()), error))?;
        }
        Ok(())
    }
}

impl Managed for AptRepository {
    type State = Sources;

    fn read(&self, ctx: &mut Ctx) -> Result<Sources, ModuleError> {
        self.wanted()?;
        read(&AptFolders::read(ctx)?)
    }

    fn desired(&self, current: &Sources, ctx: &mut Ctx) -> Result<Sources, ModuleError> {
        let line = self.wanted()?;
        let mut wanted = current.clone();
        match self.state {
            State::Present => {
                self.with_line(&mut wanted, &line, &AptFolders::read(ctx)?.etc.join("sources.list.d"));
            }
            State::Absent => {
                let there = wanted
                    .0
                    .values()
                    .any(|text| text.lines().any(|one| source(one).is_some_and(|(source, _)| source == line)));
                if there {
                    without_line(&mut wanted, &line);
                }
            }
        }
        Ok(wanted)
    }

    fn apply(&self, current: &Sources, desired: &Sources, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        self.write(current, desired, ctx)?;
        if self.update_cache
            && let Err(error) = update_cache(self.update_cache_retries, self.update_cache_retry_max_delay, ctx)
        {
            // sources that cannot be read would break every later use of apt
            self.write(desired, current, ctx)?;
            return Err(error);
        }
        let list = |from: &Sources, other: &Sources| {
            let paths = from.0.keys().filter(|path| !other.0.contains_key(*path));
            Value::list(paths.map(|path| Value::from(path.display().to_string())).collect())
        };
        let mut applied = Applied::default();
        applied.values.insert("sources_added".into(), list(desired, current));
        applied.values.insert("sources_removed".into(), list(current, desired));
        Ok(applied)
    }

    fn values(&self, _: &Sources) -> Map {
        [
            ("repo".into(), Value::from(self.repo.as_str())),
            ("state".into(), Value::from(self.state.word())),
            ("sources_added".into(), Value::list(Vec::new())),
            ("sources_removed".into(), Value::list(Vec::new())),
        ]
        .into()
    }

    fn diff(&self, current: &Sources, desired: &Sources) -> Result<Vec<Diff>, ModuleError> {
        let mut paths: Vec<&PathBuf> = current.0.keys().chain(desired.0.keys()).collect();
        paths.sort();
        paths.dedup();
        let side = |sources: &Sources, path: &PathBuf| match sources.0.get(path) {
            Some(text) => (path.display().to_string(), DiffText::Text(text.clone())),
            None => ("/dev/null".to_owned(), DiffText::Absent),
        };
        let changed = paths.into_iter().filter(|path| current.0.get(*path) != desired.0.get(*path));
        Ok(changed
            .map(|path| {
                let ((before_header, before), (after_header, after)) = (side(current, path), side(desired, path));
                Diff { before_header, after_header, before, after }
            })
            .collect())
    }

    fn title(&self) -> String {
        self.repo.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_from_comments() {
        let line = "deb [arch=amd64] https://a/b stable main";
        assert_eq!(source("deb  [arch=amd64] https://a/b   stable main # hi"), Some((line.to_owned(), true)));
        assert_eq!(source(&format!("## {line}")), Some((line.to_owned(), false)));
        assert_eq!(source("# deb lines go here"), None);
        assert_eq!(source("deb x"), None);
    }

    #[test]
    fn file_names_are_made_of_addresses() {
        let repo: AptRepository =
            crate::value::from_value(&crate::value::from_json(serde_json::json!({"repo": "x"}))).unwrap();
        let line = "deb [arch=amd64 signed-by=/x] https://user:pw@download.docker.com/linux/debian bookworm stable";
        assert_eq!(repo.file_name(line), "download_docker_com_linux_debian.list");
        assert_eq!(repo.file_name("deb file:/tmp/x ./"), "file_tmp_x.list");
    }
}
