//! Pulling, pushing and deleting manifests.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::context::Context;
use super::document::Document;
use super::error::RegistryError;
use super::names::{Digest, Reference, RepositoryName};
use super::{labels, quota};
use crate::sandbox::store::manifests::{self, Manifest, NewManifest};
use crate::sandbox::store::tags::{self, Origin};
use crate::sandbox::store::{Db, ManifestId, RepositoryId, blobs};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// Larger manifests are refused, as most registries do.
const LARGEST: usize = 4 * 1024 * 1024;
/// Larger configs are not searched for labels.
const LARGEST_CONFIG: u64 = 4 * 1024 * 1024;
/// How long a manifest that was pushed by digest lives on its own, in milliseconds. An index that lists it keeps it longer.
const TEMPORARY: i64 = 2 * 3_600_000;

/// `GET` and `HEAD` of a manifest. What was pushed is given back byte for byte, whatever the client would rather have.
pub(super) async fn get(
    context: Context,
    name: RepositoryName,
    reference: &str,
    head: bool,
) -> Result<Response, RegistryError> {
    let reference = parse(reference)?;
    let app = Arc::clone(&context.app);
    let manifest = if head {
        app.store.read(move |db| find(&context, db, &name, &reference)).await?
    } else {
        app.store
            .write(move |db| {
                let manifest = find(&context, db, &name, &reference)?;
                let used = match &reference {
                    Reference::Tag(tag) => ("tag", tag.as_str()),
                    Reference::Digest(digest) => ("manifest_digest", digest.as_str()),
                };
                context.log(db, "pull_repo", &name, used)?;
                Ok::<_, RegistryError>(manifest)
            })
            .await?
    };
    let length = manifest.bytes.len();
    let body = if head { Body::empty() } else { Body::from(manifest.bytes) };
    let headers = [
        (header::CONTENT_TYPE, manifest.media_type),
        (header::CONTENT_LENGTH, length.to_string()),
        (CONTENT_DIGEST, manifest.digest),
    ];
    Ok((headers, body).into_response())
}

fn find(
    context: &Context,
    db: &Db<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Result<Manifest, RegistryError> {
    let repository = context.pull(db, name)?;
    let found = match reference {
        Reference::Tag(tag) => match tags::alive(db, repository.id, tag)? {
            Some(tag) => manifests::by_id(db, tag.manifest_id)?,
            None => None,
        },
        Reference::Digest(digest) => match manifests::by_digest(db, repository.id, digest.as_str())? {
            Some(manifest) if manifests::is_reachable(db, manifest.id)? => Some(manifest),
            _ => None,
        },
    };
    found.ok_or_else(RegistryError::manifest_unknown)
}

/// `PUT` of a manifest, by tag or by digest.
pub(super) async fn put(
    context: Context,
    name: RepositoryName,
    reference: &str,
    request: Request,
) -> Result<Response, RegistryError> {
    let context = Arc::new(context);
    // the right to push first: a client without it learns nothing of what is wrong with its manifest
    let (work, wanted) = (Arc::clone(&context), name.clone());
    context.app.store.read(move |db| work.push(db, &wanted).map(drop)).await?;
    let reference = parse(reference)?;
    let (head, body) = request.into_parts();
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let bytes = to_bytes(body, LARGEST).await.map_err(|_| RegistryError::manifest_too_large(LARGEST))?;
    let document = Document::parse(content_type, &bytes)?;
    let digest = Digest::of_hash(&Sha256::digest(&bytes));
    if let Reference::Digest(wanted) = &reference
        && *wanted != digest
    {
        return Err(RegistryError::manifest_invalid(format!("manifest digest mismatch: the content is {digest}")));
    }
    let labels = read_labels(&context, &name, &document).await?;
    let subject = document.subject.clone();
    let (work, wanted, pushed) = (Arc::clone(&context), name.clone(), digest.clone());
    context
        .app
        .store
        .write(move |db| store(&work, db, &wanted, &reference, &document, &pushed, &bytes, &labels))
        .await?;
    // relative, as Quay has it
    let headers = [(header::LOCATION, format!("/v2/{name}/manifests/{digest}")), (CONTENT_DIGEST, digest.to_string())];
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    let mut response = (StatusCode::CREATED, headers, kind, "OK").into_response();
    // tells the client that it need not keep the fallback tag of the referrers list
    if let Some(value) = subject.and_then(|subject| HeaderValue::from_str(subject.as_str()).ok()) {
        response.headers_mut().insert(SUBJECT, value);
    }
    Ok(response)
}

/// The labels of the image whose manifest is pushed.
async fn read_labels(
    context: &Arc<Context>,
    name: &RepositoryName,
    document: &Document,
) -> Result<Vec<(String, String)>, RegistryError> {
    let Some(config) = &document.config else { return Ok(Vec::new()) };
    let (work, wanted, digest) = (Arc::clone(context), name.clone(), config.digest.clone());
    let readable = context
        .app
        .store
        .read(move |db| {
            let repository = work.push(db, &wanted)?;
            Ok::<_, RegistryError>(blobs::size_in(db, repository.id, digest.as_str())?.is_some())
        })
        .await?;
    // a config that was not pushed is refused later, with the other blobs
    if !readable {
        return Ok(Vec::new());
    }
    let bytes = context.app.files.read_small(&config.digest, LARGEST_CONFIG).await?;
    Ok(bytes.map(|bytes| labels::of_config(&bytes)).unwrap_or_default())
}

#[expect(clippy::too_many_arguments, reason = "one push has so many parts")]
fn store(
    context: &Context,
    db: &Db<'_>,
    name: &RepositoryName,
    reference: &Reference,
    document: &Document,
    digest: &Digest,
    bytes: &[u8],
    labels: &[(String, String)],
) -> Result<(), RegistryError> {
    let repository = context.push(db, name)?;
    quota::check(db, &context.app.settings, repository.namespace_id)?;
    for blob in document.blobs() {
        if blobs::size_in(db, repository.id, blob.digest.as_str())?.is_none() {
            return Err(RegistryError::manifest_invalid(format!("Unknown blob `{}`", blob.digest)));
        }
    }
    for child in &document.children {
        if manifests::by_digest(db, repository.id, child.digest.as_str())?.is_none() {
            return Err(RegistryError::manifest_invalid(format!("Unknown manifest `{}`", child.digest)));
        }
    }
    let all_blobs: Vec<String> = document.blobs().map(|blob| blob.digest.to_string()).collect();
    let children: Vec<String> = document.children.iter().map(|child| child.digest.to_string()).collect();
    let known = manifests::by_digest(db, repository.id, digest.as_str())?;
    let new = NewManifest {
        digest: digest.as_str(),
        media_type: document.media_type,
        config_media_type: document.config.as_ref().map(|config| config.media_type.as_str()),
        artifact_type: document.artifact_type.as_deref(),
        subject: document.subject.as_ref().map(Digest::as_str),
        annotations: document.annotations.as_deref(),
        bytes,
        layers_size: document.layers_size(),
        blobs: &all_blobs,
        children: &children,
    };
    let id = manifests::put(db, repository.id, &new)?;
    if known.is_none() {
        for (key, value) in labels {
            manifests::add_label(db, id, key, value, "manifest", "text/plain")?;
        }
    }
    match reference {
        Reference::Tag(tag) => {
            retag(db, repository.id, tag, id, labels)?;
            context.log(db, "push_repo", name, ("tag", tag))?;
        }
        Reference::Digest(_) => {
            tags::set_hidden(db, repository.id, id, Some(db.now_ms().saturating_add(TEMPORARY)))?;
            context.log(db, "push_repo", name, ("manifest_digest", digest.as_str()))?;
        }
    }
    Ok(())
}

fn retag(
    db: &Db<'_>,
    repository: RepositoryId,
    tag: &str,
    manifest: ManifestId,
    labels: &[(String, String)],
) -> Result<(), RegistryError> {
    if let Some(current) = tags::alive(db, repository, tag)?
        && current.immutable
    {
        // pushing again what is there already changes nothing
        return if current.manifest_id == manifest { Ok(()) } else { Err(RegistryError::tag_immutable(tag)) };
    }
    let life = tags::set(db, repository, tag, manifest, Origin::Push)?;
    if let Some(seconds) = labels::life(labels) {
        tags::set_end(db, life, Some(db.now_ms().saturating_add(seconds.saturating_mul(1000))))?;
    }
    Ok(())
}

/// `DELETE` of a tag, or of all tags of a manifest. What is gone can be restored over Quay's API for a while.
pub(super) async fn delete(context: Context, name: RepositoryName, reference: &str) -> Result<Response, RegistryError> {
    let app = Arc::clone(&context.app);
    let reference = parse(reference);
    app.store
        .write(move |db| {
            let repository = context.push(db, &name)?;
            match reference? {
                Reference::Tag(tag) => {
                    let current = tags::alive(db, repository.id, &tag)?.ok_or_else(RegistryError::manifest_unknown)?;
                    if current.immutable {
                        return Err(RegistryError::tag_immutable(&tag));
                    }
                    tags::end(db, repository.id, &tag, db.now_ms())?;
                    context.log(db, "delete_tag", &name, ("tag", &tag))?;
                }
                Reference::Digest(digest) => {
                    let manifest = manifests::by_digest(db, repository.id, digest.as_str())?;
                    let manifest = manifest.ok_or_else(RegistryError::manifest_unknown)?;
                    if !manifests::is_reachable(db, manifest.id)? {
                        return Err(RegistryError::manifest_unknown());
                    }
                    for tag in tags::names_of_manifest(db, manifest.id)? {
                        if tags::alive(db, repository.id, &tag)?.is_some_and(|tag| tag.immutable) {
                            return Err(RegistryError::tag_immutable(&tag));
                        }
                        context.log(db, "delete_tag", &name, ("tag", &tag))?;
                    }
                    tags::end_of_manifest(db, manifest.id)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

fn parse(reference: &str) -> Result<Reference, RegistryError> {
    let wrong = || {
        if reference.contains(':') { RegistryError::digest_invalid() } else { RegistryError::tag_invalid(reference) }
    };
    Reference::parse(reference).ok_or_else(wrong)
}
