//! What a remote repository has.

use super::git_repository::Repository;
use crate::modules::error::ModuleError;

/// What a version is at the remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RemoteVersion {
    /// A branch and its commit.
    Branch { name: String, commit: String },
    /// A tag and the commit that it stands for.
    Tag { name: String, commit: String },
    /// Another ref and its commit.
    Ref { name: String, commit: String },
    /// A commit by its checksum, which may be shortened. Whether it is there is not known.
    Commit(String),
}

impl RemoteVersion {
    /// The commit.
    pub(super) fn commit(&self) -> &str {
        match self {
            Self::Branch { commit, .. }
            | Self::Tag { commit, .. }
            | Self::Ref { commit, .. }
            | Self::Commit(commit) => commit,
        }
    }

    /// Asks the remote.
    pub(super) fn find(repository: &Repository<'_>, url: &str, version: &str) -> Result<Self, ModuleError> {
        let (head, tag) = (format!("refs/heads/{version}"), format!("refs/tags/{version}"));
        let peeled = format!("{tag}^{{}}");
        let patterns = match version {
            "HEAD" => vec!["HEAD"],
            _ => vec![head.as_str(), tag.as_str(), peeled.as_str(), version],
        };
        let argv = [&["ls-remote", "--symref", url], patterns.as_slice()].concat();
        let output = repository.outside(&argv)?.success(&format!("asking `{}` for its versions", masked(url)))?;
        Self::read(&output.out(), version)
            .ok_or_else(|| ModuleError::new(format!("Could not determine remote revision for {version}")))
    }

    fn read(text: &str, version: &str) -> Option<Self> {
        let refs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('\t')).collect();
        let commit_of = |name: &str| {
            let found = refs.iter().find(|(commit, known)| *known == name && !commit.starts_with("ref: "));
            found.map(|(commit, _)| (*commit).to_owned())
        };
        if version == "HEAD" {
            let commit = commit_of("HEAD")?;
            let branch = refs
                .iter()
                .find(|(_, known)| *known == "HEAD")
                .and_then(|(target, _)| target.strip_prefix("ref: refs/heads/").map(str::to_owned));
            return Some(match branch {
                Some(name) => Self::Branch { name, commit },
                None => Self::Ref { name: "HEAD".to_owned(), commit },
            });
        }
        if let Some(commit) = commit_of(&format!("refs/heads/{version}")) {
            return Some(Self::Branch { name: version.to_owned(), commit });
        }
        let tag = format!("refs/tags/{version}");
        if let Some(commit) = commit_of(&format!("{tag}^{{}}")).or_else(|| commit_of(&tag)) {
            return Some(Self::Tag { name: version.to_owned(), commit });
        }
        if let Some(commit) = commit_of(version) {
            return Some(Self::Ref { name: version.to_owned(), commit });
        }
        let is_sum = (7..=64).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_sum.then(|| Self::Commit(version.to_ascii_lowercase()))
    }
}

/// A URL without the password in it.
pub(super) fn masked(url: &str) -> String {
    crate::modules::host::masked_url(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_a_remote() {
        let head = "ref: refs/heads/main\tHEAD\naaa\tHEAD\n";
        assert_eq!(
            RemoteVersion::read(head, "HEAD"),
            Some(RemoteVersion::Branch { name: "main".into(), commit: "aaa".into() })
        );
        let tag = "bbb\trefs/tags/v1\nccc\trefs/tags/v1^{}\n";
        assert_eq!(RemoteVersion::read(tag, "v1").unwrap().commit(), "ccc");
        assert_eq!(RemoteVersion::read("", "0123456789"), Some(RemoteVersion::Commit("0123456789".into())));
        assert_eq!(RemoteVersion::read("", "nosuch"), None);
    }
}
