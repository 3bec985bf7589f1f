//! The option `checksum` of `get_url`.

use std::path::Path;

use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as DeError, StrDeserializer};

use crate::modules::error::ModuleError;
use crate::modules::files::Checksum;

/// A checksum that a file must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) algorithm: Checksum,
    pub(super) sum: String,
}

/// The checksum of a file.
pub(super) fn digest_of(path: &Path, algorithm: Checksum) -> Result<String, ModuleError> {
    let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
    algorithm.of_file(path).map_err(cannot)
}

impl Wanted {
    /// Reads `algorithm:checksum`, or the checksum of `name` from the file that `algorithm:URL` names.
    pub(super) fn read(
        option: &str,
        name: &str,
        load: &dyn Fn(&str) -> Result<String, ModuleError>,
    ) -> Result<Option<Self>, ModuleError> {
        if option.is_empty() {
            return Ok(None);
        }
        let (algorithm, sum) = option
            .split_once(':')
            .ok_or_else(|| ModuleError::new("The checksum parameter has to be in format <algorithm>:<checksum>"))?;
        let words: StrDeserializer<'_, DeError> = algorithm.into_deserializer();
        let algorithm = Checksum::deserialize(words)
            .map_err(|_| ModuleError::new(format!("`{algorithm}` is no supported algorithm for checksums")))?;
        let sum = if ["http://", "https://", "file://"].iter().any(|scheme| sum.starts_with(scheme)) {
            find(&load(sum)?, name)
                .ok_or_else(|| ModuleError::new(format!("Unable to find a checksum for file '{name}' in '{sum}'")))?
        } else {
            sum.to_owned()
        };
        let sum: String = sum.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>().to_lowercase();
        if sum.is_empty() || !sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ModuleError::new("The checksum format is invalid"));
        }
        Ok(Some(Self { algorithm, sum }))
    }
}

/// The checksum of a file in a list as `sha256sum` writes it, in either of its two forms.
fn find(text: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    if let [line] = lines.as_slice()
        && line.split_whitespace().count() == 1
    {
        return Some(line.trim().to_owned());
    }
    lines.iter().find_map(|line| {
        if let Some((head, sum)) = line.split_once(") = ").or_else(|| line.split_once(")= ")) {
            let (_, path) = head.split_once('(')?;
            return (path == name).then(|| sum.trim().to_owned());
        }
        let (sum, path) = line.split_once(char::is_whitespace)?;
        let path = path.trim_start().trim_start_matches(['*', '.', '/']);
        (path == name).then(|| sum.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_and_lists_of_them() {
        let none = |_: &str| Err(ModuleError::new("not asked"));
        let read = |option| Wanted::read(option, "a.zip", &none);
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("sha256:AB cd").unwrap().unwrap(), Wanted { algorithm: Checksum::Sha256, sum: "abcd".into() });
        assert!(read("ab").is_err() && read("sha9:ab").is_err() && read("md5:xyz").is_err());
        for list in ["11 *other\n22  ./a.zip\n", "22\n", "SHA256 (other) = 11\nSHA256 (a.zip) = 22\n"] {
            let load = |_: &str| Ok(list.to_owned());
            assert_eq!(Wanted::read("sha1:http://h/sums", "a.zip", &load).unwrap().unwrap().sum, "22");
        }
        assert!(Wanted::read("sha1:http://h/sums", "b", &|_| Ok("11 a\n22 c\n".to_owned())).is_err());
    }
}
