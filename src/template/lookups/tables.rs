//! Lookups in CSV and INI files.

use super::call::Request;
use super::files::{find, read};
use super::words::with_options;
use crate::template::csv::rows;
use crate::template::eval::int_of;
use crate::template::fault::{Fault, Outcome};
use crate::template::ini::Ini;
use crate::template::item::Item;
use crate::template::regex::{Flags, Regex};
use crate::value::{Text, Value};

/// `csvfile`: a column of the rows that have a key in their first.
pub(super) fn csvfile(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let number =
        |value: Option<Value>, otherwise: i128| value.map_or(Ok(otherwise), |value| int_of(&Item::Value(value)));
    let column = number(request.option("col"), 1)?;
    let key_column = number(request.option("keycol"), 0)?;
    let default = request.option("default");
    let delimiter = request.text_option("delimiter")?.unwrap_or_else(|| "TAB".to_owned());
    let file = request.text_option("file")?.unwrap_or_else(|| "ansible.csv".to_owned());
    encoding(request)?;
    let mut out = Vec::new();
    for term in request.texts()? {
        let (mut file, mut delimiter, mut default) = (file.clone(), delimiter.clone(), default.clone());
        let (mut column, mut key_column) = (column, key_column);
        let (key, options) = with_options(&term, &["col", "default", "delimiter", "encoding", "file", "keycol"]);
        for (name, value) in options {
            match name.as_str() {
                "col" => column = int_of(&Item::text(value))?,
                "keycol" => key_column = int_of(&Item::text(value))?,
                "default" => default = Some(Value::data(value)),
                "delimiter" => delimiter = value,
                "file" => file = value,
                _ => {}
            }
        }
        let separator = match delimiter.as_str() {
            "TAB" | "\\t" => '\t',
            text => text.chars().next().unwrap_or(','),
        };
        let path = find(request.machine, "files", &file)?;
        let text = read(request.machine, &path)?;
        let position = |column: i128| usize::try_from(column).map_err(|_| Fault::new("a column is counted from 0"));
        let (column, key_column) = (position(column)?, position(key_column)?);
        let found = rows(&text, separator)
            .into_iter()
            .find(|row| row.get(key_column).is_some_and(|cell| *cell == key))
            .map(|row| {
                row.get(column).map(|cell| Value::Str(Text::new(cell.as_str(), text.origin()))).ok_or_else(|| {
                    Fault::new(format!("the row of `{key}` in `{}` has no column {column}", path.display()))
                })
            })
            .transpose()?;
        out.extend(found.or(default));
    }
    Ok(out)
}

fn encoding(request: &mut Request<'_, '_>) -> Outcome<()> {
    match request.text_option("encoding")?.map(|name| name.to_ascii_lowercase()).as_deref() {
        None | Some("utf-8" | "utf8" | "utf-8-sig" | "ascii") => Ok(()),
        Some(other) => Err(Fault::new(format!("encoding `{other}` is not supported"))),
    }
}

/// `ini`: values of keys in a section of an INI file, or in a file of properties.
pub(super) fn ini(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let kind = request.text_option("type")?.unwrap_or_else(|| "ini".to_owned());
    let file = request.text_option("file")?.unwrap_or_else(|| "ansible.ini".to_owned());
    let section = request.text_option("section")?.unwrap_or_else(|| "global".to_owned());
    let by_pattern = request.truth_option("re", false)?;
    let default = request.option("default");
    let case_sensitive = request.truth_option("case_sensitive", false)?;
    let allow_none = request.truth_option("allow_none", false)? | request.truth_option("allow_no_value", false)?;
    let interpolation = request.truth_option("interpolation", true)?;
    encoding(request)?;
    let mut out = Vec::new();
    for term in request.texts()? {
        let (mut file, mut section, mut default) = (file.clone(), section.clone(), default.clone());
        let (mut kind, mut by_pattern) = (kind.clone(), by_pattern);
        let (key, options) = with_options(&term, &["type", "file", "section", "re", "default", "encoding"]);
        for (name, value) in options {
            match name.as_str() {
                "type" => kind = value,
                "file" => file = value,
                "section" => section = value,
                "default" => default = Some(Value::data(value)),
                "re" => by_pattern = crate::value::parse_bool(&Value::data(value)).unwrap_or(false),
                _ => {}
            }
        }
        let path = find(request.machine, "files", &file)?;
        let text = read(request.machine, &path)?;
        let properties = match kind.as_str() {
            "ini" => false,
            "properties" => true,
            other => return Err(Fault::new(format!("type `{other}` is none of ini, properties"))),
        };
        let section = if properties { "java_properties" } else { &section };
        let whole = if properties { format!("[java_properties]\n{}", text.as_str()) } else { text.to_string() };
        let ini = Ini::parse(&whole, case_sensitive, allow_none)
            .map_err(|fault| fault.within(format_args!("`{}`", path.display())))?;
        if !ini.has(section) {
            return Err(Fault::new(format!("there is no section `{section}` in `{}`", path.display()))
                .help(crate::diag::did_you_mean(section, ini.sections())));
        }
        let found = values(&ini, section, &key, by_pattern, interpolation)?;
        if found.is_empty() && !by_pattern {
            if !allow_none || default.is_some() {
                out.push(default.unwrap_or_else(|| Value::data("")));
            }
            continue;
        }
        out.extend(found.into_iter().map(|value| Value::Str(Text::new(value, text.origin()))));
    }
    Ok(out)
}

fn values(ini: &Ini, section: &str, key: &str, by_pattern: bool, interpolation: bool) -> Outcome<Vec<String>> {
    let names = if by_pattern {
        let regex = Regex::new(key, Flags::default())?;
        let mut names = Vec::new();
        for name in ini.keys(section) {
            if regex.is_match(name)? {
                names.push(name.to_owned());
            }
        }
        names
    } else {
        vec![key.to_owned()]
    };
    let mut out = Vec::new();
    for name in names {
        out.extend(ini.get(section, &name, interpolation)?);
    }
    Ok(out)
}
