//! `docs/sandbox-coverage.md` is what the contract and the sandbox's table of handlers say.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use quaymaster::quay::contract::endpoints::ALL;
use quaymaster::quay::contract::{Endpoint, OTHERS};
use quaymaster::sandbox::api;

/// Answered by the registry part of the sandbox, not by the table of handlers.
const REGISTRY: &[&str] = &["registryToken"];

fn table() -> String {
    let covered =
        |endpoint: &Endpoint| REGISTRY.contains(&endpoint.operation) || api::handler(endpoint.operation).is_some();
    let mut endpoints: Vec<&Endpoint> = ALL.iter().copied().chain(OTHERS).collect();
    endpoints.sort_by_key(|endpoint| (endpoint.path, endpoint.method));
    let count = endpoints.iter().filter(|endpoint| covered(endpoint)).count();
    let mut out = format!(
        "# What the sandbox covers\n\n{count} of the {} endpoints of Quay that are known here. The others answer 501 with the \
         endpoint's name. Besides these, the OCI distribution API under `/v2/` is served.\n\nAuto-prune policies are kept and \
         served, but nothing prunes by them. Nothing is mailed. Mirrors and proxy caches have their repository states only.\n\n\
         | method | path | operation | covered |\n|---|---|---|---|\n",
        endpoints.len()
    );
    for endpoint in endpoints {
        let mark = if covered(endpoint) { "yes" } else { "501" };
        writeln!(out, "| {} | `{}` | {} | {mark} |", endpoint.method, endpoint.path, endpoint.operation).unwrap();
    }
    out
}

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sandbox-coverage.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, table()).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(page == table(), "docs/sandbox-coverage.md is out of date: run this test with UPDATE_GOLDEN=1");
}
