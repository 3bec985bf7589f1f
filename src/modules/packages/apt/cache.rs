//! The package lists: how old they are, and their update.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use rand::RngExt as _;

use super::transaction::quiet;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// Where apt keeps things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::modules::packages) struct AptFolders {
    pub(in crate::modules::packages) state: PathBuf,
    pub(in crate::modules::packages) lists: PathBuf,
    pub(in crate::modules::packages) archives: PathBuf,
    pub(in crate::modules::packages) etc: PathBuf,
}

impl AptFolders {
    /// Asks `apt-config`.
    pub(in crate::modules::packages) fn read(ctx: &Ctx) -> Result<Self, ModuleError> {
        let argv = ["apt-config", "shell", "STATE", "Dir::State/d", "LISTS", "Dir::State::lists/d", "ARCHIVES"];
        let more = ["Dir::Cache::archives/d", "ETC", "Dir::Etc/d"];
        let output = ctx.command(argv.into_iter().chain(more)).run()?.success("reading apt's configuration")?;
        let text = output.out();
        let get = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            PathBuf::from(line.unwrap_or_default().trim_matches('\''))
        };
        Ok(Self { state: get("STATE"), lists: get("LISTS"), archives: get("ARCHIVES"), etc: get("ETC") })
    }

    /// When the lists were updated last, since 1970; nothing where that is not known.
    pub(in crate::modules::packages) fn updated(&self) -> Duration {
        let time = |path: PathBuf| {
            let changed = path.metadata().and_then(|meta| meta.modified()).ok()?;
            changed.duration_since(UNIX_EPOCH).ok()
        };
        time(self.state.join("periodic/update-success-stamp")).or_else(|| time(self.lists.clone())).unwrap_or_default()
    }

    /// Whether downloaded packages lie about.
    pub(in crate::modules::packages) fn has_archives(&self) -> bool {
        let is_deb = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".deb");
        self.archives.read_dir().is_ok_and(|entries| entries.flatten().any(|entry| is_deb(&entry.file_name())))
    }
}

/// Updates the package lists, and tries again where that fails.
pub(in crate::modules::packages) fn update_cache(retries: u32, most_delay: u64, ctx: &Ctx) -> Result<(), ModuleError> {
    let tries = retries.max(1);
    let mut failure = None;
    for number in 0..tries {
        let output = quiet(ctx, &["apt-get", "-o", "APT::Update::Error-Mode=any", "update"]).run()?;
        if output.rc == 0 {
            return Ok(());
        }
        let said = output.err();
        let mut error = ModuleError::new(format!("Failed to update apt cache: {}", said.trim()));
        error.values.extend(output.written());
        failure = Some(error);
        if number + 1 < tries {
            // a little chance keeps many hosts from coming back at the same moment
            let seconds = 2_f64.powi(i32::try_from(number).unwrap_or(8)) + rand::rng().random_range(0.0..1.0);
            let delay = Duration::from_secs_f64(seconds).min(Duration::from_secs(most_delay));
            if ctx.wait(tokio::time::sleep(delay)).is_none() {
                return Err(ModuleError::new("interrupted while waiting to update the apt cache again"));
            }
        }
    }
    failure.map_or(Ok(()), Err)
}
