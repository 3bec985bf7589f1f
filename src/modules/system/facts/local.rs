//! Facts that the host's administrator keeps in `*.fact` files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::{Facts, Request, read};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::value::{Key, Map, Value, from_json};

pub(super) fn local(facts: &mut Facts, request: &Request<'_>, ctx: &mut Ctx) {
    let folder = ctx.resolve(request.fact_path);
    let mut all = Map::new();
    for path in read::folder(&folder.to_string_lossy()) {
        if path.extension().is_none_or(|ending| ending != "fact") {
            continue;
        }
        let key = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let value = match text_of(&path, request, ctx) {
            Ok(text) => parse(&text).unwrap_or_else(|| {
                let said = format!("error loading facts as JSON or ini - please check content: {}", path.display());
                ctx.warn(said.clone());
                Value::from(said)
            }),
            Err(error) => {
                let said = format!("Failure executing fact script ({}): {}", path.display(), error.full_message());
                ctx.warn(said.clone());
                Value::from(said)
            }
        };
        all.insert(Key::from(key), value);
    }
    facts.set("local", all);
}

fn text_of(path: &Path, request: &Request<'_>, ctx: &Ctx) -> Result<String, ModuleError> {
    let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
    let meta = std::fs::metadata(path).map_err(cannot)?;
    if meta.permissions().mode() & 0o100 == 0 {
        return std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(cannot);
    }
    let timeout = Duration::from_secs(u64::from(request.timeout.max(1)));
    ctx.command([path]).timeout(timeout).run()?.success("it").map(|output| output.out())
}

fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(from_json).or_else(|| ini(text))
}

/// Sections of `key = value` or `key: value`, as Python's configuration parser reads them: keys in lower case.
fn ini(text: &str) -> Option<Value> {
    let mut sections: Vec<(String, Map)> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sections.push((name.to_owned(), Map::new()));
            continue;
        }
        let (key, value) = line.split_once(['=', ':'])?;
        let (_, section) = sections.last_mut()?;
        section.insert(Key::from(key.trim().to_lowercase()), Value::from(value.trim()));
    }
    let map: Map = sections.into_iter().map(|(name, section)| (Key::from(name), Value::map(section))).collect();
    (!map.is_empty()).then(|| Value::map(map))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::modules::testing::with_ctx;
    use crate::value::to_json;

    #[test]
    fn json_ini_programs_and_rubbish() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("a.fact"), "{\"x\": [1]}").unwrap();
            fs::write(dir.path().join("b.fact"), "# c\n[main]\nKey = v w\nother: 1\n").unwrap();
            fs::write(dir.path().join("c.fact"), "#!/bin/sh\necho '{\"made\": true}'\n").unwrap();
            fs::write(dir.path().join("d.fact"), "nothing of the kind").unwrap();
            fs::write(dir.path().join("e.txt"), "no fact").unwrap();
            fs::set_permissions(dir.path().join("c.fact"), fs::Permissions::from_mode(0o755)).unwrap();
            let mut facts = Facts::default();
            let path = dir.path().to_string_lossy();
            local(&mut facts, &Request { fact_path: &path, timeout: 5 }, ctx);
            let json = to_json(facts.0.get("local").unwrap());
            assert_eq!(json["a"], json!({"x": [1]}));
            assert_eq!(json["b"], json!({"main": {"key": "v w", "other": "1"}}));
            assert_eq!(json["c"], json!({"made": true}));
            assert!(json["d"].as_str().unwrap().starts_with("error loading facts"));
            assert_eq!(json.as_object().unwrap().len(), 4);
            assert_eq!(ctx.take_warnings().len(), 1);
        });
    }
}
