//! Ansible's filters on text and times.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::template::eval::{Args, Number, Run, int_of, required, truncate};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};
use crate::template::methods;
use crate::value::{Key, Map, Value, quote_word};

/// `quote`: a text as one word of a shell.
pub(super) fn quote(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let text = if item.is_null() { String::new() } else { run.display(item)? };
    Ok(Item::text(quote_word(&text)))
}

/// `split(sep=None, maxsplit=-1)`.
pub(super) fn split(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    if item.as_str().is_none() {
        return Err(Fault::new(format!("'{}' object has no attribute 'split'", item.type_name())));
    }
    methods::call(run, item, "split", args)
}

/// One style of `comment`.
struct Style {
    beginning: &'static str,
    decoration: &'static str,
    end: &'static str,
}

/// `comment(style='plain', decoration, beginning, end, prefix, prefix_count, postfix, postfix_count, newline)`.
pub(super) fn comment(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    let style = if args.positional.is_empty() { args.take("style") } else { Some(args.positional.remove(0)) };
    let name = style.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "plain".to_owned());
    let style = match name.as_str() {
        "plain" => Style { beginning: "", decoration: "# ", end: "" },
        "erlang" => Style { beginning: "", decoration: "% ", end: "" },
        "c" => Style { beginning: "", decoration: "// ", end: "" },
        "cblock" => Style { beginning: "/*", decoration: " * ", end: " */" },
        "xml" => Style { beginning: "<!--", decoration: " - ", end: "-->" },
        other => return Err(Fault::new(format!("comment style `{other}` is none of plain, erlang, c, cblock, xml"))),
    };
    let mut text = |name: &str, otherwise: &str| -> Outcome<String> {
        args.take(name).map_or(Ok(otherwise.to_owned()), |item| run.display(&item))
    };
    let newline = text("newline", "\n")?;
    let decoration = text("decoration", style.decoration)?;
    let beginning = text("beginning", style.beginning)?;
    let end = text("end", style.end)?;
    let prefix = text("prefix", decoration.trim_end())?;
    let postfix = text("postfix", decoration.trim_end())?;
    let mut count = |name: &str| -> Outcome<usize> {
        args.take(name).map_or(Ok(1), |item| Ok(usize::try_from(int_of(&item)?).unwrap_or(0).min(1000)))
    };
    let (prefix_count, postfix_count) = (count("prefix_count")?, count("postfix_count")?);
    args.none()?;
    let mut out = String::new();
    if !beginning.is_empty() {
        out.push_str(&beginning);
        out.push_str(&newline);
    }
    for _ in 0..prefix_count {
        out.push_str(&prefix);
        out.push_str(&newline);
    }
    let body = run.display(item)?;
    // blanks at the end of an empty line go, though not of the last one
    let mut lines = body.split(newline.as_str()).peekable();
    while let Some(line) = lines.next() {
        match lines.peek() {
            Some(_) if line.is_empty() => out.push_str(decoration.trim_end()),
            _ => out.extend([decoration.as_str(), line]),
        }
        if lines.peek().is_some() {
            out.push_str(&newline);
        }
    }
    for _ in 0..postfix_count {
        out.push_str(&newline);
        out.push_str(&postfix);
    }
    if !end.is_empty() {
        out.push_str(&newline);
        out.push_str(&end);
    }
    Ok(Item::text(out))
}

/// `strftime(second=now, utc=false)`: the text is the pattern.
pub(super) fn strftime(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [second, utc] = args.bind(["second", "utc"])?;
    let utc = utc.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let stamp = match second {
        None => Timestamp::now(),
        Some(second) if second.is_null() => Timestamp::now(),
        Some(second) => {
            let number = match (Number::of(&second), second.as_str()) {
                (Some(number), _) => Some(number.float()),
                (None, Some(text)) => text.trim().parse().ok(),
                _ => None,
            };
            let number = number.ok_or_else(|| Fault::new("invalid value for epoch value"))?;
            i64::try_from(truncate(number))
                .ok()
                .and_then(|second| Timestamp::from_second(second).ok())
                .ok_or_else(|| Fault::new("the time is out of range"))?
        }
    };
    let zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    let pattern = run.display(item)?;
    let pattern = c_pattern(&if utc { pattern.replace("%Z", "GMT") } else { pattern });
    jiff::fmt::strtime::format(&pattern, &stamp.to_zoned(zone))
        .map(Item::text)
        .map_err(|error| Fault::new(format!("the pattern cannot be used: {error}")))
}

/// A pattern of C's `strftime` in the words of jiff: names of formats spelt out, what C does not know as it stands.
fn c_pattern(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('c') => out.push_str("%a %b %e %H:%M:%S %Y"),
            Some('x') => out.push_str("%m/%d/%y"),
            Some('X') => out.push_str("%H:%M:%S"),
            Some(c @ ('f' | 'Q' | 'N' | 'q' | 'L' | 'i' | 'J' | 'K')) => out.extend(['%', '%', c]),
            Some(c) => out.extend(['%', c]),
            None => out.push_str("%%"),
        }
    }
    out
}

/// `to_datetime(format='%Y-%m-%d %H:%M:%S')`.
pub(super) fn to_datetime(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [format] = args.bind(["format"])?;
    let format = format.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "%Y-%m-%d %H:%M:%S".to_owned());
    let text = run.display(item)?;
    let parsed = jiff::fmt::strtime::parse(&format, &text)
        .map_err(|_| Fault::new(format!("the time does not match the format '{format}'")))?;
    let date = parsed.to_date().map_err(|error| Fault::new(error.to_string()))?;
    let time = parsed.to_time().unwrap_or_default();
    Ok(Item::object(Object::DateTime(DateTime::from_parts(date, time))))
}

/// `infra.quay_configuration.quay_docker_config(token, url='http://127.0.0.1', email='', encoding='utf-8')` on a
/// user's name: a pull secret's `.dockerconfigjson` in base 64.
pub(super) fn quay_docker_config(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    use base64::Engine as _;
    let [token, url, email, _encoding] = args.bind(["token", "url", "email", "encoding"])?;
    let name = run.display(item)?;
    let token = run.display(&required(token, "token")?)?;
    let url = url.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "http://127.0.0.1".to_owned());
    let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{token}"));
    let mut entry = Map::new();
    entry.insert(Key::from("auth"), Value::from(auth));
    entry
        .insert(Key::from("email"), Value::from(email.map(|item| run.display(&item)).transpose()?.unwrap_or_default()));
    let hosts = Map::from([(Key::from(host), Value::map(entry))]);
    let whole = Value::map(Map::from([(Key::from("auths"), Value::map(hosts))]));
    let json = crate::template::json::dump(&whole, &crate::template::json::Style::compact())?;
    Ok(Item::text(base64::engine::general_purpose::STANDARD.encode(json)))
}
