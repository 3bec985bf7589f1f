//! Plain downloads for modules whose source may be a URL.

use std::time::Duration;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Follow, HttpSettings, Request, masked_url};
use crate::value::Secret;

/// Downloads a URL to a temporary file, which goes when it is dropped.
pub(in crate::modules) fn download(
    url: &str,
    validate_certs: bool,
    ctx: &Ctx,
) -> Result<tempfile::TempPath, ModuleError> {
    let shown = masked_url(url);
    let name = url.split(['?', '#']).next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    let cannot = |error| ModuleError::because("cannot make a temporary file for a download", error);
    let mut file = tempfile::Builder::new()
        .prefix("download.")
        // programs that read the file look at how its name ends
        .suffix(&format!(".{name}"))
        .tempfile_in(ctx.temporary())
        .map_err(cannot)?;
    if let Some(path) = url.strip_prefix("file://") {
        std::fs::File::open(path)
            .and_then(|mut from| std::io::copy(&mut from, file.as_file_mut()))
            .map_err(|error| ModuleError::because(format!("cannot read `{path}`"), error))?;
        return Ok(file.into_temp_path());
    }
    let request = Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: vec![("User-Agent".to_owned(), Secret::new("ansible-httpget"))],
        unredirected: Vec::new(),
        body: None,
        follow: Follow::Always,
        login: None,
        force_basic_auth: false,
        use_netrc: true,
    };
    let settings = HttpSettings {
        validate_certs,
        ca_path: None,
        client_cert: None,
        client_key: None,
        use_proxy: true,
        timeout: Duration::from_secs(10),
        decompress: false,
        unix_socket: None,
    };
    let failed = |error| ModuleError::because(format!("Failure downloading {shown}"), error);
    let answer = ctx.send(&request, &settings).map_err(failed)?;
    if answer.status != 200 {
        let said = format!("Failure downloading {shown}, HTTP Error {}: {}", answer.status, answer.reason);
        return Err(ModuleError::new(said));
    }
    answer.save(file.as_file_mut(), ctx).map_err(failed)?;
    Ok(file.into_temp_path())
}
