//! Pieces that many answers share: avatars, dates, quota reports.

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::quay::contract::{Avatar, QuayDate, QuotaReport};
use crate::sandbox::settings::Settings;
use crate::sandbox::store::{Account, AccountKind, Db, StoreError, quotas, repositories, secrets};

/// The colours that Quay draws avatars with, in its order.
const COLOURS: &[&str] = &[
    "#969696", "#aec7e8", "#ff7f0e", "#ffbb78", "#2ca02c", "#98df8a", "#d62728", "#ff9896", "#9467bd", "#c5b0d5",
    "#8c564b", "#c49c94", "#e377c2", "#f7b6d2", "#7f7f7f", "#c7c7c7", "#bcbd22", "#1f77b4", "#17becf", "#9edae5",
    "#393b79", "#5254a3", "#6b6ecf", "#9c9ede", "#9ecae1", "#31a354", "#b5cf6b", "#a1d99b", "#8c6d31", "#ad494a",
    "#e7ba52", "#a55194",
];

/// An avatar: a hash of an address, and a colour that follows from it.
pub(super) fn avatar(name: &str, address: &str, kind: &str) -> Avatar {
    let bytes = Sha256::digest(address.trim().to_lowercase().as_bytes());
    let hash = secrets::hex(&bytes);
    let index = bytes.first().map_or(0, |byte| usize::from(*byte) % COLOURS.len());
    let color = COLOURS.get(index).copied().unwrap_or_default().to_owned();
    Avatar { name: name.to_owned(), hash, color, kind: kind.to_owned() }
}

/// The avatar of an account as its own kind.
pub(super) fn account_avatar(account: &Account) -> Avatar {
    let kind = match account.kind {
        AccountKind::User => "user",
        AccountKind::Organization => "org",
        AccountKind::Robot => "robot",
    };
    avatar(&account.name, address(account), kind)
}

/// The avatar of a team.
pub(super) fn team_avatar(name: &str) -> Avatar {
    avatar(name, name, "team")
}

/// The e-mail of an account, or the random text that Quay keeps where there is none.
pub(super) fn address(account: &Account) -> &str {
    account.email.as_deref().unwrap_or(&account.uuid)
}

/// A date as most answers write it.
pub(super) fn date(ms: i64) -> QuayDate {
    QuayDate(timestamp(ms))
}

/// A point in time.
pub(super) fn timestamp(ms: i64) -> Timestamp {
    // the sandbox's clock can be set, but not beyond what can be written
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// The quotas of a namespace as its own view shows them, and what of them is used.
pub(super) fn quota_view(
    db: &Db<'_>,
    settings: &Settings,
    account: &Account,
) -> Result<(Vec<Json>, Option<QuotaReport>), StoreError> {
    if !settings.feature_quota_management {
        return Ok((Vec::new(), None));
    }
    let quota = quotas::of_namespace(db, account.id)?;
    let mut list = Vec::new();
    if let Some(quota) = quota {
        list.push(json!({
            "id": quota.id.0,
            "limit_bytes": quota.limit_bytes,
            "limits": limits(db, quota.id)?,
        }));
    }
    let report = QuotaReport {
        quota_bytes: repositories::namespace_size(db, account.id)?,
        configured_quota: quota.map(|quota| quota.limit_bytes).or(settings.default_system_reject_quota_bytes),
        running_backfill: Some("complete".to_owned()),
        backfill_status: Some("complete".to_owned()),
    };
    Ok((list, Some(report)))
}

/// The limits of a quota.
pub(super) fn limits(db: &Db<'_>, quota: crate::sandbox::store::QuotaId) -> Result<Vec<Json>, StoreError> {
    let limits = quotas::limits(db, quota)?;
    Ok(limits
        .into_iter()
        .map(|limit| json!({ "id": limit.id.0, "type": limit.kind.as_str(), "limit_percent": limit.percent }))
        .collect())
}

/// Sets a field of a view.
pub(super) fn put(view: &mut Json, name: &str, value: impl Into<Json>) {
    if let Some(view) = view.as_object_mut() {
        view.insert(name.to_owned(), value.into());
    }
}

/// A text field of a body.
pub(super) fn text<'b>(body: &'b Json, name: &str) -> Option<&'b str> {
    body.get(name).and_then(Json::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn avatars_are_quays() {
        let avatar = avatar("admin", "admin@example.com", "user");
        assert_eq!(avatar.hash, "258d8dc916db8cea2cafb6c3cd0cb0246efe061421dbd83ec3a350428cabda4f");
        assert_eq!(avatar.color, "#98df8a");
        assert_eq!(team_avatar("devs").color, "#ffbb78");
    }
}
