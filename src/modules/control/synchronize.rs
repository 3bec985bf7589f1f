//! `synchronize`: brings a tree from the controller to the host or back, without rsync on either side.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fetch::write_pieces;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::{Compared, Entry, EntryKind, ListOptions, SyncOptions, list_tree, set};
use crate::modules::outcome::{Diff, DiffText, Outcome};
use crate::value::{Map, Value, from_json, from_value, to_value};

/// Which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// From the host to the controller.
    Pull,
    /// From the controller to the host.
    #[default]
    Push,
}

/// Brings a folder or file from the controller to the host, or back; only what differs is moved.
///
/// It does without rsync. Of `rsync_opts` only `--exclude` is known.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Synchronize {
    /// What to bring. A slash at its end means what is in the folder.
    src: String,
    /// Where to.
    dest: String,
    /// Which way.
    #[serde(default)]
    mode: Mode,
    /// Go into folders, and keep links, modes, times, owners and groups.
    #[serde(default = "yes")]
    archive: bool,
    /// Compare contents by checksum rather than size and time.
    #[serde(default)]
    checksum: bool,
    /// Remove what the source does not have.
    #[serde(default)]
    delete: bool,
    /// Make nothing new.
    #[serde(default)]
    existing_only: bool,
    /// Bring folders without what is in them.
    #[serde(default)]
    dirs: bool,
    /// Go into folders; as `archive` where not given.
    recursive: Option<bool>,
    /// Keep links; as `archive` where not given.
    links: Option<bool>,
    /// Bring what links lead to.
    #[serde(default)]
    copy_links: bool,
    /// Keep modes; as `archive` where not given.
    perms: Option<bool>,
    /// Keep times; as `archive` where not given.
    times: Option<bool>,
    /// Keep owners; as `archive` where not given. Only the superuser can.
    owner: Option<bool>,
    /// Keep groups; as `archive` where not given. Only the superuser can.
    group: Option<bool>,
    /// `--exclude=PATTERN`, as often as needed.
    #[serde(default)]
    rsync_opts: Vec<String>,
    /// Not supported: links to files of another tree.
    link_dest: Option<Vec<String>>,
    /// Without effect: the connection compresses or does not.
    #[serde(default = "yes")]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    compress: bool,
    /// Without effect: the task's connection is used.
    #[expect(dead_code, reason = "taken because playbooks give it")]
    dest_port: Option<u16>,
    /// Without effect: each file is put in its place in one step.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    delay_updates: bool,
    /// Without effect: each file is put in its place in one step.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    partial: bool,
    /// Without effect: the task's connection is used.
    #[expect(dead_code, reason = "taken because playbooks give it")]
    private_key: Option<String>,
    /// Without effect: there is no rsync.
    #[expect(dead_code, reason = "taken because playbooks give it")]
    rsync_path: Option<String>,
    /// Without effect: the task's `timeout` counts.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    rsync_timeout: u64,
    /// Without effect: the task's connection is used.
    #[serde(default = "yes")]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    set_remote_user: bool,
    /// Without effect: the task's connection is used.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    ssh_connection_multiplexing: bool,
    /// Without effect: the task's connection is used.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    use_ssh_args: bool,
    /// Without effect: the task's connection is used.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    verify_host: bool,
}

fn yes() -> bool {
    true
}

impl Synchronize {
    fn excluded(&self) -> Result<Vec<String>, ModuleError> {
        let mut patterns = Vec::new();
        let mut options = self.rsync_opts.iter();
        while let Some(option) = options.next() {
            let option = option.trim();
            let pattern = match option.split_once(['=', ' ']) {
                Some(("--exclude", pattern)) => Some(pattern.trim().to_owned()),
                _ if option == "--exclude" => options.next().cloned(),
                _ => None,
            };
            let Some(pattern) = pattern else {
                return Err(ModuleError::new(format!(
                    "option `rsync_opts`: `{option}` is not supported, only `--exclude`"
                )));
            };
            patterns.push(pattern.trim_matches(['\'', '"']).to_owned());
        }
        Ok(patterns)
    }

    fn list_options(&self) -> Result<ListOptions, ModuleError> {
        Ok(ListOptions {
            recursive: self.recursive.unwrap_or(self.archive) && !self.dirs,
            links: self.links.unwrap_or(self.archive),
            copy_links: self.copy_links,
            checksum: self.checksum,
            exclude: self.excluded()?,
        })
    }

    fn sync_options(&self) -> Result<SyncOptions, ModuleError> {
        Ok(SyncOptions {
            checksum: self.checksum,
            delete: self.delete,
            existing_only: self.existing_only,
            perms: self.perms.unwrap_or(self.archive),
            times: self.times.unwrap_or(self.archive),
            owner: self.owner.unwrap_or(self.archive),
            group: self.group.unwrap_or(self.archive),
            exclude: self.excluded()?,
        })
    }
}

/// The top of the tree at the target. A single file goes into a folder that is there, or becomes the target itself.
fn place(entries: &mut [Entry], dest: &str, dest_is_folder: bool) -> String {
    match entries {
        [only] if only.kind != EntryKind::Directory && !dest_is_folder && !dest.ends_with('/') => {
            let path = Path::new(dest);
            only.path = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            path.parent().map_or_else(|| "/".to_owned(), |folder| folder.display().to_string())
        }
        _ => dest.to_owned(),
    }
}

/// Where an entry is at the source.
fn source_of(source: &Path, inside: bool, entry: &str) -> PathBuf {
    match (inside, entry.split_once('/')) {
        (true, _) if source.is_dir() => source.join(entry),
        (_, Some((_, rest))) => source.join(rest),
        _ => source.to_owned(),
    }
}

impl ControllerAction for Synchronize {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        if self.link_dest.is_some() {
            return Err(ModuleError::new("option `link_dest` is not supported"));
        }
        let compared = match self.mode {
            Mode::Push => self.push(ctx)?,
            Mode::Pull => self.pull(ctx)?,
        };
        let text = compared.changes.join("\n");
        let lines = compared.changes.iter().map(|line| Value::from(line.as_str())).collect();
        let mut outcome = Outcome::changed(!compared.changes.is_empty())
            .with("rc", 0_i64)
            .with("stdout_lines", Value::list(lines))
            .msg(text);
        if outcome.changed && ctx.ctx.mode.diff {
            outcome = outcome.diff(Diff {
                before_header: self.dest.clone(),
                after_header: self.dest.clone(),
                before: DiffText::Text(String::new()),
                after: DiffText::lines(&compared.changes),
            });
        }
        Ok((outcome, Vec::new()))
    }
}

impl Synchronize {
    fn push(&self, ctx: &mut ControllerCtx<'_>) -> Result<Compared, ModuleError> {
        let source = ctx.find_source("files", &self.src)?;
        let inside = self.src.ends_with('/');
        let mut entries = list_tree(&source, inside, &self.list_options()?, ctx.ctx)?;
        let listed: Vec<String> = entries.iter().map(|entry| entry.path.clone()).collect();
        let ask = from_json(serde_json::json!({"path": self.dest, "follow": true, "get_checksum": false}));
        let stat = (ctx.run_module)("stat", &ask, ctx.ctx)?;
        let known = stat.values.get("stat").and_then(Value::as_map);
        let is_folder = known.and_then(|stat| stat.get("isdir")).and_then(Value::as_bool) == Some(true);
        let top = place(&mut entries, &self.dest, is_folder);
        let cannot = |error| ModuleError::because("cannot tell the host what is to be there", error);
        let mut args = Map::new();
        set(&mut args, "dest", Some(&top));
        args.insert("entries".into(), to_value(&entries).map_err(cannot)?);
        args.insert("options".into(), to_value(&self.sync_options()?).map_err(cannot)?);
        args.insert("finish".into(), Value::Bool(false));
        let answer = (ctx.run_module)("_sync_apply", &Value::map(args.clone()), ctx.ctx)?;
        let list = |key: &str| answer.values.get(key).map_or(Ok(Vec::new()), from_value::<Vec<String>>);
        let compared = Compared { needed: list("needed")?, changes: list("changes")? };
        if ctx.ctx.mode.check || compared.changes.is_empty() {
            return Ok(compared);
        }
        for (entry, name) in entries.iter().zip(&listed).filter(|(entry, _)| compared.needed.contains(&entry.path)) {
            let mut file = Map::new();
            set(&mut file, "source", Some(&source_of(&source, inside, name).to_string_lossy()));
            set(&mut file, "dest", Some(&format!("{}/{}", top.trim_end_matches('/'), entry.path)));
            (ctx.run_module)("_install_file", &Value::map(file), ctx.ctx)?;
        }
        args.insert("finish".into(), Value::Bool(true));
        (ctx.run_module)("_sync_apply", &Value::map(args), ctx.ctx)?;
        Ok(compared)
    }

    fn pull(&self, ctx: &mut ControllerCtx<'_>) -> Result<Compared, ModuleError> {
        let options = self.list_options()?;
        let mut args = Map::new();
        set(&mut args, "src", Some(&self.src));
        for (name, value) in [
            ("recursive", options.recursive),
            ("links", options.links),
            ("copy_links", options.copy_links),
            ("checksum", options.checksum),
        ] {
            args.insert(name.into(), Value::Bool(value));
        }
        let patterns = options.exclude.iter().map(|pattern| Value::from(pattern.as_str())).collect();
        args.insert("exclude".into(), Value::list(patterns));
        let answer = (ctx.run_module)("_sync_list", &Value::map(args), ctx.ctx)?;
        let mut entries: Vec<Entry> = answer.values.get("entries").map_or(Ok(Vec::new()), from_value)?;
        let listed: Vec<String> = entries.iter().map(|entry| entry.path.clone()).collect();
        let source = answer.values.get("src").and_then(Value::as_str).unwrap_or(&self.src).to_owned();
        let dest = ctx.ctx.resolve(&self.dest);
        let whole = entries.first().is_some_and(|entry| entry.path.is_empty());
        let ending = if self.dest.ends_with('/') { "/" } else { "" };
        let top = place(&mut entries, &format!("{}{ending}", dest.display()), dest.is_dir());
        let top = PathBuf::from(top);
        let keep = self.sync_options()?;
        let compared = keep.compare(&top, &entries, ctx.ctx)?;
        if ctx.ctx.mode.check || compared.changes.is_empty() {
            return Ok(compared);
        }
        keep.make_folders(&top, &entries)?;
        for (entry, name) in entries.iter().zip(&listed).filter(|(entry, _)| compared.needed.contains(&entry.path)) {
            // the host has told the names; the first part of each is the source's own, unless its content was meant
            let below = if whole { Some(name.as_str()) } else { name.split_once('/').map(|(_, rest)| rest) };
            let path =
                below.map_or_else(|| source.clone(), |below| format!("{}/{below}", source.trim_end_matches('/')));
            let mut args = Map::new();
            set(&mut args, "src", Some(&path));
            let first = (ctx.run_module)("_read_piece", &Value::map(args.clone()), ctx.ctx)?;
            write_pieces(&top.join(&entry.path), &first, args, ctx)?;
        }
        keep.finish(&top, &entries, ctx.ctx)?;
        Ok(compared)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::modules::testing::{prove, with_ctx};

    #[test]
    fn trees_are_made_the_same_both_ways() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            fs::create_dir_all(at("src/a/b")).unwrap();
            fs::create_dir_all(at("out/old")).unwrap();
            for (name, text) in [("a/one", "1"), ("a/b/two", "22"), ("a/b/skip.log", "x"), ("top", "t")] {
                fs::write(at("src").join(name), text).unwrap();
            }
            std::os::unix::fs::symlink("one", at("src/a/link")).unwrap();
            fs::write(at("out/old/file"), "o").unwrap();
            fs::write(at("out/kept.log"), "o").unwrap();
            let slash = |name: &str| format!("{}/", at(name).display());
            for mode in ["push", "pull"] {
                let args =
                    json!({"src": slash("src"), "dest": at("out"), "mode": mode, "rsync_opts": ["--exclude=*.log"]});
                prove(ctx, &at("out"), "synchronize", &args);
                assert_eq!(fs::read_to_string(at("out/a/b/two")).unwrap(), "22");
                assert_eq!(fs::read_link(at("out/a/link")).unwrap(), Path::new("one"));
                assert!(!at("out/a/b/skip.log").exists() && at("out/old/file").exists());
                let mut args = args;
                args["delete"] = json!(true);
                prove(ctx, &at("out"), "synchronize", &args);
                assert!(!at("out/old").exists() && at("out/kept.log").exists(), "what is left out is left alone");
                // the same size and time, but not the same content
                let time = fs::metadata(at("out/top")).unwrap().modified().unwrap();
                fs::write(at("out/top"), "u").unwrap();
                fs::File::options().append(true).open(at("out/top")).unwrap().set_modified(time).unwrap();
                args["checksum"] = json!(true);
                prove(ctx, &at("out"), "synchronize", &args);
                assert_eq!(fs::read_to_string(at("out/top")).unwrap(), "t");
                let whole = json!({"src": at("src/a"), "dest": slash("out"), "mode": mode, "dirs": false});
                fs::remove_dir_all(at("out/a")).unwrap();
                prove(ctx, &at("out"), "synchronize", &whole);
                assert!(at("out/a/b/skip.log").exists());
                prove(
                    ctx,
                    &at("out"),
                    "synchronize",
                    &json!({"src": at("src/top"), "dest": at("out/new"), "mode": mode}),
                );
                assert_eq!(fs::read_to_string(at("out/new")).unwrap(), "t");
                fs::remove_dir_all(at("out")).unwrap();
                fs::create_dir_all(at("out/old")).unwrap();
                fs::write(at("out/old/file"), "o").unwrap();
                fs::write(at("out/kept.log"), "o").unwrap();
            }
        });
    }
}
