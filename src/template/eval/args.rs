//! Arguments of a call.

use std::sync::Arc;

use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;

/// Arguments as they were given.
#[derive(Clone, Default)]
pub(crate) struct Args {
    pub(crate) positional: Vec<Item>,
    pub(crate) named: Vec<(Arc<str>, Item)>,
}

impl Args {
    /// The arguments of a function with these parameters, each of which may be left out.
    pub(crate) fn bind<const N: usize>(self, parameters: [&str; N]) -> Outcome<[Option<Item>; N]> {
        let given = self.positional.len();
        if given > N {
            return Err(Fault::new(match N {
                0 => format!("it takes no arguments, {given} given"),
                1 => format!("it takes at most 1 argument, {given} given"),
                _ => format!("it takes at most {N} arguments, {given} given"),
            })
            .help((N > 0).then(|| format!("the arguments are {}", parameters.join(", ")))));
        }
        let mut bound: [Option<Item>; N] = [const { None }; N];
        for (slot, item) in bound.iter_mut().zip(self.positional) {
            *slot = Some(item);
        }
        for (name, item) in self.named {
            let Some(slot) = parameters.iter().position(|p| **p == *name).and_then(|index| bound.get_mut(index)) else {
                let help = crate::diag::did_you_mean(&name, parameters)
                    .or_else(|| (N > 0).then(|| format!("the arguments are {}", parameters.join(", "))));
                return Err(Fault::new(format!("there is no argument `{name}`")).help(help));
            };
            if slot.replace(item).is_some() {
                return Err(Fault::new(format!("argument `{name}` is given twice")));
            }
        }
        Ok(bound)
    }

    /// Takes a named argument out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Item> {
        let index = self.named.iter().position(|(n, _)| **n == *name)?;
        Some(self.named.remove(index).1)
    }

    /// No arguments at all.
    pub(crate) fn none(self) -> Outcome<()> {
        self.bind([]).map(|[]| ())
    }

    /// The first argument that does not exist.
    pub(crate) fn missing(&self) -> Option<&Item> {
        self.positional.iter().chain(self.named.iter().map(|(_, item)| item)).find(|item| item.is_missing())
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.positional.iter().chain(self.named.iter().map(|(_, item)| item))
    }
}

/// The argument, or an error that names it.
pub(crate) fn required(item: Option<Item>, name: &str) -> Outcome {
    item.ok_or_else(|| Fault::new(format!("argument `{name}` is missing")))
}
