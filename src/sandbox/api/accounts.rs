//! Making accounts, with Quay's checks and their order.

use crate::sandbox::access::{hash_password, is_acceptable_password};
use crate::sandbox::http::{Call, Failure};
use crate::sandbox::names;
use crate::sandbox::store::accounts::{self, NewAccount};
use crate::sandbox::store::{Account, AccountKind, secrets};
use crate::value::Secret;

/// What is said of a password that is too weak.
pub(super) const WEAK_PASSWORD: &str =
    "Invalid password, password must be at least 8 characters and contain no whitespace.";

/// Hashes an acceptable password; the error is the message.
pub(super) fn hash(call: &Call<'_>, password: &str) -> Result<Secret, String> {
    if !is_acceptable_password(password) {
        return Err(WEAK_PASSWORD.to_owned());
    }
    hash_password(password, call.app.settings.sandbox_bcrypt_cost)
        .ok_or_else(|| "SANDBOX_BCRYPT_COST is not a cost that bcrypt takes".to_owned())
}

/// A password as Quay makes them for users that a superuser creates.
pub(super) fn generated_password() -> Secret {
    Secret::new(secrets::upper(32))
}

/// Whether an account gets by without a confirmed e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    /// It counts as confirmed.
    Given,
    /// It must be confirmed where mail can be sent.
    Needed,
}

/// Makes a user; the error is the message.
pub(super) fn create_user(
    call: &Call<'_>,
    name: &str,
    password: &str,
    email: Option<&str>,
    verification: Verification,
) -> Result<Result<Account, String>, Failure> {
    let hash = match hash(call, password) {
        Ok(hash) => hash,
        Err(message) => return Ok(Err(message)),
    };
    let mailing = call.app.settings.feature_mailing;
    if mailing && !email.is_some_and(names::is_email) {
        return Ok(Err(format!("Invalid email address: {}", email.unwrap_or("None"))));
    }
    if let Some(problem) = names::namespace_problem(name) {
        return Ok(Err(format!("Invalid namespace {name}: {problem}")));
    }
    if let Some(known) = accounts::by_name(call.db, name)? {
        let by = if known.kind == AccountKind::Organization { "an organization and" } else { "user" };
        return Ok(Err(format!("Username has already been taken by {by} cannot be reused: {name}")));
    }
    if let Some(email) = email
        && accounts::user_by_email(call.db, email)?.is_some()
    {
        return Ok(Err(if mailing {
            format!("Email has already been used: {email}")
        } else {
            format!(
                "duplicate key value violates unique constraint \"user_email_unique_non_org\"\nDETAIL:  Key (email)=({email}) \
                 already exists.\n"
            )
        }));
    }
    if accounts::is_retired(call.db, name)? {
        return Ok(Err("Username is not available".to_owned()));
    }
    let new = NewAccount {
        kind: AccountKind::User,
        name,
        email,
        password_hash: Some(hash.expose()),
        tag_expiration_s: call.app.settings.default_tag_expiration_s(),
        prompts: "enter_name,enter_company",
        verified: !mailing || verification == Verification::Given,
    };
    let id = accounts::create(call.db, &new)?;
    Ok(accounts::by_id(call.db, id)?.ok_or_else(|| "the new account is gone".to_owned()))
}
