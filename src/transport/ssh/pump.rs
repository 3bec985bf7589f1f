//! The thread of one session. libssh2 lets one caller at a time into a session, so this thread alone calls it, without ever
//! waiting inside it: it moves every channel on as far as it goes and then polls the socket.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use ssh2::{BlockDirections, Channel};
use tokio::sync::oneshot;

use super::super::error::TransportError;
use super::super::process::{ExitStatus, Process};
use super::channel::{Ends, Fatal, Running, not_now, of_one_channel};
use super::connect::Link;
use super::mailbox::{Mailbox, Request, StartError};
use super::pipe::Pipe;

/// How often the end of a channel is asked for that another channel may have read past.
const RECHECK: Duration = Duration::from_millis(20);

/// When to ask a silent server whether it is there, and how often in vain.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeepAlive {
    pub(super) interval: Option<Duration>,
    pub(super) count: u32,
}

/// A request on its way. libssh2 opens one channel at a time.
enum Opening {
    Channel(Request),
    Exec(Channel, String, oneshot::Sender<Result<Process, StartError>>),
}

/// Everything the thread has.
pub(super) struct Pump {
    link: Link,
    mailbox: Arc<Mailbox>,
    waiting: VecDeque<Request>,
    opening: Option<Opening>,
    running: Vec<Running>,
    buffer: Vec<u8>,
    heard: Instant,
    asked: u32,
}

impl Pump {
    pub(super) fn new(link: Link, mailbox: Arc<Mailbox>) -> Self {
        let keep_alive = link.keep_alive.interval.map_or(0, |interval| interval.as_secs().clamp(2, 3600));
        link.session.set_keepalive(true, u32::try_from(keep_alive).unwrap_or(0));
        link.session.set_blocking(false);
        Self {
            link,
            mailbox,
            waiting: VecDeque::new(),
            opening: None,
            running: Vec::new(),
            buffer: vec![0; 32 * 1024],
            heard: Instant::now(),
            asked: 0,
        }
    }

    /// Serves the session until nobody wants it any more or the connection breaks.
    pub(super) fn run(mut self) {
        let reason = loop {
            if let Err(Fatal(reason)) = self.turn() {
                break reason;
            }
            if self.mailbox.is_closing() {
                break "the connection was closed".to_owned();
            }
            if let Err(Fatal(reason)) = self.rest() {
                break reason;
            }
        };
        self.close(&reason);
    }

    fn close(self, reason: &str) {
        let reason = self.link.explain(reason);
        self.mailbox.bury(&reason);
        for request in self.waiting {
            request.refuse(StartError::Gone(reason.clone()));
        }
        let _ = self.link.session.disconnect(None, "done", None);
        // with the socket shut, libssh2 waits for no answer when it frees what is left
        self.link.socket.shut();
        match self.opening {
            Some(Opening::Channel(request)) => request.refuse(StartError::Gone(reason.clone())),
            Some(Opening::Exec(_, _, reply)) => drop(reply.send(Err(StartError::Broken(reason.clone())))),
            None => {}
        }
        for channel in self.running {
            channel.fail(&self.link.host, &reason);
        }
    }

    /// Moves everything on as far as it goes.
    fn turn(&mut self) -> Result<(), Fatal> {
        self.mailbox.wake.clear();
        loop {
            // a transfer that always goes on must not keep newcomers out, nor the end away
            while let Some(request) = self.mailbox.take() {
                self.waiting.push_back(request);
            }
            if self.mailbox.is_closing() {
                return Ok(());
            }
            let mut progress = false;
            for channel in &mut self.running {
                progress |= channel.step(&self.link.session, &mut self.buffer)?;
            }
            self.running.retain(|channel| !channel.is_closed());
            progress |= self.open()?;
            if !progress && !self.running.iter().any(Running::has_news) {
                return Ok(());
            }
            // what came was taken from the socket here, where the wait for it does not see it
            self.heard_something();
        }
    }

    fn open(&mut self) -> Result<bool, Fatal> {
        self.waiting.retain(|request| !request.is_forgotten());
        let next = self.opening.take().or_else(|| self.waiting.pop_front().map(Opening::Channel));
        let Some(opening) = next else { return Ok(false) };
        match opening {
            Opening::Channel(request) => self.open_channel(request),
            Opening::Exec(channel, command, reply) => self.exec(channel, command, reply),
        }
    }

    fn open_channel(&mut self, request: Request) -> Result<bool, Fatal> {
        let opened = match &request {
            Request::Start { .. } => self.link.session.channel_session(),
            Request::Tunnel { host, port, .. } => self.link.session.channel_direct_tcpip(host, *port, None),
        };
        match opened {
            Ok(channel) => match request {
                Request::Start { command, reply } => self.opening = Some(Opening::Exec(channel, command, reply)),
                Request::Tunnel { reply, .. } => self.tunnel(channel, reply),
            },
            Err(error) if not_now(&error) => {
                self.opening = Some(Opening::Channel(request));
                return Ok(false);
            }
            Err(error) if of_one_channel(&error) => {
                request.refuse(StartError::Refused(error.message().to_owned()));
            }
            Err(error) => {
                request.refuse(StartError::Gone(self.link.explain(error.message())));
                return Err(Fatal(error.message().to_owned()));
            }
        }
        Ok(true)
    }

    fn exec(
        &mut self,
        mut channel: Channel,
        command: String,
        reply: oneshot::Sender<Result<Process, StartError>>,
    ) -> Result<bool, Fatal> {
        match channel.exec(&command) {
            Ok(()) => self.started(channel, reply),
            Err(error) if not_now(&error) => {
                self.opening = Some(Opening::Exec(channel, command, reply));
                return Ok(false);
            }
            Err(error) if of_one_channel(&error) => {
                let _ = reply.send(Err(StartError::Denied(error.message().to_owned())));
            }
            Err(error) => {
                let _ = reply.send(Err(StartError::Broken(self.link.explain(error.message()))));
                return Err(Fatal(error.message().to_owned()));
            }
        }
        Ok(true)
    }

    fn started(&mut self, channel: Channel, reply: oneshot::Sender<Result<Process, StartError>>) {
        let wake = &self.mailbox.wake;
        let (stdin, writer) = Pipe::inward(wake);
        let (stdout, out_reader) = Pipe::outward(wake);
        let (stderr, err_reader) = Pipe::outward(wake);
        let (exit, status) = oneshot::channel::<Result<ExitStatus, TransportError>>();
        let host = self.link.host.clone();
        let process = Process {
            stdin: Some(Box::new(writer)),
            stdout: Some(Box::new(out_reader)),
            stderr: Some(Box::new(err_reader)),
            exit: Box::pin(async move {
                status.await.unwrap_or_else(|_| {
                    Err(TransportError::Broken { host, source: "the session is at its end".into() })
                })
            }),
        };
        self.running.push(Running::new(channel, Ends::Command { stdin, stdout, stderr, exit: Some(exit) }));
        // whoever asked may have gone: the channel is closed when its ends are found dropped
        let _ = reply.send(Ok(process));
    }

    fn tunnel(&mut self, channel: Channel, reply: oneshot::Sender<Result<UnixStream, StartError>>) {
        let pair = UnixStream::pair().and_then(|(here, there)| {
            here.set_nonblocking(true)?;
            Ok((here, there))
        });
        match pair {
            Ok((socket, there)) => {
                self.running.push(Running::new(channel, Ends::Tunnel { socket, backlog: Vec::new() }));
                let _ = reply.send(Ok(there));
            }
            Err(error) => drop(reply.send(Err(StartError::Denied(error.to_string())))),
        }
    }

    fn heard_something(&mut self) {
        self.heard = Instant::now();
        self.asked = 0;
    }

    /// Waits until there is something to do. After a question it waits on: whoever read now could take the answer away unseen.
    fn rest(&mut self) -> Result<(), Fatal> {
        while self.wait()? {}
        Ok(())
    }

    /// Waits for the socket, a wake-up, a tunnel or the time of a question; whether a question was asked.
    fn wait(&mut self) -> Result<bool, Fatal> {
        let session = &self.link.session;
        let reads = self.opening.is_some() || self.running.iter_mut().any(Running::reads);
        let mut interest = PollFlags::empty();
        // without a channel nothing reads, and only the end is of interest; without room not even that, before somebody
        // has taken what came before it
        interest.set(PollFlags::IN, reads);
        interest.set(PollFlags::RDHUP, self.running.is_empty() && !reads);
        if matches!(session.block_directions(), BlockDirections::Outbound | BlockDirections::Both) {
            interest |= PollFlags::OUT;
        }
        let wake = self.mailbox.wake.as_fd();
        let mut fds = vec![PollFd::from_borrowed_fd(wake, PollFlags::IN)];
        if !interest.is_empty() {
            fds.push(PollFd::new(&self.link.socket, interest));
        }
        for (socket, reads, writes) in self.running.iter().filter_map(Running::socket) {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, reads);
            flags.set(PollFlags::OUT, writes);
            if !flags.is_empty() {
                fds.push(PollFd::new(socket, flags));
            }
        }
        let mut timeout = self.next_question();
        if self.running.iter().any(Running::is_ending) && (self.running.len() > 1 || self.opening.is_some()) {
            timeout = Some(timeout.map_or(RECHECK, |wait| wait.min(RECHECK)));
        }
        let timeout = timeout.and_then(|wait| Timespec::try_from(wait).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Fatal(error.to_string())),
        }
        let events = fds.get(1).filter(|_| !interest.is_empty()).map_or(PollFlags::empty(), PollFd::revents);
        if events.contains(PollFlags::IN) {
            self.heard_something();
        } else if self.running.is_empty() && events.intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR) {
            return Err(Fatal("the server closed the connection".to_owned()));
        }
        self.ask(reads)
    }

    fn next_question(&self) -> Option<Duration> {
        let interval = self.link.keep_alive.interval?;
        let due = self.heard + interval * (self.asked + 1);
        Some(due.saturating_duration_since(Instant::now()))
    }

    fn ask(&mut self, reads: bool) -> Result<bool, Fatal> {
        let Some(interval) = self.link.keep_alive.interval else { return Ok(false) };
        if self.next_question().is_none_or(|wait| !wait.is_zero()) {
            return Ok(false);
        }
        if !reads {
            // nothing reads the answer, so its absence says nothing
            self.heard_something();
        } else if self.asked >= self.link.keep_alive.count {
            let silence = interval * (self.asked + 1);
            return Err(Fatal(format!("the server has not answered for {} s", silence.as_secs())));
        } else {
            self.asked += 1;
        }
        // a question that went out half could never be completed: libssh2 forgets where it stopped
        let mut fds = [PollFd::new(&self.link.socket, PollFlags::OUT)];
        let writable = poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0);
        let session = &self.link.session;
        let idle = matches!(session.block_directions(), BlockDirections::None | BlockDirections::Inbound);
        if writable && idle {
            session.keepalive_send().map_err(|error| Fatal(error.message().to_owned()))?;
        }
        Ok(true)
    }
}
