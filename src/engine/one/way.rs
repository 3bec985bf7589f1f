//! Where the module is to run, and as whom: variables of the host win over keywords, keywords over the command line.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::one::One;
use crate::agent::Become;
use crate::engine::problem::{Problem, span_of};
use crate::engine::target::Wanted;
use crate::template::{Scope as _, Templar};
use crate::transport::{ConnectionSpec, HostKeyChecking, Kind};
use crate::value::{Secret, Value, parse_bool, python_str};
use crate::vars::{HostVars, TaskScope, TaskVars, is_local_name};

/// Variables of the way to one host, rendered.
struct Way<'a> {
    one: &'a One,
    /// The variables of the host that is delegated to.
    other: Option<TaskScope>,
}

impl Way<'_> {
    fn scope(&self) -> &TaskScope {
        self.other.as_ref().unwrap_or(self.one.scope.as_ref())
    }

    /// The first of some variables that is set, or else a keyword. Passwords keep their secrecy as values.
    fn value(&self, variables: &[&str], keyword: Option<&Value>) -> Result<Option<Value>, Problem> {
        let found = variables.iter().find_map(|variable| self.scope().get(variable));
        let (value, scope) = match (found, keyword) {
            (Some(value), _) => (value, self.scope()),
            (None, Some(value)) => (value.clone(), self.one.scope.as_ref()),
            (None, None) => return Ok(None),
        };
        let env = &self.one.env;
        let rendered =
            env.templar.render(&value, scope).map_err(|error| env.template_problem(&error, span_of(&value)))?;
        Ok((!Templar::is_omit(&rendered) && rendered != Value::Null).then_some(rendered))
    }

    fn text(&self, variables: &[&str], keyword: Option<&Value>) -> Result<Option<String>, Problem> {
        Ok(self.value(variables, keyword)?.map(|value| python_str(&value)).filter(|text| !text.is_empty()))
    }

    fn secret(&self, variables: &[&str], default: Option<&Secret>) -> Result<Option<Secret>, Problem> {
        let given = self.text(variables, None)?.map(Secret::new);
        if let Some(secret) = &given {
            self.one.env.templar.redactor().register(secret.expose());
        }
        Ok(given.or_else(|| default.cloned()))
    }

    fn number(&self, variables: &[&str], keyword: Option<&Value>) -> Result<Option<u64>, Problem> {
        let Some(value) = self.value(variables, keyword)? else { return Ok(None) };
        let text = python_str(&value);
        let bad = || {
            let names = variables.first().copied().unwrap_or_default();
            Problem::new(format!("`{names}` takes a number, not `{text}`"))
        };
        text.trim().parse().map(Some).map_err(|_| bad())
    }

    fn switch(&self, variables: &[&str], keyword: Option<&Value>) -> Result<Option<bool>, Problem> {
        Ok(self.value(variables, keyword)?.and_then(|value| parse_bool(&value)))
    }

    /// Arguments of `ssh` in one text, as a shell splits them.
    fn words(&self, variables: &[&str], out: &mut Vec<String>) -> Result<(), Problem> {
        for variable in variables {
            let Some(text) = self.text(&[variable], None)? else { continue };
            let words = crate::value::split_words(&text)
                .map_err(|error| Problem::new(format!("`{variable}` cannot be split into words: {error}")))?;
            out.extend(words);
        }
        Ok(())
    }
}

impl One {
    /// Where the module is to run.
    pub(in crate::engine) fn wanted(&self, delegate: Option<&Arc<HostVars>>) -> Result<Wanted, Problem> {
        let keywords = &self.prepared.keywords;
        let other = delegate.map(|host| {
            let vars = Arc::new(TaskVars { vars: self.prepared.vars.vars.clone(), ..TaskVars::default() });
            TaskScope::new(Arc::clone(&self.env.vars)).on_host(Arc::clone(host)).in_task(vars)
        });
        let way = Way { one: self, other };
        let name = Arc::clone(delegate.unwrap_or(&self.host).name());
        let connection = way.text(&["ansible_connection"], keywords.connection.as_ref())?;
        let connection = connection.or_else(|| self.env.targets.defaults().connection.clone());
        let kind = match connection.as_deref() {
            None if is_local_name(&name) => Kind::Local,
            None => Kind::Ssh,
            Some(connection) => kind(connection).ok_or_else(|| {
                Problem::new(format!(
                    "the connection `{connection}` is not supported; `ssh`, `openssh`, `local`, `agent`, `podman` and `docker` are"
                ))
            })?,
        };
        let spec = if kind == Kind::Local {
            ConnectionSpec { kind, name: name.to_string(), ..ConnectionSpec::default() }
        } else {
            self.spec(&way, kind, &name)?
        };
        let folders = way.text(&["ansible_remote_tmp"], None)?.into_iter().collect();
        let apart = connection.as_deref() == Some(AGENT);
        Ok(Wanted { spec, r#become: self.other_user(&way)?, apart, folders })
    }

    fn spec(&self, way: &Way<'_>, kind: Kind, name: &str) -> Result<ConnectionSpec, Problem> {
        let keywords = &self.prepared.keywords;
        let defaults = self.env.targets.defaults();
        let host = match kind {
            Kind::Container(_) => &["ansible_host", "ansible_podman_host", "ansible_docker_host"][..],
            _ => &["ansible_host", "ansible_ssh_host"],
        };
        let port = way.number(&["ansible_port", "ansible_ssh_port"], keywords.port.as_ref())?;
        let checking = way.text(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"], None)?;
        let timeout = way.number(&["ansible_timeout", "ansible_ssh_timeout"], None)?;
        let mut ssh_args = Vec::new();
        way.words(&["ansible_ssh_common_args", "ansible_ssh_extra_args"], &mut ssh_args)?;
        ssh_args.extend(defaults.ssh_args.iter().cloned());
        Ok(ConnectionSpec {
            kind,
            name: name.to_owned(),
            address: way.text(host, None)?.unwrap_or_else(|| name.to_owned()),
            port: port.and_then(|port| u16::try_from(port).ok()),
            user: way
                .text(&["ansible_user", "ansible_ssh_user"], keywords.remote_user.as_ref())?
                .or_else(|| defaults.user.clone()),
            password: way.secret(
                &["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"],
                defaults.password.as_ref(),
            )?,
            private_key_file: way
                .text(&["ansible_private_key_file", "ansible_ssh_private_key_file"], None)?
                .map(PathBuf::from)
                .or_else(|| defaults.private_key_file.clone()),
            private_key_passphrase: way
                .secret(&["ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"], None)?,
            ssh_args,
            ssh_executable: way.text(&["ansible_ssh_executable"], None)?.map(PathBuf::from),
            host_key_checking: match checking.as_deref() {
                None => defaults.host_key_checking,
                Some("accept-new") => HostKeyChecking::AcceptNew,
                Some(text) if parse_bool(&Value::data(text)) == Some(false) => HostKeyChecking::Off,
                Some(_) => HostKeyChecking::Strict,
            },
            timeout: timeout.map_or(defaults.timeout, Duration::from_secs),
            home: defaults.home.clone(),
            agent_socket: defaults.agent_socket.clone(),
        })
    }

    /// The user to become, where `become` is on.
    fn other_user(&self, way: &Way<'_>) -> Result<Option<Become>, Problem> {
        let keywords = &self.prepared.keywords.r#become;
        let defaults = self.env.targets.defaults();
        let on = way.switch(&["ansible_become"], keywords.r#become.as_ref())?.unwrap_or(self.env.r#become);
        if !on {
            return Ok(None);
        }
        let method = way.text(&["ansible_become_method"], keywords.method.as_ref())?;
        let method = method.unwrap_or_else(|| defaults.become_method.clone());
        let user = way.text(&["ansible_become_user"], keywords.user.as_ref())?;
        let own = |what: &str| format!("ansible_{}_{what}", method.rsplit('.').next().unwrap_or_default());
        let password = way.secret(
            &["ansible_become_password", "ansible_become_pass", &own("password"), &own("pass")],
            defaults.become_password.as_ref(),
        )?;
        let executable = way.text(&["ansible_become_exe", &own("exe")], keywords.exe.as_ref())?;
        let flags = way.text(&["ansible_become_flags", &own("flags")], keywords.flags.as_ref())?;
        Ok(Some(Become {
            user: user.unwrap_or_else(|| defaults.become_user.clone()),
            method,
            password,
            executable,
            flags,
        }))
    }
}

/// The connection to an agent on this very machine: modules run in a process of their own, as on another host.
const AGENT: &str = "agent";

/// The transport that a connection plug-in of Ansible's stands for.
fn kind(connection: &str) -> Option<Kind> {
    Some(match connection {
        "local" | "ansible.builtin.local" | AGENT => Kind::Local,
        "ssh"
        | "smart"
        | "ansible.builtin.ssh"
        | "paramiko"
        | "paramiko_ssh"
        | "ansible.builtin.paramiko_ssh"
        | "libssh"
        | "ansible.netcommon.libssh" => Kind::Ssh,
        "openssh" | "quaymaster.quay.openssh" => Kind::OpenSsh,
        "podman" | "containers.podman.podman" => Kind::Container("podman".to_owned()),
        "docker" | "community.docker.docker" => Kind::Container("docker".to_owned()),
        _ => return None,
    })
}
