//! Texts by chance.

use base64::Engine as _;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::call::Request;
use crate::template::eval::int_of;
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::python_random::PythonRandom;
use crate::value::Value;

/// Longer ones are refused: a mistake, or an attempt to exhaust memory.
const LONGEST: usize = 100_000;

const DIGITS: &str = "0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SPECIAL: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// `community.general.random_string`: with a seed the very text that Python draws.
pub(super) fn random_string(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let length = number(request, "length", 8)?;
    let similar = request.text_option("similar_chars")?.unwrap_or_else(|| "il1LoO0".to_owned());
    let ignore_similar = request.truth_option("ignore_similar_chars", false)?;
    let set =
        |chars: &str| -> Vec<char> { chars.chars().filter(|c| !ignore_similar || !similar.contains(*c)).collect() };
    let (digits, lower, upper) = (set(DIGITS), set(LOWER), set(UPPER));
    let special = match request.text_option("override_special")? {
        Some(chars) if !chars.is_empty() => chars.chars().collect(),
        _ => set(SPECIAL),
    };
    let mut random = request.text_option("seed")?.map(|seed| PythonRandom::seeded_by_text(&seed));
    let (mut all, mut drawn) = (Vec::new(), Vec::new());
    let everything = request.text_option("override_all")?.filter(|chars| !chars.is_empty());
    for (name, chars) in [("upper", &upper), ("lower", &lower), ("numbers", &digits), ("special", &special)] {
        if request.truth_option(name, true)? && everything.is_none() {
            all.extend(chars);
        }
    }
    for (name, chars) in
        [("min_numeric", &digits), ("min_lower", &lower), ("min_upper", &upper), ("min_special", &special)]
    {
        let least = number(request, name, 0)?;
        if everything.is_none() {
            draw(&mut drawn, chars, least, &mut random)?;
        }
    }
    all.extend(everything.iter().flat_map(|chars| chars.chars()));
    let rest = length.saturating_sub(drawn.len());
    draw(&mut drawn, &all, rest, &mut random)?;
    if random.is_none() {
        drawn.shuffle(&mut rand::rng());
    }
    let text: String = drawn.into_iter().collect();
    let base64 = request.truth_option("base64", false)?;
    Ok(vec![Value::data(if base64 { base64::engine::general_purpose::STANDARD.encode(text) } else { text })])
}

fn number(request: &mut Request<'_, '_>, name: &str, otherwise: usize) -> Outcome<usize> {
    let Some(value) = request.option(name) else { return Ok(otherwise) };
    usize::try_from(int_of(&Item::Value(value))?)
        .ok()
        .filter(|number| *number <= LONGEST)
        .ok_or_else(|| Fault::new(format!("`{name}` is between 0 and {LONGEST}")))
}

fn draw(out: &mut Vec<char>, chars: &[char], count: usize, random: &mut Option<PythonRandom>) -> Outcome<()> {
    for _ in 0..count {
        let index = match random {
            Some(random) => usize::try_from(random.below((chars.len() as u128).max(1))).unwrap_or(0),
            None => rand::rng().random_range(0..chars.len().max(1)),
        };
        let c = chars.get(index).ok_or_else(|| Fault::new("there are no characters to draw from"))?;
        out.push(*c);
    }
    Ok(())
}
