//! A running container, through its engine's command.

use std::process::Stdio;

use tokio::process::Command;

use super::child;
use super::error::TransportError;
use super::process::{BoxFuture, Process, Transport};
use super::spec::ConnectionSpec;

/// A container of `podman` or `docker`.
#[derive(Debug)]
pub(super) struct Container {
    engine: String,
    name: String,
    user: Option<String>,
    description: String,
}

impl Container {
    pub(super) fn new(engine: &str, spec: &ConnectionSpec) -> Self {
        let name = spec.address.clone();
        let user = spec.user.clone();
        let of = user.as_ref().map_or_else(String::new, |user| format!(" as {user}"));
        let description = format!("container {name} of {engine}{of}");
        Self { engine: engine.to_owned(), name, user, description }
    }

    /// Asks the engine; this is told of a container that is not there, too.
    async fn check(&self) -> Result<(), TransportError> {
        let connect =
            |source: String| TransportError::Connect { host: self.description.clone(), source: source.into() };
        let asked = Command::new(&self.engine)
            .args(["container", "inspect", "--format", "{{.State.Running}}", "--", &self.name])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|error| connect(format!("cannot run `{}`: {error}", self.engine)))?;
        let said = String::from_utf8_lossy(&asked.stderr);
        match String::from_utf8_lossy(&asked.stdout).trim() {
            "true" if asked.status.success() => Ok(()),
            _ if asked.status.success() => Err(connect("it does not run".to_owned())),
            _ => Err(connect(said.trim().lines().last().unwrap_or("it is not there").to_owned())),
        }
    }
}

impl Transport for Container {
    fn connect(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(self.check())
    }

    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Process, TransportError>> {
        Box::pin(async move {
            // the engine answers for a container that stopped as a command would: with an exit status
            self.check().await?;
            let mut exec = Command::new(&self.engine);
            exec.args(["exec", "-i"]);
            if let Some(user) = &self.user {
                exec.args(["-u", user]);
            }
            exec.args(["--", &self.name, "/bin/sh", "-c", command]);
            child::start(exec, self.description.clone(), Box::new(Ok))
                .map_err(|error| TransportError::Connect { host: self.description.clone(), source: error.into() })
        })
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}
