//! OAuth tokens without a browser: the session does what the consent page does.

use url::Url;
use url::form_urlencoded::{Serializer, parse};

use crate::quay::call::{Body, Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{Scopes, endpoints};
use crate::quay::error::QuayError;
use crate::value::Secret;

/// A new token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    /// The token.
    pub token: Secret,
    /// How many seconds it lives.
    pub expires_in: Option<u64>,
}

impl Client {
    /// Has the signed-in user authorize an application and takes the token. Works on every release, for users who administer
    /// the application's organization. `redirect_uri` is the application's own where it has one.
    ///
    /// # Errors
    /// The user does not administer the organization, the application or a scope is unknown, the redirect does not match.
    pub async fn authorize(
        &self,
        client_id: &str,
        scopes: &Scopes,
        redirect_uri: Option<&str>,
    ) -> Result<TokenGrant, QuayError> {
        let own = format!("{}/oauth/localapp", self.server());
        let redirect_uri = redirect_uri.filter(|uri| !uri.is_empty()).unwrap_or(&own);
        let mut call = Call::new(&endpoints::AUTHORIZE_APPLICATION, &[])?;
        let form = Serializer::new(String::new())
            .append_pair("response_type", "token")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scopes.to_string())
            .finish();
        call.body = Body::Form(form.into());
        call.wants_redirect = true;
        // a token whose answer was lost does no harm: nobody knows it
        let answer = self.send(&call, Repeat::Always).await.map_err(|error| explain(client_id, error))?;
        let location = answer.header("location").unwrap_or_default();
        read_grant(location).map_err(|reason| QuayError::Authorize { client_id: client_id.to_owned(), reason })
    }

    /// Has another user be asked to take a token of an application (from 3.12), as the signed-in user.
    ///
    /// # Errors
    /// The user is missing, or the caller does not administer the application's organization.
    pub async fn assign_token(&self, client_id: &str, scopes: &Scopes, username: &str) -> Result<(), QuayError> {
        let call = Call::new(&endpoints::ASSIGN_AUTHORIZATION, &[])?
            .query("username", username)
            .query("response_type", "token")
            .query("client_id", client_id)
            .query("redirect_uri", format!("{}/oauth/localapp", self.server()))
            .query("scope", scopes.to_string())
            .query("format", "json");
        self.act(&call, Repeat::WhenNotDone).await
    }
}

fn explain(client_id: &str, error: QuayError) -> QuayError {
    let reason = match error.refusal() {
        Some(refusal) if refusal.status == 400 => {
            "its redirect address is another one; give it with `redirect_uri`, or clear it in the application"
        }
        Some(refusal) if refusal.status == 401 => {
            "the user is not signed in; only users with a password can authorize it"
        }
        _ => return error,
    };
    QuayError::Authorize { client_id: client_id.to_owned(), reason: reason.to_owned() }
}

/// Takes the token out of the address that the browser would be sent to.
fn read_grant(location: &str) -> Result<TokenGrant, String> {
    // the redirect may be relative to the registry
    let base = Url::parse("http://registry.invalid").ok();
    let url =
        Url::options().base_url(base.as_ref()).parse(location).map_err(|_| "the answer leads nowhere".to_owned())?;
    let (mut token, mut expires_in) = (None, None);
    for (key, value) in parse(url.fragment().unwrap_or_default().as_bytes()) {
        match &*key {
            "access_token" => token = Some(Secret::new(value)),
            "expires_in" => expires_in = value.parse().ok(),
            _ => {}
        }
    }
    if let Some(token) = token {
        return Ok(TokenGrant { token, expires_in });
    }
    let error = url.query_pairs().find(|(key, _)| key == "error").map(|(_, value)| value.into_owned());
    Err(match error.as_deref() {
        Some("unauthorized_client") => {
            "the user does not administer its organization, or there is no such application (unauthorized_client)"
                .to_owned()
        }
        Some("invalid_scope") => "a scope is unknown, or none was given (invalid_scope)".to_owned(),
        Some(error) => error.to_owned(),
        None => "the answer has no token in it".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stands_in_the_fragment() {
        let location = "http://127.0.0.1:8080/oauth/localapp?scope=repo%3Aread#access_token=abc%2Bd&token_type=Bearer&expires_in=315576000";
        let grant = read_grant(location).unwrap();
        assert_eq!((grant.token.expose(), grant.expires_in), ("abc+d", Some(315_576_000)));
        assert!(!format!("{grant:?}").contains("abc"));
        assert!(read_grant("/oauth/localapp#access_token=x").is_ok());
        let error = read_grant("http://h/oauth/localapp?error=unauthorized_client").unwrap_err();
        assert!(error.contains("does not administer"));
        assert!(read_grant("http://h/oauth/localapp?error=invalid_scope").unwrap_err().contains("scope"));
        assert!(read_grant("").is_err());
    }
}
