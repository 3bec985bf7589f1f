//! Every command in README.md works, in the order it stands there.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::harness::{BINARY, Sandbox, copy_tree, root};

/// The lines of the `sh` blocks.
fn commands() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut commands = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match line.trim_end() {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside && !line.is_empty() => commands.push(line.to_owned()),
            _ => {}
        }
    }
    commands
}

#[test]
fn every_command_works() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["playbooks", "roles", "inventories"] {
        let target = folder.path().join(name);
        fs::create_dir(&target).unwrap();
        copy_tree(&root().join(name), &target, &[]);
    }
    fs::write(folder.path().join("vault-password"), "correct\n").unwrap();
    fs::write(folder.path().join("site.yml"), "- hosts: localhost\n  tasks:\n    - debug:\n").unwrap();
    let sandbox = Sandbox::start(&folder.path().join("registry"), &["--superuser".to_owned(), "admin".to_owned()]);
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let binaries = Path::new(BINARY).parent().unwrap();
    let mut run = 0;
    for command in commands() {
        if let Some(target) = command.strip_prefix("make ") {
            // they build, install and run this very test
            assert!(makefile.contains(&format!("\n{target}:")), "make has no target {target}");
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", binaries.display()))
            .env("HOME", folder.path())
            .env("QUAY_URL", &sandbox.url)
            .env("QUAY_TOKEN_DIR", folder.path().join("tokens"))
            .env("QUAY_ADMIN_PASSWORD", "readme-admin-password")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        run += 1;
    }
    assert!(run >= 8, "only {run} commands were found");
}

#[test]
fn exit_codes_are_those_of_the_program() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let exit = fs::read_to_string(root().join("src/diag/exit.rs")).unwrap();
    for line in exit.lines().filter(|line| line.contains("Self::") && line.contains("=>")) {
        let code = line.split("=>").nth(1).unwrap().trim().trim_end_matches(',');
        assert!(readme.contains(&format!("\n| {code} |")), "exit code {code} is not in the README");
    }
}
