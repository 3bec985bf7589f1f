//! Lists of repositories and of tags, page by page.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::context::Context;
use super::error::RegistryError;
use super::names::RepositoryName;
use crate::sandbox::store::repositories::{self, Filter, Viewer};
use crate::sandbox::store::{RepositoryId, RepositoryKind, accounts, tags};

/// What a list's query asks for.
#[derive(Debug)]
struct Page {
    /// How many at most.
    size: u32,
    /// After which tag.
    last: String,
    /// From which repository.
    next: Option<i64>,
}

impl Page {
    fn parse(query: Option<&str>, largest: u32) -> Self {
        let mut page = Self { size: largest, last: String::new(), next: None };
        for (key, value) in url::form_urlencoded::parse(query.unwrap_or("").as_bytes()) {
            match key.as_ref() {
                // a number that is none, or too large, is as if it were not there
                "n" => page.size = value.parse::<u32>().unwrap_or(largest).min(largest),
                "last" => page.last = value.into_owned(),
                "next_page" => page.next = value.parse().ok(),
                _ => {}
            }
        }
        page
    }

    /// How many to read: one more than asked for tells whether there is another page.
    fn probe(&self) -> i64 {
        i64::from(self.size) + 1
    }
}

/// `GET /v2/_catalog`: the repositories that the client has a right on. A name that is public to all is not one of them.
pub(super) async fn repositories(context: Context, query: Option<&str>) -> Result<Response, RegistryError> {
    let page = Page::parse(query, context.app.settings.v2_pagination_size);
    let Some(subject) = context.subject().map(str::to_owned) else {
        return Ok(Json(json!({ "repositories": [] })).into_response());
    };
    let (from, probe, size) = (page.next.map(RepositoryId), page.probe(), page.size);
    let found = context
        .app
        .store
        .read(move |db| {
            let Some(account) = accounts::by_name(db, &subject)? else { return Ok(Vec::new()) };
            let filter = Filter {
                visible_to: Some(Viewer { account: Some(account.id), public: false }),
                from,
                kind: Some(RepositoryKind::Image),
                ..Filter::default()
            };
            Ok::<_, RegistryError>(repositories::list(db, filter, probe)?)
        })
        .await?;
    let next = found.get(page.size as usize).map(|repository| repository.id.0);
    let names: Vec<String> = found
        .iter()
        .take(page.size as usize)
        .map(|repository| format!("{}/{}", repository.namespace, repository.name))
        .collect();
    let mut response = Json(json!({ "repositories": names })).into_response();
    if let Some(next) = next.filter(|_| size > 0) {
        link(&mut response, &format!("/v2/_catalog?n={size}&next_page={next}"));
    }
    Ok(response)
}

/// `GET /v2/<name>/tags/list`.
pub(super) async fn tags(
    context: Context,
    name: RepositoryName,
    query: Option<&str>,
) -> Result<Response, RegistryError> {
    let page = Page::parse(query, context.app.settings.v2_pagination_size);
    let (app, size, probe) = (std::sync::Arc::clone(&context.app), page.size as usize, page.probe());
    let (wanted, last) = (name.clone(), page.last);
    let mut names = app
        .store
        .read(move |db| {
            let repository = context.pull(db, &wanted)?;
            Ok::<_, RegistryError>(tags::names(db, repository.id, &last, probe)?)
        })
        .await?;
    let more = names.len() > size;
    names.truncate(size);
    let next = names.last().filter(|_| more).map(|last| format!("/v2/{name}/tags/list?n={size}&last={last}"));
    let mut response = Json(json!({ "name": name.to_string(), "tags": names })).into_response();
    if let Some(next) = next {
        link(&mut response, &next);
    }
    Ok(response)
}

fn link(response: &mut Response, target: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("<{target}>; rel=\"next\"")) {
        response.headers_mut().insert(header::LINK, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_at_most_their_largest_size() {
        assert_eq!(Page::parse(None, 100).size, 100);
        assert_eq!(Page::parse(Some("n=2&last=b%2Bc"), 100).size, 2);
        assert_eq!(Page::parse(Some("n=2&last=b%2Bc"), 100).last, "b+c");
        assert_eq!(Page::parse(Some("n=1000"), 100).size, 100);
        assert_eq!(Page::parse(Some("n=many"), 100).size, 100);
        assert_eq!(Page::parse(Some("n=0"), 100).size, 0);
    }
}
