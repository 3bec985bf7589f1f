//! Storage quotas of namespaces.

use serde_json::{Value as Json, json};

use super::superuser_users::require_superuser;
use super::table::Entry;
use super::views::{limits, text};
use crate::quay::contract::Scope;
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::quotas::{self, Quota, QuotaLimit};
use crate::sandbox::store::{Account, AccountKind, LimitKind, QuotaLimitId, StoreError, accounts};

pub(super) const HANDLERS: &[Entry] = &[
    ("listOrganizationQuota", list),
    ("createOrganizationQuota", create),
    ("getOrganizationQuota", get),
    ("changeOrganizationQuota", change),
    ("deleteOrganizationQuota", delete),
    ("listOrganizationQuotaLimit", list_limits),
    ("createOrganizationQuotaLimit", create_limit),
    ("getOrganizationQuotaLimit", get_limit),
    ("changeOrganizationQuotaLimit", change_limit),
    ("deleteOrganizationQuotaLimit", delete_limit),
    ("listOrganizationQuotaSuperUser", list),
    ("createOrganizationQuotaSuperUser", create),
    ("changeOrganizationQuotaSuperUser", change),
    ("deleteOrganizationQuotaSuperUser", delete),
    ("listUserQuotaSuperUser", list),
    ("createUserQuotaSuperUser", create),
    ("changeUserQuotaSuperUser", change),
    ("deleteUserQuotaSuperUser", delete),
    ("listUserQuota", list),
    ("getUserQuota", get),
    ("listUserQuotaLimit", list_limits),
    ("getUserQuotaLimit", get_limit),
];

const UNITS: [&str; 9] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/// By which door the request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// The organization's own.
    Organization,
    /// The superusers', for organizations or users.
    Superuser,
    /// The user's own, reading only.
    User,
}

/// The namespace of the path, if the sender may do to its quota what is asked.
fn namespace(call: &Call<'_>) -> Result<(Door, Option<Account>), Failure> {
    let path = call.endpoint.path;
    if path.starts_with("/api/v1/user/") {
        return Ok((Door::User, Some(call.user_with(Scope::UserAdmin)?.clone())));
    }
    if path.starts_with("/api/v1/superuser/") {
        require_superuser(call)?;
        let users = path.starts_with("/api/v1/superuser/users/");
        let kind = if users { AccountKind::User } else { AccountKind::Organization };
        return Ok((Door::Superuser, accounts::find(call.db, kind, call.parameter(0))?));
    }
    if call.endpoint.method.is_write() {
        // owners may look, only superusers with full access may change
        call.require(call.access().has_full_access())?;
        return Ok((Door::Organization, call.organization()?));
    }
    Ok((Door::Organization, call.administered_organization()?))
}

fn view(call: &Call<'_>, quota: Quota) -> Result<Json, StoreError> {
    Ok(json!({
        "id": quota.id.0,
        "limit_bytes": quota.limit_bytes,
        "limit": human(quota.limit_bytes),
        "default_config": false,
        "limits": limits(call.db, quota.id)?,
        "default_config_exists": call.app.settings.default_system_reject_quota_bytes.is_some(),
    }))
}

/// Bytes for people: `976.6 KiB`.
fn human(bytes: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut number = bytes as f64;
    let mut unit = 0;
    while number.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    format!("{number:.1} {}B", UNITS.get(unit).copied().unwrap_or_default())
}

/// Reads `10 MiB`, `5K`, `123`. Units without an `i` are decimal.
fn from_human(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let unit = unit.trim().trim_end_matches('B');
    let (prefix, base) = match unit.strip_suffix('i') {
        Some(prefix) => (prefix, 1024_i64),
        None => (unit, 1000),
    };
    let power = if prefix.is_empty() { 0 } else { u32::try_from("KMGTPEZY".find(prefix)?).ok()? + 1 };
    number.checked_mul(base.checked_pow(power)?)
}

/// The bytes that a body asks for; absent where it asks for no change.
fn wanted(body: &Json) -> Result<Option<i64>, Failure> {
    let bytes = match (body.get("limit_bytes").and_then(Json::as_i64), text(body, "limit")) {
        (Some(bytes), _) => Some(bytes),
        (None, Some(text)) => Some(
            from_human(text).ok_or_else(|| Failure::invalid(format!("Invalid quota size limit value: '{text}'")))?,
        ),
        (None, None) => None,
    };
    match bytes {
        Some(bytes) if bytes < 0 => Err(Failure::invalid(format!("Invalid quota size limit value: '{bytes}'"))),
        other => Ok(other),
    }
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, namespace) = namespace(call)?;
    let namespace = namespace.ok_or_else(Failure::not_found)?;
    let default = call.app.settings.default_system_reject_quota_bytes;
    let found = match (quotas::of_namespace(call.db, namespace.id)?, default) {
        (Some(quota), _) => vec![view(call, quota)?],
        (None, None) => Vec::new(),
        (None, Some(bytes)) => vec![json!({
            "id": Json::Null,
            "limit_bytes": bytes,
            "limit": human(bytes),
            "default_config": true,
            "limits": [],
            "default_config_exists": true,
        })],
    };
    Ok(Reply::ok(found))
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let (door, found) = namespace(call)?;
    // recorded: the superusers' door fails over a missing namespace
    let missing = || if door == Door::Superuser { Failure::Crash } else { Failure::not_found() };
    let namespace = found.ok_or_else(missing)?;
    if quotas::of_namespace(call.db, namespace.id)?.is_some() {
        let what = if door == Door::Superuser { "Quota" } else { "Organization quota" };
        return Err(Failure::invalid(format!("{what} for '{}' already exists", namespace.name)));
    }
    let bytes = wanted(&body)?.unwrap_or(0);
    quotas::create(call.db, namespace.id, bytes)?;
    call.log("org_create_quota", &namespace.name, None, &json!({ "limit": human(bytes) }))?;
    Ok(Reply::json(201, "Created"))
}

/// The quota of the path.
fn existing(call: &Call<'_>) -> Result<(Account, Quota), Failure> {
    let (door, found) = namespace(call)?;
    let index = usize::from(door != Door::User);
    // recorded: Quay fails over what is no number
    let id: i64 = call.parameter(index).parse().map_err(|_| Failure::Crash)?;
    let namespace = found.ok_or_else(Failure::not_found)?;
    let quota = quotas::of_namespace(call.db, namespace.id)?.filter(|quota| quota.id.0 == id);
    Ok((namespace, quota.ok_or_else(Failure::not_found)?))
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, quota) = existing(call)?;
    Ok(Reply::ok(view(call, quota)?))
}

fn change(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let (namespace, mut quota) = existing(call)?;
    // zero is taken for nothing, as in Quay
    if let Some(bytes) = wanted(&body)?.filter(|bytes| *bytes > 0) {
        quotas::set_bytes(call.db, quota.id, bytes)?;
        quota.limit_bytes = bytes;
        call.log("org_change_quota", &namespace.name, None, &json!({ "limit": human(bytes) }))?;
    }
    Ok(Reply::ok(view(call, quota)?))
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (namespace, quota) = existing(call)?;
    quotas::delete(call.db, quota.id)?;
    call.log("org_delete_quota", &namespace.name, None, &json!({ "limit": human(quota.limit_bytes) }))?;
    Ok(Reply::none())
}

fn limit_view(limit: QuotaLimit) -> Json {
    json!({ "id": limit.id.0, "type": limit.kind.as_str(), "limit_percent": limit.percent })
}

fn list_limits(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, quota) = existing(call)?;
    Ok(Reply::ok(limits(call.db, quota.id)?))
}

fn kind(text: &str) -> Result<LimitKind, Failure> {
    if text.eq_ignore_ascii_case("warning") {
        Ok(LimitKind::Warning)
    } else if text.eq_ignore_ascii_case("reject") {
        Ok(LimitKind::Reject)
    } else {
        Err(Failure::message("Quota type must be one of [Warning, Reject]"))
    }
}

fn check_percent(percent: i64) -> Result<(), Failure> {
    if (1..=100).contains(&percent) {
        Ok(())
    } else {
        Err(Failure::message("Quota limit threshold must be between 1 and 100"))
    }
}

fn create_limit(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let (_, quota) = existing(call)?;
    let kind = kind(text(&body, "type").unwrap_or(""))?;
    let percent = body.get("threshold_percent").and_then(Json::as_i64).unwrap_or(0);
    // as in Quay, a zero finds any limit of the type
    let exists = quotas::limits(call.db, quota.id)?
        .iter()
        .any(|limit| limit.kind == kind && (percent == 0 || limit.percent == percent));
    if exists {
        return Err(Failure::invalid("Quota limit already exists"));
    }
    check_percent(percent)?;
    quotas::add_limit(call.db, quota.id, kind, percent)?;
    Ok(Reply::json(201, "Created"))
}

fn existing_limit(call: &Call<'_>) -> Result<(Quota, QuotaLimit), Failure> {
    let (_, quota) = existing(call)?;
    let last = call.parameters.last().map(String::as_str).unwrap_or_default();
    let id: i64 = last.parse().map_err(|_| Failure::Crash)?;
    let limit = quotas::limit(call.db, quota.id, QuotaLimitId(id))?.ok_or_else(Failure::not_found)?;
    Ok((quota, limit))
}

fn get_limit(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, limit) = existing_limit(call)?;
    Ok(Reply::ok(limit_view(limit)))
}

fn change_limit(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let (quota, mut limit) = existing_limit(call)?;
    if let Some(text) = text(&body, "type") {
        limit.kind = kind(text)?;
    }
    if let Some(percent) = body.get("threshold_percent").and_then(Json::as_i64) {
        check_percent(percent)?;
        limit.percent = percent;
    }
    quotas::update_limit(call.db, limit)?;
    Ok(Reply::ok(view(call, quota)?))
}

fn delete_limit(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, limit) = existing_limit(call)?;
    quotas::remove_limit(call.db, limit.id)?;
    Ok(Reply::none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_for_people() {
        assert_eq!(human(10_485_760), "10.0 MiB");
        assert_eq!(human(1_000_000), "976.6 KiB");
        assert_eq!(human(5_000_000), "4.8 MiB");
        assert_eq!(human(5), "5.0 B");
        assert_eq!(from_human("10 MiB"), Some(10_485_760));
        assert_eq!(from_human("1GB"), Some(1_000_000_000));
        assert_eq!(from_human("5K"), Some(5_000));
        assert_eq!(from_human("123"), Some(123));
        assert_eq!(from_human("ten"), None);
    }
}
