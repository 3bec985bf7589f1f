//! Draws a diagnostic with its source line and caret.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Label, Severity};
use super::source_map::{Source, SourceMap};

/// Whether colours may be used. They never carry meaning alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderStyle {
    /// Text only.
    Plain,
    /// With ANSI colours.
    Colour,
}

/// The diagnostic as several lines of text, without a trailing newline.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, style: RenderStyle) -> String {
    let level = match diagnostic.severity {
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    // annotate-snippets borrows what it draws, so the sources must outlive the groups.
    let mut by_source: Vec<(Arc<Source>, Vec<(&Label, bool)>)> = Vec::new();
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let Some(source) = sources.get(label.span.source) else { continue };
        match by_source.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &source)) {
            Some((_, labels)) => labels.push((label, index == 0)),
            None => by_source.push((source, vec![(label, index == 0)])),
        }
    }
    let parts: Vec<Part<'_>> = by_source.iter().map(|(source, labels)| Part::new(source, labels)).collect();
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.0);
    let mut group = Group::with_title(title);
    for ((source, labels), part) in by_source.iter().zip(&parts) {
        let mut snippet = Snippet::source(part.text.as_ref()).line_start(part.line).path(source.name.as_str());
        for (label, primary) in labels {
            let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(part.range(label));
            snippet = snippet.annotation(if label.text.is_empty() {
                annotation
            } else {
                annotation.label(label.text.as_str())
            });
        }
        group = group.element(snippet);
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = match style {
        RenderStyle::Plain => Renderer::plain(),
        RenderStyle::Colour => Renderer::styled(),
    };
    renderer.render(&[group])
}

/// The lines of a source that are drawn. The renderer looks at all that it is given, and a long file may have many problems.
struct Part<'s> {
    text: Cow<'s, str>,
    /// The number of its first line.
    line: usize,
    /// Where that is in the source.
    offset: usize,
}

impl<'s> Part<'s> {
    fn new(source: &'s Source, labels: &[(&Label, bool)]) -> Self {
        let start = labels.iter().map(|(label, _)| label.span.start).min().unwrap_or_default();
        let end = labels.iter().map(|(label, _)| label.span.end).max().unwrap_or_default();
        let (line, offset, text) = source.lines(start as usize, end as usize);
        Self { text: shown(text, source.secret), line, offset }
    }

    /// The bytes of a label, in whole characters.
    fn range(&self, label: &Label) -> Range<usize> {
        let within = |at: u32| (at as usize).saturating_sub(self.offset).min(self.text.len());
        let (start, end) = (within(label.span.start), within(label.span.end));
        self.text.floor_char_boundary(start)..self.text.ceil_char_boundary(end.max(start))
    }
}

/// The text as it may be shown, byte for byte as long as the source.
fn shown(text: &str, secret: bool) -> Cow<'_, str> {
    if secret {
        Cow::Owned(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

    #[test]
    fn a_diagnostic_shows_the_line_and_a_caret() {
        let sources = SourceMap::new();
        let id = sources.add("site.yml", "- hosts: all\n  taks: []\n");
        let diagnostic = Diagnostic::error("unknown-keyword", "`taks` is not a keyword of a play")
            .at(Span::new(id, 15, 19))
            .help("did you mean `tasks`?");
        let text = render(&diagnostic, &sources, RenderStyle::Plain);
        assert_eq!(
            text,
            "error[unknown-keyword]: `taks` is not a keyword of a play\n --> site.yml:2:3\n  |\n2 |   taks: []\n  |   ^^^^\n  |\n  = help: did you mean `tasks`?"
        );
    }

    #[test]
    fn only_the_lines_with_labels_are_looked_at() {
        let sources = SourceMap::new();
        let id = sources.add("long.yml", "a: 1\n".repeat(100) + "é: 2\nb: 3\n\n");
        let draw = |start, end| {
            render(&Diagnostic::error("yaml", "wrong").at(Span::new(id, start, end)), &sources, RenderStyle::Plain)
        };
        assert!(draw(501, 502).ends_with("--> long.yml:101:1\n    |\n101 | é: 2\n    | ^"), "{}", draw(501, 502));
        assert!(draw(506, 510).contains("102 | b: 3"), "{}", draw(506, 510));
        assert!(draw(512, 512).contains("long.yml:103"), "{}", draw(512, 512));
        assert!(draw(0, 9999).contains("long.yml:1:1"), "what lies outside is cut off");
    }

    #[test]
    fn a_source_that_was_encrypted_is_not_shown() {
        let sources = SourceMap::new();
        let id = sources.add_secret("vault.yml", "pässword: hunter2\nb: [\n");
        let diagnostic = Diagnostic::error("yaml", "wrong").at(Span::new(id, 11, 18));
        let text = render(&diagnostic, &sources, RenderStyle::Plain);
        assert!(!text.contains("hunter2") && text.contains("vault.yml:1:12"), "{text}");
    }
}
