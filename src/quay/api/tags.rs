//! Tags.

use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{Change, ChangeTag, Manifest, RestoreTag, Tag, TagPage, endpoints};
use crate::quay::error::QuayError;

/// The most tags that Quay gives in one page.
const PAGE: u32 = 100;

/// Which tags to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagQuery<'q> {
    /// Those that are there now.
    Active,
    /// All entries of the history, newest first, also of tags that ended.
    History,
    /// The entries of one tag that is there now (one, or none).
    OneActive(&'q str),
    /// The history of one tag, newest first.
    OneHistory(&'q str),
}

impl Client {
    /// The tags of a repository, page by page, newest first.
    ///
    /// Quay counts pages, so a tag that is pushed while the pages are read moves the others on: one may be given twice. None
    /// is left out unless one is deleted meanwhile; a reader that deletes reads to the end first.
    ///
    /// # Errors
    /// The repository's name cannot stand in a request.
    pub fn tag_stream<'c>(
        &'c self,
        repository: &str,
        query: TagQuery<'_>,
    ) -> Result<impl Stream<Item = Result<Tag, QuayError>> + use<'c>, QuayError> {
        let mut call = Call::new(&endpoints::LIST_TAGS, &[repository])?.query("limit", PAGE.to_string());
        if let TagQuery::Active | TagQuery::OneActive(_) = query {
            call = call.query("onlyActiveTags", "true");
        }
        if let TagQuery::OneActive(tag) | TagQuery::OneHistory(tag) = query {
            call = call.query("specificTag", tag);
        }
        Ok(stream::try_unfold(Some(1_u32), move |page| {
            let call = page.map(|page| call.clone().query("page", page.to_string()));
            async move {
                let Some(call) = call else { return Ok(None) };
                let answer: TagPage = self.fetch(&call, Repeat::Always).await?;
                let next = (answer.has_additional && !answer.tags.is_empty()).then(|| page.unwrap_or(1) + 1);
                Ok::<_, QuayError>(Some((stream::iter(answer.tags).map(Ok), next)))
            }
        })
        .try_flatten())
    }

    /// The tags of a repository at once.
    ///
    /// # Errors
    /// The repository is missing, or the caller may not see it.
    pub async fn tags(&self, repository: &str, query: TagQuery<'_>) -> Result<Vec<Tag>, QuayError> {
        self.tag_stream(repository, query)?.try_collect().await
    }

    /// A tag that is there now.
    ///
    /// # Errors
    /// The repository is missing, or the caller may not see it.
    pub async fn tag(&self, repository: &str, tag: &str) -> Result<Option<Tag>, QuayError> {
        let tags = self.tags(repository, TagQuery::OneActive(tag)).await?;
        Ok(tags.into_iter().find(|found| found.name == tag))
    }

    /// Makes a tag, or moves it to another manifest of the repository.
    ///
    /// # Errors
    /// The manifest is missing, the tag is immutable (409), or the repository is mirrored or read-only.
    pub async fn move_tag(&self, repository: &str, tag: &str, digest: &str) -> Result<(), QuayError> {
        let body = ChangeTag { manifest_digest: Some(digest.to_owned()), ..ChangeTag::default() };
        self.change_tag(repository, tag, &body).await
    }

    /// Sets when a tag ends (seconds since 1970), or that it does not. Quay silently caps the time at about 104 weeks after
    /// the tag's begin, refuses the past, and refuses immutable tags.
    ///
    /// # Errors
    /// As said.
    pub async fn expire_tag(&self, repository: &str, tag: &str, end: Option<i64>) -> Result<(), QuayError> {
        let expiration = end.map_or(Change::Clear, Change::Set);
        self.change_tag(repository, tag, &ChangeTag { expiration, ..ChangeTag::default() }).await
    }

    /// Changes a tag.
    ///
    /// # Errors
    /// The tag or manifest is missing, or the tag may not be changed.
    pub async fn change_tag(&self, repository: &str, tag: &str, change: &ChangeTag) -> Result<(), QuayError> {
        self.act(&Call::new(&endpoints::CHANGE_TAG, &[repository, tag])?.json(change)?, Repeat::Always).await
    }

    /// Ends a tag now; false where there is none. Its manifest stays until the time machine's window has passed.
    ///
    /// # Errors
    /// The tag is immutable, or the caller may not.
    pub async fn delete_tag(&self, repository: &str, tag: &str) -> Result<bool, QuayError> {
        self.delete(&Call::new(&endpoints::DELETE_TAG, &[repository, tag])?, &[]).await
    }

    /// Brings a tag back to a manifest that the repository still has.
    ///
    /// # Errors
    /// The manifest is gone, or the tag is immutable.
    pub async fn restore_tag(&self, repository: &str, tag: &str, digest: &str) -> Result<(), QuayError> {
        let body = RestoreTag { manifest_digest: Some(digest.to_owned()) };
        self.act(&Call::new(&endpoints::RESTORE_TAG, &[repository, tag])?.json(&body)?, Repeat::Always).await
    }

    /// A manifest by its digest.
    ///
    /// # Errors
    /// The caller may not see it.
    pub async fn manifest(&self, repository: &str, digest: &str) -> Result<Option<Manifest>, QuayError> {
        self.find(&Call::new(&endpoints::GET_MANIFEST, &[repository, digest])?).await
    }
}
