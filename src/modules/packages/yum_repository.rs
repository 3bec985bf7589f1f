//! `yum_repository`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::state::State;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Content, FileState, Mode, TargetFile, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::value::{Map, Secret, Value};

file_options! {
    /// Keeps a repository of dnf in a `.repo` file.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct YumRepository {
        /// The repository's identifier, and the section in the file.
        name: String,
        /// Whether it shall be there.
        #[serde(default)]
        state: State,
        /// What it is called. Needed where it shall be there.
        description: Option<String>,
        /// Name of the file, without `.repo`; the identifier where not given.
        file: Option<String>,
        /// Folder of the file.
        #[serde(default = "folder")]
        reposdir: String,
        /// Mode of the file. Left alone where not given.
        mode: Option<Mode>,
        /// Addresses.
        #[serde(default)]
        baseurl: Vec<String>,
        /// Address of a metalink.
        metalink: Option<String>,
        /// Address of a list of mirrors.
        mirrorlist: Option<String>,
        /// Load in parallel.
        #[serde(rename = "async")]
        parallel: Option<bool>,
        /// Bytes a second.
        bandwidth: Option<String>,
        /// How dear it is to use.
        cost: Option<String>,
        /// Be counted.
        countme: Option<bool>,
        /// When delta metadata are worth it.
        deltarpm_metadata_percentage: Option<String>,
        /// When delta packages are worth it.
        deltarpm_percentage: Option<String>,
        /// Whether it counts.
        enabled: Option<bool>,
        /// Whether it may have groups.
        enablegroups: Option<bool>,
        /// Packages to leave out.
        #[serde(default, alias = "excludepkgs")]
        #[schemars(extend("x-aliases" = ["excludepkgs"]))]
        exclude: Vec<String>,
        /// How another mirror is chosen.
        failovermethod: Option<String>,
        /// Address of the authority's key.
        gpgcakey: Option<String>,
        /// Check the packages' signatures.
        gpgcheck: Option<bool>,
        /// Addresses of keys.
        #[serde(default)]
        gpgkey: Vec<String>,
        /// What may be kept in caches on the way.
        http_caching: Option<String>,
        /// Another file to read.
        include: Option<String>,
        /// The only packages to take.
        #[serde(default)]
        includepkgs: Vec<String>,
        /// How names become addresses.
        ip_resolve: Option<String>,
        /// Keep connections.
        keepalive: Option<bool>,
        /// Keep packages.
        keepcache: Option<String>,
        /// Seconds that metadata count.
        metadata_expire: Option<String>,
        /// What that holds for.
        metadata_expire_filter: Option<String>,
        /// Seconds that the list of mirrors counts.
        mirrorlist_expire: Option<String>,
        /// Offer all packages, whatever modules say.
        module_hotfixes: Option<bool>,
        /// Password of the user.
        password: Option<Secret>,
        /// Which repository comes first.
        priority: Option<String>,
        /// Keep packages from being updated from elsewhere.
        protect: Option<bool>,
        /// Proxy.
        proxy: Option<String>,
        /// Password for the proxy.
        proxy_password: Option<Secret>,
        /// User for the proxy.
        proxy_username: Option<String>,
        /// Check the metadata's signature.
        repo_gpgcheck: Option<bool>,
        /// How often to try.
        retries: Option<String>,
        /// Ask for S3 credentials.
        s3_enabled: Option<bool>,
        /// Go on without it where it is not reached.
        skip_if_unavailable: Option<bool>,
        /// Check the modes of certificates.
        ssl_check_cert_permissions: Option<bool>,
        /// Folder or file of authorities.
        #[serde(alias = "ca_cert")]
        #[schemars(extend("x-aliases" = ["ca_cert"]))]
        sslcacert: Option<String>,
        /// Certificate of the client.
        #[serde(alias = "client_cert")]
        #[schemars(extend("x-aliases" = ["client_cert"]))]
        sslclientcert: Option<String>,
        /// Key of the client.
        #[serde(alias = "client_key")]
        #[schemars(extend("x-aliases" = ["client_key"]))]
        sslclientkey: Option<String>,
        /// Check the server's certificate.
        #[serde(alias = "validate_certs")]
        #[schemars(extend("x-aliases" = ["validate_certs"]))]
        sslverify: Option<bool>,
        /// Slow down to so many bytes a second, or so much of the bandwidth.
        throttle: Option<String>,
        /// Seconds to wait for a connection.
        timeout: Option<String>,
        /// Variables to show with the identifier.
        ui_repoid_vars: Option<String>,
        /// User for the repository.
        username: Option<String>,
    }
}

fn folder() -> String {
    "/etc/yum.repos.d".to_owned()
}

impl YumRepository {
    /// The fields of the section, sorted.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let number = |value: Option<bool>| value.map(|value| if value { "1" } else { "0" }.to_owned());
        let blanks = |list: &[String]| (!list.is_empty()).then(|| list.join(" "));
        // a line of its own for each, which must not look like another field
        let rows = |list: &[String]| (!list.is_empty()).then(|| list.join("\n    "));
        let secret = |value: &Option<Secret>| value.as_ref().map(|secret| secret.expose().to_owned());
        let fields = [
            ("async", number(self.parallel)),
            ("bandwidth", self.bandwidth.clone()),
            ("baseurl", rows(&self.baseurl)),
            ("cost", self.cost.clone()),
            ("countme", number(self.countme)),
            ("deltarpm_metadata_percentage", self.deltarpm_metadata_percentage.clone()),
            ("deltarpm_percentage", self.deltarpm_percentage.clone()),
            ("enabled", number(self.enabled)),
            ("enablegroups", number(self.enablegroups)),
            ("exclude", blanks(&self.exclude)),
            ("failovermethod", self.failovermethod.clone()),
            ("gpgcakey", self.gpgcakey.clone()),
            ("gpgcheck", number(self.gpgcheck)),
            ("gpgkey", rows(&self.gpgkey)),
            ("http_caching", self.http_caching.clone()),
            ("include", self.include.clone()),
            ("includepkgs", blanks(&self.includepkgs)),
            ("ip_resolve", self.ip_resolve.clone()),
            ("keepalive", number(self.keepalive)),
            ("keepcache", self.keepcache.clone()),
            ("metadata_expire", self.metadata_expire.clone()),
            ("metadata_expire_filter", self.metadata_expire_filter.clone()),
            ("metalink", self.metalink.clone()),
            ("mirrorlist", self.mirrorlist.clone()),
            ("mirrorlist_expire", self.mirrorlist_expire.clone()),
            ("module_hotfixes", number(self.module_hotfixes)),
            ("name", self.description.clone()),
            ("password", secret(&self.password)),
            ("priority", self.priority.clone()),
            ("protect", number(self.protect)),
            ("proxy", self.proxy.clone()),
            ("proxy_password", secret(&self.proxy_password)),
            ("proxy_username", self.proxy_username.clone()),
            ("repo_gpgcheck", number(self.repo_gpgcheck)),
            ("retries", self.retries.clone()),
            ("s3_enabled", number(self.s3_enabled)),
            ("skip_if_unavailable", number(self.skip_if_unavailable)),
            ("ssl_check_cert_permissions", number(self.ssl_check_cert_permissions)),
            ("sslcacert", self.sslcacert.clone()),
            ("sslclientcert", self.sslclientcert.clone()),
            ("sslclientkey", self.sslclientkey.clone()),
            ("sslverify", number(self.sslverify)),
            ("throttle", self.throttle.clone()),
            ("timeout", self.timeout.clone()),
            ("ui_repoid_vars", self.ui_repoid_vars.clone()),
            ("username", self.username.clone()),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn section(&self) -> String {
        let head = format!("[{}]\n", self.name);
        self.fields().into_iter().fold(head, |text, (name, value)| format!("{text}{name} = {value}\n")) + "\n"
    }

    fn target(&self, ctx: &Ctx) -> TargetFile {
        let name = self.file.as_deref().unwrap_or(&self.name);
        TargetFile {
            path: ctx.resolve(&self.reposdir).join(format!("{name}.repo")),
            attributes: self.attributes(self.mode.clone()),
            backup: false,
            validate: None,
        }
    }

    /// The file's text without the section, and where in it the section was.
    fn without<'t>(&self, text: &'t str) -> (String, Option<usize>, Vec<&'t str>) {
        let (mut rest, mut at, mut section) = (String::new(), None, Vec::new());
        let mut inside = false;
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with('[') {
                inside = line.trim() == format!("[{}]", self.name);
                if inside {
                    at = Some(rest.len());
                }
            }
            if inside {
                section.push(line);
            } else {
                rest.push_str(line);
            }
        }
        (rest, at, section)
    }
}

impl Managed for YumRepository {
    type State = FileState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.state == State::Absent {
            return Ok(());
        }
        if self.description.is_none() {
            return Err(ModuleError::new("Parameter 'description' is required."));
        }
        if self.baseurl.is_empty() && self.metalink.is_none() && self.mirrorlist.is_none() {
            return Err(ModuleError::new("Parameter 'baseurl', 'metalink' or 'mirrorlist' is required."));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<FileState, ModuleError> {
        let target = self.target(ctx);
        if let Some(folder) = target.path.parent().filter(|folder| !folder.is_dir()) {
            return Err(ModuleError::new(format!("Repo directory '{}' does not exist.", folder.display())));
        }
        target.read(ctx)
    }

    fn desired(&self, current: &FileState, ctx: &mut Ctx) -> Result<FileState, ModuleError> {
        let cannot = |error| ModuleError::because("cannot read the repository's file", error);
        let text = match &current.content {
            Some(content) => String::from_utf8_lossy(&content.bytes().map_err(cannot)?).into_owned(),
            None => String::new(),
        };
        let (mut rest, at, section) = self.without(&text);
        if self.state == State::Absent {
            if at.is_none() {
                return Ok(current.clone());
            }
            if rest.trim().is_empty() {
                return Ok(FileState::ABSENT);
            }
        } else {
            let wanted = self.section();
            // blank lines around a section mean nothing
            let same = |line: &&str| !line.trim().is_empty();
            let now: Vec<&str> = section.iter().map(|line| line.trim_end()).filter(same).collect();
            if now == wanted.lines().map(str::trim_end).filter(same).collect::<Vec<_>>() {
                let content = current.content.clone().unwrap_or_else(|| Content::new(wanted.into_bytes()));
                return self.target(ctx).desired(current, content, ctx);
            }
            if at.is_none() && !rest.is_empty() && !rest.ends_with('\n') {
                rest.push('\n');
            }
            rest.insert_str(at.unwrap_or(rest.len()), &wanted);
        }
        let secret = self.password.is_some() || self.proxy_password.is_some();
        self.target(ctx).desired(current, Content::new(rest.into_bytes()).secret(secret), ctx)
    }

    fn apply(&self, current: &FileState, desired: &FileState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        self.target(ctx).apply(current, desired, ctx)?;
        Ok(Applied::default())
    }

    fn values(&self, _: &FileState) -> Map {
        [("repo".into(), Value::from(self.name.as_str())), ("state".into(), Value::from(self.state.word()))].into()
    }

    fn diff(&self, current: &FileState, desired: &FileState) -> Result<Vec<Diff>, ModuleError> {
        let name = self.file.as_deref().unwrap_or(&self.name);
        let target = TargetFile {
            path: std::path::Path::new(&self.reposdir).join(format!("{name}.repo")),
            attributes: self.attributes(None),
            backup: false,
            validate: None,
        };
        target.diff(current, desired)
    }

    fn title(&self) -> String {
        self.name.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    #[test]
    fn sections_come_change_and_go() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.repo");
            let text = || fs::read_to_string(&path).unwrap();
            let base = json!({"name": "epel", "reposdir": dir.path(), "file": "x"});
            let with = |more: serde_json::Value| {
                let mut args = base.clone();
                args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                args
            };
            let args = with(json!({
                "description": "E", "baseurl": ["http://a/1", "http://a/2"], "enabled": true, "gpgcheck": "no",
                "exclude": ["a", "b"], "metadata_expire": 3600, "password": "s3cret",
            }));
            prove(ctx, dir.path(), "yum_repository", &args);
            assert_eq!(
                text(),
                "[epel]\nbaseurl = http://a/1\n    http://a/2\nenabled = 1\nexclude = a b\ngpgcheck = 0\n\
                 metadata_expire = 3600\nname = E\npassword = s3cret\n\n"
            );
            prove(
                ctx,
                dir.path(),
                "yum_repository",
                &with(json!({"name": "o", "description": "O", "mirrorlist": "m"})),
            );
            let args = with(json!({"description": "E", "metalink": "http://m", "mode": "0600"}));
            prove(ctx, dir.path(), "yum_repository", &args);
            assert_eq!(text(), "[epel]\nmetalink = http://m\nname = E\n\n[o]\nmirrorlist = m\nname = O\n\n");
            prove(ctx, dir.path(), "yum_repository", &with(json!({"state": "absent"})));
            assert_eq!(text(), "[o]\nmirrorlist = m\nname = O\n\n");
            prove(ctx, dir.path(), "yum_repository", &with(json!({"name": "o", "state": "absent"})));
            assert!(!path.exists());
            assert!(run(ctx, "yum_repository", with(json!({"description": "E"}))).is_err());
        });
    }
}
