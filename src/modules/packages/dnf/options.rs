//! The options of `dnf`, and what is done for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Caller;
use super::plan::{Change, Plan};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// What packages shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Not installed.
    #[serde(alias = "removed")]
    Absent,
    /// Installed.
    #[serde(alias = "installed")]
    Present,
    /// Installed in the newest version.
    Latest,
}

/// Manages packages of Fedora, Red Hat and their relatives, through `dnf`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dnf {
    /// Packages: names, `name-version`, files or URLs of packages, groups as `@name`, shell patterns; `*` with `latest` is
    /// everything.
    #[serde(default, alias = "pkg")]
    #[schemars(extend("x-aliases" = ["pkg"]))]
    name: Vec<String>,
    /// What they shall be; `present` where not given, with `autoremove` `absent`.
    state: Option<State>,
    /// Return what dnf lists instead: `installed`, `updates`, `available`, `repos` or a package.
    list: Option<String>,
    /// Repositories to use too.
    #[serde(default)]
    enablerepo: Vec<String>,
    /// Repositories to leave aside.
    #[serde(default)]
    disablerepo: Vec<String>,
    /// The configuration to use.
    conf_file: Option<String>,
    /// Do not check signatures.
    #[serde(default)]
    disable_gpg_check: bool,
    /// Another root to work in.
    installroot: Option<String>,
    /// Another release to take packages of.
    releasever: Option<String>,
    /// With `latest`, only updates that matter to security.
    #[serde(default)]
    security: bool,
    /// With `latest`, only updates that repair something.
    #[serde(default)]
    bugfix: bool,
    /// Plugins to switch on.
    #[serde(default)]
    enable_plugin: Vec<String>,
    /// Plugins to switch off.
    #[serde(default)]
    disable_plugin: Vec<String>,
    /// Do not leave out what the configuration leaves out: `all`, `main` or a repository.
    disable_excludes: Option<String>,
    /// Packages to leave out.
    #[serde(default)]
    exclude: Vec<String>,
    /// Refuse servers of packages given by URL whose certificate is not valid.
    #[serde(default = "yes")]
    validate_certs: bool,
    /// Refuse repositories' servers whose certificate is not valid.
    #[serde(default = "yes")]
    sslverify: bool,
    /// Allow an older version than the one installed.
    #[serde(default)]
    allow_downgrade: bool,
    /// Allow the removal of packages that are in the way.
    #[serde(default)]
    allowerasing: bool,
    /// Only download packages.
    #[serde(default)]
    download_only: bool,
    /// Folder to download to.
    download_dir: Option<String>,
    /// Remove packages that nothing needs any more.
    #[serde(default)]
    autoremove: bool,
    /// Leave packages out that cannot be had.
    #[serde(default)]
    skip_broken: bool,
    /// Take only the newest versions; as the host is set where not given.
    best: Option<bool>,
    /// The opposite of `best`.
    nobest: Option<bool>,
    /// Look for new metadata first.
    #[serde(default, alias = "expire-cache")]
    #[schemars(extend("x-aliases" = ["expire-cache"]))]
    update_cache: bool,
    /// With `latest`, only update what is installed.
    #[serde(default)]
    update_only: bool,
    /// Install packages that others recommend.
    #[serde(default = "yes")]
    install_weak_deps: bool,
    /// Use what was downloaded before, and no network.
    #[serde(default)]
    cacheonly: bool,
    /// Which dnf: `auto`, `dnf`, `dnf4`, `dnf5`, `yum` or `yum4`.
    #[serde(default = "auto")]
    use_backend: String,
    /// Without effect: dnf waits for its lock.
    #[expect(dead_code, reason = "taken because playbooks give it")]
    lock_timeout: Option<i64>,
    /// Without effect, as in Ansible.
    #[serde(default = "yes")]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    install_repoquery: bool,
    /// Without effect: nothing of Python's is needed.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    auto_install_module_deps: bool,
}

fn yes() -> bool {
    true
}

fn auto() -> String {
    "auto".to_owned()
}

impl Dnf {
    fn caller<'c>(&self, ctx: &'c Ctx) -> Result<Caller<'c>, ModuleError> {
        let names: &[&'static str] = match self.use_backend.as_str() {
            "auto" => &["dnf", "dnf5", "yum"],
            "dnf" | "dnf4" | "yum4" => &["dnf", "dnf-3", "yum"],
            "yum" => &["yum", "dnf"],
            "dnf5" => &["dnf5"],
            other => return Err(ModuleError::new(format!("option `use_backend`: `{other}` is not known"))),
        };
        let Some(program) = names.iter().copied().find(|name| ctx.has_program(name)) else {
            return Err(ModuleError::new(format!("this host has no `{}`", names.join("`, `"))));
        };
        let mut options = Vec::new();
        let mut add = |option: String| options.push(option);
        for (flag, values) in [
            ("enablerepo", &self.enablerepo),
            ("disablerepo", &self.disablerepo),
            ("enableplugin", &self.enable_plugin),
            ("disableplugin", &self.disable_plugin),
            ("exclude", &self.exclude),
        ] {
            for value in values {
                add(format!("--{flag}={value}"));
            }
        }
        let root = self.installroot.as_ref().filter(|root| *root != "/").cloned();
        for (flag, value) in [
            ("config", &self.conf_file),
            ("installroot", &root),
            ("releasever", &self.releasever),
            ("disableexcludes", &self.disable_excludes),
        ] {
            if let Some(value) = value {
                add(format!("--{flag}={value}"));
            }
        }
        let best = self.best.or(self.nobest.map(|nobest| !nobest));
        let on = |value: bool| if value { "True" } else { "False" };
        let absent = self.wanted() == State::Absent;
        for (given, option) in [
            (self.disable_gpg_check, "--nogpgcheck".to_owned()),
            (self.cacheonly, "--cacheonly".to_owned()),
            (self.update_cache, "--refresh".to_owned()),
            (!self.sslverify || !self.validate_certs, "--setopt=sslverify=False".to_owned()),
            (!self.install_weak_deps, "--setopt=install_weak_deps=False".to_owned()),
            (best.is_some(), format!("--setopt=best={}", on(best == Some(true)))),
            (absent, format!("--setopt=clean_requirements_on_remove={}", on(self.autoremove))),
        ] {
            if given {
                add(option);
            }
        }
        Ok(Caller { ctx, program, options, root })
    }

    fn wanted(&self) -> State {
        self.state.unwrap_or(if self.autoremove { State::Absent } else { State::Present })
    }

    /// A verb with the options that go with it.
    fn arguments(&self, verb: &str, names: &[&str]) -> Vec<String> {
        let mut arguments = vec![verb.to_owned()];
        let upgrade = verb == "upgrade";
        for (given, option) in [
            (self.allowerasing && verb != "remove", "--allowerasing"),
            (self.skip_broken && verb != "remove", "--skip-broken"),
            (self.download_only, "--downloadonly"),
            (self.security && upgrade, "--security"),
            (self.bugfix && upgrade, "--bugfix"),
        ] {
            if given {
                arguments.push(option.to_owned());
            }
        }
        if let Some(folder) = &self.download_dir {
            arguments.push(format!("--downloaddir={folder}"));
        }
        arguments.extend(names.iter().map(|name| (*name).to_owned()));
        arguments
    }

    /// The calls that the task needs, in their order.
    fn calls(&self, caller: &Caller<'_>) -> Result<Vec<Vec<String>>, ModuleError> {
        let names: Vec<&str> = self.name.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Ok(if self.autoremove { vec![self.arguments("autoremove", &[])] } else { Vec::new() });
        }
        let is_source = |name: &str| {
            name.starts_with('@')
                || name.contains("://")
                || std::path::Path::new(name).extension().is_some_and(|ending| ending == "rpm")
        };
        let mut there = Vec::new();
        let mut missing = Vec::new();
        for name in names.iter().copied() {
            if name == "*" || !is_source(name) && caller.is_installed(name)? {
                there.push(name);
            } else {
                missing.push(name);
            }
        }
        let groups: Vec<&str> = missing.iter().copied().filter(|name| name.starts_with('@')).collect();
        let mut calls = Vec::new();
        match self.wanted() {
            State::Absent => {
                let names = [there.as_slice(), groups.as_slice()].concat();
                if !names.is_empty() {
                    calls.push(self.arguments("remove", &names));
                }
            }
            State::Present if self.download_only => calls.push(self.arguments("install", &names)),
            State::Present if !missing.is_empty() => calls.push(self.arguments("install", &missing)),
            State::Present => {}
            State::Latest if there.contains(&"*") => calls.push(self.arguments("upgrade", &[])),
            State::Latest => {
                if !missing.is_empty() && !self.update_only {
                    calls.push(self.arguments("install", &missing));
                }
                if !there.is_empty() {
                    calls.push(self.arguments("upgrade", &there));
                }
            }
        }
        Ok(calls)
    }

    /// What a call would do; where a version is older than what is installed, only if that is allowed.
    fn plan(&self, caller: &Caller<'_>, call: &mut [String]) -> Result<Plan, ModuleError> {
        let plan = caller.plan(call)?;
        if plan.has(Change::Downgraded) && !self.allow_downgrade {
            return Ok(Plan::default());
        }
        if plan.is_empty()
            && self.allow_downgrade
            && let Some(verb) = call.first_mut().filter(|verb| *verb == "install")
        {
            "downgrade".clone_into(verb);
            return caller.plan(call);
        }
        Ok(plan)
    }
}

/// What dnf lists.
fn listed(what: &str, caller: &Caller<'_>) -> Result<Outcome, ModuleError> {
    if matches!(what, "repos" | "repositories") {
        let output = caller.run(&["-q".to_owned(), "repolist".to_owned()])?.success("listing the repositories")?;
        let text = output.out();
        let rows = text.lines().skip(1).filter_map(|line| line.split_whitespace().next());
        let results = rows.map(|id| {
            let map: Map = [("repoid".into(), Value::from(id)), ("state".into(), Value::from("enabled"))].into();
            Value::map(map)
        });
        return Ok(Outcome::ok().with("results", Value::list(results.collect())));
    }
    let which = match what {
        "installed" => "--installed",
        "updates" | "upgrades" => "--upgrades",
        "available" => "--available",
        _ => what,
    };
    let place = if caller.program == "dnf5" { "repoid" } else { "reponame" };
    let format = format!("%{{name}}\\t%{{arch}}\\t%{{epoch}}\\t%{{version}}\\t%{{release}}\\t%{{{place}}}\\n");
    let arguments = ["-q", "repoquery", "--queryformat", &format, which].map(str::to_owned);
    let output = caller.run(&arguments)?.success("listing packages")?;
    let text = output.out();
    let mut results = Vec::new();
    for line in text.lines() {
        let row: Vec<&str> = line.split('\t').collect();
        let [name, architecture, epoch, version, release, repository] = row.as_slice() else { continue };
        let installed = what == "installed" || repository.starts_with('@');
        let envra = format!("{epoch}:{name}-{version}-{release}.{architecture}");
        let map: Map = [
            ("name", *name),
            ("arch", *architecture),
            ("epoch", *epoch),
            ("version", *version),
            ("release", *release),
            ("repo", *repository),
            ("envra", envra.as_str()),
            ("nevra", envra.as_str()),
            ("yumstate", if installed { "installed" } else { "available" }),
        ]
        .into_iter()
        .map(|(key, value)| (key.into(), Value::from(value)))
        .collect();
        results.push(Value::map(map));
    }
    Ok(Outcome::ok().msg("").with("results", Value::list(results)))
}

impl Action for Dnf {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        if self.autoremove && matches!(self.state, Some(State::Present | State::Latest)) {
            return Err(ModuleError::new("Autoremove should be used alone or with state=absent")
                .with("results", Value::list(Vec::new())));
        }
        let caller = self.caller(ctx)?;
        if let Some(what) = &self.list {
            return listed(what, &caller);
        }
        if self.name.is_empty() && self.update_cache && !self.autoremove {
            if !ctx.mode.check {
                caller.run(&["makecache".to_owned()])?.success("updating the cache")?;
            }
            return Ok(Outcome::ok().msg("Cache updated").with("rc", 0_i64).with("results", Value::list(Vec::new())));
        }
        let mut outcome = Outcome::ok();
        let mut results = Vec::new();
        for mut call in self.calls(&caller)? {
            let plan = self.plan(&caller, &mut call)?;
            if plan.is_empty() {
                continue;
            }
            outcome.changed = true;
            if ctx.mode.diff {
                outcome.diff.push(plan.diff());
            }
            results.extend(plan.results().into_iter().map(Value::from));
            if !ctx.mode.check {
                caller.carry_out(&call)?;
            }
        }
        let msg = match (outcome.changed, ctx.mode.check) {
            (false, _) => "Nothing to do",
            (true, true) => "Check mode: No changes made, but would have if not in check mode",
            (true, false) => "",
        };
        Ok(outcome.msg(msg).with("rc", 0_i64).with("results", Value::list(results)))
    }
}
