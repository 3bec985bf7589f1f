//! Filters on values of any kind.

use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;

/// `attr(name)`: an attribute, or what is missing.
pub(super) fn attr(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [name] = args.bind(["name"])?;
    let name = run.display(&required(name, "name")?)?;
    run.attr(item, &name.into())
}

/// `default(value='', boolean=false)`: another value for what is not defined, and with `boolean` for what is false.
pub(super) fn default(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [value, boolean] = args.bind(["default_value", "boolean"])?;
    let boolean = boolean.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let replace = match &item {
        Item::Missing(missing) if missing.quiet => return Err(missing.fault.clone()),
        Item::Missing(_) => true,
        item => boolean && !run.truthy(item)?,
    };
    Ok(if replace { value.unwrap_or_else(|| Item::text("")) } else { item.clone() })
}

/// `mandatory(msg=None)`: an error unless the variable is defined.
pub(super) fn mandatory(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [message] = args.bind(["msg"])?;
    let Item::Missing(missing) = &item else { return Ok(item.clone()) };
    let message = match message {
        Some(message) if !message.is_null() => run.display(&message)?,
        _ => match missing.fault.unknown_name() {
            Some(name) => format!("mandatory variable '{name}' not defined"),
            None => "mandatory variable not defined".to_owned(),
        },
    };
    Err(Fault::new(message))
}

/// `safe`: the value itself; nothing is escaped here.
pub(super) fn same(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(item.clone())
}

/// `ternary(true_val, false_val, none_val=None)`.
pub(super) fn ternary(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [yes, no, none] = args.bind(["true_val", "false_val", "none_val"])?;
    let (yes, no) = (required(yes, "true_val")?, required(no, "false_val")?);
    match none {
        Some(none) if item.is_null() && !none.is_null() => Ok(none),
        _ if run.truthy(item)? => Ok(yes),
        _ => Ok(no),
    }
}

/// `type_debug`: Python's name of the type.
pub(super) fn type_debug(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(item.type_name()))
}
