//! `ipaddr` and its kin.

use super::query::{Subject, ask};
use crate::template::eval::{Args, Run};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Value, is_truthy};

/// One value, or those of a list for which the answer is something.
fn answer(value: &Value, query: &str, version: Option<u8>) -> Outcome<Value> {
    match value {
        Value::List(items) => {
            let answers = items.iter().map(|item| answer(item, query, version)).collect::<Outcome<Vec<_>>>()?;
            Ok(Value::list(answers.into_iter().filter(is_truthy).collect()))
        }
        Value::Str(_) | Value::Int(_) | Value::Bool(_) => match Subject::read(value, version) {
            Some(subject) if version.is_none_or(|version| version == subject.network.ip.version()) => {
                ask(&subject, query)
            }
            _ => Ok(Value::Bool(false)),
        },
        other => {
            Err(Fault::new(format!("it takes an address, a network or a list of them, not '{}'", other.type_name())))
        }
    }
}

/// The text of an argument, as the collection reads any scalar as text.
pub(super) fn text(run: &Run<'_, '_>, item: Option<Item>) -> Outcome<String> {
    match item {
        Some(item) if !item.is_null() => run.display(&item),
        _ => Ok(String::new()),
    }
}

/// `ansible.utils.ipaddr(query='', version=None)`: what an address or network has to do with the query, or `false`.
pub(crate) fn ipaddr(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query, version, _alias] = args.bind(["query", "version", "alias"])?;
    let version = match text(run, version)?.as_str() {
        "" | "False" | "0" => None,
        "4" => Some(4),
        "6" => Some(6),
        other => return Err(Fault::new(format!("version `{other}` is neither 4 nor 6"))),
    };
    answer(&run.plain(item)?, &text(run, query)?, version).map(Item::Value)
}

fn of_version(run: &Run<'_, '_>, item: &Item, args: Args, version: u8) -> Outcome {
    let [query] = args.bind(["query"])?;
    answer(&run.plain(item)?, &text(run, query)?, Some(version)).map(Item::Value)
}

/// `ansible.utils.ipv4(query='')`: the same for version 4 alone.
pub(crate) fn ipv4(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    of_version(run, item, args, 4)
}

/// `ansible.utils.ipv6(query='')`: the same for version 6 alone.
pub(crate) fn ipv6(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    of_version(run, item, args, 6)
}

/// `ansible.utils.ipwrap(query='')`: addresses of version 6 in brackets, everything else as it is.
pub(crate) fn ipwrap(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query] = args.bind(["query"])?;
    let query = text(run, query)?;
    Ok(Item::Value(match run.plain(item)? {
        Value::List(items) => Value::list(
            items
                .iter()
                .map(|value| match answer(value, &query, None) {
                    Ok(found) if is_truthy(&found) => answer(value, "wrap", None).unwrap_or_else(|_| value.clone()),
                    _ => value.clone(),
                })
                .collect(),
        ),
        value @ (Value::Str(_) | Value::Bool(_)) => match answer(&value, &query, None) {
            Ok(found) if is_truthy(&found) => answer(&found, "wrap", None).unwrap_or(value),
            _ => value,
        },
        other => return Err(Fault::new(format!("it takes a text or a list of texts, not '{}'", other.type_name()))),
    }))
}
