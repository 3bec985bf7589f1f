//! Failures that the playbook's text caused show the place.

use super::harness::Case;

fn failure(task: &str) -> String {
    let site = format!("- hosts: localhost\n  gather_facts: false\n  tasks:\n    - {task}\n");
    let case = Case::new(&site);
    let dir = case.dir().display().to_string();
    let text = case.run().replace(&dir, "DIR");
    let start = text.find("localhost failed: ").unwrap_or_else(|| panic!("{text}"));
    let end = text.find("RECAP").unwrap();
    text[start..end].to_owned()
}

#[test]
fn an_undefined_variable_is_pointed_at() {
    assert_eq!(
        failure("debug: msg='a {{ nowhere }}'"),
        "localhost failed: 'nowhere' is undefined
error[undefined-variable]: 'nowhere' is undefined
 --> DIR/site.yml:4:24
  |
4 |     - debug: msg='a {{ nowhere }}'
  |                        ^^^^^^^
"
    );
    let text = failure("{debug: {msg: x}, when: nowhere.x == 1}");
    assert!(text.contains("site.yml:4:31"), "{text}");
}

#[test]
fn a_wrong_option_is_pointed_at() {
    let text = failure("{file: {path: x, state: '{{ \"sideways\" }}'}}");
    assert!(text.contains("`sideways` is not one of"), "{text}");
    assert!(text.contains("site.yml:4:32"), "{text}");
}

#[test]
fn a_wrong_keyword_is_pointed_at() {
    let text = failure("{debug: {msg: x}, retries: '{{ \"many\" }}', until: true}");
    assert!(text.contains("`retries` takes a number") && text.contains("site.yml:4:35"), "{text}");
    let text = failure("{debug: {msg: x}, loop: '{{ {\"a\": 1} }}'}");
    assert!(text.contains("`loop` takes a list, and this is a dict"), "{text}");
    assert!(text.contains("loop over a mapping with `| dict2items`"), "{text}");
    let text = failure("{command: 'true', async: '{{ \"long\" }}'}");
    assert!(text.contains("`async` takes a number"), "{text}");
}
