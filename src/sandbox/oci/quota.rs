//! Whether a namespace has room.

use super::error::RegistryError;
use crate::sandbox::settings::Settings;
use crate::sandbox::store::{AccountId, Db, LimitKind, quotas, repositories};

/// Refuses a push into a namespace that has reached a limit which rejects.
pub(super) fn check(db: &Db<'_>, settings: &Settings, namespace: AccountId) -> Result<(), RegistryError> {
    if !settings.feature_quota_management {
        return Ok(());
    }
    let limit = match quotas::of_namespace(db, namespace)? {
        None => settings.default_system_reject_quota_bytes,
        Some(quota) => {
            let limits = quotas::limits(db, quota.id)?;
            let percent =
                limits.iter().filter(|limit| limit.kind == LimitKind::Reject).map(|limit| limit.percent).min();
            percent.map(|percent| quota.limit_bytes.saturating_mul(percent) / 100)
        }
    };
    match limit {
        Some(limit) if repositories::namespace_size(db, namespace)? > limit => Err(RegistryError::quota_exceeded()),
        _ => Ok(()),
    }
}
