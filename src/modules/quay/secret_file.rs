//! Files that hold one secret: mode 0600, replaced in one step, in folders that nobody else can look into.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use serde::Serialize;

use crate::modules::error::ModuleError;
use crate::value::Secret;

/// What is in such a file, compared with what shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kept {
    /// The secret, and nobody else can read it.
    Right,
    /// Another one, or others can read it.
    Stale,
    /// Nothing.
    Missing,
}

/// The secret in a file: its first line, where that is `export NAME=secret` what follows the `=`. `None` where there is no
/// file or nothing in it.
pub(super) fn read(path: &Path) -> Result<Option<Secret>, ModuleError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModuleError::because(format!("cannot read `{}`", path.display()), error)),
    };
    Ok(parse(&text))
}

fn parse(text: &str) -> Option<Secret> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let value = line.strip_prefix("export ").map_or(line, |rest| rest.split_once('=').map_or("", |(_, value)| value));
    let value = value.trim();
    let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value);
    (!bare.is_empty()).then(|| Secret::new(bare))
}

/// Whether a file holds just this secret, for nobody else to read.
pub(super) fn state(path: &Path, secret: Option<&Secret>) -> Result<Kept, ModuleError> {
    let Some(found) = read(path)? else { return Ok(Kept::Missing) };
    let mode = fs::metadata(path)
        .map_err(|error| ModuleError::because(format!("cannot look at `{}`", path.display()), error))?
        .permissions()
        .mode();
    // the lowest six bits of a mode are for others
    let kept = Some(&found) == secret && mode.trailing_zeros() >= 6;
    Ok(if kept { Kept::Right } else { Kept::Stale })
}

/// Keeps a secret in a file. The folder is made (0700) where it is missing.
pub(super) fn write(path: &Path, secret: &Secret) -> Result<(), ModuleError> {
    let failed = |error: io::Error| ModuleError::because(format!("cannot write `{}`", path.display()), error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    // made with mode 0600; a reader sees the old secret or the new one, never half of one
    let mut file = tempfile::Builder::new()
        .prefix(".secret")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(failed)?;
    writeln!(file, "{}", secret.expose()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Removes such a file; nothing happens where there is none.
pub(super) fn remove(path: &Path) -> Result<(), ModuleError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ModuleError::because(format!("cannot remove `{}`", path.display()), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_bare_or_exported() {
        for (text, secret) in [
            ("abc\n", Some("abc")),
            ("\n  abc  \nmore\n", Some("abc")),
            ("export ADMIN_TOKEN=abc=\n", Some("abc=")),
            ("# made by hand\nexport T=\"a b\"\n", Some("a b")),
            ("export T=\n", None),
            ("\n", None),
        ] {
            assert_eq!(parse(text).as_ref().map(Secret::expose), secret, "{text:?}");
        }
    }

    #[test]
    fn secrets_are_kept_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens/admin");
        let secret = Secret::new("abc");
        assert_eq!(state(&path, Some(&secret)).unwrap(), Kept::Missing);
        write(&path, &secret).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "abc\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(state(&path, Some(&secret)).unwrap(), Kept::Right);
        assert_eq!(state(&path, Some(&Secret::new("x"))).unwrap(), Kept::Stale);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(state(&path, Some(&secret)).unwrap(), Kept::Stale);
        write(&path, &Secret::new("new")).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().expose(), "new");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }
}
