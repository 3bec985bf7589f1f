//! `uri`: reads the files that a request sends on the controller, then hands over to the host's `_uri`.

use std::borrow::Cow;

use base64::Engine as _;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::find_file::Source;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::net::UriRequest;
use crate::modules::options::RawOptions;
use crate::modules::outcome::Outcome;
use crate::value::{Key, Map, Value, from_value, parse_bool};

/// The task's options; their meaning is `_uri`'s.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Uri(RawOptions);

impl JsonSchema for Uri {
    fn schema_name() -> Cow<'static, str> {
        "Uri".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        UriRequest::json_schema(generator)
    }
}

impl ControllerAction for Uri {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let mut args = self.0.0.clone();
        for internal in ["source", "source_base64"] {
            if args.contains_key(internal) {
                return Err(ModuleError::new(format!("unknown option `{internal}`")));
            }
        }
        // what is wrong with the options is told before any file is looked for
        from_value::<UriRequest>(&Value::map(args.clone()))?;
        let remote = args.get("remote_src").and_then(parse_bool).unwrap_or(false);
        if !remote {
            bring_source(&mut args, ctx)?;
            bring_parts(&mut args, ctx)?;
        }
        let outcome = (ctx.run_module)("_uri", &Value::map(args), ctx.ctx)?;
        Ok((outcome, Vec::new()))
    }
}

fn bring_source(args: &mut Map, ctx: &ControllerCtx<'_>) -> Result<(), ModuleError> {
    let Some(src) = args.get("src").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
    let path = ctx.find_source("files", &src)?;
    args.shift_remove("src");
    match ctx.open_source(&path, true)? {
        Source::Disk(path) => args.insert(Key::from("source"), Value::from(path.to_string_lossy().into_owned())),
        Source::Bytes { bytes, .. } => args.insert(Key::from("source_base64"), encoded(&bytes)),
    };
    Ok(())
}

/// Files of a `form-multipart` body.
fn bring_parts(args: &mut Map, ctx: &ControllerCtx<'_>) -> Result<(), ModuleError> {
    if args.get("body_format").and_then(Value::as_str) != Some("form-multipart") {
        return Ok(());
    }
    let Some(parts) = args.get("body").and_then(Value::as_map).cloned() else { return Ok(()) };
    let mut brought = Map::new();
    for (name, part) in parts {
        let part = match &part {
            Value::Map(map) if !map.contains_key("content") => match map.get("filename").and_then(Value::as_str) {
                Some(file) => {
                    let path = ctx.find_source("files", file)?;
                    let bytes = match ctx.open_source(&path, true)? {
                        Source::Bytes { bytes, .. } => bytes,
                        Source::Disk(path) => ctx.files.read(&path).map_err(|error| {
                            ModuleError::because(format!("cannot read `{}`", path.display()), error)
                        })?,
                    };
                    let mut map = (**map).clone();
                    map.insert(Key::from("content_base64"), encoded(&bytes));
                    Value::map(map)
                }
                None => part,
            },
            _ => part,
        };
        brought.insert(name, part);
    }
    args.insert(Key::from("body"), Value::map(brought));
    Ok(())
}

fn encoded(bytes: &[u8]) -> Value {
    Value::from(base64::engine::general_purpose::STANDARD.encode(bytes))
}
