//! Lists that come in pages.

use std::collections::HashSet;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use super::call::{Call, Repeat};
use super::client::Client;
use super::contract::PageToken;
use super::error::QuayError;

/// A page of a list with `next_page`.
pub(super) trait Page: DeserializeOwned {
    /// What it lists.
    type Item;

    /// Its items and where the next page starts.
    fn split(self) -> (Vec<Self::Item>, Option<PageToken>);

    /// What tells two items apart.
    fn key(item: &Self::Item) -> &str;
}

struct Progress {
    next: Option<PageToken>,
    /// The first item of each page so far. Tokens are made anew each time, so that they do not show that a page was seen
    /// before; and a token that Quay cannot read any more silently means the first page.
    seen: HashSet<String>,
    done: bool,
}

impl Client {
    /// All items of a list, page by page as they are asked for.
    pub(super) fn items<'c, P: Page + 'c>(&'c self, call: Call) -> impl Stream<Item = Result<P::Item, QuayError>> + 'c
    where
        P::Item: 'c,
    {
        let start = Progress { next: None, seen: HashSet::new(), done: false };
        stream::try_unfold(start, move |mut progress| {
            let mut call = call.clone();
            async move {
                if progress.done {
                    return Ok(None);
                }
                if let Some(PageToken(token)) = progress.next.take() {
                    call = call.query("next_page", token);
                }
                let page: P = self.fetch(&call, Repeat::Always).await?;
                let (items, next) = page.split();
                if let Some(first) = items.first()
                    && !progress.seen.insert(P::key(first).to_owned())
                {
                    return Err(QuayError::Pages { request: call.describe() });
                }
                // an empty page with a successor would never end
                progress.done = next.is_none() || items.is_empty();
                progress.next = next;
                Ok(Some((stream::iter(items).map(Ok), progress)))
            }
        })
        .try_flatten()
    }

    /// All items of a list at once.
    pub(super) async fn all_items<P: Page>(&self, call: Call) -> Result<Vec<P::Item>, QuayError> {
        self.items::<P>(call).try_collect().await
    }
}
