//! Which names Quay accepts, and what it says of others.

/// Quay's expression for names of users, organizations, teams and robots, as its messages show it.
const NAMESPACE: &str = "^([a-z0-9]+(?:[._-][a-z0-9]+)*)$";
const MAX_LENGTH: usize = 255;

/// Why a name is refused, in Quay's words.
pub(crate) fn namespace_problem(name: &str) -> Option<String> {
    named_problem(name, "Namespace")
}

/// Why a team's name is refused, in Quay's words.
pub(crate) fn team_problem(name: &str) -> Option<String> {
    named_problem(name, "Team")
}

fn named_problem(name: &str, what: &str) -> Option<String> {
    if !is_namespace(name) {
        return Some(format!("Namespace must match expression {NAMESPACE}"));
    }
    let length = name.chars().count();
    (!(2..=MAX_LENGTH).contains(&length))
        .then(|| format!("{what} must be between 2 and {MAX_LENGTH} characters in length"))
}

/// Whether a repository may be called so; slashes part segments.
pub(crate) fn is_repository(name: &str) -> bool {
    (1..=MAX_LENGTH).contains(&name.len())
        && name.split('/').all(|part| {
            part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
        })
}

/// Whether a tag may be called so.
pub(crate) fn is_tag(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Whether a text looks like an e-mail address, as far as Quay looks.
pub(crate) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.contains('@') && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    }) && !text.contains(char::is_whitespace)
}

/// Why a label's key is refused, in Quay's words.
pub(crate) fn label_problem(key: &str) -> Option<&'static str> {
    const RESERVED: &[&str] = &["quay.", "com.dockerhub."];
    let starts_right = key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let ends_right = key.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let body_right = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        && !key.as_bytes().windows(2).any(|pair| pair.iter().all(|b| b"-.".contains(b)));
    if !(starts_right && ends_right && body_right) {
        return Some(
            "Label is of an invalid format or missing please use ^[a-z0-9](([a-z0-9]|[-.](?![.-]))*[a-z0-9])?$ format for \
             labels",
        );
    }
    RESERVED.iter().any(|prefix| key.starts_with(prefix)).then_some("Label has a reserved prefix")
}

/// The same as [`NAMESPACE`], spelled out.
fn is_namespace(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.split(['.', '_', '-']).all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_as_quay_judges_them() {
        for name in ["acme", "my_org.v1-x", "1ci"] {
            assert_eq!(namespace_problem(name), None, "{name}");
        }
        for name in ["Acme", "ac me", "-acme", "ac/me", "", "a+b", "acme\n"] {
            assert!(namespace_problem(name).unwrap().contains("expression"), "{name}");
        }
        assert!(namespace_problem("a").unwrap().contains("between"));
        assert!(team_problem("t").unwrap().starts_with("Team must be"));
    }

    #[test]
    fn repositories_and_tags_have_their_own_rules() {
        for name in ["app", "deep/er/name", "app_", "a..b"] {
            assert!(is_repository(name), "{name}");
        }
        for name in ["App", "my app", "-app", "app/", "", "app:x"] {
            assert!(!is_repository(name), "{name}");
        }
        assert!(is_tag("v1.0_x-y") && is_tag("Latest") && !is_tag("-bad") && !is_tag(".x") && !is_tag(""));
    }

    #[test]
    fn labels_have_reserved_prefixes() {
        assert_eq!(label_problem("team"), None);
        assert_eq!(label_problem("org.example.team"), None);
        assert_eq!(label_problem("quay.x"), Some("Label has a reserved prefix"));
        assert!(label_problem("bad key!").unwrap().contains("invalid format"));
    }
}
