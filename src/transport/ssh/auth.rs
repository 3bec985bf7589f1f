//! Proving who the user is, in the order in which OpenSSH tries it.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ssh2::{Agent, ErrorCode, KeyboardInteractivePrompt, Prompt, PublicKey, Session};

use super::super::error::TransportError;
use super::connect::{Deadline, told};
use super::host_key::Trust;
use super::keys::{self, PrivateKey, beside};
use super::known_hosts::kind_of;
use super::settings::{IdentityFile, Settings};
use crate::value::Secret;

/// Tries what the settings allow and the server offers.
pub(super) fn authenticate(
    session: &Session,
    settings: &Settings,
    trust: Trust,
    deadline: Deadline,
) -> Result<(), TransportError> {
    let mut attempt = Attempt { session, settings, trust, deadline, tried: Vec::new() };
    match attempt.run() {
        Ok(true) => Ok(()),
        Ok(false) => Err(TransportError::Authentication {
            host: settings.describe(),
            user: settings.user.clone(),
            tried: attempt.tried.join("; "),
        }),
        Err(error) if error.code() == ErrorCode::Session(-13) && !attempt.tried.is_empty() => {
            attempt.tried.push("the server closed the connection (it may have had enough attempts)".to_owned());
            Err(TransportError::Authentication {
                host: settings.describe(),
                user: settings.user.clone(),
                tried: attempt.tried.join("; "),
            })
        }
        Err(error) => Err(TransportError::Connect { host: settings.describe(), source: told(&error, deadline).into() }),
    }
}

struct Attempt<'a> {
    session: &'a Session,
    settings: &'a Settings,
    trust: Trust,
    deadline: Deadline,
    /// What came of each way, for the message.
    tried: Vec<String>,
}

/// Whether the connection itself failed, so that nothing further can be tried.
fn is_final(error: &ssh2::Error) -> bool {
    matches!(error.code(), ErrorCode::Session(-1 | -7 | -9 | -12 | -13 | -14 | -43))
}

impl Attempt<'_> {
    fn run(&mut self) -> Result<bool, ssh2::Error> {
        let mut offered = self.offered()?;
        if self.session.authenticated() {
            return Ok(true);
        }
        let mut asked_again = false;
        for method in &self.settings.methods {
            // a server that wants a key first and then a password tells of the password only after the key
            if !offered.iter().any(|name| name == method) && *method != "publickey" && !asked_again {
                asked_again = true;
                if self.settings.password.is_some() {
                    offered = self.offered()?;
                }
            }
            if !offered.iter().any(|name| name == method) {
                continue;
            }
            let accepted = match *method {
                "publickey" => self.public_keys()?,
                "password" => self.password()?,
                _ => self.keyboard_interactive()?,
            };
            if accepted {
                return Ok(true);
            }
        }
        self.tried.push(format!("the server offers {}", offered.join(", ")));
        Ok(false)
    }

    fn offered(&self) -> Result<Vec<String>, ssh2::Error> {
        self.deadline.hold(self.session);
        match self.session.auth_methods(&self.settings.user) {
            Ok(methods) => Ok(methods.split(',').map(str::to_owned).collect()),
            Err(_) if self.session.authenticated() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn public_keys(&mut self) -> Result<bool, ssh2::Error> {
        let settings = self.settings;
        let mut agent = self.agent();
        let keys = agent.as_mut().map(|agent| agent.identities().unwrap_or_default()).unwrap_or_default();
        let wanted: Vec<Vec<u8>> = settings.identity_files.iter().filter_map(|file| public(&file.path)).collect();
        // as OpenSSH: what the files name comes first, from the agent where it has it
        let (mut ordered, others): (Vec<&PublicKey>, Vec<&PublicKey>) =
            keys.iter().partition(|key| wanted.iter().any(|public| public == key.blob()));
        if !settings.identities_only {
            ordered.extend(others);
        }
        if let Some(agent) = &agent {
            for key in &ordered {
                self.deadline.hold(self.session);
                let what = format!("agent key {}", key.comment());
                if self.took(&what, agent.userauth(&settings.user, key))? {
                    return Ok(true);
                }
            }
        }
        for file in &settings.identity_files {
            if public(&file.path).is_some_and(|public| ordered.iter().any(|key| key.blob() == public)) {
                continue;
            }
            if self.identity_file(file)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn agent(&mut self) -> Option<Agent> {
        let path = self.settings.agent.as_ref()?;
        let connected = self.session.agent().and_then(|mut agent| {
            agent.set_identity_path(path)?;
            agent.connect()?;
            agent.list_identities()?;
            Ok(agent)
        });
        match connected {
            Ok(agent) => Some(agent),
            Err(error) => {
                self.tried.push(format!("agent {}: {}", path.display(), error.message()));
                None
            }
        }
    }

    fn identity_file(&mut self, file: &IdentityFile) -> Result<bool, ssh2::Error> {
        let path = file.path.display();
        let key = match keys::read(&file.path) {
            Ok(key) => key,
            Err(error) => {
                if file.named || error.kind() != std::io::ErrorKind::NotFound {
                    self.tried.push(format!("{path}: {error}"));
                }
                return Ok(false);
            }
        };
        for certificate in self.certificates(&file.path, &key) {
            let Some((kind, blob)) = keys::line(&certificate) else {
                self.tried.push(format!("{}: this is no certificate", certificate.display()));
                continue;
            };
            let public = format!("{kind} {}", STANDARD.encode(blob));
            let what = format!("{} with {path}", certificate.display());
            if self.key(&what, Some(&public), &key)? {
                return Ok(true);
            }
        }
        let public = key.public.as_ref().map(|blob| format!("{} {}", kind_of(blob), STANDARD.encode(blob)));
        self.key(&path.to_string(), public.as_deref(), &key)
    }

    fn key(&mut self, what: &str, public: Option<&str>, key: &PrivateKey) -> Result<bool, ssh2::Error> {
        let passphrase = self.settings.passphrase.as_ref().filter(|_| key.encrypted);
        if key.encrypted && passphrase.is_none() {
            self.tried.push(format!("{what}: it is encrypted, and no passphrase was given"));
            return Ok(false);
        }
        self.deadline.hold(self.session);
        let result =
            self.session.userauth_pubkey_memory(&self.settings.user, public, &key.text, passphrase.map(Secret::expose));
        match result {
            // everything but the server's no is a key that cannot be used
            Err(error) if !is_final(&error) && error.code() != ErrorCode::Session(-18) && key.encrypted => {
                self.tried.push(format!("{what}: it cannot be decrypted with the given passphrase"));
                Ok(false)
            }
            result => self.took(what, result),
        }
    }

    /// The certificates for a key: beside it, and those that were named and are about it.
    fn certificates(&self, path: &Path, key: &PrivateKey) -> Vec<PathBuf> {
        let mut found = vec![beside(path, "-cert.pub")];
        found.retain(|path| path.exists());
        for named in &self.settings.certificate_files {
            let is_about = match (&key.public, keys::line(named)) {
                // a certificate contains its key, after the kind and a random text
                (Some(public), Some((_, blob))) => {
                    let own = public.get(4 + kind_of(public).len()..).unwrap_or_default();
                    !own.is_empty() && blob.windows(own.len()).any(|part| part == own)
                }
                _ => true,
            };
            if is_about && !found.contains(named) {
                found.push(named.clone());
            }
        }
        found
    }

    fn password(&mut self) -> Result<bool, ssh2::Error> {
        let Some(password) = self.password_for("password") else { return Ok(false) };
        self.deadline.hold(self.session);
        let result = self.session.userauth_password(&self.settings.user, password.expose());
        self.took("password", result)
    }

    fn keyboard_interactive(&mut self) -> Result<bool, ssh2::Error> {
        let Some(password) = self.password_for("keyboard-interactive") else { return Ok(false) };
        let mut answers = Answers { password, given: false, unanswered: None };
        self.deadline.hold(self.session);
        let result = self.session.userauth_keyboard_interactive(&self.settings.user, &mut answers);
        let what = match &answers.unanswered {
            Some(prompt) => format!("keyboard-interactive (it asks `{}`)", prompt.trim()),
            None => "keyboard-interactive".to_owned(),
        };
        self.took(&what, result)
    }

    fn password_for(&mut self, method: &str) -> Option<Secret> {
        if self.settings.password.is_none() {
            // said once, for both ways
            let said = "no password was given";
            if !self.tried.iter().any(|line| line == said) {
                self.tried.push(said.to_owned());
            }
        } else if self.trust == Trust::NoPasswords {
            self.tried.push(format!("{method}: not with a host whose key has changed"));
            return None;
        }
        self.settings.password.clone()
    }

    fn took(&mut self, what: &str, result: Result<(), ssh2::Error>) -> Result<bool, ssh2::Error> {
        match result {
            Ok(()) => Ok(true),
            Err(error) if is_final(&error) => {
                self.tried.push(what.to_owned());
                Err(error)
            }
            Err(error) if error.code() == ErrorCode::Session(-18) => {
                self.tried.push(format!("{what}: not accepted"));
                Ok(false)
            }
            Err(error) => {
                self.tried.push(format!("{what}: {}", error.message()));
                Ok(false)
            }
        }
    }
}

/// The public half of a key's file, which may stand beside it alone: then the agent has the private one.
fn public(path: &Path) -> Option<Vec<u8>> {
    keys::public_of(path).or_else(|| keys::line(&beside(path, ".pub")).map(|(_, key)| key))
}

/// Answers the first question for a secret with the password.
struct Answers {
    password: Secret,
    given: bool,
    unanswered: Option<String>,
}

impl KeyboardInteractivePrompt for Answers {
    fn prompt<'a>(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'a>]) -> Vec<String> {
        let answer = |prompt: &Prompt<'a>| {
            if !prompt.echo && !self.given {
                self.given = true;
                return self.password.expose().to_owned();
            }
            self.unanswered.get_or_insert_with(|| prompt.text.to_string());
            String::new()
        };
        prompts.iter().map(answer).collect()
    }
}
