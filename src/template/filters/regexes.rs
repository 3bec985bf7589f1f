//! Filters with Python's regular expressions.

use fancy_regex::Captures;

use crate::template::eval::{Args, Run, int_of, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::regex::{Flags, Regex};

fn flags(run: &Run<'_, '_>, ignorecase: Option<Item>, multiline: Option<Item>) -> Outcome<Flags> {
    let truth = |item: Option<Item>| item.map(|item| run.truthy(&item)).transpose().map(Option::unwrap_or_default);
    Ok(Flags { ignore_case: truth(ignorecase)?, multi_line: truth(multiline)?, dot_all: false })
}

/// `regex_escape(re_type='python')`.
pub(super) fn regex_escape(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [kind] = args.bind(["re_type"])?;
    let kind = kind.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "python".to_owned());
    let special: &str = match kind.as_str() {
        "python" => "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}",
        "posix_basic" => "[].*^$\\",
        other => return Err(Fault::new(format!("regex type `{other}` is none of python, posix_basic"))),
    };
    let text = run.display(item)?;
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(Item::text(out))
}

/// `regex_search(pattern, groups…, multiline=false, ignorecase=false)`: the match, or a list of the groups asked for.
pub(super) fn regex_search(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    let ignorecase = args.take("ignorecase");
    let multiline = args.take("multiline");
    let flags = flags(run, ignorecase, multiline)?;
    if let Some((name, _)) = args.named.first()
        && &**name != "regex"
    {
        return Err(Fault::new(format!("there is no argument `{name}`")));
    }
    let pattern = match args.take("regex") {
        Some(pattern) => pattern,
        None if args.positional.is_empty() => return Err(Fault::new("argument `regex` is missing")),
        None => args.positional.remove(0),
    };
    let groups = args.positional.iter().map(|item| run.display(item)).collect::<Outcome<Vec<_>>>()?;
    let text = run.display(item)?;
    let regex = Regex::new(&run.display(&pattern)?, flags)?;
    let Some(found) = regex.first(&text)? else { return Ok(Item::NULL) };
    if groups.is_empty() {
        return Ok(Item::text(found.get(0).map_or("", |group| group.as_str())));
    }
    let mut out = Vec::new();
    for group in groups {
        let name = group.strip_prefix("\\g<").and_then(|rest| rest.strip_suffix('>'));
        let number = group.strip_prefix('\\').and_then(|digits| digits.parse::<usize>().ok());
        let part = match (name, number) {
            (Some(name), _) => match name.parse::<usize>() {
                Ok(number) => group_item(&found, number)?,
                Err(_) => found.name(name).map_or(Item::NULL, |group| Item::text(group.as_str())),
            },
            (None, Some(number)) => group_item(&found, number)?,
            (None, None) => {
                return Err(Fault::new(format!("unknown argument `{group}`"))
                    .help(Some("groups are named `\\\\1` or `\\\\g<name>`".to_owned())));
            }
        };
        out.push(part);
    }
    Ok(Item::list(out))
}

fn group_item(found: &Captures<'_, str>, number: usize) -> Outcome {
    if number >= found.len() {
        return Err(Fault::new(format!("the pattern has no group {number}")));
    }
    Ok(found.get(number).map_or(Item::NULL, |group| Item::text(group.as_str())))
}

/// `regex_findall(pattern, multiline=false, ignorecase=false)`: all matches, or their groups.
pub(super) fn regex_findall(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [pattern, multiline, ignorecase] = args.bind(["regex", "multiline", "ignorecase"])?;
    let flags = flags(run, ignorecase, multiline)?;
    let text = run.display(item)?;
    let regex = Regex::new(&run.display(&required(pattern, "regex")?)?, flags)?;
    let part =
        |found: &Captures<'_, str>, index: usize| Item::text(found.get(index).map_or("", |group| group.as_str()));
    let out = regex
        .captures(&text)?
        .iter()
        .map(|found| match found.len() {
            0 | 1 => part(found, 0),
            2 => part(found, 1),
            groups => Item::tuple((1..groups).map(|index| part(found, index)).collect()),
        })
        .collect();
    Ok(Item::list(out))
}

/// `regex_replace(pattern='', replacement='', ignorecase=false, multiline=false, count=0, mandatory_count=0)`.
pub(super) fn regex_replace(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [pattern, replacement, ignorecase, multiline, count, mandatory] =
        args.bind(["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"])?;
    let flags = flags(run, ignorecase, multiline)?;
    let text_of = |item: Option<Item>| item.map(|item| run.display(&item)).transpose().map(Option::unwrap_or_default);
    let (pattern, replacement) = (text_of(pattern)?, text_of(replacement)?);
    let number = |item: Option<Item>| item.map(|item| int_of(&item)).transpose().map(Option::unwrap_or_default);
    let (count, mandatory) = (number(count)?, number(mandatory)?);
    let text = run.display(item)?;
    let regex = Regex::new(&pattern, flags)?;
    let (out, replaced) = regex.replace(&text, &replacement, usize::try_from(count).ok().filter(|count| *count > 0))?;
    if mandatory > 0 && i128::try_from(replaced).unwrap_or(0) < mandatory {
        return Err(Fault::new(format!("it should replace {mandatory} times and replaced {replaced} times")));
    }
    Ok(Item::text(out))
}
