//! `file`: existence, kind, mode, owner and times of a path.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file_state::{Attrs, Kind, PathState, Times, WantedTime, apply, below};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Mode, Ownership, file_options, ownership_diff};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::{Diff, DiffText};
use crate::value::{Map, Value};

/// What a path shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Nothing; a folder goes with all that is in it.
    Absent,
    /// A folder; missing ones above it are made too.
    Directory,
    /// A file that is there already.
    File,
    /// A further name of the file `src`.
    Hard,
    /// A symbolic link to `src`.
    Link,
    /// A file, made empty where missing, with its times set to now.
    Touch,
}

file_options! {
    /// Makes, changes or removes files, folders and links, with their mode, owner and times.
    ///
    /// What a file holds is never changed; for that there are `copy` and `template`.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct File {
        /// The path.
        #[serde(alias = "dest", alias = "name")]
        #[schemars(extend("x-aliases" = ["dest", "name"]))]
        path: String,
        /// What it shall be. Where not given: what it is now; `directory` for a missing path with `recurse`; else `file`.
        state: Option<State>,
        /// What a link points to. A relative path is taken from the link's folder.
        src: Option<String>,
        /// Mode, such as `"0644"`, `"0755"` or `u=rwX,go=rX`. Left alone where not given.
        mode: Option<Mode>,
        /// Apply mode, owner and times to everything below the folder too.
        #[serde(default)]
        recurse: bool,
        /// Make a link although its target is missing, or in place of a file or empty folder.
        #[serde(default)]
        force: bool,
        /// Where the path is a link, change what it leads to rather than the link.
        #[serde(default = "yes")]
        follow: bool,
        /// Time of the last change: `preserve`, `now`, or a time in the format below. `now` for `touch`, else `preserve`.
        modification_time: Option<String>,
        /// Format of `modification_time`, as in `strftime`.
        #[serde(default = "time_format")]
        modification_time_format: String,
        /// Time of the last access: `preserve`, `now`, or a time in the format below. `now` for `touch`, else `preserve`.
        access_time: Option<String>,
        /// Format of `access_time`, as in `strftime`.
        #[serde(default = "time_format")]
        access_time_format: String,
    }
}

fn yes() -> bool {
    true
}

fn time_format() -> String {
    "%Y%m%d%H%M.%S".to_owned()
}

impl File {
    fn place(&self, ctx: &Ctx) -> PathBuf {
        let path = ctx.resolve(&self.path);
        // a link or file asked for in a folder gets the name of its source
        match &self.src {
            Some(src) if !matches!(self.state, Some(State::Link | State::Absent)) && path.is_dir() => {
                Path::new(src).file_name().map_or_else(|| path.clone(), |name| path.join(name))
            }
            _ => path,
        }
    }

    fn wanted_state(&self, now: Kind) -> State {
        self.state.unwrap_or(match now {
            Kind::Absent if self.recurse => State::Directory,
            Kind::Absent | Kind::File => State::File,
            Kind::Hard => State::Hard,
            Kind::Directory => State::Directory,
            Kind::Link => State::Link,
        })
    }

    fn times(&self, state: State) -> Result<(WantedTime, WantedTime), ModuleError> {
        let default = if state == State::Touch { WantedTime::Now } else { WantedTime::Preserve };
        let read = |given: &Option<String>, format: &str| match given {
            None => Ok(default),
            Some(text) => WantedTime::parse(text, format),
        };
        Ok((
            read(&self.access_time, &self.access_time_format)?,
            read(&self.modification_time, &self.modification_time_format)?,
        ))
    }

    /// The target of a link as seen from where the link is.
    fn linked(path: &Path, target: &Path) -> PathBuf {
        path.parent().unwrap_or(Path::new("/")).join(target)
    }

    /// Refuses a link to nothing, unless it is wanted.
    fn check_source(&self, state: State, path: &Path) -> Result<(), ModuleError> {
        if let Some(src) = &self.src
            && state == State::Link
            && !self.force
        {
            let target = Self::linked(path, Path::new(src));
            if !target.exists() {
                return Err(ModuleError::new(format!(
                    "src file does not exist, use 'force=yes' if you really want to create the link: {}",
                    target.display()
                )));
            }
        }
        Ok(())
    }

    /// Refuses what would destroy something that the task did not name.
    fn check_conflict(&self, state: State, now: &PathState) -> Result<(), ModuleError> {
        let path = now.path.display();
        let kind = now.kind.word();
        match (state, now.kind) {
            (State::File, Kind::Absent | Kind::Directory | Kind::Link) => {
                Err(ModuleError::new(format!("file ({path}) is {kind}, cannot continue"))
                    .with("path", now.path.display().to_string())
                    .with("state", kind))
            }
            (State::Directory, Kind::File | Kind::Hard | Kind::Link) => {
                Err(ModuleError::new(format!("{path} already exists as a {kind}")))
            }
            (State::Link, Kind::Directory | Kind::File | Kind::Hard) if !self.force => {
                Err(ModuleError::new(format!("refusing to convert from {kind} to symlink for {path}")))
            }
            (State::Link, Kind::Directory) if now.path.read_dir().is_ok_and(|mut list| list.next().is_some()) => {
                Err(ModuleError::new(format!("the directory {path} is not empty, refusing to convert it")))
            }
            (State::Hard, Kind::File | Kind::Directory) if !self.force => {
                Err(ModuleError::new(format!("Cannot link, {kind} exists at destination")))
            }
            (State::Hard, Kind::Directory) => {
                Err(ModuleError::new(format!("the directory {path} cannot become a hard link")))
            }
            (State::Link, Kind::Absent) | (State::Hard, Kind::Absent | Kind::File | Kind::Link)
                if self.src.is_none() =>
            {
                Err(ModuleError::new(format!(
                    "src is required for creating new {kind}links",
                    kind = if state == State::Hard { "hard" } else { "sym" }
                )))
            }
            _ => Ok(()),
        }
    }
}

impl Managed for File {
    type State = PathState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.recurse && !matches!(self.state, None | Some(State::Directory)) {
            return Err(ModuleError::new("recurse option requires state to be 'directory'"));
        }
        if self.src.is_some() && !matches!(self.state, Some(State::Link | State::Hard)) {
            return Err(ModuleError::new("src option requires state to be 'link' or 'hard'"));
        }
        self.attributes(None).check()
    }

    fn read(&self, ctx: &mut Ctx) -> Result<PathState, ModuleError> {
        let mut now = PathState::read(&self.place(ctx), ctx)?;
        let state = self.wanted_state(now.kind);
        if self.follow && now.kind == Kind::Link && matches!(state, State::File | State::Directory | State::Touch) {
            // a dangling link to be touched is written through, as opening the file does
            now = PathState::read(&ctx.real_path(&now.path), ctx)?;
        }
        let path = now.path.clone();
        match state {
            State::Absent => {
                if now.kind == Kind::Directory {
                    now.content = Some(below(&path)?);
                }
                now.attributes.clear();
            }
            State::Link => {
                let src = self.src.as_ref().map(PathBuf::from).or_else(|| now.target.clone());
                now.attributes.clear();
                let changed = if self.follow { src.map(|src| Self::linked(&path, &src)) } else { Some(path) };
                now.attributes.extend(changed.map(|path| Attrs::read(&path, self.follow, ctx)).transpose()?.flatten());
            }
            State::Hard => {
                let source = self.src.as_ref().map(|src| ctx.resolve(src));
                now.attributes.clear();
                now.attributes.extend(Attrs::read(source.as_deref().unwrap_or(&path), false, ctx)?);
            }
            State::Directory if self.recurse => now.read_below(self.follow, ctx)?,
            State::Directory | State::File | State::Touch => {}
        }
        Ok(now)
    }

    fn desired(&self, current: &PathState, ctx: &mut Ctx) -> Result<PathState, ModuleError> {
        let state = self.wanted_state(current.kind);
        self.check_source(state, &current.path)?;
        self.check_conflict(state, current)?;
        let mut wanted = current.clone();
        wanted.content = None;
        let fresh = |is_dir: bool, ctx: &Ctx| -> Result<Vec<Attrs>, ModuleError> {
            let ownership = Ownership::fresh(&current.path, is_dir, ctx)?;
            Ok(vec![Attrs { path: current.path.clone(), is_dir, is_link: false, ownership, times: Times::now() }])
        };
        match state {
            State::Absent => {
                wanted.kind = Kind::Absent;
                wanted.target = None;
                wanted.inode = None;
                return Ok(wanted);
            }
            State::Touch if current.kind == Kind::Absent => {
                wanted.kind = Kind::File;
                wanted.attributes = fresh(false, ctx)?;
            }
            State::Directory if current.kind == Kind::Absent => {
                wanted.kind = Kind::Directory;
                wanted.attributes = fresh(true, ctx)?;
            }
            State::File | State::Touch | State::Directory => {}
            State::Link => {
                let target = self.src.as_ref().map(PathBuf::from).or_else(|| current.target.clone());
                wanted.kind = Kind::Link;
                wanted.target = target;
                wanted.inode = None;
                if self.follow && wanted.attributes.is_empty() && !self.attributes(self.mode.clone()).is_empty() {
                    ctx.warn(
                        "mode and owner cannot be set through a link that leads nowhere; `follow: false` sets the link's own",
                    );
                }
            }
            State::Hard => {
                if let Some(src) = &self.src {
                    let source = ctx.resolve(src);
                    let Some(other) = ctx.meta_following(&source)? else {
                        return Err(ModuleError::new("src does not exist")
                            .with("src", src.as_str())
                            .with("dest", self.path.as_str()));
                    };
                    let inode = super::file_state::inode(&other);
                    if current.kind == Kind::Hard && current.inode != Some(inode) && !self.force {
                        return Err(ModuleError::new("Cannot link, different hard link exists at destination"));
                    }
                    wanted.inode = Some(inode);
                    wanted.kind = Kind::Hard;
                    wanted.target = None;
                }
            }
        }
        let attributes = self.attributes(self.mode.clone());
        let (access, modification) = self.times(state)?;
        for entry in &mut wanted.attributes {
            entry.want(&attributes, access, modification, ctx)?;
        }
        Ok(wanted)
    }

    fn apply(&self, current: &PathState, desired: &PathState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let source = self.src.as_ref().map(|src| ctx.resolve(src));
        let (access, modification) = self.times(self.wanted_state(current.kind))?;
        let folders = |path: &Path, ctx: &mut Ctx| -> Result<(), ModuleError> {
            // folders made on the way get the attributes too, as Ansible does it
            let attributes: Attributes = self.attributes(self.mode.clone());
            let entry = Attrs::read(path, false, ctx)?;
            let Some(mut entry) = entry else { return Ok(()) };
            let now = entry.clone();
            entry.want(&attributes, access, modification, ctx)?;
            entry.set(&now)
        };
        apply(current, desired, source.as_deref(), &folders, ctx)?;
        Ok(Applied::default())
    }

    fn report(&self, state: &PathState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let key = match self.state {
            Some(State::Link | State::Hard | State::Touch) => "dest",
            None if state.kind == Kind::Link || state.kind == Kind::Hard => "dest",
            _ => "path",
        };
        let mut values = Map::new();
        values.insert(key.into(), Value::from(state.path.display().to_string()));
        if let (Some(target), Kind::Link) = (&state.target, state.kind) {
            values.insert("src".into(), Value::from(target.display().to_string()));
        } else if let (Some(src), Some(State::Hard)) = (&self.src, self.state) {
            values.insert("src".into(), Value::from(src.as_str()));
        }
        if state.kind == Kind::Absent {
            values.insert("state".into(), Value::from("absent"));
        } else {
            values.extend(ctx.path_info(&state.path)?);
        }
        Ok(values)
    }

    fn diff(&self, current: &PathState, desired: &PathState) -> Result<Vec<Diff>, ModuleError> {
        let mut out = Vec::new();
        let (mut before, mut after) = (Map::new(), Map::new());
        if current.kind != desired.kind {
            let wanted = if self.state == Some(State::Touch) { "touch" } else { desired.kind.word() };
            before.insert("state".into(), Value::from(current.kind.word()));
            after.insert("state".into(), Value::from(wanted));
        }
        if current.target != desired.target && current.kind == Kind::Link && desired.kind == Kind::Link {
            let text = |target: &Option<PathBuf>| {
                Value::from(target.as_deref().map_or(String::new(), |t| t.display().to_string()))
            };
            before.insert("src".into(), text(&current.target));
            after.insert("src".into(), text(&desired.target));
        }
        if let Some(content) = &current.content {
            before.insert("path_content".into(), content.to_value());
        }
        for entry in &desired.attributes {
            let Some(now) = current.attributes.iter().find(|now| now.path == entry.path) else { continue };
            let (mut old, mut new) = ownership_diff(now.ownership, entry.ownership);
            now.times.diff(&entry.times, &mut old, &mut new);
            if entry.path == desired.path || desired.attributes.len() == 1 {
                before.extend(old);
                after.extend(new);
            } else if !new.is_empty() {
                out.push(shown(&entry.path, old, new));
            }
        }
        out.insert(0, shown(&desired.path, before, after));
        Ok(out)
    }

    fn title(&self) -> String {
        self.path.clone()
    }
}

fn shown(path: &Path, before: Map, after: Map) -> Diff {
    let side = |parts: Map| {
        let head = [("path".into(), Value::from(path.display().to_string()))];
        DiffText::Value(Value::map(head.into_iter().chain(parts).collect()))
    };
    let header = path.display().to_string();
    Diff { before_header: header.clone(), after_header: header, before: side(before), after: side(after) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, snapshot, with_ctx};
    use crate::value::Value;

    #[test]
    fn every_state_is_kept() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name).display().to_string();
            let mut keep = |args: serde_json::Value| prove(ctx, dir.path(), "file", &args);
            keep(json!({"path": at("a/b/c"), "state": "directory", "mode": "0750"}));
            assert!(snapshot(dir.path())[&dir.path().join("a")].starts_with("40750"));
            fs::write(at("a/f"), "text").unwrap();
            keep(json!({"path": at("a/f"), "mode": "u=rw,go="}));
            keep(json!({"path": at("a"), "mode": "u=rwX,g=rX,o=", "recurse": true}));
            assert!(snapshot(dir.path())[&dir.path().join("a/f")].starts_with("100640"));
            keep(json!({"path": at("new"), "recurse": true}));
            let made = keep(json!({"dest": at("l"), "src": "a/f", "state": "link"}));
            assert_eq!(made.values.get("state"), Some(&Value::from("link")));
            keep(json!({"path": at("l"), "src": "a/b", "state": "link"}));
            keep(json!({"path": at("h"), "src": at("a/f"), "state": "hard"}));
            keep(json!({"path": at("dangling"), "src": "nowhere", "state": "link", "force": true, "follow": false}));
            keep(json!({"path": at("a/f"), "src": "b", "state": "link", "force": true}));
            keep(
                json!({"path": at("old"), "state": "touch", "modification_time": "202001020304.05", "access_time": "preserve"}),
            );
            keep(json!({"path": at("a"), "state": "absent"}));
        });
    }

    #[test]
    fn touch_always_changes() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("t");
            for _ in 0..2 {
                assert!(run(ctx, "file", json!({"path": path, "state": "touch"})).unwrap().changed);
            }
            let preserve =
                json!({"path": path, "state": "touch", "modification_time": "preserve", "access_time": "preserve"});
            assert!(!run(ctx, "file", preserve).unwrap().changed);
        });
    }

    #[test]
    fn what_is_not_asked_for_is_not_destroyed() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join("d")).unwrap();
            fs::write(dir.path().join("d/f"), "").unwrap();
            let mut message = |args: serde_json::Value| run(ctx, "file", args).unwrap_err().full_message();
            let at = |name: &str| dir.path().join(name).display().to_string();
            assert!(message(json!({"path": at("none")})).ends_with("is absent, cannot continue"));
            assert!(message(json!({"path": at("d/f"), "state": "directory"})).ends_with("already exists as a file"));
            assert!(
                message(json!({"path": at("d"), "src": "x", "state": "link", "force": true})).contains("is not empty")
            );
            assert!(
                message(json!({"path": at("d/f"), "src": "x", "state": "link"})).contains("src file does not exist")
            );
            assert!(message(json!({"path": at("d/f"), "recurse": true, "state": "file"})).starts_with("recurse"));
            assert!(message(json!({"path": at("d/f"), "owner": "nobody-here"})).contains("nobody-here"));
        });
    }
}
