//! Draws a diagnostic with its source line and caret.

use std::borrow::Cow;
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
    let texts: Vec<Cow<'_, str>> = by_source.iter().map(|(source, _)| shown(source)).collect();
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.0);
    let mut group = Group::with_title(title);
    for ((source, labels), text) in by_source.iter().zip(&texts) {
        let length = text.len();
        let mut snippet = Snippet::source(text.as_ref()).path(source.name.as_str());
        for (label, primary) in labels {
            let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let start = (label.span.start as usize).min(length);
            let end = (label.span.end as usize).clamp(start, length);
            let annotation = kind.span(start..end);
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

/// The text as it may be shown, byte for byte as long as the source.
fn shown(source: &Source) -> Cow<'_, str> {
    if source.secret {
        Cow::Owned(source.text.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect())
    } else {
        Cow::Borrowed(&source.text)
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
    fn a_source_that_was_encrypted_is_not_shown() {
        let sources = SourceMap::new();
        let id = sources.add_secret("vault.yml", "pässword: hunter2\nb: [\n");
        let diagnostic = Diagnostic::error("yaml", "wrong").at(Span::new(id, 11, 18));
        let text = render(&diagnostic, &sources, RenderStyle::Plain);
        assert!(!text.contains("hunter2") && text.contains("vault.yml:1:12"), "{text}");
    }
}
