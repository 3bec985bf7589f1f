//! Filters on text.

use crate::template::eval::{Args, Run, int_of, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::methods;

/// `capitalize`: the first letter large, the others small.
pub(super) fn capitalize(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(methods::capitalize(&run.display(item)?)))
}

/// `center(width=80)`.
pub(super) fn center(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [width] = args.bind(["width"])?;
    let width = width.map(|item| int_of(&item)).transpose()?.unwrap_or(80);
    Ok(Item::text(methods::center(&run.display(item)?, usize::try_from(width).unwrap_or(0), ' ')))
}

/// `escape`, `e`: the five characters that mean something in HTML.
pub(super) fn escape(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(escaped(&run.display(item)?)))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

/// `format(…)`: the text as a pattern of Python's `%`.
pub(super) fn format(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let pattern = run.display(item)?;
    if !args.named.is_empty() && !args.positional.is_empty() {
        return Err(Fault::new("can't handle positional and keyword arguments at the same time"));
    }
    let values = if args.named.is_empty() {
        Item::tuple(args.positional)
    } else {
        Item::map(args.named.into_iter().map(|(name, item)| (name.into(), item)).collect())
    };
    Ok(Item::text(methods::percent_format(run, &pattern, &values)?))
}

/// `indent(width=4, first=false, blank=false)`: all lines but the first moved right.
pub(super) fn indent(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [width, first, blank] = args.bind(["width", "first", "blank"])?;
    let prefix = match width {
        None => "    ".to_owned(),
        Some(width) => match width.as_str() {
            Some(prefix) => prefix.to_owned(),
            None => " ".repeat(usize::try_from(int_of(&width)?).unwrap_or(0).min(10_000)),
        },
    };
    let first = first.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let blank = blank.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let text = run.display(item)?;
    let mut out = String::with_capacity(text.len() + prefix.len());
    let with_end = format!("{text}\n");
    for (index, line) in methods::split_lines(&with_end, false).into_iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if (index > 0 || first) && (blank || index == 0 || !line.is_empty()) {
            out.push_str(&prefix);
        }
        out.push_str(line);
    }
    Ok(Item::text(out))
}

/// `lower`.
pub(super) fn lower(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(run.display(item)?.to_lowercase()))
}

/// `upper`.
pub(super) fn upper(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(run.display(item)?.to_uppercase()))
}

/// `replace(old, new, count=None)`.
pub(super) fn replace(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [old, new, count] = args.bind(["old", "new", "count"])?;
    let text = run.display(item)?;
    let old = run.display(&required(old, "old")?)?;
    let new = run.display(&required(new, "new")?)?;
    let count = match count {
        Some(count) if !count.is_null() => usize::try_from(int_of(&count)?).ok(),
        _ => None,
    };
    Ok(Item::text(match count {
        Some(count) => text.replacen(&old, &new, count),
        None => text.replace(&old, &new),
    }))
}

/// `string`: as Python's `str()`.
pub(super) fn string(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(run.display(item)?))
}

/// `striptags`: without SGML tags and comments, blanks run together.
pub(super) fn striptags(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let mut text = run.display(item)?;
    while let Some(start) = text.find("<!--") {
        let Some(end) = text.get(start..).and_then(|rest| rest.find("-->")) else { break };
        text.replace_range(start..start + end + 3, "");
    }
    while let Some(start) = text.find('<') {
        let Some(end) = text.get(start..).and_then(|rest| rest.find('>')) else { break };
        text.replace_range(start..=start + end, "");
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&#34;", "\"");
    Ok(Item::text(plain.replace("&quot;", "\"").replace("&nbsp;", "\u{a0}").replace("&amp;", "&")))
}

/// `title`: each word with a large first letter.
pub(super) fn title(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let text = run.display(item)?;
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = !(c.is_whitespace() || "-({[<".contains(c));
    }
    Ok(Item::text(out))
}

/// `trim(chars=None)`.
pub(super) fn trim(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [chars] = args.bind(["chars"])?;
    let text = run.display(item)?;
    Ok(Item::text(match chars {
        Some(chars) if !chars.is_null() => {
            let chars = run.display(&chars)?;
            text.trim_matches(|c| chars.contains(c)).to_owned()
        }
        _ => text.trim().to_owned(),
    }))
}

/// `truncate(length=255, killwords=false, end='...', leeway=5)`.
pub(super) fn truncate(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [length, killwords, end, leeway] = args.bind(["length", "killwords", "end", "leeway"])?;
    let size = |item: Option<Item>, otherwise: usize| -> Outcome<usize> {
        match item {
            Some(item) if !item.is_null() => Ok(usize::try_from(int_of(&item)?).unwrap_or(0)),
            _ => Ok(otherwise),
        }
    };
    let (length, leeway) = (size(length, 255)?, size(leeway, 5)?);
    let killwords = killwords.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let end = end.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "...".to_owned());
    let text = run.display(item)?;
    let tail = end.chars().count();
    if length < tail {
        return Err(Fault::new(format!("expected length >= {tail}, got {length}")));
    }
    if text.chars().count() <= length + leeway {
        return Ok(Item::text(text));
    }
    let cut: String = text.chars().take(length - tail).collect();
    if killwords {
        return Ok(Item::text(cut + &end));
    }
    let words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    Ok(Item::text(format!("{words}{end}")))
}

/// `wordcount`.
pub(super) fn wordcount(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let text = run.display(item)?;
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).count();
    Ok(Item::int(words as u64))
}

/// `wordwrap(width=79, break_long_words=true, wrapstring=None, break_on_hyphens=true)`.
pub(super) fn wordwrap(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [width, break_long, wrapstring, hyphens] =
        args.bind(["width", "break_long_words", "wrapstring", "break_on_hyphens"])?;
    let width = width.map(|item| int_of(&item)).transpose()?.unwrap_or(79);
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let break_long = break_long.map(|item| run.truthy(&item)).transpose()?.unwrap_or(true);
    let hyphens = hyphens.map(|item| run.truthy(&item)).transpose()?.unwrap_or(true);
    let newline = match wrapstring {
        Some(text) if !text.is_null() => run.display(&text)?,
        _ => "\n".to_owned(),
    };
    let text = run.display(item)?;
    let lines: Vec<String> = methods::split_lines(&text, false)
        .into_iter()
        .map(|line| methods::wrap(line, width, break_long, hyphens).join(&newline))
        .collect();
    Ok(Item::text(lines.join(&newline)))
}

/// `xmlattr(autospace=true)`: a mapping as attributes of a tag.
pub(super) fn xmlattr(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [autospace] = args.bind(["autospace"])?;
    let autospace = autospace.map(|item| run.truthy(&item)).transpose()?.unwrap_or(true);
    let Some(entries) = run.entries(item)? else {
        return Err(Fault::new(format!("'{}' object has no attribute 'items'", item.type_name())));
    };
    let mut parts = Vec::new();
    for (key, value) in entries {
        if value.is_null() || value.is_missing() {
            continue;
        }
        let key = key.to_string();
        if key.contains(|c: char| c.is_whitespace() || "/>=".contains(c)) {
            return Err(Fault::new("a blank or one of `/>=` in the name of an attribute"));
        }
        parts.push(format!("{}=\"{}\"", escaped(&key), escaped(&run.display(&value)?)));
    }
    let joined = parts.join(" ");
    Ok(Item::text(if autospace && !joined.is_empty() { format!(" {joined}") } else { joined }))
}
