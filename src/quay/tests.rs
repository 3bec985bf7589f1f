//! The client against answers of a real Quay, played by a [`Script`].

use super::contract::{CreateRobot, PutTeam, TeamRole};
use super::script::{Script, answer, torn};
use super::{Identity, PasswordCheck, QuayError, RobotName, TagQuery, Verified};
use crate::value::Secret;

const ROBOT: &str = r#"{"name": "acme+ci", "created": "Sat, 21 Nov 2026 00:05:19 -0000", "last_accessed": null, "description": "CI pushes", "token": "r0bot", "unstructured_metadata": {}}"#;
const NO_ROBOT: &str = r#"{"message": "Could not find robot with specified username"}"#;
const NOT_FOUND: &str = r#"{"detail": "Not Found", "error_message": "Not Found", "error_type": "not_found", "title": "not_found", "type": "http://127.0.0.1:8080/api/v1/error/not_found", "status": 404}"#;
const UNAUTHENTICATED: &str = r#"{"session_required": false, "detail": "Requires authentication", "error_message": "Requires authentication", "error_type": "invalid_token", "title": "invalid_token", "type": "http://127.0.0.1:8080/api/v1/error/invalid_token", "status": 401}"#;
const FORBIDDEN: &str = r#"{"detail": "Unauthorized", "error_message": "Unauthorized", "error_type": "insufficient_scope", "title": "insufficient_scope", "type": "http://127.0.0.1:8080/api/v1/error/insufficient_scope", "status": 403}"#;
const NO_CSRF: &str = r#"{"error": "CSRF token was invalid or missing."}"#;
const READ_ONLY: &str = r#"{"is_readonly": true, "message": "System is currently read-only. Pulls will succeed but all write operations are currently suspended."}"#;
const ORGANIZATION: &str = r#"{"name": "acme", "email": "", "avatar": {"name": "acme", "hash": "0", "color": "black", "kind": "user"}, "is_admin": false, "is_member": false}"#;

fn robot() -> RobotName {
    RobotName { namespace: "acme".into(), short: "ci".into(), personal: false }
}

fn session() -> Identity {
    Identity::Password { username: "admin".into(), password: Secret::new("passw0rd") }
}

#[tokio::test]
async fn reads_are_repeated_while_the_registry_is_busy() {
    let script = Script::play(vec![
        answer("GET /api/v1/organization/acme", 502, "<html><title>502 Bad Gateway</title></html>"),
        torn("GET /api/v1/organization/acme"),
        answer("GET /api/v1/organization/acme", 200, ORGANIZATION).with("authorization: Bearer t0ken"),
        answer("GET /api/v1/organization/other", 429, "Too many").headers(&[("Retry-After", "0")]),
        answer("GET /api/v1/organization/other", 404, NOT_FOUND),
    ])
    .await;
    let client = script.with_token();
    assert_eq!(client.organization("acme").await.unwrap().unwrap().name, "acme");
    assert!(client.organization("other").await.unwrap().is_none());
    assert_eq!((client.log().total(), client.log().writes()), (5, 0));
    script.end().await;
}

#[tokio::test]
async fn repetition_ends() {
    let page = "<html><title>503</title></html>";
    let script = Script::play((0..3).map(|_| answer("GET /api/v1/organization/acme", 503, page)).collect()).await;
    let error = script.with_token().organization("acme").await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert!(error.to_string().contains("not up"), "{error}");
    script.end().await;
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_looked_for_before_it_is_repeated() {
    let (put, get) = ("PUT /api/v1/organization/acme/robots/ci", "GET /api/v1/organization/acme/robots/ci");
    let script = Script::play(vec![torn(put), answer(get, 200, ROBOT)]).await;
    let made = script.with_token().create_robot(&robot(), &CreateRobot::default()).await.unwrap();
    assert_eq!(made.token.unwrap().expose(), "r0bot");
    script.end().await;

    let script = Script::play(vec![torn(put), answer(get, 400, NO_ROBOT), answer(put, 201, ROBOT)]).await;
    script.with_token().create_robot(&robot(), &CreateRobot::default()).await.unwrap();
    script.end().await;
}

#[tokio::test]
async fn a_read_only_registry_is_not_asked_again() {
    let script = Script::play(vec![answer("PUT /api/v1/organization/acme/team/devs", 503, READ_ONLY)]).await;
    let to = PutTeam { role: TeamRole::Member, description: None };
    let error = script.with_token().put_team("acme", "devs", &to).await.unwrap_err();
    assert!(error.to_string().contains("read-only") && !error.maybe_acted(), "{error}");
    script.end().await;
}

#[tokio::test]
async fn deleting_what_is_not_there_is_no_failure() {
    let script = Script::play(vec![
        answer("DELETE /api/v1/organization/acme/robots/ci", 400, NO_ROBOT),
        answer("DELETE /api/v1/organization/acme", 404, NOT_FOUND),
        answer(
            "DELETE /api/v1/organization/acme/team/devs",
            400,
            r#"{"message": "Team 'devs' is not a team in org 'acme'"}"#,
        ),
        answer("DELETE /api/v1/organization/acme", 404, "<html><title>404</title></html>"),
    ])
    .await;
    let client = script.with_token();
    assert!(!client.delete_robot(&robot()).await.unwrap());
    assert!(!client.delete_organization("acme").await.unwrap());
    assert!(!client.delete_team("acme", "devs").await.unwrap());
    // a web page is not Quay's way to say so
    assert!(client.delete_organization("acme").await.is_err());
    script.end().await;
}

#[tokio::test]
async fn a_session_signs_in_and_keeps_its_token() {
    let script = Script::play(vec![
        answer("GET /csrf_token", 200, r#"{"csrf_token": "one"}"#).headers(&[("Set-Cookie", "_csrf_token=c1; Path=/")]),
        answer("POST /api/v1/signin", 200, r#"{"success": true}"#)
            .with("x-csrf-token: one")
            .headers(&[("X-Next-CSRF-Token", "two"), ("Set-Cookie", "_csrf_token=c2; Path=/")]),
        answer(
            "DELETE /api/v1/organization/acme",
            401,
            r#"{"detail": "Requires fresh login", "error_type": "fresh_login_required"}"#,
        )
        .with("x-csrf-token: two"),
        answer("POST /api/v1/signin/verify", 200, r#"{"success": true}"#)
            .with(r#"{"password":"passw0rd"}"#)
            .headers(&[("X-Next-CSRF-Token", "three")]),
        answer("DELETE /api/v1/organization/acme", 204, "").with("x-csrf-token: three"),
        answer(
            "PUT /api/v1/organization/acme/robots/ci",
            403,
            r#"{"error": "CSRF token was invalid or missing. (authorized: user admin)"}"#,
        ),
        answer("GET /csrf_token", 200, r#"{"csrf_token": "four"}"#).with("cookie: _csrf_token=c2"),
        answer("POST /api/v1/signin", 200, r#"{"success": true}"#),
        answer("PUT /api/v1/organization/acme/robots/ci", 201, ROBOT).with("x-csrf-token: four"),
        answer("POST /api/v1/signout", 200, r#"{"success": true}"#).with("x-csrf-token: four"),
    ])
    .await;
    let client = script.client(session());
    assert!(client.delete_organization("acme").await.unwrap());
    client.create_robot(&robot(), &CreateRobot::default()).await.unwrap();
    client.sign_out().await.unwrap();
    script.end().await;
}

#[tokio::test]
async fn a_refused_sign_in_says_why() {
    for (status, body, part) in [
        (
            403,
            r#"{"needsEmailVerification": false, "invalidCredentials": true, "message": "Invalid Username or Password"}"#,
            "Invalid Username",
        ),
        (429, "Too many login attempts. \nPlease reset your Quay password and try again.", "pause"),
        (405, "<!doctype html>\n<title>405 Method Not Allowed</title>", "FEATURE_DIRECT_LOGIN"),
    ] {
        let script = Script::play(vec![
            answer("GET /csrf_token", 200, r#"{"csrf_token": "one"}"#),
            answer("POST /api/v1/signin", status, body),
        ])
        .await;
        let error = script.client(session()).current_user().await.unwrap_err();
        assert!(matches!(error, QuayError::SignIn { .. }) && error.to_string().contains(part), "{error}");
        assert!(!error.to_string().contains("passw0rd"));
        script.end().await;
    }
}

#[tokio::test]
async fn an_invalid_token_is_named_in_each_of_its_disguises() {
    let script = Script::play(vec![
        answer("PUT /api/v1/organization/acme/robots/ci", 403, NO_CSRF),
        answer("GET /api/v1/user/robots?permissions=false&token=true", 401, UNAUTHENTICATED),
        answer("GET /api/v1/organization/acme/prototypes", 403, FORBIDDEN),
    ])
    .await;
    let client = script.with_token();
    let write = client.create_robot(&robot(), &CreateRobot::default()).await.unwrap_err();
    assert!(write.to_string().contains("the token is not valid"), "{write}");
    let read = client.user_robots().await.unwrap_err();
    assert!(read.to_string().contains("the token is not valid"), "{read}");
    let scope = client.prototypes("acme").await.unwrap_err();
    assert!(scope.to_string().contains("needs the scope `org:admin`"), "{scope}");
    assert!([write, read, scope].iter().all(|error| !error.to_string().contains("t0ken")));
    script.end().await;
}

#[tokio::test]
async fn the_token_service_tells_a_valid_token_from_a_dead_one() {
    let dead = r#"{"errors": [{"code": "UNAUTHORIZED", "detail": {}, "message": "OAuth access token has expired"}]}"#;
    for (status, body, valid) in [(200, r#"{"token": "jwt"}"#, true), (401, dead, false)] {
        let script = Script::play(vec![
            answer("GET /api/v1/user/", 401, UNAUTHENTICATED),
            answer("", status, body).with("authorization: Basic"),
        ])
        .await;
        let result = script.with_token().verify().await;
        assert_eq!(matches!(result, Ok(Verified::ValidToken)), valid, "{result:?}");
    }
}

#[tokio::test]
async fn passwords_are_checked_without_a_session() {
    for (status, body, check) in [
        (200, r#"{"token": "jwt"}"#, PasswordCheck::Right),
        (
            401,
            r#"{"errors": [{"code": "UNAUTHORIZED", "detail": {}, "message": "Invalid Username or Password"}]}"#,
            PasswordCheck::Wrong,
        ),
        (
            401,
            r#"{"errors": [{"code": "UNAUTHORIZED", "detail": {}, "message": "This user has been disabled. Please contact your administrator."}]}"#,
            PasswordCheck::Unknown(
                "UNAUTHORIZED: This user has been disabled. Please contact your administrator.".into(),
            ),
        ),
    ] {
        let script =
            Script::play(vec![answer("", status, body).with("authorization: Basic YWxpY2U6cGFzc3cwcmQ=")]).await;
        let client = script.client(Identity::Anonymous);
        assert_eq!(client.check_password("alice", &Secret::new("passw0rd")).await.unwrap(), check);
    }
}

#[tokio::test]
async fn a_web_page_instead_of_json_is_explained() {
    let script = Script::play(vec![
        answer("GET /api/v1/organization/acme", 200, "<!DOCTYPE html><html><title>Welcome</title></html>"),
        answer("GET /api/v1/organization/acme", 404, "<!DOCTYPE html><html><title>404</title></html>"),
        answer("GET /api/v1/organization/acme", 301, "").headers(&[("Location", "https://elsewhere/")]),
    ])
    .await;
    let client = script.with_token();
    let mut texts = Vec::new();
    for _ in 0..3 {
        texts.push(client.organization("acme").await.unwrap_err().to_string());
    }
    assert!(texts[0].contains("is there a Quay"), "{}", texts[0]);
    assert!(texts[1].contains("no Quay at this address"), "{}", texts[1]);
    assert!(texts[2].contains("leads elsewhere"), "{}", texts[2]);
    script.end().await;
}

#[tokio::test]
async fn an_unreachable_registry_says_so() {
    let script = Script::play(Vec::new()).await;
    let client = script.with_token();
    script.end().await;
    let error = client.organization("acme").await.unwrap_err();
    assert!(matches!(error, QuayError::Connection { maybe_acted: false, .. }), "{error:?}");
    assert!(error.to_string().contains("is it up?"), "{error}");
}

fn page(names: &[&str], next: Option<&str>) -> String {
    let repositories: Vec<_> = names
        .iter()
        .map(|name| serde_json::json!({"namespace": "acme", "name": name, "is_public": false, "kind": "image", "state": "NORMAL"}))
        .collect();
    match next {
        Some(next) => serde_json::json!({"repositories": repositories, "next_page": next}).to_string(),
        None => serde_json::json!({"repositories": repositories}).to_string(),
    }
}

#[tokio::test]
async fn pages_are_followed_to_the_end_and_not_in_circles() {
    let script = Script::play(vec![
        answer("GET /api/v1/repository?namespace=acme", 200, page(&["a", "b"], Some("t1="))),
        answer("GET /api/v1/repository?namespace=acme&next_page=t1%3D", 200, page(&["c"], None)),
        answer("GET /api/v1/repository?namespace=acme", 200, page(&["a"], Some("t2"))),
        answer("GET /api/v1/repository?namespace=acme&next_page=t2", 200, page(&["a"], Some("t3"))),
    ])
    .await;
    let client = script.with_token();
    let names: Vec<_> = client.repositories("acme").await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(matches!(client.repositories("acme").await, Err(QuayError::Pages { .. })));
    script.end().await;
}

#[tokio::test]
async fn tags_are_listed_by_number_of_page() {
    let tag = |name: &str| {
        format!(
            r#"{{"name": "{name}", "reversion": false, "immutable": false, "start_ts": 1795219967, "manifest_digest": "sha256:00", "is_manifest_list": false, "size": 1, "last_modified": "Sat, 21 Nov 2026 00:12:47 -0000"}}"#
        )
    };
    let page = |name, page, more| format!(r#"{{"tags": [{}], "page": {page}, "has_additional": {more}}}"#, tag(name));
    let script = Script::play(vec![
        answer(
            "GET /api/v1/repository/acme/deep/er/tag/?limit=100&onlyActiveTags=true&page=1",
            200,
            page("v2", 1, true),
        ),
        answer(
            "GET /api/v1/repository/acme/deep/er/tag/?limit=100&onlyActiveTags=true&page=2",
            200,
            page("v1", 2, false),
        ),
    ])
    .await;
    let tags = script.with_token().tags("acme/deep/er", TagQuery::Active).await.unwrap();
    assert_eq!(tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["v2", "v1"]);
    script.end().await;
}
