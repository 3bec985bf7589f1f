//! Bodies of `multipart/form-data`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::value::{Map, Value, python_str};

/// The body and its boundary. A part is a text, or a mapping with `filename`, `content` and `mime_type`.
pub(super) fn multipart(parts: &Map, ctx: &Ctx) -> Result<(Vec<u8>, String), ModuleError> {
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let mut out = Vec::new();
    for (name, part) in parts {
        let (content, file, kind) = match part {
            Value::Map(map) => {
                let text = |key: &str| map.get(key).filter(|value| !matches!(value, Value::Null)).map(python_str);
                let file = text("filename");
                let content = match (text("content_base64"), text("content"), &file) {
                    (Some(encoded), ..) => base64::engine::general_purpose::STANDARD
                        .decode(encoded)
                        .map_err(|error| ModuleError::because("the content is not Base64", error))?,
                    (None, Some(text), _) => text.into_bytes(),
                    (None, None, Some(file)) => {
                        let path = ctx.resolve(file);
                        let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
                        fs::read(&path).map_err(cannot)?
                    }
                    (None, None, None) => {
                        return Err(ModuleError::new(format!("part `{name}` needs `filename` or `content`")));
                    }
                };
                let base = file.map(|file| {
                    Path::new(&file).file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned())
                });
                let kind = text("mime_type").unwrap_or_else(|| media_type(base.as_deref()).to_owned());
                (content, base, kind)
            }
            other => (python_str(other).into_bytes(), None, "text/plain".to_owned()),
        };
        let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quote(&name.to_string()));
        if let Some(file) = file {
            let _ = write!(head, "; filename=\"{}\"", quote(&file));
        }
        let _ = write!(head, "\r\nContent-Type: {kind}\r\n\r\n");
        out.extend(head.into_bytes());
        out.extend(content);
        out.extend(b"\r\n");
    }
    out.extend(format!("--{boundary}--\r\n").into_bytes());
    Ok((out, boundary))
}

/// The media type that the end of a name stands for.
fn media_type(name: Option<&str>) -> &'static str {
    match name.and_then(|name| Path::new(name).extension()).and_then(|ending| ending.to_str()) {
        Some("css") => "text/css",
        Some("csv") => "text/csv",
        Some("gz") => "application/gzip",
        Some("htm" | "html") => "text/html",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("tar") => "application/x-tar",
        Some("txt" | "log" | "conf") => "text/plain",
        Some("xml") => "text/xml",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::with_ctx;
    use crate::value::from_json;

    #[test]
    fn parts_are_written() {
        with_ctx(|ctx| {
            let parts = from_json(json!({"a": "x", "f": {"filename": "/d/n.json", "content": "{}"}}));
            let (body, boundary) = multipart(parts.as_map().unwrap(), ctx).unwrap();
            let wanted = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain\r\n\r\nx\r\n\
                 --{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.json\"\r\n\
                 Content-Type: application/json\r\n\r\n{{}}\r\n--{boundary}--\r\n"
            );
            assert_eq!(String::from_utf8(body).unwrap(), wanted);
        });
    }
}
