//! A repository on the host, and the calls of `git` that read and change it.

use std::fs;
use std::path::{Path, PathBuf};

use super::git_remote::RemoteVersion;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;

/// A repository, and how `git` is called.
pub(super) struct Repository<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) path: PathBuf,
    pub(super) executable: String,
    pub(super) bare: bool,
    /// What `git` calls for SSH, where an option asks for something.
    pub(super) ssh: Option<String>,
    pub(super) umask: Option<u32>,
    pub(super) remote: String,
}

impl Repository<'_> {
    /// Runs `git` in a folder.
    fn git(&self, folder: &Path, argv: &[&str]) -> Result<Output, ModuleError> {
        let words = std::iter::once(self.executable.as_str()).chain(argv.iter().copied());
        let mut process = self
            .ctx
            .command(words)
            .dir(folder)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "");
        match &self.ssh {
            Some(command) => process = process.env("GIT_SSH_COMMAND", command),
            None if self.ctx.variable("GIT_SSH_COMMAND").is_none() && self.ctx.variable("GIT_SSH").is_none() => {
                // nobody is there to be asked
                process = process.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
            }
            None => {}
        }
        if let Some(umask) = self.umask {
            process = process.umask(umask);
        }
        Ok(process.run()?)
    }

    /// Runs `git` where no repository is.
    pub(super) fn outside(&self, argv: &[&str]) -> Result<Output, ModuleError> {
        self.git(Path::new("/"), argv)
    }

    /// Runs `git` in the repository.
    pub(super) fn inside(&self, argv: &[&str]) -> Result<Output, ModuleError> {
        self.git(&self.path, argv)
    }

    /// Where git keeps its own files; `None` where there is no repository.
    pub(super) fn git_dir(&self) -> Option<PathBuf> {
        if self.bare {
            return self.path.join("config").is_file().then(|| self.path.clone());
        }
        let own = self.path.join(".git");
        if own.is_dir() {
            return Some(own);
        }
        let text = fs::read_to_string(&own).ok()?;
        Some(self.path.join(text.strip_prefix("gitdir:")?.trim()))
    }

    /// The commit that a version is here; `None` where it is not there.
    pub(super) fn revision(&self, version: &str) -> Result<Option<String>, ModuleError> {
        let output = self.inside(&["rev-parse", "--verify", "--quiet", &format!("{version}^{{commit}}")])?;
        match output.rc {
            0 => Ok(Some(output.out().trim().to_owned())),
            1 => Ok(None),
            _ => output.success("reading the repository").map(|_| None),
        }
    }

    /// Files with changes that nobody committed. Files that git knows nothing of do not count.
    pub(super) fn modifications(&self) -> Result<Vec<String>, ModuleError> {
        if self.bare {
            return Ok(Vec::new());
        }
        let output = self.inside(&["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"])?;
        Ok(output.success("looking for local modifications")?.out().lines().map(str::to_owned).collect())
    }

    /// The remote's address.
    pub(super) fn url(&self) -> Result<Option<String>, ModuleError> {
        let output = self.inside(&["config", "--get", &format!("remote.{}.url", self.remote)])?;
        Ok(Some(output.out().trim().to_owned()).filter(|url| !url.is_empty()))
    }

    /// Sets the remote's address.
    pub(super) fn set_url(&self, url: &str, there: bool) -> Result<(), ModuleError> {
        let verb = if there { "set-url" } else { "add" };
        self.inside(&["remote", verb, &self.remote, url])?.success("setting the remote's address").map(drop)
    }

    /// Submodules that are not as the commit has them; with `track`, that are not as their own remotes have them.
    pub(super) fn stale_submodules(&self, track: bool) -> Result<Vec<String>, ModuleError> {
        if self.bare || !self.path.join(".gitmodules").is_file() {
            return Ok(Vec::new());
        }
        let output = self.inside(&["submodule", "status", "--recursive"])?.success("looking at the submodules")?;
        let text = output.out();
        let mut stale: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with(['-', '+', 'U']) && !(track && line.starts_with('+')))
            .filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned))
            .collect();
        if track {
            let script = "b=$(git config -f \"$toplevel/.gitmodules\" \"submodule.$name.branch\" || echo HEAD); \
                          echo \"$(git rev-parse HEAD) $(git ls-remote origin \"$b\" | head -n 1 | cut -f 1) $sm_path\"";
            let output = self.inside(&["submodule", "foreach", "--quiet", script])?;
            for line in output.success("asking the submodules' remotes")?.out().lines() {
                let mut words = line.splitn(3, ' ');
                let (here, there, path) = (words.next(), words.next(), words.next().unwrap_or_default());
                if here != there {
                    stale.push(path.to_owned());
                }
            }
        }
        Ok(stale)
    }

    /// Brings the submodules up to date.
    pub(super) fn update_submodules(&self, track: bool, force: bool) -> Result<(), ModuleError> {
        if self.bare || !self.path.join(".gitmodules").is_file() {
            return Ok(());
        }
        self.inside(&["submodule", "sync", "--recursive"])?.success("submodule sync")?;
        let mut argv = vec!["submodule", "update", "--init", "--recursive"];
        if track {
            argv.push("--remote");
        }
        if force {
            argv.push("--force");
        }
        self.inside(&argv)?.success("Failed to init/update submodules: submodule update").map(drop)
    }

    /// Loads what the remote has of a version, and of everything else unless only the newest history is wanted.
    pub(super) fn fetch(
        &self,
        version: &RemoteVersion,
        depth: Option<u64>,
        refspec: Option<&str>,
        force: bool,
    ) -> Result<(), ModuleError> {
        let remote = self.remote.as_str();
        let depth = depth.map(|depth| depth.to_string());
        let mut argv = vec!["fetch"];
        if force {
            argv.push("--force");
        }
        let own;
        match (&depth, version) {
            (Some(depth), RemoteVersion::Branch { name, .. }) => {
                own = format!("+refs/heads/{name}:refs/remotes/{remote}/{name}");
                argv.extend(["--depth", depth, remote, &own]);
            }
            (Some(depth), RemoteVersion::Tag { name, .. }) => {
                own = format!("+refs/tags/{name}:refs/tags/{name}");
                argv.extend(["--depth", depth, remote, &own]);
            }
            _ if self.bare => {
                argv.extend(["--tags", remote, "+refs/heads/*:refs/heads/*"]);
            }
            _ => argv.extend(["--tags", remote]),
        }
        self.inside(&argv)?.success("Failed to download remote objects and refs: fetch")?;
        if let Some(refspec) = refspec {
            let mut argv = vec!["fetch", remote, refspec];
            if let Some(depth) = &depth {
                argv.splice(1..1, ["--depth", depth.as_str()]);
            }
            self.inside(&argv)?.success(&format!("Failed to fetch the refspec {refspec}: fetch"))?;
        }
        match version {
            RemoteVersion::Branch { name, commit } if !self.bare => {
                let tracked = format!("refs/remotes/{remote}/{name}");
                if self.revision(&tracked)?.as_ref() != Some(commit) {
                    let own = format!("+refs/heads/{name}:{tracked}");
                    self.inside(&["fetch", remote, &own])?.success(&format!("Failed to fetch {name}: fetch"))?;
                }
            }
            RemoteVersion::Ref { name, .. } if refspec.is_none() => {
                self.inside(&["fetch", remote, name])?.success(&format!("Failed to fetch {name}: fetch"))?;
            }
            RemoteVersion::Commit(commit) if commit.len() >= 40 && self.revision(commit)?.is_none() => {
                // a commit that no branch leads to may still be given out
                self.inside(&["fetch", remote, commit])?.success(&format!("Failed to fetch {commit}: fetch"))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes the working copy that of a version.
    pub(super) fn checkout(&self, version: &RemoteVersion) -> Result<(), ModuleError> {
        if self.bare {
            return Ok(());
        }
        let run = |argv: &[&str], shown: &str| {
            self.inside(argv)?
                .success(&format!("Failed to checkout {shown}: {}", argv.first().unwrap_or(&"")))
                .map(drop)
        };
        match version {
            RemoteVersion::Branch { name, .. } => {
                let tracked = format!("refs/remotes/{}/{name}", self.remote);
                run(&["checkout", "--force", "--no-track", "-B", name, &tracked], name)?;
                // git itself only tracks what the remote's own refspec covers, which in a shallow clone is one branch
                run(&["config", &format!("branch.{name}.remote"), &self.remote], name)?;
                run(&["config", &format!("branch.{name}.merge"), &format!("refs/heads/{name}")], name)
            }
            RemoteVersion::Tag { name, .. } => {
                run(&["checkout", "--force", "--detach", &format!("refs/tags/{name}")], name)
            }
            RemoteVersion::Ref { commit, name } => run(&["checkout", "--force", "--detach", commit], name),
            RemoteVersion::Commit(commit) => run(&["checkout", "--force", "--detach", commit], commit),
        }
    }

    /// Throws local modifications away.
    pub(super) fn reset(&self) -> Result<(), ModuleError> {
        self.inside(&["reset", "--hard", "HEAD", "--"])?.success("Failed to reset the working copy: reset").map(drop)
    }
}
