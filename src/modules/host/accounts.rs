//! Users and groups by name and number. The files are read directly and what they lack is asked of `getent`: the C
//! library's own look-up loads shared libraries, which a static binary must not do.

use std::fs;
use std::sync::Mutex;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// One line of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The comment field.
    pub gecos: String,
    /// The home folder.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

/// One line of `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: String,
    /// The number.
    pub gid: u32,
    /// Names of the members whose primary group is another.
    pub members: Vec<String>,
}

/// Which account database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Database {
    Passwd,
    Group,
}

impl Database {
    fn name(self) -> &'static str {
        match self {
            Self::Passwd => "passwd",
            Self::Group => "group",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Passwd => "/etc/passwd",
            Self::Group => "/etc/group",
        }
    }

    fn text(self) -> Result<String, ModuleError> {
        let path = self.path();
        match fs::read(path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            // a container may have no such file at all
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(ModuleError::because(format!("cannot read `{path}`"), error)),
        }
    }
}

/// What `getent` said before, by database and key: a name that is only in LDAP is asked for once per run.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<(&'static str, String, Option<String>)>>);

impl User {
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(':');
        let name = parts.next()?.to_owned();
        let (uid, gid) = (parts.nth(1)?.parse().ok()?, parts.next()?.parse().ok()?);
        let mut text = || parts.next().unwrap_or_default().to_owned();
        Some(Self { name, uid, gid, gecos: text(), home: text(), shell: text() })
    }
}

impl Group {
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(':');
        let name = parts.next()?.to_owned();
        let gid = parts.nth(1)?.parse().ok()?;
        let members = parts.next().unwrap_or_default().split(',').filter(|m| !m.is_empty()).map(str::to_owned);
        Some(Self { name, gid, members: members.collect() })
    }
}

impl Ctx {
    /// The user of a name or, where the text is digits, of a number.
    pub fn user(&self, name: &str) -> Result<Option<User>, ModuleError> {
        let number = name.parse::<u32>().ok();
        self.account(Database::Passwd, name, User::parse, |user| user.name == name || Some(user.uid) == number)
    }

    /// The user of a number.
    pub fn user_of(&self, uid: u32) -> Result<Option<User>, ModuleError> {
        self.account(Database::Passwd, &uid.to_string(), User::parse, |user| user.uid == uid)
    }

    /// The group of a name or, where the text is digits, of a number.
    pub fn group(&self, name: &str) -> Result<Option<Group>, ModuleError> {
        let number = name.parse::<u32>().ok();
        self.account(Database::Group, name, Group::parse, |group| group.name == name || Some(group.gid) == number)
    }

    /// The group of a number.
    pub fn group_of(&self, gid: u32) -> Result<Option<Group>, ModuleError> {
        self.account(Database::Group, &gid.to_string(), Group::parse, |group| group.gid == gid)
    }

    /// The name of a user number, or the number itself where it has none.
    pub fn user_name(&self, uid: u32) -> String {
        self.user_of(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
    }

    /// The name of a group number, or the number itself where it has none.
    pub fn group_name(&self, gid: u32) -> String {
        self.group_of(gid).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name)
    }

    /// The user of a name in the local file alone.
    pub fn local_user(&self, name: &str) -> Result<Option<User>, ModuleError> {
        Ok(Database::Passwd.text()?.lines().filter_map(User::parse).find(|user| user.name == name))
    }

    /// The group of a name or number in the local file alone.
    pub fn local_group(&self, name: &str) -> Result<Option<Group>, ModuleError> {
        let number = name.parse::<u32>().ok();
        let text = Database::Group.text()?;
        Ok(text.lines().filter_map(Group::parse).find(|group| group.name == name || Some(group.gid) == number))
    }

    /// The groups that list a user as a member, from the local file: those that `usermod` can change.
    pub fn memberships(&self, user: &str) -> Result<Vec<Group>, ModuleError> {
        let text = Database::Group.text()?;
        let groups = text.lines().filter_map(Group::parse);
        Ok(groups.filter(|group| group.members.iter().any(|member| member == user)).collect())
    }

    fn account<T>(
        &self,
        database: Database,
        key: &str,
        parse: fn(&str) -> Option<T>,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, ModuleError> {
        if let Some(found) = database.text()?.lines().filter_map(parse).find(&wanted) {
            return Ok(Some(found));
        }
        Ok(self.getent(database, key).as_deref().and_then(parse).filter(wanted))
    }

    /// The line that `getent` has for a key. No `getent`, or none that answers, means that nobody else knows the account.
    fn getent(&self, database: Database, key: &str) -> Option<String> {
        let asked = self.services.get::<Asked>();
        let mut asked = asked.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((.., line)) = asked.iter().find(|(name, k, _)| *name == database.name() && k == key) {
            return line.clone();
        }
        let output = self.command(["getent", database.name(), key]).run().ok();
        let line = output
            .filter(|output| output.rc == 0)
            .and_then(|output| String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned));
        asked.push((database.name(), key.to_owned(), line.clone()));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_account_files() {
        let user = User::parse("deploy:x:1001:1002:Deploy,,,:/home/deploy:/bin/bash").unwrap();
        assert_eq!((user.uid, user.gid, user.home.as_str()), (1001, 1002, "/home/deploy"));
        let group = Group::parse("adm:x:4:syslog,deploy").unwrap();
        assert_eq!(group.members, ["syslog", "deploy"]);
        assert_eq!(User::parse("# comment"), None);
    }
}
