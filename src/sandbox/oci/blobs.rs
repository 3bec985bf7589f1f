//! Reading blobs, whole or in part.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::context::Context;
use super::error::RegistryError;
use super::names::{Digest, RepositoryName};
use crate::sandbox::store::blobs;

/// `GET` and `HEAD` of a blob.
pub(super) async fn get(
    context: Context,
    name: RepositoryName,
    digest: &str,
    headers: &HeaderMap,
    head: bool,
) -> Result<Response, RegistryError> {
    let digest = Digest::parse(digest).ok_or_else(RegistryError::digest_invalid)?;
    let app = std::sync::Arc::clone(&context.app);
    let wanted = digest.clone();
    let size = app
        .store
        .read(move |db| {
            let repository = context.pull(db, &name)?;
            blobs::size_in(db, repository.id, wanted.as_str())?.ok_or_else(RegistryError::blob_unknown)
        })
        .await?;
    let size = u64::try_from(size).unwrap_or_default();
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (status, start, length) = match range.and_then(|text| Range::parse(text, size)) {
        None => (StatusCode::OK, 0, size),
        Some(Range::Part { start, end }) => (StatusCode::PARTIAL_CONTENT, start, end - start + 1),
        Some(Range::Outside) => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    let body = if head { Body::empty() } else { app.files.read(&digest, start, length).await? };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=31436000"));
    if let Ok(value) = HeaderValue::from_str(digest.as_str()) {
        headers.insert("docker-content-digest", value);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {start}-{}/{size}", start + length - 1);
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header::CONTENT_RANGE, value);
        }
    }
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// These bytes, both ends included.
    Part { start: u64, end: u64 },
    /// Nothing of it is there.
    Outside,
}

impl Range {
    /// Reads `bytes=…` with one range; anything else is as if it were not there, as HTTP has it.
    fn parse(text: &str, size: u64) -> Option<Self> {
        let (start, end) = text.strip_prefix("bytes=")?.split_once('-')?;
        let (start, end) = match (start.trim(), end.trim()) {
            ("", "") => return None,
            ("", last) => (size.saturating_sub(last.parse().ok()?), size.checked_sub(1)?),
            (start, "") => (start.parse().ok()?, size.saturating_sub(1)),
            (start, end) => (start.parse().ok()?, end.parse::<u64>().ok()?.min(size.saturating_sub(1))),
        };
        Some(if start <= end && start < size { Self::Part { start, end } } else { Self::Outside })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_size() {
        let part = |start, end| Some(Range::Part { start, end });
        assert_eq!(Range::parse("bytes=0-3", 10), part(0, 3));
        assert_eq!(Range::parse("bytes=8-", 10), part(8, 9));
        assert_eq!(Range::parse("bytes=8-99", 10), part(8, 9));
        assert_eq!(Range::parse("bytes=-4", 10), part(6, 9));
        assert_eq!(Range::parse("bytes=-40", 10), part(0, 9));
        assert_eq!(Range::parse("bytes=10-", 10), Some(Range::Outside));
        assert_eq!(Range::parse("bytes=5-2", 10), Some(Range::Outside));
        assert_eq!(Range::parse("bytes=0-", 0), Some(Range::Outside));
        assert_eq!(Range::parse("bytes=0-1,4-5", 10), None);
        assert_eq!(Range::parse("lines=0-1", 10), None);
    }
}
