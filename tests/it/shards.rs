//! One playbook in several runs beside each other, as `deploy/kubernetes/play.yaml` runs it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value as Json;

use super::harness::{quaymaster, root};

/// The manifest, read by quaymaster's own lookup.
fn manifest() -> Json {
    let folder = tempfile::tempdir().unwrap();
    let path = root().join("deploy/kubernetes/play.yaml");
    let playbook = format!(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - copy:\n        content: \"{{{{ lookup('file', '{}') | from_yaml | to_json }}}}\"\n        dest: out.json\n",
        path.display()
    );
    fs::write(folder.path().join("site.yml"), playbook).unwrap();
    let output = quaymaster(folder.path()).args(["play", "site.yml"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_str(&fs::read_to_string(folder.path().join("out.json")).unwrap()).unwrap()
}

#[test]
fn the_pods_of_the_job_share_the_hosts_out() {
    let job = manifest();
    let count = job["spec"]["completions"].as_u64().unwrap();
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["command"], serde_json::json!(["/quaymaster"]));
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..10).map(|n| format!("web{n}")).collect();
    fs::write(
        folder.path().join("hosts.ini"),
        format!("[all:vars]\nansible_connection=local\n[web]\n{}\n", names.join("\n")),
    )
    .unwrap();
    fs::write(folder.path().join("site.yml"), "- hosts: web\n  gather_facts: false\n  tasks:\n    - ping:\n").unwrap();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for index in 0..count {
        let args = container["args"].as_array().unwrap().iter().map(|word| {
            let word = word.as_str().unwrap().replace("$(JOB_COMPLETION_INDEX)", &index.to_string());
            word.replace("/playbook/", &format!("{}/", folder.path().display()))
        });
        let output = quaymaster(folder.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let event: Json = serde_json::from_str(line).unwrap();
            if let Some(host) = event["event"]["task_done"]["host"].as_str() {
                *seen.entry(host.to_owned()).or_default() += 1;
            }
        }
    }
    assert_eq!(seen, names.into_iter().map(|name| (name, 1)).collect());
}

#[test]
fn a_shard_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.yml"), "- hosts: all\n").unwrap();
    let output = quaymaster(folder.path()).args(["play", "-i", "a,", "site.yml", "--shard", "4/4"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("of 4 shards the last is `3/4`: they are counted from 0"), "{text}");
    assert_eq!(output.status.code(), Some(5));
}
