//! Filters on URLs.

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::template::eval::{Args, Run, int_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Key, Value};

/// What `quote` of Python leaves alone, besides letters and digits.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');
const QUERY: &AsciiSet = &PATH.add(b'/');

/// `urlencode`: a text for a path, a mapping or pairs for a query.
pub(super) fn urlencode(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let pairs: Vec<(Item, Item)> = match run.entries(item)? {
        Some(entries) => entries.into_iter().map(|(key, value)| (Item::text(key.to_string()), value)).collect(),
        None if item.as_str().is_some() || run.length(item).is_err() => {
            return Ok(Item::text(utf8_percent_encode(&run.display(item)?, PATH).to_string()));
        }
        None => run
            .iterate(item)?
            .iter()
            .map(|pair| {
                let [key, value] = <[Item; 2]>::try_from(run.iterate(pair)?)
                    .map_err(|_| Fault::new("each element must be a pair of name and value"))?;
                Ok((key, value))
            })
            .collect::<Outcome<_>>()?,
    };
    let quoted = |item: &Item| -> Outcome<String> {
        Ok(utf8_percent_encode(&run.display(item)?, QUERY).to_string().replace("%20", "+"))
    };
    let parts = pairs
        .iter()
        .map(|(key, value)| Ok(format!("{}={}", quoted(key)?, quoted(value)?)))
        .collect::<Outcome<Vec<_>>>()?;
    Ok(Item::text(parts.join("&")))
}

/// `urldecode`: the opposite, `+` as a blank.
pub(super) fn urldecode(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let text = run.display(item)?.replace('+', " ");
    Ok(Item::text(percent_decode_str(&text).decode_utf8_lossy().as_ref()))
}

/// `urlsplit(query='')`: the parts of a URL, or one of them.
pub(super) fn urlsplit(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query] = args.bind(["query"])?;
    let text = run.display(item)?;
    let (rest, fragment) = text.split_once('#').unwrap_or((&text, ""));
    let (rest, url_query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ => (String::new(), rest),
    };
    let (netloc, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, host) = netloc.rsplit_once('@').map_or((None, netloc), |(user, host)| (Some(user), host));
    let (username, password) = match user {
        Some(user) => user.split_once(':').map_or((Some(user), None), |(name, password)| (Some(name), Some(password))),
        None => (None, None),
    };
    let (hostname, port) = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((address, after)) => (address, after.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    let port = match port {
        None | Some("") => Value::Null,
        Some(port) => Value::Int(port.parse().map_err(|_| Fault::new("the port of the URL is no number"))?),
    };
    let optional = |part: Option<&str>| part.map_or(Value::Null, Value::from);
    let parts: IndexMap<Key, Item> = [
        ("fragment", Value::from(fragment)),
        ("hostname", if hostname.is_empty() { Value::Null } else { Value::from(hostname.to_ascii_lowercase()) }),
        ("netloc", Value::from(netloc)),
        ("password", optional(password)),
        ("path", Value::from(path)),
        ("port", port),
        ("query", Value::from(url_query)),
        ("scheme", Value::from(scheme)),
        ("username", optional(username)),
    ]
    .into_iter()
    .map(|(name, value)| (Key::from(name), Item::Value(value)))
    .collect();
    let query = query.map(|item| run.display(&item)).transpose()?.unwrap_or_default();
    if query.is_empty() {
        return Ok(Item::map(parts));
    }
    let names: Vec<&str> = parts.keys().filter_map(Key::as_str).collect();
    parts.get(query.as_str()).cloned().ok_or_else(|| {
        Fault::new(format!("unknown URL component `{query}`"))
            .help(Some(format!("the components are {}", names.join(", "))))
    })
}

/// `urlize(trim_url_limit=None, nofollow=false, target=None, rel=None)`: URLs of a text as links.
pub(super) fn urlize(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [limit, nofollow, target, rel] = args.bind(["trim_url_limit", "nofollow", "target", "rel"])?;
    let limit = match limit {
        Some(limit) if !limit.is_null() => usize::try_from(int_of(&limit)?).ok(),
        _ => None,
    };
    let nofollow = nofollow.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let text_of = |item: Option<Item>| match item {
        Some(item) if !item.is_null() => run.display(&item).map(Some),
        _ => Ok(None),
    };
    let (target, rel) = (text_of(target)?, text_of(rel)?);
    let mut rels: Vec<&str> = rel.as_deref().unwrap_or("").split_whitespace().collect();
    rels.push("noopener");
    if nofollow {
        rels.push("nofollow");
    }
    rels.sort_unstable();
    rels.dedup();
    let target = target.map(|target| format!(" target=\"{target}\"")).unwrap_or_default();
    let text = run.display(item)?;
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            if !["http://", "https://"].iter().any(|scheme| word.starts_with(scheme)) {
                return word.to_owned();
            }
            let url = word.trim_end_matches(['.', ',', ')', ';', ':', '!', '?']);
            let tail = word.get(url.len()..).unwrap_or("");
            let shown = match limit {
                Some(limit) if url.chars().count() > limit => url.chars().take(limit).chain("...".chars()).collect(),
                _ => url.to_owned(),
            };
            format!("<a href=\"{url}\" rel=\"{}\"{target}>{shown}</a>{tail}", rels.join(" "))
        })
        .collect();
    Ok(Item::text(words.join(" ")))
}
