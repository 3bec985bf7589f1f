//! Users, as superusers manage them.

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{
    CreateUser, Entities, Entity, PageToken, SuperuserUser, SuperuserUsers, UpdateUser, UserCreated, endpoints,
};
use crate::quay::error::QuayError;
use crate::quay::pages::Page;

impl Page for SuperuserUsers {
    type Item = SuperuserUser;

    fn split(self) -> (Vec<SuperuserUser>, Option<PageToken>) {
        (self.users, self.next_page)
    }

    fn key(item: &SuperuserUser) -> &str {
        &item.username
    }
}

impl Client {
    /// All users.
    ///
    /// # Errors
    /// Only superusers may ask.
    pub async fn users(&self) -> Result<Vec<SuperuserUser>, QuayError> {
        self.all_items::<SuperuserUsers>(Call::new(&endpoints::LIST_USERS, &[])?.query("limit", "100")).await
    }

    /// Whether the users may be read at all; gives back one of them.
    ///
    /// # Errors
    /// Only superusers may ask.
    pub async fn first_user_page(&self) -> Result<Vec<SuperuserUser>, QuayError> {
        let call = Call::new(&endpoints::LIST_USERS, &[])?.query("limit", "1");
        Ok(self.fetch::<SuperuserUsers>(&call, Repeat::Always).await?.users)
    }

    /// A user.
    ///
    /// # Errors
    /// Only superusers may ask.
    pub async fn user(&self, username: &str) -> Result<Option<SuperuserUser>, QuayError> {
        self.find(&Call::new(&endpoints::GET_SUPERUSER_USER, &[username])?).await
    }

    /// Makes a user. Quay generates the password. Where the answer is lost, the user may be there with a password that
    /// nobody knows: the error then says so through [`QuayError::maybe_acted`], and a new password can be set.
    ///
    /// # Errors
    /// The name or address is taken or wrong, or mail could not be sent (and yet the user is there).
    pub async fn create_user(&self, user: &CreateUser) -> Result<UserCreated, QuayError> {
        let call = Call::new(&endpoints::CREATE_USER, &[])?.json(user)?;
        self.fetch(&call, Repeat::WhenNotDone).await
    }

    /// Changes a user who is no superuser.
    ///
    /// # Errors
    /// The user is a superuser or missing, the address is taken, or the password too short.
    pub async fn change_user(&self, username: &str, change: &UpdateUser) -> Result<SuperuserUser, QuayError> {
        let call = Call::new(&endpoints::CHANGE_USER, &[username])?.json(change)?;
        self.fetch(&call, Repeat::Always).await
    }

    /// Deletes a user who is no superuser; false where there is none.
    ///
    /// # Errors
    /// The user is a superuser.
    pub async fn delete_user(&self, username: &str) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_USER, &[username])?, &[]).await
    }

    /// Users, robots, teams and organizations whose names begin so, as an organization sees them.
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn entities(&self, prefix: &str, namespace: &str) -> Result<Vec<Entity>, QuayError> {
        let call = Call::new(&endpoints::MATCHING_ENTITIES, &[prefix])?
            .query("namespace", namespace)
            .query("includeTeams", "true")
            .query("includeOrgs", "true");
        Ok(self.fetch::<Entities>(&call, Repeat::Always).await?.results)
    }
}
