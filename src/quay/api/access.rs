//! Who we are, and whether what we were given is right.

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{CurrentUser, ErrorBody, InitializeUser, Initialized, endpoints};
use crate::quay::error::QuayError;
use crate::quay::options::Identity;
use crate::value::Secret;

/// What is known about the caller.
#[derive(Clone, Debug)]
pub enum Verified {
    /// The registry knows this user.
    User(Box<CurrentUser>),
    /// The token is valid, but may not read whose it is (no scope `user:read`).
    ValidToken,
    /// There are no credentials to verify.
    Anonymous,
}

/// The answer to "is this the user's password?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is.
    Right,
    /// It is not, or there is no such user.
    Wrong,
    /// The registry does not say: the user is disabled, there were too many bad tries …
    Unknown(String),
}

impl Client {
    /// Checks the credentials. An invalid token does not fail by itself where something is public: it gives the view of
    /// nobody. So whoever gets an answer that nobody could have got as well (nothing there, an empty list, no teams) asks
    /// here first.
    ///
    /// # Errors
    /// The credentials are not valid, or the registry does not answer.
    pub async fn verify(&self) -> Result<Verified, QuayError> {
        if *self.identity() == Identity::Anonymous {
            return Ok(Verified::Anonymous);
        }
        let call = Call::new(&endpoints::GET_USER, &[])?;
        let refused = match self.fetch::<CurrentUser>(&call, Repeat::Always).await {
            Ok(user) => return Ok(Verified::User(Box::new(user))),
            Err(error) if error.status() == Some(401) => error,
            Err(error) => return Err(error),
        };
        let Identity::Token(token) = self.identity() else { return Err(refused) };
        // 401 also means a valid token without `user:read`; the registry's token service knows the difference
        match self.check_password("$oauthtoken", token).await? {
            PasswordCheck::Right => Ok(Verified::ValidToken),
            PasswordCheck::Wrong | PasswordCheck::Unknown(_) => Err(refused),
        }
    }

    /// Who the caller is.
    ///
    /// # Errors
    /// The credentials are not valid or (of a token) lack `user:read`, or the registry does not answer.
    pub async fn current_user(&self) -> Result<CurrentUser, QuayError> {
        self.fetch(&Call::new(&endpoints::GET_USER, &[])?, Repeat::Always).await
    }

    /// Whether a password is a user's (or a token is valid, with the user name `$oauthtoken`), by asking the registry's
    /// token service, as `podman login` does. That is one request, makes no session and changes nothing; but Quay counts
    /// wrong passwords, and from the fourth on wants a pause.
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn check_password(&self, username: &str, password: &Secret) -> Result<PasswordCheck, QuayError> {
        let mut call = Call::new(&endpoints::REGISTRY_TOKEN, &[])?.query("service", self.server().service());
        call.basic = Some((username.to_owned(), password.clone()));
        let refusal = match self.send(&call, Repeat::Always).await {
            Ok(_) => return Ok(PasswordCheck::Right),
            Err(QuayError::Refused(refusal)) => refusal,
            Err(error) => return Err(error),
        };
        let message = refusal.body.message().unwrap_or_default();
        match (refusal.status, &refusal.body) {
            (401, ErrorBody::Registry(_)) => {
                let wrong = [
                    "Invalid Username or Password",
                    "Invalid username or password",
                    "OAuth access token",
                    "Could not find",
                ];
                if wrong.iter().any(|part| message.contains(part)) {
                    Ok(PasswordCheck::Wrong)
                } else {
                    Ok(PasswordCheck::Unknown(message))
                }
            }
            (401 | 403 | 429, _) => Ok(PasswordCheck::Unknown(message)),
            _ => Err(refusal_error(*refusal)),
        }
    }

    /// Makes the first user of an empty registry (from 3.6, with `FEATURE_USER_INITIALIZE`). Not repeated when the answer is
    /// lost, because the token in it is shown only once; the caller looks whether the user is there.
    ///
    /// # Errors
    /// There is a user already, or the registry does not answer.
    pub async fn initialize(&self, user: &InitializeUser) -> Result<Initialized, QuayError> {
        let call = Call::new(&endpoints::INITIALIZE_USER, &[])?.json(user)?;
        self.fetch(&call, Repeat::WhenNotDone).await
    }
}

fn refusal_error(refusal: crate::quay::error::Refusal) -> QuayError {
    refusal.into()
}
