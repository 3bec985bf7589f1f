//! `quaymaster vault` there and back: what is random in its output cannot stand in a golden transcript.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use super::harness::quaymaster;

const PLAIN: &str = "token: s3cr3t é\n";

fn vault(dir: &Path, args: &[&str], stdin: &str) -> Output {
    let mut child = quaymaster(dir)
        .arg("vault")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn ok(dir: &Path, args: &[&str], stdin: &str) -> String {
    let output = vault(dir, args, stdin);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one"), "first\n").unwrap();
    fs::write(folder.path().join("two"), "second\n").unwrap();
    fs::write(folder.path().join("vars.yml"), PLAIN).unwrap();
    folder
}

#[test]
fn a_file_is_encrypted_edited_rekeyed_and_decrypted() {
    let folder = folder();
    let dir = folder.path();
    let file = dir.join("vars.yml");
    ok(dir, &["encrypt", "--vault-id", "prod@one", "vars.yml"], "");
    assert!(fs::read_to_string(&file).unwrap().starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    assert_eq!(ok(dir, &["view", "--vault-password-file", "one", "vars.yml"], ""), PLAIN);
    ok(dir, &["rekey", "--vault-password-file", "one", "--new-vault-password-file", "two", "vars.yml"], "");
    assert!(fs::read_to_string(&file).unwrap().starts_with("$ANSIBLE_VAULT;1.1;AES256\n"));
    assert_eq!(vault(dir, &["view", "--vault-password-file", "one", "vars.yml"], "").status.code(), Some(1));
    let edited = quaymaster(dir)
        .args(["vault", "edit", "--vault-password-file", "two", "vars.yml"])
        .env("EDITOR", "sed -i s/s3cr3t/changed/")
        .status()
        .unwrap();
    assert!(edited.success());
    ok(dir, &["decrypt", "--vault-password-file", "two", "vars.yml"], "");
    assert_eq!(fs::read_to_string(&file).unwrap(), "token: changed é\n");
}

#[test]
fn standard_input_is_encrypted_and_decrypted() {
    let folder = folder();
    let envelope = ok(folder.path(), &["encrypt", "--vault-password-file", "one"], PLAIN);
    assert_eq!(ok(folder.path(), &["decrypt", "--vault-password-file", "one"], &envelope), PLAIN);
    ok(folder.path(), &["decrypt", "--vault-password-file", "one", "--output", "out"], &envelope);
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap(), PLAIN);
}

#[test]
fn values_are_encrypted_as_variables() {
    let folder = folder();
    let dir = folder.path();
    let args = ["encrypt_string", "--vault-password-file", "one", "--stdin-name", "b", "-n", "a", "x", "-"];
    let output = vault(dir, &args, "y");
    let messages = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        messages,
        "# The encrypted version of variable (\"b\", the string #1 from stdin).\n\
         # The encrypted version of variable (\"a\", the string #2 from the command line args).\n"
    );
    let yaml = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = yaml.lines().filter(|line| line.ends_with("!vault |")).collect();
    assert_eq!(names, ["b: !vault |", "a: !vault |"]);
    let lines: Vec<&str> = yaml.lines().skip(1).take_while(|line| line.starts_with(' ')).map(str::trim).collect();
    let envelope = lines.join("\n");
    assert_eq!(ok(dir, &["decrypt", "--vault-password-file", "one"], &envelope), "y");
}
