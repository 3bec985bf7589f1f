//! The registry itself: health, configuration, capabilities, the description of the API.

#![expect(clippy::unnecessary_wraps, reason = "handlers share one signature")]

use axum::http::header;
use serde_json::{Map, Value as Json, json};

use super::superuser_users::require_superuser;
use super::table::{Entry, handler};
use super::views::put;
use crate::quay::contract::endpoints::ALL;
use crate::quay::contract::{Access, Capabilities, Endpoint, Health, HealthData, OTHERS, Scope, SparseManifests};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::schema;
use crate::sandbox::settings::{RegistryState, Settings};
use crate::sandbox::store::repositories;

pub(super) const HANDLERS: &[Entry] = &[
    ("healthInstance", health_instance),
    ("healthEndToEnd", health_end_to_end),
    ("healthStatus", health_end_to_end),
    ("healthWarning", health_warning),
    ("internalPing", ping),
    ("legacyPing", ping),
    ("appCapabilities", app_capabilities),
    ("clientConfig", config),
    ("getRegistryCapabilities", capabilities),
    ("discovery", discovery),
    ("getErrorDescription", error_description),
    ("getRegistrySize", registry_size),
    ("queueRegistrySizeCalculation", queue_registry_size),
    ("scRegistryStatus", registry_status),
    ("listRepoTokens", no_repository_tokens),
    ("createToken", no_repository_tokens),
    ("getTokens", no_repository_tokens),
    ("changeToken", no_repository_tokens),
    ("deleteToken", no_repository_tokens),
];

const NO_CACHE: &str = "no-cache, no-store, must-revalidate";

fn health(services: &[&str]) -> Reply {
    let services = services.iter().map(|name| ((*name).to_owned(), true)).collect();
    Reply::ok(Health { data: HealthData { services }, status_code: 200 }).with(header::CACHE_CONTROL, NO_CACHE)
}

fn health_instance(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(health(&["auth", "database", "disk_space", "registry_gunicorn", "service_key", "web_gunicorn"]))
}

fn health_end_to_end(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(health(&["auth", "database", "redis", "storage"]))
}

fn health_warning(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(health(&["disk_space_warning"]))
}

fn ping(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::ok(true))
}

fn app_capabilities(call: &Call<'_>) -> Result<Reply, Failure> {
    let base = call.app.base_url();
    Ok(Reply::ok(json!({
        "appName": "io.quay",
        "capabilities": {
            "io.quay.view-image": { "url-template": format!("{base}/{{namespace}}/{{reponame}}:{{tag}}") },
            "io.quay.image-security": {
                "rest-api-template": format!("{base}/api/v1/repository/{{namespace}}/{{reponame}}/image/{{imageid}}/security"),
                "deprecated": true,
            },
            "io.quay.manifest-security": {
                "rest-api-template": format!("{base}/api/v1/repository/{{namespace}}/{{reponame}}/manifest/{{digest}}/security"),
            },
        },
    })))
}

/// The switches that the sandbox honours, as Quay's own pages get them.
fn features(settings: &Settings) -> Json {
    json!({
        "ANONYMOUS_ACCESS": settings.feature_anonymous_access,
        "APP_SPECIFIC_TOKENS": settings.feature_app_specific_tokens,
        "AUTO_PRUNE": settings.feature_auto_prune,
        "BUILD_SUPPORT": false,
        "CHANGE_TAG_EXPIRATION": settings.feature_change_tag_expiration,
        "DIRECT_LOGIN": settings.feature_direct_login,
        "IMMUTABLE_TAGS": settings.feature_immutable_tags,
        "MAILING": settings.feature_mailing,
        "ORG_MIRROR": settings.feature_org_mirror,
        "PROXY_CACHE": settings.feature_proxy_cache,
        "QUOTA_MANAGEMENT": settings.feature_quota_management,
        "REFERRERS_API": true,
        "REPO_MIRROR": settings.feature_repo_mirror,
        "REQUIRE_TEAM_INVITE": settings.feature_require_team_invite,
        "RESTRICTED_USERS": settings.feature_restricted_users,
        "SECURITY_SCANNER": false,
        "SUPERUSERS_FULL_ACCESS": settings.feature_superusers_full_access,
        "SUPERUSERS_ORG_CREATION_ONLY": settings.feature_superusers_org_creation_only,
        "SUPER_USERS": settings.feature_super_users,
        "USER_CREATION": settings.feature_user_creation,
        "USER_INITIALIZE": settings.feature_user_initialize,
    })
}

fn config(call: &Call<'_>) -> Result<Reply, Failure> {
    let settings = &call.app.settings;
    let state = match settings.registry_state {
        RegistryState::Normal => "normal",
        RegistryState::Readonly => "readonly",
    };
    Ok(Reply::ok(json!({
        "account_recovery_mode": false,
        "config": {
            "AUTHENTICATION_TYPE": "Database",
            "LOCAL_OAUTH_HANDLER": "/oauth/localapp",
            "PERMANENTLY_DELETE_TAGS": settings.permanently_delete_tags,
            "PREFERRED_URL_SCHEME": call.app.scheme,
            "REGISTRY_TITLE": settings.registry_title,
            "REGISTRY_TITLE_SHORT": settings.registry_title,
            "SERVER_HOSTNAME": call.app.host,
            "SETUP_COMPLETE": true,
            "TAG_EXPIRATION_OPTIONS": settings.tag_expiration_options,
        },
        "external_login": [],
        "features": features(settings),
        "oauth": {},
        "registry_state": state,
        "version_number": concat!("quaymaster sandbox ", env!("CARGO_PKG_VERSION")),
    })))
}

fn capabilities(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::ok(Capabilities {
        sparse_manifests: SparseManifests::default(),
        mirror_architectures: ["amd64", "arm64", "ppc64le", "s390x"].map(str::to_owned).to_vec(),
    }))
}

/// A description of the covered endpoints in Quay's form, built from the contract and the schemas of bodies.
fn discovery(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut paths: Map<String, Json> = Map::new();
    let described = ALL.iter().copied().chain(OTHERS).filter(|endpoint| endpoint.path.starts_with("/api/v1/"));
    for endpoint in described.filter(|endpoint| handler(endpoint.operation).is_some()) {
        let path = paths.entry(endpoint.path.to_owned()).or_insert_with(|| {
            let parameters: Vec<Json> = endpoint
                .parameters()
                .map(|name| json!({ "in": "path", "name": name, "required": true, "type": "string" }))
                .collect();
            json!({ "x-path": endpoint.path, "parameters": parameters })
        });
        path[endpoint.method.as_str().to_ascii_lowercase()] = operation(endpoint);
    }
    let scopes: Map<String, Json> =
        Scope::ALL.iter().map(|scope| (scope.as_str().to_owned(), scope.as_str().into())).collect();
    Ok(Reply::ok(json!({
        "swagger": "2.0",
        "host": call.app.host,
        "basePath": "/",
        "schemes": [call.app.scheme],
        "info": {
            "title": "Quay sandbox",
            "version": "v1",
            "description": "The part of Quay's API that the sandbox covers.",
        },
        "securityDefinitions": {
            "oauth2_implicit": {
                "type": "oauth2",
                "flow": "implicit",
                "authorizationUrl": format!("{}/oauth/authorize", call.app.base_url()),
                "scopes": scopes,
            },
        },
        "paths": paths,
        "definitions": schema::definitions(),
        "tags": [],
    })))
}

fn operation(endpoint: &Endpoint) -> Json {
    let mut operation = json!({ "operationId": endpoint.operation, "parameters": [], "responses": {} });
    if let Some(name) = schema::name_of(endpoint.operation) {
        put(
            &mut operation,
            "parameters",
            json!([{
                "in": "body",
                "name": "body",
                "required": true,
                "schema": { "$ref": format!("#/definitions/{name}") },
            }]),
        );
    }
    if let Access::Scope(scope) = endpoint.access {
        put(&mut operation, "security", json!([{ "oauth2_implicit": [scope.as_str()] }]));
    }
    operation
}

fn error_description(call: &Call<'_>) -> Result<Reply, Failure> {
    let kind = call.parameter(0);
    let description = match kind {
        "not_found" => "The resource was not found.",
        "invalid_request" => "The request was invalid. It may contain invalid values or was improperly formatted.",
        "invalid_token" => "The access token provided is expired, revoked, malformed, or invalid for other reasons.",
        "insufficient_scope" => "The access token did not have sufficient scope to access the requested resource.",
        "fresh_login_required" => "The action requires a fresh login to succeed.",
        "external_service_timeout" => "An external service timed out. Retrying the request may resolve the issue.",
        "exceeds_license" => "The action was refused because the current license does not allow it.",
        "tag_immutable" => "The tag is immutable and cannot be changed.",
        _ => return Err(Failure::not_found()),
    };
    Ok(Reply::ok(json!({
        "type": format!("{}/api/v1/error/{kind}", call.app.base_url()),
        "title": kind,
        "description": description,
    })))
}

fn registry_size(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let size = repositories::registry_size(call.db)?;
    Ok(Reply::ok(json!({ "size_bytes": size, "last_ran": Json::Null, "running": false, "queued": false })))
}

/// The size is always current, so that a request to count it has nothing to do.
fn queue_registry_size(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    Ok(Reply::json(201, ""))
}

fn registry_status(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::ok(json!({ "provider_id": "file", "status": "ready" })))
}

fn no_repository_tokens(_: &Call<'_>) -> Result<Reply, Failure> {
    Err(Failure::Message(410, "Handling of access tokens is no longer supported".to_owned()))
}
