//! What the tests of the Quay modules share: a sandbox, module calls as in a run of their own, and its log of requests.

#![expect(clippy::needless_pass_by_value, reason = "calls read best with `json!` in place")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quaymaster::modules::{Ctx, HostServices, ModuleError, Outcome, RunMode, Runner, table};
use quaymaster::quay::{QuayPool, RetryPolicy};
use quaymaster::value::{Redactor, from_json};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::harness::Sandbox;

pub const PASSWORD: &str = "a-long-passw0rd";

pub struct Bench {
    temp: tempfile::TempDir,
    pub sandbox: Sandbox,
    runtime: Runtime,
    services: Arc<HostServices>,
    pub redactor: Redactor,
    /// Connection options that each call gets.
    pub connection: Json,
}

/// A request that the sandbox saw.
#[derive(Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
}

impl Seen {
    /// Whether it may have changed something; opening and closing a session does not count.
    pub fn is_write(&self) -> bool {
        self.method != "GET" && !self.path.starts_with("/api/v1/sign")
    }
}

impl Bench {
    /// An empty registry where `admin` will be a superuser.
    pub fn empty(settings: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("settings.yml");
        std::fs::write(&file, settings).unwrap();
        let args = ["--superuser", "admin", "--settings", file.to_str().unwrap()].map(str::to_owned);
        Self::with_args(temp, &args)
    }

    fn with_args(temp: tempfile::TempDir, args: &[String]) -> Self {
        let sandbox = Sandbox::start(&temp.path().join("state"), args);
        Self {
            temp,
            sandbox,
            runtime: Runtime::new().unwrap(),
            services: services(),
            redactor: Redactor::new(),
            connection: json!({}),
        }
    }

    /// A registry with the first user `admin`, whose session all calls use.
    pub fn new() -> Self {
        Self::with_settings("{}")
    }

    pub fn with_settings(settings: &str) -> Self {
        let mut bench = Self::empty(settings);
        bench
            .run("quay_first_user", json!({"username": "admin", "password": PASSWORD, "email": "admin@example.com"}))
            .unwrap();
        bench.connection = json!({"quay_username": "admin", "quay_password": PASSWORD});
        bench
    }

    /// An empty registry that speaks TLS.
    pub fn with_tls(certificate: &str, key: &str) -> Self {
        let args = ["--superuser", "admin", "--tls-cert", certificate, "--tls-key", key].map(str::to_owned);
        Self::with_args(tempfile::tempdir().unwrap(), &args)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// Begins a new run: nothing is known of earlier ones.
    pub fn new_run(&mut self) {
        self.services = services();
    }

    fn call(&self, module: &str, args: Json, check: bool) -> Result<Outcome, ModuleError> {
        let found = table::find(module).unwrap_or_else(|| panic!("no module {module}"));
        let Runner::Host(run) = found.runner else { panic!("{module} does not run on a host") };
        let mut ctx = Ctx::new(
            RunMode { check, diff: true, verbosity: 0 },
            Arc::clone(&self.services),
            self.redactor.clone(),
            CancellationToken::new(),
            self.runtime.handle().clone(),
        );
        let mut all = json!({"quay_host": self.sandbox.url});
        for part in [&self.connection, &args] {
            for (key, value) in part.as_object().unwrap() {
                all[key] = value.clone();
            }
        }
        let credentials = ["quay_token", "quay_token_file", "quay_username"];
        let given: Vec<_> = credentials.iter().filter(|key| args.get(key).is_some()).collect();
        if !given.is_empty() {
            for key in credentials.iter().chain(&["quay_password"]).filter(|key| args.get(key).is_none()) {
                all.as_object_mut().unwrap().remove(*key);
            }
        }
        run(&from_json(all), &mut ctx)
    }

    /// Calls a module in the present run.
    pub fn run(&self, module: &str, args: Json) -> Result<Outcome, ModuleError> {
        self.call(module, args, false)
    }

    /// Calls a module in the present run, in check mode.
    pub fn check(&self, module: &str, args: Json) -> Result<Outcome, ModuleError> {
        self.call(module, args, true)
    }

    /// Calls a module that must work, in a run of its own; whether it changed something.
    #[track_caller]
    pub fn done(&mut self, module: &str, args: Json) -> Outcome {
        self.new_run();
        self.run(module, args.clone()).unwrap_or_else(|error| panic!("{module} {args}: {}", error.full_message()))
    }

    /// The message of a call that must fail, in a run of its own.
    #[track_caller]
    pub fn refused(&mut self, module: &str, args: Json) -> String {
        self.new_run();
        match self.run(module, args.clone()) {
            Ok(outcome) => panic!("{module} {args}: no failure but {outcome:?}"),
            Err(error) => error.full_message(),
        }
    }

    /// Proves that a module keeps its promises: check mode foresees the change and writes nothing, the real run changes, and
    /// later runs, real and in check mode, find nothing to do and write nothing. Gives back the outcome of the change.
    #[track_caller]
    pub fn prove(&mut self, module: &str, args: Json) -> Outcome {
        let at = |step: &str, result: Result<Outcome, ModuleError>| {
            result.unwrap_or_else(|error| panic!("{module} {args}, {step}: {}", error.full_message()))
        };
        self.new_run();
        self.forget_requests();
        let foreseen = at("check mode", self.check(module, args.clone()));
        assert!(foreseen.changed, "{module} {args}: check mode foresees nothing");
        assert_eq!(self.writes(), [""; 0], "{module} {args}: check mode wrote");
        self.new_run();
        let done = at("first run", self.run(module, args.clone()));
        assert!(done.changed, "{module} {args}: nothing changed");
        let same_run = at("same run", self.run(module, args.clone()));
        assert!(!same_run.changed, "{module} {args}: not idempotent within a run: {:?}", same_run.diff);
        self.forget_requests();
        self.new_run();
        let again = at("second run", self.run(module, args.clone()));
        assert!(!again.changed, "{module} {args}: not idempotent: {:?}", again.diff);
        self.new_run();
        assert!(!at("check mode again", self.check(module, args.clone())).changed);
        assert_eq!(self.writes(), [""; 0], "{module} {args}: the second run wrote");
        done
    }

    /// The requests since they were last forgotten.
    pub fn requests(&self) -> Vec<Seen> {
        let url = format!("{}/_sandbox/requests", self.sandbox.url);
        let answer: Json = self.runtime.block_on(async { http().get(url).send().await.unwrap().json().await.unwrap() });
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        answer["requests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|seen| Seen { method: text(&seen["method"]), path: text(&seen["path"]) })
            .collect()
    }

    pub fn forget_requests(&self) {
        let url = format!("{}/_sandbox/requests", self.sandbox.url);
        self.runtime.block_on(async { http().delete(url).send().await.unwrap() });
    }

    /// The writes since requests were last forgotten, `METHOD path`.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.requests().into_iter().filter(Seen::is_write);
        writes.map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }

    /// Has something go wrong.
    pub fn fault(&self, rule: Json) {
        let url = format!("{}/_sandbox/faults", self.sandbox.url);
        let status = self.runtime.block_on(async { http().post(url).json(&rule).send().await.unwrap().status() });
        assert!(status.is_success(), "{rule}: {status}");
    }

    /// Asks the registry's API directly, as a token.
    pub fn get(&self, path: &str, token: &str) -> (u16, Json) {
        let url = format!("{}{path}", self.sandbox.url);
        self.runtime.block_on(async {
            let answer = http().get(url).bearer_auth(token).send().await.unwrap();
            (answer.status().as_u16(), answer.json().await.unwrap_or(Json::Null))
        })
    }

    /// Writes to the registry's API directly, as a token.
    pub fn post(&self, path: &str, token: &str, body: &Json) {
        let url = format!("{}{path}", self.sandbox.url);
        let status = self
            .runtime
            .block_on(async { http().post(url).bearer_auth(token).json(body).send().await.unwrap().status() });
        assert!(status.is_success(), "{path}: {status}");
    }
}

fn services() -> Arc<HostServices> {
    let services = Arc::new(HostServices::default());
    let pool = services.get::<QuayPool>();
    pool.set_retry(RetryPolicy { tries: 4, first_wait: Duration::from_millis(5), ..RetryPolicy::default() });
    services
}

fn http() -> reqwest::Client {
    let config = quaymaster::quay::tls::client_config(&quaymaster::quay::Trust::System).unwrap();
    reqwest::Client::builder().tls_backend_preconfigured(config).build().unwrap()
}

/// A return value as text, secret or not.
#[track_caller]
pub fn text(outcome: &Outcome, key: &str) -> String {
    outcome.values.get(key).unwrap_or_else(|| panic!("no {key} in {outcome:?}")).as_str().unwrap().to_owned()
}

/// The mode of a file.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
