//! Values of settings in their types.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::resolve::Config;
use super::setting::{Kind, Setting};
use crate::value::{Value, parse_bool};

impl Config {
    /// A setting by its name.
    pub(in crate::cli) fn setting(name: &str) -> Option<&'static Setting> {
        Self::settings().iter().find(|setting| setting.name == name)
    }

    /// The value of a setting, and where it is from: `default`, `env: NAME` or a file.
    pub(in crate::cli) fn value(&self, setting: &'static Setting) -> (Json, String) {
        if setting.name == "CONFIG_FILE" {
            return (json!(self.file.as_ref().map(|path| path.display().to_string())), String::new());
        }
        let Some((text, origin)) = self.found(setting.name) else {
            return (self.default_value(setting), "default".to_owned());
        };
        let paths = |paths: Option<Vec<PathBuf>>| {
            json!(paths.unwrap_or_default().iter().map(|path| path.display().to_string()).collect::<Vec<_>>())
        };
        let value = match setting.kind {
            Kind::Path => json!(self.path(setting.name).map(|path| path.display().to_string())),
            Kind::PathSpec => paths(self.paths(setting.name, ':')),
            Kind::PathList => json!(self.inventories()),
            Kind::List => json!(self.list(setting.name)),
            kind => typed(kind, text),
        };
        (value, origin.to_string())
    }

    /// The default of a setting, its paths complete.
    fn default_value(&self, setting: &Setting) -> Json {
        let complete = |path: &Json| path.as_str().map_or(Json::Null, |path| json!(self.at_home(path)));
        match (setting.kind, setting.default_value()) {
            (Kind::PathList | Kind::PathSpec, Json::Array(paths)) => paths.iter().map(complete).collect(),
            (Kind::Path, path) => complete(&path),
            (_, value) => value,
        }
    }
}

impl Setting {
    /// The default as it is documented.
    pub(in crate::cli) fn default_value(&self) -> Json {
        let parts = |separator| {
            let parts = self.default.split(separator).filter(|part: &&str| !part.is_empty());
            json!(parts.collect::<Vec<_>>())
        };
        match self.kind {
            Kind::List | Kind::PathList => parts(','),
            Kind::PathSpec => parts(':'),
            _ if self.default.is_empty() => Json::Null,
            kind => typed(kind, self.default),
        }
    }
}

/// A text as its setting's type; what is not of that type stays text.
fn typed(kind: Kind, text: &str) -> Json {
    let found = match kind {
        Kind::Bool => parse_bool(&Value::data(text)).map(Json::Bool),
        Kind::Int => text.trim().parse::<i64>().ok().map(Json::from),
        Kind::Float => text.trim().parse::<f64>().ok().map(Json::from),
        Kind::List | Kind::Path | Kind::PathList | Kind::PathSpec | Kind::Text => None,
    };
    found.unwrap_or_else(|| Json::from(text))
}
