//! Streams of bytes beside the messages, in both directions. A sender has no more on the way than the receiver has room for,
//! so that a slow file holds nothing else back and nothing piles up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};

use super::message::Piece;

/// Bytes of one stream that may be on the way.
const WINDOW: usize = 1 << 20;

/// Bytes of one message, so that short messages between the pieces do not wait long.
pub(super) const PIECE: usize = 32 << 10;

/// The connection ended before the stream did.
#[derive(Clone, Copy, Debug, Error)]
#[error("the connection ended in the middle of a stream")]
pub(super) struct Cut;

/// What came of a stream: bytes, or its end.
type Arrived = Option<Vec<u8>>;

/// The streams of one connection; `M` is what is sent to the other side.
#[derive(Debug)]
pub(super) struct Streams<M> {
    send: mpsc::Sender<M>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    outgoing: HashMap<u64, Arc<Semaphore>>,
    incoming: HashMap<u64, mpsc::UnboundedSender<Arrived>>,
    closed: bool,
}

/// The sending end of a stream.
#[derive(Debug)]
pub(super) struct Outgoing<M> {
    id: u64,
    streams: Arc<Streams<M>>,
    room: Arc<Semaphore>,
}

/// The receiving end of a stream.
#[derive(Debug)]
pub(super) struct Incoming<M> {
    id: u64,
    streams: Arc<Streams<M>>,
    arrived: mpsc::UnboundedReceiver<Arrived>,
}

impl<M: From<Piece>> Streams<M> {
    pub(super) fn new(send: mpsc::Sender<M>) -> Arc<Self> {
        Arc::new(Self { send, open: Mutex::default() })
    }

    /// Opens the sending end of a stream; the other side opens the receiving one when it sees the request of that number.
    pub(super) fn outgoing(self: &Arc<Self>, id: u64) -> Outgoing<M> {
        let room = Arc::new(Semaphore::new(WINDOW));
        let mut open = self.open();
        if open.closed {
            room.close();
        } else {
            open.outgoing.insert(id, Arc::clone(&room));
        }
        Outgoing { id, streams: Arc::clone(self), room }
    }

    /// Opens the receiving end of a stream, before anything can arrive in it.
    pub(super) fn incoming(self: &Arc<Self>, id: u64) -> Incoming<M> {
        let (sender, arrived) = mpsc::unbounded_channel();
        let mut open = self.open();
        if !open.closed {
            open.incoming.insert(id, sender);
        }
        Incoming { id, streams: Arc::clone(self), arrived }
    }

    /// Takes a piece from the other side. Pieces of streams that nobody reads any more are dropped.
    pub(super) fn arrived(&self, piece: Piece) {
        let mut open = self.open();
        match piece {
            Piece::Data { id, bytes } => {
                // no longer than the window: the sender waits for room
                if let Some(stream) = open.incoming.get(&id)
                    && stream.send(Some(bytes)).is_err()
                {
                    open.incoming.remove(&id);
                }
            }
            Piece::Room { id, bytes } => {
                if let Some(room) = open.outgoing.get(&id) {
                    room.add_permits(usize::try_from(bytes).unwrap_or(0).min(WINDOW));
                }
            }
            Piece::End { id } => {
                if let Some(stream) = open.incoming.remove(&id) {
                    // nobody reading it any more is no concern of the sender's
                    let _ = stream.send(None);
                }
            }
        }
    }

    /// Cuts all streams: the connection has ended.
    pub(super) fn close(&self) {
        let mut open = self.open();
        open.closed = true;
        open.incoming.clear();
        for (_, room) in open.outgoing.drain() {
            room.close();
        }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: From<Piece>> Outgoing<M> {
    /// Sends bytes, as soon as the other side has room for them.
    pub(super) async fn send(&self, bytes: &[u8]) -> Result<(), Cut> {
        for piece in bytes.chunks(PIECE) {
            let count = u32::try_from(piece.len()).map_err(|_| Cut)?;
            self.room.acquire_many(count).await.map_err(|_| Cut)?.forget();
            let message = Piece::Data { id: self.id, bytes: piece.to_vec() };
            self.streams.send.send(message.into()).await.map_err(|_| Cut)?;
        }
        Ok(())
    }

    /// Ends the stream.
    pub(super) async fn end(self) -> Result<(), Cut> {
        self.streams.send.send(Piece::End { id: self.id }.into()).await.map_err(|_| Cut)
    }
}

impl<M> Drop for Outgoing<M> {
    fn drop(&mut self) {
        self.streams.open.lock().unwrap_or_else(PoisonError::into_inner).outgoing.remove(&self.id);
    }
}

impl<M: From<Piece>> Incoming<M> {
    /// The next bytes; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Cut> {
        match self.arrived.recv().await {
            Some(Some(bytes)) => {
                let room = Piece::Room { id: self.id, bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX) };
                // an end that is on its way already makes room useless, so a closed connection shows with the next piece
                let _ = self.streams.send.send(room.into()).await;
                Ok(Some(bytes))
            }
            Some(None) => Ok(None),
            None => Err(Cut),
        }
    }
}

impl<M> Drop for Incoming<M> {
    fn drop(&mut self) {
        self.streams.open.lock().unwrap_or_else(PoisonError::into_inner).incoming.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::ToAgent;
    use super::*;

    fn piece(message: ToAgent) -> Piece {
        match message {
            ToAgent::Piece(piece) => piece,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_sender_waits_for_room_and_everything_arrives() {
        let (near, mut from_near) = mpsc::channel::<ToAgent>(4096);
        let (far, mut from_far) = mpsc::channel::<ToAgent>(4096);
        let (near, far) = (Streams::new(near), Streams::new(far));
        let out = near.outgoing(7);
        let mut incoming = far.incoming(7);
        let sent: Vec<u8> = (0..=250_u8).cycle().take(3 * WINDOW).collect();
        let expected = sent.clone();
        let sender = tokio::spawn(async move {
            out.send(&sent).await.unwrap();
            out.end().await.unwrap();
        });
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(from_near.len() * PIECE <= WINDOW, "{} pieces wait", from_near.len());
        let mut got = Vec::new();
        loop {
            while let Ok(message) = from_near.try_recv() {
                far.arrived(piece(message));
            }
            while let Ok(message) = from_far.try_recv() {
                near.arrived(piece(message));
            }
            match tokio::time::timeout(std::time::Duration::from_millis(5), incoming.next()).await {
                Ok(Ok(Some(bytes))) => got.extend(bytes),
                Ok(Ok(None)) => break,
                Ok(Err(cut)) => panic!("{cut}"),
                Err(_) => {}
            }
        }
        sender.await.unwrap();
        assert!(got == expected);
    }

    #[tokio::test]
    async fn a_connection_that_ends_cuts_its_streams() {
        let (send, _keep) = mpsc::channel::<ToAgent>(1);
        let streams = Streams::new(send);
        let (out, mut incoming) = (streams.outgoing(1), streams.incoming(2));
        streams.close();
        assert!(out.send(b"x").await.is_err() && incoming.next().await.is_err());
        assert!(streams.outgoing(3).send(b"x").await.is_err() && streams.incoming(4).next().await.is_err());
    }
}
