//! Organizations.

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{
    ChangeOrganization, CreateOrganization, Member, Members, Organization, OrganizationSummary, PageToken,
    RenameOrganization, SystemOrganizations, endpoints,
};
use crate::quay::error::QuayError;
use crate::quay::pages::Page;

impl Page for SystemOrganizations {
    type Item = OrganizationSummary;

    fn split(self) -> (Vec<OrganizationSummary>, Option<PageToken>) {
        (self.organizations, self.next_page)
    }

    fn key(item: &OrganizationSummary) -> &str {
        &item.name
    }
}

impl Client {
    /// An organization with its teams (without their members).
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn organization(&self, name: &str) -> Result<Option<Organization>, QuayError> {
        self.find(&Call::new(&endpoints::GET_ORGANIZATION, &[name])?).await
    }

    /// All organizations.
    ///
    /// # Errors
    /// Only superusers may ask.
    pub async fn organizations(&self) -> Result<Vec<OrganizationSummary>, QuayError> {
        self.all_items::<SystemOrganizations>(Call::new(&endpoints::LIST_ORGANIZATIONS, &[])?.query("limit", "100"))
            .await
    }

    /// Makes an organization, owned by the caller.
    ///
    /// # Errors
    /// The name is taken (deleted ones stay so for a while) or wrong, or the address is a user's.
    pub async fn create_organization(&self, organization: &CreateOrganization) -> Result<(), QuayError> {
        let call = Call::new(&endpoints::CREATE_ORGANIZATION, &[])?.json(organization)?;
        let verify = || async { Ok(self.organization(&organization.name).await?.filter(|o| o.is_admin).map(|_| ())) };
        self.create(&call, |_| Ok(()), verify).await
    }

    /// Changes an organization.
    ///
    /// # Errors
    /// It is missing, or a value is not allowed.
    pub async fn change_organization(
        &self,
        name: &str,
        change: &ChangeOrganization,
    ) -> Result<Organization, QuayError> {
        let call = Call::new(&endpoints::CHANGE_ORGANIZATION, &[name])?.json(change)?;
        self.fetch(&call, Repeat::Always).await
    }

    /// Gives an organization another name. The caller looks before that the new one is free and the old one there, because
    /// Quay answers both with a bare 500.
    ///
    /// # Errors
    /// Only superusers may; the name is wrong.
    pub async fn rename_organization(&self, name: &str, new_name: &str) -> Result<OrganizationSummary, QuayError> {
        let body = RenameOrganization { name: Some(new_name.to_owned()), email: None };
        let call = Call::new(&endpoints::RENAME_ORGANIZATION, &[name])?.json(&body)?;
        let verify = || async {
            Ok(self.organization(new_name).await?.map(|organization| OrganizationSummary {
                name: organization.name,
                email: Some(organization.email),
                avatar: organization.avatar,
                quotas: Vec::new(),
                quota_report: organization.quota_report,
            }))
        };
        self.create(&call, |answer| answer.json(&call), verify).await
    }

    /// Deletes an organization with everything in it; false where there is none.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn delete_organization(&self, name: &str) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_ORGANIZATION, &[name])?, &[]).await
    }

    /// The users in any of its teams.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn members(&self, organization: &str) -> Result<Vec<Member>, QuayError> {
        let call = Call::new(&endpoints::LIST_MEMBERS, &[organization])?;
        Ok(self.fetch::<Members>(&call, Repeat::Always).await?.members)
    }
}
