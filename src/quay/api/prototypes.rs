//! Default permissions.

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{CreatePrototype, Prototype, Prototypes, RepositoryRole, RolePut, endpoints};
use crate::quay::error::QuayError;

impl Client {
    /// The default permissions of an organization.
    ///
    /// # Errors
    /// The organization is missing, or the caller may not ask.
    pub async fn prototypes(&self, organization: &str) -> Result<Vec<Prototype>, QuayError> {
        let call = Call::new(&endpoints::LIST_PROTOTYPES, &[organization])?;
        Ok(self.fetch::<Prototypes>(&call, Repeat::Always).await?.prototypes)
    }

    /// Makes a default permission. The caller looks before that there is none like it: Quay would make a second one.
    ///
    /// # Errors
    /// A user or team is missing.
    pub async fn create_prototype(&self, organization: &str, new: &CreatePrototype) -> Result<Prototype, QuayError> {
        let call = Call::new(&endpoints::CREATE_PROTOTYPE, &[organization])?.json(new)?;
        let verify = || async {
            let creator = new.activating_user.as_ref().map(|user| &user.name);
            Ok(self.prototypes(organization).await?.into_iter().find(|found| {
                found.role == new.role
                    && found.delegate.kind == new.delegate.kind
                    && found.delegate.name == new.delegate.name
                    && found.activating_user.as_ref().map(|user| &user.name) == creator
            }))
        };
        self.create(&call, |answer| answer.json(&call), verify).await
    }

    /// Changes what a default permission grants.
    ///
    /// # Errors
    /// It is missing.
    pub async fn update_prototype(
        &self,
        organization: &str,
        id: &str,
        role: RepositoryRole,
    ) -> Result<Prototype, QuayError> {
        let call = Call::new(&endpoints::UPDATE_PROTOTYPE, &[organization, id])?.json(&RolePut { role })?;
        self.fetch(&call, Repeat::Always).await
    }

    /// Deletes a default permission; false where there is none.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn delete_prototype(&self, organization: &str, id: &str) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_PROTOTYPE, &[organization, id])?, &[]).await
    }
}
