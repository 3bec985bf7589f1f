//! Passwords for the system's `ssh`, which takes them only from a terminal or a helper program. The helper is a script in a
//! folder of our own that reads them from a FIFO: they are in no argument list, no environment and no file.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::value::Secret;

/// How often each may be asked for: for every key, and by two ways of authentication.
const COPIES: usize = 8;

/// The helper, as long as it may be asked.
#[derive(Debug)]
pub(super) struct AskPass {
    pub(super) script: PathBuf,
    /// Open for reading too, so that the kernel keeps what was written until somebody reads it.
    _queues: Vec<File>,
}

impl AskPass {
    /// Makes the helper in a folder that only this user may enter.
    pub(super) fn make(folder: &Path, password: Option<&Secret>, passphrase: Option<&Secret>) -> io::Result<Self> {
        let mut queues = Vec::new();
        let mut script =
            "#!/bin/sh\nread_one() { IFS= read -r line <\"$1\" && printf '%s\\n' \"$line\"; }\ncase \"$1\" in\n"
                .to_owned();
        for (secret, name, pattern) in [(passphrase, "passphrase", "*[Pp]assphrase*"), (password, "password", "*")] {
            match secret {
                Some(secret) => {
                    let path = folder.join(name);
                    queues.push(queue(&path, secret)?);
                    script.extend([pattern, ") read_one '", &path.display().to_string(), "' ;;\n"]);
                }
                None => script.extend([pattern, ") exit 1 ;;\n"]),
            }
        }
        script.push_str("esac\n");
        let path = folder.join("askpass");
        fs::write(&path, script)?;
        fs::set_permissions(&path, Permissions::from_mode(0o700))?;
        Ok(Self { script: path, _queues: queues })
    }
}

fn queue(path: &Path, secret: &Secret) -> io::Result<File> {
    if secret.expose().contains('\n') {
        return Err(io::Error::other("a password with a line end cannot be given to `ssh`"));
    }
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0))
        .open(path)?;
    for _ in 0..COPIES {
        file.write_all(secret.expose().as_bytes())?;
        file.write_all(b"\n")?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_helper_answers_by_the_question_and_the_folder_holds_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let (password, passphrase) = (Secret::new("pass word\\n'"), Secret::new("phrase"));
        let helper = AskPass::make(folder.path(), Some(&password), Some(&passphrase)).unwrap();
        let ask = |question: &str| {
            let output = Command::new(&helper.script).arg(question).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(ask("root@web's password: "), "pass word\\n'\n");
        assert_eq!(ask("Enter passphrase for key '/k': "), "phrase\n");
        assert_eq!(ask("(root@web) Password: "), "pass word\\n'\n");
        let script = fs::read_to_string(&helper.script).unwrap();
        assert!(!script.contains("phrase\n") && !script.contains("pass word"));
    }

    #[test]
    fn without_a_password_the_helper_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let helper = AskPass::make(folder.path(), None, None).unwrap();
        assert!(!Command::new(&helper.script).arg("Password:").status().unwrap().success());
        assert!(AskPass::make(folder.path(), Some(&Secret::new("a\nb")), None).is_err());
    }
}
