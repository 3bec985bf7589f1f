//! Paths under `/v2/`. Repository names hold slashes, so paths are read from their end.

use super::names::RepositoryName;

/// What a path is about. References and digests are still as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `_catalog`
    Catalog,
    /// `<name>/tags/list`
    Tags(RepositoryName),
    /// `<name>/manifests/<reference>`
    Manifest(RepositoryName, String),
    /// `<name>/blobs/<digest>`
    Blob(RepositoryName, String),
    /// `<name>/blobs/uploads/`
    Uploads(RepositoryName),
    /// `<name>/blobs/uploads/<uuid>`
    Upload(RepositoryName, String),
    /// `<name>/referrers/<digest>`
    Referrers(RepositoryName, String),
}

impl Route {
    /// Reads what follows `/v2/`, already decoded.
    pub(super) fn parse(path: &str) -> Option<Self> {
        if path.trim_end_matches('/') == "_catalog" {
            return Some(Self::Catalog);
        }
        let parts: Vec<&str> = path.split('/').collect();
        let name = |parts: &[&str]| {
            (!parts.is_empty() && parts.iter().all(|part| !part.is_empty()))
                .then(|| RepositoryName::split(&parts.join("/")))
        };
        match parts.as_slice() {
            [repository @ .., "tags", "list"] => Some(Self::Tags(name(repository)?)),
            [repository @ .., "blobs", "uploads" | "uploads/", ""] | [repository @ .., "blobs", "uploads"] => {
                Some(Self::Uploads(name(repository)?))
            }
            [repository @ .., "blobs", "uploads", uuid] => Some(Self::Upload(name(repository)?, (*uuid).to_owned())),
            [repository @ .., "blobs", digest] => Some(Self::Blob(name(repository)?, (*digest).to_owned())),
            [repository @ .., "manifests", reference] => {
                Some(Self::Manifest(name(repository)?, (*reference).to_owned()))
            }
            [repository @ .., "referrers", digest] => Some(Self::Referrers(name(repository)?, (*digest).to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_slashes_and_misleading_parts_are_read_from_the_end() {
        let name = RepositoryName::split;
        let cases = [
            ("_catalog", Some(Route::Catalog)),
            ("acme/app/tags/list", Some(Route::Tags(name("acme/app")))),
            ("acme/blobs/uploads/tags/list", Some(Route::Tags(name("acme/blobs/uploads")))),
            ("acme/a/b/manifests/v1", Some(Route::Manifest(name("acme/a/b"), "v1".into()))),
            ("app/manifests/v1", Some(Route::Manifest(name("library/app"), "v1".into()))),
            ("acme/app/blobs/uploads/", Some(Route::Uploads(name("acme/app")))),
            ("acme/app/blobs/uploads", Some(Route::Uploads(name("acme/app")))),
            ("acme/app/blobs/uploads/u-1", Some(Route::Upload(name("acme/app"), "u-1".into()))),
            ("acme/app/blobs/sha256:ab", Some(Route::Blob(name("acme/app"), "sha256:ab".into()))),
            ("acme/app/referrers/sha256:ab", Some(Route::Referrers(name("acme/app"), "sha256:ab".into()))),
            ("tags/list", None),
            ("acme//tags/list", None),
            ("acme/app", None),
        ];
        for (path, route) in cases {
            assert_eq!(Route::parse(path), route, "{path}");
        }
    }
}
