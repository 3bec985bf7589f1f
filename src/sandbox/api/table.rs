//! From the name of an operation to its handler.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::sandbox::http::{Handler, Transaction};

/// A line of a family's table.
pub(super) type Entry = (&'static str, Handler);

const FAMILIES: &[&[Entry]] = &[
    super::session::HANDLERS,
    super::oauth::HANDLERS,
    super::user::HANDLERS,
    super::superuser_users::HANDLERS,
    super::organization::HANDLERS,
    super::applications::HANDLERS,
    super::robots::HANDLERS,
    super::teams::HANDLERS,
    super::prototypes::HANDLERS,
    super::repositories::HANDLERS,
    super::permissions::HANDLERS,
    super::tags::HANDLERS,
    super::manifests::HANDLERS,
    super::policies::HANDLERS,
    super::quotas::HANDLERS,
    super::app_tokens::HANDLERS,
    super::logs::HANDLERS,
    super::search::HANDLERS,
    super::registry::HANDLERS,
];

/// Reads that write: they make sessions or tokens.
const WRITING_READS: &[&str] = &["csrfToken", "requestAuthorization"];

/// The handler of an operation, and the transaction that it needs; absent where the sandbox does not cover it.
pub fn handler(operation: &str) -> Option<(Handler, Transaction)> {
    let handler = *table().get(operation)?;
    let transaction = if WRITING_READS.contains(&operation) { Transaction::Write } else { Transaction::ByMethod };
    Some((handler, transaction))
}

/// The covered operations, sorted.
pub fn covered() -> impl Iterator<Item = &'static str> {
    table().keys().copied()
}

fn table() -> &'static BTreeMap<&'static str, Handler> {
    static TABLE: OnceLock<BTreeMap<&'static str, Handler>> = OnceLock::new();
    TABLE.get_or_init(|| FAMILIES.iter().copied().flatten().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quay::contract::OTHERS;
    use crate::quay::contract::endpoints::ALL;

    #[test]
    fn every_handler_has_an_endpoint_and_only_one_family() {
        let known: Vec<&str> = ALL.iter().copied().chain(OTHERS).map(|endpoint| endpoint.operation).collect();
        for operation in covered() {
            assert!(known.contains(&operation), "`{operation}` is no operation of the contract");
        }
        assert_eq!(
            table().len(),
            FAMILIES.iter().map(|family| family.len()).sum::<usize>(),
            "a handler is listed twice"
        );
    }
}
