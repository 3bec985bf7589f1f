//! The words of `ansible_ssh_common_args`, which are the command line of `ssh`.

use super::super::error::TransportError;
use super::config::{Options, Source};
use super::words::keyword;

/// Under this keyword the file of `-F` is remembered, and under the other what only OpenSSH can do.
pub(super) const CONFIG_FILE: &str = "-F";
pub(super) const UNKNOWN_WORD: &str = "-?";

/// Reads the words; gives the file of `-F`.
pub(super) fn read(words: &[String], options: &mut Options) -> Result<Option<String>, TransportError> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            options.set(UNKNOWN_WORD, &format!("`{word}`"), Source::Given);
            continue;
        };
        for (at, letter) in letters.char_indices() {
            let given = match letter {
                'C' => Some(("compression", "yes")),
                '4' => Some(("addressfamily", "inet")),
                '6' => Some(("addressfamily", "inet6")),
                // how much it tells, and what is so anyway: no terminal, no forwarding
                'q' | 'v' | 'T' | 'a' | 'x' | 'k' => None,
                'o' | 'p' | 'l' | 'i' | 'J' | 'F' | 'c' | 'm' => {
                    let rest = letters.get(at + 1..).filter(|rest| !rest.is_empty());
                    let Some(value) = rest.or_else(|| words.next().map(String::as_str)) else {
                        let what = format!("`-{letter}` in the SSH arguments lacks its value");
                        return Err(TransportError::Unsupported { what });
                    };
                    valued(letter, value, options);
                    break;
                }
                other => {
                    options.set(UNKNOWN_WORD, &format!("`-{other}`"), Source::Given);
                    break;
                }
            };
            if let Some((key, value)) = given {
                options.set(key, value, Source::Given);
            }
        }
    }
    Ok(options.get(CONFIG_FILE).map(str::to_owned))
}

fn valued(letter: char, value: &str, options: &mut Options) {
    let key = match letter {
        'o' => {
            let (key, value) = keyword(value);
            return options.set(&key, value, Source::Given);
        }
        'p' => "port",
        'l' => "user",
        'i' => "identityfile",
        'J' => "proxyjump",
        'c' => "ciphers",
        'm' => "macs",
        _ => CONFIG_FILE,
    };
    options.set(key, value, Source::Given);
}
