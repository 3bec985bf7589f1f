//! From method and path to an endpoint, or to what Quay's web framework answers where there is none.
//!
//! Quay's pages are served by a rule that takes any path with a slash at its end. So a `GET` of something that the API has
//! not is first redirected to the same path with a slash, and only then is a page that says 404.

use axum::http::{Method as HttpMethod, header};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::reply::{Reply, html};
use crate::quay::contract::{Endpoint, Method, Route, find_route_among};
use crate::sandbox::settings::Settings;

/// Where a request goes.
#[derive(Debug)]
pub(super) enum Destination {
    /// To an endpoint, with its parameters in the path's order, decoded.
    Endpoint(&'static Endpoint, Vec<String>),
    /// Nowhere: this is the answer.
    Reply(Reply),
}

/// Decides. `base` is the server's URL, `path` is still encoded, `query` without its question mark.
pub(super) fn route(
    settings: &Settings,
    base: &str,
    method: &HttpMethod,
    path: &str,
    query: Option<&str>,
) -> Destination {
    if percent_decode_str(path).any(|byte| byte == 0) {
        let page = "<html>\r\n<head><title>400 Bad Request</title></head>\r\n<body>\r\n<center><h1>400 Bad \
                    Request</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
        return Destination::Reply(Reply::text(400, "text/html", page));
    }
    if path.contains("//") {
        let merged = path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        let slash = if path.ends_with('/') { "/" } else { "" };
        return Destination::Reply(redirect(base, &format!("/{merged}{slash}"), query));
    }
    let exists = |endpoint: &'static Endpoint| is_enabled(settings, endpoint.operation);
    let find = |method| find_route_among(method, path, exists);
    let known = match *method {
        HttpMethod::GET | HttpMethod::HEAD => Some(Method::Get),
        HttpMethod::POST => Some(Method::Post),
        HttpMethod::PUT => Some(Method::Put),
        HttpMethod::DELETE => Some(Method::Delete),
        _ => None,
    };
    let route = find(known.unwrap_or(Method::Get));
    // `…/acme/app/tag` is rather the list of tags without its slash than a repository `app/tag`
    if let (Some(method), Route::Found(short, _)) = (known, &route)
        && short.path.contains("{repository}")
        && let Route::Found(long, _) | Route::Unmodelled(long, _) = find_with_slash(settings, method, path)
        && long.path.ends_with('/')
    {
        return Destination::Reply(redirect(base, &format!("{path}/"), query));
    }
    if known.is_some()
        && let Route::Found(endpoint, parameters) | Route::Unmodelled(endpoint, parameters) = route
    {
        return Destination::Endpoint(endpoint, parameters);
    }
    if matches!(route, Route::Slash(true)) {
        return Destination::Reply(redirect(base, &format!("{path}/"), query));
    }
    let methods: Vec<Method> = [Method::Get, Method::Post, Method::Put, Method::Delete]
        .into_iter()
        .filter(|method| matches!(find(*method), Route::Found(..) | Route::Unmodelled(..)))
        .collect();
    Destination::Reply(match *method {
        HttpMethod::GET | HttpMethod::HEAD if path.ends_with('/') => not_found_page(),
        HttpMethod::GET | HttpMethod::HEAD => redirect(base, &format!("{path}/"), query),
        HttpMethod::OPTIONS => {
            Reply { status: 200, body: super::reply::Body::Empty, headers: vec![(header::ALLOW, allow(&methods))] }
        }
        _ => not_allowed(&methods),
    })
}

fn find_with_slash(settings: &Settings, method: Method, path: &str) -> Route {
    find_route_among(method, &format!("{path}/"), |endpoint| is_enabled(settings, endpoint.operation))
}

/// The refusal of a method. In JSON where the API itself answers reads of the path, else as a page.
pub fn not_allowed(methods: &[Method]) -> Reply {
    let reply = if methods.contains(&Method::Get) {
        Reply::json(405, json!({ "message": "The method is not allowed for the requested URL." }))
    } else {
        html(405, "405 Method Not Allowed", "Method Not Allowed", "The method is not allowed for the requested URL.")
    };
    reply.with(header::ALLOW, allow(methods))
}

fn allow(methods: &[Method]) -> String {
    let mut names = vec!["GET", "OPTIONS", "HEAD"];
    names.extend(methods.iter().map(|method| method.as_str()).filter(|name| *name != "GET"));
    names.join(", ")
}

fn redirect(base: &str, path: &str, query: Option<&str>) -> Reply {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("{base}{path}{query}");
    let paragraph = format!(
        "You should be redirected automatically to the target URL: <a href=\"{url}\">{url}</a>. If not, click the link."
    );
    let page = format!(
        "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n<p>{paragraph}\n"
    );
    Reply::text(308, "text/html; charset=utf-8", page).with(header::LOCATION, url)
}

fn not_found_page() -> Reply {
    let page = "<!DOCTYPE html>\n<html>\n  <head>\n    <title>Quay sandbox</title>\n  </head>\n  <body>\n    <h1>404 Not \
                Found</h1>\n  </body>\n</html>\n";
    Reply::text(404, "text/html; charset=utf-8", page)
}

/// Whether the settings leave an operation in Quay's table.
fn is_enabled(settings: &Settings, operation: &str) -> bool {
    let holds = |part: &str| operation.contains(part);
    match operation {
        "removeTagFromTimemachine" => settings.permanently_delete_tags,
        "inviteTeamMemberEmail" | "deleteTeamMemberEmailInvite" => settings.feature_mailing,
        "signinUser" => settings.feature_direct_login,
        "changeRepoState" => settings.feature_repo_mirror,
        // signing up without FEATURE_USER_CREATION does not vanish, it fails
        _ if holds("AppToken") => settings.feature_app_specific_tokens,
        _ if holds("AutoPrune") => settings.feature_auto_prune,
        _ if holds("Immutability") => settings.feature_immutable_tags,
        _ if holds("ProxyCache") => settings.feature_proxy_cache,
        _ if holds("OrgMirror") => settings.feature_org_mirror,
        _ if holds("RepoMirror") || operation == "syncNow" || operation == "syncCancel" => settings.feature_repo_mirror,
        _ if holds("Quota") => settings.feature_quota_management,
        _ if is_superusers(operation) => settings.feature_super_users,
        _ => true,
    }
}

fn is_superusers(operation: &str) -> bool {
    matches!(
        operation,
        "listAllUsers"
            | "createInstallUser"
            | "getInstallUser"
            | "changeInstallUser"
            | "deleteInstallUser"
            | "takeOwnership"
            | "listAllOrganizations"
            | "changeOrganization"
            | "deleteOrganization"
            | "listAllLogs"
            | "listAllAggregateLogs"
            | "getRegistrySize"
            | "queueRegistrySizeCalculation"
            | "scRegistryStatus"
            | "getChangeLog"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(settings: &Settings, method: &HttpMethod, path: &str) -> Reply {
        match route(settings, "http://h", method, path, Some("a=1")) {
            Destination::Reply(reply) => reply,
            Destination::Endpoint(endpoint, _) => panic!("{path} went to {endpoint}"),
        }
    }

    #[test]
    fn reads_of_what_is_not_there_are_redirected_and_writes_refused() {
        let settings = Settings::default();
        let redirected = reply(&settings, &HttpMethod::GET, "/api/v1/organization/acme/team/devs");
        assert_eq!(redirected.status, 308);
        assert!(
            redirected
                .headers
                .contains(&(header::LOCATION, "http://h/api/v1/organization/acme/team/devs/?a=1".to_owned()))
        );
        assert_eq!(reply(&settings, &HttpMethod::GET, "/api/v1/organization/acme/").status, 404);
        let refused = reply(&settings, &HttpMethod::PATCH, "/api/v1/organization/acme");
        assert_eq!(refused.status, 405);
        assert_eq!(refused.headers, [(header::ALLOW, "GET, OPTIONS, HEAD, PUT, DELETE".to_owned())]);
        assert_eq!(reply(&settings, &HttpMethod::POST, "/api/v1/organization").status, 308);
        assert_eq!(reply(&settings, &HttpMethod::GET, "/api/v1//organization/acme").status, 308);
        assert_eq!(reply(&settings, &HttpMethod::OPTIONS, "/api/v1/organization/acme").status, 200);
    }

    #[test]
    fn paths_of_switched_off_features_mean_something_else() {
        let settings = Settings { feature_repo_mirror: false, ..Settings::default() };
        let path = "/api/v1/repository/acme/app/changestate";
        match route(&settings, "http://h", &HttpMethod::PUT, path, None) {
            Destination::Endpoint(endpoint, parameters) => {
                assert_eq!(
                    (endpoint.operation, parameters.as_slice()),
                    ("updateRepo", &["acme/app/changestate".to_owned()][..])
                );
            }
            Destination::Reply(reply) => panic!("{reply:?}"),
        }
    }
}
