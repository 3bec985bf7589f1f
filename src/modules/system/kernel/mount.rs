//! `mount`.

use std::fs;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fstab::{self, Entry};
use super::mount_table::MountLine;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::{Diff, DiffText};
use crate::modules::system::config_file::{ConfigFile, text_diff};
use crate::value::{Map, Value};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// No entry in the table; where there was one, it is unmounted and the mount point removed.
    Absent,
    /// No entry in the table; nothing is unmounted.
    AbsentFromFstab,
    /// An entry in the table, and mounted. The mount point is made.
    Mounted,
    /// An entry in the table; nothing is mounted.
    Present,
    /// Not mounted; the table is left alone.
    Unmounted,
    /// Mounted anew.
    Remounted,
    /// Mounted, without an entry in the table. What is mounted already is mounted anew.
    Ephemeral,
}

/// Keeps an entry in the table of file systems, `/etc/fstab`, and the mount itself.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// The mount point.
    #[serde(alias = "name")]
    #[schemars(extend("x-aliases" = ["name"]))]
    path: String,
    /// What is wanted.
    state: State,
    /// The device, or whatever else is mounted. Needed with `present`, `mounted` and `ephemeral`.
    src: Option<String>,
    /// The kind of file system. Needed with `present`, `mounted` and `ephemeral`.
    fstype: Option<String>,
    /// Options of the mount.
    opts: Option<String>,
    /// Never show `opts`.
    #[serde(default)]
    opts_no_log: bool,
    /// The fifth field of the entry.
    #[serde(default = "zero")]
    dump: String,
    /// The sixth field of the entry: the order of checks at boot.
    #[serde(default = "zero")]
    passno: String,
    /// Mount it at boot. `false` adds `noauto` to the options.
    #[serde(default = "yes")]
    boot: bool,
    /// The table.
    fstab: Option<String>,
    /// Keep a copy of the old table; its name is returned as `backup_file`.
    #[serde(default)]
    backup: bool,
}

fn zero() -> String {
    "0".to_owned()
}

fn yes() -> bool {
    true
}

/// The table and the mount.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MountState {
    /// The table's text; `None` where there is none.
    fstab: Option<String>,
    mount: Live,
    /// Whether there is a mount point, where the task cares.
    folder: Option<bool>,
}

/// Whether something is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Live {
    /// Whatever.
    Ignored,
    Unmounted,
    Mounted,
    /// It is mounted and shall be so anew.
    Remounted,
}

impl Mount {
    fn fstab(&self) -> &str {
        self.fstab.as_deref().unwrap_or("/etc/fstab")
    }

    fn point(&self, ctx: &Ctx) -> PathBuf {
        let path = ctx.resolve(&self.path);
        path.canonicalize().unwrap_or(path)
    }

    /// The path as the table has it, without a slash at its end.
    fn name(&self) -> &str {
        match self.path.trim_end_matches('/') {
            "" => &self.path,
            name => name,
        }
    }

    fn opts(&self) -> String {
        let opts = self.opts.as_deref().filter(|opts| !opts.is_empty()).unwrap_or("defaults");
        if self.boot || self.state == State::Ephemeral || opts.split(',').any(|opt| opt == "noauto") {
            return opts.to_owned();
        }
        format!("{opts},noauto")
    }

    /// What is mounted there; of several the last one.
    fn found(&self, ctx: &Ctx) -> Option<MountLine> {
        let point = self.point(ctx);
        MountLine::all().into_iter().rev().find(|line| point.as_os_str() == line.mount.as_str())
    }

    fn mounts(&self) -> bool {
        matches!(self.state, State::Mounted | State::Ephemeral)
    }

    /// Runs `mount` or `umount`, which must succeed.
    fn call(&self, tool: &str, words: &[&str], ctx: &Ctx) -> Result<(), ModuleError> {
        let output = ctx.run_tool(tool, words)?;
        if output.rc == 0 {
            return Ok(());
        }
        let doing = if tool == "umount" { "unmounting" } else { "mounting" };
        let why = format!("{}{}", output.out(), output.err());
        Err(ModuleError::new(format!("Error {doing} {}: {}", self.name(), why.trim())))
    }

    fn mount(&self, ctx: &Ctx) -> Result<(), ModuleError> {
        let (name, opts) = (self.name(), self.opts());
        if self.state == State::Ephemeral {
            let (src, fstype) = (self.src.as_deref().unwrap_or_default(), self.fstype.as_deref().unwrap_or_default());
            return self.call("mount", &["-o", &opts, "-t", fstype, src, name], ctx);
        }
        if self.fstab.is_some() && self.fstab() != "/etc/fstab" {
            return self.call("mount", &["-T", self.fstab(), name], ctx);
        }
        self.call("mount", &[name], ctx)
    }

    fn remount(&self, ctx: &Ctx) -> Result<(), ModuleError> {
        let asked = matches!(self.state, State::Remounted | State::Ephemeral);
        let opts = self.opts.as_deref().filter(|opts| asked && !opts.is_empty());
        let words = opts.map_or_else(|| "remount".to_owned(), |opts| format!("remount,{opts}"));
        match self.call("mount", &["-o", &words, self.name()], ctx) {
            // without a change of options, unmounting and mounting comes to the same
            Err(_) if opts.is_none() => {
                self.call("umount", &[self.name()], ctx)?;
                self.mount(ctx)
            }
            done => done,
        }
    }
}

impl Managed for Mount {
    type State = MountState;

    fn validate(&self) -> Result<(), ModuleError> {
        if matches!(self.state, State::Present | State::Mounted | State::Ephemeral) {
            let missing: Vec<&str> = [("src", self.src.is_none()), ("fstype", self.fstype.is_none())]
                .into_iter()
                .filter_map(|(option, missing)| missing.then_some(option))
                .collect();
            if !missing.is_empty() {
                let word = to_word(self.state);
                let missing = missing.join(", ");
                return Err(ModuleError::new(format!(
                    "state is {word} but all of the following are missing: {missing}"
                )));
            }
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<MountState, ModuleError> {
        if let Some(opts) = self.opts.as_deref().filter(|_| self.opts_no_log) {
            ctx.redactor.register(opts);
        }
        let found = self.found(ctx);
        if let Some(found) = found.as_ref().filter(|_| self.state == State::Ephemeral)
            && Some(found.device.as_str()) != self.src.as_deref()
        {
            return Err(ModuleError::new(
                "Ephemeral mount point is already mounted with a different source than the specified one. Failing in order \
                 to prevent an unwanted unmount or override operation. Try replacing this command with a \"state: \
                 unmounted\" followed by a \"state: ephemeral\", or use a different destination path.",
            ));
        }
        let cares = !matches!(self.state, State::Present | State::AbsentFromFstab);
        let folder = (self.mounts() || self.state == State::Absent).then(|| self.point(ctx).exists());
        Ok(MountState {
            fstab: ConfigFile::at(ctx.resolve(self.fstab())).text(ctx)?,
            mount: match found {
                _ if !cares => Live::Ignored,
                Some(_) => Live::Mounted,
                None => Live::Unmounted,
            },
            folder,
        })
    }

    fn desired(&self, current: &MountState, _: &mut Ctx) -> Result<MountState, ModuleError> {
        let text = current.fstab.as_deref().unwrap_or_default();
        let mut wanted = current.clone();
        match self.state {
            State::Present | State::Mounted => {
                let opts = self.opts();
                let entry = Entry {
                    src: self.src.as_deref().unwrap_or_default(),
                    path: self.name(),
                    fstype: self.fstype.as_deref().unwrap_or_default(),
                    opts: &opts,
                    dump: &self.dump,
                    passno: &self.passno,
                };
                let new = fstab::with(text, &entry);
                if self.state == State::Mounted {
                    let again = current.mount == Live::Mounted && new != text;
                    wanted.mount = if again { Live::Remounted } else { Live::Mounted };
                    wanted.folder = Some(true);
                }
                wanted.fstab = Some(new);
            }
            State::Absent | State::AbsentFromFstab => {
                let new = fstab::without(text, self.name(), self.src.as_deref());
                if new != text {
                    wanted.fstab = Some(new);
                    if self.state == State::Absent {
                        wanted.mount = Live::Unmounted;
                        wanted.folder = Some(false);
                    }
                }
            }
            State::Unmounted => wanted.mount = Live::Unmounted,
            State::Remounted => wanted.mount = Live::Remounted,
            State::Ephemeral => {
                wanted.mount = if current.mount == Live::Mounted { Live::Remounted } else { Live::Mounted };
                wanted.folder = Some(true);
            }
        }
        Ok(wanted)
    }

    fn apply(&self, current: &MountState, desired: &MountState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let point = self.point(ctx);
        let failed = |what: &str, error| ModuleError::because(format!("Error {what} {}", point.display()), error);
        let mut values = Map::new();
        if current.fstab != desired.fstab {
            let file = ConfigFile::at(ctx.resolve(self.fstab())).backup(self.backup);
            values = file.write(desired.fstab.as_deref(), ctx)?;
        }
        let made = desired.folder == Some(true) && !point.exists();
        if made {
            fs::create_dir_all(&point).map_err(|error| failed("making dir", error))?;
        }
        match (current.mount, desired.mount) {
            (Live::Mounted, Live::Unmounted) => self.call("umount", &[self.name()], ctx)?,
            (Live::Unmounted, Live::Mounted) => {
                if let Err(error) = self.mount(ctx) {
                    if made {
                        // as found; what cannot be removed is no reason to hide the failure itself
                        let _ = fs::remove_dir(&point);
                    }
                    return Err(error);
                }
            }
            (_, Live::Remounted) => self.remount(ctx)?,
            _ => {}
        }
        if desired.folder == Some(false) && point.exists() {
            fs::remove_dir(&point).map_err(|error| failed("rmdir", error))?;
        }
        Ok(Applied { values, facts: None })
    }

    fn values(&self, _: &MountState) -> Map {
        let text = |text: &str| Value::from(text);
        let opts = self.opts();
        let mut values = Map::from([
            ("name".into(), text(self.name())),
            ("opts".into(), if self.opts_no_log { Value::secret(opts) } else { Value::from(opts) }),
            ("dump".into(), text(&self.dump)),
            ("passno".into(), text(&self.passno)),
            ("fstab".into(), text(self.fstab())),
            ("boot".into(), text(if self.boot { "yes" } else { "no" })),
            ("backup_file".into(), text("")),
        ]);
        for (key, value) in [("src", &self.src), ("fstype", &self.fstype)] {
            if let Some(value) = value {
                values.insert(key.into(), text(value));
            }
        }
        values
    }

    fn diff(&self, current: &MountState, desired: &MountState) -> Result<Vec<Diff>, ModuleError> {
        let mut out = Vec::new();
        if current.fstab != desired.fstab {
            let mut diff = text_diff(self.fstab(), current.fstab.as_deref(), desired.fstab.as_deref());
            if self.opts_no_log {
                let hidden = || DiffText::Hidden("secret".into());
                (diff.before, diff.after) = (hidden(), hidden());
            }
            out.push(diff);
        }
        if (current.mount, current.folder) != (desired.mount, desired.folder) {
            let side = |state: &MountState| {
                let mount = match state.mount {
                    Live::Mounted => "mounted",
                    Live::Remounted => "remounted",
                    Live::Unmounted | Live::Ignored => "unmounted",
                };
                let mut map = Map::from([("mount".into(), Value::from(mount))]);
                if let Some(folder) = state.folder {
                    map.insert("folder".into(), Value::from(folder));
                }
                DiffText::Value(Value::map(map))
            };
            let (before, after) = (side(current), side(desired));
            out.push(Diff { before_header: self.title(), after_header: self.title(), before, after });
        }
        Ok(out)
    }

    fn title(&self) -> String {
        format!("mount {}", self.name())
    }
}

fn to_word(state: State) -> &'static str {
    match state {
        State::Present => "present",
        State::Mounted => "mounted",
        _ => "ephemeral",
    }
}
