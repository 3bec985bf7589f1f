//! `git`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::git_remote::{RemoteVersion, masked};
use super::git_repository::Repository;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, Mode, TargetFile};
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value, quote_word};

/// Keeps a repository cloned on the host, at the version asked for. The host needs `git`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Git {
    /// Address of the repository.
    #[serde(alias = "name")]
    #[schemars(extend("x-aliases" = ["name"]))]
    repo: String,
    /// Folder of the host to clone into.
    dest: Option<String>,
    /// Branch, tag or commit; `HEAD` is the remote's main branch.
    #[serde(default = "head")]
    version: String,
    /// Clone where there is nothing yet.
    #[serde(default = "yes")]
    clone: bool,
    /// Load new versions into a clone that is there.
    #[serde(default = "yes")]
    update: bool,
    /// Throw local modifications away; without it they are an error.
    #[serde(default)]
    force: bool,
    /// How many commits of history to load.
    depth: Option<u64>,
    /// Load only the history of the version's branch.
    #[serde(default)]
    single_branch: bool,
    /// A further refspec to load.
    refspec: Option<String>,
    /// What the remote is called.
    #[serde(default = "origin")]
    remote: String,
    /// A repository of the host to take objects from.
    reference: Option<String>,
    /// Clone without a working copy.
    #[serde(default)]
    bare: bool,
    /// Folder for git's own files.
    separate_git_dir: Option<String>,
    /// Clone and update submodules too.
    #[serde(default = "yes")]
    recursive: bool,
    /// Take the newest commits of the submodules' branches, not those that the repository names.
    #[serde(default)]
    track_submodules: bool,
    /// Take an SSH server's key without knowing it, whatever it is.
    #[serde(default)]
    accept_hostkey: bool,
    /// Take an SSH server's key where none is known yet.
    #[serde(default)]
    accept_newhostkey: bool,
    /// File with the private key for SSH.
    key_file: Option<String>,
    /// Further options for `ssh`.
    ssh_opts: Option<String>,
    /// Refuse a commit or tag without a valid signature.
    #[serde(default)]
    verify_commit: bool,
    /// Fingerprints of the only keys whose signatures count.
    #[serde(default, alias = "gpg_whitelist")]
    #[schemars(extend("x-aliases" = ["gpg_whitelist"]))]
    gpg_allowlist: Vec<String>,
    /// Also write the version to this archive: `.zip`, `.tar`, `.tar.gz` or `.tgz`.
    archive: Option<String>,
    /// What names in the archive begin with.
    archive_prefix: Option<String>,
    /// The `git` to run.
    executable: Option<String>,
    /// Mask of the modes of new files.
    umask: Option<Mode>,
}

fn yes() -> bool {
    true
}

fn head() -> String {
    "HEAD".to_owned()
}

fn origin() -> String {
    "origin".to_owned()
}

/// A clone as it is or shall be.
#[derive(Clone, PartialEq, Serialize)]
pub struct GitState {
    revision: Option<String>,
    url: Option<String>,
    git_dir: Option<PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modified: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stale_submodules: Vec<String>,
    /// Whether the archive is there and holds the version; no archive at all is as good.
    archived: bool,
    #[serde(skip)]
    told: Told,
}

/// What is returned beside the state.
#[derive(Clone, Default)]
struct Told {
    before: Option<String>,
    url_changed: bool,
    version: Option<Arc<RemoteVersion>>,
}

impl PartialEq for Told {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Git {
    fn dest(&self) -> Result<&str, ModuleError> {
        match &self.dest {
            Some(dest) => Ok(dest),
            None => Err(ModuleError::new("the destination directory must be specified unless clone=no")),
        }
    }

    fn repository<'a>(&self, ctx: &'a Ctx) -> Result<Repository<'a>, ModuleError> {
        let mut ssh = String::from("ssh -o BatchMode=yes");
        let mut given = false;
        let mut add = |text: String| {
            ssh.push(' ');
            ssh.push_str(&text);
            given = true;
        };
        if let Some(key) = &self.key_file {
            let path = ctx.resolve(key).display().to_string();
            add(format!("-i {} -o IdentitiesOnly=yes", quote_word(&path)));
        }
        if self.accept_hostkey {
            add("-o StrictHostKeyChecking=no".to_owned());
        } else if self.accept_newhostkey {
            add("-o StrictHostKeyChecking=accept-new".to_owned());
        }
        if let Some(options) = &self.ssh_opts {
            add(options.clone());
        }
        let umask = match &self.umask {
            None => None,
            Some(Mode::Bits(bits)) => Some(*bits),
            Some(Mode::Symbolic(_)) => return Err(ModuleError::new("option `umask`: an octal number is expected")),
        };
        Ok(Repository {
            ctx,
            path: match &self.dest {
                Some(dest) => ctx.resolve(dest),
                None => PathBuf::new(),
            },
            executable: self.executable.clone().unwrap_or_else(|| "git".to_owned()),
            bare: self.bare,
            ssh: given.then_some(ssh),
            umask,
            remote: self.remote.clone(),
        })
    }

    /// The address as git is given it: a path of the host in full.
    fn url(&self, ctx: &Ctx) -> String {
        let is_path = !self.repo.contains("://") && !self.repo.split('/').next().unwrap_or_default().contains(':');
        if is_path { ctx.resolve(&self.repo).display().to_string() } else { self.repo.clone() }
    }

    /// The version as the clone itself names it.
    fn local_version(&self) -> &str {
        // what is checked out counts, and in a bare clone the branch itself
        if self.bare { &self.version } else { "HEAD" }
    }

    fn new_clone(
        &self,
        repository: &Repository<'_>,
        version: &RemoteVersion,
        warnings: &mut Vec<String>,
    ) -> Result<(), ModuleError> {
        let url = self.url(repository.ctx);
        let path = repository.path.display().to_string();
        if let Some(folder) = repository.path.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| ModuleError::because(format!("cannot make `{}`", folder.display()), error))?;
        }
        let depth = self.depth.map(|depth| depth.to_string());
        let git_dir = self
            .separate_git_dir
            .as_ref()
            .map(|path| format!("--separate-git-dir={}", repository.ctx.resolve(path).display()));
        let reference = self.reference.as_ref().map(|path| repository.ctx.resolve(path).display().to_string());
        let mut argv = vec!["clone"];
        argv.push(if self.bare { "--bare" } else { "--no-checkout" });
        if !self.bare {
            argv.extend(["--origin", &self.remote]);
        }
        let named = match version {
            RemoteVersion::Branch { name, .. } | RemoteVersion::Tag { name, .. } => Some(name.as_str()),
            _ => None,
        };
        match (&depth, named) {
            (Some(depth), _) if self.refspec.is_some() || named.is_some() => argv.extend(["--depth", depth]),
            (Some(_), _) => warnings.push(
                "Ignoring depth argument. Shallow clones are only available for HEAD, branches, tags or in combination \
                 with refspec."
                    .to_owned(),
            ),
            (None, _) => {}
        }
        if let Some(name) = named.filter(|_| self.version != "HEAD") {
            argv.extend(["--branch", name]);
        }
        if self.single_branch {
            argv.push("--single-branch");
        }
        if let Some(reference) = &reference {
            argv.extend(["--reference", reference]);
        }
        argv.extend(git_dir.as_deref());
        argv.extend([url.as_str(), path.as_str()]);
        repository.outside(&argv)?.success(&format!("cloning `{}`", masked(&self.repo)))?;
        if self.bare {
            if self.remote != "origin" {
                repository.set_url(&url, false)?;
            }
            return Ok(());
        }
        if self.refspec.is_some() || matches!(version, RemoteVersion::Ref { .. } | RemoteVersion::Commit(_)) {
            let depth = self.depth.filter(|_| self.refspec.is_some());
            repository.fetch(version, depth, self.refspec.as_deref(), self.force)?;
        }
        repository.checkout(version)
    }

    fn verify(&self, repository: &Repository<'_>, version: &RemoteVersion) -> Result<(), ModuleError> {
        if !self.verify_commit {
            return Ok(());
        }
        let mut argv = match version {
            RemoteVersion::Tag { name, .. } => vec!["verify-tag", name.as_str()],
            _ => vec!["verify-commit", "HEAD"],
        };
        if !self.gpg_allowlist.is_empty() {
            argv.insert(1, "--raw");
        }
        let output = repository.inside(&argv)?;
        let what = format!("Failed to verify GPG signature of commit/tag \"{}\": git", self.version);
        let output = output.success(&what)?;
        if self.gpg_allowlist.is_empty() {
            return Ok(());
        }
        let said = output.err();
        let key = said.lines().find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG ")?.split(' ').next());
        let allowed = |key: &str| self.gpg_allowlist.iter().any(|known| known.eq_ignore_ascii_case(key));
        match key {
            Some(key) if allowed(key) => Ok(()),
            key => Err(ModuleError::new(format!(
                "The gpg_allowlist does not include the public key \"{}\" for this commit",
                key.unwrap_or("?")
            ))),
        }
    }

    /// The archive of what is checked out.
    fn packed(&self, repository: &Repository<'_>, archive: &str) -> Result<Content, ModuleError> {
        let format = [(".zip", "zip"), (".tar.gz", "tar.gz"), (".tgz", "tar.gz"), (".tar", "tar")];
        let Some((_, format)) = format.into_iter().find(|(ending, _)| archive.ends_with(ending)) else {
            return Err(ModuleError::new(format!("Unable to get file extension from archive file name: {archive}")));
        };
        let format = format!("--format={format}");
        let prefix = self.archive_prefix.as_ref().map(|prefix| format!("--prefix={prefix}"));
        let mut argv = vec!["archive", format.as_str()];
        argv.extend(prefix.as_deref());
        argv.push(if self.bare { self.version.as_str() } else { "HEAD" });
        let output = repository.inside(&argv)?.success("Failed to perform archive operation: archive")?;
        Ok(Content::new(output.stdout))
    }

    fn archive_target(path: &Path) -> TargetFile {
        TargetFile { path: path.to_owned(), attributes: Attributes::default(), backup: false, validate: None }
    }

    /// Whether the archive holds what is checked out.
    fn is_archived(&self, repository: &Repository<'_>, ctx: &Ctx) -> Result<bool, ModuleError> {
        let Some(archive) = &self.archive else { return Ok(true) };
        let there: FileState = Self::archive_target(&ctx.resolve(archive)).read(ctx)?;
        Ok(there.content.is_some() && there.content == Some(self.packed(repository, archive)?))
    }

    fn git_dir_wanted(&self, repository: &Repository<'_>) -> PathBuf {
        match &self.separate_git_dir {
            Some(path) => repository.ctx.resolve(path),
            None if self.bare => repository.path.clone(),
            None => repository.path.join(".git"),
        }
    }
}

impl Managed for Git {
    type State = GitState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.clone {
            self.dest()?;
        }
        if self.separate_git_dir.is_some() && self.bare {
            return Err(ModuleError::new("only one of `separate_git_dir` and `bare` can be given"));
        }
        if self.archive_prefix.is_some() && self.archive.is_none() {
            return Err(ModuleError::new("option `archive_prefix` needs `archive`"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<GitState, ModuleError> {
        let repository = self.repository(ctx)?;
        let mut state = GitState {
            revision: None,
            url: None,
            git_dir: None,
            modified: Vec::new(),
            stale_submodules: Vec::new(),
            archived: self.archive.is_none(),
            told: Told::default(),
        };
        let Some(git_dir) = repository.git_dir().filter(|_| self.dest.is_some()) else { return Ok(state) };
        state.revision = repository.revision(self.local_version())?;
        state.url = repository.url()?.map(|url| masked(&url));
        state.git_dir = Some(git_dir);
        state.modified = repository.modifications()?;
        if self.recursive && self.update {
            state.stale_submodules = repository.stale_submodules(self.track_submodules)?;
        }
        state.archived = self.is_archived(&repository, ctx)?;
        state.told.before.clone_from(&state.revision);
        Ok(state)
    }

    fn desired(&self, current: &GitState, ctx: &mut Ctx) -> Result<GitState, ModuleError> {
        let repository = self.repository(ctx)?;
        let mut wanted = current.clone();
        wanted.archived = true;
        if current.git_dir.is_some() && !self.update {
            return Ok(wanted);
        }
        if !current.modified.is_empty() && !self.force {
            return Err(ModuleError::new(format!(
                "Local modifications exist in the destination: {} (force=no).",
                repository.path.display()
            ))
            .with("before", current.revision.clone().map_or(Value::Null, Value::from)));
        }
        let url = self.url(ctx);
        let version = RemoteVersion::find(&repository, &url, &self.version)?;
        let commit = match (&version, &current.revision) {
            (RemoteVersion::Commit(short), Some(now)) if now.starts_with(short.as_str()) => now.clone(),
            _ => version.commit().to_owned(),
        };
        wanted.revision = Some(commit);
        wanted.told.url_changed = current.git_dir.is_some() && current.url.as_deref() != Some(masked(&url).as_str());
        wanted.url = Some(masked(&url));
        wanted.git_dir = Some(self.git_dir_wanted(&repository));
        wanted.modified.clear();
        wanted.stale_submodules.clear();
        wanted.told.version = Some(Arc::new(version));
        Ok(wanted)
    }

    fn apply(&self, current: &GitState, desired: &GitState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let mut applied = Applied::default();
        let mut warnings = Vec::new();
        if current.git_dir.is_none() && !self.clone {
            return Ok(applied);
        }
        let repository = self.repository(ctx)?;
        if let Some(version) = &desired.told.version {
            let url = self.url(ctx);
            if let Some(now) = &current.git_dir {
                if current.git_dir != desired.git_dir {
                    self.move_git_dir(&repository, now)?;
                }
                if desired.told.url_changed {
                    repository.set_url(&url, current.url.is_some())?;
                }
                if !current.modified.is_empty() {
                    repository.reset()?;
                }
                if current.revision != desired.revision || desired.told.url_changed || self.refspec.is_some() {
                    repository.fetch(version, self.depth, self.refspec.as_deref(), self.force)?;
                    repository.checkout(version)?;
                }
            } else {
                self.new_clone(&repository, version, &mut warnings)?;
            }
            if self.recursive {
                repository.update_submodules(self.track_submodules, self.force)?;
            }
            self.verify(&repository, version)?;
            if let Some(after) = repository.revision(self.local_version())? {
                applied.values.insert("after".into(), Value::from(after));
            }
        }
        if let Some(archive) = &self.archive {
            let target = Self::archive_target(&ctx.resolve(archive));
            let content = self.packed(&repository, archive)?;
            let now = target.read(ctx)?;
            let wanted = target.desired(&now, content, ctx)?;
            target.apply(&now, &wanted, ctx)?;
        }
        for warning in warnings {
            ctx.warn(warning);
        }
        Ok(applied)
    }

    fn values(&self, state: &GitState) -> Map {
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        let mut values: Map = [
            ("before".into(), text(&state.told.before)),
            ("after".into(), text(&state.revision)),
            ("remote_url_changed".into(), Value::Bool(state.told.url_changed)),
        ]
        .into();
        if self.separate_git_dir.is_some() {
            let path = state.git_dir.as_ref().map(|path| path.display().to_string());
            values.insert("git_dir_now".into(), text(&path));
        }
        values
    }

    fn title(&self) -> String {
        self.dest.clone().unwrap_or_else(|| masked(&self.repo))
    }
}

impl Git {
    /// Moves git's own files to another folder.
    fn move_git_dir(&self, repository: &Repository<'_>, now: &Path) -> Result<(), ModuleError> {
        let wanted = self.git_dir_wanted(repository);
        let cannot = |error| ModuleError::because(format!("cannot move `{}`", now.display()), error);
        if wanted.exists() && wanted != repository.path.join(".git") {
            return Err(ModuleError::new(format!("Error: the folder `{}` exists already", wanted.display())));
        }
        let link = repository.path.join(".git");
        if link.is_file() {
            fs::remove_file(&link).map_err(cannot)?;
        }
        fs::rename(now, &wanted).map_err(cannot)?;
        if wanted != link {
            fs::write(&link, format!("gitdir: {}\n", wanted.display())).map_err(cannot)?;
        }
        Ok(())
    }
}
