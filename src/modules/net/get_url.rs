//! `get_url`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::checksum_option::{Wanted, digest_of};
use super::uri::{changed, file_name};
use super::url_options::url_options;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::files::Checksum;
use crate::modules::host::{Content, FileState, Mode, TargetFile, masked_url};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::value::{Map, Secret, Value};

url_options! {
    /// Downloads a file to the host.
    ///
    /// An existing file is loaded again only where the server has a newer one, where its checksum is wrong, or with `force`;
    /// it is replaced only where the content differs.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct GetUrl {
        /// What to download: `http://`, `https://` or `file://`.
        url: String,
        /// Where to. In a folder, the file gets the name that the server gives it, or that the URL ends with.
        dest: String,
        /// Checksum that the file must have, as `algorithm:checksum` or `algorithm:URL of a file of checksums`. A file that has
        /// it is not loaded again.
        #[serde(default)]
        checksum: String,
        /// Load the file even if it is there.
        #[serde(default)]
        force: bool,
        /// Keep a copy of a file that is replaced; its name is returned as `backup_file`.
        #[serde(default)]
        backup: bool,
        /// Mode of the file. Left alone where not given.
        mode: Option<Mode>,
        /// Seconds to wait for a connection, and for each part of the answer.
        #[serde(default = "ten")]
        timeout: u64,
        /// Folder for what is being downloaded.
        tmp_dest: Option<String>,
        /// User name for basic authentication.
        #[serde(alias = "username")]
        #[schemars(extend("x-aliases" = ["username"]))]
        url_username: Option<String>,
    }
}

fn ten() -> u64 {
    10
}

/// The file, and what was downloaded for it.
#[derive(Clone, PartialEq, Serialize)]
pub struct DownloadState {
    path: PathBuf,
    file: FileState,
    download: Download,
}

/// What was downloaded, if anything. It is no part of the file's state, so that all downloads are equal.
#[derive(Clone, Default)]
struct Download {
    file: Option<Arc<tempfile::TempPath>>,
    msg: String,
    status: Option<u16>,
    elapsed: u64,
    checksum_before: Option<String>,
}

impl PartialEq for Download {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Serialize for Download {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("msg", &self.msg).finish_non_exhaustive()
    }
}

impl GetUrl {
    fn target(&self, path: &Path) -> TargetFile {
        TargetFile {
            path: path.to_owned(),
            attributes: self.attributes(self.mode.clone()),
            backup: self.backup,
            validate: None,
        }
    }

    /// Loads a URL. `None` for the file means that what is there is as new; the name is what the server calls the file.
    fn load(&self, url: &str, since: Option<String>, ctx: &Ctx) -> Result<(Download, String), ModuleError> {
        let folder = match &self.tmp_dest {
            Some(path) => ctx.resolve(path),
            None => ctx.resolve(&ctx.variable("TMPDIR").unwrap_or_else(|| "/tmp".to_owned())),
        };
        let cannot = |error| ModuleError::because(format!("cannot download into `{}`", folder.display()), error);
        let temporary = || tempfile::Builder::new().prefix("get_url.").tempfile_in(&folder).map_err(cannot);
        if let Some(path) = url.strip_prefix("file://") {
            let mut file = temporary()?;
            let read = fs::File::open(path).and_then(|mut from| std::io::copy(&mut from, file.as_file_mut()));
            let size = read.map_err(|error| ModuleError::because(format!("cannot read `{path}`"), error))?;
            let kept = Some(Arc::new(file.into_temp_path()));
            let download = Download { file: kept, msg: format!("OK ({size} bytes)"), ..Download::default() };
            return Ok((download, file_name(None, url)));
        }
        let options = self.url_options();
        let (mut request, settings) = (options.request("GET", url)?, options.settings(ctx));
        if let Some(time) = since {
            request.headers.push(("If-Modified-Since".to_owned(), Secret::new(time)));
        } else if self.force {
            request.headers.push(("Cache-Control".to_owned(), Secret::new("no-cache")));
        }
        let began = Instant::now();
        let failed = |error: ModuleError, status: i64| {
            error
                .with("url", masked_url(url))
                .with("dest", self.dest.as_str())
                .with("status_code", status)
                .with("elapsed", began.elapsed().as_secs())
        };
        let answer = ctx.send(&request, &settings).map_err(|error| failed(error.into(), -1))?;
        let status = answer.status;
        let mut download = Download { status: Some(status), ..Download::default() };
        let name = file_name(answer.header("content-disposition"), &answer.url);
        match status {
            304 => "HTTP Error 304: Not Modified".clone_into(&mut download.msg),
            200 => {
                let size = answer.header("content-length").unwrap_or("unknown");
                download.msg = format!("OK ({size} bytes)");
                let mut file = temporary()?;
                answer.save(file.as_file_mut(), ctx).map_err(|error| failed(error.into(), 200))?;
                download.file = Some(Arc::new(file.into_temp_path()));
            }
            status => {
                let said = format!("HTTP Error {status}: {}", answer.reason);
                let error = ModuleError::new(format!("Request failed: {said}")).with("response", said);
                return Err(failed(error, i64::from(status)));
            }
        }
        download.elapsed = began.elapsed().as_secs();
        Ok((download, name))
    }

    fn wanted(&self, ctx: &Ctx) -> Result<Option<Wanted>, ModuleError> {
        Wanted::read(&self.checksum, &file_name(None, &self.url), &|url| {
            let (download, _) = self.load(url, None, ctx)?;
            let path = download.file.ok_or_else(|| ModuleError::new(format!("{} is empty", masked_url(url))))?;
            let cannot = |error| ModuleError::because("cannot read the file of checksums", error);
            fs::read(&*path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(cannot)
        })
    }
}

impl Managed for GetUrl {
    type State = DownloadState;

    fn validate(&self) -> Result<(), ModuleError> {
        self.url_options().check()?;
        if let Some(scheme) = self.url.split_once("://").map(|(scheme, _)| scheme)
            && !matches!(scheme, "http" | "https" | "file")
        {
            return Err(ModuleError::new(format!("downloads over `{scheme}` are not supported")));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<DownloadState, ModuleError> {
        let dest = ctx.resolve(&self.dest);
        let in_folder = dest.is_dir();
        let wanted = self.wanted(ctx)?;
        let (mut since, mut download) = (None, None);
        if !in_folder && dest.exists() && !self.force {
            since = changed(&dest);
            if let Some(wanted) = &wanted {
                if digest_of(&dest, wanted.algorithm)? == wanted.sum {
                    let msg = "file already exists".to_owned();
                    download = Some((Download { msg, ..Download::default() }, String::new()));
                }
                // what is there is wrong, however new it is
                since = None;
            }
        }
        let (mut download, name) = match download {
            Some(known) => known,
            None => self.load(&self.url, since, ctx)?,
        };
        let path = if in_folder { dest.join(name) } else { dest };
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            return Err(ModuleError::new(format!("Destination {} does not exist", folder.display())));
        }
        if let (Some(wanted), Some(file)) = (&wanted, &download.file) {
            let found = digest_of(file, wanted.algorithm)?;
            if found != wanted.sum {
                return Err(ModuleError::new(format!(
                    "The checksum for {} did not match {}; it was {found}.",
                    masked_url(&self.url),
                    wanted.sum
                )));
            }
        }
        let file = self.target(&path).read(ctx)?;
        download.checksum_before = file.content.as_ref().map(|content| content.sha1().to_owned());
        Ok(DownloadState { path, file, download })
    }

    fn desired(&self, current: &DownloadState, ctx: &mut Ctx) -> Result<DownloadState, ModuleError> {
        let cannot = |error| ModuleError::because("cannot read what was downloaded", error);
        let content = match (&current.download.file, &current.file.content) {
            (Some(path), _) => Content::of_file(path).map_err(cannot)?,
            (None, Some(content)) => content.clone(),
            (None, None) => {
                return Err(ModuleError::new("the server says that nothing has changed, but there is no file"));
            }
        };
        let file = self.target(&current.path).desired(&current.file, content, ctx)?;
        Ok(DownloadState { file, ..current.clone() })
    }

    fn apply(&self, current: &DownloadState, desired: &DownloadState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let mut values = self.target(&desired.path).apply(&current.file, &desired.file, ctx)?;
        let md5 = Checksum::Md5.of_file(&desired.path);
        values.insert(
            "md5sum".into(),
            md5.map_err(|error| ModuleError::because("cannot read the file again", error))?.into(),
        );
        Ok(Applied { values, facts: None })
    }

    fn report(&self, state: &DownloadState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let text = |value: Option<&str>| value.map_or(Value::Null, Value::from);
        let mut values = Map::new();
        values.insert("url".into(), masked_url(&self.url).into());
        values.insert("dest".into(), state.path.display().to_string().into());
        values.insert("elapsed".into(), state.download.elapsed.into());
        values.insert("msg".into(), state.download.msg.as_str().into());
        if let Some(status) = state.download.status {
            values.insert("status_code".into(), i64::from(status).into());
        }
        if state.download.file.is_some() {
            values.insert("checksum_dest".into(), text(state.download.checksum_before.as_deref()));
            values.insert("checksum_src".into(), text(state.file.content.as_ref().map(Content::sha1)));
        }
        values.extend(ctx.path_info(&state.path)?);
        Ok(values)
    }

    fn diff(&self, current: &DownloadState, desired: &DownloadState) -> Result<Vec<Diff>, ModuleError> {
        self.target(&desired.path).diff(&current.file, &desired.file)
    }

    fn title(&self) -> String {
        self.dest.clone()
    }
}
