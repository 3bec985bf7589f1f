//! Filters on paths, as `os.path` has them.

use std::path::{Path, PathBuf};

use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::paths::{expand_user, glob, normal};

/// `basename`: what follows the last slash.
pub(super) fn basename(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    Ok(Item::text(path.rsplit('/').next().unwrap_or("")))
}

/// `dirname`: what goes before it.
pub(super) fn dirname(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    let head = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("");
    let trimmed = head.trim_end_matches('/');
    Ok(Item::text(if trimmed.is_empty() { head } else { trimmed }))
}

/// `splitext`: the path and its extension.
pub(super) fn splitext(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    let name = path.rfind('/').map_or(0, |at| at + 1);
    let first = path.get(name..).unwrap_or("").chars().take_while(|c| *c == '.').count();
    let dot = path.get(name + first..).and_then(|rest| rest.rfind('.')).map(|at| name + first + at);
    let (stem, extension) = path.split_at(dot.unwrap_or(path.len()));
    Ok(Item::tuple(vec![Item::text(stem), Item::text(extension)]))
}

/// `normpath`: without `.`, `..` and doubled slashes; links are not looked at.
pub(super) fn normpath(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(normal(&run.display(item)?)))
}

/// `realpath`: with links followed as far as the path exists.
pub(super) fn realpath(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    let absolute = absolute(&path)?;
    let mut rest = Vec::new();
    let mut existing = absolute.as_path();
    let real = loop {
        match existing.canonicalize() {
            Ok(real) => break real,
            Err(_) => match (existing.parent(), existing.file_name()) {
                (Some(parent), Some(name)) => {
                    rest.push(name.to_owned());
                    existing = parent;
                }
                (Some(parent), None) => existing = parent,
                _ => break existing.to_owned(),
            },
        }
    };
    let whole = rest.into_iter().rev().fold(real, |path, name| path.join(name));
    Ok(Item::text(normal(&whole.to_string_lossy())))
}

fn absolute(path: &str) -> Outcome<PathBuf> {
    std::path::absolute(if path.is_empty() { "." } else { path })
        .map_err(|error| Fault::new(format!("the working directory cannot be read: {error}")))
}

/// `relpath(start='.')`: the way from one folder to a path.
pub(super) fn relpath(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [start] = args.bind(["start"])?;
    let start = start.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| ".".to_owned());
    let to = normal(&absolute(&run.display(item)?)?.to_string_lossy());
    let from = normal(&absolute(&start)?.to_string_lossy());
    let parts =
        |path: &str| -> Vec<String> { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let (to, from) = (parts(&to), parts(&from));
    let common = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let way: Vec<String> = up.chain(to.into_iter().skip(common)).collect();
    Ok(Item::text(if way.is_empty() { ".".to_owned() } else { way.join("/") }))
}

/// `path_join`: the parts of a list as one path; an absolute part starts over.
pub(super) fn path_join(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let parts = match item.as_str() {
        Some(path) => vec![path.to_owned()],
        None => run.iterate(item)?.iter().map(|item| run.display(item)).collect::<Outcome<_>>()?,
    };
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if part.starts_with('/') || index == 0 {
            out.clone_from(part);
        } else {
            if !out.is_empty() && !out.ends_with('/') {
                out.push('/');
            }
            out.push_str(part);
        }
    }
    Ok(Item::text(out))
}

/// `commonpath`: the longest path that all of a list begin with.
pub(super) fn commonpath(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let paths = run.iterate(item)?.iter().map(|item| run.display(item)).collect::<Outcome<Vec<_>>>()?;
    let absolute = paths.iter().filter(|path| path.starts_with('/')).count();
    if paths.is_empty() {
        return Err(Fault::new("the list of paths is empty"));
    }
    if absolute != 0 && absolute != paths.len() {
        return Err(Fault::new("absolute and relative paths cannot be mixed"));
    }
    let split: Vec<Vec<&str>> =
        paths.iter().map(|path| path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()).collect();
    let mut common: Vec<&str> = split.first().cloned().unwrap_or_default();
    for parts in &split {
        let same = common.iter().zip(parts).take_while(|(a, b)| a == b).count();
        common.truncate(same);
    }
    Ok(Item::text(format!("{}{}", if absolute > 0 { "/" } else { "" }, common.join("/"))))
}

/// `expanduser`: `~` as the home folder.
pub(super) fn expanduser(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    Ok(Item::text(expand_user(&path, &run.engine.environment)))
}

/// `expandvars`: `$NAME` and `${NAME}` as environment variables of the controller.
pub(super) fn expandvars(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    let mut out = String::with_capacity(path.len());
    let mut rest = path.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, written, tail) =
            if let Some((name, tail)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                (name, name.len() + 2, tail)
            } else {
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                let (name, tail) = after.split_at(end);
                (name, end, tail)
            };
        if let Some(value) = run.engine.environment.get(name) {
            out.push_str(value);
        } else {
            out.push('$');
            out.push_str(after.get(..written).unwrap_or(""));
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(Item::text(out))
}

/// `fileglob`: the files on the controller that match a pattern.
pub(super) fn fileglob(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let found = glob(Path::new(&run.display(item)?))?;
    Ok(Item::list(found.into_iter().map(|path| Item::text(path.to_string_lossy().as_ref())).collect()))
}

/// `win_basename`: what follows the last slash of either sort.
pub(super) fn win_basename(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    Ok(Item::text(path.rsplit(['/', '\\', ':']).next().unwrap_or("")))
}

/// `win_dirname`: what goes before it.
pub(super) fn win_dirname(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    let (drive, rest) = drive_of(&path);
    let head = rest.rfind(['/', '\\']).and_then(|at| rest.get(..=at)).unwrap_or("");
    let trimmed = head.trim_end_matches(['/', '\\']);
    Ok(Item::text(format!("{drive}{}", if trimmed.is_empty() { head } else { trimmed })))
}

/// `win_splitdrive`: the drive and the rest.
pub(super) fn win_splitdrive(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let path = run.display(item)?;
    let (drive, rest) = drive_of(&path);
    Ok(Item::tuple(vec![Item::text(drive), Item::text(rest)]))
}

fn drive_of(path: &str) -> (&str, &str) {
    let has_drive = path.get(1..2) == Some(":");
    path.split_at(if has_drive { 2 } else { 0 })
}

/// `unvault(secret, vaultid=…)`: what an envelope holds.
pub(super) fn unvault(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [secret, id] = args.bind(["secret", "vault_id"])?;
    let text = run.display(item)?;
    if !crate::vault::is_encrypted(text.as_bytes()) {
        return Ok(item.clone());
    }
    let secrets = secrets(run, secret, id)?;
    let opened =
        secrets.decrypt(&text).map_err(|error| Fault::new(format!("the envelope cannot be opened: {error}")))?;
    run.engine.redactor.register(opened.expose());
    Ok(Item::Value(crate::value::Value::secret(opened.expose())))
}

/// `vault(secret, salt=None, vault_id='filter_default', wrap_object=false)`: the text in an envelope.
pub(super) fn vault(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [secret, salt, id, _wrap] = args.bind(["secret", "salt", "vault_id", "wrap_object"])?;
    if salt.is_some_and(|salt| !salt.is_null()) {
        return Err(Fault::new("a salt of one's own is not supported: it would weaken the envelope"));
    }
    let text = run.display(item)?;
    let named = id.as_ref().map(|id| run.display(id)).transpose()?;
    let secrets = secrets(run, secret, id)?;
    let envelope = secrets
        .encrypt(text.as_bytes(), named.as_deref())
        .map_err(|error| Fault::new(format!("the text cannot be encrypted: {error}")))?;
    // an envelope may be shown: that is what it is for
    Ok(Item::text(envelope))
}

fn secrets(run: &Run<'_, '_>, secret: Option<Item>, id: Option<Item>) -> Outcome<crate::vault::VaultSecrets> {
    let secret = run.display(&required(secret, "secret")?)?;
    run.engine.redactor.register(&secret);
    let id = id.map(|id| run.display(&id)).transpose()?.unwrap_or_else(|| "default".to_owned());
    Ok(crate::vault::VaultSecrets::new(vec![(id, crate::value::Secret::new(secret))]))
}
