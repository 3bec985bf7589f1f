//! From libyaml's events to nodes.

use libyaml_safer::{Event, EventData, Parser, ScalarStyle};

use super::anchors::Anchors;
use super::mapping::MappingBuilder;
use super::node::{Document, Entry, Node, NodeKind};
use super::scalar;
use super::syntax;
use super::tags::{Places, Tag};
use crate::diag::{Diagnostic, Diagnostics, SourceId, Span};
use crate::value::{Text, Value};

/// Deeper nesting is refused: nobody writes it, and the stack is finite.
const MAX_DEPTH: usize = 128;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Builds the nodes of one text.
pub(super) struct Composer<'a> {
    parser: Parser<&'a [u8]>,
    text: &'a str,
    /// Bytes before what the parser reads: a byte order mark.
    base: usize,
    source: SourceId,
    warnings: &'a mut Diagnostics,
    anchors: Anchors,
    depth: usize,
    /// How many `!unsafe` nodes the current one is in.
    unsafe_depth: usize,
}

impl<'a> Composer<'a> {
    /// A composer for a text, and for the same text as [`syntax::ended`] gives it.
    pub(super) fn new(text: &'a str, ended: &'a str, source: SourceId, warnings: &'a mut Diagnostics) -> Self {
        let body = ended.strip_prefix('\u{feff}').unwrap_or(ended);
        let mut parser = Parser::new();
        parser.set_encoding(libyaml_safer::Encoding::Utf8);
        parser.set_input(body.as_bytes());
        Self {
            parser,
            text,
            base: ended.len() - body.len(),
            source,
            warnings,
            anchors: Anchors::default(),
            depth: 0,
            unsafe_depth: 0,
        }
    }

    /// All documents.
    pub(super) fn documents(mut self) -> Result<Vec<Document>> {
        let mut documents = Vec::new();
        loop {
            let event = self.next()?;
            match event.data {
                EventData::DocumentStart { .. } => {
                    let first = self.next()?;
                    documents.push(Document { root: self.node(first)? });
                    self.anchors.clear();
                }
                EventData::StreamEnd => return Ok(documents),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Event> {
        self.parser.parse().map_err(|error| Box::new(syntax::explain(self.text, self.base, self.source, &error)))
    }

    fn node(&mut self, event: Event) -> Result<Node> {
        let span = self.span(&event);
        match event.data {
            EventData::Alias { anchor } => {
                let node = self.anchors.resolve(&anchor, span, MAX_DEPTH - self.depth)?;
                Ok(if self.unsafe_depth > 0 { as_data(node) } else { node })
            }
            EventData::Scalar { anchor, tag, mut value, plain_implicit, style, .. } => {
                syntax::take_end(&mut value, self.text, span);
                let tag = tag.map(|tag| Tag::parse(&tag, self.tag_span(span))).transpose()?;
                let node = self.scalar(&value, tag, plain_implicit, style, span)?;
                if let Some(anchor) = anchor {
                    self.anchors.close(anchor, &node);
                }
                Ok(node)
            }
            EventData::SequenceStart { anchor, tag, .. } => self.collection(anchor, tag, span, Self::sequence),
            EventData::MappingStart { anchor, tag, .. } => self.collection(anchor, tag, span, Self::mapping),
            // the parser emits nothing else where a node is due
            _ => Err(Box::new(Diagnostic::error("yaml-syntax", "a value is missing here").at(span))),
        }
    }

    fn collection(
        &mut self,
        anchor: Option<String>,
        tag: Option<String>,
        start: Span,
        build: fn(&mut Self, Tag, Span) -> Result<Node>,
    ) -> Result<Node> {
        if self.depth >= MAX_DEPTH {
            return Err(Box::new(
                Diagnostic::error("yaml-depth", format!("more than {MAX_DEPTH} levels of nesting are not supported"))
                    .at(start),
            ));
        }
        let tag = match tag {
            Some(tag) if tag == "!" => None,
            Some(tag) => Some(Tag::parse(&tag, self.tag_span(start))?),
            None => None,
        };
        if let Some(anchor) = &anchor {
            self.anchors.open(anchor);
        }
        let is_unsafe = tag == Some(Tag::Unsafe);
        self.depth += 1;
        self.unsafe_depth += usize::from(is_unsafe);
        // `Unsafe` leaves a collection as it is, which is what no tag means too
        let node = build(self, tag.unwrap_or(Tag::Unsafe), start);
        self.depth -= 1;
        self.unsafe_depth -= usize::from(is_unsafe);
        let node = node?;
        if let Some(anchor) = anchor {
            self.anchors.close(anchor, &node);
        }
        Ok(node)
    }

    fn sequence(&mut self, tag: Tag, start: Span) -> Result<Node> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let event = self.next()?;
            if event.data == EventData::SequenceEnd {
                let span = start.to(self.end_of(&event, start, items.last()));
                return Ok(Node { span, kind: tag.sequence(items, span)? });
            }
            items.push(self.node(event)?);
        }
    }

    fn mapping(&mut self, tag: Tag, start: Span) -> Result<Node> {
        let mut builder = MappingBuilder::default();
        let mut last: Option<Node> = None;
        loop {
            let event = self.next()?;
            if event.data == EventData::MappingEnd {
                let span = start.to(self.end_of(&event, start, last.as_ref()));
                return Ok(Node { span, kind: tag.mapping(builder.finish(), span)? });
            }
            let merge = is_merge_key(&event.data);
            let key = self.node(event)?;
            if !matches!(key.kind, NodeKind::Scalar(_)) && self.looks_like_template(start) {
                return Err(Box::new(syntax::unquoted_template(self.text, self.source, start.start as usize)));
            }
            let event = self.next()?;
            let value = self.node(event)?;
            last = Some(Node { span: key.span.to(value.span), kind: NodeKind::Scalar(Value::Null) });
            if merge {
                builder.merge(value, key.span)?;
            } else {
                builder.add(Entry { key, value }, self.warnings)?;
            }
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        tag: Option<Tag>,
        plain_implicit: bool,
        style: ScalarStyle,
        span: Span,
    ) -> Result<Node> {
        let places = Places { node: span, content: self.content(span, style) };
        let is_unsafe = self.unsafe_depth > 0 || tag == Some(Tag::Unsafe);
        let string = |text: &str| {
            if is_unsafe {
                Text::data(text).with_span(Some(places.content))
            } else {
                Text::template(text, Some(places.content))
            }
        };
        let value = match tag {
            // Ansible reads what follows `!unsafe` as if it were plain, quotes or not
            Some(Tag::Unsafe) => scalar::read_plain(text, places.content, string)?,
            Some(tag) => tag.scalar(text, places, string)?,
            None if plain_implicit && style == ScalarStyle::Plain => scalar::read_plain(text, places.content, string)?,
            None => Value::Str(string(text)),
        };
        Ok(Node { span, kind: NodeKind::Scalar(value) })
    }

    /// The place of an event. A block scalar ends after its line break; the place does not include it.
    fn span(&self, event: &Event) -> Span {
        let mut start = self.base + usize::try_from(event.start_mark.index).unwrap_or(usize::MAX);
        let mut end = self.base + usize::try_from(event.end_mark.index).unwrap_or(usize::MAX);
        // the end that was added is none of the text
        (start, end) = (start.min(self.text.len()), end.min(self.text.len()));
        if let Some(text) = self.text.get(start..end) {
            end = start + text.trim_end().len();
        }
        Span::new(self.source, start, end)
    }

    /// Where a collection ends: at its bracket, or with its last entry (libyaml reports the next token's place).
    fn end_of(&self, end: &Event, start: Span, last: Option<&Node>) -> Span {
        let end = self.span(end);
        match last {
            _ if end.end > end.start => end,
            Some(last) if last.span.start >= start.start => last.span,
            _ => start,
        }
    }

    /// The tag of a node that starts here.
    fn tag_span(&self, span: Span) -> Span {
        let text = self.text.get(span.start as usize..).unwrap_or_default();
        let start = if text.starts_with('&') { text.find('!').unwrap_or_default() } else { 0 };
        let length = text.get(start..).unwrap_or_default().find(char::is_whitespace).unwrap_or(text.len() - start);
        Span::new(self.source, span.start as usize + start, span.start as usize + start + length)
    }

    /// The content of a scalar: without anchor, tag, quotes and the head of a block.
    fn content(&self, span: Span, style: ScalarStyle) -> Span {
        let (start, end) = (span.start as usize, span.end as usize);
        let text = self.text.get(start..end).unwrap_or_default();
        let mut rest = text;
        while rest.starts_with(['!', '&']) {
            let Some(at) = rest.find(char::is_whitespace) else { return Span::new(self.source, end, end) };
            rest = rest.get(at..).unwrap_or_default().trim_start();
            while rest.starts_with('#') {
                rest = rest.split_once('\n').map_or("", |(_, below)| below).trim_start();
            }
        }
        match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let inner = rest.get(1..rest.len().saturating_sub(1)).unwrap_or_default();
                Span::new(self.source, end - 1 - inner.len().min(end - 1), end - 1)
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let body = rest.split_once('\n').map_or("", |(_, body)| body).trim_start();
                Span::new(self.source, end - body.len(), end)
            }
            _ => Span::new(self.source, end - rest.len(), end),
        }
    }

    /// Whether the mapping that starts here is `{{ … }}` without quotes.
    fn looks_like_template(&self, span: Span) -> bool {
        self.text.get(span.start as usize..).is_some_and(|text| text.starts_with("{{"))
    }
}

fn is_merge_key(event: &EventData) -> bool {
    match event {
        EventData::Scalar { tag: Some(tag), .. } => tag == "tag:yaml.org,2002:merge",
        EventData::Scalar { value, style, plain_implicit, .. } => {
            value == "<<" && *style == ScalarStyle::Plain && *plain_implicit
        }
        _ => false,
    }
}

/// The node with all its texts as data.
fn as_data(node: Node) -> Node {
    let kind = match node.kind {
        NodeKind::Scalar(value) => NodeKind::Scalar(value.into_data()),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.into_iter().map(as_data).collect()),
        NodeKind::Mapping(entries) => NodeKind::Mapping(
            entries.into_iter().map(|entry| Entry { key: entry.key, value: as_data(entry.value) }).collect(),
        ),
    };
    Node { span: node.span, kind }
}
