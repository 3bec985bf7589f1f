//! OpenSSH's client configuration: which keywords apply to a host. The first value of a keyword counts, and some collect.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use globset::Glob;

use super::super::error::TransportError;
use super::words::{expand, fits_list, keyword, split};

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A word of `ansible_ssh_common_args` and the like, or a variable.
    Given,
    User(PathBuf, usize),
    System(PathBuf, usize),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given => f.write_str("the SSH arguments"),
            Self::User(path, line) | Self::System(path, line) => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// One value of a keyword: its words, its text as it stands, and where.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) words: Vec<String>,
    pub(super) text: String,
    pub(super) source: Source,
}

/// What a configuration says about one host.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    entries: BTreeMap<String, Vec<Entry>>,
    /// What only OpenSSH itself can decide.
    pub(super) undecided: Vec<String>,
}

/// Keywords of which every value counts.
const COLLECTED: [&str; 2] = ["identityfile", "certificatefile"];

impl Options {
    pub(super) fn set(&mut self, key: &str, text: &str, source: Source) {
        // the two ways through a proxy are one setting
        let rival = match key {
            "proxyjump" => "proxycommand",
            "proxycommand" => "proxyjump",
            _ => key,
        };
        if rival != key && self.entries.contains_key(rival) {
            return;
        }
        let words = split(text).unwrap_or_else(|| vec![text.to_owned()]);
        let entries = self.entries.entry(key.to_owned()).or_default();
        let collected = COLLECTED.contains(&key);
        let repeated = entries.iter().any(|entry| entry.words == words);
        if entries.is_empty() || (collected && !repeated) {
            entries.push(Entry { words, text: text.to_owned(), source });
        }
    }

    /// The first value's first word.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.entry(key)?.words.first().map(String::as_str)
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)?.first()
    }

    pub(super) fn all(&self, key: &str) -> &[Entry] {
        self.entries.get(key).map_or(&[], Vec::as_slice)
    }

    /// Every keyword that was given, with its first value.
    pub(super) fn given(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().filter_map(|(key, entries)| Some((key.as_str(), entries.first()?)))
    }
}

/// Whom a configuration is read for.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    /// The name as it stands in the inventory's address.
    pub(super) host: &'a str,
    pub(super) local_user: &'a str,
    pub(super) home: Option<&'a Path>,
}

/// The files to read: the user's and the system's.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) user: Option<PathBuf>,
    pub(super) system: Option<PathBuf>,
    /// The user's file was named, so it must be there.
    pub(super) named: bool,
}

/// Adds to `options`, which hold what was given, what the files say.
pub(super) fn read(options: &mut Options, subject: &Subject<'_>, files: &Files) -> Result<(), TransportError> {
    let mut reader = Reader { options, subject, last_pass: false, wants_last_pass: false };
    reader.files(files)?;
    if reader.wants_last_pass {
        reader.last_pass = true;
        reader.files(files)?;
    }
    Ok(())
}

/// As deep as OpenSSH follows `Include`.
const DEPTH: usize = 16;

struct Reader<'a> {
    options: &'a mut Options,
    subject: &'a Subject<'a>,
    /// The second reading, for `Match final`, with the host's name resolved.
    last_pass: bool,
    wants_last_pass: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    User,
    System,
}

impl Reader<'_> {
    fn files(&mut self, files: &Files) -> Result<(), TransportError> {
        for (path, owner) in [(&files.user, Owner::User), (&files.system, Owner::System)] {
            let Some(path) = path else { continue };
            match fs::read_to_string(path) {
                Ok(text) => self.text(&text, path, owner, 0)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound && !(files.named && owner == Owner::User) => {}
                Err(error) => return Err(unreadable(path, error)),
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str, path: &Path, owner: Owner, depth: usize) -> Result<(), TransportError> {
        let mut active = true;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = index + 1;
            let (key, rest) = keyword(line);
            let words = || {
                split(rest)
                    .ok_or_else(|| unreadable(path, io::Error::other(format!("line {number}: a quote is not closed"))))
            };
            match key.as_str() {
                "host" => active = fits_list(words()?.iter().map(String::as_str), &self.host()),
                "match" => active = self.matches(rest, path, number),
                "include" if active => {
                    for pattern in words()? {
                        self.include(&pattern, owner, path, depth)?;
                    }
                }
                "include" => {}
                _ if active => {
                    let source = match owner {
                        Owner::User => Source::User(path.to_owned(), number),
                        Owner::System => Source::System(path.to_owned(), number),
                    };
                    self.options.set(&key, rest, source);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The name that `Host` is compared with.
    fn host(&self) -> String {
        if self.last_pass { self.resolved_host() } else { self.subject.host.to_owned() }
    }

    /// The name after `HostName`, as far as that is known yet.
    fn resolved_host(&self) -> String {
        let original = self.subject.host;
        let Some(name) = self.options.get("hostname") else { return original.to_owned() };
        expand(name, |token| (token == 'h').then(|| original.to_owned())).unwrap_or_else(|_| original.to_owned())
    }

    fn matches(&mut self, rest: &str, path: &Path, number: usize) -> bool {
        let Some(words) = split(rest) else {
            self.undecided(&format!("`Match {rest}`"), path, number);
            return false;
        };
        let mut words = words.iter();
        let mut fitting = true;
        while let Some(word) = words.next() {
            let (word, inline) = match word.split_once('=') {
                Some((word, value)) => (word, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let (negated, criterion) = match word.strip_prefix('!') {
                Some(criterion) => (true, criterion.to_ascii_lowercase()),
                None => (false, word.to_ascii_lowercase()),
            };
            let mut list = |text: &str| {
                let value = inline.clone().or_else(|| words.next().cloned()).unwrap_or_default();
                fits_list(value.split(','), text)
            };
            let result = match criterion.as_str() {
                "all" => true,
                "final" => {
                    self.wants_last_pass = true;
                    self.last_pass
                }
                // only where CanonicalizeHostname is on, which is left to OpenSSH, or in the last pass
                "canonical" => self.last_pass,
                "host" => list(&self.resolved_host()),
                "originalhost" => list(self.subject.host),
                "user" => list(self.options.get("user").unwrap_or(self.subject.local_user)),
                "localuser" => list(self.subject.local_user),
                _ => {
                    // what was not met before needs no answer
                    if fitting {
                        self.undecided(&format!("`Match {criterion}`"), path, number);
                    }
                    return false;
                }
            };
            fitting &= result != negated;
        }
        fitting
    }

    fn undecided(&mut self, what: &str, path: &Path, number: usize) {
        let reason = format!("{what} ({}:{number})", path.display());
        if !self.options.undecided.contains(&reason) {
            self.options.undecided.push(reason);
        }
    }

    fn include(&mut self, pattern: &str, owner: Owner, from: &Path, depth: usize) -> Result<(), TransportError> {
        if depth >= DEPTH {
            return Err(unreadable(from, io::Error::other("too many files include each other")));
        }
        let base = match owner {
            Owner::User => self.subject.home.map(|home| home.join(".ssh")).unwrap_or_default(),
            Owner::System => PathBuf::from("/etc/ssh"),
        };
        let pattern = match (pattern.strip_prefix("~/"), self.subject.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => base.join(pattern),
        };
        for path in glob(&pattern) {
            match fs::read_to_string(&path) {
                Ok(text) => self.text(&text, &path, owner, depth + 1)?,
                // as OpenSSH: what a pattern finds and cannot be read is passed over
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {}
                Err(error) => return Err(unreadable(&path, error)),
            }
        }
        Ok(())
    }
}

fn unreadable(path: &Path, error: io::Error) -> TransportError {
    TransportError::File { path: path.display().to_string(), source: error.into() }
}

/// The files that a path with patterns names, sorted.
fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let text = component.as_os_str().to_string_lossy();
        if !text.contains(['*', '?', '[']) {
            for path in &mut found {
                path.push(component);
            }
            continue;
        }
        let Ok(glob) = Glob::new(&text) else { return Vec::new() };
        let matcher = glob.compile_matcher();
        let mut next = Vec::new();
        for folder in found {
            let names = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
            let fitting = names.filter(|name| {
                let hidden = name.to_string_lossy().starts_with('.') && !text.starts_with('.');
                !hidden && matcher.is_match(name)
            });
            next.extend(fitting.map(|name| folder.join(name)));
        }
        next.sort();
        found = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        home: tempfile::TempDir,
    }

    impl Case {
        fn new(config: &str) -> Self {
            let home = tempfile::tempdir().unwrap();
            fs::create_dir(home.path().join(".ssh")).unwrap();
            fs::write(home.path().join(".ssh/config"), config).unwrap();
            Self { home }
        }

        fn options(&self, host: &str) -> Options {
            let mut options = Options::default();
            let subject = Subject { host, local_user: "me", home: Some(self.home.path()) };
            let files = Files { user: Some(self.home.path().join(".ssh/config")), system: None, named: true };
            read(&mut options, &subject, &files).unwrap();
            options
        }
    }

    #[test]
    fn the_first_value_counts_and_identities_collect() {
        let case = Case::new(
            "# mine\nHost web* !web9\n  User deploy\n  IdentityFile ~/a\n  Port=2222\n\
             Host *\n  User root\n  IdentityFile ~/b\n  IdentityFile \"~/c d\"\n",
        );
        let web = case.options("web1");
        assert_eq!((web.get("user"), web.get("port")), (Some("deploy"), Some("2222")));
        let files: Vec<_> = web.all("identityfile").iter().map(|entry| entry.words[0].as_str()).collect();
        assert_eq!(files, ["~/a", "~/b", "~/c d"]);
        let other = case.options("web9");
        assert_eq!((other.get("user"), other.get("port")), (Some("root"), None));
    }

    #[test]
    fn match_with_host_user_and_the_last_pass() {
        let case = Case::new(
            "Match final host real.example.org\n Port 1\nHost alias\n HostName real.example.org\n User x\n\
             Match originalhost alias user x\n Compression yes\nMatch !host real.example.org\n User never\n\
             Match all\n ServerAliveInterval 7\n",
        );
        let options = case.options("alias");
        assert_eq!(options.get("port"), Some("1"));
        assert_eq!(options.get("compression"), Some("yes"));
        assert_eq!(options.get("user"), Some("x"));
        assert_eq!(options.get("serveraliveinterval"), Some("7"));
        assert!(options.undecided.is_empty());
    }

    #[test]
    fn what_only_openssh_can_decide() {
        let case = Case::new("Match host other exec \"false\"\n Port 1\nMatch host web exec \"true\"\n Port 2\n");
        let options = case.options("web");
        assert_eq!(options.get("port"), None);
        assert_eq!(options.undecided.len(), 1);
        assert!(options.undecided[0].contains("`Match exec`") && options.undecided[0].ends_with("config:3)"));
    }

    #[test]
    fn includes_belong_to_their_block() {
        let case = Case::new("Host web\n Include conf.d/*.conf\nHost *\n User last\n");
        let folder = case.home.path().join(".ssh/conf.d");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("1.conf"), "User first\n").unwrap();
        fs::write(folder.join("2.conf"), "User second\nHost other\n Port 9\n").unwrap();
        fs::write(folder.join(".hidden.conf"), "Port 8\n").unwrap();
        assert_eq!(case.options("web").get("user"), Some("first"));
        assert_eq!(case.options("web").get("port"), None);
        assert_eq!(case.options("db").get("user"), Some("last"));
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let case = Case::new("Include config\n");
        let mut options = Options::default();
        let subject = Subject { host: "web", local_user: "me", home: Some(case.home.path()) };
        let files = Files { user: Some(case.home.path().join(".ssh/config")), system: None, named: true };
        assert!(read(&mut options, &subject, &files).is_err());
    }
}
