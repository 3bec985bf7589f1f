//! Secrecy, origin, errors and files of templates.

use std::path::PathBuf;

use proptest::prelude::*;
use quaymaster::diag::{SourceMap, Span};
use quaymaster::template::{Delimiters, MapScope, Scope, Templar, TemplateError, TemplateFile};
use quaymaster::value::{Key, Map, Redactor, Text, Value};
use quaymaster::vault::VaultSecrets;

fn templar() -> Templar {
    Templar::new(VaultSecrets::default(), Redactor::new())
}

fn vars(entries: &[(&str, Value)]) -> Map {
    entries.iter().map(|(name, value)| (Key::from(*name), value.clone())).collect()
}

fn render(template: &str, vars: &Map) -> Result<Value, TemplateError> {
    templar().render(&Value::template(template), &MapScope(vars))
}

fn secret(value: &Value) -> bool {
    matches!(value, Value::Str(text) if text.is_secret())
}

#[test]
fn what_is_made_of_a_secret_is_secret_and_redacted() {
    let vars = vars(&[
        ("pw", Value::secret("hunter2-hunter2")),
        ("user", Value::map(vars(&[("name", Value::data("bob")), ("pw", Value::secret("hunter2-hunter2"))]))),
    ]);
    let templar = templar();
    let render = |text: &str| templar.render(&Value::template(text), &MapScope(&vars)).unwrap();
    for derived in [
        "{{ pw }}",
        "x{{ pw }}",
        "{{ pw | b64encode }}",
        "{{ pw.upper() }}",
        "{{ 'a' ~ pw }}",
        "{{ [pw, 'x'] | join(',') }}",
        "{{ user | to_json }}",
        "{{ '%s' % pw }}",
        "{{ pw[0:8] }}",
        "{{ (pw | split('-')) | first }}",
    ] {
        assert!(secret(&render(derived)), "{derived} should be secret");
    }
    // parts keep their own flags, and what says nothing of the secret is none
    assert!(!secret(&render("{{ user.name }}")));
    assert!(!secret(&render("{{ ([user] | first).name }}")));
    assert!(!secret(&render("{{ (pw | length > 3) | ternary('long', 'short') }}")));
    let whole = render("{{ user | combine({'x': 'y'}) }}");
    assert!(
        secret(whole.get("pw").unwrap()) && !secret(whole.get("name").unwrap()) && !secret(whole.get("x").unwrap())
    );
    // what was made of it is known to the redactor
    let _ = render("{{ pw | b64encode }}");
    assert!(!templar.redactor().redact("aHVudGVyMi1odW50ZXIy").contains("aHVu"));
}

#[test]
fn errors_never_show_secrets() {
    let vars = vars(&[("pw", Value::secret("hunter2-hunter2"))]);
    for template in
        ["{{ pw | from_json }}", "{{ pw.nope }}", "{{ {'a': 1}[pw] }}", "{{ pw | human_to_bytes }}", "{{ pw + 1 }}"]
    {
        let error = render(template, &vars).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{template}: {error:?}");
    }
}

#[test]
fn data_is_never_rendered_and_templates_are_rendered_when_read() {
    let vars = vars(&[
        ("data", Value::data("{{ n }}")),
        ("text", Value::template("{{ n }}")),
        ("n", Value::Int(3)),
        ("deep", Value::list(vec![Value::template("{{ n + 1 }}"), Value::data("{{ n }}")])),
    ]);
    assert_eq!(render("{{ data }}", &vars).unwrap(), Value::data("{{ n }}"));
    assert_eq!(render("{{ text }}", &vars).unwrap(), Value::Int(3));
    assert_eq!(render("{{ deep }}", &vars).unwrap(), Value::list(vec![Value::Int(4), Value::data("{{ n }}")]));
    // what a template yields is data
    let Value::Str(text) = render("{{ '{{' }} n }}", &vars).unwrap() else { panic!("text expected") };
    assert!(!text.is_template());
}

#[test]
fn loops_are_found_and_named() {
    let vars = vars(&[
        ("a", Value::template("{{ b }}")),
        ("b", Value::template("x{{ c.d }}")),
        ("c", Value::map(vars(&[("d", Value::template("{{ a }}"))]))),
        ("e", Value::map(vars(&[("f", Value::template("{{ e.f }}"))]))),
    ]);
    let error = render("{{ a }}", &vars).unwrap_err();
    assert!(error.message.contains("recursive loop"), "{error}");
    assert!(error.help.unwrap().contains("`a` -> `b` -> `a`"));
    assert!(render("{{ e }}", &vars).unwrap_err().message.contains("recursive loop"));
}

#[test]
fn what_is_undefined_is_named_placed_and_guessed() {
    let vars = vars(&[
        ("registry", Value::map(vars(&[("hostname", Value::data("h"))]))),
        ("outer", Value::template("{{ inner }}")),
    ]);
    let error = render("a {{ registri }}", &vars).unwrap_err();
    assert_eq!(error.message, "'registri' is undefined");
    assert!(error.undefined);
    assert_eq!(error.help.as_deref(), Some("did you mean `registry`?"));
    assert_eq!((error.range, error.position), (Some((5, 13)), Some((1, 6))));
    let error = render("{{ registry.hostnam }}", &vars).unwrap_err();
    assert_eq!(error.message, "object of type 'dict' has no attribute 'hostnam'");
    assert_eq!(error.help.as_deref(), Some("did you mean `hostname`?"));
    let error = render("{{ outer }}", &vars).unwrap_err();
    assert_eq!(error.help.as_deref(), Some("it is needed for the value of `outer`"));
}

#[test]
fn spans_point_into_the_source() {
    let source = "msg: \"a {{ nope }}\"\nblock: |\n  b\n  {{ alas }}\n";
    let sources = SourceMap::new();
    let id = sources.add("play.yml", source);
    let templar = templar().with_context(std::collections::BTreeMap::default(), Some(sources.clone()));
    let place = |text: &str, start: usize, end: usize| {
        let text = Text::template(text, Some(Span::new(id, start, end)));
        let error = templar.render(&Value::Str(text), &MapScope(&Map::new())).unwrap_err();
        sources.location(error.span.unwrap()).unwrap().to_string()
    };
    assert_eq!(place("a {{ nope }}", 5, 19), "play.yml:1:12");
    let block = source.find('|').unwrap();
    assert_eq!(place("b\n{{ alas }}\n", block, source.len()), "play.yml:4:6");
}

#[test]
fn conditions_are_loose_about_types_and_strict_about_names() {
    let vars = vars(&[
        ("l", Value::list(vec![Value::Int(1)])),
        ("e", Value::empty_map()),
        ("yes_text", Value::template("{{ l | length > 0 }}")),
    ]);
    let templar = templar();
    let holds = |condition: Value| templar.condition(&condition, &MapScope(&vars));
    assert!(holds(Value::template("l")).unwrap());
    assert!(!holds(Value::template("e")).unwrap());
    assert!(holds(Value::template("{{ l }}")).unwrap());
    assert!(holds(Value::template("yes_text")).unwrap());
    assert!(
        holds(Value::list(vec![Value::template("l"), Value::Bool(true), Value::template("l is defined")])).unwrap()
    );
    assert!(!holds(Value::list(vec![Value::template("e"), Value::template("nope")])).unwrap());
    assert!(holds(Value::template("nope")).unwrap_err().undefined);
    assert!(holds(Value::template("'a\\\\b' is search('a.b')")).unwrap());
}

#[test]
fn syntax_is_checked_without_variables() {
    let templar = templar();
    let message = |text: &str| templar.check_syntax(text, None).unwrap_err();
    assert!(templar.check_syntax("{{ a.b | default('x') | to_json }}", None).is_ok());
    assert!(templar.check_syntax("no { template", None).is_ok());
    assert!(message("{{ a").message.contains("syntax"));
    let unknown = message("{% if false %}{{ a | to_jsn }}{% endif %}");
    assert_eq!(unknown.message, "there is no filter `to_jsn`");
    assert_eq!(unknown.help.as_deref(), Some("did you mean `to_json`?"));
    assert_eq!(unknown.position, Some((1, 22)));
    assert!(message("{{ a is definde }}").help.unwrap().contains("defined"));
    assert!(message("{% do f() %}").message.contains("there is no tag `do`"));
    assert!(templar.check_expression("a is defined and b", None).is_ok());
    assert!(templar.check_expression("a ==", None).is_err());
}

#[test]
fn omitted_entries_are_left_out() {
    let value = Value::map(vars(&[
        ("a", Value::template("{{ nope | default(omit) }}")),
        ("b", Value::list(vec![Value::template("{{ omit }}"), Value::Int(1)])),
    ]));
    let rendered = templar().render(&value, &MapScope(&Map::new())).unwrap();
    assert_eq!(rendered, Value::map(vars(&[("b", Value::list(vec![Value::Int(1)]))])));
    assert!(Templar::is_omit(&render("{{ omit }}", &Map::new()).unwrap()));
}

struct Folder(Map, PathBuf);

impl Scope for Folder {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn search_path(&self, _: &str) -> Vec<PathBuf> {
        vec![self.1.clone()]
    }

    fn hosts(&self) -> Vec<String> {
        vec!["web".to_owned()]
    }

    fn host(&self, name: &str) -> Option<Box<dyn Scope + '_>> {
        (name == "web").then(|| {
            let own = vars(&[("port", Value::template("{{ base + 1 }}")), ("base", Value::Int(8000))]);
            Box::new(Folder(own, self.1.clone())) as Box<dyn Scope>
        })
    }
}

#[test]
fn files_include_import_and_extend_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("part.j2", "[{{ x }}{{ n }}]\n");
    write("macros.j2", "{% macro pair(a, b=2) %}{{ a }}={{ b }}{% endmacro %}{% set limit = 9 %}");
    write("base.j2", "head\n{% block body %}base{% endblock %}\nfoot\n");
    write("bad.j2", "fine\n{{ nope.x }}\n");
    let scope = Folder(vars(&[("n", Value::Int(3))]), folder.path().to_owned());
    let templar = templar();
    let file = |text: &str| {
        let file = TemplateFile {
            text,
            name: "main.j2",
            trim_blocks: true,
            lstrip_blocks: false,
            delimiters: Delimiters::default(),
        };
        templar.render_file(&file, &Map::new(), &scope).map(|text| text.to_string())
    };
    assert_eq!(file("{% set x = 1 %}\na{% include 'part.j2' %}b\n").unwrap(), "a[13]b\n");
    assert_eq!(file("{% include ['none.j2', 'part.j2'] ignore missing %}").unwrap_err().message, "'x' is undefined");
    assert_eq!(file("{% include 'none.j2' ignore missing %}x").unwrap(), "x");
    assert_eq!(file("{% from 'macros.j2' import pair %}{{ pair('k') }}").unwrap(), "k=2");
    assert_eq!(file("{% import 'macros.j2' as m %}{{ m.pair('k', b=m.limit) }}").unwrap(), "k=9");
    let child = "{% extends 'base.j2' %}{% block body %}<{{ super() }} {{ n }}>{% endblock %}";
    assert_eq!(file(child).unwrap(), "head\n<base 3>foot");
    assert_eq!(file("{% for i in [1, 2] %}\n{{ i }}\n{% endfor %}\n").unwrap(), "1\n2\n");
    let error = file("{% include 'bad.j2' %}").unwrap_err();
    assert!(error.file.unwrap().ends_with("bad.j2"));
    assert_eq!(error.position, Some((2, 4)));
    assert_eq!(file("{{ hostvars['web'].port }} {{ hostvars.web['port'] }}").unwrap(), "8001 8001");
    assert_eq!(file("{{ hostvars['db'].port | default('none') }} {{ 'web' in hostvars }}").unwrap(), "none True");
    assert!(file("{% include 'main-none.j2' %}").unwrap_err().message.contains("was not found"));
}

#[test]
fn a_password_is_drawn_once_and_kept_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/pw");
    let vars = vars(&[("path", Value::data(path.display().to_string()))]);
    let first = render("{{ lookup('password', path ~ ' length=12 chars=digits') }}", &vars).unwrap();
    assert!(secret(&first));
    assert_eq!(first.as_str().unwrap().len(), 12);
    assert_eq!(render("{{ lookup('password', path) }}", &vars).unwrap(), first);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn tables_are_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), "a,b,c\nx,\"y, z\",w\n").unwrap();
    std::fs::write(folder.path().join("t.ini"), "[global]\nfoo=bar\n[s]\nn=5\n").unwrap();
    let scope = Folder(Map::new(), folder.path().to_owned());
    let ask = |text: &str| templar().render(&Value::template(text), &scope).unwrap();
    assert_eq!(ask("{{ lookup('csvfile', 'x file=t.csv delimiter=,') }}"), Value::data("y, z"));
    assert_eq!(ask("{{ lookup('csvfile', 'q', file='t.csv', delimiter=',', default='d') }}"), Value::data("d"));
    assert_eq!(ask("{{ lookup('ini', 'foo', file='t.ini') }}"), Value::data("bar"));
    assert_eq!(ask("{{ lookup('ini', 'n section=s file=t.ini') }}"), Value::data("5"));
    assert_eq!(
        ask("{{ query('fileglob', '*.csv') | map('basename') | list }}"),
        Value::list(vec![Value::data("t.csv")])
    );
    assert_eq!(ask("{{ lookup('first_found', ['none', 't.ini']) | basename }}"), Value::data("t.ini"));
    assert_eq!(ask("{{ lookup('file', 't.ini') | length }}"), Value::Int(24));
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    for template in [
        format!("{{{{ {}1{} }}}}", "(".repeat(500), ")".repeat(500)),
        format!("{{{{ {}1 }}}}", "1 + ".repeat(5000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(5000)),
        format!("{{{{ {}1 }}}}", "- ".repeat(5000)),
        format!("{{{{ a{} }}}}", ".b".repeat(5000)),
        format!("{{% if a %}}{}{{% endif %}}", "{% elif b %}".repeat(5000)),
        "{% if a %}".repeat(5000),
        format!("{{{{ {}2 }}}}", "1 if a else ".repeat(5000)),
    ] {
        assert!(templar().check_syntax(&template, None).is_err());
    }
}

/// `cargo test --release --test it simple_renders -- --ignored --nocapture` tells how long a render takes.
#[test]
#[ignore = "a measurement, not a test"]
fn simple_renders_take_microseconds() {
    let vars = vars(&[
        ("a", Value::data("x")),
        ("b", Value::template("{{ a }}-{{ a }}")),
        ("l", Value::list((0..10).map(Value::Int).collect())),
    ]);
    let templar = templar();
    for text in [
        "{{ a }}",
        "pre {{ a }} post",
        "{{ b }}",
        "{{ l | map('string') | join(',') }}",
        "{{ a is defined and a == 'x' }}",
    ] {
        let value = Value::template(text);
        let start = std::time::Instant::now();
        for _ in 0..20_000 {
            templar.render(&value, &MapScope(&vars)).unwrap();
        }
        println!("{text}: {:?}", start.elapsed() / 20_000);
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,60}", inside in "[a-z0-9 .|(){}'\"%~+*/=<>,:\\[\\]\\\\-]{0,40}") {
        let vars = vars(&[("a", Value::Int(1)), ("b", Value::data("x")), ("c", Value::list(vec![Value::Int(1)]))]);
        for template in [text.clone(), format!("{{{{ {inside} }}}}"), format!("{{% {inside} %}}{text}"), format!("{text}{{{{ a | {inside} }}}}")] {
            let _ = templar().check_syntax(&template, None);
            // a lookup could run what was made up
            if !template.contains("lookup") && !template.contains("query") && !template.contains('q') {
                let _ = render(&template, &vars);
            }
        }
    }

    #[test]
    fn text_without_markers_is_itself(text in "[^{]{0,80}") {
        prop_assert_eq!(render(&text, &Map::new()).unwrap(), Value::data(text));
    }

    #[test]
    fn data_passes_through_unchanged(text in ".{0,80}") {
        let vars = vars(&[("x", Value::data(text.as_str()))]);
        prop_assert_eq!(render("{{ x }}", &vars).unwrap(), Value::data(text.as_str()));
        prop_assert_eq!(render("<{{ x }}>", &vars).unwrap(), Value::data(format!("<{text}>")));
        prop_assert_eq!(render("{{ x | to_json | from_json }}", &vars).unwrap(), Value::data(text.as_str()));
        prop_assert_eq!(render("{{ x | b64encode | b64decode }}", &vars).unwrap(), Value::data(text.as_str()));
    }
}

#[test]
fn a_file_may_have_delimiters_of_its_own() {
    let templar = templar();
    let vars = vars(&[("n", Value::Int(3))]);
    let mut delimiters = Delimiters::default();
    assert!(delimiters.set("variable_start_string", "<<") && delimiters.set("variable_end_string", ">>"));
    assert!(!delimiters.set("nope_string", "x"));
    let text = "{{ n }} << n >>\n";
    let file = TemplateFile { text, name: "a.j2", trim_blocks: true, lstrip_blocks: false, delimiters };
    assert_eq!(templar.render_file(&file, &Map::new(), &MapScope(&vars)).unwrap().as_str(), "{{ n }} 3\n");
}

#[test]
fn a_header_sets_how_a_file_is_read_and_places_count_from_its_top() {
    let templar = templar();
    let vars = vars(&[("n", Value::Int(3))]);
    let file = |text| TemplateFile {
        text,
        name: "a.j2",
        trim_blocks: true,
        lstrip_blocks: false,
        delimiters: Delimiters::default(),
    };
    let text = "#jinja2: trim_blocks: False, variable_start_string: '[%', variable_end_string: '%]'\n{% if true %}\n[% n %]{% endif %}";
    let rendered = templar.render_file(&file(text), &Map::new(), &MapScope(&vars)).unwrap();
    assert_eq!(rendered.as_str(), "\n3");
    for broken in ["#jinja2: lstrip_blocks: True\n\n{{ nope }}", "#jinja2: lstrip_blocks: True\n\n{{ n +* }}"] {
        let error = templar.render_file(&file(broken), &Map::new(), &MapScope(&vars)).unwrap_err();
        assert_eq!(error.position.map(|(line, _)| line), Some(3), "{error}");
    }
}

/// Answers every request with the same page.
struct Page;

impl quaymaster::template::Outside for Page {
    fn fetch(&self, fetch: &quaymaster::template::Fetch) -> Result<String, String> {
        if fetch.url.ends_with("/gone") { Err("cannot fetch it: 410".to_owned()) } else { Ok("a\nb\n".to_owned()) }
    }

    fn setting(&self, name: &str, _: Option<&quaymaster::template::Plugin>) -> Option<(Value, String)> {
        (name == "DEFAULT_FORKS").then(|| (Value::Int(5), "default".to_owned()))
    }

    fn user_name(&self, _: u32) -> Option<String> {
        Some("somebody".to_owned())
    }

    fn group_name(&self, _: u32) -> Option<String> {
        None
    }
}

#[test]
fn lookups_reach_outside_through_what_is_provided() {
    let templar = templar().with_outside(std::sync::Arc::new(Page));
    let none = Map::new();
    let render = |text: &str| templar.render(&Value::template(text), &MapScope(&none));
    assert_eq!(render("{{ lookup('url', 'http://h/') }}").unwrap(), Value::data("a,b"));
    assert_eq!(render("{{ lookup('url', 'http://h/', split_lines=false) }}").unwrap(), Value::data("a\nb\n"));
    assert!(render("{{ lookup('url', 'http://h/gone') }}").unwrap_err().message.contains("410"));
    assert!(render("{{ lookup('url', 'http://h/', nope=1) }}").is_err());
    assert_eq!(render("{{ lookup('config', 'DEFAULT_FORKS') }}").unwrap(), Value::Int(5));
    assert!(render("{{ lookup('config', 'NOPE') }}").is_err());
    assert_eq!(render("{{ query('config', 'NOPE', on_missing='skip') }}").unwrap(), Value::list(Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), "x").unwrap();
    let text = format!("{{{{ lookup('community.general.filetree', '{}/', wantlist=true) }}}}", folder.path().display());
    let found = render(&text).unwrap();
    let entry = found.as_list().and_then(|entries| entries.first()).unwrap();
    assert_eq!(entry.get("path"), Some(&Value::data("f")));
    assert_eq!(entry.get("owner"), Some(&Value::data("somebody")));
    assert_eq!(entry.get("state"), Some(&Value::data("file")));
}
