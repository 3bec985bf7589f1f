//! Tests of text.

use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::regex::{Flags, Regex};

/// `lower`: all letters small.
pub(super) fn lower(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    let text = run.display(item)?;
    Ok(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))
}

/// `upper`: all letters large.
pub(super) fn upper(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    let text = run.display(item)?;
    Ok(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))
}

/// `match(pattern, ignorecase=false, multiline=false)`: whether the text begins with the pattern.
pub(super) fn matches(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [pattern, ignorecase, multiline] = args.bind(["pattern", "ignorecase", "multiline"])?;
    by_regex(run, item, pattern, ignorecase, multiline, "match")
}

/// `search(pattern, ignorecase=false, multiline=false)`: whether the pattern is found anywhere.
pub(super) fn search(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [pattern, ignorecase, multiline] = args.bind(["pattern", "ignorecase", "multiline"])?;
    by_regex(run, item, pattern, ignorecase, multiline, "search")
}

/// `regex(pattern, ignorecase=false, multiline=false, match_type='search')`.
pub(super) fn regex(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [pattern, ignorecase, multiline, kind] = args.bind(["pattern", "ignorecase", "multiline", "match_type"])?;
    let kind = kind.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "search".to_owned());
    by_regex(run, item, pattern, ignorecase, multiline, &kind)
}

fn by_regex(
    run: &Run<'_, '_>,
    item: &Item,
    pattern: Option<Item>,
    ignorecase: Option<Item>,
    multiline: Option<Item>,
    kind: &str,
) -> Outcome<bool> {
    let truth = |item: Option<Item>| item.map(|item| run.truthy(&item)).transpose().map(Option::unwrap_or_default);
    let flags = Flags { ignore_case: truth(ignorecase)?, multi_line: truth(multiline)?, ..Flags::default() };
    let pattern = run.display(&required(pattern, "pattern")?)?;
    let text = run.display(item)?;
    let regex = Regex::new(&pattern, flags)?;
    match kind {
        "match" => regex.matches_at_start(&text),
        "fullmatch" => regex.matches_whole(&text),
        "search" => regex.is_match(&text),
        other => Err(Fault::new(format!("match_type `{other}` is none of match, fullmatch, search"))),
    }
}

/// `uri(schemes=None)`: a scheme and something after it.
pub(super) fn uri(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [schemes] = args.bind(["schemes"])?;
    let text = run.display(item)?;
    let Some((scheme, rest)) = split_scheme(&text) else { return Ok(false) };
    Ok(!rest.is_empty() && allowed(run, scheme, schemes)?)
}

/// `url(schemes=None)`: a scheme and a host.
pub(super) fn url(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [schemes] = args.bind(["schemes"])?;
    let text = run.display(item)?;
    let Some((scheme, rest)) = split_scheme(&text) else { return Ok(false) };
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    Ok(host.is_some_and(|host| !host.is_empty()) && allowed(run, scheme, schemes)?)
}

/// `urn`: `urn:` and something after it.
pub(super) fn urn(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    let text = run.display(item)?;
    Ok(split_scheme(&text).is_some_and(|(scheme, rest)| scheme.eq_ignore_ascii_case("urn") && !rest.is_empty()))
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    valid.then_some((scheme, rest))
}

fn allowed(run: &Run<'_, '_>, scheme: &str, schemes: Option<Item>) -> Outcome<bool> {
    match schemes.filter(|schemes| !schemes.is_null()) {
        None => Ok(true),
        Some(schemes) => {
            let names = run.iterate(&schemes)?.iter().map(|item| run.display(item)).collect::<Outcome<Vec<_>>>()?;
            Ok(names.iter().any(|name| name.eq_ignore_ascii_case(scheme)))
        }
    }
}

/// `vault_encrypted`: an Ansible Vault envelope.
pub(super) fn vault_encrypted(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(run.display(item)?.starts_with("$ANSIBLE_VAULT;"))
}
