//! What must not be shown is not in any event.

use super::harness::Case;

#[test]
fn no_log_hides_results_but_later_tasks_can_use_them() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - command: echo s3cr3t-word
      no_log: true
      register: r
    - debug: var=r.stdout
    - debug: msg='so {{ r.stdout }} it is'
    - command: echo {{ r.stdout }}
      no_log: true
    - assert: {that: r.stdout == 's3cr3t' ~ '-word'}
    - command: echo {{ item }}
      loop: ['{{ r.stdout }}', plain]
      no_log: \"{{ item != 'plain' }}\"
    - fail: msg='{{ r.stdout }}'
      no_log: true
";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let case = Case::new(site);
    let path = case.dir().join("site.yml").display().to_string();
    let (events, outcome) = case.play(&runtime, &path);
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains("s3cr3t-word"), "{text}");
    assert!(text.contains("\"r.stdout\":\"********\"") && text.contains("\"stdout\":\"plain\""), "{text}");
    assert_eq!(outcome.exit, crate::diag::ExitCode::HostsFailed);
}
