//! Starting the thread of a session, and holding on to it.

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;

use super::connect::{Failure, establish};
use super::mailbox::{Mailbox, Request};
use super::pump::Pump;
use super::settings::Settings;

/// Enough for OpenSSL, libssh2 and the resolver, and little enough for a thousand hosts.
const STACK: usize = 512 * 1024;

/// One session. When it is dropped, its connection is closed.
#[derive(Debug)]
pub(super) struct Handle {
    mailbox: Arc<Mailbox>,
}

/// Where a thread tells that it is connected, or why not.
pub(super) type Ready = oneshot::Receiver<Result<(), Failure>>;

impl Handle {
    /// Starts a thread, which connects at once.
    pub(super) fn spawn(settings: Settings) -> io::Result<(Self, Ready)> {
        let mailbox = Mailbox::new()?;
        let (ready, connected) = oneshot::channel();
        let own = Arc::clone(&mailbox);
        thread::Builder::new().name("ssh".to_owned()).stack_size(STACK).spawn(move || {
            match establish(&settings) {
                Ok(link) => {
                    let pump = Pump::new(link, Arc::clone(&own));
                    if ready.send(Ok(())).is_ok() {
                        pump.run();
                    }
                }
                Err(failure) => drop(ready.send(Err(failure))),
            }
            own.bury("the session is at its end");
        })?;
        Ok((Self { mailbox }, connected))
    }

    pub(super) fn post(&self, request: Request) {
        self.mailbox.post(request);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.mailbox.is_dead()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}
