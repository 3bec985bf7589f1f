//! `mount_facts`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mount_table::{MountLine, Uuids, sizes};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Key, Map, Value};

/// What to do with a mount that does not answer in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum OnTimeout {
    /// Fail.
    #[default]
    Error,
    /// Leave it out without a word.
    Ignore,
    /// Leave it out with a warning.
    Warn,
}

/// Tells which file systems are mounted or in tables, as the facts `mount_points` and `aggregate_mounts`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MountFacts {
    /// Where to look: files, `mount` for the program, or `dynamic` (what is mounted), `static` (`/etc/fstab`), `all`. Of
    /// several entries for a mount point the first one counts.
    #[serde(default = "all")]
    sources: Option<Vec<String>>,
    /// Only devices that match one of these shell patterns.
    devices: Option<Vec<String>>,
    /// Only file systems whose kind matches one of these shell patterns.
    fstypes: Option<Vec<String>>,
    /// The program that lists mounts where no file does. Null for none.
    #[serde(default = "mount")]
    mount_binary: Option<String>,
    /// Seconds to wait for each mount. No limit where not given.
    timeout: Option<f64>,
    /// What to do with a mount that does not answer in time.
    #[serde(default)]
    on_timeout: OnTimeout,
    /// Return `aggregate_mounts`, the list of all entries. Where not given, a warning tells of mount points with several.
    include_aggregate_mounts: Option<bool>,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional option")]
fn all() -> Option<Vec<String>> {
    Some(vec!["all".to_owned()])
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional option")]
fn mount() -> Option<String> {
    Some("mount".to_owned())
}

const DYNAMIC: [&str; 3] = ["/etc/mtab", "/proc/mounts", "/etc/mnttab"];
const STATIC: [&str; 2] = ["/etc/fstab", "/etc/vfstab"];

/// One entry and where it was found.
struct Found {
    source: String,
    text: String,
    line: MountLine,
}

fn patterns(list: Option<&Vec<String>>) -> Result<Option<Vec<GlobMatcher>>, ModuleError> {
    let Some(list) = list else { return Ok(None) };
    let compile = |pattern: &String| {
        let built = GlobBuilder::new(pattern).literal_separator(false).build();
        built.map(|glob| glob.compile_matcher()).map_err(|error| ModuleError::because("a pattern is wrong", error))
    };
    list.iter().map(compile).collect::<Result<Vec<_>, _>>().map(Some)
}

/// A line of the `mount` program: `device on path type kind (options)`.
fn of_program(line: &str) -> Option<MountLine> {
    let (device, rest) = line.split_once(" on ")?;
    let (mount, rest) = rest.rsplit_once(" type ")?;
    let (fstype, options) = rest.split_once(' ')?;
    Some(MountLine {
        device: device.to_owned(),
        mount: mount.to_owned(),
        fstype: fstype.to_owned(),
        options: options.trim_matches(['(', ')']).to_owned(),
        dump: 0,
        passno: 0,
    })
}

impl MountFacts {
    fn of_file(path: &str, found: &mut Vec<Found>) {
        let text = std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let entries = text.lines().filter_map(|line| {
            let text = line.to_owned();
            MountLine::parse(line).map(|line| Found { source: path.to_owned(), text, line })
        });
        found.extend(entries);
    }

    fn of_program(&self, program: &str, ctx: &Ctx, found: &mut Vec<Found>) -> Result<(), ModuleError> {
        let mut call = ctx.command([program]).env("LC_ALL", "C");
        if let Some(seconds) = self.timeout {
            call = call.timeout(Duration::from_secs_f64(seconds.max(0.0)));
        }
        let text = call.run()?.success(program)?.out();
        let entries = text.lines().filter_map(|line| {
            let text = line.to_owned();
            of_program(line).map(|line| Found { source: program.to_owned(), text, line })
        });
        found.extend(entries);
        Ok(())
    }

    /// Everything in the sources, in their order, none of them twice.
    fn gather(&self, ctx: &Ctx) -> Result<Vec<Found>, ModuleError> {
        let mut found = Vec::new();
        let mut seen: Vec<PathBuf> = Vec::new();
        let mut file = |path: &str, found: &mut Vec<Found>| {
            let real = Path::new(path).canonicalize().unwrap_or_else(|_| PathBuf::from(path));
            if !seen.contains(&real) {
                seen.push(real);
                Self::of_file(path, found);
            }
        };
        let program = self.mount_binary.as_deref().filter(|program| !program.is_empty());
        for source in self.sources.as_deref().unwrap_or(&["all".to_owned()]) {
            if source == "all" || source == "dynamic" {
                let before = found.len();
                for path in DYNAMIC {
                    file(path, &mut found);
                }
                if let Some(program) = program.filter(|_| found.len() == before) {
                    self.of_program(program, ctx, &mut found)?;
                }
            }
            match source.as_str() {
                "all" | "static" => STATIC.iter().for_each(|path| file(path, &mut found)),
                "dynamic" => {}
                source if Some(source) == program => self.of_program(source, ctx, &mut found)?,
                "" => return Err(ModuleError::new("sources contains an empty string")),
                path => file(path, &mut found),
            }
        }
        Ok(found)
    }

    /// The sizes, asked for on a thread of their own where there is a limit: a server that is gone answers never.
    fn sizes(&self, mount: &str, ctx: &mut Ctx) -> Result<Option<Map>, ModuleError> {
        let Some(seconds) = self.timeout else { return Ok(Some(sizes(mount))) };
        let path = mount.to_owned();
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || send.send(sizes(&path)));
        if let Ok(sizes) = receive.recv_timeout(Duration::from_secs_f64(seconds.max(0.0))) {
            return Ok(Some(sizes));
        }
        let text = format!("Timed out getting mount information for {mount} (type {seconds} s)");
        match self.on_timeout {
            OnTimeout::Error => return Err(ModuleError::new(text)),
            OnTimeout::Warn => ctx.warn(text),
            OnTimeout::Ignore => {}
        }
        Ok(None)
    }
}

impl Action for MountFacts {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let (devices, fstypes) = (patterns(self.devices.as_ref())?, patterns(self.fstypes.as_ref())?);
        let wanted = |list: &Option<Vec<GlobMatcher>>, text: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|glob| glob.is_match(text)))
        };
        let ids = Uuids::read();
        let (mut points, mut all, mut twice) = (Map::new(), Vec::new(), Vec::new());
        for Found { source, text, line } in self.gather(ctx)? {
            if !wanted(&devices, &line.device) || !wanted(&fstypes, &line.fstype) {
                continue;
            }
            let Some(sizes) = self.sizes(&line.mount, ctx)? else { continue };
            let context =
                Map::from([("source".into(), Value::from(source)), ("source_data".into(), Value::from(text))]);
            let mut values = Map::from([("ansible_context".into(), Value::map(context))]);
            values.extend(line.values());
            values.extend(sizes);
            values.insert("uuid".into(), ids.of(&line.device).map_or(Value::Null, Value::from));
            let key = Key::from(line.mount.as_str());
            all.push(Value::map(values.clone()));
            if points.contains_key(&key) {
                twice.push(line.mount);
            } else {
                points.insert(key, Value::map(values));
            }
        }
        if self.include_aggregate_mounts.is_none() && !twice.is_empty() {
            twice.dedup();
            ctx.warn(format!(
                "mount_facts option 'include_aggregate_mounts' is not configured, but there are several mounts of {}",
                twice.join(", ")
            ));
        }
        let aggregate = if self.include_aggregate_mounts == Some(true) { all } else { Vec::new() };
        let facts = Map::from([
            ("mount_points".into(), Value::map(points)),
            ("aggregate_mounts".into(), Value::list(aggregate)),
        ]);
        Ok(Outcome { facts: Some(facts), ..Outcome::ok() })
    }
}
