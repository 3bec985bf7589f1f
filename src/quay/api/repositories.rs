//! Repositories. They are named `namespace/name` here; the name may hold slashes.

use futures_util::Stream;

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{
    ChangeState, ChangeVisibility, CreateRepository, PageToken, Repositories, Repository, RepositoryState,
    RepositorySummary, StarRepository, UpdateRepository, Visibility, endpoints,
};
use crate::quay::error::QuayError;
use crate::quay::pages::Page;

impl Page for Repositories {
    type Item = RepositorySummary;

    fn split(self) -> (Vec<RepositorySummary>, Option<PageToken>) {
        (self.repositories, self.next_page)
    }

    fn key(item: &RepositorySummary) -> &str {
        &item.name
    }
}

impl Client {
    /// The repositories of a namespace that the caller may see, private ones included, page by page.
    ///
    /// # Errors
    /// The namespace cannot stand in a request.
    pub fn repository_stream(
        &self,
        namespace: &str,
    ) -> Result<impl Stream<Item = Result<RepositorySummary, QuayError>>, QuayError> {
        // without `public=true` the list holds what the caller may see, public and private
        let call = Call::new(&endpoints::LIST_REPOSITORIES, &[])?.query("namespace", namespace);
        Ok(self.items::<Repositories>(call))
    }

    /// All repositories of a namespace that the caller may see. Empty also where the namespace is missing.
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn repositories(&self, namespace: &str) -> Result<Vec<RepositorySummary>, QuayError> {
        self.all_items::<Repositories>(Call::new(&endpoints::LIST_REPOSITORIES, &[])?.query("namespace", namespace))
            .await
    }

    /// The first page of a namespace's repositories, and whether there are no others.
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn first_repositories(&self, namespace: &str) -> Result<(Vec<RepositorySummary>, bool), QuayError> {
        let call = Call::new(&endpoints::LIST_REPOSITORIES, &[])?.query("namespace", namespace);
        let page: Repositories = self.fetch(&call, Repeat::Always).await?;
        Ok((page.repositories, page.next_page.is_none()))
    }

    /// A repository without its tags.
    ///
    /// # Errors
    /// The caller may not see it; without full access Quay says so also where it is missing.
    pub async fn repository(&self, repository: &str) -> Result<Option<Repository>, QuayError> {
        self.find(&Call::new(&endpoints::GET_REPOSITORY, &[repository])?.query("includeTags", "false")).await
    }

    /// Makes a repository in a namespace that must be there (or Quay answers with a bare 500).
    ///
    /// # Errors
    /// It is there already, or its name is wrong.
    pub async fn create_repository(&self, new: &CreateRepository) -> Result<(), QuayError> {
        let call = Call::new(&endpoints::CREATE_REPOSITORY, &[])?.json(new)?;
        let verify = || async {
            match &new.namespace {
                Some(namespace) => Ok(self.repository(&format!("{namespace}/{}", new.repository)).await?.map(|_| ())),
                None => Ok(None),
            }
        };
        self.create(&call, |_| Ok(()), verify).await
    }

    /// Sets a repository's description.
    ///
    /// # Errors
    /// It is missing.
    pub async fn describe_repository(&self, repository: &str, description: &str) -> Result<(), QuayError> {
        let body = UpdateRepository { description: description.to_owned() };
        self.act(&Call::new(&endpoints::UPDATE_REPOSITORY, &[repository])?.json(&body)?, Repeat::Always).await
    }

    /// Sets who may see a repository. The caller looks before that it is there: Quay says yes all the same.
    ///
    /// # Errors
    /// The caller may not, or the plan's limit is reached.
    pub async fn change_visibility(&self, repository: &str, visibility: Visibility) -> Result<(), QuayError> {
        let call = Call::new(&endpoints::CHANGE_VISIBILITY, &[repository])?.json(&ChangeVisibility { visibility })?;
        self.act(&call, Repeat::Always).await
    }

    /// Sets what may be done to a repository's content.
    ///
    /// # Errors
    /// It is missing, or the state cannot be set by hand. Where the feature is off, Quay takes the request for another one
    /// (a new description of a repository named `…/changestate`) and refuses that.
    pub async fn change_state(&self, repository: &str, state: RepositoryState) -> Result<(), QuayError> {
        let call = Call::new(&endpoints::CHANGE_STATE, &[repository])?.json(&ChangeState { state })?;
        self.act(&call, Repeat::Always).await
    }

    /// Deletes a repository with all its tags. Quay does not say whether there was one.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn delete_repository(&self, repository: &str) -> Result<(), QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_REPOSITORY, &[repository])?, &[]).await.map(|_| ())
    }

    /// Marks a repository as one of the caller's favourites, or no longer.
    ///
    /// # Errors
    /// It is missing.
    pub async fn star_repository(&self, namespace: &str, name: &str, star: Star) -> Result<(), QuayError> {
        match star {
            Star::On => {
                let body = StarRepository { namespace: namespace.to_owned(), repository: name.to_owned() };
                self.act(&Call::new(&endpoints::CREATE_STAR, &[])?.json(&body)?, Repeat::Always).await
            }
            Star::Off => {
                let call = Call::new(&endpoints::DELETE_STAR, &[&format!("{namespace}/{name}")])?;
                self.delete(&call, &[]).await.map(|_| ())
            }
        }
    }
}

/// Whether a repository is one of the caller's favourites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Star {
    /// It is.
    On,
    /// It is not.
    Off,
}
