//! Tests of files on the controller.

use std::path::Path;

use crate::template::eval::{Args, Run, required};
use crate::template::fault::Outcome;
use crate::template::item::Item;

/// `abs`, `is_abs`: an absolute path.
pub(super) fn abs(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(Path::new(&run.display(item)?).is_absolute())
}

/// `directory`, `is_dir`.
pub(super) fn directory(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(Path::new(&run.display(item)?).is_dir())
}

/// `file`, `is_file`.
pub(super) fn file(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(Path::new(&run.display(item)?).is_file())
}

/// `exists`: links are followed.
pub(super) fn exists(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(Path::new(&run.display(item)?).exists())
}

/// `link`, `is_link`.
pub(super) fn link(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(Path::new(&run.display(item)?).is_symlink())
}

/// `link_exists`: something is there, if only a broken link.
pub(super) fn link_exists(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(Path::new(&run.display(item)?).symlink_metadata().is_ok())
}

/// `mount`, `is_mount`: a folder on another device than the one above it.
pub(super) fn mount(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    use std::os::unix::fs::MetadataExt as _;
    args.none()?;
    let path = run.display(item)?;
    let path = Path::new(&path);
    let (Ok(own), Ok(above)) = (path.symlink_metadata(), path.join("..").metadata()) else { return Ok(false) };
    Ok(!own.is_symlink() && (own.dev() != above.dev() || own.ino() == above.ino()))
}

/// `same_file(other)`, `is_same_file`.
pub(super) fn same_file(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let [other] = args.bind(["other"])?;
    let other = run.display(&required(other, "other")?)?;
    let stat = |path: &str| {
        Path::new(path)
            .metadata()
            .map_err(|error| crate::template::fault::Fault::new(format!("`{path}` cannot be read: {error}")))
    };
    let (a, b) = (stat(&run.display(item)?)?, stat(&other)?);
    Ok(a.dev() == b.dev() && a.ino() == b.ino())
}

/// `vaulted_file`: whether a file is encrypted with Ansible Vault.
pub(super) fn vaulted_file(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    use std::io::Read as _;
    args.none()?;
    let path = run.display(item)?;
    let mut start = [0; 14];
    let read = std::fs::File::open(&path).and_then(|mut file| file.read(&mut start));
    let read = read.map_err(|error| crate::template::fault::Fault::new(format!("`{path}` cannot be read: {error}")))?;
    Ok(start.get(..read).is_some_and(|start| start == b"$ANSIBLE_VAULT"))
}
