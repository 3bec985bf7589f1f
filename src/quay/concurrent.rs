//! Several calls at a time.

use futures_util::{Stream, StreamExt, stream};

/// Runs a future for each item, at most `limit` at a time, and gives back the results in the order of the items.
pub fn in_order<I, F>(items: I, limit: usize) -> impl Stream<Item = F::Output>
where
    I: IntoIterator<Item = F>,
    F: Future,
{
    stream::iter(items).buffered(limit.max(1))
}

/// Runs a future for each item, at most `limit` at a time, and gives back the results as they come.
pub fn as_they_come<I, F>(items: I, limit: usize) -> impl Stream<Item = F::Output>
where
    I: IntoIterator<Item = F>,
    F: Future,
{
    stream::iter(items).buffer_unordered(limit.max(1))
}
