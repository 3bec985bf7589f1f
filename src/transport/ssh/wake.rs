//! Waking the thread of a session from tasks.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};

/// A descriptor that the thread polls beside its socket.
#[derive(Debug)]
pub(super) struct Wake {
    event: OwnedFd,
    /// Saves a system call for each further wake-up that comes before the thread has seen the first.
    pending: AtomicBool,
}

impl Wake {
    pub(super) fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { event, pending: AtomicBool::new(false) })
    }

    /// Lets the thread look at everything once more.
    pub(super) fn wake(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // it cannot be full: one wake-up at a time
            let _ = rustix::io::write(&self.event, &1u64.to_ne_bytes());
        }
    }

    /// For the thread, before it looks.
    pub(super) fn clear(&self) {
        let _ = rustix::io::read(&self.event, &mut [0u8; 8]);
        self.pending.store(false, Ordering::Release);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
