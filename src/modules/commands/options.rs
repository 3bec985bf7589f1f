//! The options of `command` and `shell`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::execution::{Invocation, Program, run};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::Text;
use crate::value::split_words;

fn yes() -> bool {
    true
}

/// Runs a program with arguments, without a shell: no pipes, redirections, globs or `&&`.
///
/// The task counts as changed whenever the program ran, and as failed when its exit status is not 0.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The command line, split into words as a shell would, without its expansions. May stand directly behind the module's
    /// name.
    #[serde(alias = "_raw_params")]
    #[schemars(extend("x-aliases" = ["_raw_params"]))]
    cmd: Option<String>,
    /// The command as a list of words; nothing is split.
    argv: Option<Vec<String>>,
    /// Start in this folder.
    chdir: Option<String>,
    /// Do not run when a file matches this pattern.
    creates: Option<String>,
    /// Do not run unless a file matches this pattern.
    removes: Option<String>,
    /// Text for the program to read from its standard input.
    stdin: Option<Text>,
    /// End `stdin` with a newline.
    #[serde(default = "yes")]
    stdin_add_newline: bool,
    /// Remove newlines from the end of what the program wrote.
    #[serde(default = "yes")]
    strip_empty_ends: bool,
    /// Replace `~`, `$NAME` and `${NAME}` in the words.
    #[serde(default = "yes")]
    expand_argument_vars: bool,
}

impl Action for Command {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let words = match (&self.cmd, &self.argv) {
            (Some(_), Some(_)) => return Err(ModuleError::new("only one of `cmd` and `argv` can be given")),
            (Some(line), None) => {
                split_words(line).map_err(|error| ModuleError::because("cannot split the command into words", error))?
            }
            (None, Some(words)) => words.clone(),
            (None, None) => Vec::new(),
        };
        if words.is_empty() {
            return Err(ModuleError::new("no command given").with("rc", 256_i64));
        }
        let program = Program::Words { words, expand: self.expand_argument_vars };
        run(
            &Invocation {
                program,
                chdir: self.chdir.as_deref(),
                creates: self.creates.as_deref(),
                removes: self.removes.as_deref(),
                stdin: self.stdin.as_ref(),
                stdin_add_newline: self.stdin_add_newline,
                strip_empty_ends: self.strip_empty_ends,
            },
            ctx,
        )
    }
}

/// Runs a command line in a shell: pipes, redirections and everything else that the shell knows.
///
/// The task counts as changed whenever the command ran, and as failed when its exit status is not 0. Variables in the command
/// line want the filter `quote`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shell {
    /// The command line. May stand directly behind the module's name.
    #[serde(alias = "_raw_params")]
    #[schemars(extend("x-aliases" = ["_raw_params"]))]
    cmd: Option<String>,
    /// Start in this folder.
    chdir: Option<String>,
    /// Do not run when a file matches this pattern.
    creates: Option<String>,
    /// Do not run unless a file matches this pattern.
    removes: Option<String>,
    /// The shell to use instead of `/bin/sh`, by its full path.
    executable: Option<String>,
    /// Text for the command to read from its standard input.
    stdin: Option<Text>,
    /// End `stdin` with a newline.
    #[serde(default = "yes")]
    stdin_add_newline: bool,
    /// Remove newlines from the end of what the command wrote.
    #[serde(default = "yes")]
    strip_empty_ends: bool,
}

impl Action for Shell {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let Some(line) = self.cmd.as_deref().filter(|line| !line.trim().is_empty()) else {
            return Err(ModuleError::new("no command given").with("rc", 256_i64));
        };
        run(
            &Invocation {
                program: Program::Shell { shell: self.executable.as_deref().unwrap_or("/bin/sh"), line },
                chdir: self.chdir.as_deref(),
                creates: self.creates.as_deref(),
                removes: self.removes.as_deref(),
                stdin: self.stdin.as_ref(),
                stdin_add_newline: self.stdin_add_newline,
                strip_empty_ends: self.strip_empty_ends,
            },
            ctx,
        )
    }
}
