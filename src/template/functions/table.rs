//! The table of functions.

use super::builtin;
use crate::template::eval::{Args, Run};
use crate::template::fault::Outcome;

/// One function.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// Whether it looks at arguments that do not exist itself.
    pub(crate) takes_missing: bool,
    pub(crate) run: fn(&mut Run<'_, '_>, Args) -> Outcome,
}

/// One line of the table.
const fn line(name: &'static str, run: fn(&mut Run<'_, '_>, Args) -> Outcome) -> Function {
    Function { name, takes_missing: false, run }
}

/// One line of a function that looks at what does not exist.
const fn aware(name: &'static str, run: fn(&mut Run<'_, '_>, Args) -> Outcome) -> Function {
    Function { name, takes_missing: true, run }
}

/// All functions by name.
static FUNCTIONS: &[Function] = &[
    line("cycler", builtin::cycler),
    aware("dict", builtin::dict),
    line("joiner", builtin::joiner),
    line("lipsum", builtin::lipsum),
    aware("lookup", builtin::lookup),
    aware("namespace", builtin::namespace),
    line("now", builtin::now),
    aware("q", builtin::query),
    aware("query", builtin::query),
    line("range", builtin::range),
    line("undef", builtin::undef),
];

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    let index = FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok()?;
    FUNCTIONS.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(
            FUNCTIONS.is_sorted_by(|a, b| a.name < b.name),
            "functions stand in the order of their names, each once"
        );
    }
}
