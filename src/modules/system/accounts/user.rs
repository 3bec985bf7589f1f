//! `user`: its options and what they ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ssh_key::SshKey;
use super::user_state::{KeyState, UserState};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Shadow;
use crate::modules::managed::{Applied, Managed};
use crate::modules::system::presence::Presence;
use crate::value::{Map, Secret, Value};

/// When a password is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum UpdatePassword {
    /// Whenever it differs.
    #[default]
    Always,
    /// Only where the account is made.
    OnCreate,
}

/// Makes sure that an account exists and is as asked for, or that it does not exist.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "User")]
pub struct UserModule {
    /// The login name.
    #[serde(alias = "user")]
    #[schemars(extend("x-aliases" = ["user"]))]
    pub(super) name: String,
    /// Whether the account shall be there.
    #[serde(default)]
    pub(super) state: Presence,
    /// Its number.
    pub(super) uid: Option<u32>,
    /// Let the number be one that another account has.
    #[serde(default)]
    pub(super) non_unique: bool,
    /// The comment field: usually the person's name.
    pub(super) comment: Option<String>,
    /// The primary group, by name or number.
    pub(super) group: Option<String>,
    /// Further groups. The account leaves all others, unless `append` is set; an empty list leaves all.
    pub(super) groups: Option<Vec<String>>,
    /// Add `groups` to those that the account has.
    #[serde(default)]
    pub(super) append: bool,
    /// The home folder.
    pub(super) home: Option<String>,
    /// Make the home folder where it is missing.
    #[serde(default = "yes", alias = "createhome")]
    #[schemars(extend("x-aliases" = ["createhome"]))]
    pub(super) create_home: bool,
    /// Move the old home folder to `home`.
    #[serde(default)]
    pub(super) move_home: bool,
    /// What a new home folder is a copy of, in place of `/etc/skel`. Needs `create_home`.
    pub(super) skeleton: Option<String>,
    /// The login shell.
    pub(super) shell: Option<String>,
    /// The password, encrypted as `/etc/shadow` has it (the filter `password_hash` makes one). `!` or `*` for none.
    pub(super) password: Option<Secret>,
    /// Whether `password` is set whenever it differs, or only where the account is made.
    #[serde(default)]
    update_password: UpdatePassword,
    /// Lock the password, or with `false` unlock it.
    password_lock: Option<bool>,
    /// Most days between two changes of the password.
    password_expire_max: Option<i64>,
    /// Fewest days between two changes of the password.
    password_expire_min: Option<i64>,
    /// Days of warning before the password expires.
    password_expire_warn: Option<i64>,
    /// Days from the end of the password to that of the account.
    password_expire_account_disable: Option<i64>,
    /// When the account ends, in seconds since 1970. A negative number means never.
    expires: Option<f64>,
    /// Make a system account. Of effect only where the account is made.
    #[serde(default)]
    pub(super) system: bool,
    /// With `state: absent`, remove the home folder and the mail too.
    #[serde(default)]
    pub(super) remove: bool,
    /// With `state: absent`, remove the account even if it is in use. With `generate_ssh_key`, make a new key in place of one
    /// that is there.
    #[serde(default)]
    pub(super) force: bool,
    /// Use the tools for local accounts (`luseradd` and its like) and look only into `/etc/passwd`.
    #[serde(default)]
    pub(super) local: bool,
    /// Umask for the home folder. Not with `local`.
    pub(super) umask: Option<String>,
    /// Smallest number that may be chosen for a new account. Not with `local`.
    pub(super) uid_min: Option<u32>,
    /// Largest number that may be chosen for a new account. Not with `local`.
    pub(super) uid_max: Option<u32>,
    /// The SELinux user of the login, on a host with SELinux.
    pub(super) seuser: Option<String>,
    /// Make an SSH key for the user where there is none.
    #[serde(default)]
    pub(super) generate_ssh_key: bool,
    /// The key's kind.
    #[serde(default = "rsa")]
    pub(super) ssh_key_type: String,
    /// The key's length. That of `ssh-keygen` where not given.
    pub(super) ssh_key_bits: Option<u32>,
    /// The key's file, taken from the home folder. `.ssh/id_KIND` where not given.
    pub(super) ssh_key_file: Option<String>,
    /// The key's comment. `ansible-generated on` and the host's name where not given.
    pub(super) ssh_key_comment: Option<String>,
    /// The key's passphrase. None where not given.
    pub(super) ssh_key_passphrase: Option<Secret>,
    /// For other systems than Linux; without effect.
    #[serde(rename = "authorization")]
    _authorization: Option<String>,
    /// For other systems than Linux; without effect.
    #[serde(rename = "hidden")]
    _hidden: Option<bool>,
    /// For other systems than Linux; without effect.
    #[serde(rename = "login_class")]
    _login_class: Option<String>,
    /// For other systems than Linux; without effect.
    #[serde(rename = "profile")]
    _profile: Option<String>,
    /// For other systems than Linux; without effect.
    #[serde(rename = "role")]
    _role: Option<String>,
}

fn yes() -> bool {
    true
}

fn rsa() -> String {
    "rsa".to_owned()
}

impl UserModule {
    /// The number of a group given by name or number. In check mode an earlier task of the real run may make it.
    fn group_number(&self, name: &str, ctx: &mut Ctx) -> Result<Option<u32>, ModuleError> {
        if let Some(group) = ctx.group(name)? {
            return Ok(Some(group.gid));
        }
        if ctx.mode.check {
            ctx.warn(format!("there is no group `{name}` yet; a real run needs it to exist by now"));
            return Ok(None);
        }
        Err(ModuleError::new(format!("Group {name} does not exist")).with("name", self.name.as_str()))
    }

    /// The further groups that the account shall be in.
    fn wanted_groups(
        &self,
        current: Option<&UserState>,
        primary: Option<u32>,
        ctx: &mut Ctx,
    ) -> Result<Option<Vec<String>>, ModuleError> {
        let Some(asked) = &self.groups else { return Ok(None) };
        let mut groups = match current {
            Some(now) if self.append => now.groups.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        for name in asked.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            self.group_number(name, ctx)?;
            match ctx.group(name)? {
                // the primary group needs no entry of its own
                Some(group) if Some(group.gid) == primary => {}
                Some(group) => groups.push(group.name),
                None => groups.push(name.to_owned()),
            }
        }
        groups.sort();
        groups.dedup();
        Ok(Some(groups))
    }

    fn wanted_shadow(&self, now: &Shadow, is_new: bool) -> Shadow {
        let bare = |password: &Secret| password.expose().trim_start_matches('!').to_owned();
        let mut password = now.password.clone();
        if let Some(asked) = &self.password
            && (is_new || self.update_password == UpdatePassword::Always && bare(asked) != bare(&now.password))
        {
            password = asked.clone();
        }
        let locked = password.expose().starts_with('!');
        match self.password_lock {
            Some(true) if !locked => password = Secret::new(format!("!{}", password.expose())),
            Some(false) if locked => password = Secret::new(bare(&password)),
            _ => {}
        }
        #[expect(clippy::cast_possible_truncation, reason = "days since 1970")]
        let expire = match self.expires {
            Some(seconds) if seconds < 0.0 => None,
            Some(seconds) => Some((seconds / 86_400.0).floor() as i64),
            None => now.expire,
        };
        Shadow {
            password,
            min: self.password_expire_min.or(now.min),
            max: self.password_expire_max.or(now.max),
            warn: self.password_expire_warn.or(now.warn),
            inactive: self.password_expire_account_disable.or(now.inactive),
            expire,
        }
    }

    pub(super) fn key(&self, home: &str, ctx: &Ctx) -> SshKey {
        SshKey::new(self, home, ctx)
    }

    /// The account's home folder, where it can be told before the account is made.
    fn wanted_home(&self, current: Option<&UserState>) -> Option<String> {
        self.home.clone().or_else(|| current.and_then(|now| now.home.clone()))
    }
}

impl Managed for UserModule {
    type State = Option<UserState>;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.local && (self.umask.is_some() || self.uid_min.is_some() || self.uid_max.is_some()) {
            let options = "'umask', 'uid_min' and 'uid_max'";
            return Err(ModuleError::new(format!("{options} can only be used with non-local accounts")));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.append && self.groups.is_none() {
            ctx.warn("'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.");
        }
        UserState::read(self, ctx)
    }

    fn desired(&self, current: &Self::State, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == Presence::Absent {
            return Ok(None);
        }
        let now = current.as_ref();
        let group = match &self.group {
            Some(name) => self.group_number(name, ctx)?,
            None => now.and_then(|now| now.group),
        };
        let home = self.wanted_home(now);
        // a folder that moves along is there afterwards
        let moves = self.move_home && now.is_some_and(|now| now.home_exists);
        let there = match (&home, now) {
            (Some(home), Some(now)) if Some(home) == now.home.as_ref() => now.home_exists,
            (Some(home), _) => moves || ctx.resolve(home).exists(),
            (None, _) => false,
        };
        let key = now.map_or(KeyState::None, |now| now.key);
        Ok(Some(UserState {
            name: self.name.clone(),
            uid: self.uid.or_else(|| now.and_then(|now| now.uid)),
            group,
            groups: self.wanted_groups(now, group, ctx)?,
            comment: self.comment.clone().or_else(|| now.and_then(|now| now.comment.clone())),
            shell: self.shell.clone().or_else(|| now.and_then(|now| now.shell.clone())),
            shadow: match now {
                // without the right to read what is stored nothing can be compared
                Some(now) => now.shadow.as_ref().map(|shadow| self.wanted_shadow(shadow, false)),
                None => Some(self.wanted_shadow(&Shadow::default(), true)),
            },
            home_exists: there || self.create_home,
            home,
            key: if !self.generate_ssh_key {
                key
            } else if key == KeyState::Present && self.force {
                KeyState::Renewed
            } else {
                KeyState::Present
            },
        }))
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let mut values = Map::new();
        let said = match (current, desired) {
            (_, None) => self.delete(ctx)?,
            (None, Some(wanted)) => {
                values.insert("create_home".into(), Value::from(self.create_home));
                if self.system {
                    values.insert("system".into(), Value::from(true));
                }
                self.create(wanted, ctx)?
            }
            (Some(now), Some(wanted)) => self.modify(now, wanted, ctx)?,
        };
        if current.is_some() && desired.is_some() {
            values.insert("append".into(), Value::from(self.append));
            values.insert("move_home".into(), Value::from(self.move_home));
        }
        if desired.is_none() {
            values.insert("force".into(), Value::from(self.force));
            values.insert("remove".into(), Value::from(self.remove));
        }
        for (key, text) in [("stdout", said.out), ("stderr", said.err)] {
            if !text.is_empty() {
                values.insert(key.into(), Value::from(text));
            }
        }
        Ok(Applied { values, facts: None })
    }

    fn report(&self, state: &Self::State, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let mut values = Map::from([
            ("name".into(), Value::from(self.name.as_str())),
            ("state".into(), Value::from(self.state.word())),
        ]);
        if state.is_none() {
            return Ok(values);
        }
        if self.password.is_some() {
            values.insert("password".into(), Value::from("NOT_LOGGING_PASSWORD"));
        }
        if let Some(groups) = &self.groups {
            values.insert("groups".into(), Value::from(groups.join(",")));
        }
        if let Some(user) = UserState::find(self, ctx)? {
            values.insert("uid".into(), Value::from(i64::from(user.uid)));
            values.insert("group".into(), Value::from(i64::from(user.gid)));
            values.insert("comment".into(), Value::from(user.gecos));
            values.insert("shell".into(), Value::from(user.shell));
            if self.generate_ssh_key {
                values.extend(self.key(&user.home, ctx).values(ctx)?);
            }
            values.insert("home".into(), Value::from(user.home));
        }
        Ok(values)
    }

    fn title(&self) -> String {
        format!("user {}", self.name)
    }
}
