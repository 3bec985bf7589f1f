//! The action log, and messages to all users.

use std::collections::HashMap;

use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::superuser_users::require_superuser;
use super::table::Entry;
use super::views::{account_avatar, date, put, text};
use crate::quay::contract::Scope;
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::logs::{self, LogEntry, LogFilter};
use crate::sandbox::store::{Account, AccountKind, RepositoryRole, StoreError, accounts};

pub(super) const HANDLERS: &[Entry] = &[
    ("listOrgLogs", list),
    ("listRepoLogs", list),
    ("listUserLogs", list),
    ("listAllLogs", list),
    ("getAggregateOrgLogs", aggregate),
    ("getAggregateRepoLogs", aggregate),
    ("getAggregateUserLogs", aggregate),
    ("listAllAggregateLogs", aggregate),
    ("getGlobalMessages", messages),
    ("createGlobalMessage", create_message),
    ("deleteGlobalMessage", delete_message),
];

const PAGE: i64 = 20;
const DAY_MS: i64 = 86_400_000;

/// What a log request is about.
struct Subject {
    namespace: Option<String>,
    repository: Option<String>,
    /// Whether entries tell their namespace: only superusers' lists do.
    whole: bool,
}

fn subject(call: &Call<'_>) -> Result<Subject, Failure> {
    let path = call.endpoint.path;
    if path.starts_with("/api/v1/superuser/") {
        require_superuser(call)?;
        return Ok(Subject { namespace: None, repository: None, whole: true });
    }
    if path.starts_with("/api/v1/user/") {
        let user = call.user_with(Scope::UserAdmin)?;
        return Ok(Subject { namespace: Some(user.name.clone()), repository: None, whole: false });
    }
    if path.starts_with("/api/v1/repository/") {
        let repository = call.existing_repository(RepositoryRole::Admin)?;
        return Ok(Subject { namespace: Some(repository.namespace), repository: Some(repository.name), whole: false });
    }
    let missing = || Failure::message(format!("Invalid namespace requested: {}", call.parameter(0)));
    let organization = call.administered_organization()?.ok_or_else(missing)?;
    Ok(Subject { namespace: Some(organization.name), repository: None, whole: false })
}

/// First and last moment that are asked for. As in Quay, what is no date counts as absent, and the last day is wholly in.
fn range(call: &Call<'_>) -> Result<(i64, i64), Failure> {
    let given = |name: &str| call.query.get(name).and_then(month_day_year);
    let now = call.db.now_ms();
    let to = given("endtime");
    let from = given("starttime").unwrap_or_else(|| to.unwrap_or(now) - DAY_MS);
    let to = to.unwrap_or(now);
    if to < from {
        return Err(Failure::not_understood());
    }
    Ok((from, to + DAY_MS))
}

/// `11/20/2026` as milliseconds.
fn month_day_year(text: &str) -> Option<i64> {
    let date = Date::strptime("%m/%d/%Y", text).ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// Accounts that entries name, each looked up once.
struct Names<'c, 'a> {
    call: &'c Call<'a>,
    known: HashMap<String, Option<Account>>,
}

impl Names<'_, '_> {
    fn find(&mut self, name: &str) -> Result<Option<&Account>, StoreError> {
        if !self.known.contains_key(name) {
            let account = accounts::by_name(self.call.db, name)?;
            self.known.insert(name.to_owned(), account);
        }
        Ok(self.known.get(name).and_then(Option::as_ref))
    }
}

fn view(names: &mut Names<'_, '_>, entry: &LogEntry, whole: bool) -> Result<Json, StoreError> {
    let mut view = json!({
        "kind": entry.kind,
        "metadata": serde_json::from_str::<Json>(&entry.metadata)?,
        "ip": entry.ip,
        "datetime": date(entry.at_ms),
    });
    if let Some(performer) = &entry.performer
        && let Some(account) = names.find(performer)?
    {
        put(
            &mut view,
            "performer",
            json!({
                "kind": "user",
                "name": account.name,
                "is_robot": account.kind == AccountKind::Robot,
                "avatar": account_avatar(account),
            }),
        );
    }
    if whole
        && let Some(namespace) = &entry.namespace
        && let Some(account) = names.find(namespace)?
    {
        let kind = if account.kind == AccountKind::Organization { "org" } else { "user" };
        put(&mut view, "namespace", json!({ "kind": kind, "name": account.name, "avatar": account_avatar(account) }));
    }
    Ok(view)
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let subject = subject(call)?;
    let (from_ms, to_ms) = range(call)?;
    let filter = LogFilter {
        namespace: subject.namespace.as_deref(),
        repository: subject.repository.as_deref(),
        performer: call.query.get("performer"),
        from_ms,
        to_ms,
    };
    let before = call.page_start().unwrap_or(i64::MAX);
    let mut found = logs::list(call.db, filter, before, PAGE + 1)?;
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = found.len() > size;
    found.truncate(size);
    let mut names = Names { call, known: HashMap::new() };
    let views = found.iter().map(|entry| view(&mut names, entry, subject.whole)).collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({ "start_time": date(from_ms), "end_time": date(to_ms), "logs": views });
    if more && let Some(last) = found.last() {
        put(&mut answer, "next_page", call.page_token(last.id));
    }
    Ok(Reply::ok(answer))
}

fn aggregate(call: &Call<'_>) -> Result<Reply, Failure> {
    let subject = subject(call)?;
    let (from_ms, to_ms) = range(call)?;
    let filter = LogFilter {
        namespace: subject.namespace.as_deref(),
        repository: subject.repository.as_deref(),
        performer: call.query.get("performer"),
        from_ms,
        to_ms,
    };
    let aggregated: Vec<Json> = logs::aggregate(call.db, filter)?
        .into_iter()
        .map(|(kind, count, day)| json!({ "kind": kind, "count": count, "datetime": date(day) }))
        .collect();
    Ok(Reply::ok(json!({ "aggregated": aggregated })))
}

fn messages(call: &Call<'_>) -> Result<Reply, Failure> {
    let messages: Vec<Json> = logs::messages(call.db)?
        .into_iter()
        .map(|message| {
            json!({
                "uuid": message.uuid,
                "content": message.content,
                "severity": message.severity,
                "media_type": message.media_type,
            })
        })
        .collect();
    Ok(Reply::ok(json!({ "messages": messages })))
}

/// Messages are the superusers'; the refusal is another one than elsewhere.
fn require_messenger(call: &Call<'_>) -> Result<(), Failure> {
    call.user()?;
    if call.access().is_superuser() {
        return Ok(());
    }
    let text = "You don't have the permission to access the requested resource. It is either read-protected or not readable \
                by the server.";
    Err(Failure::Message(403, text.to_owned()))
}

fn create_message(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    require_messenger(call)?;
    // recorded: Quay fails over a body without a message
    let message = body.get("message").ok_or(Failure::Crash)?;
    let field = |name: &str| text(message, name).unwrap_or_default();
    logs::add_message(call.db, field("content"), field("severity"), field("media_type"))?;
    Ok(Reply { status: 201, ..Reply::none() })
}

fn delete_message(call: &Call<'_>) -> Result<Reply, Failure> {
    require_messenger(call)?;
    logs::remove_message(call.db, call.parameter(0))?;
    Ok(Reply::none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_month_day_year() {
        assert_eq!(month_day_year("11/21/2026"), Some(1_795_219_200_000));
        assert_eq!(month_day_year("2026-01-01"), None);
    }
}
