//! Readers of the event stream: the console, Ansible's own line formats, JSON lines and the progress line. Each is a function of the events alone and
//! prints nothing itself.

mod ansible;
mod colour;
mod console;
mod json;
mod progress;
mod task_view;

pub use ansible::{
    AdHocCallback, AdHocForm, CallbackOptions, DefaultCallback, ResultFormat, python_json, python_json_nice,
};
pub use colour::Palette;
pub use console::{Console, ConsoleOptions, Printed};
pub use json::json_line;
pub use progress::Progress;
