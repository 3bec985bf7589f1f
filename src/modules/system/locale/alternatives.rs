//! `alternatives`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value};

/// What is wanted of the alternative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It is not known.
    Absent,
    /// It is known, and the best one is chosen.
    Auto,
    /// It is known; the choice is left alone.
    Present,
    /// It is known and chosen.
    #[default]
    Selected,
}

/// A link that follows the choice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Subcommand {
    /// Its name.
    name: String,
    /// The link.
    link: String,
    /// Where it leads to with this alternative.
    path: String,
}

/// Chooses among programs for the same purpose, by `update-alternatives`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alternatives {
    /// The name of the choice, such as `editor`.
    name: String,
    /// The program. May be missing with `state: auto` alone.
    path: Option<String>,
    /// The link that leads to the chosen program. Needed where the name is new, and on Red Hat's systems.
    link: Option<String>,
    /// How good the alternative is. 50 for a new one where not given.
    priority: Option<i64>,
    /// What is wanted.
    #[serde(default)]
    state: State,
    /// Links that follow the choice.
    #[serde(alias = "slaves")]
    #[schemars(extend("x-aliases" = ["slaves"]))]
    subcommands: Option<Vec<Subcommand>>,
    /// The family, on Red Hat's systems.
    family: Option<String>,
}

/// The choice and this alternative of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AlternativesState {
    /// The program that is chosen.
    chosen: Option<String>,
    /// Whether it was chosen because it is the best.
    auto: bool,
    link: Option<String>,
    /// Priority and followers; `None` where this one is not known.
    alternative: Option<(i64, Vec<Subcommand>)>,
}

/// Reads what `--display` prints.
fn parse(text: &str, path: &str) -> AlternativesState {
    let mut state = AlternativesState::default();
    let mut links: Vec<(String, String)> = Vec::new();
    let mut ours = false;
    for line in text.lines() {
        let words = line.trim();
        if let Some((head, rest)) = line.split_once(" - ").filter(|_| !line.starts_with(' ')) {
            if let Some((_, priority)) = rest.rsplit_once("priority ") {
                ours = head == path;
                if ours {
                    let priority = priority.split_whitespace().next().and_then(|digits| digits.parse().ok());
                    state.alternative = Some((priority.unwrap_or(0), Vec::new()));
                }
            } else {
                state.auto = rest.contains("auto");
            }
        } else if let Some(chosen) = words.strip_prefix("link currently points to ") {
            state.chosen = Some(chosen.to_owned());
        } else if let Some((name, link)) = words.strip_prefix("link ").and_then(|rest| rest.split_once(" is ")) {
            // `link best version is …` tells no link
            if !name.contains(' ') {
                state.link = Some(link.to_owned());
            }
        } else if let Some(rest) = ["slave ", "follower "].iter().find_map(|word| words.strip_prefix(word)) {
            if let Some((name, link)) = rest.split_once(" is ") {
                links.push((name.to_owned(), link.to_owned()));
            } else if let Some((name, target)) = rest.split_once(": ")
                && let Some((_, followers)) = state.alternative.as_mut().filter(|_| ours)
                && target != "(null)"
            {
                let link = links.iter().find(|(known, _)| known == name).map(|(_, link)| link.clone());
                followers.push(Subcommand {
                    name: name.to_owned(),
                    link: link.unwrap_or_default(),
                    path: target.to_owned(),
                });
            }
        }
    }
    state
}

impl Alternatives {
    fn tool(ctx: &Ctx) -> &'static str {
        if ctx.find_tool("update-alternatives").is_some() { "update-alternatives" } else { "alternatives" }
    }

    fn run(words: &[&str], ctx: &Ctx) -> Result<(), ModuleError> {
        let tool = Self::tool(ctx);
        ctx.run_tool(tool, words)?.success(tool)?;
        Ok(())
    }

    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }
}

impl Managed for Alternatives {
    type State = AlternativesState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.path.is_none() && self.state != State::Auto {
            return Err(ModuleError::new("missing required arguments: path"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<AlternativesState, ModuleError> {
        let tool = Self::tool(ctx);
        let shown = ctx.run_tool(tool, ["--display", &self.name])?;
        let mut state = if shown.rc == 0 { parse(&shown.out(), self.path()) } else { AlternativesState::default() };
        if state.link.is_none() {
            // Red Hat's tool does not tell the link; its second line of this file is it
            let file = format!("/var/lib/alternatives/{}", self.name);
            let text = std::fs::read_to_string(file).unwrap_or_default();
            state.link = text.lines().nth(1).map(str::to_owned).filter(|link| link.starts_with('/'));
        }
        if let (Some(asked), Some((_, followers))) = (&self.subcommands, state.alternative.as_mut()) {
            // in the order asked for, so that only content is compared; a link that the tool keeps to itself is taken as right
            for follower in followers.iter_mut().filter(|follower| follower.link.is_empty()) {
                let same = asked.iter().find(|asked| asked.name == follower.name);
                follower.link = same.map(|asked| asked.link.clone()).unwrap_or_default();
            }
            followers.sort_by_key(|follower| asked.iter().position(|asked| asked == follower).unwrap_or(usize::MAX));
        }
        Ok(state)
    }

    fn desired(&self, current: &AlternativesState, ctx: &mut Ctx) -> Result<AlternativesState, ModuleError> {
        let mut wanted = current.clone();
        if self.state == State::Absent {
            if current.alternative.is_some() {
                wanted = AlternativesState { link: current.link.clone(), ..AlternativesState::default() };
            }
            return Ok(wanted);
        }
        if let Some(path) = &self.path {
            let (priority, followers) = current.alternative.clone().unwrap_or((50, Vec::new()));
            let followers = self.subcommands.clone().unwrap_or(followers);
            wanted.alternative = Some((self.priority.unwrap_or(priority), followers));
            if let Some(link) = &self.link {
                wanted.link = Some(link.clone());
            }
            if wanted != *current {
                if wanted.link.is_none() {
                    let text = "Needed to install the alternative, but unable to do so as we are missing the link";
                    return Err(ModuleError::new(text));
                }
                if !ctx.resolve(path).exists() && !ctx.mode.check {
                    return Err(ModuleError::new(format!("Specified path {path} does not exist")));
                }
            }
        }
        match self.state {
            State::Selected if current.chosen != self.path => {
                wanted.chosen.clone_from(&self.path);
                wanted.auto = false;
            }
            State::Auto => wanted.auto = true,
            _ => {}
        }
        Ok(wanted)
    }

    fn apply(
        &self,
        current: &AlternativesState,
        desired: &AlternativesState,
        ctx: &mut Ctx,
    ) -> Result<Applied, ModuleError> {
        let (name, path) = (self.name.as_str(), self.path());
        let Some((priority, followers)) = desired.alternative.as_ref() else {
            if current.alternative.is_some() {
                Self::run(&["--remove", name, path], ctx)?;
            } else if current.auto != desired.auto {
                Self::run(&["--auto", name], ctx)?;
            }
            return Ok(Applied::default());
        };
        if current.alternative != desired.alternative || current.link != desired.link {
            let (link, priority) = (desired.link.as_deref().unwrap_or_default(), priority.to_string());
            let mut words = vec!["--install", link, name, path, &priority];
            if let Some(family) = &self.family {
                words.extend(["--family", family]);
            }
            for follower in followers {
                words.extend(["--slave", &follower.link, &follower.name, &follower.path]);
            }
            Self::run(&words, ctx)?;
        }
        if self.state == State::Selected && current.chosen != desired.chosen {
            Self::run(&["--set", name, path], ctx)?;
        }
        if self.state == State::Auto && !current.auto {
            Self::run(&["--auto", name], ctx)?;
        }
        Ok(Applied::default())
    }

    fn values(&self, _: &AlternativesState) -> Map {
        Map::from([("name".into(), Value::from(self.name.as_str()))])
    }

    fn title(&self) -> String {
        format!("alternatives of {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tools_are_understood() {
        let debian = "editor - auto mode\n  link best version is /bin/nano\n  link currently points to /bin/nano\n  \
                      link editor is /usr/bin/editor\n  slave editor.1.gz is /man/editor.1.gz\n/bin/ed - priority -100\n  \
                      slave editor.1.gz: /man/ed.1.gz\n/bin/nano - priority 40\n  slave editor.1.gz: /man/nano.1.gz\n";
        let state = parse(debian, "/bin/ed");
        assert_eq!((state.chosen.as_deref(), state.auto), (Some("/bin/nano"), true));
        assert_eq!(state.link.as_deref(), Some("/usr/bin/editor"));
        let (priority, followers) = state.alternative.unwrap();
        assert_eq!(
            (priority, followers[0].path.as_str(), followers[0].link.as_str()),
            (-100, "/man/ed.1.gz", "/man/editor.1.gz")
        );
        let redhat = "java - status is manual.\n link currently points to /a/java\n/a/java - family x priority 7\n \
                      follower jre: (null)\n follower keytool: /a/keytool\nCurrent `best' version is /a/java.\n";
        let state = parse(redhat, "/a/java");
        assert!(!state.auto);
        assert_eq!(state.alternative.unwrap().1.len(), 1);
        assert_eq!(parse(redhat, "/b/java").alternative, None);
    }
}
