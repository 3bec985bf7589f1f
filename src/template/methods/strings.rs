//! Methods of `str`.

use super::format;
use super::split::{rsplit_blanks, split_blanks, split_lines};
use crate::template::eval::{Args, Machine, int_of, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};

/// All of them.
pub(super) const METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
    "zfill",
];

/// Calls one.
pub(super) fn call(m: &Machine<'_>, text: &str, name: &str, args: Args) -> Outcome {
    let string = |item: Option<Item>, name: &str| -> Outcome<String> {
        let item = required(item, name)?;
        match item.as_str() {
            Some(text) => {
                m.display(&item)?;
                Ok(text.to_owned())
            }
            None => Err(Fault::new(format!("`{name}` must be str, not {}", item.type_name()))),
        }
    };
    match name {
        "capitalize" => args.none().map(|()| Item::text(capitalize(text))),
        "casefold" | "lower" => args.none().map(|()| Item::text(text.to_lowercase())),
        "upper" => args.none().map(|()| Item::text(text.to_uppercase())),
        "swapcase" => args.none().map(|()| Item::text(swap_case(text))),
        "title" => args.none().map(|()| Item::text(title(text))),
        "center" | "ljust" | "rjust" => {
            let [width, fill] = args.bind(["width", "fillchar"])?;
            let width = usize::try_from(int_of(&required(width, "width")?)?).unwrap_or(0);
            let fill = match fill {
                Some(fill) => one_char(&string(Some(fill), "fillchar")?)?,
                None => ' ',
            };
            Ok(Item::text(match name {
                "center" => center(text, width, fill),
                "ljust" => format!("{text}{}", pad(text, width, fill)),
                _ => format!("{}{text}", pad(text, width, fill)),
            }))
        }
        "zfill" => {
            let [width] = args.bind(["width"])?;
            let width = usize::try_from(int_of(&required(width, "width")?)?).unwrap_or(0);
            let (sign, digits) = match text.strip_prefix(['+', '-']) {
                Some(digits) => (text.get(..1).unwrap_or(""), digits),
                None => ("", text),
            };
            Ok(Item::text(format!("{sign}{}{digits}", pad(text, width, '0'))))
        }
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = args.bind(["chars"])?;
            let chars = match chars {
                Some(chars) if !chars.is_null() => Some(string(Some(chars), "chars")?),
                _ => None,
            };
            let strip = |c: char| chars.as_ref().map_or(c.is_whitespace(), |chars| chars.contains(c));
            Ok(Item::text(match name {
                "strip" => text.trim_matches(strip),
                "lstrip" => text.trim_start_matches(strip),
                _ => text.trim_end_matches(strip),
            }))
        }
        "split" | "rsplit" => {
            let [separator, limit] = args.bind(["sep", "maxsplit"])?;
            let limit = limit.map(|item| int_of(&item)).transpose()?.and_then(|limit| usize::try_from(limit).ok());
            let parts: Vec<String> = match separator {
                Some(separator) if !separator.is_null() => {
                    let separator = string(Some(separator), "sep")?;
                    if separator.is_empty() {
                        return Err(Fault::new("empty separator"));
                    }
                    let count = limit.map_or(usize::MAX, |limit| limit.saturating_add(1));
                    if name == "split" {
                        text.splitn(count, &separator).map(str::to_owned).collect()
                    } else {
                        let mut parts: Vec<_> = text.rsplitn(count, &separator).map(str::to_owned).collect();
                        parts.reverse();
                        parts
                    }
                }
                _ if name == "split" => split_blanks(text, limit).into_iter().map(str::to_owned).collect(),
                _ => rsplit_blanks(text, limit).into_iter().map(str::to_owned).collect(),
            };
            Ok(Item::list(parts.into_iter().map(Item::text).collect()))
        }
        "splitlines" => {
            let [keep] = args.bind(["keepends"])?;
            let keep = keep.map(|item| m.truthy(&item)).transpose()?.unwrap_or(false);
            Ok(Item::list(split_lines(text, keep).into_iter().map(Item::text).collect()))
        }
        "partition" | "rpartition" => {
            let [separator] = args.bind(["sep"])?;
            let separator = string(separator, "sep")?;
            if separator.is_empty() {
                return Err(Fault::new("empty separator"));
            }
            let parts = match (name, text.split_once(&separator), text.rsplit_once(&separator)) {
                ("partition", Some((before, after)), _) | ("rpartition", _, Some((before, after))) => {
                    [before, &separator, after]
                }
                ("partition", ..) => [text, "", ""],
                _ => ["", "", text],
            };
            Ok(Item::tuple(parts.into_iter().map(Item::text).collect()))
        }
        "join" => {
            let [items] = args.bind(["iterable"])?;
            let mut parts = Vec::new();
            for (index, item) in m.iterate(&required(items, "iterable")?)?.iter().enumerate() {
                let Some(part) = item.as_str() else {
                    return Err(Fault::new(format!(
                        "sequence item {index}: expected str instance, {} found",
                        item.type_name()
                    )));
                };
                parts.push(part.to_owned());
            }
            Ok(Item::text(parts.join(text)))
        }
        "replace" => {
            let [old, new, count] = args.bind(["old", "new", "count"])?;
            let (old, new) = (string(old, "old")?, string(new, "new")?);
            let count = count.map(|item| int_of(&item)).transpose()?.and_then(|count| usize::try_from(count).ok());
            Ok(Item::text(match count {
                Some(count) => text.replacen(&old, &new, count),
                None => text.replace(&old, &new),
            }))
        }
        "removeprefix" | "removesuffix" => {
            let [part] = args.bind(["part"])?;
            let part = string(part, "part")?;
            let cut = if name == "removeprefix" { text.strip_prefix(&*part) } else { text.strip_suffix(&*part) };
            Ok(Item::text(cut.unwrap_or(text)))
        }
        "startswith" | "endswith" | "find" | "rfind" | "index" | "rindex" | "count" => search(m, text, name, args),
        "expandtabs" => {
            let [size] = args.bind(["tabsize"])?;
            let size = size.map(|item| int_of(&item)).transpose()?.unwrap_or(8);
            Ok(Item::text(expand_tabs(text, usize::try_from(size).unwrap_or(0))))
        }
        "encode" => {
            let [encoding, _errors] = args.bind(["encoding", "errors"])?;
            let encoding = encoding.map_or(Ok("utf-8".to_owned()), |item| string(Some(item), "encoding"))?;
            match encoding.to_ascii_lowercase().replace('_', "-").as_str() {
                "utf-8" | "utf8" => {}
                "ascii" if text.is_ascii() => {}
                "ascii" => return Err(Fault::new("the text has characters that ASCII has not")),
                _ => return Err(Fault::new(format!("encoding `{encoding}` is not supported"))),
            }
            Ok(Item::object(Object::Bytes(text.as_bytes().to_vec())))
        }
        "format" => format::format(m, text, &args).map(Item::text),
        "format_map" => {
            let [mapping] = args.bind(["mapping"])?;
            let Some(entries) = m.entries(&required(mapping, "mapping")?)? else {
                return Err(Fault::new("a mapping is needed"));
            };
            let named = entries.into_iter().map(|(key, item)| (key.to_string().into(), item)).collect();
            format::format(m, text, &Args { positional: Vec::new(), named }).map(Item::text)
        }
        _ => args.none().map(|()| Item::from(quality(text, name))),
    }
}

fn search(m: &Machine<'_>, text: &str, name: &str, args: Args) -> Outcome {
    let [part, start, end] = args.bind(["sub", "start", "end"])?;
    let part = required(part, "sub")?;
    let chars: Vec<char> = text.chars().collect();
    let bound = |item: Option<Item>, otherwise: usize| -> Outcome<usize> {
        let Some(item) = item.filter(|item| !item.is_null()) else { return Ok(otherwise) };
        let length = i128::try_from(chars.len()).unwrap_or(i128::MAX);
        let index = int_of(&item)?;
        let index = if index < 0 { (index + length).max(0) } else { index.min(length) };
        Ok(usize::try_from(index).unwrap_or(0))
    };
    let (start, end) = (bound(start, 0)?, bound(end, chars.len())?);
    let window: String = chars.get(start..end.max(start)).unwrap_or(&[]).iter().collect();
    if matches!(name, "startswith" | "endswith") {
        let parts = match part.as_str() {
            Some(part) => vec![part.to_owned()],
            None => m
                .iterate(&part)?
                .iter()
                .map(|item| {
                    item.as_str().map(str::to_owned).ok_or_else(|| Fault::new("it takes text or a tuple of text"))
                })
                .collect::<Outcome<_>>()?,
        };
        let holds =
            |part: &String| if name == "startswith" { window.starts_with(&**part) } else { window.ends_with(&**part) };
        return Ok(Item::from(parts.iter().any(holds)));
    }
    let Some(part) = part.as_str() else {
        return Err(Fault::new(format!("must be str, not {}", part.type_name())));
    };
    if name == "count" {
        let count = if part.is_empty() { window.chars().count() + 1 } else { window.matches(part).count() };
        return Ok(Item::int(count as u64));
    }
    let found = if name.starts_with('r') { window.rfind(part) } else { window.find(part) };
    let found = found.map(|at| start + window.get(..at).map_or(0, |before| before.chars().count()));
    match found {
        Some(at) => Ok(Item::int(at as u64)),
        None if name.ends_with("find") => Ok(Item::int(-1)),
        None => Err(Fault::new("substring not found")),
    }
}

fn quality(text: &str, name: &str) -> bool {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => text.is_ascii(),
        "isdecimal" | "isdigit" => all(|c| c.is_numeric() && c.is_ascii_digit()),
        "isnumeric" => all(char::is_numeric),
        "isidentifier" => {
            let mut chars = text.chars();
            chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
                && chars.all(|c| c.is_alphanumeric() || c == '_')
        }
        "islower" => text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
        "isupper" => text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
        "isprintable" => !text.chars().any(char::is_control),
        "isspace" => all(char::is_whitespace),
        "istitle" => text.chars().any(char::is_alphabetic) && title(text) == text,
        _ => false,
    }
}

/// The first letter large, the others small.
pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase(),
        None => String::new(),
    }
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn swap_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
    }
    out
}

fn pad(text: &str, width: usize, fill: char) -> String {
    let missing = width.saturating_sub(text.chars().count());
    std::iter::repeat_n(fill, missing.min(1 << 20)).collect()
}

/// Python's `center`: the odd blank goes to the left where the width is odd.
pub(crate) fn center(text: &str, width: usize, fill: char) -> String {
    let length = text.chars().count();
    let missing = width.saturating_sub(length).min(1 << 20);
    let left = missing / 2 + (missing & width & 1);
    let side = |count: usize| std::iter::repeat_n(fill, count).collect::<String>();
    format!("{}{text}{}", side(left), side(missing - left))
}

fn one_char(text: &str) -> Outcome<char> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(Fault::new("the fill character must be exactly one character long")),
    }
}

fn expand_tabs(text: &str, size: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let blanks = if size == 0 { 0 } else { size - column % size };
                out.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}
