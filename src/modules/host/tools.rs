//! The system's own tools (`useradd`, `systemctl`, `sysctl` …): found also where an ordinary user's search path does not
//! lead, and run in the C locale, because their words are read.

use std::path::PathBuf;

use super::process::{Output, Process};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// Folders of administration tools, searched after those of `PATH`.
const EXTRA: [&str; 5] = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

impl Ctx {
    /// The search path of tools: that of the task, and the folders of administration tools.
    fn tool_path(&self) -> String {
        let mut folders: Vec<String> =
            self.variable("PATH").unwrap_or_default().split(':').filter(|f| !f.is_empty()).map(str::to_owned).collect();
        for extra in EXTRA {
            if !folders.iter().any(|folder| folder == extra) {
                folders.push(extra.to_owned());
            }
        }
        folders.join(":")
    }

    /// The path of a tool, where the host has it.
    pub fn find_tool(&self, name: &str) -> Option<PathBuf> {
        use std::os::unix::fs::PermissionsExt as _;
        let runnable =
            |path: &PathBuf| path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
        self.tool_path().split(':').map(|folder| PathBuf::from(folder).join(name)).find(runnable)
    }

    /// A tool to run in the C locale; an error that names it where the host does not have it.
    pub fn tool<I>(&self, name: &str, arguments: I) -> Result<Process<'_>, ModuleError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let Some(program) = self.find_tool(name) else {
            let path = self.tool_path();
            return Err(ModuleError::new(format!("Failed to find required executable \"{name}\" in paths: {path}")));
        };
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().into());
        let argv: Vec<std::ffi::OsString> = std::iter::once(program.into_os_string()).chain(arguments).collect();
        Ok(self.command(argv).env("LC_ALL", "C").env("LANGUAGE", "C").env("PATH", &self.tool_path()))
    }

    /// Runs a tool to its end, whatever its status.
    pub fn run_tool<I>(&self, name: &str, arguments: I) -> Result<Output, ModuleError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Ok(self.tool(name, arguments)?.run()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::with_ctx;

    #[test]
    fn a_tool_is_found_and_speaks_the_c_locale() {
        with_ctx(|ctx| {
            ctx.environment.insert("PATH".into(), "/nowhere".into());
            ctx.environment.insert("LC_ALL".into(), "de_DE.UTF-8".into());
            let output = ctx.run_tool("sh", ["-c", "echo $LC_ALL"]).unwrap();
            assert_eq!(output.out(), "C\n");
            let error = ctx.run_tool("no-such-tool", [""; 0]).unwrap_err();
            assert!(error.message.contains("required executable \"no-such-tool\""), "{}", error.message);
        });
    }
}
