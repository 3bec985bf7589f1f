//! The table in COMPATIBILITY.md: how many behaviours of each chapter are compared, and which are known to differ.

use std::fmt::Write as _;
use std::fs;

use super::case::Chapter;
use crate::harness::root;

const BEGIN: &str = "<!-- written by tests/it/differential/page.rs -->\n";
const END: &str = "<!-- end -->\n";

/// Compares the page with the cases, or writes it.
pub fn check(chapters: &[Chapter]) {
    let path = root().join("COMPATIBILITY.md");
    let page = fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(BEGIN).expect("COMPATIBILITY.md has a place for the table");
    let (old, tail) = rest.split_once(END).expect("the table has an end");
    let new = table(chapters);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{head}{BEGIN}{new}{END}{tail}")).unwrap();
    } else {
        assert!(old == new, "the table in COMPATIBILITY.md is not current: UPDATE_GOLDEN=1 writes it\n{new}");
    }
}

fn table(chapters: &[Chapter]) -> String {
    let known = |chapter: &Chapter| chapter.cases.iter().filter(|case| case.differs.is_some()).count();
    let mut text = String::from("\n| chapter | behaviours compared | of them differ |\n|---|---|---|\n");
    for chapter in chapters {
        let _ = writeln!(text, "| {} | {} | {} |", chapter.title, chapter.cases.len(), known(chapter));
    }
    let (all, differ) =
        (chapters.iter().map(|c| c.cases.len()).sum::<usize>(), chapters.iter().map(known).sum::<usize>());
    let _ = writeln!(text, "| all | {all} | {differ} |\n");
    if differ > 0 {
        text.push_str("What differs:\n\n");
    }
    for case in chapters.iter().flat_map(|chapter| &chapter.cases) {
        if let Some(reason) = &case.differs {
            let _ = writeln!(text, "- {}, “{}”: {reason}", case.chapter, case.title);
        }
    }
    if differ > 0 {
        text.push('\n');
    }
    text
}
