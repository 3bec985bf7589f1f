//! OAuth applications and their tokens.

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{
    Application, ApplicationInfo, ApplicationToken, ApplicationTokens, Applications, CreateApplication,
    CreateApplicationToken, PageToken, UpdateApplication, endpoints,
};
use crate::quay::error::QuayError;
use crate::quay::pages::Page;

impl Page for ApplicationTokens {
    type Item = ApplicationToken;

    fn split(self) -> (Vec<ApplicationToken>, Option<PageToken>) {
        (self.tokens, self.next_page)
    }

    fn key(item: &ApplicationToken) -> &str {
        &item.uuid
    }
}

impl Client {
    /// The applications of an organization. Several may have the same name.
    ///
    /// # Errors
    /// The organization is missing, or the caller may not ask.
    pub async fn applications(&self, organization: &str) -> Result<Vec<Application>, QuayError> {
        let call = Call::new(&endpoints::LIST_APPLICATIONS, &[organization])?;
        Ok(self.fetch::<Applications>(&call, Repeat::Always).await?.applications)
    }

    /// What everybody may know of an application.
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn application_info(&self, client_id: &str) -> Result<Option<ApplicationInfo>, QuayError> {
        self.find(&Call::new(&endpoints::GET_APPLICATION_INFO, &[client_id])?).await
    }

    /// Makes an application. The caller looks before that there is none of that name: Quay would make a second one.
    ///
    /// # Errors
    /// The organization is missing, or the name is reserved.
    pub async fn create_application(
        &self,
        organization: &str,
        application: &CreateApplication,
    ) -> Result<Application, QuayError> {
        let call = Call::new(&endpoints::CREATE_APPLICATION, &[organization])?.json(application)?;
        let verify = || async {
            let all = self.applications(organization).await?;
            Ok(all.into_iter().find(|found| found.name == application.name))
        };
        self.create(&call, |answer| answer.json(&call), verify).await
    }

    /// Changes an application.
    ///
    /// # Errors
    /// It is missing.
    pub async fn update_application(
        &self,
        organization: &str,
        client_id: &str,
        update: &UpdateApplication,
    ) -> Result<Application, QuayError> {
        let call = Call::new(&endpoints::UPDATE_APPLICATION, &[organization, client_id])?.json(update)?;
        self.fetch(&call, Repeat::Always).await
    }

    /// Deletes an application and all its tokens; false where there is none.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn delete_application(&self, organization: &str, client_id: &str) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_APPLICATION, &[organization, client_id])?, &[]).await
    }

    /// The tokens of an application, newest first, without the tokens themselves (from 3.18). `None` where the registry has
    /// no such list.
    ///
    /// # Errors
    /// The application is missing, or the caller may not ask.
    pub async fn application_tokens(
        &self,
        organization: &str,
        client_id: &str,
    ) -> Result<Option<Vec<ApplicationToken>>, QuayError> {
        let call = Call::new(&endpoints::LIST_APPLICATION_TOKENS, &[organization, client_id])?;
        match self.all_items::<ApplicationTokens>(call).await {
            Ok(tokens) => Ok(Some(tokens)),
            Err(QuayError::Refused(refusal)) if refusal.has_no_endpoint() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a token (from 3.18). `None` where the registry cannot. Where the answer was lost, a token may be there that
    /// nobody knows; another one is made then, and the lost one is deleted.
    ///
    /// # Errors
    /// The application is missing, or the caller may not.
    pub async fn create_application_token(
        &self,
        organization: &str,
        client_id: &str,
        token: &CreateApplicationToken,
    ) -> Result<Option<ApplicationToken>, QuayError> {
        let call = Call::new(&endpoints::CREATE_APPLICATION_TOKEN, &[organization, client_id])?.json(token)?;
        match self.fetch(&call, Repeat::Always).await {
            Ok(token) => Ok(Some(token)),
            Err(QuayError::Refused(refusal)) if refusal.has_no_endpoint() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Revokes a token (from 3.18); false where there is none.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn delete_application_token(
        &self,
        organization: &str,
        client_id: &str,
        uuid: &str,
    ) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_APPLICATION_TOKEN, &[organization, client_id, uuid])?, &[]).await
    }
}
