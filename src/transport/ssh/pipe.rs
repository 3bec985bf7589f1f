//! Bounded bytes between a task and the thread of a session. Pipes in memory cost no descriptors, of which a run on a
//! thousand hosts has too few, and no system call when both sides are awake.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wake::Wake;

/// How much one pipe holds: enough that a bulk transfer need not wait for each switch of threads.
pub(super) const CAPACITY: usize = 128 * 1024;

/// The side of the thread; the task's side is a [`PipeReader`] or a [`PipeWriter`].
#[derive(Debug)]
pub(super) struct Pipe {
    state: Mutex<State>,
    wake: Arc<Wake>,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// Nothing follows what is in `bytes`.
    ended: bool,
    /// The connection broke: an error, so that nobody takes half of an output for the whole.
    broken: Option<String>,
    /// The reading side is gone.
    unread: bool,
    /// The thread found it full.
    thread_waits: bool,
    task: Option<Waker>,
}

/// What the thread got out of a pipe.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pulled {
    Bytes,
    Nothing,
    End,
}

impl Pipe {
    /// A pipe from a task to the thread.
    pub(super) fn inward(wake: &Arc<Wake>) -> (Arc<Self>, PipeWriter) {
        let pipe = Arc::new(Self { state: Mutex::default(), wake: Arc::clone(wake) });
        (Arc::clone(&pipe), PipeWriter(pipe))
    }

    /// A pipe from the thread to a task.
    pub(super) fn outward(wake: &Arc<Wake>) -> (Arc<Self>, PipeReader) {
        let pipe = Arc::new(Self { state: Mutex::default(), wake: Arc::clone(wake) });
        (Arc::clone(&pipe), PipeReader(pipe))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves at most `limit` bytes to the end of `into`.
    pub(super) fn pull(&self, into: &mut Vec<u8>, limit: usize) -> Pulled {
        let mut state = self.lock();
        if state.bytes.is_empty() {
            return if state.ended { Pulled::End } else { Pulled::Nothing };
        }
        let count = limit.min(state.bytes.len());
        into.extend(state.bytes.drain(..count));
        wake_task(state);
        Pulled::Bytes
    }

    /// How much it takes now. Where nobody reads any more it takes everything and forgets it.
    pub(super) fn room(&self) -> usize {
        let mut state = self.lock();
        let room = if state.unread { CAPACITY } else { CAPACITY.saturating_sub(state.bytes.len()) };
        state.thread_waits = room == 0;
        room
    }

    /// Appends what [`Pipe::room`] allowed.
    pub(super) fn push(&self, bytes: &[u8]) {
        let mut state = self.lock();
        if !state.unread {
            state.bytes.extend(bytes);
            wake_task(state);
        }
    }

    /// Nothing will follow, or nothing more will be taken.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.unread = true;
        wake_task(state);
    }

    /// Nothing will follow because the connection broke.
    pub(super) fn fail(&self, reason: &str) {
        let mut state = self.lock();
        state.broken.get_or_insert_with(|| reason.to_owned());
        wake_task(state);
    }

    /// Whether the task's side is gone.
    pub(super) fn is_unread(&self) -> bool {
        self.lock().unread
    }
}

/// Unlocks before it wakes, so that the task does not run into the lock.
fn wake_task(mut state: MutexGuard<'_, State>) {
    let task = state.task.take();
    drop(state);
    if let Some(task) = task {
        task.wake();
    }
}

fn broken(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, reason)
}

/// What a task reads.
#[derive(Debug)]
pub(super) struct PipeReader(Arc<Pipe>);

impl AsyncRead for PipeReader {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        if state.bytes.is_empty() {
            if state.ended {
                return Poll::Ready(Ok(()));
            }
            if let Some(reason) = &state.broken {
                return Poll::Ready(Err(broken(reason)));
            }
            state.task = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = buf.remaining().min(state.bytes.len());
        let (front, back) = state.bytes.as_slices();
        let from_front = count.min(front.len());
        buf.put_slice(front.get(..from_front).unwrap_or_default());
        buf.put_slice(back.get(..count - from_front).unwrap_or_default());
        state.bytes.drain(..count);
        let thread_waits = std::mem::take(&mut state.thread_waits);
        drop(state);
        if thread_waits {
            self.0.wake.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.unread = true;
        state.bytes = VecDeque::new();
        drop(state);
        self.0.wake.wake();
    }
}

/// What a task writes.
#[derive(Debug)]
pub(super) struct PipeWriter(Arc<Pipe>);

impl AsyncWrite for PipeWriter {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        if let Some(reason) = &state.broken {
            return Poll::Ready(Err(broken(reason)));
        }
        if state.unread || state.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = CAPACITY.saturating_sub(state.bytes.len());
        if room == 0 {
            state.task = Some(context.waker().clone());
            return Poll::Pending;
        }
        let was_empty = state.bytes.is_empty();
        let part = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        state.bytes.extend(part);
        drop(state);
        if was_empty {
            self.0.wake.wake();
        }
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().ended = true;
        self.0.wake.wake();
        Poll::Ready(Ok(()))
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.wake.wake();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn wake() -> Arc<Wake> {
        Arc::new(Wake::new().unwrap())
    }

    #[tokio::test]
    async fn a_full_pipe_holds_the_writer_back() {
        let (pipe, mut writer) = Pipe::inward(&wake());
        let written = tokio::spawn(async move {
            writer.write_all(&vec![7; CAPACITY + 10]).await.unwrap();
        });
        let mut out = Vec::new();
        while out.len() < CAPACITY {
            tokio::task::yield_now().await;
            pipe.pull(&mut out, 1000);
            assert!(pipe.lock().bytes.len() <= CAPACITY);
        }
        written.await.unwrap();
        while pipe.pull(&mut out, 1000) != Pulled::End {}
        assert_eq!(out, vec![7; CAPACITY + 10]);
    }

    #[tokio::test]
    async fn what_came_before_a_break_is_read_and_then_the_break() {
        let (pipe, mut reader) = Pipe::outward(&wake());
        assert_eq!(pipe.room(), CAPACITY);
        pipe.push(b"half");
        pipe.fail("cut");
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).await.unwrap_err();
        assert_eq!((out.as_slice(), error.to_string().as_str()), (&b"half"[..], "cut"));
    }

    #[tokio::test]
    async fn nobody_reads_is_room_without_end() {
        let (pipe, reader) = Pipe::outward(&wake());
        drop(reader);
        for _ in 0..10 {
            assert_eq!(pipe.room(), CAPACITY);
            pipe.push(&vec![0; CAPACITY]);
        }
        assert!(pipe.is_unread() && pipe.lock().bytes.is_empty());
    }
}
