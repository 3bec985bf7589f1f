//! Services as scripts in `/etc/init.d`.

use std::path::PathBuf;

use super::service_manager::ServiceManager;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Output, glob};

/// Where init scripts are.
const FOLDERS: [&str; 3] = ["/etc/init.d", "/etc/rc.d/init.d", "/sbin/init.d"];

/// A service with an init script.
pub(super) struct InitScript<'o> {
    path: PathBuf,
    name: &'o str,
    /// Words for the script after the verb.
    arguments: Option<&'o str>,
    /// Text whose presence among the processes means that the service runs.
    pattern: Option<&'o str>,
    /// The run levels that count; those that the script itself names where empty.
    runlevels: &'o [String],
}

impl<'o> InitScript<'o> {
    /// The script of a service or unit, where it has one.
    pub(super) fn path_of(name: &str) -> Option<PathBuf> {
        let name = name.strip_suffix(".service").unwrap_or(name);
        let plain = !name.is_empty() && !name.contains('/');
        FOLDERS.iter().map(|folder| PathBuf::from(folder).join(name)).find(|path| plain && path.is_file())
    }

    /// Whether any run level starts the service.
    pub(super) fn is_enabled(name: &str) -> bool {
        let name = name.strip_suffix(".service").unwrap_or(name);
        !Self::links("?", name).is_empty()
    }

    fn links(level: &str, name: &str) -> Vec<PathBuf> {
        ["/etc/", "/etc/rc.d/"]
            .iter()
            .flat_map(|base| glob(&PathBuf::from(format!("{base}rc{level}.d/S??{name}"))))
            .collect()
    }

    /// The script of a service.
    pub(super) fn find(
        name: &'o str,
        arguments: Option<&'o str>,
        pattern: Option<&'o str>,
        runlevels: &'o [String],
    ) -> Option<Self> {
        let path = Self::path_of(name)?;
        Some(Self { path, name, arguments: arguments.filter(|words| !words.is_empty()), pattern, runlevels })
    }
}

impl ServiceManager for InitScript<'_> {
    fn runs(&self, ctx: &Ctx) -> Result<bool, ModuleError> {
        if let Some(pattern) = self.pattern {
            let processes = ctx.run_tool("ps", ["auxww"])?.success("ps")?.out();
            return Ok(processes.contains(pattern));
        }
        let told = self.act("status", ctx)?;
        let text = told.out().to_lowercase().replace(&self.name.to_lowercase(), "");
        Ok(match told.rc {
            // dead, dead with a lock, not running, unknown, not available
            1..=4 | 69 => false,
            _ if text.contains("stop") || text.contains("not running") || text.contains("is dead") => false,
            rc => rc == 0 || text.contains("run") || text.contains("start"),
        })
    }

    fn is_enabled(&self, _: &Ctx) -> Result<bool, ModuleError> {
        if self.runlevels.is_empty() {
            return Ok(Self::is_enabled(self.name));
        }
        Ok(self.runlevels.iter().all(|level| !Self::links(level, self.name).is_empty()))
    }

    fn act(&self, verb: &str, ctx: &Ctx) -> Result<Output, ModuleError> {
        let mut words = vec![self.path.to_string_lossy().into_owned(), verb.to_owned()];
        words.extend(self.arguments.into_iter().flat_map(str::split_whitespace).map(str::to_owned));
        // scripts begin with `#!/bin/sh`, but what counts is that they are for it
        ctx.run_tool("sh", ["-c", "exec \"$0\" \"$@\""].into_iter().chain(words.iter().map(String::as_str)))
    }

    fn enable(&self, on: bool, ctx: &Ctx) -> Result<Output, ModuleError> {
        let levels = self.runlevels.iter().map(String::as_str);
        if ctx.find_tool("update-rc.d").is_some() {
            if on && Self::links("?", self.name).is_empty() {
                ctx.run_tool("update-rc.d", [self.name, "defaults"])?.success("update-rc.d")?;
            }
            let verb = if on { "enable" } else { "disable" };
            return ctx.run_tool("update-rc.d", [self.name, verb].into_iter().chain(levels));
        }
        if ctx.find_tool("chkconfig").is_some() {
            let joined = self.runlevels.concat();
            let mut words = if joined.is_empty() { Vec::new() } else { vec!["--level", joined.as_str()] };
            words.extend([self.name, if on { "on" } else { "off" }]);
            ctx.run_tool("chkconfig", ["--add", self.name])?.success("chkconfig")?;
            return ctx.run_tool("chkconfig", words);
        }
        Err(ModuleError::new(format!(
            "none of `update-rc.d` and `chkconfig` is there to enable or disable {}",
            self.name
        )))
    }
}
