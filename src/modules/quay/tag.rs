//! `quay_tag`.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::connect::{call, given, option};
use super::names;
use super::options::{State, quay_options};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::{Change, ChangeTag, Tag};
use crate::quay::{Registry, RepositoryName};
use crate::value::{Key, Map, Value};

/// Quay silently ends a tag no later than this many seconds (104 weeks) after its begin.
const LONGEST_LIFE: i64 = 104 * 7 * 24 * 60 * 60;

quay_options! {
    /// Keeps a tag of a repository: what it points to, when it ends, whether it is protected.
    pub struct QuayTag {
        /// The image: `namespace/repository:tag` or `namespace/repository@digest`. Without a namespace the caller's own
        /// counts, without tag and digest `latest`.
        image: String,
        /// The tag to keep or remove, where it is not that of `image`. A tag that points elsewhere is moved. Needed with a
        /// digest.
        tag: Option<String>,
        /// When the tag ends, in local time as `expiration_format` says; empty: never. Quay ends tags after 104 weeks at the
        /// latest.
        expiration: Option<String>,
        /// How `expiration` is written, in the words of `strftime`.
        #[serde(default = "expiration_format")]
        expiration_format: String,
        /// Whether the tag is protected from being moved and removed (3.17 and later).
        immutable: Option<bool>,
        /// Whether the tag shall be there.
        #[serde(default)]
        state: State,
    }
}

fn expiration_format() -> String {
    "%Y%m%d%H%M.%S".to_owned()
}

/// A tag as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TagState {
    tag: String,
    digest: String,
    /// Seconds since 1970.
    expiration: Option<i64>,
    immutable: bool,
    #[serde(skip)]
    begin: i64,
}

impl From<&Tag> for TagState {
    fn from(tag: &Tag) -> Self {
        Self {
            tag: tag.name.clone(),
            digest: tag.manifest_digest.clone(),
            expiration: tag.end_ts,
            immutable: tag.immutable,
            begin: tag.start_ts,
        }
    }
}

/// How `image` names an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reference<'i> {
    Tag(&'i str),
    Digest(&'i str),
}

impl Managed for QuayTag {
    type State = Option<TagState>;

    fn validate(&self) -> Result<(), ModuleError> {
        self.target().map(|_| ())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        let name = self.repository(&registry, ctx)?;
        let found = Self::find(&name, self.target()?, &registry, ctx)?;
        Ok(found.as_ref().map(TagState::from))
    }

    fn desired(&self, current: &Self::State, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == State::Absent {
            return Ok(None);
        }
        let target = self.target()?;
        let digest = match self.reference() {
            (_, Reference::Digest(digest)) => digest.to_owned(),
            (_, Reference::Tag(source)) if source == target => match current {
                Some(current) => current.digest.clone(),
                None => return Err(self.missing()),
            },
            (_, Reference::Tag(source)) => {
                let Some(registry) = self.connection().open(ctx)? else { return Err(self.missing()) };
                let name = self.repository(&registry, ctx)?;
                Self::find(&name, source, &registry, ctx)?.ok_or_else(|| self.missing())?.manifest_digest
            }
        };
        let mut wanted = current.clone().unwrap_or_else(|| TagState {
            tag: target.to_owned(),
            digest: String::new(),
            expiration: None,
            immutable: false,
            begin: 0,
        });
        if wanted.digest != digest {
            // a tag that is moved begins anew: without end and without protection
            wanted =
                TagState { digest, expiration: None, immutable: false, begin: Timestamp::now().as_second(), ..wanted };
        }
        if let Some(text) = self.expiration.as_deref().map(str::trim) {
            wanted.expiration = if text.is_empty() { None } else { Some(self.end(text, wanted.begin, ctx)?) };
        }
        wanted.immutable = self.immutable.unwrap_or(wanted.immutable);
        Ok(Some(wanted))
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let repository = self.repository(&registry, ctx)?.to_string();
        let (tag, client) = (self.target()?, registry.client());
        let Some(wanted) = desired else {
            call(ctx, format!("cannot remove tag {tag} of {repository}"), client.delete_tag(&repository, tag))?;
            return Ok(Applied::default());
        };
        let protect = |to: bool| ChangeTag { immutable: Some(to), ..ChangeTag::default() };
        let doing = |what: &str| format!("cannot {what} tag {tag} of {repository}");
        let mut immutable = current.as_ref().is_some_and(|current| current.immutable);
        if immutable && self.immutable == Some(false) {
            call(ctx, doing("lift the protection of"), client.change_tag(&repository, tag, &protect(false)))?;
            immutable = false;
        }
        let mut expiration = current.as_ref().and_then(|current| current.expiration);
        if current.as_ref().is_none_or(|current| current.digest != wanted.digest) {
            call(ctx, doing("move"), client.move_tag(&repository, tag, &wanted.digest))?;
            (immutable, expiration) = (false, None);
        }
        if expiration != wanted.expiration {
            let end = wanted.expiration.map_or(Change::Clear, Change::Set);
            let change = ChangeTag { expiration: end, ..ChangeTag::default() };
            call(ctx, doing("set the end of"), client.change_tag(&repository, tag, &change))?;
        }
        if wanted.immutable != immutable {
            call(ctx, doing("protect"), client.change_tag(&repository, tag, &protect(wanted.immutable)))?;
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &Self::State) -> Map {
        let Some(state) = state else { return Map::new() };
        Map::from_iter([
            (Key::from("tag"), Value::from(state.tag.as_str())),
            (Key::from("digest"), Value::from(state.digest.as_str())),
        ])
    }

    fn title(&self) -> String {
        format!("tag {} of {}", self.target().unwrap_or_default(), self.reference().0)
    }
}

impl QuayTag {
    /// Repository and tag or digest of `image`.
    fn reference(&self) -> (&str, Reference<'_>) {
        if let Some((repository, digest)) = self.image.split_once('@') {
            return (repository, Reference::Digest(digest));
        }
        match self.image.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Reference::Tag(tag)),
            _ => (&self.image, Reference::Tag("latest")),
        }
    }

    /// The tag that is kept or removed.
    fn target(&self) -> Result<&str, ModuleError> {
        match (given(self.tag.as_deref()), self.reference().1) {
            (Some(tag), _) | (None, Reference::Tag(tag)) => Ok(tag),
            (None, Reference::Digest(_)) => Err(option("tag", "is needed with a digest in `image`")),
        }
    }

    fn repository(&self, registry: &Registry, ctx: &Ctx) -> Result<RepositoryName, ModuleError> {
        names::repository(self.reference().0, registry, ctx)
    }

    fn missing(&self) -> ModuleError {
        ModuleError::new(format!("there is no image `{}`", self.image))
    }

    /// A tag that is there; none where its repository is missing.
    fn find(name: &RepositoryName, tag: &str, registry: &Registry, ctx: &Ctx) -> Result<Option<Tag>, ModuleError> {
        match ctx.wait(registry.client().tag(&name.to_string(), tag)) {
            Some(Err(error)) if error.refusal().is_some_and(crate::quay::Refusal::is_not_found) => Ok(None),
            Some(result) => {
                result.map_err(|error| super::connect::failed(format!("cannot read the tags of {name}"), error))
            }
            None => Err(ModuleError::new("interrupted")),
        }
    }

    /// The end that a text means, as Quay will take it.
    fn end(&self, text: &str, begin: i64, ctx: &mut Ctx) -> Result<i64, ModuleError> {
        let unreadable = |reason: String| {
            option("expiration", format!("`{text}` is no time as `{}`: {reason}", self.expiration_format))
        };
        let zone = match ctx.variable("TZ").filter(|zone| !zone.is_empty()) {
            Some(zone) => TimeZone::get(&zone).unwrap_or_else(|_| TimeZone::system()),
            None => TimeZone::system(),
        };
        let parsed = strtime::parse(&self.expiration_format, text).map_err(|error| unreadable(error.to_string()))?;
        let moment = match parsed.to_timestamp() {
            Ok(moment) => moment,
            // without an offset in the text, it is local time
            Err(_) => parsed
                .to_datetime()
                .and_then(|local| local.to_zoned(zone))
                .map_err(|error| unreadable(error.to_string()))?
                .timestamp(),
        };
        let end = moment.as_second();
        if end <= Timestamp::now().as_second() {
            return Err(option("expiration", format!("`{text}` is in the past, which Quay refuses")));
        }
        if end > begin + LONGEST_LIFE {
            ctx.warn(format!("Quay ends the tag 104 weeks after its begin, before {text}"));
        }
        Ok(end.min(begin + LONGEST_LIFE))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::{from_json, from_value};

    fn tag(args: serde_json::Value) -> QuayTag {
        from_value(&from_json(args)).unwrap()
    }

    #[test]
    fn images_are_read_as_people_write_them() {
        assert_eq!(tag(json!({"image": "acme/app:v1"})).reference(), ("acme/app", Reference::Tag("v1")));
        assert_eq!(tag(json!({"image": "acme/app"})).reference(), ("acme/app", Reference::Tag("latest")));
        assert_eq!(
            tag(json!({"image": "acme/app@sha256:00"})).reference(),
            ("acme/app", Reference::Digest("sha256:00"))
        );
        assert_eq!(tag(json!({"image": "acme/app:v1", "tag": "v2"})).target().unwrap(), "v2");
        assert!(tag(json!({"image": "acme/app@sha256:00"})).target().is_err());
    }

    #[test]
    fn ends_are_local_times_and_capped() {
        crate::modules::testing::with_ctx(|ctx| {
            ctx.environment.insert("TZ".into(), "Europe/Prague".into());
            let now = Timestamp::now();
            let in_a_day = now.as_second() + 86_400;
            let local = Timestamp::from_second(in_a_day).unwrap().to_zoned(TimeZone::get("Europe/Prague").unwrap());
            let text = local.strftime("%Y%m%d%H%M.%S").to_string();
            let module = tag(json!({"image": "acme/app:v1"}));
            assert_eq!(module.end(&text, now.as_second(), ctx).unwrap(), in_a_day);
            assert_eq!(module.end("209901010000.00", 1_000, ctx).unwrap(), 1_000 + LONGEST_LIFE);
            assert_eq!(ctx.take_warnings().len(), 1);
            assert!(module.end("200101010000.00", 0, ctx).unwrap_err().message.contains("past"));
            assert!(module.end("tomorrow", 0, ctx).is_err());
        });
    }
}
