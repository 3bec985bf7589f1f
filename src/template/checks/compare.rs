//! Tests that compare.

use std::cmp::Ordering;

use crate::template::eval::{self, Args, Number, Run, equal, order, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::syntax::Operator;
use crate::value::Value;

fn other(args: Args) -> Outcome {
    let [other] = args.bind(["other"])?;
    required(other, "other")
}

/// `eq`, `equalto`, `==`.
pub(super) fn eq(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    equal(run, item, &other(args)?)
}

/// `ne`, `!=`.
pub(super) fn ne(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    equal(run, item, &other(args)?).map(|equal| !equal)
}

/// `lt`, `lessthan`, `<`.
pub(super) fn lt(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    Ok(order(run, item, &other(args)?, "<")? == Ordering::Less)
}

/// `le`, `<=`.
pub(super) fn le(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    Ok(order(run, item, &other(args)?, "<=")? != Ordering::Greater)
}

/// `gt`, `greaterthan`, `>`.
pub(super) fn gt(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    Ok(order(run, item, &other(args)?, ">")? == Ordering::Greater)
}

/// `ge`, `>=`.
pub(super) fn ge(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    Ok(order(run, item, &other(args)?, ">=")? != Ordering::Less)
}

/// `in(seq)`.
pub(super) fn within(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [seq] = args.bind(["seq"])?;
    eval::contains(run, &required(seq, "seq")?, item)
}

/// `contains(value)`.
pub(super) fn contains(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [value] = args.bind(["value"])?;
    eval::contains(run, item, &required(value, "value")?)
}

/// `sameas(other)`: equal and of one type.
pub(super) fn sameas(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let other = other(args)?;
    Ok(item.type_name() == other.type_name() && equal(run, item, &other)?)
}

/// `divisibleby(num)`.
pub(super) fn divisibleby(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [number] = args.bind(["num"])?;
    remainder_is(run, item, &required(number, "num")?, 0)
}

/// `even`.
pub(super) fn even(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    remainder_is(run, item, &Item::int(2), 0)
}

/// `odd`.
pub(super) fn odd(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    remainder_is(run, item, &Item::int(2), 1)
}

fn remainder_is(run: &Run<'_, '_>, item: &Item, by: &Item, wanted: i32) -> Outcome<bool> {
    if Number::of(item).is_none() {
        return Err(Fault::new(format!("a number is needed, not '{}'", item.type_name())));
    }
    let rest = run.binary(Operator::Rem, item, by)?;
    equal(run, &rest, &Item::int(wanted))
}

/// `all`: whether every item is true.
pub(super) fn all(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    for item in run.iterate(item)? {
        if !run.truthy(&item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `any`: whether some item is true.
pub(super) fn any(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    for item in run.iterate(item)? {
        if run.truthy(&item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `subset(other)`, `issubset`.
pub(super) fn subset(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let other = other(args)?;
    within_all(run, item, &other)
}

/// `superset(other)`, `issuperset`.
pub(super) fn superset(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let other = other(args)?;
    within_all(run, &other, item)
}

fn within_all(run: &Run<'_, '_>, part: &Item, whole: &Item) -> Outcome<bool> {
    let whole =
        Item::Value(Value::list(run.iterate(whole)?.iter().map(|item| run.plain(item)).collect::<Outcome<_>>()?));
    for item in run.iterate(part)? {
        if !eval::contains(run, &whole, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}
