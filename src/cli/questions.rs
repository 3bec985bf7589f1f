//! Answers what the engine asks the user.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::terminal::User;
use crate::engine::Question;
use crate::event::EventSink;
use crate::modules::Terminal as _;

/// How long a question waits for the report of what came before it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whoever is asked, and how far the report is.
pub(super) struct Questions {
    cancel: CancellationToken,
    sink: EventSink,
    /// The number of events that have been reported.
    shown: Arc<AtomicU64>,
}

impl Questions {
    /// Questions beside the report of a sink's events.
    pub(super) fn new(cancel: CancellationToken, sink: EventSink, shown: Arc<AtomicU64>) -> Self {
        Self { cancel, sink, shown }
    }

    /// Answers one question; nothing where there is nobody to ask.
    #[expect(clippy::print_stderr, reason = "the user is at the terminal")]
    pub(super) fn ask(&self, question: &Question) -> Result<Option<String>, String> {
        self.catch_up();
        if !std::io::stdin().is_terminal() {
            if !question.anyone {
                return Ok(None);
            }
            eprint!("{}: ", question.text);
            let answer = User::standard_input(&self.cancel).map_err(|error| format!("cannot ask: {error}"))?;
            eprintln!("{}", answer.as_deref().unwrap_or_default());
            return Ok(answer);
        }
        let text = match &question.default {
            Some(default) if !question.private => format!("{} [{default}]: ", question.text),
            _ => format!("{}: ", question.text),
        };
        let once = |text: &str| match User.ask(text, !question.private, &self.cancel) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(format!("the question for `{}` was not answered", question.name)),
            Err(error) => Err(format!("cannot ask for `{}`: {error}", question.name)),
        };
        loop {
            let answer = once(&text)?;
            if !question.confirm || once(&format!("confirm {text}"))? == answer {
                return Ok(Some(answer));
            }
            eprintln!("the two answers differ");
        }
    }

    /// Waits until what has happened so far is on the screen.
    fn catch_up(&self) {
        let began = Instant::now();
        while self.shown.load(Ordering::Acquire) < self.sink.count() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
