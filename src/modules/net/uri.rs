//! `uri`, the host's part: the controller's part has read files that the request sends.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::uri_body::body;
use super::url_options::url_options;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Answer, Content, FileState, Follow, HttpSettings, Mode, Request, TargetFile, masked_url};
use crate::modules::outcome::Outcome;
use crate::value::{Key, Map, Secret, Value, from_json, python_str};

/// How the body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BodyFormat {
    /// As the fields of a web form.
    FormUrlencoded,
    /// As JSON.
    Json,
    /// As it is.
    #[default]
    Raw,
    /// As parts, of which some may be files.
    FormMultipart,
}

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Redirects {
    /// All.
    #[serde(alias = "yes")]
    All,
    /// None.
    #[serde(alias = "no")]
    None,
    /// Those of `GET` and `HEAD`.
    #[default]
    Safe,
    /// As Python's library does, which comes to the same as `all`.
    Urllib2,
}

url_options! {
    /// Sends an HTTP request and returns the answer: `status`, headers by name, with `return_content` its `content`, and
    /// `json` where it is JSON.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct UriRequest {
        /// Where to send the request.
        pub(super) url: String,
        /// The method, in capitals.
        #[serde(default = "get")]
        method: String,
        /// What to send. A mapping or list is written as `body_format` says.
        pub(super) body: Option<Value>,
        /// How the body is written; also sets `Content-Type` where the headers do not.
        #[serde(default)]
        pub(super) body_format: BodyFormat,
        /// Send the content of this file; of the controller, or with `remote_src` of the host.
        pub(super) src: Option<String>,
        /// `src` is on the host already.
        #[serde(default)]
        remote_src: bool,
        /// Statuses that count as success.
        #[serde(default = "success")]
        status_code: Vec<i64>,
        /// Return the answer's body as `content`.
        #[serde(default)]
        return_content: bool,
        /// Write the answer's body to this file, or under its own name into this folder.
        dest: Option<String>,
        /// Mode of the file `dest`.
        mode: Option<Mode>,
        /// Do nothing when this file exists.
        creates: Option<String>,
        /// Do nothing unless this file exists.
        removes: Option<String>,
        /// Which redirects are followed.
        #[serde(default)]
        follow_redirects: Redirects,
        /// Ask for a fresh answer even if `dest` is as new as what the server has.
        #[serde(default)]
        force: bool,
        /// Seconds to wait for a connection, and for each part of the answer.
        #[serde(default = "half_a_minute")]
        timeout: u64,
        /// User name for basic authentication.
        #[serde(alias = "user")]
        #[schemars(extend("x-aliases" = ["user"]))]
        url_username: Option<String>,
        /// PEM file with the authorities to believe instead of the system's.
        ca_path: Option<String>,
        /// Send the request through this socket.
        unix_socket: Option<String>,
        /// The file to send, brought from the controller.
        #[schemars(skip)]
        pub(super) source: Option<String>,
        /// The content to send, in Base64.
        #[schemars(skip)]
        pub(super) source_base64: Option<String>,
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn success() -> Vec<i64> {
    vec![200]
}

fn half_a_minute() -> u64 {
    30
}

impl Action for UriRequest {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        self.check()?;
        if ctx.mode.check {
            return Ok(Outcome { skipped: true, ..Outcome::ok().msg("a request is not sent in check mode") });
        }
        for (option, stops, why) in [(&self.creates, true, "exists"), (&self.removes, false, "does not exist")] {
            if let Some(path) = option
                && ctx.resolve(path).exists() == stops
            {
                return Ok(Outcome::ok().with("stdout", format!("skipped, since '{path}' {why}")));
            }
        }
        let (request, settings) = self.request(ctx)?;
        let began = Instant::now();
        let answer = ctx.send(&request, &settings);
        let elapsed = began.elapsed().as_secs();
        match answer {
            Ok(answer) => self.received(answer, elapsed, ctx),
            Err(error) => {
                let reason = ModuleError::from(error).full_message();
                Err(ModuleError::new(format!("Status code was -1 and not {}: {reason}", self.wanted()))
                    .with("status", -1_i64)
                    .with("url", masked_url(&self.url))
                    .with("redirected", false)
                    .with("elapsed", elapsed))
            }
        }
    }
}

impl UriRequest {
    fn check(&self) -> Result<(), ModuleError> {
        self.url_options().check()?;
        if self.remote_src && self.source.is_some() {
            return Err(ModuleError::new("a file cannot be on the host and on the controller"));
        }
        if self.body.is_some() && self.src.is_some() {
            return Err(ModuleError::new("only one of `body` and `src` can be given"));
        }
        if self.method.is_empty() || !self.method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(ModuleError::new(
                "Parameter 'method' needs to be a single word in uppercase, like GET or POST.",
            ));
        }
        Ok(())
    }

    fn request(&self, ctx: &Ctx) -> Result<(Request, HttpSettings), ModuleError> {
        let options = self.url_options();
        let mut request = options.request(&self.method.to_ascii_uppercase(), &self.url)?;
        let headers = &mut request.headers;
        let (body, content_type) = body(self, ctx)?;
        let given = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        match content_type {
            // the boundary stands in it, so that nobody else can know it
            Some(kind) if self.body_format == BodyFormat::FormMultipart => {
                headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                headers.push(("Content-Type".to_owned(), Secret::new(kind)));
            }
            Some(kind) if !given => headers.push(("Content-Type".to_owned(), Secret::new(kind))),
            _ => {}
        }
        if let Some(time) = self.dest.as_ref().filter(|_| !self.force).and_then(|dest| changed(&ctx.resolve(dest))) {
            headers.push(("If-Modified-Since".to_owned(), Secret::new(time)));
        } else if self.force {
            headers.push(("Cache-Control".to_owned(), Secret::new("no-cache")));
        }
        request.body = body.map(Into::into);
        request.follow = match self.follow_redirects {
            Redirects::All | Redirects::Urllib2 => Follow::Always,
            Redirects::None => Follow::Never,
            Redirects::Safe => Follow::Safe,
        };
        let path = |option: &Option<String>| option.as_ref().map(|path| ctx.resolve(path));
        let settings = HttpSettings {
            ca_path: path(&self.ca_path),
            unix_socket: path(&self.unix_socket),
            ..options.settings(ctx)
        };
        Ok((request, settings))
    }

    fn wanted(&self) -> String {
        python_str(&Value::list(self.status_code.iter().map(|status| Value::from(*status)).collect()))
    }

    fn received(&self, answer: Answer, elapsed: u64, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let status = i64::from(answer.status);
        let good = self.status_code.contains(&status);
        let mut values = Map::new();
        for (name, value) in &answer.headers {
            values.insert(Key::from(name.replace('-', "_")), Value::from(value.as_str()));
        }
        let url = answer.url.clone();
        if let Some(location) = answer.header("location") {
            let joined = url::Url::parse(&url).and_then(|base| base.join(location));
            values.insert("location".into(), joined.map_or_else(|_| location.to_owned(), |url| url.to_string()).into());
        }
        if good {
            let cookies: Map = answer
                .cookies
                .iter()
                .map(|(name, value)| (name.as_str().into(), Value::from(value.as_str())))
                .collect();
            let pairs: Vec<_> = answer.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            values.insert("cookies".into(), cookies.into());
            values.insert("cookies_string".into(), pairs.join("; ").into());
        }
        let own = url::Url::parse(&masked_url(&self.url)).map_or_else(|_| self.url.clone(), |url| url.to_string());
        values.insert("redirected".into(), Value::Bool(url != own));
        values.insert("url".into(), url.clone().into());
        values.insert("status".into(), status.into());
        values.insert("elapsed".into(), elapsed.into());
        let (reason, length) = (answer.reason.clone(), answer.header("content-length").map(str::to_owned));
        let kind = answer.header("content-type").unwrap_or("application/octet-stream").to_owned();
        let name = file_name(answer.header("content-disposition"), &url);
        let content = answer.bytes(ctx)?;
        let text = decode(&content, &kind);
        let mut outcome = Outcome { values, ..Outcome::ok() };
        if is_json(&kind)
            && let Ok(json) = serde_json::from_str(&text)
        {
            outcome.values.insert("json".into(), from_json(json));
        }
        if self.return_content {
            outcome.values.insert("content".into(), Value::from(text));
        }
        if let Some(dest) = &self.dest {
            let mut path = ctx.resolve(dest);
            if path.is_dir() {
                path.push(name);
            }
            if good && status != 304 {
                self.store(&path, content, ctx)?;
                outcome.changed = true;
            }
            outcome.values.insert("path".into(), Value::from(path.display().to_string()));
            outcome.values.extend(ctx.path_info(&path)?);
        }
        if good {
            let size = length.unwrap_or_else(|| "unknown".to_owned());
            return Ok(outcome.msg(format!("{} ({size} bytes)", if reason.is_empty() { "OK" } else { &reason })));
        }
        let said = if (200..300).contains(&status) { reason } else { format!("HTTP Error {status}: {reason}") };
        outcome.failed = true;
        Ok(outcome.msg(format!("Status code was {status} and not {}: {said}", self.wanted())))
    }

    fn store(&self, path: &Path, content: Vec<u8>, ctx: &mut Ctx) -> Result<(), ModuleError> {
        let target = TargetFile {
            path: path.to_owned(),
            attributes: self.attributes(self.mode.clone()),
            backup: false,
            validate: None,
        };
        let current: FileState = target.read(ctx)?;
        let desired = target.desired(&current, Content::new(content), ctx)?;
        if current != desired {
            target.apply(&current, &desired, ctx)?;
        }
        Ok(())
    }
}

/// When a file was changed, as HTTP writes it.
pub(super) fn changed(path: &Path) -> Option<String> {
    let time = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.modified().ok()?;
    http_date(time)
}

/// A time as HTTP writes it.
pub(super) fn http_date(time: SystemTime) -> Option<String> {
    let utc = jiff::Timestamp::try_from(time).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    Some(utc.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// The name for a file that an answer holds: what the server calls it, else the end of the URL's path.
pub(super) fn file_name(disposition: Option<&str>, url: &str) -> String {
    let own = disposition.and_then(|text| {
        let value = text.split(';').find_map(|part| part.trim().strip_prefix("filename="))?;
        // never a path out of the folder
        Path::new(value.trim_matches('"')).file_name().map(|name| name.to_string_lossy().into_owned())
    });
    let of_url = || {
        let path = url::Url::parse(url).ok()?.path().to_owned();
        PathBuf::from(path).file_name().map(|name| name.to_string_lossy().into_owned())
    };
    own.or_else(of_url).unwrap_or_else(|| "index.html".to_owned())
}

fn is_json(kind: &str) -> bool {
    let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((_, kind)) = media.split_once('/') else { return false };
    let suffix = kind.split_once('+').map_or(kind, |(_, suffix)| suffix);
    matches!(suffix, "json" | "javascript")
}

/// The text of a body, in the character set that the server names.
fn decode(content: &[u8], kind: &str) -> String {
    let charset = kind.split(';').find_map(|part| part.trim().strip_prefix("charset="));
    match charset.map(|name| name.trim_matches('"').to_ascii_lowercase()).as_deref() {
        Some("iso-8859-1" | "latin1" | "latin-1") => content.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(content).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_and_kinds() {
        assert_eq!(file_name(Some("attachment; filename=\"../../x.tar\""), "http://a/b"), "x.tar");
        assert_eq!(file_name(None, "http://a/b/c.zip?x=1"), "c.zip");
        assert_eq!(file_name(None, "http://a/"), "index.html");
        assert!(is_json("application/json; charset=utf-8") && is_json("application/problem+json"));
        assert!(!is_json("text/html"));
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_234_950);
        assert_eq!(http_date(time).as_deref(), Some("Sat, 21 Nov 2026 04:22:30 GMT"));
    }
}
