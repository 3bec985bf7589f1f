//! `modprobe`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::system::config_file::ConfigFile;
use crate::modules::system::presence::Presence;
use crate::value::split_words;
use crate::value::{Map, Value};

/// What the configuration files shall say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Persistent {
    /// Whatever they say.
    #[default]
    Disabled,
    /// The module is not loaded at boot.
    Absent,
    /// The module is loaded at boot, with these parameters.
    Present,
}

/// Loads or unloads a module of the kernel.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Modprobe {
    /// The module.
    name: String,
    /// Whether it shall be loaded.
    #[serde(default)]
    state: Presence,
    /// Its parameters.
    #[serde(default)]
    params: String,
    /// Whether `/etc/modules-load.d` and `/etc/modprobe.d` shall have it too.
    #[serde(default)]
    persistent: Persistent,
}

const LOAD_FOLDER: &str = "/etc/modules-load.d";
const OPTIONS_FOLDER: &str = "/etc/modprobe.d";

/// Whether the module is loaded, and the files that are about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModprobeState {
    loaded: bool,
    /// Text by path, only where the task cares.
    files: BTreeMap<PathBuf, String>,
}

/// The words of a line without its comment.
fn words(line: &str) -> Vec<&str> {
    line.split(['#', ';']).next().unwrap_or_default().split_whitespace().collect()
}

impl Modprobe {
    /// The kernel writes hyphens as underscores.
    fn same_module(a: &str, b: &str) -> bool {
        a.replace('-', "_") == b.replace('-', "_")
    }

    fn is_loaded(&self) -> bool {
        let loaded = fs::read_to_string("/proc/modules").unwrap_or_default();
        if loaded.lines().any(|line| line.split(' ').next().is_some_and(|name| Self::same_module(name, &self.name))) {
            return true;
        }
        let release = rustix::system::uname().release().to_string_lossy().into_owned();
        let builtin = fs::read_to_string(format!("/lib/modules/{release}/modules.builtin")).unwrap_or_default();
        let names = builtin.lines().filter_map(|line| Path::new(line).file_stem()?.to_str());
        names.into_iter().any(|name| Self::same_module(name, &self.name))
    }

    fn loads(&self, line: &str) -> bool {
        words(line).as_slice() == [self.name.as_str()]
    }

    /// The parameters that a line sets for the module.
    fn options<'l>(&self, line: &'l str) -> Option<Vec<&'l str>> {
        match words(line).as_slice() {
            ["options", name, params @ ..] if *name == self.name => Some(params.to_vec()),
            _ => None,
        }
    }

    fn own_files(&self) -> (PathBuf, PathBuf) {
        let file = format!("{}.conf", self.name);
        (Path::new(LOAD_FOLDER).join(&file), Path::new(OPTIONS_FOLDER).join(&file))
    }

    /// The configuration files of both folders.
    fn files(&self, ctx: &Ctx) -> Result<BTreeMap<PathBuf, String>, ModuleError> {
        let mut files = BTreeMap::new();
        if self.persistent == Persistent::Disabled {
            return Ok(files);
        }
        for folder in [LOAD_FOLDER, OPTIONS_FOLDER] {
            for path in crate::modules::host::glob(&Path::new(folder).join("*.conf")) {
                if let Some(text) = ConfigFile::at(&path).text(ctx)? {
                    files.insert(path, text);
                }
            }
        }
        Ok(files)
    }

    /// Comments out the lines of a folder's files that a rule picks.
    fn comment_out(files: &mut BTreeMap<PathBuf, String>, folder: &str, picks: impl Fn(&str) -> bool) {
        for (_, text) in files.iter_mut().filter(|(path, _)| path.starts_with(folder)) {
            if text.lines().any(&picks) {
                let line = |line: &str| if picks(line) { format!("#{line}\n") } else { format!("{line}\n") };
                *text = text.lines().map(line).collect();
            }
        }
    }

    fn wanted_files(&self, now: &BTreeMap<PathBuf, String>) -> BTreeMap<PathBuf, String> {
        let mut files = now.clone();
        let in_folder = |folder: &'static str| now.iter().filter(move |(path, _)| path.starts_with(folder));
        match self.persistent {
            Persistent::Disabled => {}
            Persistent::Absent => {
                Self::comment_out(&mut files, LOAD_FOLDER, |line| self.loads(line));
                Self::comment_out(&mut files, OPTIONS_FOLDER, |line| self.options(line).is_some());
            }
            Persistent::Present => {
                let (load, options) = self.own_files();
                if !in_folder(LOAD_FOLDER).any(|(_, text)| text.lines().any(|line| self.loads(line))) {
                    files.insert(load, format!("{}\n", self.name));
                }
                let mut set: Vec<&str> = in_folder(OPTIONS_FOLDER)
                    .flat_map(|(_, text)| text.lines().filter_map(|line| self.options(line)).flatten())
                    .collect();
                let mut wanted: Vec<&str> = self.params.split_whitespace().collect();
                set.sort_unstable();
                wanted.sort_unstable();
                if set != wanted {
                    Self::comment_out(&mut files, OPTIONS_FOLDER, |line| self.options(line).is_some());
                    if !wanted.is_empty() {
                        files.insert(options, format!("options {} {}\n", self.name, self.params.trim()));
                    }
                }
            }
        }
        files
    }
}

impl Managed for Modprobe {
    type State = ModprobeState;

    fn read(&self, ctx: &mut Ctx) -> Result<ModprobeState, ModuleError> {
        Ok(ModprobeState { loaded: self.is_loaded(), files: self.files(ctx)? })
    }

    fn desired(&self, current: &ModprobeState, _: &mut Ctx) -> Result<ModprobeState, ModuleError> {
        let files = self.wanted_files(&current.files);
        Ok(ModprobeState { loaded: self.state == Presence::Present, files })
    }

    fn apply(&self, current: &ModprobeState, desired: &ModprobeState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        if current.loaded != desired.loaded {
            let mut words = vec![self.name.clone()];
            if desired.loaded {
                let params = split_words(&self.params);
                words.extend(params.map_err(|error| ModuleError::because("cannot split `params` into words", error))?);
            } else {
                words.insert(0, "-r".to_owned());
            }
            let output = ctx.run_tool("modprobe", &words)?;
            if output.rc != 0 {
                let error = ModuleError::new(output.err().trim()).with("rc", i64::from(output.rc));
                return Err(error.with("stdout", output.out()).with("stderr", output.err()));
            }
        }
        for (path, text) in desired.files.iter().filter(|(path, text)| current.files.get(*path) != Some(text)) {
            ConfigFile::at(path).write(Some(text), ctx)?;
        }
        Ok(Applied::default())
    }

    fn values(&self, _: &ModprobeState) -> Map {
        Map::from([
            ("name".into(), Value::from(self.name.as_str())),
            ("params".into(), Value::from(self.params.as_str())),
            ("state".into(), Value::from(self.state.word())),
        ])
    }

    fn title(&self) -> String {
        format!("kernel module {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{from_json, from_value};

    fn wanted(options: serde_json::Value, files: &[(&str, &str)]) -> Vec<(String, String)> {
        let module: Modprobe = from_value(&from_json(options)).unwrap();
        let now = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        let files = module.wanted_files(&now);
        assert_eq!(module.wanted_files(&files), files, "not idempotent");
        files.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect()
    }

    #[test]
    fn files_for_the_next_boot() {
        let owned = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let options = serde_json::json!({"name": "dummy", "params": "a=1 b=2", "persistent": "present"});
        let fresh = [
            owned("/etc/modprobe.d/dummy.conf", "options dummy a=1 b=2\n"),
            owned("/etc/modules-load.d/dummy.conf", "dummy\n"),
        ];
        assert_eq!(wanted(options.clone(), &[]), fresh);
        let there = [
            ("/etc/modprobe.d/x.conf", "options dummy a=3\nalias q dummy\n"),
            ("/etc/modules-load.d/x.conf", "dummy # c\n"),
        ];
        let changed = [
            owned("/etc/modprobe.d/dummy.conf", "options dummy a=1 b=2\n"),
            owned("/etc/modprobe.d/x.conf", "#options dummy a=3\nalias q dummy\n"),
            owned("/etc/modules-load.d/x.conf", "dummy # c\n"),
        ];
        assert_eq!(wanted(options, &there), changed);
        let gone = wanted(serde_json::json!({"name": "dummy", "persistent": "absent"}), &there);
        assert_eq!(gone[1], owned("/etc/modules-load.d/x.conf", "#dummy # c\n"));
    }
}
