//! Reading manifests: what is pushed under `/manifests/`.

use serde_json::{Map, Value};

use super::error::RegistryError;
use super::names::Digest;

pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// A manifest or index, as far as the registry must understand it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) media_type: &'static str,
    pub(super) config: Option<Descriptor>,
    pub(super) layers: Vec<Descriptor>,
    /// The manifests of an index.
    pub(super) children: Vec<Descriptor>,
    pub(super) subject: Option<Digest>,
    pub(super) artifact_type: Option<String>,
    /// A JSON object as text.
    pub(super) annotations: Option<String>,
}

/// What a manifest says of another piece of content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: i64,
    /// It lies elsewhere and is not pushed.
    pub(super) foreign: bool,
}

impl Document {
    /// Reads a manifest of the type that the request says; without one, the type that the manifest says itself.
    pub(super) fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, RegistryError> {
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| RegistryError::manifest_invalid(format!("failed to parse manifest: {error}")))?;
        let Value::Object(fields) = value else { return Err(invalid("it is not an object")) };
        let version = fields.get("schemaVersion").ok_or_else(|| invalid("'schemaVersion' is a required property"))?;
        if version.as_i64() != Some(2) {
            return Err(invalid(&format!("{version} was expected to be 2 in 'schemaVersion'")));
        }
        let own = fields.get("mediaType").and_then(Value::as_str);
        let said = content_type.map(|text| text.split(';').next().unwrap_or(text).trim());
        let said = said.filter(|text| !matches!(*text, "" | "application/json" | "application/octet-stream"));
        if let (Some(own), Some(said)) = (own, said)
            && own != said
        {
            return Err(invalid(&format!("its media type is '{own}', and it was sent as '{said}'")));
        }
        let media_type = match said.or(own) {
            Some(INDEX) => INDEX,
            Some(DOCKER_MANIFEST) => DOCKER_MANIFEST,
            Some(DOCKER_LIST) => DOCKER_LIST,
            None if fields.contains_key("manifests") => INDEX,
            Some(MANIFEST) | None => MANIFEST,
            Some(other) => return Err(invalid(&format!("the manifest type '{other}' is not supported"))),
        };
        let is_index = matches!(media_type, INDEX | DOCKER_LIST);
        let list = |key: &str| -> Result<Vec<Descriptor>, RegistryError> {
            let list = fields.get(key).ok_or_else(|| invalid(&format!("'{key}' is a required property")))?;
            let list = list.as_array().ok_or_else(|| invalid(&format!("'{key}' is not a list")))?;
            list.iter().map(|entry| Descriptor::read(entry, key)).collect()
        };
        let (config, layers, children) = if is_index {
            (None, Vec::new(), list("manifests")?)
        } else {
            let config = fields.get("config").ok_or_else(|| invalid("'config' is a required property"))?;
            (Some(Descriptor::read(config, "config")?), list("layers")?, Vec::new())
        };
        let subject = match fields.get("subject") {
            None | Some(Value::Null) => None,
            Some(subject) => Some(Descriptor::read(subject, "subject")?.digest),
        };
        Ok(Self {
            media_type,
            config,
            layers,
            children,
            subject,
            artifact_type: text(&fields, "artifactType").map(str::to_owned),
            annotations: fields.get("annotations").filter(|value| value.is_object()).map(ToString::to_string),
        })
    }

    /// Whether it lists other manifests.
    pub(super) fn is_index(&self) -> bool {
        matches!(self.media_type, INDEX | DOCKER_LIST)
    }

    /// Sum of the layers; `None` for an index.
    pub(super) fn layers_size(&self) -> Option<i64> {
        (!self.is_index()).then(|| self.layers.iter().fold(0_i64, |sum, layer| sum.saturating_add(layer.size)))
    }

    /// Config and layers that must have been pushed before.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(&self.layers).filter(|blob| !blob.foreign)
    }
}

impl Descriptor {
    fn read(value: &Value, place: &str) -> Result<Self, RegistryError> {
        let fields = value.as_object().ok_or_else(|| invalid(&format!("an entry of '{place}' is not an object")))?;
        let missing = |key: &str| invalid(&format!("'{key}' is a required property in '{place}'"));
        let digest = text(fields, "digest").ok_or_else(|| missing("digest"))?;
        let size = fields.get("size").and_then(Value::as_i64).filter(|size| *size >= 0);
        Ok(Self {
            media_type: text(fields, "mediaType").ok_or_else(|| missing("mediaType"))?.to_owned(),
            digest: Digest::parse(digest).ok_or_else(|| invalid(&format!("'{digest}' is not a digest")))?,
            size: size.ok_or_else(|| missing("size"))?,
            foreign: fields.get("urls").and_then(Value::as_array).is_some_and(|urls| !urls.is_empty()),
        })
    }
}

fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    fields.get(key).and_then(Value::as_str)
}

fn invalid(why: &str) -> RegistryError {
    RegistryError::manifest_invalid(format!("failed to parse manifest: manifest data does not match schema: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn descriptor(media_type: &str, digit: &str, size: i64) -> Value {
        json!({ "mediaType": media_type, "digest": format!("sha256:{}", digit.repeat(64)), "size": size })
    }

    fn parse(content_type: Option<&str>, value: &Value) -> Result<Document, String> {
        Document::parse(content_type, value.to_string().as_bytes()).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn manifests_and_indexes_are_told_by_their_type() {
        let layers = [descriptor("application/x", "b", 10), descriptor("application/x", "c", 5)];
        let manifest = json!({ "schemaVersion": 2, "config": descriptor("application/c", "a", 3), "layers": layers,
            "annotations": {"a": "b"}, "subject": descriptor(MANIFEST, "d", 1), "artifactType": "x/y" });
        let document = parse(Some(MANIFEST), &manifest).unwrap();
        assert_eq!(document.layers_size(), Some(15));
        assert_eq!(document.blobs().count(), 3);
        assert_eq!(document.subject.unwrap().hex(), "d".repeat(64));
        assert_eq!(document.annotations.as_deref(), Some(r#"{"a":"b"}"#));
        assert_eq!(parse(None, &manifest).unwrap().media_type, MANIFEST);
        let index =
            json!({ "schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [descriptor(MANIFEST, "a", 1)] });
        let document = parse(None, &index).unwrap();
        assert!(document.is_index() && document.layers_size().is_none() && document.children.len() == 1);
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_the_reason() {
        let cases = [
            (json!({}), "'schemaVersion' is a required property"),
            (json!({ "schemaVersion": 1 }), "expected to be 2"),
            (json!({ "schemaVersion": 2, "config": descriptor("c", "a", 1) }), "'layers' is a required property"),
            (json!({ "schemaVersion": 2, "layers": [] }), "'config' is a required property"),
            (json!({ "schemaVersion": 2, "config": {"digest": "x"}, "layers": [] }), "is not a digest"),
            (json!({ "schemaVersion": 2, "mediaType": "a/b", "layers": [] }), "and it was sent as"),
            (json!([]), "it is not an object"),
        ];
        for (value, why) in cases {
            let error = parse(Some(MANIFEST), &value).unwrap_err();
            assert!(error.contains(why) || error.contains("mediaType"), "{value}: {error}");
        }
        assert!(Document::parse(None, b"not json").is_err());
    }
}
