//! The tools that make, change and remove accounts.

use super::user::UserModule;
use super::user_state::{KeyState, UserState};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Shadow;
use crate::value::Secret;

/// What the tools printed.
#[derive(Default)]
pub(super) struct Said {
    pub(super) out: String,
    pub(super) err: String,
}

impl Said {
    /// Runs a tool, which must succeed, and keeps what it printed.
    fn run(&mut self, options: &UserModule, tool: &str, words: &[String], ctx: &Ctx) -> Result<(), ModuleError> {
        let output = ctx.run_tool(tool, words)?;
        let output = output.success(tool).map_err(|error| error.with("name", options.name.as_str()))?;
        self.out.push_str(&output.out());
        self.err.push_str(&output.err());
        Ok(())
    }
}

/// An option and its value, where there is one.
fn option(words: &mut Vec<String>, flag: &str, value: Option<impl ToString>) {
    words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value.to_string()]));
}

fn day(number: Option<i64>) -> Result<String, ModuleError> {
    let Some(number) = number else { return Ok(String::new()) };
    let first = jiff::civil::date(1970, 1, 1);
    let date = first.checked_add(
        jiff::Span::new().try_days(number).map_err(|error| ModuleError::because("`expires` is too far away", error))?,
    );
    date.map(|date| date.to_string()).map_err(|error| ModuleError::because("`expires` is too far away", error))
}

impl UserModule {
    fn tool(&self, name: &str) -> String {
        if self.local { format!("l{name}") } else { name.to_owned() }
    }

    /// Makes the account.
    pub(super) fn create(&self, wanted: &UserState, ctx: &mut Ctx) -> Result<Said, ModuleError> {
        let mut said = Said::default();
        let mut words = Vec::new();
        option(&mut words, "-u", self.uid);
        if self.uid.is_some() && self.non_unique {
            words.push("-o".to_owned());
        }
        option(&mut words, "-Z", self.seuser.as_ref());
        if let Some(group) = wanted.group {
            option(&mut words, "-g", Some(group));
        } else if !self.local && ctx.group(&self.name)?.is_some_and(|group| group.name == self.name) {
            // a group of that name is there already, so the tool must not make one
            words.push("-N".to_owned());
        }
        let groups = wanted.groups.as_ref().filter(|groups| !groups.is_empty() && !self.local);
        option(&mut words, "-G", groups.map(|groups| groups.join(",")));
        option(&mut words, "-c", self.comment.as_ref());
        if let Some(home) = &self.home {
            // useradd makes the last folder of the path alone
            let parent = ctx.resolve(home).parent().map(std::path::Path::to_owned);
            if let Some(parent) = parent.filter(|parent| self.create_home && !parent.exists()) {
                std::fs::create_dir_all(&parent)
                    .map_err(|error| ModuleError::because(format!("cannot make `{}`", parent.display()), error))?;
            }
        }
        option(&mut words, "-d", self.home.as_ref());
        option(&mut words, "-s", self.shell.as_ref());
        let shadow = wanted.shadow.clone().unwrap_or_default();
        if shadow.expire.is_some() && !self.local {
            option(&mut words, "-e", Some(day(shadow.expire)?));
        }
        if self.create_home {
            if !self.local {
                words.push("-m".to_owned());
            }
            option(&mut words, "-k", self.skeleton.as_ref());
            option(&mut words, "-K", self.umask.as_ref().map(|umask| format!("UMASK={umask}")));
        } else {
            words.push("-M".to_owned());
        }
        if self.system {
            words.push("-r".to_owned());
        }
        option(&mut words, "-K", self.uid_min.map(|limit| format!("UID_MIN={limit}")));
        option(&mut words, "-K", self.uid_max.map(|limit| format!("UID_MAX={limit}")));
        words.push(self.name.clone());
        said.run(self, &self.tool("useradd"), &words, ctx)?;
        if let Some(groups) = wanted.groups.as_ref().filter(|_| self.local) {
            self.local_groups(&[], groups, &mut said, ctx)?;
        }
        let made = ctx.shadow(&self.name).unwrap_or_default();
        let asked = Shadow {
            // a fresh account is locked until it has a password
            password: if self.password.is_some() { shadow.password } else { made.password.clone() },
            min: shadow.min.or(made.min),
            max: shadow.max.or(made.max),
            warn: shadow.warn.or(made.warn),
            inactive: shadow.inactive.or(made.inactive),
            expire: shadow.expire.or(made.expire),
        };
        self.ages(&made, &asked, &mut said, ctx)?;
        self.password(&made.password, &asked.password, &mut said, ctx)?;
        self.belongings(wanted, ctx)?;
        Ok(said)
    }

    /// Changes the account.
    pub(super) fn modify(&self, now: &UserState, wanted: &UserState, ctx: &mut Ctx) -> Result<Said, ModuleError> {
        let mut said = Said::default();
        let mut words = Vec::new();
        if now.uid != wanted.uid {
            option(&mut words, "-u", wanted.uid);
            if self.non_unique {
                words.push("-o".to_owned());
            }
        }
        option(&mut words, "-g", wanted.group.filter(|_| now.group != wanted.group));
        if now.groups != wanted.groups {
            let groups = wanted.groups.clone().unwrap_or_default();
            if self.local {
                self.local_groups(now.groups.as_deref().unwrap_or_default(), &groups, &mut said, ctx)?;
            } else {
                option(&mut words, "-G", Some(groups.join(",")));
            }
        }
        option(&mut words, "-c", wanted.comment.as_ref().filter(|_| now.comment != wanted.comment));
        if now.home != wanted.home {
            option(&mut words, "-d", wanted.home.as_ref());
            if self.move_home {
                words.push("-m".to_owned());
            }
        }
        option(&mut words, "-s", wanted.shell.as_ref().filter(|_| now.shell != wanted.shell));
        let shadows = now.shadow.as_ref().zip(wanted.shadow.as_ref());
        if let Some((old, new)) = shadows.filter(|(old, new)| old.expire != new.expire && !self.local) {
            let _ = old;
            option(&mut words, "-e", Some(day(new.expire)?));
        }
        if !words.is_empty() {
            words.push(self.name.clone());
            said.run(self, &self.tool("usermod"), &words, ctx)?;
        }
        if let Some((old, new)) = shadows {
            self.ages(old, new, &mut said, ctx)?;
            self.password(&old.password, &new.password, &mut said, ctx)?;
        }
        self.belongings(wanted, ctx)?;
        Ok(said)
    }

    /// Removes the account.
    pub(super) fn delete(&self, ctx: &Ctx) -> Result<Said, ModuleError> {
        let mut said = Said::default();
        let mut words = Vec::new();
        if self.force && !self.local {
            words.push("-f".to_owned());
        }
        if self.remove {
            words.push("-r".to_owned());
        }
        words.push(self.name.clone());
        said.run(self, &self.tool("userdel"), &words, ctx)?;
        Ok(said)
    }

    /// The tools for local accounts change members group by group.
    fn local_groups(&self, now: &[String], wanted: &[String], said: &mut Said, ctx: &Ctx) -> Result<(), ModuleError> {
        for (flag, groups, others) in [("-m", now, wanted), ("-M", wanted, now)] {
            for group in groups.iter().filter(|group| !others.contains(group)) {
                said.run(self, "lgroupmod", &[flag.to_owned(), self.name.clone(), group.clone()], ctx)?;
            }
        }
        Ok(())
    }

    fn ages(&self, now: &Shadow, wanted: &Shadow, said: &mut Said, ctx: &Ctx) -> Result<(), ModuleError> {
        let mut words = Vec::new();
        for (flag, now, wanted) in [
            ("-m", now.min, wanted.min),
            ("-M", now.max, wanted.max),
            ("-W", now.warn, wanted.warn),
            ("-I", now.inactive, wanted.inactive),
        ] {
            option(&mut words, flag, wanted.filter(|_| now != wanted));
        }
        if self.local && now.expire != wanted.expire {
            option(&mut words, "-E", Some(wanted.expire.unwrap_or(-1)));
        }
        if words.is_empty() {
            return Ok(());
        }
        words.push(self.name.clone());
        said.run(self, &self.tool("chage"), &words, ctx)
    }

    /// Sets the stored password. It goes through a pipe: everybody can read the words of a command line.
    fn password(&self, now: &Secret, wanted: &Secret, said: &mut Said, ctx: &Ctx) -> Result<(), ModuleError> {
        if now == wanted {
            return Ok(());
        }
        let bare = |password: &Secret| password.expose().trim_start_matches('!').to_owned();
        if bare(now) == bare(wanted) && !self.local {
            let flag = if wanted.expose().starts_with('!') { "-L" } else { "-U" };
            return said.run(self, "usermod", &[flag.to_owned(), self.name.clone()], ctx);
        }
        let input = format!("{}:{}\n", self.name, wanted.expose());
        ctx.tool("chpasswd", ["-e"])?.stdin(input).run()?.success("chpasswd")?;
        Ok(())
    }

    /// Home folder and SSH key, as the account's own numbers have them.
    fn belongings(&self, wanted: &UserState, ctx: &mut Ctx) -> Result<(), ModuleError> {
        let Some(user) = UserState::find(self, ctx)? else {
            return Err(ModuleError::new(format!("the account `{}` is not there after it was made", self.name)));
        };
        if self.create_home {
            self.make_home(&user, ctx)?;
        }
        if self.generate_ssh_key {
            let key = self.key(&user.home, ctx);
            if wanted.key == KeyState::Renewed || !key.path.exists() {
                key.make(&user, ctx)?;
            }
        }
        Ok(())
    }
}
