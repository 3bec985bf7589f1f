//! Auto-prune and immutability policies of organizations, repositories and the user.
//!
//! Auto-prune policies are kept and served, but nothing prunes by them: a rehearsal must not lose tags behind the user's back.

use serde_json::{Value as Json, json};

use super::table::Entry;
use super::views::text;
use crate::quay::contract::{PolicyCreated, Scope};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::seconds;
use crate::sandbox::store::immutability::{self, ImmutabilityPolicy};
use crate::sandbox::store::policies::{self, Policy, PolicyOwner, PolicyRule};
use crate::sandbox::store::{RepositoryRole, StoreError, tags};

pub(super) const HANDLERS: &[Entry] = &[
    ("listOrganizationAutoPrunePolicies", list),
    ("createOrganizationAutoPrunePolicy", create),
    ("getOrganizationAutoPrunePolicy", get),
    ("updateOrganizationAutoPrunePolicy", update),
    ("deleteOrganizationAutoPrunePolicy", delete),
    ("listRepositoryAutoPrunePolicies", list),
    ("createRepositoryAutoPrunePolicy", create),
    ("getRepositoryAutoPrunePolicy", get),
    ("updateRepositoryAutoPrunePolicy", update),
    ("deleteRepositoryAutoPrunePolicy", delete),
    ("listUserAutoPrunePolicies", list),
    ("createUserAutoPrunePolicy", create),
    ("getUserAutoPrunePolicy", get),
    ("updateUserAutoPrunePolicy", update),
    ("deleteUserAutoPrunePolicy", delete),
    ("listOrgImmutabilityPolicies", list_immutability),
    ("createOrgImmutabilityPolicy", create_immutability),
    ("getOrgImmutabilityPolicy", get_immutability),
    ("updateOrgImmutabilityPolicy", update_immutability),
    ("deleteOrgImmutabilityPolicy", delete_immutability),
    ("listRepositoryImmutabilityPolicies", list_immutability),
    ("createRepositoryImmutabilityPolicy", create_immutability),
    ("getRepositoryImmutabilityPolicy", get_immutability),
    ("updateRepositoryImmutabilityPolicy", update_immutability),
    ("deleteRepositoryImmutabilityPolicy", delete_immutability),
];

/// Whose policies the request is about; absent for a missing organization, seen by those who may do everything.
fn owner(call: &Call<'_>) -> Result<Option<PolicyOwner>, Failure> {
    if call.endpoint.path.starts_with("/api/v1/user/") {
        return Ok(Some(PolicyOwner::Namespace(call.user_with(Scope::UserAdmin)?.id)));
    }
    if call.endpoint.path.starts_with("/api/v1/repository/") {
        let repository = call.existing_repository(RepositoryRole::Admin)?;
        return Ok(Some(PolicyOwner::Repository(repository.id)));
    }
    Ok(call.administered_organization()?.map(|organization| PolicyOwner::Namespace(organization.id)))
}

/// The policy's name: the last parameter of the path.
fn uuid<'a>(call: &Call<'a>) -> &'a str {
    call.parameters.last().map(String::as_str).unwrap_or_default()
}

fn view(policy: &Policy) -> Result<Json, StoreError> {
    Ok(json!({
        "uuid": policy.uuid,
        "method": policy.rule.method,
        "value": serde_json::from_str::<Json>(&policy.rule.value)?,
        "tagPattern": policy.rule.tag_pattern,
        "tagPatternMatches": policy.rule.tag_pattern_matches,
    }))
}

/// The rule in a body, checked in Quay's order.
fn rule(body: &Json) -> Result<PolicyRule, Failure> {
    let method = text(body, "method").unwrap_or("");
    let value = body.get("value").cloned().unwrap_or_default();
    let valid = match method {
        "number_of_tags" => value.as_i64().is_some_and(|count| count > 0),
        "creation_date" => value.as_str().and_then(seconds).is_some(),
        _ => return Err(Failure::invalid("Invalid method provided")),
    };
    if !valid {
        return Err(Failure::invalid("Invalid value given for method type"));
    }
    let tag_pattern = text(body, "tagPattern").map(str::to_owned);
    if tag_pattern.as_deref() == Some("") {
        return Err(Failure::invalid("tag_pattern cannot be empty"));
    }
    Ok(PolicyRule {
        method: method.to_owned(),
        value: value.to_string(),
        tag_pattern,
        tag_pattern_matches: body.get("tagPatternMatches").and_then(Json::as_bool).unwrap_or(true),
    })
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = match owner(call)? {
        Some(owner) => policies::list(call.db, owner)?,
        None => Vec::new(),
    };
    let policies = found.iter().map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(json!({ "policies": policies })))
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (owner, body) = owner_and_body(call)?;
    let owner = owner.ok_or_else(Failure::not_found)?;
    let rule = rule(&body)?;
    if policies::list(call.db, owner)?.iter().any(|policy| policy.rule == rule) {
        let what = if matches!(owner, PolicyOwner::Repository(_)) { "repository" } else { "namespace" };
        return Err(Failure::invalid(format!(
            "Existing policy with same values for this {what}, duplicate policies are not permitted"
        )));
    }
    let uuid = policies::create(call.db, owner, &rule)?;
    Ok(Reply::json(201, PolicyCreated { uuid }))
}

/// Owner and body, whichever Quay checks first: repositories' decorators come before the body, organizations' checks after.
fn owner_and_body(call: &Call<'_>) -> Result<(Option<PolicyOwner>, Json), Failure> {
    if call.endpoint.path.starts_with("/api/v1/repository/") {
        return Ok((owner(call)?, call.json()?));
    }
    let body = call.json()?;
    Ok((owner(call)?, body))
}

fn existing(call: &Call<'_>, owner: Option<PolicyOwner>) -> Result<Policy, Failure> {
    let owner = owner.ok_or_else(Failure::not_found)?;
    policies::by_uuid(call.db, owner, uuid(call))?.ok_or_else(Failure::not_found)
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let policy = existing(call, owner(call)?)?;
    Ok(Reply::ok(view(&policy)?))
}

fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (owner, body) = owner_and_body(call)?;
    let mut policy = existing(call, owner)?;
    policy.rule = rule(&body)?;
    policies::update(call.db, &policy)?;
    Ok(Reply::none())
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let policy = existing(call, owner(call)?)?;
    policies::delete(call.db, &policy.uuid)?;
    Ok(Reply::ok(PolicyCreated { uuid: policy.uuid }))
}

fn immutability_view(policy: &ImmutabilityPolicy) -> Json {
    json!({
        "uuid": policy.uuid,
        "tagPattern": policy.tag_pattern,
        "tagPatternMatches": policy.tag_pattern_matches,
    })
}

fn list_immutability(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = match owner(call)? {
        Some(owner) => immutability::list(call.db, owner)?,
        None => Vec::new(),
    };
    Ok(Reply::ok(json!({ "policies": found.iter().map(immutability_view).collect::<Vec<_>>() })))
}

/// The pattern of a body, and whether it is about the tags that match.
fn pattern(body: &Json) -> Result<(&str, bool), Failure> {
    let pattern = text(body, "tagPattern").unwrap_or("");
    if pattern.is_empty() {
        return Err(Failure::invalid("tag_pattern is required and must be a non-empty string"));
    }
    if let Err(error) = fancy_regex::Regex::new(pattern) {
        return Err(Failure::invalid(format!("Invalid regex pattern: {}", python_words(pattern, &error))));
    }
    Ok((pattern, body.get("tagPatternMatches").and_then(Json::as_bool).unwrap_or(true)))
}

/// What Python says of the commonest mistakes; for others the words of our own library.
fn python_words(pattern: &str, error: &fancy_regex::Error) -> String {
    let open = pattern.rfind('[').filter(|at| !pattern.get(*at..).unwrap_or_default().contains(']'));
    match open {
        Some(at) => format!("unterminated character set at position {}", at + 1),
        None => error.to_string(),
    }
}

/// Lets the policies hold for the tags that exist already.
fn apply(call: &Call<'_>, owner: PolicyOwner) -> Result<(), StoreError> {
    for (tag, repository, name) in tags::alive_of(call.db, owner)? {
        if immutability::holds(call.db, repository, &name)? {
            tags::set_immutable(call.db, tag, true)?;
        }
    }
    Ok(())
}

fn create_immutability(call: &Call<'_>) -> Result<Reply, Failure> {
    let (owner, body) = owner_and_body(call)?;
    let missing = || Failure::message(format!("Username does not exist: {}", call.parameter(0)));
    let owner = owner.ok_or_else(missing)?;
    let (pattern, matches) = pattern(&body)?;
    if immutability::list(call.db, owner)?.iter().any(|policy| policy.tag_pattern == pattern) {
        return Err(Failure::invalid("A policy with the same tag_pattern already exists"));
    }
    let uuid = immutability::create(call.db, owner, pattern, matches)?;
    apply(call, owner)?;
    Ok(Reply::json(201, PolicyCreated { uuid }))
}

fn existing_immutability(
    call: &Call<'_>,
    owner: Option<PolicyOwner>,
) -> Result<(PolicyOwner, ImmutabilityPolicy), Failure> {
    let owner = owner.ok_or_else(Failure::not_found)?;
    let mut found = immutability::list(call.db, owner)?.into_iter();
    let policy = found.find(|policy| policy.uuid == uuid(call)).ok_or_else(Failure::not_found)?;
    Ok((owner, policy))
}

fn get_immutability(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, policy) = existing_immutability(call, owner(call)?)?;
    Ok(Reply::ok(immutability_view(&policy)))
}

fn update_immutability(call: &Call<'_>) -> Result<Reply, Failure> {
    let (owner, body) = owner_and_body(call)?;
    let (owner, mut policy) = existing_immutability(call, owner)?;
    let (pattern, matches) = pattern(&body)?;
    pattern.clone_into(&mut policy.tag_pattern);
    policy.tag_pattern_matches = matches;
    immutability::update(call.db, &policy)?;
    apply(call, owner)?;
    Ok(Reply::none())
}

fn delete_immutability(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, policy) = existing_immutability(call, owner(call)?)?;
    immutability::delete(call.db, &policy.uuid)?;
    Ok(Reply::ok(PolicyCreated { uuid: policy.uuid }))
}
