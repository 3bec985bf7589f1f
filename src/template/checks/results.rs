//! Tests of a task's result.

use crate::template::eval::{Args, Run};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;

/// A truth in the result, false where it is not there.
fn flag(run: &Run<'_, '_>, item: &Item, name: &str) -> Outcome<Option<bool>> {
    if run.entries(item)?.is_none() {
        return Err(Fault::new(format!("it takes a task's result, which is a dictionary, not '{}'", item.type_name())));
    }
    match run.attr(item, &name.into())? {
        Item::Missing(_) => Ok(None),
        flag => run.truthy(&flag).map(Some),
    }
}

/// `failed`, `failure`.
pub(super) fn failed(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(flag(run, item, "failed")?.unwrap_or(false))
}

/// `succeeded`, `success`, `successful`: not failed.
pub(super) fn succeeded(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    failed(run, item, args).map(|failed| !failed)
}

/// `unreachable`.
pub(super) fn unreachable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(flag(run, item, "unreachable")?.unwrap_or(false))
}

/// `reachable`.
pub(super) fn reachable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    unreachable(run, item, args).map(|unreachable| !unreachable)
}

/// `changed`, `change`: of a loop's result, whether any of its results changed something.
pub(super) fn changed(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    if let Some(changed) = flag(run, item, "changed")? {
        return Ok(changed);
    }
    let results = run.attr(item, &"results".into())?;
    if results.is_missing() {
        return Ok(false);
    }
    for result in run.iterate(&results)? {
        if run.entries(&result)?.is_some() && flag(run, &result, "changed")?.unwrap_or(false) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `skipped`, `skip`.
pub(super) fn skipped(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(flag(run, item, "skipped")?.unwrap_or(false))
}

/// `started`: of an asynchronous job; anything else has started.
pub(super) fn started(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(flag(run, item, "started")?.unwrap_or(true))
}

/// `finished`: of an asynchronous job; anything else has finished.
pub(super) fn finished(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    Ok(flag(run, item, "finished")?.unwrap_or(true))
}

/// `timedout`: whether the task ran out of its `timeout`.
pub(super) fn timedout(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    if flag(run, item, "timedout")?.is_none() {
        return Ok(false);
    }
    let timedout = run.attr(item, &"timedout".into())?;
    match run.entries(&timedout)? {
        Some(_) => Ok(flag(run, &timedout, "period")?.unwrap_or(false)),
        None => run.truthy(&timedout),
    }
}
