//! Files that options name travel from the controller to the host: small ones with the request itself, large ones only where
//! the host does not have them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use sha1::Sha1;

use super::target::Request;
use crate::agent::{AgentError, RemoteAgent};
use crate::modules::host::digest_file;
use crate::value::{Key, Value};

/// The module that puts a file in its place, and can say that it has the content already.
const INSTALL: &str = "_install_file";

/// Files up to this many bytes travel with the request.
const SMALL: u64 = 64 << 10;

/// Options as the host can use them.
pub(super) enum Brought {
    /// The options, and the paths of files that were brought for them.
    Ready(Value, Vec<String>),
    /// The options without the content, which may be there already.
    IfNeeded(Value),
}

/// Prepares the options of a request for the host.
pub(super) async fn bring(agent: &RemoteAgent, request: &Request) -> Result<Brought, AgentError> {
    let source = request.args.get("source").and_then(Value::as_str).map(PathBuf::from);
    let Some(source) = source.filter(|_| request.module.name == INSTALL) else {
        let (args, sent) = bring_all(agent, request).await?;
        return Ok(Brought::Ready(args, sent));
    };
    let failed = |source_error| AgentError::File { path: source.display().to_string(), source: source_error };
    let read = {
        let source = source.clone();
        move || -> std::io::Result<(&'static str, String)> {
            if fs::metadata(&source)?.len() <= SMALL {
                Ok(("content_base64", base64::engine::general_purpose::STANDARD.encode(fs::read(&source)?)))
            } else {
                Ok(("source_sha1", digest_file::<Sha1>(&source)?.1))
            }
        }
    };
    let read = tokio::task::spawn_blocking(read).await;
    let (option, value) = read.map_err(|error| failed(std::io::Error::other(error)))?.map_err(failed)?;
    let mut args = request.args.clone();
    if let Value::Map(map) = &mut args {
        let map = Arc::make_mut(map);
        map.shift_remove("source");
        map.insert(Key::from(option), Value::data(value));
    }
    Ok(if option == "source_sha1" { Brought::IfNeeded(args) } else { Brought::Ready(args, Vec::new()) })
}

/// Brings every file that the options name: the options with the paths there, and the paths.
pub(super) async fn bring_all(agent: &RemoteAgent, request: &Request) -> Result<(Value, Vec<String>), AgentError> {
    let (mut args, mut sent) = (request.args.clone(), Vec::new());
    for option in request.module.uploads {
        let Some(path) = args.get(option).and_then(Value::as_str).map(str::to_owned) else { continue };
        let there = agent.put(Path::new(&path)).await?;
        if let Value::Map(map) = &mut args {
            Arc::make_mut(map).insert(Key::from(*option), Value::data(there.as_str()));
        }
        sent.push(there);
    }
    Ok((args, sent))
}
