//! The one stream of events. The engine emits them, reporters read them, a recorded stream is replayed from its JSON form.

mod event;
mod redact;
mod sink;

pub use event::{Event, EventKind, HostStats, ItemResult, TaskKind, TaskStatus};
pub use sink::EventSink;
