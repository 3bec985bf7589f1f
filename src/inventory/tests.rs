use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::diag::{Diagnostics, RenderStyle, Severity, SourceMap, render};
use crate::value::{Key, Map, Secret, Value, python_repr};
use crate::vault::VaultSecrets;

struct Folder {
    dir: tempfile::TempDir,
    sources: SourceMap,
    secrets: VaultSecrets,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder =
            Self { dir: tempfile::tempdir().unwrap(), sources: SourceMap::new(), secrets: VaultSecrets::default() };
        for (path, text) in files {
            let path = folder.dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn try_load(&self, names: &[&str]) -> Result<(Inventory, Diagnostics), Diagnostics> {
        let inputs: Vec<String> =
            names.iter().map(|name| if name.contains(',') { (*name).to_owned() } else { self.path(name) }).collect();
        let mut warnings = Vec::new();
        Inventory::load(&inputs, &self.sources, &self.secrets, &mut warnings).map(|inventory| (inventory, warnings))
    }

    fn load(&self, names: &[&str]) -> Inventory {
        self.try_load(names).unwrap_or_else(|errors| panic!("{errors:?}")).0
    }

    /// The rendered errors, with the folder's own path taken out.
    fn errors(&self, names: &[&str]) -> String {
        let errors = self.try_load(names).err().unwrap();
        let shown: Vec<String> = errors.iter().map(|error| render(error, &self.sources, RenderStyle::Plain)).collect();
        shown.join("\n").replace(&format!("{}/", self.dir.path().display()), "")
    }
}

fn names(hosts: &[HostName]) -> Vec<&str> {
    hosts.iter().map(HostName::as_str).collect()
}

fn matching(inventory: &Inventory, pattern: &str) -> Vec<String> {
    let hosts = inventory.hosts_matching(pattern, &mut Vec::new()).unwrap();
    hosts.iter().map(ToString::to_string).collect()
}

fn vars(inventory: &Inventory, host: &str) -> String {
    let mut vars = inventory.host_variables(host, &[], &mut Vec::new()).unwrap();
    vars.sort_keys_by_name();
    python_repr(&Value::map(vars))
}

trait SortKeys {
    fn sort_keys_by_name(&mut self);
}

impl SortKeys for Map {
    fn sort_keys_by_name(&mut self) {
        self.sort_by(|a, _, b, _| a.to_string().cmp(&b.to_string()));
    }
}

const INI: &str = r#"
lonely ansible_host=10.0.0.9   # a comment
jump:2222 user='a b' l="[1, 2]" s="'7'"

[web]
web[01:03] a=1

[db]
db-[a:b]
web01 both=yes

[prod:children]
web
db

[eu:children]
prod
late

[late]
late1

[web:vars]
port = 80
text = {{ port }} # kept
ansible_group_priority = 10

[db:vars]
port = 81

[all:vars]
port = 1
"#;

#[test]
fn an_ini_file_is_read() {
    let folder = Folder::new(&[("hosts.ini", INI)]);
    let inventory = folder.load(&["hosts.ini"]);
    assert_eq!(
        names(&inventory.all_hosts()),
        ["lonely", "jump", "late1", "web01", "web02", "web03", "db-a", "db-b"],
        "Ansible's order: level by level"
    );
    assert_eq!(names(&inventory.hosts_of("eu")), ["late1", "web01", "web02", "web03", "db-a", "db-b"]);
    assert_eq!(names(&inventory.hosts_of("ungrouped")), ["lonely", "jump"]);
    assert_eq!(vars(&inventory, "jump"), "{'ansible_port': 2222, 'l': [1, 2], 'port': 1, 's': '7', 'user': 'a b'}");
    assert_eq!(
        vars(&inventory, "web01"),
        "{'a': 1, 'both': 'yes', 'port': 80, 'text': '{{ port }} # kept'}",
        "the higher priority wins over the name"
    );
    assert_eq!(vars(&inventory, "db-a"), "{'port': 81}");
    let groups: Vec<_> = inventory.groups_of("web01").iter().map(|group| (&*group.name, group.depth)).collect();
    assert_eq!(groups, [("all", 0), ("eu", 1), ("prod", 2), ("db", 3), ("web", 3)]);
    assert_eq!(
        inventory.group_names("web01").iter().map(AsRef::as_ref).collect::<Vec<_>>(),
        ["db", "eu", "prod", "web"]
    );
    assert_eq!(inventory.folder_of(inventory.host("jump").unwrap()).unwrap(), folder.dir.path());
}

#[test]
fn variables_keep_their_places_and_stay_templates() {
    let folder = Folder::new(&[("hosts", "web a='{{ x }}'\n[g]\n[g:vars]\nb = {{ y }}\n")]);
    let inventory = folder.load(&["hosts"]);
    let place = |value: &Value| match value {
        Value::Str(text) => {
            assert!(text.is_template());
            let location = folder.sources.location(text.span().unwrap()).unwrap();
            (location.line, location.column)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(place(&inventory.host("web").unwrap().vars["a"]), (1, 7));
    assert_eq!(place(&inventory.group("g").unwrap().vars["b"]), (4, 5));
}

const YAML: &str = "
all:
  hosts:
    top1:
    top[5:6]:2200: {v: x}
  vars: {g: all}
  children:
    web:
      hosts:
        w1: {v: 1}
        w2:
      vars: {g: web}
    app:
      children:
        web:
        back: {hosts: {b1: {v: [1, yes]}}}
      vars: {g: app}
    single: {hosts: b1}
    empty:
";

#[test]
fn a_yaml_file_is_read() {
    let folder = Folder::new(&[("hosts", YAML)]);
    let inventory = folder.load(&["hosts"]);
    assert_eq!(names(&inventory.all_hosts()), ["top1", "top5", "top6", "w1", "w2", "b1"]);
    assert_eq!(vars(&inventory, "top6"), "{'ansible_port': 2200, 'g': 'all', 'v': 'x'}");
    assert_eq!(vars(&inventory, "w1"), "{'g': 'web', 'v': 1}");
    assert_eq!(vars(&inventory, "b1"), "{'g': 'app', 'v': [1, True]}");
    assert_eq!(names(&inventory.hosts_of("single")), ["b1"]);
    assert_eq!(names(&inventory.hosts_of("ungrouped")), ["top1", "top5", "top6"]);
}

#[test]
fn folders_are_read_in_order_without_what_is_no_inventory() {
    let folder = Folder::new(&[
        ("inv/02.yml", "all: {hosts: {b: {x: 2}, a: {x: 2}}}\n"),
        ("inv/01-hosts", "a x=1\n"),
        ("inv/sub/more", "c\n"),
        ("inv/notes.txt", "junk junk junk\n"),
        ("inv/.hidden", "junk =\n"),
        ("inv/group_vars/all.yml", "y: 1\n"),
    ]);
    let inventory = folder.load(&["inv"]);
    assert_eq!(names(&inventory.all_hosts()), ["b", "a", "c"], "those of `all` itself come first");
    assert_eq!(vars(&inventory, "a"), "{'x': 2, 'y': 1}");
}

#[test]
fn lists_of_hosts_are_read() {
    let folder = Folder::new(&[]);
    let inventory = folder.load(&["a, b:22,[::1]:23,"]);
    assert_eq!(names(&inventory.all_hosts()), ["a", "b", "::1"]);
    assert_eq!(vars(&inventory, "b"), "{'ansible_port': 22}");
}

#[test]
fn variables_files_are_laid_over_in_the_documented_order() {
    let folder = Folder::new(&[
        ("inv/hosts", "[web]\nw1 f=host_ini\n[all:vars]\na=all_ini\nb=all_ini\n[web:vars]\nb=web_ini\nc=web_ini\n"),
        ("inv/group_vars/all/1.yml", "b: all_file\nc: all_file\nd: all_file\n"),
        ("inv/group_vars/all/2.json", "{\"d\": \"all_file_2\"}"),
        ("inv/group_vars/web.yaml", "e: web_file\nd2: web_file\nf: web_file\n"),
        ("inv/host_vars/w1", "g: host_file\nh: host_file\n"),
        ("play/group_vars/all.yml", "e: all_play\nd: all_play\n"),
        ("play/group_vars/web.yml", "d2: web_play\n"),
        ("play/host_vars/w1.yml", "h: host_play\n"),
    ]);
    let inventory = folder.load(&["inv/hosts"]);
    let play = Arc::new(VarsFolder::new(Path::new(&folder.path("play")), &folder.sources, &folder.secrets));
    let mut vars = inventory.host_variables("w1", &[play], &mut Vec::new()).unwrap();
    vars.sort_keys_by_name();
    assert_eq!(
        python_repr(&Value::map(vars)),
        "{'a': 'all_ini', 'b': 'all_file', 'c': 'all_file', 'd': 'all_play', 'd2': 'web_play', 'e': 'web_file', \
         'f': 'host_ini', 'g': 'host_file', 'h': 'host_play'}"
    );
}

#[test]
fn encrypted_files_are_opened_and_their_values_secret() {
    let mut folder = Folder::new(&[("hosts", "w1\nw2\n")]);
    folder.secrets = VaultSecrets::new(vec![("default".to_owned(), Secret::new("p"))]);
    let encrypted = folder.secrets.encrypt(b"token: hunter2\n", None).unwrap();
    fs::create_dir(folder.path("host_vars")).unwrap();
    fs::write(folder.path("host_vars/w1.yml"), &encrypted).unwrap();
    let inventory = folder.load(&["hosts"]);
    let vars = inventory.host_variables("w1", &[], &mut Vec::new()).unwrap();
    assert!(matches!(&vars["token"], Value::Str(text) if text.is_secret() && text.as_str() == "hunter2"));
    // without a password the other hosts can still be worked on
    folder.secrets = VaultSecrets::default();
    let inventory = folder.load(&["hosts"]);
    assert!(inventory.host_variables("w2", &[], &mut Vec::new()).is_ok());
    assert_eq!(
        inventory.host_variables("w1", &[], &mut Vec::new()).unwrap_err().message,
        "cannot decrypt this: a Vault password is needed"
    );
}

#[test]
fn an_encrypted_inventory_shows_nothing_in_messages() {
    let mut folder = Folder::new(&[]);
    folder.secrets = VaultSecrets::new(vec![("default".to_owned(), Secret::new("p"))]);
    let good = folder.secrets.encrypt(b"w1 token=hunter2\n", None).unwrap();
    fs::write(folder.path("good"), good).unwrap();
    let inventory = folder.load(&["good"]);
    assert!(matches!(&inventory.host("w1").unwrap().vars["token"], Value::Str(text) if text.is_secret()));
    let bad = folder.secrets.encrypt(b"w1\nw2 hunter2\n", None).unwrap();
    fs::write(folder.path("bad"), bad).unwrap();
    let shown = folder.errors(&["bad"]);
    assert!(shown.contains("a line of this encrypted inventory is not valid\n --> bad:2:4"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn patterns_select_hosts_as_ansible_does() {
    let folder = Folder::new(&[("hosts", INI)]);
    let inventory = folder.load(&["hosts"]);
    let cases: [(&str, &[&str]); 27] = [
        ("web", &["web01", "web02", "web03"]),
        ("web:db", &["web01", "web02", "web03", "db-a", "db-b"]),
        ("db,web", &["db-a", "db-b", "web01", "web02", "web03"]),
        ("web:!web01", &["web02", "web03"]),
        ("!web01,web", &["web02", "web03"]),
        ("web:&db", &["web01"]),
        ("&web", &["web01", "web02", "web03"]),
        ("!eu", &["lonely", "jump"]),
        ("web0*", &["web01", "web02", "web03"]),
        ("web0[12]*", &["web01", "web02"]),
        ("web[0]", &["web01"]),
        ("web[-1]", &["web03"]),
        ("web[1:]", &["web02", "web03"]),
        ("web[0:1]", &["web01", "web02"]),
        ("web[5:9]", &[]),
        ("~web0[23]", &["web02", "web03"]),
        ("~.*a$", &["db-a"]),
        ("l*", &["late1", "lonely"]),
        ("*", &["lonely", "jump", "late1", "web01", "web02", "web03", "db-a", "db-b"]),
        ("all[2]", &["late1"]),
        ("jump", &["jump"]),
        ("nope", &[]),
        ("nope:jump", &["jump"]),
        ("ungrouped", &["lonely", "jump"]),
        ("web01,web", &["web01", "web02", "web03"]),
        ("localhost", &["localhost"]),
        ("", &[]),
    ];
    for (pattern, expected) in cases {
        assert_eq!(matching(&inventory, pattern), expected, "{pattern}");
    }
}

#[test]
fn patterns_that_match_nothing_or_are_wrong_are_reported() {
    let folder = Folder::new(&[("hosts", INI)]);
    let inventory = folder.load(&["hosts"]);
    let mut warnings = Vec::new();
    inventory.hosts_matching("lonley:web", &mut warnings).unwrap();
    assert_eq!(warnings[0].message, "no host or group matches `lonley`");
    assert_eq!(warnings[0].help, ["did you mean `lonely`?"]);
    assert_eq!(warnings[0].severity, Severity::Warning);
    let error = inventory.hosts_matching("web[3]", &mut warnings).unwrap_err();
    assert_eq!(error.message, "there is no host `web[3]`");
    assert_eq!(error.help, ["`web` matches 3 hosts, counted from 0"]);
    assert!(
        inventory.hosts_matching("~(", &mut warnings).unwrap_err().message.contains("not a valid regular expression")
    );
}

#[test]
fn a_limit_narrows_a_selection() {
    let folder = Folder::new(&[("hosts", INI), ("list", "web02\n\n  db\n")]);
    let inventory = folder.load(&["hosts"]);
    let limited = |pattern: &str, limit: &str| {
        let hosts = inventory.hosts_matching(pattern, &mut Vec::new()).unwrap();
        let hosts = inventory.limited(hosts, &Limit::parse(limit).unwrap(), &mut Vec::new()).unwrap();
        hosts.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(limited("eu", "web:!web01"), ["web02", "web03"]);
    assert_eq!(limited("web", "!web01"), ["web02", "web03"]);
    assert_eq!(limited("eu", &format!("@{}", folder.path("list"))), ["web01", "web02", "db-a", "db-b"]);
    assert!(matches!(Limit::parse("@/does/not/exist"), Err(LimitError::Read { .. })));
}

#[test]
fn shards_share_the_hosts_out() {
    let folder = Folder::new(&[("hosts", INI)]);
    let inventory = folder.load(&["hosts"]);
    let part = |limit: &str, shard: &str| {
        let limit = Limit::parse(limit).unwrap().within_shard(shard.parse().unwrap(), &inventory).unwrap();
        let hosts = inventory.limited(inventory.all_hosts(), &limit, &mut Vec::new()).unwrap();
        hosts.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!([part("web", "0/2"), part("web", "1/2")], [vec!["web01", "web03"], vec!["web02"]]);
}

#[test]
fn hosts_are_put_in_order() {
    let order = |order: &str| {
        let mut hosts: Vec<HostName> = ["b", "a", "c"].into_iter().map(HostName::from).collect();
        HostOrder::parse(order).unwrap().apply(&mut hosts);
        hosts.iter().map(ToString::to_string).collect::<String>()
    };
    assert_eq!(["inventory", "reverse_inventory", "sorted", "reverse_sorted"].map(order), ["bac", "cab", "abc", "cba"]);
    assert_eq!(order("shuffle").len(), 3);
    assert_eq!(HostOrder::parse("random"), None);
}

#[test]
fn localhost_is_made_up_only_where_the_inventory_has_none() {
    let folder = Folder::new(&[("hosts", "web1\n[all:vars]\nx=1\n"), ("own", "[g]\n127.0.0.1 y=2\n")]);
    let inventory = folder.load(&["hosts"]);
    assert_eq!(matching(&inventory, "localhost"), ["localhost"]);
    assert_eq!(matching(&inventory, "all"), ["web1"], "the made-up one is not in `all`");
    assert!(inventory.host("localhost").unwrap().implicit);
    assert_eq!(vars(&inventory, "localhost"), "{'ansible_connection': 'local', 'x': 1}");
    assert!(inventory.group_names("localhost").is_empty());
    let inventory = folder.load(&["own"]);
    assert_eq!(matching(&inventory, "localhost"), ["127.0.0.1"], "any local name that is there stands for the others");
}

#[test]
fn hosts_and_groups_can_be_added_during_a_run() {
    let folder = Folder::new(&[("hosts", "w1\n")]);
    let mut inventory = folder.load(&["hosts"]);
    let vars: Map = [(Key::from("x"), Value::Int(1))].into_iter().collect();
    assert!(inventory.add_host("w2", &["new".to_owned()], vars.clone()));
    assert!(!inventory.add_host("w2", &["new".to_owned()], vars));
    assert_eq!(matching(&inventory, "new"), ["w2"]);
    assert_eq!(matching(&inventory, "ungrouped"), ["w1"]);
    assert!(inventory.add_group_member("w1", "by_os", &["linux".to_owned()]));
    assert!(!inventory.add_group_member("w1", "by_os", &["linux".to_owned()]));
    assert_eq!(matching(&inventory, "linux"), ["w1"]);
    assert_eq!(matching(&inventory, "ungrouped"), Vec::<String>::new());
    let groups = python_repr(&inventory.groups_value());
    assert_eq!(groups, "{'all': ['w2', 'w1'], 'ungrouped': [], 'new': ['w2'], 'by_os': ['w1'], 'linux': ['w1']}");
}

#[test]
fn slips_in_ini_files_are_explained() {
    let cases = [
        ("web x\n", "`x` is not a variable", "1:5"),
        ("web a='x\n", "the quote is not closed", "1:7"),
        ("web a=x\\\n", "nothing follows the backslash", "1:8"),
        ("[web db]\n", "this is not a valid section", "1:1"),
        ("[web:var]\n", "a section has no kind `var`", "1:1"),
        ("[web]\n[web:vars]\nport 80\n", "this is not a variable", "3:1"),
        ("[web:vars]\nport=80\n", "there is no group `web` to give variables to", "1:1"),
        ("[a:children]\nweb db\n", "this is not the name of a group", "2:1"),
        ("[wbe]\n[a:children]\nweb\n", "there is no group `web`", "3:1"),
        ("[a:children]\nb\n[b:children]\na\n", "this child already holds the group it is put into", "4:1"),
        ("[a:children]\na\n", "a group cannot be its own child", "2:1"),
        ("web[1:x]\n", "`x` is neither a number nor a letter", "1:1"),
        ("web:\n", "a host name does not end in a colon; a port follows it", "1:1"),
        ("[a]\n[a:vars]\nansible_group_priority=high\n", "`ansible_group_priority` is a whole number", "3:24"),
    ];
    for (text, message, place) in cases {
        let folder = Folder::new(&[("hosts.ini", text)]);
        let errors = folder.try_load(&["hosts.ini"]).err().unwrap_or_else(|| panic!("accepted: {text}"));
        let found = folder.sources.location(errors[0].span().unwrap()).unwrap();
        assert_eq!((errors[0].message.as_str(), format!("{}:{}", found.line, found.column).as_str()), (message, place));
    }
}

#[test]
fn all_errors_of_all_sources_are_found() {
    let folder = Folder::new(&[
        ("one.ini", "web x\ndb y\n"),
        ("two.yml", "all:\n  hosts: [a, b]\n"),
        ("three.yml", "all:\n  hosts:\n    3:\n  host:\n"),
        ("group_vars/all.yml", "- a\n"),
    ]);
    let errors = folder.try_load(&["one.ini", "two.yml", "three.yml", "missing"]).err().unwrap();
    let messages: Vec<_> = errors.iter().map(|error| error.message.replace(&folder.path(""), "")).collect();
    assert_eq!(
        messages,
        [
            "`x` is not a variable",
            "`y` is not a variable",
            "`hosts` of the group `all` is a mapping",
            "a host name is a text",
            "the inventory `missing` does not exist",
            "a variables file holds a mapping, not a list",
        ]
    );
}

#[test]
fn what_is_not_supported_is_named() {
    let folder = Folder::new(&[
        ("script", "#!/bin/sh\necho {}\n"),
        ("x.toml", "[web\n"),
        ("plugin.yml", "plugin: amazon.aws.aws_ec2\n"),
    ]);
    let errors = folder.try_load(&["script", "x.toml", "plugin.yml"]).err().unwrap();
    let codes: Vec<_> = errors.iter().map(|error| error.code.0).collect();
    assert_eq!(codes, ["inventory-script", "inventory", "inventory-plugin"]);
}

#[test]
fn an_error_shows_its_line() {
    let folder = Folder::new(&[("hosts.ini", "[web]\nweb1 port=80 fast\n")]);
    assert_eq!(
        folder.errors(&["hosts.ini"]),
        "error[inventory]: `fast` is not a variable\n --> hosts.ini:2:14\n  |\n2 | web1 port=80 fast\n  |              ^^^^\n  |\n  \
         = help: behind a host stand `name=value` pairs; a value with blanks needs quotes; each host has its own line"
    );
}

#[test]
fn the_inventory_is_shown_as_ansible_inventory_does() {
    let folder = Folder::new(&[("hosts", "lone\n[web]\nw1 x=1\n[web:vars]\ny=2\n[p:children]\nweb\n")]);
    let inventory = folder.load(&["hosts"]);
    let hosts = inventory.all_hosts();
    let mut warnings = Vec::new();
    let list = |vars, warnings: &mut Diagnostics| {
        Exporter::new(&inventory, &[], vars, warnings).list(&hosts).unwrap().to_string()
    };
    assert_eq!(
        list(ExportVars::Flattened, &mut warnings),
        r#"{"_meta":{"hostvars":{"w1":{"x":1,"y":2}}},"all":{"children":["ungrouped","p"]},"p":{"children":["web"]},"ungrouped":{"hosts":["lone"]},"web":{"hosts":["w1"]}}"#
    );
    assert_eq!(
        list(ExportVars::Separate, &mut warnings),
        r#"{"_meta":{"hostvars":{"w1":{"x":1}}},"all":{"children":["ungrouped","p"]},"p":{"children":["web"]},"ungrouped":{"hosts":["lone"]},"web":{"hosts":["w1"],"vars":{"y":2}}}"#
    );
    let mut exporter = Exporter::new(&inventory, &[], ExportVars::Flattened, &mut warnings);
    assert_eq!(
        exporter.graph(inventory.group("all").unwrap(), true).unwrap(),
        "@all:\n  |--@ungrouped:\n  |  |--lone\n  |--@p:\n  |  |--@web:\n  |  |  |--w1\n  |  |  |  |--{x = 1}\n  |  |  |  |--{y = 2}\n  |  |  |--{y = 2}\n"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn no_ini_text_makes_the_reader_panic(text in "(\\[?[a-z]{0,3}(:(vars|children|x))?\\]?|a\\[1:3\\]| |\n|=|'|\"|#|\\\\|é|:|\\{|[0-9]){0,40}") {
        let folder = Folder::new(&[("hosts.ini", &text)]);
        drop(folder.try_load(&["hosts.ini"]));
    }

    #[test]
    fn no_pattern_makes_the_selection_panic(pattern in "([a-z*?!&~:,.\\[\\]()|\\\\-]|web|[0-9]|é){0,20}") {
        let folder = Folder::new(&[("hosts", INI)]);
        drop(folder.load(&["hosts"]).hosts_matching(&pattern, &mut Vec::new()));
    }
}
