//! What all evaluations of a run share: secrets, caches, the environment, the map of source texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cache::Cache;
use super::fault::{At, Fault, Outcome, Place};
use super::outside::Outside;
use super::scope::Scope;
use super::syntax::{self, Compiled, Dialect};
use crate::diag::{SourceMap, Span};
use crate::value::{Redactor, Text};
use crate::vault::VaultSecrets;

/// What all evaluations of a run share.
pub(crate) struct Engine {
    pub(crate) vault: VaultSecrets,
    pub(crate) redactor: Redactor,
    /// What `lookup('env')` reads; the library never reads the environment itself.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) sources: Option<SourceMap>,
    /// Web servers, settings and accounts, where there are any.
    pub(crate) outside: Option<Arc<dyn Outside>>,
    templates: Cache<(Arc<str>, Option<Arc<str>>, Dialect)>,
    expressions: Cache<Arc<str>>,
    /// Held while `lookup('password')` reads or writes its file, so that hosts that ask at once get the same.
    pub(crate) passwords: std::sync::Mutex<()>,
}

impl Engine {
    pub(crate) fn new(vault: VaultSecrets, redactor: Redactor) -> Self {
        Self {
            vault,
            redactor,
            environment: BTreeMap::new(),
            sources: None,
            outside: None,
            templates: Cache::default(),
            expressions: Cache::default(),
            passwords: std::sync::Mutex::default(),
        }
    }

    /// A template, compiled once.
    pub(crate) fn template(&self, text: &Text, file: Option<&str>, dialect: Dialect) -> Outcome<Arc<Compiled>> {
        let key = (text.shared(), file.map(Into::into), dialect);
        self.templates.get(&key, || syntax::compile(text, file, &key.2))
    }

    /// A template that may say in its first line how it is read.
    pub(crate) fn headed(&self, text: &Text, file: Option<&str>, dialect: &Dialect) -> Outcome<Arc<Compiled>> {
        self.template(text, file, dialect.with_header_of(text)?)
    }

    /// An expression, compiled once.
    pub(crate) fn expression(&self, text: &str) -> Outcome<Arc<Compiled>> {
        self.expressions.get(&text.into(), || syntax::compile_expression(text))
    }

    /// A place in a text of a playbook or variables file.
    pub(crate) fn place(&self, text: &Text, at: At) -> Place {
        let span = text.span().map(|span| self.exact(text, span, at));
        Place { at, position: position(text, at), span, file: None }
    }

    /// A place in a template file.
    #[expect(clippy::unused_self, reason = "the twin of `place`")]
    pub(crate) fn place_in(&self, program: &Compiled, at: At) -> Place {
        let at = at.moved(program.dialect.header);
        Place {
            at,
            position: position(&program.text, at),
            span: None,
            file: program.file.as_deref().map(str::to_owned),
        }
    }

    /// The part of a scalar's span that an expression in its text takes up, or the whole where quotes, escapes and
    /// indentation make that unsure.
    pub(crate) fn exact(&self, text: &str, span: Span, at: At) -> Span {
        let (start, end) = (at.start as usize, at.end as usize);
        if let Some(source) = self.sources.as_ref().and_then(|sources| sources.get(span.source))
            && let Some(whole) = source.text.get(span.start as usize..span.end as usize)
            && let Some(part) = text.get(start..end).filter(|part| !part.is_empty())
        {
            // the n-th time that the part stands in the text is the n-th time that it stands in the source
            let nth = text.get(..start).map_or(0, |before| before.matches(part).count());
            if whole.matches(part).count() == text.matches(part).count()
                && let Some((offset, _)) = whole.match_indices(part).nth(nth)
            {
                return span.sub(offset, offset + part.len());
            }
            return span;
        }
        match (span.end - span.start) as usize {
            length if length == text.len() => span.sub(start, end),
            length if length == text.len() + 2 => span.sub(start + 1, end + 1),
            _ => span,
        }
    }

    /// The file that a template names: beside the template that names it, then in the search path.
    #[expect(clippy::unused_self, reason = "belongs with the rest")]
    pub(crate) fn find_template(&self, name: &str, current: Option<&str>, scope: &dyn Scope) -> Outcome<PathBuf> {
        let wanted = Path::new(name);
        let beside = current.and_then(|file| Path::new(file).parent()).map(Path::to_owned);
        let folders: Vec<PathBuf> = beside.into_iter().chain(scope.search_path("templates")).collect();
        let found = if wanted.is_absolute() {
            wanted.is_file().then(|| wanted.to_owned())
        } else {
            folders.iter().map(|folder| folder.join(wanted)).find(|path| path.is_file())
        };
        found.ok_or_else(|| {
            let help = (!folders.is_empty()).then(|| {
                let names: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
                format!("looked in {}", names.join(", "))
            });
            Fault::new(format!("template `{name}` was not found")).help(help)
        })
    }
}

/// Line and column, from 1.
fn position(text: &str, at: At) -> (usize, usize) {
    let before = text.get(..at.start as usize).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}
