//! Paths from templates.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::endpoint::Endpoint;
use super::route::{Route, find_route};

/// What is written as it is inside a segment: the unreserved characters, and those that Quay's names use and that mean
/// nothing in a path (`acme+ci`, `sha256:…`, `a@example.com`).
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'+').remove(b':').remove(b'@');

/// Why a path could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// An empty name would address the parent instead.
    #[error("`{parameter}` is empty in `{template}`")]
    Empty {
        /// Which.
        parameter: &'static str,
        /// Where.
        template: &'static str,
    },
    /// A segment that URLs take as navigation.
    #[error("`{value}` is no name (`{parameter}` in `{template}`)")]
    Dots {
        /// The name.
        value: String,
        /// Which.
        parameter: &'static str,
        /// Where.
        template: &'static str,
    },
    /// A repository without its namespace.
    #[error("`{0}` is no repository: expected `namespace/name`")]
    Repository(String),
    /// A repository whose name looks like something else of another repository.
    #[error("Quay takes `{path}` for another request (`{operation}`), because of slashes in the repository's name")]
    Ambiguous {
        /// The path.
        path: String,
        /// What Quay would do.
        operation: &'static str,
    },
    /// More or fewer names than the template has parameters.
    #[error("`{template}` takes {wanted} names, not {given}")]
    Count {
        /// Where.
        template: &'static str,
        /// How many it takes.
        wanted: usize,
        /// How many there were.
        given: usize,
    },
}

impl Endpoint {
    /// The path with its parameters filled in, in their order, percent-encoded. `{repository}` takes `namespace/name`, where
    /// the name may hold further slashes; every other parameter is one segment. Empty names and `.` or `..` are refused,
    /// because the request would go to another resource; and so is a repository with slashes in its name whose path Quay
    /// takes for another request: deleting a repository `app/tag/v1` would delete the tag `v1` of `app`.
    ///
    /// # Errors
    /// A name that would change the path's shape, or the wrong number of them.
    pub fn path_for(&self, names: &[&str]) -> Result<String, PathError> {
        let wanted = self.parameters().count();
        if wanted != names.len() {
            return Err(PathError::Count { template: self.path, wanted, given: names.len() });
        }
        let mut names = names.iter();
        let mut path = String::with_capacity(self.path.len() + 32);
        for (at, segment) in self.path.split('/').enumerate() {
            if at > 0 {
                path.push('/');
            }
            let Some(parameter) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
                path.push_str(segment);
                continue;
            };
            let name = names.next().copied().unwrap_or_default();
            let parts: Vec<&str> = if parameter == "repository" { name.split('/').collect() } else { vec![name] };
            if parameter == "repository" && parts.len() < 2 {
                return Err(PathError::Repository(name.to_owned()));
            }
            for (at, part) in parts.iter().enumerate() {
                match *part {
                    "" => return Err(PathError::Empty { parameter, template: self.path }),
                    "." | ".." => {
                        return Err(PathError::Dots { value: name.to_owned(), parameter, template: self.path });
                    }
                    _ => {}
                }
                if at > 0 {
                    path.push('/');
                }
                path.extend(utf8_percent_encode(part, SEGMENT));
            }
        }
        if self.parameters().any(|parameter| parameter == "repository") {
            match find_route(self.method, &path) {
                Route::Found(found, _) | Route::Unmodelled(found, _) if found.operation != self.operation => {
                    return Err(PathError::Ambiguous { path, operation: found.operation });
                }
                _ => {}
            }
        }
        Ok(path)
    }

    /// The names of the template's parameters in order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

#[cfg(test)]
mod tests {
    use super::super::endpoints;
    use super::*;

    #[test]
    fn names_are_encoded_and_cannot_leave_their_place() {
        let robot = &endpoints::GET_ORGANIZATION_ROBOT;
        assert_eq!(robot.path_for(&["acme", "ci"]).unwrap(), "/api/v1/organization/acme/robots/ci");
        assert_eq!(robot.path_for(&["a/b", "c?d#e%"]).unwrap(), "/api/v1/organization/a%2Fb/robots/c%3Fd%23e%25");
        assert!(matches!(robot.path_for(&["acme", ""]), Err(PathError::Empty { parameter: "robot_shortname", .. })));
        assert!(matches!(robot.path_for(&["..", "ci"]), Err(PathError::Dots { .. })));
        assert!(matches!(robot.path_for(&["acme"]), Err(PathError::Count { wanted: 2, given: 1, .. })));
        let tag = &endpoints::CHANGE_TAG;
        assert_eq!(tag.path_for(&["acme/deep/er", "v1"]).unwrap(), "/api/v1/repository/acme/deep/er/tag/v1");
        assert!(matches!(tag.path_for(&["acme", "v1"]), Err(PathError::Repository(_))));
        assert!(matches!(tag.path_for(&["acme/../x", "v1"]), Err(PathError::Dots { .. })));
        assert!(matches!(tag.path_for(&["acme/", "v1"]), Err(PathError::Empty { .. })));
        let delete = &endpoints::DELETE_REPOSITORY;
        assert!(delete.path_for(&["acme/deep/er"]).is_ok());
        // mirrors have no DELETE, so this is the repository, as it should be
        assert!(delete.path_for(&["acme/app/mirror"]).is_ok());
        assert!(matches!(
            delete.path_for(&["acme/app/tag/v1"]),
            Err(PathError::Ambiguous { operation: "deleteFullTag", .. })
        ));
        let permission = &endpoints::PUT_USER_PERMISSION;
        assert_eq!(
            permission.path_for(&["acme/app", "acme+ci"]).unwrap(),
            "/api/v1/repository/acme/app/permissions/user/acme+ci"
        );
    }
}
