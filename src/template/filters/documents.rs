//! Filters to and from JSON and YAML.

use crate::template::eval::{Args, Run, int_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::json::{Style, dump};
use crate::value::{Value, from_json as value_of};
use crate::yaml::{EmitOptions, FlowStyle, TextStyle, emit};

/// `to_json(…)`: the arguments of `json.dumps` that change how it looks.
pub(super) fn to_json(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let style = style(run, args, Style::compact())?;
    dump(&run.plain(item)?, &style).map(Item::text)
}

/// `to_nice_json(indent=4, sort_keys=true, …)`.
pub(super) fn to_nice_json(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let nice = Style { sort_keys: true, ..Style::indented(4) };
    let style = style(run, args, nice)?;
    dump(&run.plain(item)?, &style).map(Item::text)
}

/// `tojson(indent=None)`: Jinja's own, with sorted keys and safe inside HTML.
pub(super) fn tojson(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [indent] = args.bind(["indent"])?;
    let style = match indent {
        Some(indent) if !indent.is_null() => Style::indented(usize::try_from(int_of(&indent)?).unwrap_or(0)),
        _ => Style::compact(),
    };
    let text = dump(&run.plain(item)?, &Style { sort_keys: true, ..style })?;
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    Ok(Item::text(text))
}

fn style(run: &Run<'_, '_>, mut args: Args, mut style: Style) -> Outcome<Style> {
    if let Some(indent) = args.take("indent") {
        style.indent = match &indent {
            Item::Value(Value::Null) => None,
            Item::Value(Value::Str(text)) => Some(text.to_string()),
            indent => Some(" ".repeat(usize::try_from(int_of(indent)?).unwrap_or(0).min(64))),
        };
        style.separators.0 = String::from(if style.indent.is_some() { "," } else { ", " });
    }
    for (name, slot) in [("sort_keys", &mut style.sort_keys), ("ensure_ascii", &mut style.ensure_ascii)] {
        if let Some(item) = args.take(name) {
            *slot = run.truthy(&item)?;
        }
    }
    if let Some(separators) = args.take("separators").filter(|item| !item.is_null()) {
        let [item, key] =
            <[Item; 2]>::try_from(run.iterate(&separators)?).map_err(|_| Fault::new("separators must be a pair"))?;
        style.separators = (run.display(&item)?, run.display(&key)?);
    }
    for ignored in ["default", "cls", "skipkeys", "check_circular", "allow_nan", "vault_to_text", "preprocess_unsafe"] {
        args.take(ignored);
    }
    args.none()?;
    Ok(style)
}

/// `from_json`.
pub(super) fn from_json(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    args.take("profile");
    args.none()?;
    let text = run.display(item)?;
    // never the text itself in the message: it may be secret
    let json = serde_json::from_str(&text).map_err(|error| {
        Fault::new(format!("the text is not JSON (line {}, column {})", error.line(), error.column()))
    })?;
    Ok(Item::Value(value_of(json)))
}

/// `pprint`: a value as Python shows it.
pub(super) fn pprint(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.bind(["verbose"])?;
    run.repr(item).map(Item::text)
}

/// `from_yaml`: one document, read as Ansible reads YAML.
pub(super) fn from_yaml(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    if item.as_str().is_none() {
        return Ok(item.clone());
    }
    let mut documents = documents(&run.display(item)?)?;
    if documents.len() > 1 {
        return Err(Fault::new("the text holds more than one YAML document")
            .help(Some("`from_yaml_all` reads them all".to_owned())));
    }
    Ok(Item::Value(documents.pop().unwrap_or(Value::Null)))
}

/// `from_yaml_all`: a list of documents.
pub(super) fn from_yaml_all(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    if item.is_null() {
        return Ok(Item::list(Vec::new()));
    }
    if item.as_str().is_none() {
        return Ok(item.clone());
    }
    Ok(Item::Value(Value::list(documents(&run.display(item)?)?)))
}

fn documents(text: &str) -> Outcome<Vec<Value>> {
    let sources = crate::diag::SourceMap::new();
    let source = sources.add("<text>", text);
    let documents = crate::yaml::parse(&sources, source, &mut Vec::new()).map_err(|problem| {
        let place = problem.span().and_then(|span| sources.location(span));
        let place = place.map(|place| format!(" (line {}, column {})", place.line, place.column)).unwrap_or_default();
        Fault::new(format!("the text is not YAML{place}: {}", problem.message))
    })?;
    // what a filter returns is data, whatever is in it, and has no place in a file
    Ok(documents.iter().map(|document| unplaced(document.root.to_value())).collect())
}

fn unplaced(value: Value) -> Value {
    match value {
        Value::Str(text) => Value::Str(text.into_data().with_span(None)),
        Value::List(items) => Value::list(items.iter().cloned().map(unplaced).collect()),
        Value::Map(map) => Value::map(map.iter().map(|(key, item)| (key.clone(), unplaced(item.clone()))).collect()),
        other => other,
    }
}

/// `to_yaml(…)`: the arguments of `yaml.dump` that change how it looks.
pub(super) fn to_yaml(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    yaml(run, item, args, EmitOptions::terse())
}

/// `to_nice_yaml(indent=4, …)`.
pub(super) fn to_nice_yaml(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    yaml(run, item, args, EmitOptions::nice())
}

fn yaml(run: &Run<'_, '_>, item: &Item, mut args: Args, mut options: EmitOptions) -> Outcome {
    // the first argument by position is the indentation
    let indent = if args.positional.is_empty() { args.take("indent") } else { Some(args.positional.remove(0)) };
    for (slot, item) in [(&mut options.indent, indent), (&mut options.width, args.take("width"))] {
        if let Some(item) = item.filter(|item| !item.is_null()) {
            *slot = i32::try_from(int_of(&item)?).unwrap_or(i32::MAX);
        }
    }
    for (name, slot) in [
        ("sort_keys", &mut options.sort_keys),
        ("explicit_start", &mut options.explicit_start),
        ("explicit_end", &mut options.explicit_end),
        ("allow_unicode", &mut options.allow_unicode),
    ] {
        if let Some(item) = args.take(name) {
            *slot = run.truthy(&item)?;
        }
    }
    if let Some(flow) = args.take("default_flow_style") {
        options.flow_style = match &flow {
            flow if flow.is_null() => FlowStyle::Auto,
            flow if run.truthy(flow)? => FlowStyle::Flow,
            _ => FlowStyle::Block,
        };
    }
    if let Some(style) = args.take("default_style").filter(|item| !item.is_null()) {
        options.text_style = match run.display(&style)?.as_str() {
            "" => TextStyle::Plain,
            "'" => TextStyle::Single,
            "\"" => TextStyle::Double,
            "|" => TextStyle::Literal,
            other => return Err(Fault::new(format!("default_style `{other}` is not supported"))),
        };
    }
    for ignored in ["line_break", "encoding", "vault_behavior", "dump_vault_tags"] {
        args.take(ignored);
    }
    args.none()?;
    emit(&run.plain(item)?, &options).map(Item::text).map_err(|error| Fault::new(error.to_string()))
}
