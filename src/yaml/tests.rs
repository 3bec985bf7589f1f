use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::*;
use crate::diag::{Diagnostic, RenderStyle, SourceMap, Span, render};
use crate::value::{Value, python_repr};

fn read(text: &str) -> Result<(Vec<Document>, Vec<Diagnostic>, SourceMap), String> {
    let sources = SourceMap::new();
    let id = sources.add("x.yml", text);
    let mut warnings = Vec::new();
    match parse(&sources, id, &mut warnings) {
        Ok(documents) => Ok((documents, warnings, sources)),
        Err(error) => Err(render(&error, &sources, RenderStyle::Plain)),
    }
}

fn root(text: &str) -> Node {
    read(text).unwrap().0.remove(0).root
}

fn shown(text: &str) -> String {
    python_repr(&root(text).to_value())
}

fn at(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

#[test]
fn scalars_and_collections_are_read() {
    assert_eq!(shown("a: yes\nb: [1, '2', 0755]\nc:\n- ~\n- x\n"), "{'a': True, 'b': [1, '2', 493], 'c': [None, 'x']}");
    assert_eq!(shown("a: |\n  x\n   y\nb: >-\n  x\n  y\n"), "{'a': 'x\\n y\\n', 'b': 'x y'}");
    assert_eq!(shown("1: a\ntrue: b\n~: c\n1.5: d\n"), "{1: 'a', True: 'b', None: 'c', '1.5': 'd'}");
    assert_eq!(shown("\u{feff}a: b\r\nc: d\r\n"), "{'a': 'b', 'c': 'd'}");
    assert_eq!(read("").unwrap().0.len(), 0);
    assert_eq!(shown("---\n"), "None");
    assert_eq!(read("a\n---\nb\n...\n").unwrap().0.len(), 2);
}

#[test]
fn a_text_may_end_without_a_line_break() {
    let cases = [
        ("a: |\n  x", "x"),
        ("a: >\n  x\n  y", "x y"),
        ("a: |+\n  x", "x"),
        ("a: |+\n  x\n  ", "x\\n"),
        ("a: |\n  x\n    ", "x\\n  "),
        ("a: |\n  x\n  ", "x\\n"),
        ("a: >+\n  x\n\n ", "x\\n\\n"),
        ("a: |", ""),
        ("a: |\n  x\u{2028}", "x\u{2028}"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text).replace("\\u2028", "\u{2028}"), format!("{{'a': '{expected}'}}"), "{text:?}");
    }
    for text in ["a: 'x", "a: \"x\\"] {
        assert!(read(text).is_err(), "{text:?}");
    }
    let error = read("a: [!x,b]").unwrap_err();
    assert!(error.contains("a tag needs its value before the comma"), "{error}");
    // the quotes end where no one would look for a tag
    assert!(read("a: ['!x: ['!all', '!min']").is_err());
    assert_eq!(shown("a: ['!x,b', \"[!y,\"]"), "{'a': ['!x,b', '[!y,']}");
}

#[test]
fn tags_say_what_a_scalar_is() {
    assert_eq!(shown("[!!str 1, !!int '0x10', !!float 2, !!bool 'on', !!null x]"), "['1', 16, 2.0, True, None]");
    assert_eq!(shown("!!set {a, b}"), "['a', 'b']");
    assert_eq!(shown("!!omap [a: 1, b: 2]"), "[['a', 1], ['b', 2]]");
    assert_eq!(shown("!!binary aGk="), "'hi'");
    assert_eq!(shown("! 12"), "'12'");
}

#[test]
fn unsafe_text_is_data_however_deep() {
    let node = root("a: '{{ x }}'\nb: !unsafe '{{ x }}'\nc: !unsafe {d: ['{{ x }}']}\ne: !unsafe '12'\n");
    let template = |value: &Value| matches!(value, Value::Str(text) if text.is_template());
    let value = node.to_value();
    assert!(template(value.get("a").unwrap()));
    assert!(!template(value.get("b").unwrap()));
    assert!(!template(&value.get("c").unwrap().get("d").unwrap().as_list().unwrap()[0]));
    assert_eq!(value.get("e"), Some(&Value::Int(12)), "Ansible reads it as if it were plain");
}

#[test]
fn an_alias_inside_unsafe_is_data_too() {
    let value = root("a: &x '{{ x }}'\nb: !unsafe [*x]\n").to_value();
    assert!(matches!(&value.get("b").unwrap().as_list().unwrap()[0], Value::Str(text) if !text.is_template()));
}

#[test]
fn a_vault_value_stays_closed() {
    let node = root("a: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n      63\n");
    match node.get("a").unwrap().to_value() {
        Value::Encrypted(closed) => assert_eq!(&*closed.envelope, "$ANSIBLE_VAULT;1.1;AES256\n6162\n63\n"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn merge_keys_are_laid_under_the_mapping() {
    let text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, y: 5}\nd:\n  <<: [*a, *b]\n  w: 6\ne: {'<<': 7}\n";
    assert_eq!(
        shown(text),
        "{'a': {'x': 1, 'y': 2}, 'b': {'y': 3, 'z': 4}, 'c': {'x': 1, 'y': 5}, \
         'd': {'y': 2, 'z': 4, 'x': 1, 'w': 6}, 'e': {'<<': 7}}"
    );
    assert!(read(text).unwrap().1.is_empty(), "a value over a merged one is no duplicate");
}

#[test]
fn a_duplicate_key_is_a_warning_with_both_places() {
    let (documents, warnings, sources) = read("a: 1\nb: 2\na: 3\n").unwrap();
    assert_eq!(python_repr(&documents[0].root.to_value()), "{'a': 3, 'b': 2}");
    assert_eq!(
        render(&warnings[0], &sources, RenderStyle::Plain),
        "warning[duplicate-key]: the key `a` stands here twice; the last one counts\n --> x.yml:3:1\n  |\n1 | a: 1\n  \
         | - this one is lost\n2 | b: 2\n3 | a: 3\n  | ^ this one counts"
    );
}

#[test]
fn places_are_exact_beyond_ascii() {
    let text = "ключ: значение\nб: \"é {{ x }}\"\nlist:\n  - ü  # comment\n  - {a: ö}\n\nnext: |\n  täxt\n  more\n\nend: !!str 'x'\n";
    let node = root(text);
    let entries = node.as_mapping().unwrap();
    let keys: Vec<_> = entries.iter().map(|entry| at(text, entry.key.span)).collect();
    assert_eq!(keys, ["ключ", "б", "list", "next", "end"]);
    let values: Vec<_> = entries.iter().map(|entry| at(text, entry.value.span)).collect();
    assert_eq!(values, ["значение", "\"é {{ x }}\"", "- ü  # comment\n  - {a: ö}", "|\n  täxt\n  more", "!!str 'x'"]);
    let contents: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry.value.to_value() {
            Value::Str(content) => content.span().map(|span| at(text, span)),
            _ => None,
        })
        .collect();
    assert_eq!(contents, ["значение", "é {{ x }}", "täxt\n  more", "x"]);
}

#[test]
fn aliases_that_multiply_end_quickly() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{items}]").unwrap();
    }
    let started = Instant::now();
    let error = read(&text).err().unwrap();
    assert!(error.starts_with("error[yaml-alias-growth]: aliases make this file larger"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    let error = read(&"[".repeat(100_000)).err().unwrap();
    assert!(error.starts_with("error[yaml-depth]"), "{error}");
    let mut text = "a0: &a0 x\n".to_owned();
    for level in 1..2000 {
        writeln!(text, "a{level}: &a{level} [[[[[[[[*a{}]]]]]]]]", level - 1).unwrap();
    }
    assert!(read(&text).err().unwrap().contains("aliases nest this file too deeply"));
}

#[test]
fn one_document_is_asked_for() {
    let sources = SourceMap::new();
    let id = sources.add("x.yml", "a: 1\n---\nb: 2\n");
    assert!(parse_one(&sources, id, &mut Vec::new()).unwrap_err().message.contains("more than one document"));
    let id = sources.add("y.yml", "# nothing\n");
    assert!(parse_one(&sources, id, &mut Vec::new()).unwrap().is_null());
}

/// Slips as people make them: the text, the message, the place of the caret, the first help.
#[test]
fn slips_are_explained() {
    let cases = [
        (
            "a: {{ b }}/x # c\n",
            "a value that starts with `{{` needs quotes, else YAML reads a mapping",
            "1:4",
            "write `\"{{ b }}/x\"`",
        ),
        (
            "a: {{ b['x'] | d(\"y\") }}\n",
            "a value that starts with `{{` needs quotes, else YAML reads a mapping",
            "1:4",
            "put the whole value in quotes, or write it below `>-`",
        ),
        (
            "- {% if x %}\n",
            "a value that starts with `{%` needs quotes, else YAML reads a mapping",
            "1:3",
            "put the whole value in quotes, or write it below `|`",
        ),
        ("a:\n\tb: c\n", "YAML does not allow tabs for indentation", "2:1", "use blanks instead"),
        ("a:\n  b: c\n \td: e\n", "YAML does not allow tabs for indentation", "3:2", "use blanks instead"),
        ("- name:foo\n  debug: x\n", "a blank is missing after the colon", "1:7", "write `name: foo`"),
        ("a: b\nfoo:bar\nc: d\n", "a blank is missing after the colon", "2:4", "write `foo: bar`"),
        ("a: b: c\n", "a value that holds `: ` needs quotes", "1:5", "write `\"b: c\"`"),
        (
            "a: b\n  c: d\n",
            "this line is indented deeper than the one above, whose value is complete",
            "2:3",
            "give both lines the same indentation",
        ),
        (
            "a: b\nfoo bar\nc: d\n",
            "this line has no `:`, but keys of a mapping are expected here",
            "2:1",
            "write `key: value`, or indent the line if it goes on with the value above",
        ),
        (
            "a:\n    b: c\n  d: e\n",
            "the indentation of this line fits nothing above it",
            "3:3",
            "align it with the keys it belongs to",
        ),
        (
            "- a: 1\n  b: 2\n - c: 3\n",
            "this line stands in a list, but does not start with `- `",
            "3:2",
            "indent it deeper than the `-` it belongs to, or align it with the key that the list belongs to",
        ),
        (
            "a: \"x\" y\nb: c\n",
            "a value ends with its closing quote, but more text follows",
            "1:8",
            "write `'\"x\" y'`",
        ),
        ("b: 'it's'\n", "a value ends with its closing quote, but more text follows", "1:8", "write `\"it's\"`"),
        (
            "a: \"x\nb: c\n",
            "the quote is not closed",
            "1:4",
            "close it; a double quote inside double quotes is written `\\\"`",
        ),
        (
            "a: \"abc\\",
            "the quote is not closed",
            "1:4",
            "close it; a double quote inside double quotes is written `\\\"`",
        ),
        (
            "a: \"\\d+\"\n",
            "`\\d` is not an escape of YAML's double quotes",
            "1:5",
            "double the backslash (`\\\\d`), or use single quotes, where a backslash means itself",
        ),
        ("a: @foo\n", "a text without quotes cannot start with `@`", "1:4", "write `\"@foo\"`"),
        ("hosts: *.log\n", "`*` starts an alias, a reference to an anchor", "1:8", "write `\"*.log\"`"),
        (
            "a: *fo\n",
            "there is no anchor `&fo` before this alias",
            "1:4",
            "if a text is meant, put it in quotes: `\"*fo\"`",
        ),
        ("a: [1, 2\nb: 3\n", "`,` or `]` is missing here", "2:2", "if `[` begins a text, put the text in quotes"),
        (
            "a: > text\nb: 1\n",
            "the text of a block starts on the line below `|` or `>`",
            "1:6",
            "move the text to the next line and indent it, or put it in quotes instead",
        ),
        (
            "a: - b\n",
            "a list cannot start here",
            "1:4",
            "start the list on a line of its own, or write it in brackets: `[a, b]`",
        ),
        ("a: !vualt x\n", "the tag `!vualt` is not known", "1:4", "did you mean `!vault`?"),
        (
            "a: !vault [x]\n",
            "`!vault` needs the text of an envelope, not a list",
            "1:4",
            "write `!vault |` and the lines of the envelope, indented, below it",
        ),
        (
            "a: [!unsafe, b]\n",
            "a tag needs its value before the comma",
            "1:12",
            "if the exclamation mark is part of a text, put the text in quotes",
        ),
        (
            "a: b\u{1}c\n",
            "the control character U+0001 cannot stand in YAML",
            "1:5",
            "remove it, or write it as an escape in double quotes: `\"\\x01\"`",
        ),
        ("[a, b]: 3\n", "a list cannot be the key of a mapping", "1:1", ""),
        ("a: &x [*x]\n", "the alias `*x` stands inside its own anchor", "1:8", ""),
    ];
    for (text, message, place, help) in cases {
        let sources = SourceMap::new();
        let id = sources.add("x", text);
        let error = parse(&sources, id, &mut Vec::new()).err().unwrap_or_else(|| panic!("accepted: {text}"));
        let found = sources.location(error.span().unwrap()).unwrap();
        assert_eq!(error.message, message, "{text}");
        assert_eq!(format!("{}:{}", found.line, found.column), place, "{text}");
        assert_eq!(error.help.first().map_or("", String::as_str), help, "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Text made of YAML's own characters, so that odd constructs come up often.
    #[test]
    fn no_text_makes_the_parser_panic(text in "([ -~\n\t]|[-:{}\\[\\]!&*#|>'\"%@,? \n\\\\]|é|\u{1}|\u{feff}|<<|!!|---|\\.\\.\\.|: |- ){0,60}") {
        if let Ok((documents, _, _)) = read(&text) {
            for document in documents {
                let span = document.root.span;
                proptest::prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
                drop(document.root.to_value());
            }
        }
    }
}
