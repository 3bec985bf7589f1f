//! `deb822_repository`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::apt::AptFolders;
use super::state::State;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, Mode, TargetFile};
use crate::modules::managed::{Applied, Managed};
use crate::modules::net::download;
use crate::modules::outcome::Diff;
use crate::value::{Map, Value};

/// Keeps a source of apt as a file of fields in `sources.list.d`, with its key.
///
/// The package lists are not updated by it: `apt` does that.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deb822Repository {
    /// What the source is called; the files are named after it.
    name: String,
    /// Whether it shall be there.
    #[serde(default)]
    state: State,
    /// Take packages whose signatures could be checked once and cannot be any more.
    allow_downgrade_to_insecure: Option<bool>,
    /// Take sources that are not signed.
    allow_insecure: Option<bool>,
    /// Take signatures with a weak algorithm.
    allow_weak: Option<bool>,
    /// Architectures to take packages of.
    #[serde(default)]
    architectures: Vec<String>,
    /// Ask for indexes by their checksums.
    by_hash: Option<bool>,
    /// Compare dates with the host's clock.
    check_date: Option<bool>,
    /// Refuse indexes that are too old.
    check_valid_until: Option<bool>,
    /// Parts of the suites, such as `main`.
    #[serde(default)]
    components: Vec<String>,
    /// How many seconds a source may be from the future.
    date_max_future: Option<i64>,
    /// Whether the source counts.
    enabled: Option<bool>,
    /// Packages to leave out.
    #[serde(default)]
    exclude: Vec<String>,
    /// The only packages to take.
    #[serde(default)]
    include: Vec<String>,
    /// Path of the `InRelease` file.
    inrelease_path: Option<String>,
    /// Languages of descriptions.
    #[serde(default)]
    languages: Vec<String>,
    /// Update old indexes by differences.
    pdiffs: Option<bool>,
    /// The key: a URL or path of a file with it, its fingerprint, or the armored key itself.
    signed_by: Option<String>,
    /// Suites, such as `stable`, or paths that end with a slash.
    #[serde(default)]
    suites: Vec<String>,
    /// Which indexes to load.
    #[serde(default)]
    targets: Vec<String>,
    /// Trust the source without a check.
    trusted: Option<bool>,
    /// Kinds of packages: `deb`, `deb-src`.
    #[serde(default = "binary")]
    types: Vec<String>,
    /// Addresses.
    #[serde(default)]
    uris: Vec<String>,
    /// Mode of new files.
    #[serde(default = "readable")]
    mode: Mode,
    /// Without effect: nothing of Python's is needed.
    #[serde(default)]
    #[expect(dead_code, reason = "taken because playbooks give it")]
    install_python_debian: bool,
}

fn binary() -> Vec<String> {
    vec!["deb".to_owned()]
}

fn readable() -> Mode {
    Mode::Bits(0o644)
}

/// The source's file and that of its key.
#[derive(Clone, PartialEq, Serialize)]
pub struct RepositoryState {
    source: FileState,
    keys: Vec<(PathBuf, FileState)>,
    #[serde(skip)]
    text: Told,
}

/// What the file holds, for the result; it is no part of the state.
#[derive(Clone, Default)]
struct Told {
    repo: String,
    key: Option<PathBuf>,
    downloaded: Option<Arc<tempfile::TempPath>>,
}

impl PartialEq for Told {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

const ARMOR: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

impl Deb822Repository {
    /// The name as files have it.
    fn slug(&self) -> String {
        let lower = self.name.to_lowercase();
        let parts: Vec<&str> = lower
            .split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("-")
    }

    fn target(&self, path: PathBuf) -> TargetFile {
        let attributes = Attributes { mode: Some(self.mode.clone()), ..Attributes::default() };
        TargetFile { path, attributes, backup: false, validate: None }
    }

    fn places(&self, ctx: &Ctx) -> Result<(PathBuf, [PathBuf; 2]), ModuleError> {
        let etc = AptFolders::read(ctx)?.etc;
        let slug = self.slug();
        let keyrings = etc.join("keyrings");
        Ok((
            etc.join("sources.list.d").join(format!("{slug}.sources")),
            [keyrings.join(format!("{slug}.asc")), keyrings.join(format!("{slug}.gpg"))],
        ))
    }

    /// The file's text; `key` is what stands for a key that was downloaded.
    fn text(&self, key: Option<&Path>) -> String {
        let yes = |value: Option<bool>| value.map(|value| if value { "yes" } else { "no" }.to_owned());
        let list = |items: &[String]| (!items.is_empty()).then(|| items.join(" "));
        let signed = match (key, self.signed_by.as_deref().map(str::trim)) {
            (Some(path), _) => Some(path.display().to_string()),
            (None, Some(armored)) if armored.starts_with(ARMOR) => {
                let lines = armored.lines().map(|line| if line.trim().is_empty() { "." } else { line.trim_end() });
                Some(lines.fold(String::new(), |text, line| format!("{text}\n    {line}")))
            }
            (None, other) => other.map(str::to_owned),
        };
        let fields = [
            ("Allow-Downgrade-To-Insecure", yes(self.allow_downgrade_to_insecure)),
            ("Allow-Insecure", yes(self.allow_insecure)),
            ("Allow-Weak", yes(self.allow_weak)),
            ("Architectures", list(&self.architectures)),
            ("By-Hash", yes(self.by_hash)),
            ("Check-Date", yes(self.check_date)),
            ("Check-Valid-Until", yes(self.check_valid_until)),
            ("Components", list(&self.components)),
            ("Date-Max-Future", self.date_max_future.map(|seconds| seconds.to_string())),
            ("Enabled", yes(self.enabled)),
            ("Exclude", list(&self.exclude)),
            ("Include", list(&self.include)),
            ("Inrelease-Path", self.inrelease_path.clone()),
            ("Languages", list(&self.languages)),
            ("X-Repolib-Name", Some(self.name.clone())),
            ("PDiffs", yes(self.pdiffs)),
            ("Signed-By", signed),
            ("Suites", list(&self.suites)),
            ("Targets", list(&self.targets)),
            ("Trusted", yes(self.trusted)),
            ("Types", list(&self.types)),
            ("URIs", list(&self.uris)),
        ];
        fields.into_iter().fold(String::new(), |text, (name, value)| match value {
            Some(value) if value.starts_with('\n') => format!("{text}{name}:{value}\n"),
            Some(value) => format!("{text}{name}: {value}\n"),
            None => text,
        })
    }
}

impl Managed for Deb822Repository {
    type State = RepositoryState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.slug().is_empty() {
            return Err(ModuleError::new("option `name`: a letter or digit is needed"));
        }
        if let Some(kind) = self.types.iter().find(|kind| !matches!(kind.as_str(), "deb" | "deb-src")) {
            return Err(ModuleError::new(format!("option `types`: `{kind}` is not one of deb, deb-src")));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<RepositoryState, ModuleError> {
        let (source, keys) = self.places(ctx)?;
        let mut states = Vec::new();
        for path in keys {
            let state = self.target(path.clone()).read(ctx)?;
            states.push((path, state));
        }
        Ok(RepositoryState { source: self.target(source).read(ctx)?, keys: states, text: Told::default() })
    }

    fn desired(&self, current: &RepositoryState, ctx: &mut Ctx) -> Result<RepositoryState, ModuleError> {
        let (source, _) = self.places(ctx)?;
        let mut wanted = current.clone();
        if self.state == State::Absent {
            wanted.source = FileState::ABSENT;
            for (_, key) in &mut wanted.keys {
                *key = FileState::ABSENT;
            }
            return Ok(wanted);
        }
        let url = self.signed_by.as_deref().map(str::trim).filter(|text| text.contains("://"));
        if let Some(url) = url {
            let file = download(url, true, ctx)?;
            let cannot = |error| ModuleError::because("cannot read the key that was downloaded", error);
            let bytes = fs::read(&file).map_err(cannot)?;
            let armored = bytes.windows(ARMOR.len()).any(|window| window == ARMOR.as_bytes());
            let number = usize::from(!armored);
            if let Some((path, key)) = wanted.keys.get_mut(number) {
                *key = self.target(path.clone()).desired(key, Content::new(bytes), ctx)?;
                wanted.text.key = Some(path.clone());
            }
            wanted.text.downloaded = Some(Arc::new(file));
        }
        wanted.text.repo = self.text(wanted.text.key.as_deref());
        let content = Content::new(wanted.text.repo.as_bytes().to_vec());
        wanted.source = self.target(source).desired(&current.source, content, ctx)?;
        Ok(wanted)
    }

    fn apply(
        &self,
        current: &RepositoryState,
        desired: &RepositoryState,
        ctx: &mut Ctx,
    ) -> Result<Applied, ModuleError> {
        let (source, keys) = self.places(ctx)?;
        for folder in [source.parent(), keys.first().and_then(|key| key.parent())].into_iter().flatten() {
            fs::create_dir_all(folder)
                .map_err(|error| ModuleError::because(format!("cannot make `{}`", folder.display()), error))?;
        }
        let pairs = current.keys.iter().zip(&desired.keys).filter(|(now, wanted)| now != wanted);
        for ((path, now), (_, wanted)) in pairs {
            self.target(path.clone()).apply(now, wanted, ctx)?;
        }
        if current.source != desired.source {
            self.target(source).apply(&current.source, &desired.source, ctx)?;
        }
        Ok(Applied::default())
    }

    fn report(&self, state: &RepositoryState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let (source, _) = self.places(ctx)?;
        let key = state.text.key.as_ref().map_or(Value::Null, |path| Value::from(path.display().to_string()));
        Ok([
            ("dest".into(), Value::from(source.display().to_string())),
            ("repo".into(), if self.state == State::Absent { Value::Null } else { state.text.repo.as_str().into() }),
            ("key_filename".into(), key),
        ]
        .into())
    }

    fn diff(&self, current: &RepositoryState, desired: &RepositoryState) -> Result<Vec<Diff>, ModuleError> {
        let name = PathBuf::from(format!("{}.sources", self.slug()));
        let mut out = self.target(name).diff(&current.source, &desired.source)?;
        for ((path, now), (_, wanted)) in current.keys.iter().zip(&desired.keys) {
            out.extend(self.target(path.clone()).diff(now, wanted)?);
        }
        Ok(out)
    }

    fn title(&self) -> String {
        self.name.clone()
    }
}
