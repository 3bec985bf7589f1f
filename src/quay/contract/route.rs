//! From a request's path to an endpoint, as Quay's own router decides.
//!
//! Repository names hold slashes, so one path may fit several templates: `acme/app/tag/` is the list of tags of `acme/app`,
//! or the repository `app/tag/`. Quay takes the template with the most fixed text **among those of the method**. That is why
//! `DELETE /api/v1/repository/acme/app/mirror` deletes the repository `app/mirror`: mirrors have no DELETE.

use percent_encoding::percent_decode_str;

use super::endpoint::{Endpoint, Method};
use super::endpoints::ALL;
use super::other_endpoints::OTHERS;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// To this endpoint of the table, with its parameters in the template's order, decoded.
    Found(&'static Endpoint, Vec<String>),
    /// To an endpoint of Quay that is only known by name ([`OTHERS`]).
    Unmodelled(&'static Endpoint, Vec<String>),
    /// The path exists with other methods only.
    OtherMethods,
    /// The path exists with (true) or without a slash at its end.
    Slash(bool),
    /// Nothing is there.
    Nowhere,
}

/// Finds the endpoint for a method and an (encoded) path without its query.
#[must_use]
pub fn find_route(method: Method, path: &str) -> Route {
    find_route_among(method, path, |_| true)
}

/// [`find_route`] for a server that has only some of the endpoints: Quay leaves those of switched-off features out of its
/// table, and their paths then mean something else.
#[must_use]
pub fn find_route_among(method: Method, path: &str, exists: impl Fn(&'static Endpoint) -> bool) -> Route {
    let segments: Vec<&str> = path.split('/').collect();
    let endpoints = || ALL.iter().copied().chain(OTHERS).filter(|endpoint| exists(endpoint));
    let mut best: Option<(usize, &'static Endpoint)> = None;
    let mut others = false;
    for endpoint in endpoints() {
        let Some(fixed) = fit(endpoint.path, &segments) else { continue };
        if endpoint.method != method {
            others = true;
        } else if best.as_ref().is_none_or(|(most, _)| fixed > *most) {
            best = Some((fixed, endpoint));
        }
    }
    if let Some((_, endpoint)) = best
        && let Some(parameters) = parameters(endpoint.path, &segments)
    {
        let modelled = !OTHERS.iter().any(|other| std::ptr::eq(other, endpoint));
        return if modelled { Route::Found(endpoint, parameters) } else { Route::Unmodelled(endpoint, parameters) };
    }
    if others {
        return Route::OtherMethods;
    }
    let any = |segments: &[&str]| endpoints().any(|endpoint| fit(endpoint.path, segments).is_some());
    let with_slash: Vec<&str> = segments.iter().copied().chain([""]).collect();
    if any(&with_slash) {
        return Route::Slash(true);
    }
    match segments.split_last() {
        Some((&"", before)) if any(before) => Route::Slash(false),
        _ => Route::Nowhere,
    }
}

/// The segments of a template, each with those of the path that it takes; `None` where their numbers do not fit.
fn pairs<'a>(
    template: &'static str,
    path: &'a [&'a str],
) -> Option<impl Iterator<Item = (&'static str, &'a [&'a str])>> {
    let length = template.split('/').count();
    let spread = template.contains("{repository}");
    // how many segments `{repository}` takes
    let taken = path.len().checked_sub(length - 1)?;
    let fits = if spread { taken >= 2 } else { taken == 1 };
    let mut at = 0;
    fits.then(|| {
        template.split('/').map(move |segment| {
            let from = at;
            at += if segment == "{repository}" { taken } else { 1 };
            (segment, path.get(from..at).unwrap_or_default())
        })
    })
}

/// How many segments of a path are fixed text of a template; `None` where the template does not fit.
fn fit(template: &'static str, path: &[&str]) -> Option<usize> {
    let mut fixed = 0;
    for (segment, parts) in pairs(template, path)? {
        if segment.starts_with('{') {
            if parts.iter().any(|part| part.is_empty()) {
                return None;
            }
        } else if parts.first() == Some(&segment) {
            fixed += 1;
        } else {
            return None;
        }
    }
    Some(fixed)
}

/// The parameters of a template that fits, decoded; `None` where they are not UTF-8.
fn parameters(template: &'static str, path: &[&str]) -> Option<Vec<String>> {
    let named = pairs(template, path)?.filter(|(segment, _)| segment.starts_with('{'));
    named.map(|(_, parts)| Some(percent_decode_str(&parts.join("/")).decode_utf8().ok()?.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::endpoints;
    use super::*;

    #[track_caller]
    fn found(method: Method, path: &str, endpoint: &Endpoint, parameters: &[&str]) {
        match find_route(method, path) {
            Route::Found(found, given) => {
                assert_eq!(found.operation, endpoint.operation, "{path}");
                assert_eq!(given, parameters, "{path}");
            }
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn nested_names_go_where_quay_sends_them() {
        found(Method::Get, "/api/v1/repository/acme/app/tag/", &endpoints::LIST_TAGS, &["acme/app"]);
        found(Method::Get, "/api/v1/repository/acme/deep/er/name", &endpoints::GET_REPOSITORY, &["acme/deep/er/name"]);
        found(Method::Put, "/api/v1/repository/acme/deep/er/tag/v1", &endpoints::CHANGE_TAG, &["acme/deep/er", "v1"]);
        found(
            Method::Delete,
            "/api/v1/repository/acme/app/changestate",
            &endpoints::DELETE_REPOSITORY,
            &["acme/app/changestate"],
        );
        found(
            Method::Put,
            "/api/v1/repository/acme/app/permissions/user/acme%2Bci",
            &endpoints::PUT_USER_PERMISSION,
            &["acme/app", "acme+ci"],
        );
        found(Method::Delete, "/api/v1/user/starred/acme/app", &endpoints::DELETE_STAR, &["acme/app"]);
        found(Method::Get, "/api/v1/user/", &endpoints::GET_USER, &[]);
        // mirrors have no DELETE, so this is a repository's; their GET is known but not modelled
        found(
            Method::Delete,
            "/api/v1/repository/acme/app/mirror",
            &endpoints::DELETE_REPOSITORY,
            &["acme/app/mirror"],
        );
        assert!(matches!(
            find_route(Method::Get, "/api/v1/repository/acme/app/mirror"),
            Route::Unmodelled(endpoint, _) if endpoint.operation == "getRepoMirrorConfig"
        ));
    }

    #[test]
    fn what_is_not_there_says_how() {
        assert_eq!(find_route(Method::Delete, "/api/v1/user/starred"), Route::OtherMethods);
        assert_eq!(find_route(Method::Get, "/api/v1/superuser/users"), Route::Slash(true));
        assert_eq!(find_route(Method::Get, "/api/v1/organization/acme/"), Route::Slash(false));
        assert_eq!(find_route(Method::Get, "/api/v2/user/"), Route::Nowhere);
    }

    #[test]
    fn every_template_finds_itself() {
        for endpoint in ALL {
            let names: Vec<&str> =
                endpoint.parameters().map(|p| if p == "repository" { "ns/name" } else { "x" }).collect();
            let path = endpoint.path_for(&names).unwrap();
            found(endpoint.method, &path, endpoint, &names);
        }
    }
}
