//! The golden cases, one test for each area under `tests/golden/`.

use std::collections::BTreeSet;
use std::fs;

use super::harness::{golden, root};

macro_rules! areas {
    ($($area:ident),* $(,)?) => {
        $(#[test]
        fn $area() {
            golden(stringify!($area));
        })*

        const AREAS: &[&str] = &[$(stringify!($area)),*];
    };
}

areas!(ansible, cli, engine, inventory, playbook, vault, quay);

#[test]
fn every_area_has_a_test() {
    let folders: BTreeSet<String> = fs::read_dir(root().join("tests/golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, AREAS.iter().map(|area| (*area).to_owned()).collect());
}
