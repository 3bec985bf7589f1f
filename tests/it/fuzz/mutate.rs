//! Changes of texts: of bytes, of lines, and of what has a meaning to the readers.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

/// A text grows to no more.
const LONGEST: usize = 60_000;

/// What means something to one of the readers.
const TOKENS: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{ ",
    " }}",
    "{{ x }}",
    "{% raw %}",
    "{% endraw %}",
    "{% if x %}",
    "{% endif %}",
    "{%- ",
    " -%}",
    "{% for i in x %}",
    "{% endfor %}",
    "{% set y = ",
    "{% macro m(a) %}",
    "{% endmacro %}",
    "{% call m() %}",
    "{% filter upper %}",
    "|",
    " | ",
    "| default(",
    "| map('",
    "| combine({",
    "| regex_replace('(', '\\1')",
    ".",
    "..",
    "[",
    "]",
    "[[",
    "]]",
    "[:",
    "::",
    "(",
    ")",
    "((((",
    "{",
    "}",
    "{{{{",
    "&a ",
    "*a",
    "*a, *a",
    "<<: *a",
    "<<: ",
    "- ",
    "-",
    "? ",
    ": ",
    ":",
    "|\n",
    ">-\n",
    "|2-\n",
    ">+1\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "!unsafe ",
    "!vault |\n",
    "!!binary ",
    "!!set ",
    "!!omap ",
    "!!int ",
    "!!float ",
    "!<",
    "!",
    "! ",
    "#",
    " #",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "        ",
    "'",
    "''",
    "\"",
    "\\",
    "\\x41",
    "\\u00e9",
    "\\U0010FFFF",
    "\\",
    "é",
    "日本",
    "😀",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{0}",
    "\u{7f}",
    "\u{300}",
    "ß",
    "İ",
    "0",
    "-1",
    "1e400",
    "0x",
    "0o17",
    "0755",
    "1_000",
    "190:20:30",
    ".inf",
    "-.inf",
    ".nan",
    "~",
    "null",
    "yes",
    "2001-12-14t21:59:43.10-05:00",
    "99999999999999999999",
    "340282366920938463463374607431768211456",
    "2024-02-30",
    "[group]",
    "[group:vars]",
    "[group:children]",
    "[a:b:c]",
    "host[01:99]",
    "host[a:z]",
    "host[1:9:0]",
    "host[9:1]",
    "[1:2][3:4]",
    "a=b",
    "a='b",
    "a=[1,",
    "a={'b':",
    "ansible_port=22x",
    "@:[::1]:22",
    "!x",
    "&y",
    "~(",
    "*",
    "a[0]",
    "a[-1:]",
    "$ANSIBLE_VAULT;",
    "1.1;AES256\n",
    "1.2;AES256;id\n",
    "hosts: all\n",
    "tasks:\n",
    "  - debug: msg=x\n",
    "when: ",
    "loop: ",
    "roles:\n",
    "block:\n",
    "include_tasks: ",
    "import_playbook: ",
    "with_items: ",
    "vars:\n",
    "register: ",
    "lookup('",
    "'%s' % ",
    " is ",
    " not ",
    " in ",
    " and ",
    " or ",
    " if ",
    " else ",
    "==",
    "~",
    "**",
    "//",
    "% ",
    "* 9",
    ",",
    "=",
    "@",
    "$",
];

/// The texts to change.
pub struct Pool {
    texts: Vec<String>,
    originals: usize,
}

impl Pool {
    pub fn new(texts: Vec<String>) -> Self {
        assert!(!texts.is_empty(), "there is nothing to begin with");
        Self { originals: texts.len(), texts }
    }

    pub fn add(&mut self, text: String) {
        self.texts.push(text);
    }

    /// How many texts there were at first; those are read as they are before any is changed.
    pub fn originals(&self) -> u64 {
        self.originals as u64
    }

    pub fn original(&self, index: u64) -> String {
        self.texts[usize::try_from(index).unwrap()].clone()
    }

    fn any(&self, rng: &mut StdRng) -> &str {
        // half of the time one of those that were found lately
        let found = &self.texts[self.originals..];
        if !found.is_empty() && rng.random_bool(0.5) {
            found.choose(rng).unwrap()
        } else {
            self.texts.choose(rng).unwrap()
        }
    }
}

/// A text of the pool with up to eight changes.
pub fn changed(pool: &Pool, rng: &mut StdRng) -> String {
    let mut text = pool.any(rng).to_owned();
    for _ in 0..rng.random_range(1..=8) {
        change(&mut text, pool, rng);
        cut(&mut text, LONGEST);
    }
    text
}

fn change(text: &mut String, pool: &Pool, rng: &mut StdRng) {
    match rng.random_range(0..11) {
        0..=3 => {
            let at = place(text, rng);
            text.insert_str(at, TOKENS.choose(rng).unwrap());
        }
        4 => {
            let (from, to) = stretch(text, rng);
            text.replace_range(from..to, TOKENS.choose(rng).unwrap());
        }
        5 => {
            let (from, to) = stretch(text, rng);
            text.replace_range(from..to, "");
        }
        6 => {
            let (from, to) = stretch(text, rng);
            let (part, at) = (text[from..to].to_owned(), place(text, rng));
            text.insert_str(at, &part);
        }
        7 => {
            // many times the same: what nests or multiplies shows
            let part = if rng.random_bool(0.5) {
                (*TOKENS.choose(rng).unwrap()).to_owned()
            } else {
                let (from, to) = stretch(text, rng);
                text[from..to].to_owned()
            };
            let times = [3, 30, 300, 3000].choose(rng).copied().unwrap().min(LONGEST / part.len().max(1));
            let at = place(text, rng);
            text.insert_str(at, &part.repeat(times));
        }
        8 => {
            let other = pool.any(rng).to_owned();
            let (from, to) = stretch(&other, rng);
            let at = place(text, rng);
            text.insert_str(at, &other[from..to]);
        }
        9 => {
            let at = place(text, rng);
            text.truncate(at);
        }
        _ => {
            let mut bytes = std::mem::take(text).into_bytes();
            if !bytes.is_empty() {
                let at = rng.random_range(0..bytes.len());
                bytes[at] = rng.random();
            }
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

/// A place between two characters.
fn place(text: &str, rng: &mut StdRng) -> usize {
    text.floor_char_boundary(rng.random_range(0..=text.len()))
}

/// A part: some characters, or whole lines.
fn stretch(text: &str, rng: &mut StdRng) -> (usize, usize) {
    let from = place(text, rng);
    if rng.random_bool(0.5) {
        let longest = *[4, 40, 400].choose(rng).unwrap();
        let to = text.floor_char_boundary((from + rng.random_range(0..=longest)).min(text.len()));
        return (from, to.max(from));
    }
    let from = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let mut to = from;
    for _ in 0..rng.random_range(1..=6) {
        to = text[to..].find('\n').map_or(text.len(), |at| to + at + 1);
    }
    (from, to)
}

fn cut(text: &mut String, length: usize) {
    if text.len() > length {
        text.truncate(text.floor_char_boundary(length));
    }
}
