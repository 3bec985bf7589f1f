//! The switches of Quay's configuration that the sandbox honours, under Quay's names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::SandboxError;

/// How accounts sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthenticationType {
    /// Against the sandbox's own accounts.
    #[default]
    Database,
}

/// Whether the registry may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistryState {
    /// It may.
    #[default]
    Normal,
    /// Every write is refused with 503.
    Readonly,
}

/// What a `config.yaml` of Quay would say. The defaults are Quay's own, except where a rehearsal server needs otherwise:
/// mailing is off, and superusers have full access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "they are Quay's switches")]
pub struct Settings {
    /// How accounts sign in.
    pub authentication_type: AuthenticationType,
    /// The name that the server tells of itself; where it listens if absent.
    pub server_hostname: Option<String>,
    /// Title shown to people.
    pub registry_title: String,
    /// Users that may do everything.
    pub super_users: Vec<String>,
    /// Users that may read everything.
    pub global_readonly_super_users: Vec<String>,
    /// Whether superusers may read and write what others own.
    pub feature_superusers_full_access: bool,
    /// Whether superusers exist at all.
    pub feature_super_users: bool,
    /// Whether only superusers may create organizations.
    pub feature_superusers_org_creation_only: bool,
    /// Whether the first user can be made over the API.
    pub feature_user_initialize: bool,
    /// Whether people may register themselves.
    pub feature_user_creation: bool,
    /// Whether mail can be sent; e-mail addresses are then required.
    pub feature_mailing: bool,
    /// Whether new team members must accept an invitation first (only with mailing).
    pub feature_require_team_invite: bool,
    /// Whether anonymous requests are served.
    pub feature_anonymous_access: bool,
    /// Whether passwords can be used to sign in.
    pub feature_direct_login: bool,
    /// Whether API calls need the header `X-Requested-With: XMLHttpRequest` when a session makes them.
    pub browser_api_calls_xhr_only: bool,
    /// Whether robots cannot be made or used.
    pub robots_disallow: bool,
    /// Whether quotas exist.
    pub feature_quota_management: bool,
    /// Whether auto-prune policies exist.
    pub feature_auto_prune: bool,
    /// Whether tag expiration can be changed.
    pub feature_change_tag_expiration: bool,
    /// Whether tags can be made immutable.
    pub feature_immutable_tags: bool,
    /// Whether tags can be taken out of the history for good.
    pub permanently_delete_tags: bool,
    /// Whether organizations can be proxy caches. The sandbox does not cover their endpoints.
    pub feature_proxy_cache: bool,
    /// Whether repositories can be mirrors. The sandbox covers their state, not the mirroring.
    pub feature_repo_mirror: bool,
    /// Whether organizations can be mirrors. The sandbox does not cover their endpoints.
    pub feature_org_mirror: bool,
    /// Whether users may not create in their own namespaces.
    pub feature_restricted_users: bool,
    /// Users that may all the same.
    pub restricted_users_whitelist: Vec<String>,
    /// Whether application-specific tokens exist.
    pub feature_app_specific_tokens: bool,
    /// Whether pushes create repositories.
    pub create_private_repo_on_push: bool,
    /// Whether pushes create organizations.
    pub create_namespace_on_push: bool,
    /// How long deleted tags can be kept, as Quay writes durations (`0s`, `1d`, `2w`).
    pub tag_expiration_options: Vec<String>,
    /// Which of them new accounts get.
    pub default_tag_expiration: String,
    /// Whether the registry may be written.
    pub registry_state: RegistryState,
    /// Results on one page of the registry's tag list and catalogue.
    pub v2_pagination_size: u32,
    /// Quota of namespaces without their own.
    pub default_system_reject_quota_bytes: Option<i64>,
    /// After how long a session must confirm its password for dangerous calls.
    pub fresh_login_timeout: String,
    /// How long the names of deleted users and organizations stay taken, in seconds. Quay frees them when its garbage worker
    /// ran, usually within a minute. Not one of Quay's.
    pub sandbox_name_retention_seconds: i64,
    /// bcrypt's cost. Quay uses 12; the sandbox prefers to be quick. Not one of Quay's.
    pub sandbox_bcrypt_cost: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authentication_type: AuthenticationType::Database,
            server_hostname: None,
            registry_title: "Quay sandbox".to_owned(),
            super_users: Vec::new(),
            global_readonly_super_users: Vec::new(),
            feature_superusers_full_access: true,
            feature_super_users: true,
            feature_superusers_org_creation_only: false,
            feature_user_initialize: true,
            feature_user_creation: true,
            feature_mailing: false,
            feature_require_team_invite: true,
            feature_anonymous_access: true,
            feature_direct_login: true,
            browser_api_calls_xhr_only: false,
            robots_disallow: false,
            feature_quota_management: true,
            feature_auto_prune: true,
            feature_change_tag_expiration: true,
            feature_immutable_tags: true,
            permanently_delete_tags: false,
            feature_proxy_cache: true,
            feature_repo_mirror: true,
            feature_org_mirror: true,
            feature_restricted_users: false,
            restricted_users_whitelist: Vec::new(),
            feature_app_specific_tokens: true,
            create_private_repo_on_push: true,
            create_namespace_on_push: false,
            tag_expiration_options: ["0s", "1d", "1w", "2w", "4w"].map(str::to_owned).to_vec(),
            default_tag_expiration: "2w".to_owned(),
            registry_state: RegistryState::Normal,
            v2_pagination_size: 100,
            default_system_reject_quota_bytes: None,
            fresh_login_timeout: "10m".to_owned(),
            sandbox_name_retention_seconds: 30,
            sandbox_bcrypt_cost: 4,
        }
    }
}

impl Settings {
    /// Reads a settings document, YAML or JSON.
    pub fn parse(text: &str) -> Result<Self, SandboxError> {
        let settings: Self = serde_yaml::from_str(text).map_err(SandboxError::Settings)?;
        settings.check()?;
        Ok(settings)
    }

    /// Whether every duration can be read and the default is one of the options.
    pub fn check(&self) -> Result<(), SandboxError> {
        let durations =
            self.tag_expiration_options.iter().chain([&self.default_tag_expiration, &self.fresh_login_timeout]);
        for text in durations {
            seconds(text).ok_or_else(|| SandboxError::Duration { text: text.clone() })?;
        }
        Ok(())
    }

    /// Whether this user is a superuser.
    pub fn is_superuser(&self, name: &str) -> bool {
        self.feature_super_users && self.super_users.iter().any(|user| user == name)
    }

    /// Whether this user may read everything.
    pub fn is_global_reader(&self, name: &str) -> bool {
        self.global_readonly_super_users.iter().any(|user| user == name)
    }

    /// The allowed tag expirations by seconds.
    pub fn tag_expirations(&self) -> BTreeMap<i64, &str> {
        self.tag_expiration_options.iter().filter_map(|text| Some((seconds(text)?, text.as_str()))).collect()
    }

    /// The tag expiration of new accounts in seconds.
    pub fn default_tag_expiration_s(&self) -> i64 {
        seconds(&self.default_tag_expiration).unwrap_or(1_209_600)
    }
}

/// Reads a duration as Quay writes it: a number and one of `s`, `m`, `h`, `d`, `w`, `y`.
pub fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        'y' => 31_536_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_use_quays_names_and_refuse_others() {
        let settings = Settings::parse("SUPER_USERS: [admin]\nFEATURE_MAILING: true\n").unwrap();
        assert!(settings.feature_mailing && settings.is_superuser("admin") && !settings.is_superuser("bob"));
        let error = Settings::parse("FEATURE_MAILINGS: true\n").unwrap_err();
        assert!(format!("{error:?}").contains("FEATURE_MAILINGS"), "{error:?}");
        assert!(Settings::parse("DEFAULT_TAG_EXPIRATION: soon").is_err());
    }

    #[test]
    fn durations_are_numbers_with_a_unit() {
        assert_eq!(seconds("2w"), Some(1_209_600));
        assert_eq!(seconds("0s"), Some(0));
        assert_eq!(seconds("w"), None);
        assert_eq!(seconds("5 parsecs"), None);
    }
}
