//! How a text is read: its delimiters, and what becomes of the blanks around tags.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;

use crate::diag::did_you_mean;
use crate::template::fault::{At, Fault, Outcome};
use crate::value::Value;
use crate::value::parse_bool;

/// What begins and ends tags, expressions and comments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delimiters {
    block: [Cow<'static, str>; 2],
    variable: [Cow<'static, str>; 2],
    comment: [Cow<'static, str>; 2],
}

impl Default for Delimiters {
    fn default() -> Self {
        let pair = |start, end| [Cow::Borrowed(start), Cow::Borrowed(end)];
        Self { block: pair("{%", "%}"), variable: pair("{{", "}}"), comment: pair("{#", "#}") }
    }
}

impl Delimiters {
    /// The names under which each can be set.
    pub const NAMES: [&str; 6] = [
        "block_start_string",
        "block_end_string",
        "variable_start_string",
        "variable_end_string",
        "comment_start_string",
        "comment_end_string",
    ];

    /// Sets one by its name, and tells whether there is one of that name.
    pub fn set(&mut self, name: &str, text: &str) -> bool {
        let Some((kind, end)) = name.strip_suffix("_string").and_then(|name| name.split_once('_')) else {
            return false;
        };
        let pair = match kind {
            "block" => &mut self.block,
            "variable" => &mut self.variable,
            "comment" => &mut self.comment,
            _ => return false,
        };
        let slot = match end {
            "start" => pair.first_mut(),
            "end" => pair.last_mut(),
            _ => None,
        };
        slot.map(|slot| *slot = Cow::Owned(text.to_owned())).is_some()
    }
}

/// How a text is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dialect {
    /// Remove the newline after a block tag.
    pub(crate) trim_blocks: bool,
    /// Strip blanks before a block tag.
    pub(crate) lstrip_blocks: bool,
    /// Whether literals inside `{{ }}` keep their backslashes.
    pub(crate) raw_literals: bool,
    /// Other delimiters than the usual ones.
    pub(crate) delimiters: Option<Arc<Delimiters>>,
    /// How many bytes of a header come before the template.
    pub(crate) header: u32,
}

/// What a text starts with that sets its own dialect in its first line.
const HEADER: &str = "#jinja2:";

impl Dialect {
    /// Texts in playbooks, inventories and variables files.
    pub(crate) const VALUE: Self =
        Self { trim_blocks: true, lstrip_blocks: false, raw_literals: true, delimiters: None, header: 0 };

    /// Template files.
    pub(crate) fn of_file(trim_blocks: bool, lstrip_blocks: bool, delimiters: &Delimiters) -> Self {
        let delimiters = (*delimiters != Delimiters::default()).then(|| Arc::new(delimiters.clone()));
        Self { trim_blocks, lstrip_blocks, raw_literals: false, delimiters, header: 0 }
    }

    /// The dialect of what a template includes: without its header.
    pub(crate) fn included(&self) -> Self {
        Self { header: 0, raw_literals: false, ..self.clone() }
    }

    /// The same as a header in the text changes it: `#jinja2: trim_blocks: False, variable_start_string: '[%'`.
    pub(crate) fn with_header_of(&self, text: &str) -> Outcome<Self> {
        let Some(line) = text.strip_prefix(HEADER).map(|rest| rest.split('\n').next().unwrap_or("")) else {
            return Ok(self.clone());
        };
        let mut changed = self.clone();
        let mut delimiters = Delimiters::clone(self.delimiters.as_deref().unwrap_or(&Delimiters::default()));
        let whole = HEADER.len() + line.len();
        let at = At { start: 0, end: u32::try_from(whole).unwrap_or(u32::MAX) };
        for pair in pairs(line.strip_suffix('\r').unwrap_or(line)) {
            let (name, value) = pair.split_once(':').ok_or_else(|| {
                Fault::new("the header `#jinja2:` holds `name: value` with commas between them").at(at)
            })?;
            let (name, value) = (name.trim(), unquoted(value.trim()));
            let flag = || {
                let truth = parse_bool(&Value::data(value));
                truth.ok_or_else(|| Fault::new(format!("`{name}` of the header is true or false")).at(at))
            };
            match name {
                "trim_blocks" => changed.trim_blocks = flag()?,
                "lstrip_blocks" => changed.lstrip_blocks = flag()?,
                "newline_sequence" => {
                    return Err(Fault::new("`newline_sequence` is not supported in a header")
                        .help(Some("the module `template` has an option of that name".to_owned()))
                        .at(at));
                }
                name if delimiters.set(name, value) => {}
                name => {
                    let known = Delimiters::NAMES.into_iter().chain(["trim_blocks", "lstrip_blocks"]);
                    return Err(Fault::new(format!("the header has no setting `{name}`"))
                        .help(did_you_mean(name, known))
                        .at(at));
                }
            }
        }
        changed.delimiters = (delimiters != Delimiters::default()).then(|| Arc::new(delimiters));
        changed.header = u32::try_from((whole + 1).min(text.len())).unwrap_or(u32::MAX);
        Ok(changed)
    }

    pub(super) fn syntax(&self) -> Result<SyntaxConfig, Fault> {
        let mut builder = SyntaxConfig::builder();
        builder.trim_blocks(self.trim_blocks).lstrip_blocks(self.lstrip_blocks).keep_trailing_newline(true);
        if let Some(delimiters) = &self.delimiters {
            let Delimiters { block: [a, b], variable: [c, d], comment: [e, f] } = (**delimiters).clone();
            builder.block_delimiters(a, b).variable_delimiters(c, d).comment_delimiters(e, f);
        }
        builder.build().map_err(|error| Fault::new(format!("the delimiters cannot be used: {error}")))
    }
}

/// Parts between commas outside quotes.
fn pairs(line: &str) -> Vec<&str> {
    let mut quote = None;
    line.split(|c: char| {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        quote.is_none() && c == ','
    })
    .collect()
}

fn unquoted(value: &str) -> &str {
    ['\'', '"']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote)))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_changes_the_dialect() {
        let text = "#jinja2: trim_blocks: False, variable_start_string:'[,', variable_end_string: \",]\"\nx";
        let dialect = Dialect::VALUE.with_header_of(text).unwrap();
        assert!(!dialect.trim_blocks);
        assert_eq!(text.get(dialect.header as usize..), Some("x"));
        let variable = &dialect.delimiters.unwrap().variable;
        assert_eq!((&*variable[0], &*variable[1]), ("[,", ",]"));
        assert!(Dialect::VALUE.with_header_of("#jinja2: nope: 1\n").is_err());
        assert!(Dialect::VALUE.with_header_of("#jinja2:\n").is_err());
        assert_eq!(Dialect::VALUE.with_header_of("x").unwrap(), Dialect::VALUE);
    }
}
