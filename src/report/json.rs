//! JSON lines: the stream itself, one event a line. Reading the lines back gives the same events.

use crate::event::Event;

/// The event as one line of JSON, with its newline.
///
/// # Errors
/// Where an event holds what JSON cannot say, which no event does.
pub fn json_line(event: &Event) -> Result<String, serde_json::Error> {
    let mut line = serde_json::to_string(event)?;
    line.push('\n');
    Ok(line)
}
