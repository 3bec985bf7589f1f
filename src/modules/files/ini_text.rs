//! The text of an INI file, changed line by line so that everything else in it stays as it was written.

/// What is asked of one option in one section.
pub(super) struct Wanted<'o> {
    /// The section; without one, the lines before the first section.
    pub(super) section: Option<&'o str>,
    /// Options that the section must hold, where several have the same name.
    pub(super) has: Vec<(&'o str, Vec<&'o str>)>,
    pub(super) option: Option<&'o str>,
    pub(super) values: Vec<&'o str>,
    pub(super) exclusive: bool,
    pub(super) no_extra_spaces: bool,
    pub(super) ignore_spaces: bool,
    pub(super) allow_no_value: bool,
    pub(super) modify_inactive: bool,
}

/// One line that sets an option, or would if it were no comment.
struct Setting<'l> {
    active: bool,
    value: &'l str,
    has_value: bool,
}

fn setting<'l>(line: &'l str, option: &str) -> Option<Setting<'l>> {
    let blank = [' ', '\t'];
    let text = line.trim_end_matches(['\r', '\n']).trim_start_matches(blank);
    let (active, text) = match text.strip_prefix(['#', ';']) {
        Some(rest) => (false, rest.trim_start_matches(blank)),
        None => (true, text),
    };
    let rest = text.strip_prefix(option)?.trim_start_matches(blank);
    if rest.is_empty() {
        return Some(Setting { active, value: "", has_value: false });
    }
    let value = rest.strip_prefix('=')?;
    Some(Setting { active, value: value.trim_matches(blank), has_value: true })
}

fn is_blank_or_comment(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with(['#', ';'])
}

fn header(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('[')?;
    rest.split_once(']').map(|(name, _)| name.trim())
}

impl Wanted<'_> {
    fn line(&self, option: &str, value: Option<&str>) -> String {
        match value {
            Some(value) if self.no_extra_spaces => format!("{option}={value}\n"),
            Some(value) => format!("{option} = {value}\n"),
            None => format!("{option}\n"),
        }
    }

    /// First and last line (not included) of the section, its header left out. `None` where there is none.
    fn place(&self, lines: &[String]) -> Option<(usize, usize)> {
        let end_from = |start: usize| {
            lines.iter().skip(start).position(|line| header(line).is_some()).map_or(lines.len(), |count| start + count)
        };
        let Some(section) = self.section else { return Some((0, end_from(0))) };
        let starts = lines.iter().enumerate().filter(|(_, line)| header(line) == Some(section.trim()));
        starts.map(|(number, _)| (number + 1, end_from(number + 1))).find(|(start, end)| {
            let inside = lines.get(*start..*end).unwrap_or_default();
            self.has.iter().all(|(option, values)| {
                let found = |value: Option<&str>| {
                    inside
                        .iter()
                        .filter_map(|line| setting(line, option))
                        .any(|setting| setting.active && value.is_none_or(|value| setting.value == value))
                };
                if values.is_empty() { found(None) } else { values.iter().all(|value| found(Some(value))) }
            })
        })
    }

    /// The text with the option there, and what was done.
    pub(super) fn present(&self, text: &str) -> (String, &'static str) {
        let mut lines = split(text);
        let Some((start, end)) = self.place(&lines) else {
            let section = self.section.unwrap_or_default();
            lines.push(format!("[{section}]\n"));
            for (option, values) in &self.has {
                lines.extend(values.iter().map(|value| self.line(option, Some(value))));
            }
            let Some(option) = self.option else { return (lines.concat(), "only section added") };
            if self.values.is_empty() {
                lines.push(self.line(option, None));
            }
            lines.extend(self.values.iter().map(|value| self.line(option, Some(value))));
            return (lines.concat(), "section and option added");
        };
        let Some(option) = self.option else { return (text.to_owned(), "OK") };
        let mut msg = "OK";
        let mut out: Vec<Option<String>> = lines.iter().cloned().map(Some).collect();
        let mut left: Vec<Option<&str>> =
            if self.values.is_empty() { vec![None] } else { self.values.iter().map(|value| Some(*value)).collect() };
        let mut others = Vec::new();
        let candidates = lines.iter().enumerate().take(end).skip(start);
        let candidates =
            candidates.filter_map(|(number, line)| setting(line, option).map(|found| (number, line, found)));
        let candidates: Vec<_> = candidates.filter(|(_, _, found)| found.active || self.modify_inactive).collect();
        // lines that say what is wanted already come first, the active before the comments
        for active in [true, false] {
            for (number, line, found) in candidates.iter().filter(|(_, _, found)| found.active == active) {
                let said = found.has_value.then_some(found.value);
                let Some(at) = left.iter().position(|value| *value == said) else {
                    others.push(*number);
                    continue;
                };
                left.remove(at);
                let new = self.line(option, said);
                let same = **line == new || self.ignore_spaces && found.active;
                if !same && let Some(slot) = out.get_mut(*number) {
                    *slot = Some(new);
                    msg = "option changed";
                }
            }
        }
        others.sort_unstable();
        if self.exclusive {
            for number in others {
                let Some(slot) = out.get_mut(number) else { continue };
                let active = slot.as_deref().and_then(|line| setting(line, option)).is_some_and(|found| found.active);
                if left.is_empty() {
                    // a comment beside the option harms nobody
                    if active {
                        *slot = None;
                        msg = "option changed";
                    }
                } else {
                    *slot = Some(self.line(option, left.remove(0)));
                    msg = "option changed";
                }
            }
        }
        if !left.is_empty() {
            let inside = out.get(start..end).unwrap_or_default();
            let last = inside.iter().rposition(|line| line.as_deref().is_some_and(|line| !is_blank_or_comment(line)));
            let at = last.map_or(start, |last| start + last + 1);
            let new: Vec<_> = left.iter().map(|value| Some(self.line(option, *value))).collect();
            out.splice(at..at, new);
            msg = "option added";
        }
        (out.into_iter().flatten().collect(), msg)
    }

    /// The text without the option or, where none is named, without the section.
    pub(super) fn absent(&self, text: &str) -> (String, &'static str) {
        let mut lines = split(text);
        let Some((start, end)) = self.place(&lines) else { return (text.to_owned(), "OK") };
        let Some(option) = self.option else {
            if self.section.is_none() {
                return (text.to_owned(), "OK");
            }
            lines.drain(start - 1..end);
            return (lines.concat(), "section removed");
        };
        let mut msg = "OK";
        let mut number = 0;
        lines.retain(|line| {
            let inside = (start..end).contains(&number);
            number += 1;
            let goes = inside
                && setting(line, option).is_some_and(|found| {
                    found.active && (self.exclusive || self.values.is_empty() || self.values.contains(&found.value))
                });
            if goes {
                msg = "option changed";
            }
            !goes
        });
        (lines.concat(), msg)
    }

    /// Whether a value is needed and missing.
    pub(super) fn lacks_value(&self) -> bool {
        self.option.is_some() && self.values.is_empty() && !self.allow_no_value
    }
}

/// The lines with their ends; the last one gets one too.
fn split(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if let Some(last) = lines.last_mut()
        && !last.ends_with('\n')
    {
        last.push('\n');
    }
    lines
}
