//! `find`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use globset::{GlobBuilder, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stat::{Checksum, numbers};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{FileKind, FileMeta, Mode};
use crate::modules::outcome::Outcome;
use crate::modules::pyregex::PyRegex;
use crate::value::{Key, Map, Value};

/// What to look for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum FileType {
    /// Everything.
    Any,
    /// Folders.
    Directory,
    /// Regular files.
    #[default]
    File,
    /// Symbolic links.
    Link,
}

/// Which time `age` is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum AgeStamp {
    /// Of the last access.
    Atime,
    /// Of the last change of content, mode or owner.
    Ctime,
    /// Of the last change of content.
    #[default]
    Mtime,
}

/// Returns the files in folders that meet all conditions, as `files`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// The folders to look in.
    #[serde(alias = "name", alias = "path")]
    #[schemars(extend("x-aliases" = ["name", "path"]))]
    paths: Vec<String>,
    /// Shell patterns, or regular expressions with `use_regex`, of which one must match the name. All names where not given.
    #[serde(default, alias = "pattern")]
    #[schemars(extend("x-aliases" = ["pattern"]))]
    patterns: Vec<String>,
    /// Patterns of names to leave out.
    #[serde(default, alias = "exclude")]
    #[schemars(extend("x-aliases" = ["exclude"]))]
    excludes: Vec<String>,
    /// Take the patterns as regular expressions, which match from the start of the name.
    #[serde(default)]
    use_regex: bool,
    /// Regular expression that must match at the start of some line of the file.
    contains: Option<String>,
    /// Look for `contains` anywhere in the whole text instead of line by line.
    #[serde(default)]
    read_whole_file: bool,
    /// What to look for.
    #[serde(default)]
    file_type: FileType,
    /// At least this old, or with a minus at most: a number with `s`, `m`, `h`, `d` or `w`.
    age: Option<String>,
    /// Which time `age` is about.
    #[serde(default)]
    age_stamp: AgeStamp,
    /// At least this large, or with a minus at most: a number with `b`, `k`, `m`, `g` or `t`.
    size: Option<String>,
    /// Look in folders below too.
    #[serde(default)]
    recurse: bool,
    /// How deep to go with `recurse`; 1 is the folder itself.
    depth: Option<usize>,
    /// Take files whose name begins with a dot.
    #[serde(default)]
    hidden: bool,
    /// Go into folders that links lead to.
    #[serde(default)]
    follow: bool,
    /// Return the checksum of each file.
    #[serde(default)]
    get_checksum: bool,
    /// The algorithm of the checksum.
    #[serde(default, alias = "checksum", alias = "checksum_algo")]
    #[schemars(extend("x-aliases" = ["checksum", "checksum_algo"]))]
    checksum_algorithm: Checksum,
    /// Only what has this mode, or with `exact_mode: false` at least one of its bits.
    mode: Option<Mode>,
    /// Whether `mode` must agree in all bits.
    #[serde(default = "yes")]
    exact_mode: bool,
    /// Encoding of the files that `contains` looks into; only `utf-8`.
    encoding: Option<String>,
    /// End after this many findings.
    limit: Option<usize>,
}

fn yes() -> bool {
    true
}

/// The conditions, ready to be tried.
struct Conditions<'f> {
    find: &'f Find,
    patterns: Vec<Pattern>,
    excludes: Vec<Pattern>,
    contains: Option<PyRegex>,
    age: Option<i64>,
    size: Option<i64>,
    now: f64,
}

enum Pattern {
    Shell(GlobMatcher),
    Regex(PyRegex),
}

impl Pattern {
    fn new(text: &str, regex: bool) -> Result<Self, ModuleError> {
        if regex {
            return PyRegex::new(text).map(Self::Regex);
        }
        let glob = GlobBuilder::new(&text.replace('{', "[{]")).backslash_escape(false).build();
        glob.map(|glob| Self::Shell(glob.compile_matcher()))
            .map_err(|error| ModuleError::because(format!("`{text}` is no valid pattern"), error))
    }

    fn matches(&self, name: &str) -> Result<bool, ModuleError> {
        match self {
            Self::Shell(matcher) => Ok(matcher.is_match(name)),
            Self::Regex(regex) => regex.matches_start(name),
        }
    }
}

/// A number with a unit, such as `-2d`.
fn measure(text: &str, what: &str, units: &[(char, i64)]) -> Result<i64, ModuleError> {
    let wrong = || ModuleError::new(format!("failed to process {what}")).with(what, text);
    let lower = text.trim().to_ascii_lowercase();
    let unit = units.iter().find(|(letter, _)| lower.ends_with(*letter));
    let digits = unit.and_then(|(letter, _)| lower.strip_suffix(*letter)).unwrap_or(&lower);
    let number: i64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit.map_or(1, |(_, factor)| *factor)).ok_or_else(wrong)
}

/// Whether a value is at least a limit, or at most its absolute value where it is negative.
fn within(value: f64, limit: Option<i64>) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "ages and sizes are far below 2^53")]
    limit.is_none_or(|limit| if limit >= 0 { value >= limit as f64 } else { value <= -(limit as f64) })
}

impl Conditions<'_> {
    fn name(&self, name: &str) -> Result<bool, ModuleError> {
        let any = |patterns: &[Pattern]| -> Result<bool, ModuleError> {
            for pattern in patterns {
                if pattern.matches(name)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        Ok((self.patterns.is_empty() || any(&self.patterns)?) && !any(&self.excludes)?)
    }

    fn meta(&self, meta: &FileMeta) -> bool {
        let kind = match self.find.file_type {
            FileType::Any => true,
            FileType::Directory => meta.kind == FileKind::Directory,
            FileType::File => meta.kind == FileKind::File,
            FileType::Link => meta.kind == FileKind::Link,
        };
        let raw = &meta.raw;
        let (seconds, nanos) = match self.find.age_stamp {
            AgeStamp::Atime => (raw.atime(), raw.atime_nsec()),
            AgeStamp::Ctime => (raw.ctime(), raw.ctime_nsec()),
            AgeStamp::Mtime => (raw.mtime(), raw.mtime_nsec()),
        };
        #[expect(clippy::cast_precision_loss, reason = "ages and sizes are far below 2^53")]
        let (age, size) = (self.now - (seconds as f64 + nanos as f64 / 1e9), raw.size() as f64);
        let mode = self.find.mode.as_ref().is_none_or(|mode| {
            let (bits, wanted) = (meta.ownership().mode, mode.apply(0, false, 0));
            if self.find.exact_mode { bits == wanted } else { bits & wanted != 0 }
        });
        kind && within(age, self.age) && (meta.kind != FileKind::File || within(size, self.size)) && mode
    }

    fn content(&self, path: &Path) -> Result<bool, ModuleError> {
        let Some(regex) = self.contains.as_ref().filter(|_| self.find.file_type == FileType::File) else {
            return Ok(true);
        };
        // what cannot be read does not match
        let Ok(bytes) = fs::read(path) else { return Ok(false) };
        let text = String::from_utf8_lossy(&bytes);
        if self.find.read_whole_file {
            return Ok(regex.search(&text)?.is_some());
        }
        for line in text.split_inclusive('\n') {
            if regex.matches_start(line)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Default)]
struct Findings {
    files: Vec<Value>,
    examined: u64,
    skipped: Map,
}

impl Find {
    fn conditions(&self) -> Result<Conditions<'_>, ModuleError> {
        let patterns =
            |list: &[String]| list.iter().map(|text| Pattern::new(text, self.use_regex)).collect::<Result<Vec<_>, _>>();
        let time = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];
        let bytes = [('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)];
        Ok(Conditions {
            find: self,
            patterns: patterns(&self.patterns)?,
            excludes: patterns(&self.excludes)?,
            contains: self.contains.as_deref().map(PyRegex::new).transpose()?,
            age: self.age.as_deref().map(|text| measure(text, "age", &time)).transpose()?,
            size: self.size.as_deref().map(|text| measure(text, "size", &bytes)).transpose()?,
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64()),
        })
    }

    /// Looks into one of the folders. `false` where the limit is reached.
    fn look(
        &self,
        top: &Path,
        conditions: &Conditions<'_>,
        out: &mut Findings,
        ctx: &mut Ctx,
    ) -> Result<(), ModuleError> {
        let mut folders = vec![(top.to_owned(), 1)];
        let mut seen: Vec<PathBuf> = Vec::new();
        while let Some((folder, depth)) = folders.pop() {
            if self.follow {
                // links can lead in circles
                let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
                if seen.contains(&real) {
                    continue;
                }
                seen.push(real);
            }
            let mut paths: Vec<PathBuf> = match fs::read_dir(&folder) {
                Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
                Err(error) => {
                    out.skipped.insert(Key::from(folder.display().to_string()), Value::from(error.to_string()));
                    continue;
                }
            };
            paths.sort();
            let mut below = Vec::new();
            for path in paths {
                out.examined += 1;
                let Some(meta) = ctx.meta(&path)? else { continue };
                let into = meta.kind == FileKind::Directory || self.follow && path.is_dir();
                if into && self.recurse && self.depth.is_none_or(|limit| limit == 0 || depth < limit) {
                    below.push((path.clone(), depth + 1));
                }
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if name.starts_with('.') && !self.hidden {
                    continue;
                }
                if conditions.name(&name)? && conditions.meta(&meta) && conditions.content(&path)? {
                    out.files.push(Value::map(self.about(&path, &meta, ctx)));
                    if self.limit == Some(out.files.len()) {
                        return Ok(());
                    }
                }
            }
            folders.extend(below.into_iter().rev());
        }
        Ok(())
    }

    fn about(&self, path: &Path, meta: &FileMeta, ctx: &Ctx) -> Map {
        const LEFT_OUT: &[&str] =
            &["exists", "blocks", "block_size", "device_type", "readable", "writeable", "executable"];
        let mut map = numbers(path, meta, ctx);
        map.retain(|key, _| !key.as_str().is_some_and(|key| LEFT_OUT.contains(&key)));
        map.insert("mode".into(), Value::from(format!("{:04o}", meta.ownership().mode)));
        if self.get_checksum
            && meta.kind == FileKind::File
            && let Ok(sum) = self.checksum_algorithm.of_file(path)
        {
            map.insert("checksum".into(), Value::from(sum));
        }
        map
    }
}

impl Action for Find {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        if self.limit == Some(0) {
            return Err(ModuleError::new("limit cannot be 0; leave it out for all files"));
        }
        if let Some(encoding) = self.encoding.as_deref().filter(|name| !name.eq_ignore_ascii_case("utf-8")) {
            return Err(ModuleError::new(format!("option `encoding`: only utf-8 is supported, not `{encoding}`")));
        }
        let conditions = self.conditions()?;
        let mut out = Findings::default();
        let mut msg = "All paths examined";
        for path in &self.paths {
            let top = ctx.resolve(path);
            if !top.is_dir() {
                let said = format!("'{}' is not a directory", top.display());
                ctx.warn(format!("Skipped '{path}' path due to this access issue: {said}"));
                out.skipped.insert(Key::from(path.as_str()), Value::from(said));
                msg = "Not all paths examined, check warnings for details";
                continue;
            }
            self.look(&top, &conditions, &mut out, ctx)?;
            if self.limit == Some(out.files.len()) {
                msg = "Limit of matches reached";
                break;
            }
        }
        let matched = out.files.len() as u64;
        Ok(Outcome::ok()
            .msg(msg)
            .with("files", Value::list(out.files))
            .with("matched", matched)
            .with("examined", out.examined)
            .with("skipped_paths", out.skipped))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run, with_ctx};

    #[test]
    fn all_conditions_count() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            fs::create_dir_all(at("sub/deep")).unwrap();
            fs::write(at("a.log"), "x\nERROR here\n").unwrap();
            fs::write(at("b.txt"), "y".repeat(2000)).unwrap();
            fs::write(at(".hidden"), "").unwrap();
            fs::write(at("sub/c.log"), "an ERROR\n").unwrap();
            fs::write(at("sub/deep/d.log"), "").unwrap();
            std::os::unix::fs::symlink("a.log", at("link")).unwrap();
            let mut names = |mut args: serde_json::Value| -> Vec<String> {
                args["paths"] = json!(dir.path());
                let done = run(ctx, "find", args).unwrap();
                let files = done.values.get("files").unwrap().as_list().unwrap().to_vec();
                let path = |file: &Value| file.get("path").and_then(Value::as_str).unwrap().to_owned();
                let top = format!("{}/", dir.path().display());
                files.iter().map(|file| path(file).replace(&top, "")).collect()
            };
            assert_eq!(names(json!({})), ["a.log", "b.txt"]);
            assert_eq!(names(json!({"hidden": true})), [".hidden", "a.log", "b.txt"]);
            assert_eq!(names(json!({"recurse": true, "patterns": "*.log"})), ["a.log", "sub/c.log", "sub/deep/d.log"]);
            assert_eq!(names(json!({"recurse": true, "depth": 2, "patterns": "*.log"})), ["a.log", "sub/c.log"]);
            assert_eq!(names(json!({"patterns": "^[ab]\\.", "use_regex": true, "excludes": "b.*"})), ["a.log"]);
            assert_eq!(names(json!({"recurse": true, "contains": "ERROR"})), ["a.log"]);
            assert_eq!(names(json!({"recurse": true, "contains": "an.*ERR", "read_whole_file": true})), ["sub/c.log"]);
            assert_eq!(names(json!({"file_type": "directory"})), ["sub"]);
            assert_eq!(names(json!({"file_type": "link"})), ["link"]);
            assert_eq!(names(json!({"size": "1k"})), ["b.txt"]);
            assert_eq!(names(json!({"size": "-1k"})), ["a.log"]);
            assert_eq!(names(json!({"age": "1d"})), Vec::<String>::new());
            assert_eq!(names(json!({"age": "-1d", "limit": 1})), ["a.log"]);
        });
    }

    #[test]
    fn a_missing_folder_is_told() {
        with_ctx(|ctx| {
            let done = run(ctx, "find", json!({"paths": "/no/such/folder"})).unwrap();
            assert_eq!(done.values.get("matched"), Some(&Value::Int(0)));
            assert_eq!(done.warnings.len(), 1);
            assert!(run(ctx, "find", json!({"paths": "/", "age": "old"})).is_err());
        });
    }
}
