//! `include_vars`.

use std::path::{Path, PathBuf};

use fancy_regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diag::SourceMap;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::tree::display_name;
use crate::value::{Key, Map, Value};
use crate::yaml;

/// How mappings meet variables that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum HashBehaviour {
    /// The new value takes the place of the old one.
    Replace,
    /// Mappings are merged to any depth.
    Merge,
}

/// Reads variables from a YAML or JSON file, or from all such files in a folder, when the task is reached.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncludeVars {
    /// The file, absolute or looked for in the `vars` folders of role and playbook. May stand directly behind the module's
    /// name.
    #[serde(alias = "free-form", alias = "_raw_params")]
    #[schemars(extend("x-aliases" = ["free-form", "_raw_params"]))]
    file: Option<String>,
    /// A folder of which every file is read, in the order of their paths.
    dir: Option<String>,
    /// Put the variables into one variable of this name.
    name: Option<String>,
    /// How deep to go into folders; 0 means to the bottom.
    #[serde(default)]
    depth: usize,
    /// Only files whose name matches this regular expression.
    files_matching: Option<String>,
    /// Regular expressions for ends of names to leave out.
    #[serde(default)]
    ignore_files: Vec<String>,
    /// Endings of names that are read.
    #[serde(default = "endings")]
    extensions: Vec<String>,
    /// Leave out files with other endings instead of failing.
    #[serde(default)]
    ignore_unknown_extensions: bool,
    /// How a mapping meets a variable that exists: `replace` or `merge`.
    hash_behaviour: Option<HashBehaviour>,
}

fn endings() -> Vec<String> {
    ["json", "yaml", "yml"].map(str::to_owned).to_vec()
}

impl ControllerAction for IncludeVars {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let files = match (&self.file, &self.dir) {
            (Some(_), Some(_)) => return Err(ModuleError::new("only one of `file` and `dir` can be given")),
            (None, None) => return Err(ModuleError::new("one of `file` and `dir` is needed")),
            (Some(file), None) => vec![ctx.find_source("vars", file)?],
            (None, Some(dir)) => self.in_folder(dir, ctx)?,
        };
        let mut vars = Map::new();
        for file in &files {
            vars.extend(read_vars(file, ctx)?);
        }
        if let Some(name) = &self.name {
            vars = [(Key::from(name.as_str()), Value::map(vars))].into();
        }
        if self.hash_behaviour == Some(HashBehaviour::Merge) {
            vars = vars
                .into_iter()
                .map(|(key, value)| {
                    let old = key.as_str().and_then(|name| ctx.scope.get(name));
                    (key, old.map_or_else(|| value.clone(), |old| merge(&old, &value)))
                })
                .collect();
        }
        let names = files.iter().map(|file| Value::from(file.display().to_string())).collect();
        let outcome =
            Outcome::ok().with("ansible_facts", vars.clone()).with("ansible_included_var_files", Value::list(names));
        Ok((outcome, vec![Effect::IncludeVars(vars)]))
    }
}

impl IncludeVars {
    fn in_folder(&self, dir: &str, ctx: &ControllerCtx<'_>) -> Result<Vec<PathBuf>, ModuleError> {
        let top = ctx.find_source("vars", dir)?;
        if !ctx.files.is_folder(&top) {
            return Err(ModuleError::new(format!("{} is not a directory", display_name(&top))));
        }
        let pattern = |text: &str| {
            Regex::new(text)
                .map_err(|error| ModuleError::because(format!("`{text}` is no valid regular expression"), error))
        };
        let matching = self.files_matching.as_deref().map(pattern).transpose()?;
        let ignored = self.ignore_files.iter().map(|end| pattern(&format!("{end}$"))).collect::<Result<Vec<_>, _>>()?;
        let role = ctx.scope.get("role_path");
        // a role's own variables are there already
        let own = role.as_ref().and_then(Value::as_str).map(|role| Path::new(role).join("vars/main.yml"));
        let mut found = Vec::new();
        let mut folders = vec![(top, 1)];
        while let Some((folder, depth)) = folders.pop() {
            let cannot =
                |error| ModuleError::because(format!("cannot read the folder `{}`", display_name(&folder)), error);
            for name in ctx.files.list(&folder).map_err(cannot)? {
                let path = folder.join(&name);
                if ctx.files.is_folder(&path) {
                    if self.depth == 0 || depth < self.depth {
                        folders.push((path, depth + 1));
                    }
                    continue;
                }
                let fits = |regex: &Regex| regex.is_match(&name).unwrap_or(false);
                if own.as_ref() == Some(&path)
                    || matching.as_ref().is_some_and(|regex| !fits(regex))
                    || ignored.iter().any(fits)
                {
                    continue;
                }
                let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
                if self.extensions.contains(&ending) {
                    found.push(path);
                } else if !self.ignore_unknown_extensions {
                    return Err(ModuleError::new(format!(
                        "{} does not have a valid extension: {}",
                        display_name(&path),
                        self.extensions.join(", ")
                    )));
                }
            }
        }
        found.sort_by(|a, b| (a.parent(), a.file_name()).cmp(&(b.parent(), b.file_name())));
        Ok(found)
    }
}

fn read_vars(file: &Path, ctx: &ControllerCtx<'_>) -> Result<Map, ModuleError> {
    let name = display_name(file);
    let (text, secret) = ctx.source_text(file)?;
    let sources = SourceMap::new();
    let source = if secret { sources.add_secret(&name, text) } else { sources.add(&name, text) };
    let node = yaml::parse_one(&sources, source, &mut Vec::new()).map_err(|problem| {
        let place = problem.labels.first().and_then(|label| sources.location(label.span));
        let place = place.map_or_else(|| name.clone(), |place| place.to_string());
        ModuleError::new(format!("{place}: {}", problem.message))
    })?;
    let value = if secret { node.to_value().into_secret() } else { node.to_value() };
    match value {
        Value::Null => Ok(Map::new()),
        Value::Map(map) => Ok((*map).clone()),
        _ => Err(ModuleError::new(format!("{name} must be stored as a dictionary/hash"))),
    }
}

fn merge(old: &Value, new: &Value) -> Value {
    let (Value::Map(old), Value::Map(new)) = (old, new) else { return new.clone() };
    let mut out = (**old).clone();
    for (key, value) in new.iter() {
        let merged = out.get(key).map_or_else(|| value.clone(), |before| merge(before, value));
        out.insert(key.clone(), merged);
    }
    Value::map(out)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run_with, with_ctx};
    use crate::value::{from_json, to_json};

    fn include(folder: &Path, args: serde_json::Value, vars: &Map) -> Result<serde_json::Value, String> {
        with_ctx(|ctx| {
            ctx.working_dir = folder.to_owned();
            let (outcome, effects) =
                run_with(ctx, "include_vars", &from_json(args), vars).map_err(|error| error.full_message())?;
            let [Effect::IncludeVars(vars)] = effects.as_slice() else { panic!("{effects:?}") };
            assert_eq!(outcome.values.get("ansible_facts"), Some(&Value::map(vars.clone())));
            Ok(to_json(&Value::map(vars.clone())))
        })
    }

    #[test]
    fn files_folders_and_merging() {
        let dir = tempfile::tempdir().unwrap();
        let vars = dir.path().join("vars");
        fs::create_dir_all(vars.join("all/deep")).unwrap();
        fs::write(vars.join("a.yml"), "a: 1\nm: {x: 1}\n").unwrap();
        fs::write(vars.join("all/1.yml"), "a: 1\n").unwrap();
        fs::write(vars.join("all/2.json"), "{\"a\": 2}").unwrap();
        fs::write(vars.join("all/deep/3.yaml"), "b: 3\n").unwrap();
        let none = Map::new();
        let get = |args| include(dir.path(), args, &none);
        assert_eq!(get(json!({"file": "a.yml", "name": "all"})), Ok(json!({"all": {"a": 1, "m": {"x": 1}}})));
        assert_eq!(get(json!({"dir": "all"})), Ok(json!({"a": 2, "b": 3})));
        assert_eq!(get(json!({"dir": "all", "depth": 1})), Ok(json!({"a": 2})));
        assert_eq!(get(json!({"dir": "all", "files_matching": "^1", "ignore_files": ["x"]})), Ok(json!({"a": 1})));
        let old = from_json(json!({"m": {"y": 2}})).as_map().unwrap().clone();
        let merged = include(dir.path(), json!({"file": "a.yml", "hash_behaviour": "merge"}), &old);
        assert_eq!(merged, Ok(json!({"a": 1, "m": {"x": 1, "y": 2}})));
        fs::write(vars.join("all/x.txt"), "").unwrap();
        assert!(get(json!({"dir": "all"})).unwrap_err().contains("does not have a valid extension"));
        assert!(get(json!({"dir": "all", "ignore_unknown_extensions": true})).is_ok());
        fs::write(vars.join("bad.yml"), "a: [1\n").unwrap();
        assert!(get(json!({"file": "bad.yml"})).unwrap_err().contains("bad.yml:"));
        assert!(get(json!({"file": "none.yml"})).unwrap_err().contains("searched"));
    }
}
