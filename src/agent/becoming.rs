//! Another user on the same host: `sudo`, `su` or `doas` starts a shell with a terminal of its own at hand, so that it can ask
//! for a password, while the agent's stream runs over pipes.

use std::io::Cursor;
use std::process::Stdio;
use std::time::Duration;

use pty_process::Pty;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::handshake::StartError;
use crate::transport::{ExitStatus, Process, TransportError};
use crate::value::Secret;

/// What `sudo` is told to ask, so that nothing else is taken for it.
const QUESTION: &str = "[quaymaster] password:";

/// How long to wait for the last words of a program that has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// How long to leave a terminal alone that no program has open.
const TERMINAL_PAUSE: Duration = Duration::from_millis(10);

/// Longer lines are no question.
const LONGEST_QUESTION: usize = 200;

/// Another user to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Become {
    /// `become_method`: `sudo`, `su` or `doas`.
    pub method: String,
    /// `become_user`.
    pub user: String,
    /// `ansible_become_password`.
    pub password: Option<Secret>,
    /// `ansible_become_exe`.
    pub executable: Option<String>,
    /// `ansible_become_flags`.
    pub flags: Option<String>,
}

impl Become {
    /// Program and arguments that start a shell with a script.
    fn command(&self, script: &str) -> Result<(String, Vec<String>), StartError> {
        let method = self.method.rsplit('.').next().unwrap_or_default();
        let flags = match (&self.flags, method) {
            (Some(flags), _) => flags.split_whitespace().map(str::to_owned).collect(),
            (None, "sudo") => vec!["-H".to_owned()],
            (None, _) => Vec::new(),
        };
        // a password goes through the terminal (not `-S`), and without one nothing shall wait for it
        let keep = |flag: &String| !matches!(flag.as_str(), "-S" | "-n");
        let mut args: Vec<String> = flags.into_iter().filter(keep).collect();
        let asks = self.password.is_some();
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match method {
            "sudo" => {
                args.extend(if asks { own(&["-p", QUESTION]) } else { own(&["-n"]) });
                args.extend(own(&["-u", &self.user, "--", "/bin/sh", "-c", script]));
            }
            "doas" => {
                args.extend(if asks { Vec::new() } else { own(&["-n"]) });
                args.extend(own(&["-u", &self.user, "--", "/bin/sh", "-c", script]));
            }
            "su" => args.extend(own(&[&self.user, "-s", "/bin/sh", "-c", script])),
            other => {
                return Err(StartError::Become(format!(
                    "the become method `{other}` is not supported; `sudo`, `su` and `doas` are"
                )));
            }
        }
        Ok((self.executable.clone().unwrap_or_else(|| method.to_owned()), args))
    }

    /// Whether a line that is not ended yet is the question for the password.
    fn asks(&self, line: &str) -> bool {
        if line.contains(QUESTION) {
            return true;
        }
        let line = line.trim();
        let method = self.method.rsplit('.').next().unwrap_or_default();
        // a complaint may come in two pieces, of which the first is the program's name
        let complains = line.strip_suffix(':') == Some(method);
        method != "sudo" && line.ends_with([':', '：']) && line.len() < LONGEST_QUESTION && !complains
    }

    /// Starts the shell.
    pub(super) async fn start(&self, script: &str) -> Result<Process, StartError> {
        let (program, args) = self.command(script)?;
        let failed = |error: &dyn std::fmt::Display| {
            StartError::Become(format!("cannot start `{program}` to become `{}`: {error}", self.user))
        };
        let (pty, pts) = pty_process::open().map_err(|error| failed(&error))?;
        let mut child = pty_process::Command::new(&program)
            .args(&args)
            // words of refusals are known in English
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn(pts)
            .map_err(|error| match &error {
                pty_process::Error::Io(io) if io.kind() == std::io::ErrorKind::NotFound => {
                    StartError::Become(format!("cannot become `{}`: there is no `{program}` on the host", self.user))
                }
                other => failed(other),
            })?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed(&"it has no streams"));
        };
        let dialogue =
            Dialogue { of: self, program: &program, terminal: pty, stdin, said: Vec::new(), answered: false };
        let (dialogue, first, stdout, stderr) = dialogue.hold(stdout, stderr).await?;
        let Dialogue { terminal, stdin, said, .. } = dialogue;
        tokio::spawn(drain(terminal));
        Ok(Process {
            stdin: Some(Box::new(stdin)),
            stdout: Some(Box::new(Cursor::new(first).chain(stdout))),
            stderr: Some(Box::new(Cursor::new(said).chain(stderr))),
            exit: Box::pin(async move {
                let status = child.wait().await.map_err(|error| TransportError::Broken {
                    host: "this host".to_owned(),
                    source: Box::new(error),
                })?;
                Ok(status.code().map_or(ExitStatus::Unknown, ExitStatus::Code))
            }),
        })
    }
}

/// Keeps the terminal open, since closing it would end the agent, and empty.
async fn drain(mut terminal: Pty) {
    let mut piece = [0; 1024];
    // it breaks when nobody has it open any more
    while let Ok(1..) = terminal.read(&mut piece).await {}
}

/// The talk before the shell says its first word.
struct Dialogue<'a> {
    of: &'a Become,
    program: &'a str,
    terminal: Pty,
    stdin: ChildStdin,
    /// What was said on the terminal and on standard error.
    said: Vec<u8>,
    answered: bool,
}

impl Dialogue<'_> {
    /// Answers the question for the password, on the terminal or, as `su` wants it, on standard input. Ends with the shell's
    /// first bytes.
    async fn hold(
        mut self,
        mut stdout: ChildStdout,
        mut stderr: ChildStderr,
    ) -> Result<(Self, Vec<u8>, ChildStdout, ChildStderr), StartError> {
        let (mut out, mut err, mut tty) = ([0; 4096], [0; 1024], [0; 1024]);
        let mut err_open = true;
        loop {
            tokio::select! {
                count = stdout.read(&mut out) => {
                    if let Ok(count @ 1..) = count {
                        let first = out.get(..count).unwrap_or_default().to_vec();
                        return Ok((self, first, stdout, stderr));
                    }
                    // what was said last may still be on its way
                    while let Ok(Ok(count @ 1..)) = timeout(LAST_WORDS, stderr.read(&mut err)).await {
                        self.said.extend_from_slice(err.get(..count).unwrap_or_default());
                    }
                    while let Ok(Ok(count @ 1..)) = timeout(LAST_WORDS, self.terminal.read(&mut tty)).await {
                        self.said.extend_from_slice(tty.get(..count).unwrap_or_default());
                    }
                    return Err(self.refused());
                }
                count = stderr.read(&mut err), if err_open => match count {
                    Ok(count @ 1..) => {
                        let answer = self.heard(err.get(..count).unwrap_or_default())?;
                        if let Some(answer) = answer {
                            // where it is not read any more the shell ends, and says why
                            let _ = self.stdin.write_all(answer.as_bytes()).await;
                            let _ = self.stdin.flush().await;
                        }
                    }
                    _ => err_open = false,
                },
                count = self.terminal.read(&mut tty) => match count {
                    Ok(count @ 1..) => {
                        let answer = self.heard(tty.get(..count).unwrap_or_default())?;
                        if let Some(answer) = answer {
                            let _ = self.terminal.write_all(answer.as_bytes()).await;
                        }
                    }
                    // nobody has it open yet, or not any more
                    _ => tokio::time::sleep(TERMINAL_PAUSE).await,
                },
            }
        }
    }

    /// Takes what was said; gives the answer to a question.
    fn heard(&mut self, bytes: &[u8]) -> Result<Option<String>, StartError> {
        self.said.extend_from_slice(bytes);
        let text = String::from_utf8_lossy(&self.said);
        let line = text.rsplit('\n').next().unwrap_or_default();
        if !self.of.asks(line) {
            return Ok(None);
        }
        let Some(password) = &self.of.password else {
            return Err(self.problem("it asks for a password: give one with `ansible_become_password` or `-K`"));
        };
        if self.answered {
            return Err(self.problem("the password is wrong"));
        }
        self.answered = true;
        self.said.push(b'\n');
        Ok(Some(format!("{}\n", password.expose())))
    }

    fn problem(&self, what: &str) -> StartError {
        StartError::Become(format!("cannot become `{}` with `{}`: {what}", self.of.user, self.program))
    }

    /// Why the shell ended before it said anything, in the words of the program.
    fn refused(&self) -> StartError {
        let text = String::from_utf8_lossy(&self.said);
        let said: Vec<_> =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains(QUESTION)).collect();
        let said = said.get(said.len().saturating_sub(2)..).unwrap_or_default().join("; ");
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let what = if has(&[
            "password is required",
            "a terminal is required",
            "Authentication required",
            "Authorization required",
        ]) {
            "it needs a password: give one with `ansible_become_password` or `-K`"
        } else if has(&["incorrect password", "Sorry, try again", "Authentication failure", "Authentication failed"]) {
            "the password is wrong"
        } else if has(&["not in the sudoers file", "not allowed", "Operation not permitted", "may not run"]) {
            "it is not allowed"
        } else if has(&["unknown user", "does not exist"]) {
            "there is no such user"
        } else if has(&["must have a tty", "no tty present"]) {
            "it wants a terminal"
        } else {
            "it ended"
        };
        let what = if said.is_empty() { what.to_owned() } else { format!("{what} ({said})") };
        self.problem(&what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, password: Option<&str>, flags: Option<&str>) -> Become {
        Become {
            method: method.to_owned(),
            user: "web".to_owned(),
            password: password.map(Secret::new),
            executable: None,
            flags: flags.map(str::to_owned),
        }
    }

    #[test]
    fn commands_and_questions() {
        let args = |of: &Become| of.command("x").unwrap().1.join(" ");
        assert_eq!(args(&of("sudo", None, None)), "-H -n -u web -- /bin/sh -c x");
        assert_eq!(
            args(&of("ansible.builtin.sudo", Some("p"), Some("-H -S -n"))),
            format!("-H -p {QUESTION} -u web -- /bin/sh -c x")
        );
        assert_eq!(args(&of("su", None, Some("-"))), "- web -s /bin/sh -c x");
        assert!(of("runas", None, None).command("x").is_err());
        assert!(of("su", None, None).asks("Password: ") && of("doas", None, None).asks("doas (me@host) password: "));
        assert!(!of("sudo", None, None).asks("Password: ") && !of("su", None, None).asks("Welcome to"));
        assert!(!of("su", None, None).asks("su: "));
    }

    #[tokio::test]
    async fn what_is_not_there_is_named() {
        let mut missing = of("sudo", None, None);
        missing.executable = Some("/nonexistent/sudo".to_owned());
        let error = missing.start("exit 0").await.unwrap_err().to_string();
        assert_eq!(error, "cannot become `web`: there is no `/nonexistent/sudo` on the host");
    }
}
