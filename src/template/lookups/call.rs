//! Calling a lookup.

use std::sync::Arc;

use super::table::find;
use crate::template::eval::{Args, Machine, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Origin, Text, Trust, Value};

/// What a lookup is asked for.
pub(crate) struct Request<'m, 'r> {
    pub(crate) machine: &'m Machine<'r>,
    /// The terms, rendered.
    pub(crate) terms: Vec<Value>,
    options: Vec<(Arc<str>, Value)>,
    /// The error of a `default` that does not exist itself, as in `default=undef()`.
    pub(crate) missing_default: Option<Fault>,
}

impl Request<'_, '_> {
    /// Takes an option out.
    pub(crate) fn option(&mut self, name: &str) -> Option<Value> {
        let index = self.options.iter().position(|(n, _)| **n == *name)?;
        Some(self.options.remove(index).1).filter(|value| !matches!(value, Value::Null))
    }

    /// Takes an option out that is text.
    pub(crate) fn text_option(&mut self, name: &str) -> Outcome<Option<String>> {
        self.option(name).map(|value| self.machine.display(&Item::Value(value))).transpose()
    }

    /// Takes a truth value out.
    pub(crate) fn truth_option(&mut self, name: &str, otherwise: bool) -> Outcome<bool> {
        match self.option(name) {
            None => Ok(otherwise),
            Some(value) => crate::value::parse_bool(&value)
                .ok_or_else(|| Fault::new(format!("option `{name}` is not a truth value"))),
        }
    }

    /// The terms as texts.
    pub(crate) fn texts(&self) -> Outcome<Vec<String>> {
        self.terms.iter().map(|term| self.machine.display(&Item::Value(term.clone()))).collect()
    }

    /// An error for options that nobody took, which are misspelt or not supported.
    fn leftover(&self) -> Outcome<()> {
        match self.options.first() {
            None => Ok(()),
            Some((name, _)) => Err(Fault::new(format!("there is no option `{name}`"))),
        }
    }
}

/// `lookup(…)` and `query(…)` in a template.
pub(crate) fn call(run: &mut Run<'_, '_>, mut args: Args, query: bool) -> Outcome {
    if args.positional.is_empty() {
        return Err(Fault::new("the name of a lookup is missing"));
    }
    let name = run.display(&args.positional.remove(0))?;
    let wantlist = match args.take("wantlist") {
        Some(item) => run.truthy(&item)?,
        None => query,
    };
    let errors = args.take("errors").map(|item| run.display(&item)).transpose()?;
    let strict = match errors.as_deref() {
        None | Some("strict") => true,
        Some("ignore" | "warn") => false,
        Some(other) => return Err(Fault::new(format!("errors: `{other}` is none of strict, warn, ignore"))),
    };
    if let Some(missing) = args.positional.iter().find(|item| item.is_missing()) {
        return Ok(missing.clone());
    }
    let missing_default = match args.named.iter().position(|(name, item)| &**name == "default" && item.is_missing()) {
        Some(index) => args.named.remove(index).1.present().err(),
        None => None,
    };
    if let Some(missing) = args.missing() {
        return Ok(missing.clone());
    }
    let terms = args.positional.iter().map(|item| run.plain(item)).collect::<Outcome<Vec<_>>>()?;
    let options =
        args.named.iter().map(|(name, item)| Ok((Arc::clone(name), run.plain(item)?))).collect::<Outcome<Vec<_>>>()?;
    let found = answer(Request { machine: run.machine, terms, options, missing_default }, &name);
    let found = match found {
        Ok(found) => found,
        Err(fault) if strict => {
            return if fault.is_undefined() { Ok(Item::missing(fault)) } else { Err(fault) };
        }
        Err(_) => return Ok(if wantlist { Item::list(Vec::new()) } else { Item::NULL }),
    };
    if wantlist {
        return Ok(Item::Value(Value::list(found)));
    }
    joined(found)
}

/// Several texts joined with commas; one result alone; other results as a list.
fn joined(mut found: Vec<Value>) -> Outcome {
    if found.len() == 1 {
        return required(found.pop().map(Item::Value), "result");
    }
    if found.is_empty() {
        return Ok(Item::list(Vec::new()));
    }
    let mut parts = Vec::with_capacity(found.len());
    let mut secret = false;
    for value in &found {
        let Value::Str(text) = value else { return Ok(Item::Value(Value::list(found))) };
        secret |= text.is_secret();
        parts.push(text.as_str());
    }
    let origin = Origin { trust: Trust::Data, secret };
    Ok(Item::Value(Value::Str(Text::new(parts.join(","), origin))))
}

/// The results of a lookup by its name.
fn answer(mut request: Request<'_, '_>, name: &str) -> Outcome<Vec<Value>> {
    let Some(lookup) = find(name) else {
        return Err(Fault::new(format!("there is no lookup `{name}`"))
            .help(note(name).or_else(|| crate::diag::did_you_mean(name, super::names()))));
    };
    let found = (lookup.run)(&mut request).and_then(|found| {
        request.leftover()?;
        Ok(found)
    });
    found.map_err(
        |fault| if fault.is_undefined() { fault } else { fault.within(format_args!("lookup `{}`", lookup.name)) },
    )
}

/// What to say of a lookup that others have and this program does not.
fn note(name: &str) -> Option<String> {
    let short = name.rsplit('.').next().unwrap_or(name);
    let instead = match short {
        "dig" | "dnstxt" => "the lookup needs a Python package: `pipe` with `dig +short` does it",
        "passwordstore" => "the lookup is not supported: `pipe` with `pass show` does it",
        "collection_version" => "there are no collections here whose versions could be told",
        _ if name.contains('.') && !name.starts_with("ansible.builtin.") => {
            "the lookup is one of a collection that is not supported"
        }
        _ => return None,
    };
    Some(instead.to_owned())
}

/// The items of `with_NAME: terms`.
pub(crate) fn for_loop(machine: &Machine<'_>, name: &str, terms: &Value) -> Outcome<Vec<Value>> {
    let terms = match terms {
        Value::List(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    answer(Request { machine, terms, options: Vec::new(), missing_default: None }, name)
}
