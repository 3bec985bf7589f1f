//! Who sends a request of the API.

use crate::quay::contract::{Scope, Scopes};
use crate::sandbox::store::{Account, AccountId, OauthTokenId};

/// By what a sender is known.
#[derive(Clone, Debug)]
pub enum Via {
    /// Not at all.
    Nothing,
    /// A signed-in session.
    Session,
    /// An OAuth token with its scopes.
    Token(OauthTokenId, Scopes),
    /// Name and password. The API ignores them; the registry and the OAuth pages take them.
    Password,
}

/// Who sends a request.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account, unless anonymous.
    pub account: Option<Account>,
    /// By what it is known.
    pub via: Via,
}

impl Identity {
    /// Nobody known.
    pub fn anonymous() -> Self {
        Self { account: None, via: Via::Nothing }
    }

    /// The account's row.
    pub fn id(&self) -> Option<AccountId> {
        self.account.as_ref().map(|account| account.id)
    }

    /// Whether the scope is granted; whoever does not come with a token has all of them.
    pub fn has_scope(&self, scope: Scope) -> bool {
        match &self.via {
            Via::Nothing => false,
            Via::Session | Via::Password => true,
            Via::Token(_, scopes) => scopes.grants(scope),
        }
    }
}
