//! Which tasks `--tags` and `--skip-tags` leave in.

/// The choice of tags of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilter {
    only: Vec<String>,
    skip: Vec<String>,
}

/// What a task without tags counts as having.
const UNTAGGED: &str = "untagged";

impl Default for TagFilter {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl TagFilter {
    /// A filter from the values of `--tags` (none given means `all`) and `--skip-tags`.
    #[must_use]
    pub fn new(only: Vec<String>, skip: Vec<String>) -> Self {
        let only = if only.is_empty() { vec!["all".to_owned()] } else { only };
        Self { only, skip }
    }

    /// What `--list-tags` looks at when no tags were asked for: everything, `never` included.
    #[must_use]
    pub fn everything() -> Self {
        Self::new(vec!["never".to_owned(), "all".to_owned()], Vec::new())
    }

    /// Whether a task with these tags, the inherited ones included, is to run.
    ///
    /// `always` and `never` on a task, and `all`, `tagged` and `untagged` on the command line, are special:
    /// - a task with `always` runs whatever is asked for, unless `always` (or its other tag) is skipped;
    /// - a task with `never` runs only if one of its tags is asked for by name.
    #[must_use]
    pub fn selects<S: AsRef<str>>(&self, tags: &[S]) -> bool {
        let tagged = tags.iter().any(|tag| tag.as_ref() != UNTAGGED);
        let has = |name: &str| tags.iter().any(|tag| tag.as_ref() == name) || (name == UNTAGGED && tags.is_empty());
        let asked = |list: &[String], name: &str| list.iter().any(|tag| tag == name);
        let shares = |list: &[String]| list.iter().any(|tag| has(tag));
        let wanted = has("always")
            || shares(&self.only)
            || (!has("never") && (asked(&self.only, "all") || (tagged && asked(&self.only, "tagged"))));
        if !wanted || self.skip.is_empty() {
            return wanted;
        }
        let skipped = if asked(&self.skip, "all") {
            !has("always") || asked(&self.skip, "always")
        } else {
            shares(&self.skip) || (tagged && asked(&self.skip, "tagged"))
        };
        !skipped
    }
}

/// The names in one `--tags` value or one `tags` string: separated by commas, blanks around them cut off.
#[must_use]
pub fn split_tags(text: &str) -> Vec<String> {
    text.split(',').map(|tag| tag.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(only: &str, skip: &str) -> TagFilter {
        let list = |text: &str| if text.is_empty() { Vec::new() } else { split_tags(text) };
        TagFilter::new(list(only), list(skip))
    }

    #[test]
    fn special_tags_select_as_ansible_has_them() {
        // only, skip, tags of the task, runs
        let cases: &[(&str, &str, &[&str], bool)] = &[
            ("", "", &[], true),
            ("", "", &["never"], false),
            ("", "", &["never", "debug"], false),
            ("debug", "", &["never", "debug"], true),
            ("never", "", &["never"], true),
            ("a", "", &["a", "b"], true),
            ("a", "", &["b"], false),
            ("a", "", &[], false),
            ("a", "", &["always"], true),
            ("a", "always", &["always"], false),
            ("a", "b", &["always", "b"], false),
            ("tagged", "", &["a"], true),
            ("tagged", "", &[], false),
            ("tagged", "", &["never"], false),
            ("untagged", "", &[], true),
            ("untagged", "", &["a"], false),
            ("", "a", &["a"], false),
            ("", "untagged", &[], false),
            ("", "tagged", &["a"], false),
            ("", "tagged", &[], true),
            ("", "all", &["a"], false),
            ("", "all", &["always"], true),
            ("", "all,always", &["always"], false),
            ("all", "", &["never", "x"], false),
            ("never,all", "", &["never", "x"], true),
        ];
        for (only, skip, tags, runs) in cases {
            assert_eq!(filter(only, skip).selects(tags), *runs, "--tags {only} --skip-tags {skip} on {tags:?}");
        }
    }
}
