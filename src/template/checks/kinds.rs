//! Tests of what something is.

use crate::template::eval::{Args, Number, Run, float_of, required};
use crate::template::fault::Outcome;
use crate::template::item::{Item, Object};
use crate::value::{Value, parse_bool};

/// `defined`: whether it exists.
pub(super) fn defined(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(!item.is_missing())
}

/// `undefined`: whether it does not exist.
pub(super) fn undefined(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(item.is_missing())
}

/// `none`.
pub(super) fn none(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(item.is_null())
}

/// `boolean`.
pub(super) fn boolean(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(matches!(item, Item::Value(Value::Bool(_))))
}

/// `true`: the truth value itself, not something that counts as true.
pub(super) fn is_true(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(matches!(item, Item::Value(Value::Bool(true))))
}

/// `false`: the truth value itself.
pub(super) fn is_false(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(matches!(item, Item::Value(Value::Bool(false))))
}

/// `truthy(convert_bool=false)`: whether it counts as true; with the argument, texts such as `no` count by their meaning.
pub(super) fn truthy(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [convert] = args.bind(["convert_bool"])?;
    let convert = convert.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    if convert
        && let Item::Value(value) = item
        && let Some(meaning) = parse_bool(value)
    {
        return Ok(meaning);
    }
    run.truthy(item)
}

/// `falsy(convert_bool=false)`: the opposite.
pub(super) fn falsy(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    truthy(run, item, args).map(|truthy| !truthy)
}

/// `string`.
pub(super) fn string(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(item.as_text().is_some())
}

/// `number`: whole or not; truth values are numbers to Python.
pub(super) fn number(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(Number::of(item).is_some())
}

/// `integer`: a whole number and no truth value.
pub(super) fn integer(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(matches!(item, Item::Value(Value::Int(_))))
}

/// `float`.
pub(super) fn float(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(matches!(item, Item::Value(Value::Float(_))))
}

/// `nan`, `isnan`.
pub(super) fn nan(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(float_of(item)?.is_nan())
}

/// `mapping`.
pub(super) fn mapping(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(match item {
        Item::Value(Value::Map(_)) | Item::Map(_) => true,
        Item::Object(_) => run.entries(item)?.is_some(),
        _ => false,
    })
}

/// `sequence`: a list or mapping or text.
pub(super) fn sequence(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(run.length(item).is_ok())
}

/// `iterable`: what a loop can go through.
pub(super) fn iterable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(match item {
        Item::Value(Value::List(_) | Value::Map(_) | Value::Str(_)) | Item::List(_) | Item::Tuple(_) | Item::Map(_) => {
            true
        }
        Item::Object(_) => run.iterate(item).is_ok(),
        _ => false,
    })
}

/// `callable`.
pub(super) fn callable(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(matches!(item, Item::Object(object) if object.is_callable() && !matches!(**object, Object::Loop(_))))
}

/// `escaped`: nothing is marked as escaped here.
pub(super) fn escaped(_: &mut Run<'_, '_>, _: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(false)
}

/// `filter`: whether there is a filter of this name.
pub(super) fn filter(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(crate::template::filters::find(&run.display(item)?).is_some())
}

/// `test`: whether there is a test of this name.
pub(super) fn test(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(super::find(&run.display(item)?).is_some())
}

/// `community.general.ansible_type(dtype, alias={})`: the type of a value and of its parts.
pub(super) fn ansible_type(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [wanted, alias] = args.bind(["dtype", "alias"])?;
    let wanted = required(wanted, "dtype")?;
    let alias = match alias.map(|alias| run.plain(&alias)).transpose()? {
        Some(Value::Map(map)) => (*map).clone(),
        _ => crate::value::Map::new(),
    };
    let own = crate::template::filters::ansible_type(&run.plain(item)?, &alias);
    if let Some(wanted) = wanted.as_str() {
        return Ok(own == wanted);
    }
    Ok(run.iterate(&wanted)?.iter().any(|wanted| wanted.as_str() == Some(&own)))
}
