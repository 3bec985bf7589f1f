//! `pip`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Mode, Output};
use crate::modules::outcome::{Diff, DiffText, Outcome};
use crate::value::split_words;
use crate::value::{Map, Value};

/// What the libraries shall be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Not installed.
    Absent,
    /// Installed anew each time.
    ForceReinstall,
    /// Installed in the newest version.
    Latest,
    /// Installed.
    #[default]
    Present,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::ForceReinstall => "forcereinstall",
            Self::Latest => "latest",
            Self::Present => "present",
        }
    }
}

/// Manages Python libraries through the host's `pip`, in a virtual environment or in the system.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pip {
    /// Libraries, such as `foo`, `foo==1.0`, `foo>=1,<2`, a path, or a URL such as `git+https://…`.
    #[serde(default)]
    name: Vec<String>,
    /// Version of the one library in `name`.
    version: Option<String>,
    /// A file of requirements on the host.
    requirements: Option<String>,
    /// What the libraries shall be.
    #[serde(default)]
    state: State,
    /// Folder of a virtual environment, which is made where it is missing.
    virtualenv: Option<String>,
    /// What makes a virtual environment. Where the host has no `virtualenv`, `python3 -m venv` does.
    #[serde(default = "virtualenv")]
    virtualenv_command: String,
    /// Python of a new virtual environment.
    virtualenv_python: Option<String>,
    /// A new virtual environment sees the system's libraries.
    #[serde(default)]
    virtualenv_site_packages: bool,
    /// Further words for `pip`.
    extra_args: Option<String>,
    /// Install in a way that follows the source.
    #[serde(default)]
    editable: bool,
    /// Folder to run in.
    chdir: Option<String>,
    /// The `pip` to run.
    executable: Option<String>,
    /// Mask of the modes of new files.
    umask: Option<Mode>,
    /// Let `pip` change a Python that another package manager looks after.
    #[serde(default)]
    break_system_packages: bool,
}

fn virtualenv() -> String {
    "virtualenv".to_owned()
}

/// `pip`, ready to be called.
struct Caller<'c> {
    ctx: &'c Ctx,
    pip: Vec<String>,
    dir: PathBuf,
    umask: Option<u32>,
    break_system_packages: bool,
}

impl Caller<'_> {
    fn run(&self, arguments: &[String], environment: &[(&str, &str)]) -> Result<Output, ModuleError> {
        let argv = self.pip.iter().chain(arguments).cloned();
        let mut process = self.ctx.command(argv).dir(&self.dir).env("LC_ALL", "C.UTF-8");
        process = process.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        if self.break_system_packages {
            process = process.env("PIP_BREAK_SYSTEM_PACKAGES", "1");
        }
        for (name, value) in environment {
            process = process.env(name, value);
        }
        if let Some(umask) = self.umask {
            process = process.umask(umask);
        }
        Ok(process.run()?)
    }

    /// What is installed: versions by name.
    fn installed(&self) -> Result<BTreeMap<String, String>, ModuleError> {
        let output = self.run(&words(&["list", "--format=freeze"]), &[])?.success("asking pip what is installed")?;
        let text = output.out();
        let pairs = text.lines().filter_map(|line| line.split_once("=="));
        Ok(pairs.map(|(name, version)| (canonical(name), version.trim().to_owned())).collect())
    }

    /// Whether pip finds all of them installed as asked for. It is given nothing to install them from.
    fn satisfied(&self, names: &[String]) -> Result<bool, ModuleError> {
        let nowhere = [("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", ""), ("PIP_BREAK_SYSTEM_PACKAGES", "1")];
        let mut arguments = words(&["install", "--no-deps"]);
        arguments.extend_from_slice(names);
        Ok(self.run(&arguments, &nowhere)?.rc == 0)
    }

    /// What an installation would change, where this pip can tell.
    fn would_change(&self, arguments: &[String]) -> Result<Option<bool>, ModuleError> {
        let mut dry = arguments.to_vec();
        dry.push("--dry-run".to_owned());
        let output = self.run(&dry, &[])?;
        if output.rc != 0 && output.err().contains("no such option") {
            return Ok(None);
        }
        let output = output.success("asking pip what it would do")?;
        Ok(Some(output.out().lines().any(|line| line.starts_with("Would install"))))
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The name as pip compares it.
fn canonical(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c),
        }
    }
    out
}

/// The library's name alone.
fn bare(name: &str) -> &str {
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(name.len());
    name.get(..end).unwrap_or(name)
}

/// Whether pip has to fetch it from a place of its own.
fn is_place(name: &str) -> bool {
    name.contains("://") || name.starts_with(['/', '.', '~'])
}

impl Pip {
    /// The libraries; parts of a specification that were split at commas belong together.
    fn names(&self) -> Result<Vec<String>, ModuleError> {
        let mut names: Vec<String> = Vec::new();
        for part in self.name.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
            match names.last_mut() {
                Some(last) if part.starts_with(['<', '>', '=', '!', '~']) => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => names.push(part.to_owned()),
            }
        }
        let Some(version) = &self.version else { return Ok(names) };
        let [only] = names.as_mut_slice() else {
            return Err(ModuleError::new(
                "'version' argument is ambiguous when installing multiple package distributions. Please specify version \
                 restrictions next to each package in 'name' argument.",
            ));
        };
        if bare(only).len() != only.len() {
            return Err(ModuleError::new(
                "The 'version' argument conflicts with any version specifier provided along with a package name.",
            ));
        }
        let operator = if version.starts_with(|c: char| c.is_ascii_digit()) { "==" } else { "" };
        *only = format!("{only}{operator}{version}");
        Ok(names)
    }

    fn caller<'c>(&self, ctx: &'c Ctx) -> Result<Caller<'c>, ModuleError> {
        let pip = if let Some(executable) = &self.executable {
            vec![ctx.expand(executable)]
        } else if let Some(folder) = &self.virtualenv {
            vec![ctx.resolve(folder).join("bin/pip").display().to_string()]
        } else if let Some(name) = ["pip3", "pip"].into_iter().find(|name| ctx.has_program(name)) {
            words(&[name])
        } else if ctx.has_program("python3") {
            words(&["python3", "-m", "pip"])
        } else {
            return Err(ModuleError::new("Unable to find any of pip3 to use.  pip needs to be installed."));
        };
        let umask = match &self.umask {
            None => None,
            Some(Mode::Bits(bits)) => Some(*bits),
            Some(Mode::Symbolic(_)) => return Err(ModuleError::new("option `umask`: an octal number is expected")),
        };
        let dir = self.chdir.as_ref().map_or_else(|| ctx.working_dir.clone(), |dir| ctx.resolve(dir));
        Ok(Caller { ctx, pip, dir, umask, break_system_packages: self.break_system_packages })
    }

    /// Makes the virtual environment.
    fn make_environment(&self, folder: &str, ctx: &Ctx) -> Result<Output, ModuleError> {
        let path = ctx.resolve(folder).display().to_string();
        let mut argv = split_words(&self.virtualenv_command)
            .map_err(|error| ModuleError::because("cannot split `virtualenv_command` into words", error))?;
        if let Some(program) = argv.first_mut() {
            *program = ctx.expand(program);
        }
        if argv == ["virtualenv"] && !ctx.has_program("virtualenv") {
            argv = words(&[self.virtualenv_python.as_deref().unwrap_or("python3"), "-m", "venv"]);
        } else if let Some(python) = &self.virtualenv_python {
            if argv.iter().any(|word| word == "venv" || word.ends_with("pyvenv")) {
                return Err(ModuleError::new(
                    "virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command",
                ));
            }
            argv.push(format!("-p{python}"));
        }
        if self.virtualenv_site_packages {
            argv.push("--system-site-packages".to_owned());
        }
        argv.push(path);
        let mut process = ctx.command(argv);
        if let Some(Mode::Bits(umask)) = self.umask {
            process = process.umask(umask);
        }
        process.run()?.success("making the virtual environment")
    }

    fn arguments(&self, names: &[String]) -> Result<Vec<String>, ModuleError> {
        let mut arguments = match self.state {
            State::Absent => words(&["uninstall", "-y"]),
            State::ForceReinstall => words(&["install", "-U", "--force-reinstall"]),
            State::Latest => words(&["install", "-U"]),
            State::Present => words(&["install"]),
        };
        if let Some(extra) = &self.extra_args {
            let extra = split_words(extra)
                .map_err(|error| ModuleError::because("cannot split `extra_args` into words", error))?;
            arguments.extend(extra);
        }
        for name in names {
            if self.editable && self.state != State::Absent {
                arguments.push("-e".to_owned());
            }
            arguments.push(if self.state == State::Absent && !is_place(name) {
                bare(name).to_owned()
            } else {
                name.clone()
            });
        }
        if let Some(file) = &self.requirements {
            arguments.extend(["-r".to_owned(), file.clone()]);
        }
        Ok(arguments)
    }

    /// Whether there is anything to do, as far as it can be told without doing it.
    fn needed(
        &self,
        caller: &Caller<'_>,
        names: &[String],
        installed: &BTreeMap<String, String>,
        arguments: &[String],
    ) -> Result<bool, ModuleError> {
        let places = names.iter().any(|name| is_place(name));
        match self.state {
            State::Absent => {
                Ok(self.requirements.is_some()
                    || names.iter().any(|name| installed.contains_key(&canonical(bare(name)))))
            }
            State::Present
                if self.requirements.is_none() && !places && !self.editable && caller.satisfied(names)? =>
            {
                Ok(false)
            }
            State::Present if self.requirements.is_none() && !places => Ok(true),
            State::Present | State::Latest if caller.ctx.mode.check => {
                Ok(caller.would_change(arguments)?.unwrap_or(true))
            }
            State::ForceReinstall | State::Present | State::Latest => Ok(true),
        }
    }
}

impl Action for Pip {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        if self.name.is_empty() && self.requirements.is_none() {
            return Err(ModuleError::new("one of the following is required: name, requirements"));
        }
        if self.executable.is_some() && self.virtualenv.is_some() {
            return Err(ModuleError::new("only one of `executable` and `virtualenv` can be given"));
        }
        if self.version.is_some() && self.state == State::Latest {
            return Err(ModuleError::new("version is incompatible with state=latest"));
        }
        let names = self.names()?;
        let mut written = Map::new();
        let mut made = false;
        if let Some(folder) = &self.virtualenv
            && !ctx.resolve(folder).join("bin/activate").exists()
        {
            if ctx.mode.check {
                return Ok(self.told(Outcome::changed(true), &names));
            }
            written = self.make_environment(folder, ctx)?.written();
            made = true;
        }
        let caller = self.caller(ctx)?;
        let before = caller.installed()?;
        let arguments = self.arguments(&names)?;
        let command: Vec<String> = caller.pip.iter().chain(&arguments).cloned().collect();
        let needed = self.needed(&caller, &names, &before, &arguments)?;
        let mut outcome = Outcome::changed(made || needed).with("cmd", command.join(" "));
        if needed && !ctx.mode.check {
            let output = caller.run(&arguments, &[])?;
            let output = output.success("pip").map_err(|error| error.with("cmd", command.join(" ")))?;
            let after = caller.installed()?;
            let vcs = names.iter().any(|name| is_place(name));
            let said = output.out();
            let spoke = said.contains("Successfully installed") || said.contains("Successfully uninstalled");
            let anew = self.state == State::ForceReinstall || vcs && spoke;
            outcome.changed = made || before != after || anew;
            if ctx.mode.diff && before != after {
                outcome.diff.push(difference(&before, &after));
            }
            written = output.written();
        }
        for (name, value) in written {
            outcome.values.insert(name, value);
        }
        Ok(self.told(outcome, &names))
    }
}

/// The libraries that are not the same any more.
fn difference(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Diff {
    let side = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
        let differing = one.iter().filter(|(name, version)| other.get(*name) != Some(*version));
        DiffText::lines(differing.map(|(name, version)| format!("{name}=={version}")))
    };
    Diff {
        before_header: "libraries".to_owned(),
        after_header: "libraries".to_owned(),
        before: side(before, after),
        after: side(after, before),
    }
}

impl Pip {
    fn told(&self, outcome: Outcome, names: &[String]) -> Outcome {
        let text = |option: &Option<String>| option.clone().map_or(Value::Null, Value::from);
        let names = names.iter().map(|name| Value::from(name.as_str())).collect();
        outcome
            .with("name", Value::list(names))
            .with("version", text(&self.version))
            .with("state", self.state.word())
            .with("requirements", text(&self.requirements))
            .with("virtualenv", text(&self.virtualenv))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run, with_ctx};

    #[test]
    fn names_are_put_together() {
        let pip =
            |args: serde_json::Value| -> Pip { crate::value::from_value(&crate::value::from_json(args)).unwrap() };
        assert_eq!(pip(json!({"name": "a>1,<2,b[x]"})).names().unwrap(), ["a>1,<2", "b[x]"]);
        assert_eq!(pip(json!({"name": "a", "version": "1.0"})).names().unwrap(), ["a==1.0"]);
        assert!(pip(json!({"name": "a,b", "version": "1.0"})).names().is_err());
        assert_eq!(canonical("Foo__Bar.baz"), "foo-bar-baz");
        assert_eq!(bare("foo[x]>=1"), "foo");
    }

    /// Libraries of our own, installed without any network.
    #[test]
    fn libraries_come_change_and_go() {
        with_ctx(|ctx| {
            if !ctx.has_program("python3") || ctx.command(["python3", "-m", "venv", "--help"]).run().unwrap().rc != 0 {
                eprintln!("skipped: this host cannot make virtual environments");
                return;
            }
            let dir = tempfile::tempdir().unwrap();
            ctx.working_dir = dir.path().to_owned();
            for version in ["1.0", "2.0"] {
                wheel(dir.path(), version);
            }
            ctx.environment.insert("PIP_NO_INDEX".into(), "1".into());
            ctx.environment.insert("PIP_FIND_LINKS".into(), dir.path().display().to_string());
            let base = json!({"virtualenv": "env", "virtualenv_command": "python3 -m venv"});
            let with = |more: serde_json::Value| {
                let mut args = base.clone();
                args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                args
            };
            let mut keeps = |more: serde_json::Value| {
                let mut step = |check: bool| {
                    ctx.mode.check = check;
                    let args = with(more.clone());
                    run(ctx, "pip", args.clone()).unwrap_or_else(|error| panic!("{args}: {}", error.full_message()))
                };
                assert!(step(true).changed, "{more}: check mode foresees nothing");
                assert!(step(false).changed, "{more}: nothing changed");
                assert!(!step(false).changed, "{more}: not idempotent");
                assert!(!step(true).changed, "{more}: check mode wants more");
            };
            keeps(json!({"name": "quay-test-lib==1.0"}));
            keeps(json!({"name": "quay_test_lib", "state": "latest"}));
            keeps(json!({"name": "Quay.Test-lib", "state": "absent"}));
            keeps(json!({"name": "quay-test-lib", "version": "1.0"}));
            fs::write(dir.path().join("req.txt"), "quay-test-lib>=2\n").unwrap();
            keeps(json!({"requirements": "req.txt"}));
            ctx.mode.check = false;
            assert!(!run(ctx, "pip", with(json!({"name": "quay-test-lib>1"}))).unwrap().changed);
            assert!(
                run(ctx, "pip", with(json!({"name": "quay-test-lib", "state": "forcereinstall"}))).unwrap().changed
            );
            assert!(run(ctx, "pip", with(json!({"name": "quay-no-such-lib"}))).is_err());
        });
    }

    fn wheel(dir: &std::path::Path, version: &str) {
        let script = format!(
            "import zipfile, sys\nz = zipfile.ZipFile('quay_test_lib-{version}-py3-none-any.whl', 'w')\n\
             d = 'quay_test_lib-{version}.dist-info/'\nz.writestr('quay_test_lib.py', 'v = \"{version}\"')\n\
             z.writestr(d + 'METADATA', 'Metadata-Version: 2.1\\nName: quay-test-lib\\nVersion: {version}\\n')\n\
             z.writestr(d + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n\
             z.writestr(d + 'RECORD', '')\nz.close()\n"
        );
        let status = std::process::Command::new("python3").args(["-c", &script]).current_dir(dir).status().unwrap();
        assert!(status.success());
    }
}
