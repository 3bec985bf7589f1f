//! As whom the registry is called.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::args::Args;
use crate::quay::{ClientOptions, Identity, ServerUrl, Trust};
use crate::value::Secret;

const TOKEN_VARIABLE: &str = "QUAY_TOKEN";

/// Reads address and credentials.
pub(super) fn client_options(args: &Args) -> anyhow::Result<ClientOptions> {
    let identity = match (&args.token_file, &args.token_env, &args.username, &args.password_file) {
        (Some(path), ..) => Identity::Token(read_secret(path)?),
        (_, Some(name), ..) => Identity::Token(variable(name)?),
        (_, _, Some(username), Some(path)) => {
            Identity::Password { username: username.clone(), password: read_secret(path)? }
        }
        _ => Identity::Token(
            variable(TOKEN_VARIABLE)
                .with_context(|| "no credentials: give --token-file, --token-env, or --username and --password-file")?,
        ),
    };
    let mut options = ClientOptions::new(ServerUrl::parse(&args.url)?, identity);
    options.trust = match (&args.ca_file, args.insecure) {
        (Some(path), _) => Trust::WithAuthorities(path.clone()),
        (None, true) => Trust::Anything,
        (None, false) => Trust::System,
    };
    Ok(options)
}

fn variable(name: &str) -> anyhow::Result<Secret> {
    match std::env::var(name) {
        Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text.trim())),
        Ok(_) => bail!("the environment variable `{name}` is empty"),
        Err(error) => Err(error).with_context(|| format!("the environment variable `{name}` cannot be used")),
    }
}

/// A secret alone in its file, or as a shell would read it: `export NAME=secret`.
fn read_secret(path: &Path) -> anyhow::Result<Secret> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let text = Secret::new(text);
    match secret_in(text.expose()) {
        "" => bail!("`{}` holds nothing", path.display()),
        secret => Ok(Secret::new(secret)),
    }
}

fn secret_in(text: &str) -> &str {
    let text = text.trim();
    let assigned = text.strip_prefix("export ").unwrap_or(text).trim_start();
    let value = match assigned.split_once('=') {
        Some((name, value)) if is_name(name) && !value.is_empty() => value.trim(),
        _ => return text,
    };
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    value
}

/// A shell variable's name; capitals only, so that no token is taken for one.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && text.contains('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_alone_or_as_a_shell_variable() {
        assert_eq!(secret_in("ABC123\n"), "ABC123");
        assert_eq!(secret_in("export ADMIN_TOKEN=ABC123\n"), "ABC123");
        assert_eq!(secret_in("ADMIN_TOKEN='ABC 123'"), "ABC 123");
        assert_eq!(secret_in("ABC=="), "ABC==");
        assert_eq!(secret_in("  "), "");
    }
}
