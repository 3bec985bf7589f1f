//! Passwords that are drawn once and kept in a file.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use rand::RngExt as _;

use super::call::Request;
use super::words::words;
use crate::template::crypt;
use crate::template::eval::{Machine, int_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::paths::expand_user;
use crate::template::python_random::PythonRandom;
use crate::value::Value;

const OPTIONS: &[&str] = &["chars", "encrypt", "ident", "length", "seed"];
/// Longer passwords are refused: a mistake, or an attempt to exhaust memory.
const LONGEST: usize = 100_000;

/// What a term asks for.
#[derive(Clone)]
struct Wish {
    path: String,
    length: usize,
    chars: Vec<String>,
    encrypt: Option<String>,
    ident: Option<String>,
    seed: Option<String>,
}

/// `password`: the password in a file, drawn and written if the file is not there. The file is its owner's alone.
pub(super) fn password(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let length = request.option("length").map(|value| int_of(&Item::Value(value))).transpose()?;
    let chars = request.option("chars");
    let base = Wish {
        path: String::new(),
        length: length_of(length.unwrap_or(20))?,
        chars: match chars {
            None => default_chars(),
            Some(Value::List(items)) => {
                items.iter().map(|item| request.machine.display(&Item::Value(item.clone()))).collect::<Outcome<_>>()?
            }
            Some(value) => split_chars(&request.machine.display(&Item::Value(value))?),
        },
        encrypt: request.text_option("encrypt")?,
        ident: request.text_option("ident")?,
        seed: request.text_option("seed")?,
    };
    request.texts()?.iter().map(|term| one(request.machine, &read_term(term, &base)?)).collect()
}

fn length_of(length: i128) -> Outcome<usize> {
    usize::try_from(length)
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| Fault::new("the length of the password is out of range"))
}

fn default_chars() -> Vec<String> {
    ["ascii_letters", "digits", ".,:-_"].map(str::to_owned).to_vec()
}

/// `a,b,,` is `a`, `b` and the comma.
fn split_chars(text: &str) -> Vec<String> {
    let mut out: Vec<String> = text.replace(",,", "\u{0}").split(',').map(str::to_owned).collect();
    for part in &mut out {
        if part.contains('\u{0}') {
            *part = part.replace('\u{0}', "");
            part.push(',');
        }
    }
    out.retain(|part| !part.is_empty());
    out
}

fn read_term(term: &str, base: &Wish) -> Outcome<Wish> {
    let mut wish = base.clone();
    let mut path = Vec::new();
    for word in words(term) {
        match word.split_once('=') {
            Some((name, value)) if OPTIONS.contains(&name) => match name {
                "length" => wish.length = length_of(int_of(&Item::text(value))?)?,
                "chars" => wish.chars = split_chars(value),
                "encrypt" => wish.encrypt = Some(value.to_owned()),
                "ident" => wish.ident = Some(value.to_owned()),
                _ => wish.seed = Some(value.to_owned()),
            },
            Some((name, _)) if !path.is_empty() => {
                return Err(Fault::new(format!("there is no option `{name}`"))
                    .help(crate::diag::did_you_mean(name, OPTIONS.iter().copied())));
            }
            _ => path.push(word),
        }
    }
    wish.path = path.join(" ");
    if wish.path.is_empty() {
        return Err(Fault::new("the path of the password's file is missing"));
    }
    Ok(wish)
}

fn one(machine: &Machine<'_>, wish: &Wish) -> Outcome<Value> {
    let path = place(machine, &wish.path)?;
    // one at a time, so that hosts that ask at once get the same
    let _guard = machine.engine.passwords.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = if path == Path::new("/dev/null") { None } else { stored(&path)? };
    let (password, mut salt) = match &kept {
        Some((password, salt)) => (password.clone(), salt.clone()),
        None => (draw(wish)?, None),
    };
    machine.engine.redactor.register(&password);
    let shown = match wish.encrypt.as_deref().filter(|kind| !kind.is_empty()) {
        None => password.clone(),
        Some(kind) => {
            let salt = salt.get_or_insert_with(|| crypt::random_salt(if kind.starts_with('b') { 22 } else { 8 }));
            let wish = crypt::Wish { salt: Some(salt.clone()), ident: wish.ident.clone(), ..crypt::Wish::default() };
            crypt::hash(kind, password.as_bytes(), &wish)?
        }
    };
    let changed = kept.as_ref().is_none_or(|(_, kept_salt)| *kept_salt != salt);
    if changed && path != Path::new("/dev/null") {
        store(&path, &password, salt.as_deref())?;
    }
    machine.engine.redactor.register(&shown);
    Ok(Value::secret(shown))
}

/// The file's path; a relative one starts at the playbook.
fn place(machine: &Machine<'_>, path: &str) -> Outcome<PathBuf> {
    let path = expand_user(path, &machine.engine.environment);
    let path = Path::new(&path);
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match machine.variable("playbook_dir")? {
        Some(folder) => Ok(Path::new(&machine.display(&folder)?).join(path)),
        None => Ok(path.to_owned()),
    }
}

fn draw(wish: &Wish) -> Outcome<String> {
    let alphabet: Vec<char> =
        wish.chars.iter().flat_map(|name| named(name)).filter(|c| !matches!(c, '"' | '\'')).collect();
    if alphabet.is_empty() {
        return Err(Fault::new("there are no characters to make a password of"));
    }
    let mut seeded = wish.seed.as_deref().map(PythonRandom::seeded_by_text);
    let mut random = rand::rng();
    Ok((0..wish.length)
        .filter_map(|_| {
            let index = match &mut seeded {
                Some(seeded) => usize::try_from(seeded.below(alphabet.len() as u128)).unwrap_or(0),
                None => random.random_range(0..alphabet.len()),
            };
            alphabet.get(index).copied()
        })
        .collect())
}

/// The characters of a name of Python's `string`, or the name's own.
fn named(name: &str) -> Vec<char> {
    let lower = 'a'..='z';
    let upper = 'A'..='Z';
    let digits = '0'..='9';
    match name {
        "ascii_letters" => lower.chain(upper).collect(),
        "ascii_lowercase" => lower.collect(),
        "ascii_uppercase" => upper.collect(),
        "digits" => digits.collect(),
        "hexdigits" => digits.chain('a'..='f').chain('A'..='F').collect(),
        "octdigits" => ('0'..='7').collect(),
        "punctuation" => (' '..='~').filter(char::is_ascii_punctuation).collect(),
        "whitespace" => " \t\n\r\u{b}\u{c}".chars().collect(),
        own => own.chars().collect(),
    }
}

/// The password and its salt in a file, if there is one.
fn stored(path: &Path) -> Outcome<Option<(String, Option<String>)>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::new(format!("file `{}` cannot be read: {error}", path.display()))),
    };
    let text = text.trim_end();
    let text = text.split_once(" ident=").map_or(text, |(text, _)| text);
    Ok(Some(match text.rsplit_once(" salt=") {
        Some((password, salt)) => (password.to_owned(), Some(salt.to_owned())),
        None => (text.to_owned(), None),
    }))
}

fn store(path: &Path, password: &str, salt: Option<&str>) -> Outcome<()> {
    let failed = |error: std::io::Error| Fault::new(format!("file `{}` cannot be written: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
    let salt = salt.map(|salt| format!(" salt={salt}")).unwrap_or_default();
    writeln!(file, "{password}{salt}").map_err(failed)
}
