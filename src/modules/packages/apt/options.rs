//! The options of `apt`, and the order in which they are carried out.

use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::{AptFolders, update_cache};
use super::deb::DebFile;
use super::installed::InstalledPackages;
use super::spec::{Need, Spec, Version, known_names, no_package, unknown_names};
use super::transaction::{AptGet, Done, quiet};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::Value;

/// What packages shall be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// Not installed.
    #[serde(alias = "removed")]
    Absent,
    /// What they need to be built is installed.
    BuildDep,
    /// Installed in the newest version.
    Latest,
    /// Installed.
    #[default]
    #[serde(alias = "installed")]
    Present,
    /// Installed, and what is half installed on the host is repaired.
    Fixed,
}

/// How the whole host is upgraded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Upgrade {
    /// With everything that it takes, even the removal of packages.
    Dist,
    /// The same.
    Full,
    /// Not.
    #[default]
    #[serde(alias = "false")]
    No,
    /// Without removing anything.
    Safe,
    /// Without removing anything.
    #[serde(alias = "true")]
    Yes,
}

/// Manages packages of Debian and its relatives, through `apt-get`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apt {
    /// Packages, such as `foo`, `foo=1.0`, `foo=1.*`, `foo>=1.0`, `foo:i386` or the shell pattern `foo*`.
    #[serde(default, alias = "package", alias = "pkg")]
    #[schemars(extend("x-aliases" = ["package", "pkg"]))]
    name: Vec<String>,
    /// What they shall be.
    #[serde(default)]
    state: State,
    /// Update the package lists first.
    #[serde(default, alias = "update-cache")]
    #[schemars(extend("x-aliases" = ["update-cache"]))]
    update_cache: bool,
    /// Update the package lists only where they are older than this many seconds. Switches `update_cache` on.
    #[serde(default)]
    cache_valid_time: u64,
    /// How often to try to update the package lists.
    #[serde(default = "five")]
    update_cache_retries: u32,
    /// Wait twice as long after each failure, but never more than this many seconds.
    #[serde(default = "twelve")]
    update_cache_retry_max_delay: u64,
    /// Upgrade the whole host.
    #[serde(default)]
    upgrade: Upgrade,
    /// A package file on the host, or its URL; several are separated by commas.
    deb: Option<String>,
    /// Remove packages that nothing needs any more.
    #[serde(default)]
    autoremove: bool,
    /// Remove downloaded packages that cannot be had any more.
    #[serde(default)]
    autoclean: bool,
    /// Remove downloaded packages.
    #[serde(default)]
    clean: bool,
    /// Remove configuration files too.
    #[serde(default)]
    purge: bool,
    /// The release to take packages from.
    #[serde(alias = "default-release")]
    #[schemars(extend("x-aliases" = ["default-release"]))]
    default_release: Option<String>,
    /// Install recommended packages too, or not; as the host is set where not given.
    #[serde(alias = "install-recommends")]
    #[schemars(extend("x-aliases" = ["install-recommends"]))]
    install_recommends: Option<bool>,
    /// Options for `dpkg`, separated by commas.
    #[serde(default = "keep_configuration")]
    dpkg_options: String,
    /// Allow what the next three options allow, and the removal of essential packages.
    #[serde(default)]
    force: bool,
    /// Allow an older version than the one installed.
    #[serde(default, alias = "allow-downgrade", alias = "allow_downgrades", alias = "allow-downgrades")]
    #[schemars(extend("x-aliases" = ["allow-downgrade", "allow_downgrades", "allow-downgrades"]))]
    allow_downgrade: bool,
    /// Allow packages whose signatures cannot be checked.
    #[serde(default, alias = "allow-unauthenticated")]
    #[schemars(extend("x-aliases" = ["allow-unauthenticated"]))]
    allow_unauthenticated: bool,
    /// Allow changes of packages that are held.
    #[serde(default)]
    allow_change_held_packages: bool,
    /// Only upgrade packages that are installed.
    #[serde(default)]
    only_upgrade: bool,
    /// Fail where packages would be removed.
    #[serde(default)]
    fail_on_autoremove: bool,
    /// Meanwhile, a `policy-rc.d` with this exit status; 101 keeps services from being started.
    policy_rc_d: Option<i32>,
    /// Seconds to wait for another run of apt or dpkg to end.
    #[serde(default = "a_minute")]
    lock_timeout: u64,
    /// Without effect: `apt-get` is used always.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    force_apt_get: bool,
    /// Without effect: nothing of Python's is needed.
    #[serde(default = "yes")]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    auto_install_module_deps: bool,
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

fn a_minute() -> u64 {
    60
}

fn keep_configuration() -> String {
    "force-confdef,force-confold".to_owned()
}

impl Apt {
    /// How `apt-get` is called, with the options that belong to every call.
    fn apt_get(&self) -> AptGet {
        let mut options = Vec::new();
        for option in self.dpkg_options.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            options.extend(["-o".to_owned(), format!("Dpkg::Options::=--{option}")]);
        }
        options.extend(["-o".to_owned(), format!("DPkg::Lock::Timeout={}", self.lock_timeout)]);
        let mut flag = |set: bool, flag: &str| {
            if set && !options.iter().any(|known| known == flag) {
                options.push(flag.to_owned());
            }
        };
        flag(self.force || self.allow_downgrade, "--allow-downgrades");
        flag(self.force || self.allow_unauthenticated, "--allow-unauthenticated");
        flag(self.force || self.allow_change_held_packages, "--allow-change-held-packages");
        flag(self.force, "--allow-remove-essential");
        flag(self.fail_on_autoremove, "--no-remove");
        AptGet { options, policy_rc_d: self.policy_rc_d }
    }

    fn with_release(&self, mut arguments: Vec<String>) -> Vec<String> {
        if let Some(release) = &self.default_release {
            arguments.extend(["-t".to_owned(), release.clone()]);
        }
        arguments
    }

    /// The options of an installation.
    fn install(&self) -> Vec<String> {
        let mut arguments = self.with_release(vec!["install".to_owned()]);
        if let Some(recommends) = self.install_recommends {
            let word = if recommends { "yes" } else { "no" };
            arguments.extend(["-o".to_owned(), format!("APT::Install-Recommends={word}")]);
        }
        if self.autoremove {
            arguments.push("--auto-remove".to_owned());
        }
        if self.only_upgrade {
            arguments.push("--only-upgrade".to_owned());
        }
        arguments
    }

    /// Updates the lists where they are too old. Returns whether they were, and when they are from.
    fn refresh(&self, ctx: &Ctx) -> Result<(bool, u64), ModuleError> {
        let folders = AptFolders::read(ctx)?;
        let before = folders.updated();
        if !self.update_cache && self.cache_valid_time == 0 {
            return Ok((false, before.as_secs()));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        if self.cache_valid_time > 0 && before.as_secs().saturating_add(self.cache_valid_time) >= now {
            return Ok((false, before.as_secs()));
        }
        if ctx.mode.check {
            return Ok((true, before.as_secs()));
        }
        update_cache(self.update_cache_retries, self.update_cache_retry_max_delay, ctx)?;
        let after = folders.updated();
        // the stamp may have been written twice within a second
        Ok((after != before, after.as_secs()))
    }

    fn upgrade(&self, how: Upgrade, ctx: &Ctx) -> Result<Done, ModuleError> {
        let words: &[&str] = match how {
            Upgrade::No => return Ok(Done::default()),
            Upgrade::Dist | Upgrade::Full => &["dist-upgrade"],
            Upgrade::Safe | Upgrade::Yes => &["upgrade", "--with-new-pkgs"],
        };
        let mut arguments = self.with_release(words.iter().map(|word| (*word).to_owned()).collect());
        if self.autoremove {
            arguments.push("--auto-remove".to_owned());
        }
        let mut done = self.apt_get().run(&arguments, ctx)?;
        if let Some(stdout) = done.values.get("stdout").cloned() {
            done.values.insert("msg".into(), stdout);
        }
        Ok(done)
    }

    fn debs(&self, list: &str, ctx: &Ctx) -> Result<Done, ModuleError> {
        let packages = InstalledPackages::read(ctx)?;
        let downgrade = self.allow_downgrade || self.force;
        let mut files = Vec::new();
        for source in list.split(',').map(str::trim).filter(|source| !source.is_empty()) {
            let file = DebFile::open(source, ctx)?;
            if file.is_needed(&packages, downgrade, ctx)? {
                files.push(file);
            }
        }
        if files.is_empty() {
            return Ok(Done::default());
        }
        let mut arguments = self.install();
        arguments.extend(files.iter().map(DebFile::argument));
        self.apt_get().run(&arguments, ctx)
    }

    /// The packages, patterns replaced by what they stand for.
    fn specs(&self, packages: &InstalledPackages, ctx: &Ctx) -> Result<Vec<Spec>, ModuleError> {
        let mut specs = Vec::new();
        let mut known = None;
        for text in self.name.iter().filter(|text| !text.trim().is_empty() && text.trim() != "*") {
            let spec = Spec::parse(text)?;
            if !spec.is_pattern() {
                specs.push(spec);
                continue;
            }
            if self.state == State::Absent {
                let names: Vec<String> = packages.names().map(str::to_owned).collect();
                specs.extend(spec.expand(&names)?);
                continue;
            }
            if known.is_none() {
                known = Some(known_names(ctx)?);
            }
            let found = spec.expand(known.as_deref().unwrap_or_default())?;
            if found.is_empty() {
                return Err(ModuleError::new(format!("No package(s) matching '{}' available", spec.name)));
            }
            specs.extend(found);
        }
        Ok(specs)
    }

    fn present(&self, specs: &[Spec], packages: &InstalledPackages, ctx: &Ctx) -> Result<Done, ModuleError> {
        let latest = self.state == State::Latest;
        let mut wanted = Vec::new();
        let mut kept = Vec::new();
        for spec in specs {
            if self.only_upgrade && packages.complete(&spec.name).is_none() {
                continue;
            }
            match spec.need(packages, latest, ctx)? {
                Need::Met => {}
                Need::Install(argument) => wanted.push(argument),
            }
            if packages.complete(&spec.name).is_some() {
                kept.push(spec.name.as_str());
            }
        }
        let new: Vec<&str> = specs
            .iter()
            .filter(|spec| packages.complete(&spec.name).is_none() && spec.version == Version::Any)
            .filter(|spec| wanted.contains(&spec.name))
            .map(|spec| spec.name.as_str())
            .collect();
        if let Some(name) = unknown_names(&new, ctx)?.first() {
            return Err(no_package(name));
        }
        let mut done = Done::default();
        if !wanted.is_empty() || self.state == State::Fixed {
            let mut arguments = self.install();
            if self.state == State::Fixed {
                arguments.push("--fix-broken".to_owned());
            }
            arguments.append(&mut wanted);
            done = self.apt_get().run(&arguments, ctx)?;
        }
        if !ctx.mode.check {
            mark_manual(&kept, ctx)?;
        }
        Ok(done)
    }

    fn absent(&self, specs: &[Spec], packages: &InstalledPackages, ctx: &Ctx) -> Result<Done, ModuleError> {
        let there = |spec: &&Spec| packages.find(&spec.name).is_some_and(|package| package.complete || self.purge);
        let names: Vec<String> = specs.iter().filter(there).map(|spec| spec.name.clone()).collect();
        if names.is_empty() {
            return Ok(Done::default());
        }
        let mut arguments = vec!["remove".to_owned()];
        if self.purge {
            arguments.push("--purge".to_owned());
        }
        if self.autoremove {
            arguments.push("--auto-remove".to_owned());
        }
        arguments.extend(names);
        self.apt_get().run(&arguments, ctx)
    }

    /// Everything but the update of the lists.
    fn work(&self, ctx: &Ctx) -> Result<Done, ModuleError> {
        let mut done = Done::default();
        if self.clean {
            done = done.and(self.apt_get().tidy("clean", AptFolders::read(ctx)?.has_archives(), ctx)?);
        }
        done = done.and(self.upgrade(self.upgrade, ctx)?);
        if let Some(list) = &self.deb {
            done = done.and(self.debs(list, ctx)?);
        }
        let all = self.name.iter().any(|name| name.trim() == "*");
        let packages = InstalledPackages::read(ctx)?;
        let specs = self.specs(&packages, ctx)?;
        if all && self.state == State::Latest {
            if !specs.is_empty() {
                return Err(ModuleError::new(
                    "unable to install additional packages when upgrading all installed packages",
                ));
            }
            done = done.and(self.upgrade(Upgrade::Yes, ctx)?);
        }
        if specs.is_empty() && self.deb.is_none() {
            if self.autoclean {
                done = done.and(self.apt_get().tidy("autoclean", false, ctx)?);
            }
            if self.autoremove && self.upgrade == Upgrade::No {
                let mut arguments = vec!["autoremove".to_owned()];
                if self.purge {
                    arguments.push("--purge".to_owned());
                }
                done = done.and(self.apt_get().run(&arguments, ctx)?);
            }
            if self.state != State::Fixed {
                return Ok(done);
            }
        }
        let more = match self.state {
            State::Absent => self.absent(&specs, &packages, ctx)?,
            State::BuildDep => {
                let mut arguments = self.with_release(vec!["build-dep".to_owned()]);
                arguments.extend(specs.iter().map(|spec| spec.name.clone()));
                self.apt_get().run(&arguments, ctx)?
            }
            State::Latest | State::Present | State::Fixed if !specs.is_empty() || self.state == State::Fixed => {
                self.present(&specs, &packages, ctx)?
            }
            State::Latest | State::Present | State::Fixed => Done::default(),
        };
        Ok(done.and(more))
    }
}

/// Packages that were asked for are no longer ones that may go when nothing needs them.
fn mark_manual(names: &[&str], ctx: &Ctx) -> Result<(), ModuleError> {
    if names.is_empty() {
        return Ok(());
    }
    let argv = [&["apt-mark", "showauto"], names].concat();
    let output = quiet(ctx, &argv).run()?.success("asking which packages were installed by themselves")?.out();
    let automatic: Vec<&str> = output.lines().collect();
    if automatic.is_empty() {
        return Ok(());
    }
    quiet(ctx, &[&["apt-mark", "manual"], automatic.as_slice()].concat())
        .run()?
        .success("marking packages as asked for")
        .map(drop)
}

impl Action for Apt {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        if self.deb.is_some() && !self.name.is_empty() {
            return Err(ModuleError::new("only one of `deb` and `name` can be given"));
        }
        let nothing = self.name.is_empty()
            && self.deb.is_none()
            && self.upgrade == Upgrade::No
            && !(self.autoremove || self.autoclean || self.clean || self.state == State::Fixed);
        let (updated, time) = self.refresh(ctx)?;
        if nothing {
            if !self.update_cache && self.cache_valid_time == 0 {
                return Err(ModuleError::new(
                    "one of `name`, `deb`, `upgrade`, `update_cache`, `autoremove`, `autoclean` and `clean` is needed",
                ));
            }
            return Ok(Outcome::changed(updated)
                .with("cache_updated", Value::Bool(updated))
                .with("cache_update_time", time));
        }
        let mut outcome = Outcome::from(self.work(ctx)?);
        if let Some(Value::Str(msg)) = outcome.values.shift_remove("msg") {
            outcome.msg = Some(msg.to_string());
        }
        Ok(outcome.with("cache_updated", Value::Bool(updated)).with("cache_update_time", time))
    }
}
