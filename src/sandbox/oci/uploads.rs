//! Uploads of blobs: in one request, in chunks, or none at all where another repository has the blob.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::blob_files::UploadError;
use super::context::Context;
use super::error::RegistryError;
use super::names::{Digest, RepositoryName};
use super::quota;
use crate::sandbox::store::{Db, RepositoryId, blobs};

const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// `POST …/blobs/uploads/`: begins an upload, mounts a blob, or takes a whole blob.
pub(super) async fn start(context: Context, name: RepositoryName, request: Request) -> Result<Response, RegistryError> {
    let query = Query::parse(request.uri().query());
    let context = Arc::new(context);
    let work = Arc::clone(&context);
    let wanted = name.clone();
    let mount = query.mount.as_deref().and_then(Digest::parse);
    let digest = query.digest.as_deref().map(|digest| Digest::parse(digest).ok_or_else(RegistryError::digest_invalid));
    let digest = digest.transpose()?;
    let from = query.from.as_deref().map(RepositoryName::split);
    let begun = context
        .app
        .store
        .write(move |db| {
            let repository = work.push(db, &wanted)?;
            quota::check(db, &work.app.settings, repository.namespace_id)?;
            if let Some(mount) = mount
                && mounted(&work, db, repository.id, &mount, from.as_ref())?
            {
                return Ok(Begun::Mounted(mount));
            }
            let upload = blobs::begin_upload(db, repository.id)?;
            Ok::<_, RegistryError>(Begun::Upload(upload.uuid))
        })
        .await?;
    match (begun, digest) {
        (Begun::Mounted(digest), _) => Ok(created(&context, &name, &digest)),
        (Begun::Upload(uuid), Some(digest)) => complete(&context, &name, &uuid, &digest, request).await,
        // Quay's own way to write an empty range
        (Begun::Upload(uuid), None) => Ok(accepted(&context, &name, &uuid, "bytes=0--1")),
    }
}

enum Begun {
    Mounted(Digest),
    Upload(String),
}

/// Lets the repository read a blob that the client can read elsewhere.
fn mounted(
    context: &Context,
    db: &Db<'_>,
    repository: RepositoryId,
    digest: &Digest,
    from: Option<&RepositoryName>,
) -> Result<bool, RegistryError> {
    if blobs::size_in(db, repository, digest.as_str())?.is_some() {
        return Ok(true);
    }
    // a source that the client may not read is no error: it uploads instead
    let Some(source) = from.and_then(|from| context.pull(db, from).ok()) else { return Ok(false) };
    if blobs::size_in(db, source.id, digest.as_str())?.is_none() {
        return Ok(false);
    }
    blobs::link(db, repository, digest.as_str())?;
    Ok(true)
}

/// `GET …/blobs/uploads/<uuid>`: how far an upload is.
pub(super) async fn status(context: Context, name: RepositoryName, uuid: String) -> Result<Response, RegistryError> {
    let context = Arc::new(context);
    let received = received(&context, &name, &uuid).await?;
    let mut response = accepted(&context, &name, &uuid, &range(received));
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// `PATCH …/blobs/uploads/<uuid>`: the next chunk.
pub(super) async fn patch(
    context: Context,
    name: RepositoryName,
    uuid: String,
    request: Request,
) -> Result<Response, RegistryError> {
    let context = Arc::new(context);
    received(&context, &name, &uuid).await?;
    let mut progress = context.app.files.hold(&uuid).await;
    // asked again: another request may have ended the upload while this one waited
    let before = received(&context, &name, &uuid).await?;
    if content_start(request.headers()).is_some_and(|start| start != before) {
        let mut response = RegistryError::range().into_response(&context.site.base, &context.site.service);
        set_upload_headers(&mut response, &context, &name, &uuid, &range(before));
        return Ok(response);
    }
    let files = &context.app.files;
    let (length, result) = files.append(&uuid, &mut progress, before, request.into_body()).await;
    note(&context, &uuid, length).await?;
    match result {
        Ok(()) => Ok(accepted(&context, &name, &uuid, &range(length))),
        Err(UploadError::Client(_)) => Err(RegistryError::upload_invalid()),
        Err(error @ UploadError::File(_)) => Err(RegistryError::internal(&error)),
    }
}

/// `PUT …/blobs/uploads/<uuid>?digest=…`: the last chunk, if any, and the end.
pub(super) async fn finish(
    context: Context,
    name: RepositoryName,
    uuid: String,
    request: Request,
) -> Result<Response, RegistryError> {
    let context = Arc::new(context);
    let query = Query::parse(request.uri().query());
    received(&context, &name, &uuid).await?;
    let digest = query.digest.as_deref().and_then(Digest::parse).ok_or_else(RegistryError::digest_invalid)?;
    complete(&context, &name, &uuid, &digest, request).await
}

/// `DELETE …/blobs/uploads/<uuid>`: gives an upload up.
pub(super) async fn cancel(context: Context, name: RepositoryName, uuid: String) -> Result<Response, RegistryError> {
    let context = Arc::new(context);
    received(&context, &name, &uuid).await?;
    let progress = context.app.files.hold(&uuid).await;
    end(&context, &uuid).await?;
    context.app.files.forget(&uuid).await?;
    drop(progress);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes the rest of an upload and makes it a blob.
async fn complete(
    context: &Arc<Context>,
    name: &RepositoryName,
    uuid: &str,
    digest: &Digest,
    request: Request,
) -> Result<Response, RegistryError> {
    let files = &context.app.files;
    let mut progress = files.hold(uuid).await;
    let before = received(context, name, uuid).await?;
    let (length, result) = files.append(uuid, &mut progress, before, request.into_body()).await;
    match result {
        Ok(()) => {}
        Err(UploadError::Client(_)) => {
            note(context, uuid, length).await?;
            return Err(RegistryError::upload_invalid());
        }
        Err(error @ UploadError::File(_)) => return Err(RegistryError::internal(&error)),
    }
    if !files.commit(uuid, &mut progress, digest).await? {
        end(context, uuid).await?;
        return Err(RegistryError::upload_invalid());
    }
    let (work, wanted, ended, blob) = (Arc::clone(context), name.clone(), uuid.to_owned(), digest.clone());
    context
        .app
        .store
        .write(move |db| {
            blobs::end_upload(db, &ended)?;
            let repository = work.push(db, &wanted)?;
            blobs::put(db, repository.id, blob.as_str(), i64::try_from(length).unwrap_or(i64::MAX))?;
            Ok::<_, RegistryError>(())
        })
        .await?;
    Ok(created(context, name, digest))
}

/// How many bytes of an upload are noted, if the client may write it.
async fn received(context: &Arc<Context>, name: &RepositoryName, uuid: &str) -> Result<u64, RegistryError> {
    let (work, name, uuid) = (Arc::clone(context), name.clone(), uuid.to_owned());
    context
        .app
        .store
        .read(move |db| {
            let repository = work.push(db, &name)?;
            let upload = blobs::upload(db, repository.id, &uuid)?.ok_or_else(RegistryError::upload_unknown)?;
            Ok(u64::try_from(upload.received).unwrap_or_default())
        })
        .await
}

async fn note(context: &Context, uuid: &str, length: u64) -> Result<(), RegistryError> {
    let uuid = uuid.to_owned();
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    context.app.store.write(move |db| Ok(blobs::set_received(db, &uuid, length)?)).await
}

async fn end(context: &Context, uuid: &str) -> Result<(), RegistryError> {
    let uuid = uuid.to_owned();
    context.app.store.write(move |db| Ok(blobs::end_upload(db, &uuid).map(drop)?)).await
}

fn created(context: &Context, name: &RepositoryName, digest: &Digest) -> Response {
    let location = format!("{}/v2/{name}/blobs/{digest}", context.site.base);
    let headers = [(header::LOCATION, location), (CONTENT_DIGEST, digest.to_string())];
    (StatusCode::CREATED, headers).into_response()
}

fn accepted(context: &Context, name: &RepositoryName, uuid: &str, range: &str) -> Response {
    let mut response = StatusCode::ACCEPTED.into_response();
    set_upload_headers(&mut response, context, name, uuid, range);
    response
}

fn set_upload_headers(response: &mut Response, context: &Context, name: &RepositoryName, uuid: &str, range: &str) {
    let location = format!("{}/v2/{name}/blobs/uploads/{uuid}", context.site.base);
    for (header, text) in [(header::LOCATION, location.as_str()), (header::RANGE, range), (UPLOAD_UUID, uuid)] {
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().insert(header, value);
        }
    }
}

/// The bytes that are there, as clients expect it: `0-11` for twelve.
fn range(received: u64) -> String {
    match received {
        0 => "bytes=0--1".to_owned(),
        count => format!("0-{}", count - 1),
    }
}

/// Where a chunk says that it begins.
fn content_start(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let text = text.trim_start_matches("bytes").trim_start_matches(['=', ' ']);
    text.split_once('-')?.0.trim().parse().ok()
}

/// What an upload's query may say.
#[derive(Debug, Default)]
struct Query {
    digest: Option<String>,
    mount: Option<String>,
    from: Option<String>,
}

impl Query {
    fn parse(text: Option<&str>) -> Self {
        let mut query = Self::default();
        for (key, value) in url::form_urlencoded::parse(text.unwrap_or("").as_bytes()) {
            match key.as_ref() {
                "digest" => query.digest = Some(value.into_owned()),
                "mount" => query.mount = Some(value.into_owned()),
                "from" => query.from = Some(value.into_owned()),
                _ => {}
            }
        }
        query
    }
}
