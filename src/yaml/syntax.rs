//! Where a text stops being YAML: what libyaml reports, said so that the writer knows what to mend.

use std::borrow::Cow;
use std::collections::HashSet;

use libyaml_safer::{Error, Mark, Scanner, TokenData};

use crate::diag::{Diagnostic, SourceId, Span};

const CODE: &str = "yaml-syntax";

/// What ends a text that does not end with a line: a line break that no such text ends with itself.
const END: char = '\u{2028}';

/// The text as it is scanned. libyaml-safer panics where a text ends within a block scalar or after a backslash; with a line
/// break there it does not, and [`take_end`] takes it off the block scalar again.
pub(super) fn ended(text: &str) -> Cow<'_, str> {
    if text.ends_with(['\n', '\r', END]) { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}{END}")) }
}

/// Takes off a scalar at the end of a text what [`ended`] added.
pub(super) fn take_end(value: &mut String, text: &str, span: Span) {
    if span.end as usize >= text.trim_end().len() && value.ends_with(END) && !text.ends_with(END) {
        value.pop();
    }
}

/// Finds what libyaml-safer cannot report well: characters that no YAML text may hold, and (it panics there) a tag that is
/// followed by a comma.
pub(super) fn before_scanning(text: &str, source: SourceId) -> Option<Box<Diagnostic>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let base = text.len() - body.len();
    let span = |at: usize, length: usize| Span::new(source, base + at, base + at + length);
    if let Some((at, c)) = body.char_indices().find(|(_, c)| !is_allowed(*c)) {
        return Some(Box::new(
            Diagnostic::error(CODE, format!("the control character U+{:04X} cannot stand in YAML", c as u32))
                .at(span(at, c.len_utf8()))
                .help(format!("remove it, or write it as an escape in double quotes: `\"\\x{:02x}\"`", c as u32)),
        ));
    }
    let at = tag_before_comma(body)?;
    Some(Box::new(
        Diagnostic::error(CODE, "a tag needs its value before the comma")
            .label(span(at, 1), "the value is missing here")
            .help("if the exclamation mark is part of a text, put the text in quotes"),
    ))
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// The comma after a tag in a flow collection. Candidates are rare; the scanner itself says which of them are tags, with
/// blanks in place of the commas that it cannot bear.
fn tag_before_comma(text: &str) -> Option<usize> {
    let is_uri = |c: char| c.is_ascii_alphanumeric() || "-_;/?:@&=+$.%!~*'()".contains(c);
    let mut candidates = HashSet::new();
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find('!') {
        let start = from + found;
        let rest = text.get(start..)?;
        let length = rest.find(|c| !is_uri(c)).unwrap_or(rest.len());
        let whole = rest.strip_prefix("!<").and_then(|_| rest.find('>')).map(|end| end + 1);
        candidates.extend([Some(length), whole].into_iter().flatten().map(|length| start + length));
        from = (start + length).max(start + 1);
    }
    candidates.retain(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(',')));
    if candidates.is_empty() {
        return None;
    }
    let spaced: String = text.char_indices().map(|(at, c)| if candidates.contains(&at) { ' ' } else { c }).collect();
    let spaced = ended(&spaced);
    let mut scanner = Scanner::new();
    scanner.set_encoding(libyaml_safer::Encoding::Utf8);
    scanner.set_input(spaced.as_bytes());
    let mut open = 0_usize;
    loop {
        let token = Scanner::scan(&mut scanner).ok()?;
        match token.data {
            TokenData::FlowSequenceStart | TokenData::FlowMappingStart => open += 1,
            TokenData::FlowSequenceEnd | TokenData::FlowMappingEnd => open = open.saturating_sub(1),
            TokenData::Tag { .. } if open > 0 => {
                let at = offset(token.end_mark, 0);
                if candidates.contains(&at) {
                    return Some(at);
                }
            }
            TokenData::StreamEnd => return None,
            _ => {}
        }
    }
}

/// A template without quotes that starts at `offset`.
pub(super) fn unquoted_template(text: &str, source: SourceId, offset: usize) -> Diagnostic {
    let line = text.get(offset..).unwrap_or_default().lines().next().unwrap_or_default().trim_end();
    // without a comment at the end
    let value = line.split_once(" #").map_or(line, |(value, _)| value).trim_end();
    let quoted = if value.contains('"') {
        if value.contains('\'') { None } else { Some(format!("'{value}'")) }
    } else {
        Some(format!("\"{value}\""))
    };
    Diagnostic::error(CODE, "a value that starts with `{{` needs quotes, else YAML reads a mapping")
        .at(Span::new(source, offset, offset + value.len()))
        .help(match quoted {
            Some(quoted) => format!("write `{quoted}`"),
            None => "put the whole value in quotes, or write it below `>-`".to_owned(),
        })
}

fn offset(mark: Mark, base: usize) -> usize {
    base + usize::try_from(mark.index).unwrap_or(usize::MAX)
}

/// What libyaml reports, with the likely cause.
pub(super) fn explain(text: &str, base: usize, source: SourceId, error: &Error) -> Diagnostic {
    let at = error.problem_mark().map_or(text.len(), |mark| offset(mark, base)).min(text.len());
    let context = error.context_mark().map(|mark| offset(mark, base).min(text.len()));
    Slip { text, source, at, context }.explain(error)
}

/// The place of an error in its text.
struct Slip<'t> {
    text: &'t str,
    source: SourceId,
    /// Where the scanner stopped.
    at: usize,
    /// Where the construct began that it was in.
    context: Option<usize>,
}

impl<'t> Slip<'t> {
    fn explain(&self, error: &Error) -> Diagnostic {
        if let Some(diagnostic) = self.template() {
            return diagnostic;
        }
        let problem = error.problem();
        let context = error.context().unwrap_or_default();
        if problem.contains("tab character")
            || (problem.contains("cannot start any token") && self.here() == Some('\t'))
        {
            return self.tab();
        }
        match problem {
            "found character that cannot start any token" => self.forbidden_start(),
            "mapping values are not allowed in this context" => self.unexpected_colon(),
            "could not find expected ':'" => self.no_colon(),
            "did not find expected key" => self.no_key(),
            "did not find expected '-' indicator" => self.no_dash(),
            "found unexpected end of stream" | "found unexpected document indicator" => self.unclosed_quote(),
            "found unknown escape character" => self.escape(),
            "did not find expected ',' or ']'" => self.unclosed('[', ']'),
            "did not find expected ',' or '}'" => self.unclosed('{', '}'),
            "block sequence entries are not allowed in this context" => self
                .error("a list cannot start here", 1)
                .help("start the list on a line of its own, or write it in brackets: `[a, b]`"),
            "did not find expected alphabetic or numeric character" if context.contains("alias") => {
                self.quoted_start("`*` starts an alias, a reference to an anchor")
            }
            "did not find expected alphabetic or numeric character" => {
                self.quoted_start("`&` starts an anchor, a name for a value")
            }
            "did not find expected comment or line break" if context.contains("block scalar") => self
                .error("the text of a block starts on the line below `|` or `>`", self.rest_of_line())
                .help("move the text to the next line and indent it, or put it in quotes instead"),
            "did not find expected <document start>" => self
                .error("the document ended before this line", self.rest_of_line())
                .help("check the indentation, and that the line is not a second value after the first one"),
            "did not find expected node content" => self.error("a value is missing here", 1),
            _ if problem.contains("directive") => self
                .error("a line that starts with `%` is a directive of YAML", self.rest_of_line())
                .help("if it is text, put it in quotes"),
            _ => {
                let message = match context.strip_prefix("while ") {
                    Some(context) => format!("{problem} while {context}"),
                    None => problem.to_owned(),
                };
                let diagnostic = self.error(&message, 1);
                match self.context {
                    Some(start) if start != self.at => diagnostic.label(self.span(start, 1), "it starts here"),
                    _ => diagnostic,
                }
            }
        }
    }

    /// A template without quotes, whose braces are why the scanner stumbled.
    fn template(&self) -> Option<Diagnostic> {
        let start = [self.context, Some(self.at)].into_iter().flatten().find_map(|place| self.template_start(place))?;
        let rest = self.text.get(start..)?;
        if rest.starts_with("{{") {
            return Some(unquoted_template(self.text, self.source, start));
        }
        let length = rest.lines().next().unwrap_or_default().trim_end().len();
        Some(
            Diagnostic::error(CODE, "a value that starts with `{%` needs quotes, else YAML reads a mapping")
                .at(self.span(start, length))
                .help("put the whole value in quotes, or write it below `|`"),
        )
    }

    /// Where a template without quotes starts that a place is in: right here, or as the value of this line.
    fn template_start(&self, place: usize) -> Option<usize> {
        let is_template =
            |at: usize| self.text.get(at..).is_some_and(|rest| rest.starts_with("{{") || rest.starts_with("{%"));
        let line_start = self.line_start(place);
        let (_, indent, content) = split_line(self.line_at(line_start));
        let value_at = line_start + indent + content.find(": ").map_or(0, |colon| colon + 2);
        [Some(place), place.checked_sub(1), Some(value_at).filter(|at| *at < place)]
            .into_iter()
            .flatten()
            .find(|at| is_template(*at))
    }

    fn tab(&self) -> Diagnostic {
        let start = self.line_start(self.at);
        let line = self.line_at(start);
        let blank = line.len() - line.trim_start().len();
        let at = line.get(..blank).and_then(|blank| blank.find('\t')).map_or(self.at, |tab| start + tab);
        let tabs = self.text.get(at..).unwrap_or_default().bytes().take_while(|b| *b == b'\t').count();
        Diagnostic::error(CODE, "YAML does not allow tabs for indentation")
            .label(self.span(at, tabs.max(1)), "a tab")
            .help("use blanks instead")
    }

    fn forbidden_start(&self) -> Diagnostic {
        match self.here() {
            Some(c @ ('@' | '`' | '%')) => self.quoted_start(&format!("a text without quotes cannot start with `{c}`")),
            Some(c) => self.error(&format!("`{c}` cannot stand here"), c.len_utf8()),
            None => self.error("the text ends too early", 0),
        }
    }

    /// A colon where no key may stand: a second one in the line, or a value that goes on in the next line.
    fn unexpected_colon(&self) -> Diagnostic {
        let start = self.line_start(self.at);
        let before = self.text.get(start..self.at).unwrap_or_default();
        let (_, indent, content) = split_line(before);
        if let Some(colon) = content.find(": ") {
            let value_at = start + indent + colon + 2;
            let value = self.line_at(start).get(indent + colon + 2..).unwrap_or_default().trim_end();
            return Diagnostic::error(CODE, "a value that holds `: ` needs quotes")
                .label(self.span(self.at, 1), "this colon starts another value")
                .label(self.span(value_at, value.len()), "the value that needs quotes")
                .help(quote(value));
        }
        if let Some((above_start, above)) = self.line_above(start) {
            if let Some(diagnostic) = self.missing_blank(above_start, above) {
                return diagnostic;
            }
            let (_, above_indent, above_content) = split_line(above);
            if indent > above_indent && above_content.contains(": ") {
                return Diagnostic::error(
                    CODE,
                    "this line is indented deeper than the one above, whose value is complete",
                )
                .label(self.span(start + indent, content.len()), "too deep, or the value above is too much")
                .label(self.span(above_start + above_indent, above_content.len()), "this already has its value")
                .help("give both lines the same indentation");
            }
        }
        self.error("a colon cannot stand here", 1).help("if it is part of a text, put the text in quotes")
    }

    fn no_colon(&self) -> Diagnostic {
        let at = self.context.unwrap_or(self.at);
        let start = self.line_start(at);
        let line = self.line_at(start);
        if let Some(diagnostic) = self.missing_blank(start, line) {
            return diagnostic;
        }
        if let Some(quote) = self.open_quote(at) {
            return quote;
        }
        let length = line.trim_end().len().saturating_sub(at - start).max(1);
        Diagnostic::error(CODE, "this line has no `:`, but keys of a mapping are expected here")
            .at(self.span(at, length))
            .help("write `key: value`, or indent the line if it goes on with the value above")
    }

    fn no_key(&self) -> Diagnostic {
        let start = self.line_start(self.at);
        if let Some(diagnostic) = self.after_quote(start) {
            return diagnostic;
        }
        let (_, indent, _) = split_line(self.line_at(start));
        let first = self.at <= start + indent;
        let mut diagnostic = if !first {
            self.error("this cannot follow here", self.rest_of_line())
        } else if self.line_at(start).trim_start().starts_with("- ") {
            self.error("an item of a list cannot stand between the keys of a mapping", self.rest_of_line())
        } else {
            self.error("the indentation of this line fits nothing above it", self.rest_of_line())
        };
        if let Some(context) = self.context {
            let column = context - self.line_start(context);
            diagnostic = diagnostic.label(
                self.span(context, 1),
                format!("the mapping it would belong to starts at column {}", column + 1),
            );
        }
        diagnostic.help("align it with the keys it belongs to")
    }

    fn no_dash(&self) -> Diagnostic {
        let start = self.line_start(self.at);
        if let Some(diagnostic) = self.after_quote(start) {
            return diagnostic;
        }
        let diagnostic = self.error("this line stands in a list, but does not start with `- `", self.rest_of_line());
        let diagnostic = match self.context {
            Some(context) => diagnostic.label(self.span(context, 1), "the list starts here"),
            None => diagnostic,
        };
        diagnostic
            .help("indent it deeper than the `-` it belongs to, or align it with the key that the list belongs to")
    }

    fn unclosed_quote(&self) -> Diagnostic {
        let at = self.context.unwrap_or(self.at);
        let c = self.text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('"');
        Diagnostic::error(CODE, "the quote is not closed").label(self.span(at, c.len_utf8()), "it opens here").help(
            if c == '\'' {
                "close it; a single quote inside single quotes is written twice: `'it''s'`"
            } else {
                "close it; a double quote inside double quotes is written `\\\"`"
            },
        )
    }

    fn escape(&self) -> Diagnostic {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let at = if rest.starts_with('\\') { self.at } else { self.at.saturating_sub(1) };
        let escape: String = self.text.get(at..).unwrap_or_default().chars().take(2).collect();
        Diagnostic::error(CODE, format!("`{escape}` is not an escape of YAML's double quotes"))
            .at(self.span(at, escape.len()))
            .help(format!("double the backslash (`\\{escape}`), or use single quotes, where a backslash means itself"))
    }

    fn unclosed(&self, open: char, close: char) -> Diagnostic {
        let length = self.here().map_or(0, char::len_utf8);
        let diagnostic =
            Diagnostic::error(CODE, format!("`,` or `{close}` is missing here")).at(self.span(self.at, length));
        let diagnostic = match self.context {
            Some(context) => diagnostic.label(self.span(context, 1), format!("`{open}` opens here")),
            None => diagnostic,
        };
        diagnostic.help(format!("if `{open}` begins a text, put the text in quotes"))
    }

    /// A value that must be quoted because of its first character.
    fn quoted_start(&self, message: &str) -> Diagnostic {
        let at = self.context.unwrap_or(self.at).min(self.at);
        let value = self.text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
        let value = value.split_once(" #").map_or(value, |(value, _)| value).trim_end();
        Diagnostic::error(CODE, message).at(self.span(at, value.len())).help(quote(value))
    }

    /// `key: "a" b`: text after the closing quote.
    fn after_quote(&self, start: usize) -> Option<Diagnostic> {
        let line = self.line_at(start);
        let before = line.get(..self.at.checked_sub(start)?)?.trim_end();
        let quote_char = before.chars().next_back().filter(|c| matches!(c, '"' | '\''))?;
        let (_, indent, content) = split_line(line);
        let value_at = match content.find(": ") {
            Some(colon) => indent + colon + 2,
            None => indent,
        };
        let value = line.get(value_at..)?.trim();
        if !value.starts_with(quote_char) {
            return None;
        }
        let value_at = start + value_at + line.get(value_at..)?.find(quote_char)?;
        // `'it's'` means the text inside; `"a" b` means all of it
        let meant = value
            .strip_prefix(quote_char)
            .and_then(|inner| inner.strip_suffix(quote_char))
            .filter(|_| value.len() > 2)
            .unwrap_or(value);
        let length = (start + before.len()).checked_sub(value_at)?;
        Some(
            Diagnostic::error(CODE, "a value ends with its closing quote, but more text follows")
                .label(self.span(self.at, self.rest_of_line()), "not part of the value")
                .label(self.span(value_at, length), "the value")
                .help(quote(meant)),
        )
    }

    /// `key:value`: the blank after the colon is missing.
    fn missing_blank(&self, start: usize, line: &str) -> Option<Diagnostic> {
        let (_, indent, content) = split_line(line);
        let colon = content.find(':')?;
        let key = content.get(..colon)?;
        let follows = content.get(colon + 1..)?.chars().next()?;
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if !is_key || follows.is_whitespace() || content.get(colon..)?.starts_with("://") {
            return None;
        }
        let value = content.get(colon + 1..)?.trim_end();
        Some(
            Diagnostic::error(CODE, "a blank is missing after the colon")
                .label(self.span(start + indent + colon, 1), "here")
                .help(format!("write `{key}: {value}`")),
        )
    }

    /// A key that begins with a quote which is not closed on its line.
    fn open_quote(&self, at: usize) -> Option<Diagnostic> {
        let c = self.text.get(at..)?.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        Some(
            Diagnostic::error(CODE, "the quote is not closed on this line, or no `:` follows it")
                .at(self.span(at, c.len_utf8())),
        )
    }

    fn error(&self, message: &str, length: usize) -> Diagnostic {
        Diagnostic::error(CODE, message).at(self.span(self.at, length))
    }

    fn span(&self, at: usize, length: usize) -> Span {
        let mut end = (at + length).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        Span::new(self.source, at, end)
    }

    fn here(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    fn line_at(&self, start: usize) -> &'t str {
        self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default()
    }

    /// The nearest line above that is neither empty nor a comment.
    fn line_above(&self, mut start: usize) -> Option<(usize, &'t str)> {
        while start > 0 {
            start = self.line_start(start - 1);
            let line = self.line_at(start);
            let content = line.trim_start();
            if !content.is_empty() && !content.starts_with('#') {
                return Some((start, line));
            }
        }
        None
    }

    /// The bytes from the error to the end of its line.
    fn rest_of_line(&self) -> usize {
        self.line_at(self.at).trim_end().len().max(1)
    }
}

/// A line's leading blanks, the indentation of its content (after any `- `), and the content.
fn split_line(line: &str) -> (usize, usize, &str) {
    let blanks = line.len() - line.trim_start().len();
    let mut content = line.get(blanks..).unwrap_or_default();
    while let Some(rest) = content.strip_prefix("- ") {
        content = rest.trim_start();
    }
    (blanks, line.len() - content.len(), content.trim_end())
}

fn quote(value: &str) -> String {
    if !value.contains(['"', '\\']) {
        format!("write `\"{value}\"`")
    } else if !value.contains('\'') {
        format!("write `'{value}'`")
    } else {
        "put the whole value in quotes, or write it below `>-`".to_owned()
    }
}
