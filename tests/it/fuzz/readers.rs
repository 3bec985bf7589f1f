//! The readers that are fuzzed: what they begin with and what they do with a text.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use quaymaster::diag::{Diagnostic, RenderStyle, SourceMap, render};
use quaymaster::inventory::Inventory;
use quaymaster::playbook::{Loader, LoaderOptions};
use quaymaster::template::{Delimiters, MapScope, Templar, TemplateFile};
use quaymaster::tree::{FileKind, Files};
use quaymaster::value::{Map, Redactor, Secret, Value};
use quaymaster::vault::{Envelope, VaultSecrets, read_document};
use quaymaster::yaml::{self, EmitOptions};

/// Something that reads text.
pub struct Reader {
    name: &'static str,
    /// Reads a text, shows all that it says about it, and sums up what came of it. The folder is for files of its own.
    pub read: fn(&str, &Path) -> String,
    /// Where the repository has inputs for it.
    pub folders: &'static [&'static str],
    /// Which of the files there are inputs.
    pub wants: fn(&Path) -> bool,
    /// Inputs besides.
    pub seeds: &'static [&'static str],
}

const READERS: &[Reader] = &[
    Reader {
        name: "yaml",
        read: read_yaml,
        folders: &["playbooks", "roles", "inventories", "tests/golden", "tests/differential"],
        wants: is_yaml,
        seeds: &[
            "a: &a [1, 2]\nb: *a\nc: {<<: {d: 1}, e: 2}\n? x\n: y\n",
            "- !!binary aGVsbG8=\n- !!set {a, b}\n- !!omap [a: 1]\n- !unsafe '{{ x }}'\n- 2001-12-14t21:59:43.10-05:00\n- 0o17\n- 1e3\n",
            "a: |+2\n    x\n   y\n\nb: >-\n  folded\n  text\n\n  more\n# end\n",
            "%YAML 1.1\n--- \"a\\x41\\u00e9\\\n  b\"\n...\n---\n'it''s'\n",
        ],
    },
    Reader {
        name: "playbook",
        read: read_playbook,
        folders: &["playbooks", "roles", "tests/golden", "tests/differential"],
        wants: is_yaml,
        seeds: &[
            "- hosts: all\n  roles:\n    - {role: x, when: y, tags: [z]}\n  tasks:\n    - include_tasks: site.yml\n    - import_tasks: site.yml\n",
        ],
    },
    Reader {
        name: "ini",
        read: read_ini,
        folders: &["inventories", "tests/golden"],
        wants: |path| has_ending(path, &["ini", "cfg"]) || path.file_name().is_some_and(|name| name == "hosts"),
        seeds: &[
            "# web*:!web1\n[web]\nweb[01:10:2].example.com ansible_port=22 a='x y' b=[1,2] # note\n[db]\ndb-[a:c] x=1\n[all:children]\nweb\ndb\n[web:vars]\nl={'a': (1, None), \"b\": u'x'}\nt=True\n",
            "[::1]:22\n[2001:db8::[1:f]]:2222\nuser@host:22\na b=c=d\n[g:children]\nh\n[h]\ni\n[h:vars]\nv = 0x1F\nw = 1_000\n",
        ],
    },
    Reader {
        name: "template",
        read: read_template,
        folders: &["roles", "tests/golden", "tests/differential", "tests/it/data"],
        wants: |path| has_ending(path, &["j2", "yml", "json"]),
        seeds: &[
            "{% for k, v in d.items() recursive %}{{ loop.index }}{{ loop(v) if v is mapping }}{% else %}-{% endfor %}",
            "{% macro m(a, b='x', *args, **kwargs) -%}{{ caller(a) if caller is defined else a }}{%- endmacro %}{% call(x) m(1) %}{{ x }}{% endcall %}",
            "{{ l | map('upper') | select('match', '^A') | list + [t[::-1], t.split(','), '%05.2f' % 3.14159, '{:>10}'.format(t)] }}",
            "{% set ns = namespace(x=0) %}{% for i in range(10) if i is odd %}{% set ns.x = ns.x + i ** 2 // 3 %}{% endfor %}{{ ns.x }}",
            "{{ d | combine({'a': {'b': 1}}, recursive=true, list_merge='append_rp') | dict2items | json_query('[?key==`a`].value | [0]') }}",
            "{{ t | regex_replace('(?P<x>a+)(?=b)', '\\\\g<x>') | regex_findall('\\\\w+') | zip(l, fillvalue=omit) | flatten(1) | to_nice_yaml(indent=4) }}",
            "{{ '192.168.0.0/24' | ipaddr('net') | ipsubnet(26, 1) }}{{ '1.2.3' is version('1.2', '>=', strict=true) }}{{ n | human_readable }}",
            "{% filter upper %}{% block b %}x{% endblock %}{% endfilter %}{% with a = 1 %}{{ a }}{% endwith %}{% raw %}{{ x }}{% endraw %}\n",
        ],
    },
    Reader {
        name: "vault",
        read: read_vault,
        folders: &["tests/data/vault"],
        wants: |_| true,
        seeds: &["$ANSIBLE_VAULT;1.1;AES256\n616263\n", "$ANSIBLE_VAULT;1.2;AES256;id\n36310a36320a3633\n"],
    },
];

/// The reader of a name.
pub fn find(name: &str) -> &'static Reader {
    READERS.iter().find(|reader| reader.name == name).unwrap()
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| endings.contains(&ending))
}

fn is_yaml(path: &Path) -> bool {
    has_ending(path, &["yml", "yaml"])
}

/// All diagnostics, drawn in both ways; their messages.
fn shown<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>, sources: &SourceMap) -> String {
    let mut messages = String::new();
    for diagnostic in diagnostics {
        assert!(!render(diagnostic, sources, RenderStyle::Plain).is_empty());
        assert!(!render(diagnostic, sources, RenderStyle::Colour).is_empty());
        messages.push_str(&diagnostic.message);
        messages.push('\n');
    }
    messages
}

/// What is read can be written, and read again to the same.
fn read_yaml(text: &str, _: &Path) -> String {
    let sources = SourceMap::new();
    let mut warnings = Vec::new();
    let result = yaml::parse(&sources, sources.add("input.yml", text), &mut warnings);
    let said = shown(warnings.iter().chain(result.as_ref().err().map(|error| &**error)), &sources);
    let Ok(documents) = result else { return said };
    for document in documents {
        let value = document.root.to_value();
        for options in [EmitOptions::terse(), EmitOptions::nice()] {
            let Ok(written) = yaml::emit(&value, &options) else { continue };
            let again = SourceMap::new();
            let id = again.add("again.yml", written.as_str());
            let read = yaml::parse_one(&again, id, &mut Vec::new()).unwrap_or_else(|error| {
                panic!("{}\nin what was written:\n{written}", render(&error, &again, RenderStyle::Plain))
            });
            if !said.contains("Vault") && !text.contains("!vault") {
                assert_eq!(repr(&read.to_value()), repr(&value), "read again:\n{written}");
            }
        }
    }
    said
}

/// As Python shows it, mappings in the order of their keys.
fn repr(value: &Value) -> String {
    match value {
        Value::List(items) => format!("{:?}", items.iter().map(repr).collect::<Vec<_>>()),
        Value::Map(map) => {
            let mut entries: Vec<String> = map.iter().map(|(key, item)| format!("{key:?}: {}", repr(item))).collect();
            entries.sort();
            format!("{entries:?}")
        }
        other => quaymaster::value::python_repr(other),
    }
}

/// The text as the only file there is.
#[derive(Debug)]
struct OneFile(String);

impl Files for OneFile {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if self.is_file(path) { Ok(self.0.clone().into_bytes()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        match path.to_str() {
            Some("site.yml" | "./site.yml") => Some(FileKind::File),
            Some("." | "") => Some(FileKind::Folder),
            _ => None,
        }
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Ok(vec!["site.yml".to_owned()])
    }

    fn mode(&self, _: &Path) -> Option<u32> {
        None
    }
}

fn read_playbook(text: &str, _: &Path) -> String {
    let sources = SourceMap::new();
    let templar = Templar::new(VaultSecrets::default(), Redactor::new());
    let loader = Loader::new(LoaderOptions {
        sources: sources.clone(),
        files: Arc::new(OneFile(text.to_owned())),
        templar: templar.with_context(BTreeMap::new(), Some(sources.clone())),
        extra_vars: Map::default(),
        roles_path: Vec::new(),
        collections_path: Vec::new(),
        library: Vec::new(),
        lists: false,
    });
    let result = loader.load_playbook("site.yml");
    let warnings = loader.take_warnings();
    shown(warnings.iter().chain(result.as_ref().err().into_iter().flatten()), &sources)
}

fn read_ini(text: &str, folder: &Path) -> String {
    let path = folder.join("input.ini");
    std::fs::write(&path, text).unwrap();
    let sources = SourceMap::new();
    let mut warnings = Vec::new();
    let result = Inventory::load(&[path.to_str().unwrap()], &sources, &VaultSecrets::default(), &mut warnings);
    let mut said = shown(warnings.iter().chain(result.as_ref().err().into_iter().flatten()), &sources);
    if let Ok(inventory) = result {
        // the first line as a pattern too
        let mut warnings = Vec::new();
        let pattern = text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
        let chosen = inventory.hosts_matching(pattern, &mut warnings);
        said += &shown(warnings.iter().chain(chosen.as_ref().err().map(|error| &**error)), &sources);
    }
    said
}

static VARIABLES: LazyLock<Map> = LazyLock::new(|| {
    let sources = SourceMap::new();
    let id = sources.add(
        "variables.yml",
        "x: 1\nn: 12345678901\nt: 'a,b;äöü'\nl: [b, a, 3, null]\nd: {a: {c: 2}, b: [1, 2]}\nf: 1.5\nr: '{{ r }}'\ny: '{{ d.a | combine({\"z\": t}) }}'\n",
    );
    let node = yaml::parse_one(&sources, id, &mut Vec::new()).unwrap();
    node.to_value().as_map().unwrap().clone()
});

fn read_template(text: &str, _: &Path) -> String {
    let templar = Templar::new(VaultSecrets::default(), Redactor::new());
    let file = TemplateFile {
        text,
        name: "input.j2",
        trim_blocks: true,
        lstrip_blocks: text.len().is_multiple_of(2),
        delimiters: Delimiters::default(),
    };
    let mut said = String::new();
    for result in [templar.check_file(&file), templar.check_syntax(text, None), templar.check_expression(text, None)] {
        if let Err(error) = result {
            said += &error.message;
        }
    }
    // a lookup could run a command, or write a file
    if ["lookup", "query", "q("].iter().any(|word| text.contains(word)) {
        return said;
    }
    let scope = MapScope(&VARIABLES);
    if let Err(error) = templar.render_file(&file, &Map::default(), &scope) {
        said += &error.message;
    }
    for result in [templar.render(&Value::template(text), &scope), templar.evaluate(text, None, &scope)] {
        match result {
            Ok(value) => said += value.type_name(),
            Err(error) => said += &error.message,
        }
    }
    said
}

fn read_vault(text: &str, _: &Path) -> String {
    let secrets = VaultSecrets::new(vec![("default".to_owned(), Secret::new("password"))]);
    let mut said = match Envelope::parse(text.as_bytes()) {
        Ok(envelope) => format!("{}", envelope.to_text().len()),
        Err(error) => error.to_string(),
    };
    let sources = SourceMap::new();
    let mut warnings = Vec::new();
    let result = read_document(&sources, "input.yml", text, &secrets, &mut warnings);
    said += &shown(warnings.iter().chain(result.as_ref().err().map(|error| &**error)), &sources);
    said
}
