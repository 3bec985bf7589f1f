//! Versions and their order.

use std::cmp::Ordering;

use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;

/// `version(version, operator='eq', strict=None, version_type=None)`, `version_compare`.
pub(super) fn version(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [version, operator, strict, kind] = args.bind(["version", "operator", "strict", "version_type"])?;
    let version = run.display(&required(version, "version")?)?;
    let operator = operator.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "eq".to_owned());
    let value = run.display(item)?;
    if value.trim().is_empty() {
        return Err(Fault::new("input version value cannot be empty"));
    }
    if version.trim().is_empty() {
        return Err(Fault::new("version parameter to compare against cannot be empty"));
    }
    let strict = match strict {
        Some(strict) if !strict.is_null() => Some(run.truthy(&strict)?),
        _ => None,
    };
    let kind = match kind {
        Some(kind) if !kind.is_null() => Some(run.display(&kind)?),
        _ => None,
    };
    if strict.is_some() && kind.is_some() {
        return Err(Fault::new("`strict` and `version_type` cannot both be given"));
    }
    let ordering = match kind.as_deref() {
        None if strict == Some(true) => strict_order(&value, &version)?,
        None | Some("loose") => loose_order(&value, &version)?,
        Some("strict") => strict_order(&value, &version)?,
        Some("semver" | "semantic") => semantic_order(&value, &version)?,
        Some("pep440") => pep440_order(&value, &version)?,
        Some(other) => {
            return Err(Fault::new(format!("version type `{other}` is none of loose, strict, semver, pep440")));
        }
    };
    Ok(match operator.as_str() {
        "==" | "=" | "eq" => ordering.is_eq(),
        "<" | "lt" => ordering.is_lt(),
        "<=" | "le" => ordering.is_le(),
        ">" | "gt" => ordering.is_gt(),
        ">=" | "ge" => ordering.is_ge(),
        "!=" | "<>" | "ne" => ordering.is_ne(),
        other => return Err(Fault::new(format!("operator `{other}` is none of ==, <, <=, >, >=, != and their names"))),
    })
}

#[derive(PartialEq)]
enum Part {
    Number(u64),
    Word(String),
}

/// Numbers and words of a version, as `LooseVersion` splits it.
fn parts(version: &str) -> Vec<Part> {
    let mut out = Vec::new();
    let mut rest = version.trim();
    while let Some(first) = rest.chars().next() {
        let same = |c: char| match first {
            c1 if c1.is_ascii_digit() => c.is_ascii_digit(),
            c1 if c1.is_ascii_lowercase() => c.is_ascii_lowercase(),
            '.' => false,
            _ => !c.is_ascii_digit() && !c.is_ascii_lowercase() && c != '.',
        };
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len()).max(first.len_utf8());
        let (part, after) = rest.split_at(end);
        rest = after;
        if part == "." {
            continue;
        }
        out.push(part.parse().map_or_else(|_| Part::Word(part.to_owned()), Part::Number));
    }
    out
}

/// The order of versions as `LooseVersion` has it.
pub(crate) fn loose_order(a: &str, b: &str) -> Outcome<Ordering> {
    let (a, b) = (parts(a), parts(b));
    for (a, b) in a.iter().zip(&b) {
        let ordering = match (a, b) {
            (Part::Number(a), Part::Number(b)) => a.cmp(b),
            (Part::Word(a), Part::Word(b)) => a.cmp(b),
            _ => return Err(Fault::new("a number and a word in the same place of two versions have no order")),
        };
        if ordering.is_ne() {
            return Ok(ordering);
        }
    }
    Ok(a.len().cmp(&b.len()))
}

/// `1.2`, `1.2.3`, `1.2a1`, `1.2.3b4`.
fn strict_order(a: &str, b: &str) -> Outcome<Ordering> {
    let read = |text: &str| -> Outcome<([u64; 3], Option<(char, u64)>)> {
        let invalid = || Fault::new(format!("invalid version number '{text}'"));
        let (numbers, pre) = match text.find(['a', 'b']) {
            Some(at) => {
                let (numbers, pre) = text.split_at(at);
                let mut pre = pre.chars();
                let letter = pre.next().ok_or_else(invalid)?;
                (numbers, Some((letter, pre.as_str().parse().map_err(|_| invalid())?)))
            }
            None => (text, None),
        };
        let mut out = [0; 3];
        let given: Vec<&str> = numbers.split('.').collect();
        if !(2..=3).contains(&given.len()) {
            return Err(invalid());
        }
        for (slot, part) in out.iter_mut().zip(given) {
            *slot = part.parse().map_err(|_| invalid())?;
        }
        Ok((out, pre))
    };
    let (a, b) = (read(a)?, read(b)?);
    // a release comes after its own pre-releases
    let rank = |pre: Option<(char, u64)>| pre.map_or((1, ' ', 0), |(letter, number)| (0, letter, number));
    Ok(a.0.cmp(&b.0).then(rank(a.1).cmp(&rank(b.1))))
}

fn semantic_order(a: &str, b: &str) -> Outcome<Ordering> {
    type Semantic = ([u64; 3], Vec<String>);
    let read = |text: &str| -> Outcome<Semantic> {
        let invalid = || Fault::new(format!("invalid semantic version '{text}'"));
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
        let parsed: Vec<u64> =
            numbers.split('.').map(|part| part.parse().map_err(|_| invalid())).collect::<Outcome<_>>()?;
        let numbers = <[u64; 3]>::try_from(parsed).map_err(|_| invalid())?;
        Ok((numbers, pre.map(|pre| pre.split('.').map(str::to_owned).collect()).unwrap_or_default()))
    };
    let (a, b) = (read(a)?, read(b)?);
    Ok(a.0.cmp(&b.0).then_with(|| match (a.1.is_empty(), b.1.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            for (a, b) in a.1.iter().zip(&b.1) {
                let ordering = match (a.parse::<u64>(), b.parse::<u64>()) {
                    (Ok(a), Ok(b)) => a.cmp(&b),
                    (Ok(_), Err(_)) => Ordering::Less,
                    (Err(_), Ok(_)) => Ordering::Greater,
                    (Err(_), Err(_)) => a.cmp(b),
                };
                if ordering.is_ne() {
                    return ordering;
                }
            }
            a.1.len().cmp(&b.1.len())
        }
    }))
}

/// PEP 440 without local versions: epoch, release, then dev < a < b < rc < final < post.
fn pep440_order(a: &str, b: &str) -> Outcome<Ordering> {
    type Key = (u64, Vec<u64>, (u8, u64), u64, u64);
    let read = |text: &str| -> Outcome<Key> {
        let invalid = || Fault::new(format!("invalid version '{text}'"));
        let lower = text.trim().to_ascii_lowercase();
        let version = lower.strip_prefix('v').unwrap_or(&lower);
        let version = version.split_once('+').map_or(version, |(version, _)| version);
        let (epoch, version) = match version.split_once('!') {
            Some((epoch, version)) => (epoch.parse().map_err(|_| invalid())?, version),
            None => (0, version),
        };
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let (release, mut rest) = version.split_at(end);
        let mut release: Vec<u64> = release
            .trim_end_matches('.')
            .split('.')
            .map(|part| part.parse().map_err(|_| invalid()))
            .collect::<Outcome<_>>()?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        let (mut pre, mut post, mut dev) = (None, None, None);
        while !rest.is_empty() {
            rest = rest.trim_start_matches(['.', '-', '_']);
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let after = after.trim_start_matches(['.', '-', '_']);
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (number, after) = after.split_at(end);
            let number = number.parse().unwrap_or(0);
            match word {
                "a" | "alpha" => pre = Some((0, number)),
                "b" | "beta" => pre = Some((1, number)),
                "rc" | "c" | "pre" | "preview" => pre = Some((2, number)),
                "post" | "rev" | "r" | "" if post.is_none() => post = Some(number),
                "dev" => dev = Some(number),
                _ => return Err(invalid()),
            }
            rest = after;
        }
        let pre = match (pre, post, dev) {
            (Some((letter, number)), ..) => (letter + 1, number),
            // a development release of the version itself comes before its pre-releases
            (None, None, Some(_)) => (0, 0),
            _ => (4, 0),
        };
        Ok((epoch, release, pre, post.map_or(0, |post| post + 1), dev.unwrap_or(u64::MAX)))
    };
    Ok(read(a)?.cmp(&read(b)?))
}
