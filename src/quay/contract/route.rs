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
    let endpoints = || ALL.iter().copied().chain(OTHERS).filter(|endpoint| exists(endpoint));
    let mut best: Option<(usize, &'static Endpoint, Vec<String>)> = None;
    let mut others = false;
    for endpoint in endpoints() {
        let Some((fixed, parameters)) = fit(endpoint.path, path) else { continue };
        if endpoint.method != method {
            others = true;
        } else if best.as_ref().is_none_or(|(most, ..)| fixed > *most) {
            best = Some((fixed, endpoint, parameters));
        }
    }
    if let Some((_, endpoint, parameters)) = best {
        let modelled = !OTHERS.iter().any(|other| std::ptr::eq(other, endpoint));
        return if modelled { Route::Found(endpoint, parameters) } else { Route::Unmodelled(endpoint, parameters) };
    }
    if others {
        return Route::OtherMethods;
    }
    let exists = |path: &str| endpoints().any(|endpoint| fit(endpoint.path, path).is_some());
    if exists(&format!("{path}/")) {
        return Route::Slash(true);
    }
    if path.strip_suffix('/').is_some_and(exists) {
        return Route::Slash(false);
    }
    Route::Nowhere
}

/// The parameters of a template in a path, and how many segments were fixed text.
fn fit(template: &str, path: &str) -> Option<(usize, Vec<String>)> {
    let template: Vec<&str> = template.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    let spread = template.iter().position(|segment| *segment == "{repository}");
    // how many segments `{repository}` takes
    let taken = match spread {
        Some(_) => path.len().checked_sub(template.len() - 1).filter(|taken| *taken >= 2)?,
        None if path.len() == template.len() => 1,
        None => return None,
    };
    let (mut fixed, mut parameters, mut at) = (0, Vec::new(), 0);
    for (index, segment) in template.iter().enumerate() {
        let width = if spread == Some(index) { taken } else { 1 };
        let part = path.get(at..at + width)?;
        at += width;
        if segment.starts_with('{') {
            if part.iter().any(|part| part.is_empty()) {
                return None;
            }
            parameters.push(percent_decode_str(&part.join("/")).decode_utf8().ok()?.into_owned());
        } else if part.first() == Some(segment) {
            fixed += 1;
        } else {
            return None;
        }
    }
    Some((fixed, parameters))
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
