//! `locale_gen`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::system::config_file::ConfigFile;
use crate::modules::system::presence::Presence;
use crate::value::{Map, Value};

/// Makes locales, or removes them, by way of `/etc/locale.gen` and `locale-gen`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocaleGen {
    /// The locales, such as `de_DE.UTF-8`.
    name: Vec<String>,
    /// Whether they shall be there.
    #[serde(default)]
    state: Presence,
}

/// Which of the locales are there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LocaleGenState {
    present: Vec<String>,
}

const LIST: &str = "/etc/locale.gen";

/// `de_DE.UTF-8` and `de_DE.utf8` are the same.
fn plain(name: &str) -> String {
    let (locale, rest) =
        name.split_once('.').map_or((name, String::new()), |(locale, rest)| (locale, rest.to_lowercase()));
    let (charset, modifier) =
        rest.split_once('@').map_or((rest.as_str(), ""), |(charset, modifier)| (charset, modifier));
    format!("{locale}.{}@{modifier}", charset.replace('-', ""))
}

/// The locale of a line, and whether the line counts.
fn entry(line: &str) -> Option<(&str, bool)> {
    let (text, counts) = match line.trim_start().strip_prefix('#') {
        Some(rest) => (rest, false),
        None => (line, true),
    };
    let mut words = text.split_whitespace();
    let name = words.next()?;
    // a name and its charset and nothing else; prose is no entry
    (words.next().is_some() && words.next().is_none()).then_some((name, counts))
}

impl LocaleGen {
    /// The text with the locales' lines as asked for.
    fn edited(&self, text: &str) -> Result<String, ModuleError> {
        let wanted = self.state == Presence::Present;
        for name in self.name.iter().filter(|_| wanted) {
            if !text.lines().filter_map(entry).any(|(found, _)| found == name) && !supported(name) {
                return Err(ModuleError::new(format!(
                    "The following locales you have entered are not available on your system: {name}"
                )));
            }
        }
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| match entry(line) {
                Some((name, counts)) if counts != wanted && self.name.iter().any(|asked| asked == name) => {
                    let bare = line.trim_start().trim_start_matches('#').trim();
                    if wanted { bare.to_owned() } else { format!("# {bare}") }
                }
                _ => line.to_owned(),
            })
            .collect();
        for name in self.name.iter().filter(|_| wanted) {
            if !lines.iter().any(|line| entry(line) == Some((name, true))) {
                lines.push(format!("{name} {}", name.split_once('.').map_or("ISO-8859-1", |(_, charset)| charset)));
            }
        }
        Ok(lines.join("\n") + "\n")
    }
}

/// Whether the C library's own list has the locale.
fn supported(name: &str) -> bool {
    let list = std::fs::read_to_string("/usr/share/i18n/SUPPORTED").unwrap_or_default();
    list.lines().filter_map(|line| line.split_whitespace().next()).any(|found| found == name)
}

impl Managed for LocaleGen {
    type State = LocaleGenState;

    fn read(&self, ctx: &mut Ctx) -> Result<LocaleGenState, ModuleError> {
        let listed = ctx.run_tool("locale", ["-a"])?.success("locale")?.out();
        let there: Vec<String> = listed.lines().map(plain).collect();
        Ok(LocaleGenState { present: self.name.iter().filter(|name| there.contains(&plain(name))).cloned().collect() })
    }

    fn desired(&self, _: &LocaleGenState, ctx: &mut Ctx) -> Result<LocaleGenState, ModuleError> {
        let text = ConfigFile::at(LIST)
            .text(ctx)?
            .ok_or_else(|| ModuleError::new(format!("{LIST} is missing. Is the package \"locales\" installed?")))?;
        self.edited(&text)?;
        let present = if self.state == Presence::Present { self.name.clone() } else { Vec::new() };
        Ok(LocaleGenState { present })
    }

    fn apply(&self, _: &LocaleGenState, _: &LocaleGenState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let file = ConfigFile::at(LIST);
        let text = file.text(ctx)?.unwrap_or_default();
        let new = self.edited(&text)?;
        file.write(Some(&new), ctx)?;
        ctx.run_tool("locale-gen", [""; 0])?.success("locale-gen")?;
        Ok(Applied::default())
    }

    fn values(&self, _: &LocaleGenState) -> Map {
        let names = self.name.iter().map(|name| Value::from(name.as_str())).collect();
        Map::from([("name".into(), Value::list(names)), ("mechanism".into(), Value::from("glibc"))])
    }

    fn title(&self) -> String {
        "locales".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{from_json, from_value};

    #[test]
    fn lines_are_switched_on_and_off() {
        let module = |state: &str| -> LocaleGen {
            from_value(&from_json(serde_json::json!({"name": "de_DE.UTF-8", "state": state}))).unwrap()
        };
        let text = "# This file lists locales\n# de_DE ISO-8859-1\n# de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n";
        let on = module("present").edited(text).unwrap();
        assert_eq!(on, "# This file lists locales\n# de_DE ISO-8859-1\nde_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n");
        assert_eq!(module("present").edited(&on).unwrap(), on);
        assert_eq!(module("absent").edited(&on).unwrap(), text);
        assert_eq!(plain("de_DE.utf8"), plain("de_DE.UTF-8"));
        assert_ne!(plain("de_DE.utf8"), plain("de_DE@euro"));
    }
}
