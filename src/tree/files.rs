//! Reading from the disk and from the files built into the binary.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path};

/// The folder that the built-in collection appears in. The angle brackets keep it apart from any real path, and show in
/// messages that the file is not on disk.
pub const EMBEDDED_ROOT: &str = "/<quaymaster.quay>";

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file, or a link to one.
    File,
    /// A folder, or a link to one.
    Folder,
}

/// A place to read controller-side files from.
pub trait Files: fmt::Debug + Send + Sync {
    /// The content of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What a path is; `None` where there is nothing that can be read.
    fn kind(&self, path: &Path) -> Option<FileKind>;

    /// The names in a folder, sorted.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// The permission bits of a file (`mode: preserve` asks); `None` where it has none of its own.
    fn mode(&self, path: &Path) -> Option<u32>;

    /// Whether there is such a file or folder.
    fn exists(&self, path: &Path) -> bool {
        self.kind(path).is_some()
    }

    /// Whether it is a file.
    fn is_file(&self, path: &Path) -> bool {
        self.kind(path) == Some(FileKind::File)
    }

    /// Whether it is a folder.
    fn is_folder(&self, path: &Path) -> bool {
        self.kind(path) == Some(FileKind::Folder)
    }
}

/// The disk and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        // pipes and `/dev/null` can be read like files
        let data = fs::metadata(path).ok()?;
        Some(if data.is_dir() { FileKind::Folder } else { FileKind::File })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).ok().map(|data| data.permissions().mode() & 0o7777)
    }
}

/// One file built into the binary.
#[derive(Clone, Copy)]
pub struct EmbeddedFile {
    /// Its path inside the collection, such as `roles/quay_project/tasks/main.yml`.
    pub path: &'static str,
    /// Its content.
    pub content: &'static [u8],
}

impl fmt::Debug for EmbeddedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.content.len())
    }
}

/// The disk, and under [`EMBEDDED_ROOT`] the files built into the binary.
#[derive(Clone, Copy, Debug)]
pub struct WithEmbedded {
    files: &'static [EmbeddedFile],
}

impl WithEmbedded {
    /// The disk with these files beside it; they are sorted by path.
    #[must_use]
    pub fn new(files: &'static [EmbeddedFile]) -> Self {
        Self { files }
    }

    /// The path inside the collection, if it is one of the built-in files' paths.
    fn inside(path: &Path) -> Option<String> {
        let inside = path.strip_prefix(EMBEDDED_ROOT).ok()?;
        let mut parts: Vec<&str> = Vec::new();
        for component in inside.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_str()?),
                Component::ParentDir => {
                    parts.pop();
                }
                _ => {}
            }
        }
        Some(parts.join("/"))
    }

    fn find(&self, inside: &str) -> Option<&'static EmbeddedFile> {
        self.files.iter().find(|file| file.path == inside)
    }

    /// What follows the folder in the paths of the files below it.
    fn below<'p>(&self, inside: &'p str) -> impl Iterator<Item = &'static str> + use<'p> {
        self.files.iter().filter_map(move |file| match inside {
            "" => Some(file.path),
            _ => file.path.strip_prefix(inside)?.strip_prefix('/'),
        })
    }
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl Files for WithEmbedded {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match Self::inside(path) {
            Some(inside) => self.find(&inside).map(|file| file.content.to_vec()).ok_or_else(missing),
            None => Disk.read(path),
        }
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        let Some(inside) = Self::inside(path) else { return Disk.kind(path) };
        if self.find(&inside).is_some() {
            return Some(FileKind::File);
        }
        self.below(&inside).next().map(|_| FileKind::Folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let Some(inside) = Self::inside(folder) else { return Disk.list(folder) };
        let mut names: Vec<String> =
            self.below(&inside).filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
        if names.is_empty() {
            return Err(missing());
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        match Self::inside(path) {
            Some(_) => None,
            None => Disk.mode(path),
        }
    }
}

/// The path as messages show it: a built-in file without the leading slash.
#[must_use]
pub fn display_name(path: &Path) -> String {
    let text = path.display().to_string();
    match text.strip_prefix('/') {
        Some(rest) if path.starts_with(EMBEDDED_ROOT) => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILES: &[EmbeddedFile] = &[
        EmbeddedFile { path: "playbooks/site.yml", content: b"- hosts: all\n" },
        EmbeddedFile { path: "roles/a/tasks/main.yml", content: b"[]\n" },
        EmbeddedFile { path: "roles/ab/tasks/main.yml", content: b"[]\n" },
    ];

    #[test]
    fn embedded_files_look_like_a_folder() {
        let files = WithEmbedded::new(FILES);
        let root = Path::new(EMBEDDED_ROOT);
        assert_eq!(files.kind(root), Some(FileKind::Folder));
        assert_eq!(files.kind(&root.join("roles/a")), Some(FileKind::Folder));
        assert_eq!(files.kind(&root.join("roles/abc")), None);
        assert_eq!(files.list(&root.join("roles")).unwrap(), ["a", "ab"]);
        assert_eq!(files.read(&root.join("playbooks/../playbooks/site.yml")).unwrap(), b"- hosts: all\n");
        assert!(files.read(&root.join("roles")).is_err());
        assert!(files.exists(Path::new("/")), "other paths are the disk's");
    }
}
