//! Where the engine puts its events.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;

use super::event::{Event, EventKind};
use crate::value::Redactor;

/// The sending end of the stream: numbers events, stamps them and blanks out every known secret. Cloning shares it.
#[derive(Clone, Debug)]
pub struct EventSink {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    // number and sending under one lock, so that the order of arrival is the order of the numbers
    state: Mutex<(u64, mpsc::UnboundedSender<Event>)>,
    started: Instant,
    redactor: Redactor,
}

impl EventSink {
    /// A sink and the receiving end.
    #[must_use]
    pub fn new(redactor: Redactor) -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let inner = Inner { state: Mutex::new((0, sender)), started: Instant::now(), redactor };
        (Self { inner: Arc::new(inner) }, receiver)
    }

    /// How many events have been emitted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Emits an event. Nobody listening any more is not an error: the run's work goes on.
    pub fn emit(&self, mut kind: EventKind) {
        kind.each_named_secret(&mut |secret| self.inner.redactor.register(secret));
        kind.each_text(&mut |text| {
            if let Cow::Owned(clean) = self.inner.redactor.redact(text) {
                *text = clean;
            }
        });
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, sender) = &mut *state;
        let event = Event { seq: *next, elapsed: self.inner.started.elapsed().as_secs_f64(), kind };
        *next += 1;
        drop(sender.send(event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ItemResult, TaskStatus};

    #[test]
    fn known_secrets_are_blanked_out_of_every_text_and_numbers_have_no_gaps() {
        let redactor = Redactor::new();
        redactor.register("s3cr3t-value");
        let (sink, mut receiver) = EventSink::new(redactor);
        let result = ItemResult {
            status: TaskStatus::Failed,
            label: Some("s3cr3t-value".into()),
            msg: Some("login with s3cr3t-value failed".into()),
            diagnostic: Some("x s3cr3t-value".into()),
            result: serde_json::json!({"stdout_lines": ["a s3cr3t-value"], "nested": {"s3cr3t-value": 1}, "item": {"password": "by-its-name", "token": ""}}),
            diff: vec!["+ s3cr3t-value".into()],
            warnings: vec!["s3cr3t-value".into()],
            seconds: 0.0,
        };
        sink.emit(EventKind::TaskDone { task: 1, host: "h".into(), delegated_to: None, ignored: false, result });
        sink.emit(EventKind::Warning { message: "s3cr3t-value, by-its-name".into() });
        drop(sink);
        let events: Vec<Event> = std::iter::from_fn(|| receiver.blocking_recv()).collect();
        let text = serde_json::to_string(&events).unwrap();
        assert!(!text.contains("s3cr3t-value") && !text.contains("by-its-name"), "{text}");
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1]);
    }
}
