//! Services under OpenRC.

use super::service_manager::ServiceManager;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;

/// A service under OpenRC.
pub(super) struct OpenRc<'o> {
    pub(super) name: &'o str,
    pub(super) runlevel: &'o str,
}

impl OpenRc<'_> {
    /// Whether OpenRC runs this host.
    pub(super) fn is_there(ctx: &Ctx) -> bool {
        ctx.find_tool("rc-service").is_some() && ctx.find_tool("rc-update").is_some()
    }

    /// Whether OpenRC knows the service.
    pub(super) fn knows(&self, ctx: &Ctx) -> Result<bool, ModuleError> {
        Ok(ctx.run_tool("rc-service", ["--exists", self.name])?.rc == 0)
    }
}

impl ServiceManager for OpenRc<'_> {
    fn runs(&self, ctx: &Ctx) -> Result<bool, ModuleError> {
        Ok(ctx.run_tool("rc-service", [self.name, "status"])?.rc == 0)
    }

    fn is_enabled(&self, ctx: &Ctx) -> Result<bool, ModuleError> {
        let shown = ctx.run_tool("rc-update", ["show", self.runlevel])?.success("rc-update")?.out();
        Ok(shown.lines().any(|line| line.split('|').next().map(str::trim) == Some(self.name)))
    }

    fn act(&self, verb: &str, ctx: &Ctx) -> Result<Output, ModuleError> {
        ctx.run_tool("rc-service", [self.name, verb])
    }

    fn enable(&self, on: bool, ctx: &Ctx) -> Result<Output, ModuleError> {
        ctx.run_tool("rc-update", [if on { "add" } else { "delete" }, self.name, self.runlevel])
    }
}
