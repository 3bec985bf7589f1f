//! Rules with their patterns compiled: the one place that knows what is protected.

use std::collections::BTreeSet;

use globset::{Glob, GlobBuilder, GlobMatcher};
use regex::Regex;
use thiserror::Error;

use super::decision::KeepReason;
use super::keep_list::KeepList;
use super::rules::{Filter, Rules};
use super::tag::TagState;

/// A pattern of the rules cannot be used.
#[derive(Debug, Error)]
pub enum RulesError {
    /// A shell pattern is not valid.
    #[error("`{pattern}` in {place} is not a shell pattern")]
    Glob {
        /// The pattern.
        pattern: String,
        /// Where in the rules it stands.
        place: &'static str,
        /// What is wrong with it.
        #[source]
        source: globset::Error,
    },
    /// A regular expression is not valid.
    #[error("`{pattern}` in keep.regexes is not a regular expression")]
    Regex {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        #[source]
        source: Box<regex::Error>,
    },
}

/// Rules and keep list, ready to be asked.
#[derive(Debug)]
pub struct Matcher {
    rules: Rules,
    keep_list: KeepList,
    names: BTreeSet<String>,
    globs: Vec<GlobMatcher>,
    regexes: Vec<Regex>,
    organizations: CompiledFilter,
    repositories: CompiledFilter,
}

impl Matcher {
    /// Compiles rules.
    pub fn new(rules: Rules, keep_list: KeepList) -> Result<Self, RulesError> {
        let regexes = rules.keep.regexes.iter().map(|pattern| {
            Regex::new(pattern)
                .map_err(|source| RulesError::Regex { pattern: pattern.clone(), source: Box::new(source) })
        });
        Ok(Self {
            names: rules.keep.names.iter().cloned().collect(),
            globs: globs(&rules.keep.globs, "keep.globs")?,
            regexes: regexes.collect::<Result<_, _>>()?,
            organizations: CompiledFilter::new(&rules.organizations, "organizations")?,
            repositories: CompiledFilter::new(&rules.repositories, "repositories")?,
            keep_list,
            rules,
        })
    }

    /// The rules as they were given.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Why a tag is protected whatever its age and neighbours; `None` when it is not.
    #[must_use]
    pub fn protects(&self, tag: &TagState) -> Option<KeepReason> {
        if self.names.contains(&tag.name) {
            return Some(KeepReason::Name);
        }
        if let Some(glob) = self.globs.iter().find(|glob| glob.is_match(&tag.name)) {
            return Some(KeepReason::Glob { pattern: glob.glob().glob().to_owned() });
        }
        if let Some(regex) = self.regexes.iter().find(|regex| regex.is_match(&tag.name)) {
            return Some(KeepReason::Regex { pattern: regex.as_str().to_owned() });
        }
        if let Some(promotion) = self.keep_list.get(&tag.name) {
            return Some(KeepReason::Promoted(promotion.clone()));
        }
        tag.immutable.then_some(KeepReason::Immutable)
    }

    /// Whether an organization is looked at.
    #[must_use]
    pub fn covers_organization(&self, name: &str) -> bool {
        self.organizations.covers(&[name])
    }

    /// Whether a repository is looked at.
    #[must_use]
    pub fn covers_repository(&self, organization: &str, name: &str) -> bool {
        self.covers_organization(organization) && self.repositories.covers(&[name, &format!("{organization}/{name}")])
    }

    /// The organizations, where the rules name them one by one; `None` where a pattern must be compared with all there are.
    #[must_use]
    pub fn exact_organizations(&self) -> Option<Vec<&str>> {
        let include = &self.rules.organizations.include;
        let exact = !include.is_empty() && include.iter().all(|name| !name.contains(['*', '?', '[', '{', '\\']));
        exact.then(|| {
            let names: BTreeSet<&str> = include.iter().map(String::as_str).collect();
            names.into_iter().filter(|name| self.covers_organization(name)).collect()
        })
    }
}

#[derive(Debug)]
struct CompiledFilter {
    include: Vec<GlobMatcher>,
    exclude: Vec<GlobMatcher>,
}

impl CompiledFilter {
    fn new(filter: &Filter, place: &'static str) -> Result<Self, RulesError> {
        Ok(Self { include: globs(&filter.include, place)?, exclude: globs(&filter.exclude, place)? })
    }

    fn covers(&self, names: &[&str]) -> bool {
        let any = |globs: &[GlobMatcher]| globs.iter().any(|glob| names.iter().any(|name| glob.is_match(name)));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

fn globs(patterns: &[String], place: &'static str) -> Result<Vec<GlobMatcher>, RulesError> {
    let compile = |pattern: &String| -> Result<GlobMatcher, RulesError> {
        GlobBuilder::new(pattern).build().map(|glob: Glob| glob.compile_matcher()).map_err(|source| RulesError::Glob {
            pattern: pattern.clone(),
            place,
            source,
        })
    };
    patterns.iter().map(compile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_checked_before_anything_runs() {
        let mut rules = Rules::older_than(1);
        rules.keep.globs.push("[".into());
        let error = Matcher::new(rules, KeepList::new()).unwrap_err();
        assert_eq!(error.to_string(), "`[` in keep.globs is not a shell pattern");
        let mut rules = Rules::older_than(1);
        rules.keep.regexes.push("(".into());
        let error = Matcher::new(rules, KeepList::new()).unwrap_err();
        assert_eq!(error.to_string(), "`(` in keep.regexes is not a regular expression");
    }

    #[test]
    fn filters_compare_short_and_full_names_and_exclude_wins() {
        let mut rules = Rules::older_than(1);
        rules.organizations.include = vec!["acme".into(), "rdo".into()];
        rules.repositories.include = vec!["rdo/*".into(), "app*".into()];
        rules.repositories.exclude = vec!["*-keep".into()];
        let matcher = Matcher::new(rules, KeepList::new()).unwrap();
        assert!(matcher.covers_repository("acme", "app"));
        assert!(matcher.covers_repository("rdo", "deep/er"));
        assert!(!matcher.covers_repository("acme", "other"));
        assert!(!matcher.covers_repository("rdo", "app-keep"));
        assert!(!matcher.covers_repository("alice", "app"));
        assert_eq!(matcher.exact_organizations(), Some(vec!["acme", "rdo"]));
    }

    #[test]
    fn organizations_are_exact_only_without_patterns() {
        let mut rules = Rules::older_than(1);
        assert_eq!(Matcher::new(rules.clone(), KeepList::new()).unwrap().exact_organizations(), None);
        rules.organizations.include = vec!["rdo-*".into(), "acme".into()];
        assert_eq!(Matcher::new(rules, KeepList::new()).unwrap().exact_organizations(), None);
    }
}
