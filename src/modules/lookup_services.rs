//! What lookups need of the world, provided with the means that modules have.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::context::{Ctx, HostServices, RunMode};
use super::host::{Follow, HttpSettings, Request, masked_url};
use crate::diag::with_causes;
use crate::template::{Fetch, Outside, Redirects};
use crate::value::Redactor;

/// Web servers and the accounts of the machine, for lookups.
pub struct LookupServices {
    services: Arc<HostServices>,
    redactor: Redactor,
}

impl LookupServices {
    /// With the environment that proxies and `~/.netrc` are taken from.
    #[must_use]
    pub fn new(environment: BTreeMap<String, String>, redactor: Redactor) -> Self {
        Self { services: Arc::new(HostServices::with_environment(environment)), redactor }
    }

    /// Does something with a context. Templates are rendered on threads of all sorts, so it runs on one of its own.
    fn with_ctx<T: Send>(&self, run: impl FnOnce(&Ctx) -> T + Send) -> Result<T, String> {
        let work = || -> Result<T, String> {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .map_err(|error| format!("no thread can be started: {error}"))?;
            let ctx = Ctx::new(
                RunMode::default(),
                // connections belong to the runtime that made them
                Arc::new(HostServices::with_environment(self.services.environment().clone())),
                self.redactor.clone(),
                CancellationToken::new(),
                runtime.handle().clone(),
            );
            Ok(run(&ctx))
        };
        std::thread::scope(|scope| {
            scope.spawn(work).join().unwrap_or_else(|_| Err("the request ended in an error of the program".to_owned()))
        })
    }
}

impl Outside for LookupServices {
    fn fetch(&self, fetch: &Fetch) -> Result<String, String> {
        let request = Request {
            method: "GET".to_owned(),
            url: fetch.url.clone(),
            headers: fetch.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            unredirected: fetch.unredirected.clone(),
            body: None,
            follow: match fetch.redirects {
                Redirects::None => Follow::Never,
                Redirects::Safe => Follow::Safe,
                Redirects::All => Follow::Always,
            },
            login: fetch.login.clone(),
            force_basic_auth: fetch.force_basic_auth,
            use_netrc: fetch.use_netrc,
        };
        let settings = HttpSettings {
            validate_certs: fetch.validate_certs,
            ca_path: fetch.ca_path.clone(),
            client_cert: None,
            client_key: None,
            use_proxy: fetch.use_proxy,
            timeout: fetch.timeout,
            decompress: true,
            unix_socket: fetch.unix_socket.clone(),
        };
        let shown = masked_url(&fetch.url);
        let (status, reason, bytes) = self
            .with_ctx(|ctx| {
                let answer = ctx.send(&request, &settings)?;
                let (status, reason) = (answer.status, answer.reason.clone());
                Ok((status, reason, answer.bytes(ctx)?))
            })?
            .map_err(|error: super::host::HttpError| format!("cannot fetch {shown}: {}", with_causes(&error)))?;
        if !(200..300).contains(&status) {
            return Err(format!("cannot fetch {shown}: the server answers {status} {reason}"));
        }
        String::from_utf8(bytes).map_err(|_| format!("what {shown} holds is not UTF-8 text"))
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        let found = self.with_ctx(|ctx| ctx.user_of(uid).ok().flatten());
        found.ok().flatten().map(|user| user.name)
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        let found = self.with_ctx(|ctx| ctx.group_of(gid).ok().flatten());
        found.ok().flatten().map(|group| group.name)
    }
}
