//! `quaymaster sandbox`: serves Quay's API from one SQLite file, to rehearse and test against.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::diag::ExitCode;
use crate::sandbox::server::{App, Config, TlsFiles, serve};
use crate::sandbox::{Clock, Seed, Settings, seed};

/// Serve a rehearsal registry that answers Quay's API.
///
/// All state lies in one folder: an SQLite file, the blobs, and a log of requests without secrets. The URL is the first line
/// on the standard output. It is meant for rehearsals and tests on one machine, and is not Quay.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Folder for the state; made if absent.
    #[arg(long, value_name = "DIR", default_value = "quay-sandbox")]
    state: PathBuf,
    /// User that is a superuser; may be given several times.
    #[arg(long = "superuser", value_name = "NAME")]
    superusers: Vec<String>,
    /// YAML or JSON file with settings under the names of Quay's `config.yaml` (`SUPER_USERS`, `FEATURE_MAILING` …).
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// PEM file with the certificate chain, to serve HTTPS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's key.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// File that gets the URL when the sandbox is ready.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Make an organization with many repositories and tags first, unless it exists: to measure and to rehearse pruning.
    #[arg(long, hide = true, value_name = "ORGANIZATION:REPOSITORIES:TAGS:DAYS")]
    seed: Vec<Seed>,
}

/// Serves until the process is told to stop.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut settings = match &args.settings {
        None => Settings::default(),
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
            Settings::parse(&text).with_context(|| format!("in `{}`", path.display()))?
        }
    };
    settings.super_users.extend(args.superusers);
    let tls = args.tls_cert.zip(args.tls_key).map(|(certificate, key)| TlsFiles { certificate, key });
    let config = Config { state: args.state, settings, tls, clock: Clock::default() };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads to work with")?;
    runtime.block_on(async {
        let listener =
            TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on `{}`", args.listen))?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
        let stop = async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        };
        let mut announced = Ok(());
        let ready = |app: &App| {
            announced = args
                .seed
                .iter()
                .try_for_each(|wanted| seed(app, wanted).context("the sandbox cannot be filled in"))
                .and_then(|()| announce(app, args.ready_file.as_deref()));
        };
        serve(config, listener, ready, stop).await?;
        announced
    })?;
    Ok(ExitCode::Success)
}

#[expect(clippy::print_stdout, reason = "the URL is this command's output")]
fn announce(app: &App, ready_file: Option<&Path>) -> anyhow::Result<()> {
    let url = app.base_url();
    println!("{url}");
    std::io::stdout().flush().context("cannot tell the URL")?;
    if let Some(path) = ready_file {
        // written aside and renamed, so that a reader never sees half a URL
        let part = path.with_extension("part");
        fs::write(&part, format!("{url}\n"))
            .and_then(|()| fs::rename(&part, path))
            .with_context(|| format!("`{}` cannot be written", path.display()))?;
    }
    Ok(())
}
