//! `cron`.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::crontab::Crontab;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, TargetFile};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::{Diff, DiffText};
use crate::value::{Map, Value};

/// Whether the entry shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// No such entry.
    Absent,
    /// The entry is there.
    #[default]
    Present,
}

/// A time with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say it")]
pub enum SpecialTime {
    Annually,
    Daily,
    Hourly,
    Monthly,
    Reboot,
    Weekly,
    Yearly,
}

/// Keeps a job, or an environment variable, in a crontab.
///
/// A job is found again by the line `#Ansible: name` above it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cron {
    /// The job's name, or with `env` the variable's.
    name: String,
    /// Whether the entry shall be there.
    #[serde(default)]
    state: State,
    /// The command, or with `env` the variable's value. Needed with `state: present`.
    #[serde(alias = "value")]
    #[schemars(extend("x-aliases" = ["value"]))]
    job: Option<String>,
    /// Whose crontab; with `cron_file`, who runs the job. The current user where not given.
    user: Option<String>,
    /// A file in `/etc/cron.d`, or an absolute path, instead of a user's crontab. It goes when its last entry goes.
    cron_file: Option<String>,
    /// Minutes, 0 to 59.
    #[serde(default = "any")]
    minute: String,
    /// Hours, 0 to 23.
    #[serde(default = "any")]
    hour: String,
    /// Days of the month, 1 to 31.
    #[serde(default = "any", alias = "dom")]
    #[schemars(extend("x-aliases" = ["dom"]))]
    day: String,
    /// Months, 1 to 12.
    #[serde(default = "any")]
    month: String,
    /// Days of the week, 0 (Sunday) to 6.
    #[serde(default = "any", alias = "dow")]
    #[schemars(extend("x-aliases" = ["dow"]))]
    weekday: String,
    /// A time with a name instead of minutes, hours and days.
    special_time: Option<SpecialTime>,
    /// Keep the job as a comment.
    #[serde(default)]
    disabled: bool,
    /// The entry is an environment variable.
    #[serde(default)]
    env: bool,
    /// Put the variable after this one.
    insertafter: Option<String>,
    /// Put the variable before this one.
    insertbefore: Option<String>,
    /// Keep a copy of the old crontab; its name is returned as `backup_file`.
    #[serde(default)]
    backup: bool,
}

fn any() -> String {
    "*".to_owned()
}

/// The crontab's text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CronState {
    /// `None` where there is no file.
    text: Option<String>,
}

impl Cron {
    fn file(&self, ctx: &Ctx) -> Option<PathBuf> {
        let file = self.cron_file.as_ref()?;
        Some(Path::new("/etc/cron.d").join(ctx.expand(file)))
    }

    fn line(&self) -> String {
        let job = self.job.as_deref().unwrap_or_default().trim_matches(['\r', '\n']);
        let off = if self.disabled { "#" } else { "" };
        let user = match (&self.cron_file, &self.user) {
            (Some(_), Some(user)) => format!("{user} "),
            _ => String::new(),
        };
        let time = match self.special_time {
            Some(special) => format!("@{}", format!("{special:?}").to_lowercase()),
            None => [&self.minute, &self.hour, &self.day, &self.month, &self.weekday].map(String::as_str).join(" "),
        };
        format!("{off}{time} {user}{job}")
    }

    /// Arguments that name another user's crontab.
    fn whose(&self, ctx: &Ctx) -> Result<Vec<&str>, ModuleError> {
        let Some(user) = &self.user else { return Ok(Vec::new()) };
        let own = ctx.user_of(rustix::process::getuid().as_raw())?;
        Ok(if own.is_some_and(|own| own.name == *user) { Vec::new() } else { vec!["-u", user] })
    }

    fn target(path: PathBuf) -> TargetFile {
        TargetFile { path, attributes: Attributes::default(), backup: false, validate: None }
    }

    fn read_file(path: &Path, ctx: &Ctx) -> Result<(FileState, Option<String>), ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
        let file = Self::target(path.to_owned()).read(ctx)?;
        let text = match &file.content {
            Some(content) => Some(String::from_utf8_lossy(&content.bytes().map_err(cannot)?).into_owned()),
            None => None,
        };
        Ok((file, text))
    }

    fn header(&self) -> String {
        match (&self.cron_file, &self.user) {
            (Some(file), _) => Path::new("/etc/cron.d").join(file).display().to_string(),
            (None, Some(user)) => format!("crontab for user \"{user}\""),
            (None, None) => "crontab".to_owned(),
        }
    }
}

impl Managed for Cron {
    type State = CronState;

    fn validate(&self) -> Result<(), ModuleError> {
        let wrong = |text: &str| Err(ModuleError::new(text));
        let times = [&self.minute, &self.hour, &self.day, &self.month, &self.weekday];
        if self.special_time.is_some() && times.iter().any(|time| *time != "*") {
            return wrong("You cannot combine special_time with any of the time or day/date parameters.");
        }
        if self.insertafter.is_some() && self.insertbefore.is_some() {
            return wrong("only one of `insertafter` and `insertbefore` can be given");
        }
        if self.env && self.name.contains(' ') {
            return wrong("Invalid name for environment variable");
        }
        if self.cron_file.as_deref() == Some("/etc/crontab") {
            return wrong("Will not manage /etc/crontab via cron_file, see documentation.");
        }
        if self.state == State::Absent {
            return Ok(());
        }
        if self.cron_file.is_some() && self.user.is_none() {
            return wrong("To use cron_file=... parameter you must specify user=... as well");
        }
        if self.job.is_none() {
            return wrong("You must specify 'job' to install a new cron job or variable");
        }
        if (self.insertafter.is_some() || self.insertbefore.is_some()) && !self.env {
            return wrong("Insertafter and insertbefore parameters are valid only with env=yes");
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<CronState, ModuleError> {
        if let Some(path) = self.file(ctx) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
                ctx.warn(format!(
                    "cron reads only files whose names consist of letters, digits, underscores and hyphens, not `{name}`"
                ));
            }
            let (_, text) = Self::read_file(&path, ctx)?;
            return Ok(CronState { text });
        }
        let mut words = vec!["crontab"];
        words.extend(self.whose(ctx)?);
        words.push("-l");
        let output = ctx.command(words).run()?;
        // status 1 means that there is none yet
        if !matches!(output.rc, 0 | 1) {
            return Err(ModuleError::new("Unable to read crontab").with("stderr", output.err()));
        }
        Ok(CronState { text: Some(Crontab::without_head(&output.out())) })
    }

    fn desired(&self, current: &CronState, ctx: &mut Ctx) -> Result<CronState, ModuleError> {
        let before = current.text.clone().unwrap_or_default();
        let mut table = Crontab::new(&before);
        let changed = match (self.env, self.state) {
            (true, State::Present) => {
                let value = self.job.as_deref().unwrap_or_default();
                table.set_variable(&self.name, value, self.insertafter.as_deref(), self.insertbefore.as_deref())?
            }
            (true, State::Absent) => table.remove_variable(&self.name),
            (false, State::Present) => {
                if self.job.as_deref().unwrap_or_default().trim_matches(['\r', '\n']).contains(['\r', '\n']) {
                    ctx.warn("Job should not contain line breaks");
                }
                table.set_job(&self.name, &self.line())
            }
            (false, State::Absent) => {
                let removed = table.remove_job(&self.name);
                if removed && self.cron_file.is_some() && table.is_empty() {
                    return Ok(CronState { text: None });
                }
                removed
            }
        };
        let ended = before.is_empty() || before.ends_with(['\n', '\r']);
        Ok(if changed || !ended { CronState { text: Some(table.text()) } } else { current.clone() })
    }

    fn apply(&self, current: &CronState, desired: &CronState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let mut values = Map::new();
        if self.backup {
            let folder = ctx.resolve(&ctx.variable("TMPDIR").unwrap_or_else(|| "/tmp".to_owned()));
            let cannot = |error| ModuleError::because("cannot keep a copy of the crontab", error);
            let mut copy = tempfile::Builder::new().prefix("crontab").tempfile_in(&folder).map_err(cannot)?;
            std::io::Write::write_all(&mut copy, current.text.as_deref().unwrap_or_default().as_bytes())
                .map_err(cannot)?;
            let (_, path) = copy.keep().map_err(|error| cannot(error.error))?;
            values.insert("backup_file".into(), Value::from(path.display().to_string()));
        }
        if let Some(path) = self.file(ctx) {
            let target = Self::target(path.clone());
            let (now, _) = Self::read_file(&path, ctx)?;
            let wanted = match &desired.text {
                Some(text) => target.desired(&now, Content::new(text.as_bytes()), ctx)?,
                None => FileState::ABSENT,
            };
            target.apply(&now, &wanted, ctx)?;
        } else {
            let mut words = vec!["crontab"];
            words.extend(self.whose(ctx)?);
            words.push("-");
            let text = desired.text.as_deref().unwrap_or_default();
            ctx.command(words).stdin(text).run()?.success("installing the crontab")?;
        }
        Ok(Applied { values, facts: None })
    }

    fn values(&self, state: &CronState) -> Map {
        let table = Crontab::new(state.text.as_deref().unwrap_or_default());
        let list = |names: Vec<String>| Value::list(names.into_iter().map(Value::from).collect());
        let mut values = Map::from([("jobs".into(), list(table.jobs())), ("envs".into(), list(table.variables()))]);
        if let Some(file) = &self.cron_file {
            values.insert("cron_file".into(), Value::from(file.as_str()));
        }
        values
    }

    fn diff(&self, current: &CronState, desired: &CronState) -> Result<Vec<Diff>, ModuleError> {
        let side = |state: &CronState| state.text.clone().map_or(DiffText::Absent, DiffText::Text);
        let header = self.header();
        Ok(vec![Diff {
            before_header: header.clone(),
            after_header: header,
            before: side(current),
            after: side(desired),
        }])
    }

    fn title(&self) -> String {
        self.header()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    #[test]
    fn jobs_in_a_file() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("tab");
            let mut keep = |mut args: serde_json::Value| {
                args["cron_file"] = json!(path);
                args["user"] = json!("root");
                prove(ctx, dir.path(), "cron", &args);
                fs::read_to_string(&path).unwrap_or_default()
            };
            let first = "#Ansible: a\n5 * * * * root run\n";
            assert_eq!(keep(json!({"name": "a", "minute": "5", "job": "run"})), first);
            let text = keep(json!({"name": "b", "special_time": "daily", "job": "day", "backup": true}));
            assert_eq!(text, format!("{first}#Ansible: b\n@daily root day\n"));
            assert!(keep(json!({"name": "b", "job": "day", "disabled": true})).ends_with("\n#* * * * * root day\n"));
            assert!(
                keep(json!({"name": "PATH", "env": true, "job": "/bin"})).starts_with("PATH=\"/bin\"\n#Ansible: a")
            );
            let text = keep(json!({"name": "X", "env": true, "job": "1", "insertafter": "PATH"}));
            assert!(text.starts_with("PATH=\"/bin\"\nX=\"1\"\n"));
            keep(json!({"name": "X", "env": true, "state": "absent"}));
            keep(json!({"name": "PATH", "env": true, "state": "absent"}));
            assert_eq!(keep(json!({"name": "b", "state": "absent"})), first);
            keep(json!({"name": "a", "state": "absent"}));
            assert!(!path.exists());
        });
    }

    #[test]
    fn a_users_crontab() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let (program, tab) = (dir.path().join("crontab"), dir.path().join("tab"));
            let script = format!(
                "#!/bin/sh\nif [ \"$1\" = -u ]; then shift 2; fi\n\
                 if [ \"$1\" = -l ]; then cat {0} 2>/dev/null || exit 1; else cat > {0}; fi\n",
                tab.display()
            );
            fs::write(&program, script).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            ctx.environment.insert("PATH".into(), format!("{}:/usr/bin:/bin", dir.path().display()));
            fs::write(&tab, "# DO NOT EDIT THIS FILE - edit the master and reinstall.\n0 1 * * * own").unwrap();
            prove(ctx, dir.path(), "cron", &json!({"name": "n", "hour": "2", "job": "new"}));
            assert_eq!(fs::read_to_string(&tab).unwrap(), "0 1 * * * own\n#Ansible: n\n* 2 * * * new\n");
            prove(
                ctx,
                dir.path(),
                "cron",
                &json!({"name": "own job", "minute": "0", "hour": "1", "job": "own", "user": "daemon"}),
            );
            assert!(fs::read_to_string(&tab).unwrap().starts_with("#Ansible: own job\n0 1 * * * own\n"));
            assert!(run(ctx, "cron", json!({"name": "x"})).is_err());
            assert!(run(ctx, "cron", json!({"name": "x", "job": "j", "cron_file": "f"})).is_err());
            assert!(run(ctx, "cron", json!({"name": "x", "job": "j", "special_time": "daily", "hour": "1"})).is_err());
        });
    }
}
