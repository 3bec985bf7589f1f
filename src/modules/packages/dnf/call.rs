//! Calls of `dnf` and `rpm`.

use super::plan::Plan;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;
use crate::value::Value;

/// `dnf`, with the options that every call gets.
pub(super) struct Caller<'c> {
    pub(super) ctx: &'c Ctx,
    pub(super) program: &'static str,
    pub(super) options: Vec<String>,
    pub(super) root: Option<String>,
}

impl Caller<'_> {
    pub(super) fn run(&self, arguments: &[String]) -> Result<Output, ModuleError> {
        let argv = std::iter::once(self.program.to_owned()).chain(self.options.iter().cloned());
        let process = self.ctx.command(argv.chain(arguments.iter().cloned()));
        Ok(process.env("LC_ALL", "C.UTF-8").env("LANGUAGE", "C").env("COLUMNS", "400").run()?)
    }

    /// What a call would do.
    pub(super) fn plan(&self, arguments: &[String]) -> Result<Plan, ModuleError> {
        let mut asked = vec!["--assumeno".to_owned()];
        asked.extend_from_slice(arguments);
        let output = self.run(&asked)?;
        let plan = Plan::parse(&output.out());
        if output.rc == 0 || !plan.is_empty() {
            return Ok(plan);
        }
        Err(refused(&output))
    }

    /// Does it.
    pub(super) fn carry_out(&self, arguments: &[String]) -> Result<Output, ModuleError> {
        let mut sure = vec!["-y".to_owned()];
        sure.extend_from_slice(arguments);
        let output = self.run(&sure)?;
        if output.rc == 0 { Ok(output) } else { Err(refused(&output)) }
    }

    /// Whether rpm has a package of this name, with or without a version.
    pub(super) fn is_installed(&self, name: &str) -> Result<bool, ModuleError> {
        let mut argv = vec!["rpm".to_owned()];
        if let Some(root) = &self.root {
            argv.extend(["--root".to_owned(), root.clone()]);
        }
        if name.contains(['*', '?', '[']) {
            argv.extend(["-qa".to_owned(), name.to_owned()]);
            return Ok(!self.ctx.command(argv).run()?.stdout.is_empty());
        }
        let word = if name.starts_with('/') { "--whatprovides" } else { "--" };
        argv.extend(["-q".to_owned(), word.to_owned(), name.to_owned()]);
        Ok(self.ctx.command(argv).env("LC_ALL", "C").run()?.rc == 0)
    }
}

/// Why dnf did nothing, in Ansible's words where packages are not to be had.
fn refused(output: &Output) -> ModuleError {
    let (out, err) = (output.out(), output.err());
    let all = || out.lines().chain(err.lines());
    let missing = all().filter_map(|line| {
        line.strip_prefix("No match for argument: ").or_else(|| line.strip_prefix("No match for group package "))
    });
    let mut failures: Vec<Value> = Vec::new();
    for name in missing {
        let said = Value::from(format!("No package {} available.", name.trim()));
        if !failures.contains(&said) {
            failures.push(said);
        }
    }
    let mut error = if failures.is_empty() {
        let said = all().filter(|line| !line.trim().is_empty()).skip_while(|line| !line.starts_with("Error"));
        let said: Vec<&str> = said.collect();
        let said = if said.is_empty() { err.trim().to_owned() } else { said.join("\n") };
        ModuleError::new(format!("dnf failed with status {}: {said}", output.rc))
    } else {
        ModuleError::new("Failed to install some of the specified packages").with("failures", Value::list(failures))
    };
    error.values.extend(output.written());
    error.with("rc", i64::from(output.rc)).with("results", Value::list(Vec::new()))
}
