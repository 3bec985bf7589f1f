//! The cases as they stand in the files of `tests/differential/`.

use std::fmt;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::harness::{root, split_words};

/// The inventory of a case that has no file `hosts` of its own.
const HOSTS: &str = "[web]\na\nb\n\n[db]\nc\n\n[all:vars]\nansible_connection=local\n";

/// A chapter of Ansible's documentation: one file of cases.
pub struct Chapter {
    pub title: String,
    pub cases: Vec<Case>,
}

/// One documented behaviour.
#[derive(Clone)]
pub struct Case {
    pub chapter: String,
    pub title: String,
    /// File and line, for reports.
    place: String,
    /// Path and text of each file of the case's folder.
    pub files: Vec<(String, String)>,
    /// The words after `ansible-playbook` and `quaymaster play` of each command.
    pub runs: Vec<Vec<String>>,
    pub env: Vec<(String, String)>,
    /// What every command reads.
    pub stdin: String,
    /// Why the two do not agree, where that is known.
    pub differs: Option<String>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.chapter, self.title, self.place)
    }
}

/// All chapters in the order of their files' names.
pub fn chapters() -> Vec<Chapter> {
    let mut files: Vec<_> = fs::read_dir(root().join("tests/differential"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Chapter {
    let name = path.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let title =
        lines.next().and_then(|line| line.strip_prefix("#: chapter ")).expect("the first line names the chapter");
    let mut cases: Vec<Case> = Vec::new();
    // prose before the first case belongs to nobody
    let mut indent = "";
    for (number, line) in lines.enumerate() {
        let place = format!("{name}:{}", number + 2);
        if let Some(rest) = line.strip_prefix("#: ") {
            let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            if word == "case" {
                cases.push(Case {
                    chapter: title.to_owned(),
                    title: rest.to_owned(),
                    place,
                    files: vec![("site.yml".to_owned(), String::new())],
                    runs: Vec::new(),
                    env: Vec::new(),
                    stdin: String::new(),
                    differs: None,
                });
                indent = "";
                continue;
            }
            let case = cases.last_mut().unwrap_or_else(|| panic!("{place}: no case yet"));
            match word {
                "run" => case.runs.push(split_words(rest)),
                "env" => case.env.push(rest.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap()),
                "stdin" => case.stdin = rest.replace("\\n", "\n"),
                "differs" => case.differs = Some(rest.to_owned()),
                "tasks" => {
                    let hosts = if rest.is_empty() { "a" } else { rest };
                    let site = &mut case.files.last_mut().unwrap().1;
                    let _ = writeln!(site, "- hosts: {hosts}\n  gather_facts: false\n  tasks:");
                    indent = "    ";
                }
                "file" => {
                    case.files.push((rest.to_owned(), String::new()));
                    indent = "";
                }
                "site" => {
                    let site = case.files.remove(0);
                    case.files.push(site);
                    indent = "";
                }
                _ => panic!("{place}: unknown word {word}"),
            }
        } else if let Some(case) = cases.last_mut() {
            let text = &mut case.files.last_mut().unwrap().1;
            if !line.is_empty() {
                text.push_str(indent);
            }
            text.push_str(line);
            text.push('\n');
        }
    }
    for case in &mut cases {
        case.complete();
    }
    Chapter { title: title.to_owned(), cases }
}

impl Case {
    /// The same with its hosts behind an agent, as hosts elsewhere are; nothing where no host is told to be local.
    pub fn behind_an_agent(&self) -> Option<Self> {
        let mut other = self.clone();
        for (_, text) in &mut other.files {
            for (here, there) in
                [("ansible_connection=local", "ansible_connection=agent"), ("connection: local", "connection: agent")]
            {
                *text = text.replace(here, there);
            }
        }
        (other.files != self.files).then_some(other)
    }

    fn complete(&mut self) {
        for (_, text) in &mut self.files {
            text.truncate(text.trim_end_matches('\n').len());
            if !text.is_empty() {
                text.push('\n');
            }
        }
        if !self.files.iter().any(|(path, _)| path == "hosts") {
            self.files.push(("hosts".to_owned(), HOSTS.to_owned()));
        }
        if self.runs.is_empty() {
            self.runs.push(Vec::new());
        }
        for run in &mut self.runs {
            if !run.iter().any(|word| word == "-i") {
                run.splice(0..0, ["-i", "hosts"].map(str::to_owned));
            }
            if !run.iter().any(|word| Path::new(word).extension().is_some_and(|extension| extension == "yml")) {
                run.push("site.yml".to_owned());
            }
        }
    }

    /// Writes the case's files below `dir`.
    pub fn unpack(&self, dir: &Path) {
        for (path, text) in &self.files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            if text.starts_with("#!") {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }

    /// All that an answer depends on, as text.
    pub fn identity(&self) -> String {
        format!("{:?}", (&self.files, &self.runs, &self.env, &self.stdin))
    }
}
