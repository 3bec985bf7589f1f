//! `debconf`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Secret, Value, python_str};

/// The type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A message.
    Error,
    /// Several of a list.
    Multiselect,
    /// A message.
    Note,
    /// A secret.
    Password,
    /// Whether a question has been seen.
    Seen,
    /// One of a list.
    Select,
    /// Text.
    String,
    /// A message.
    Text,
    /// A message.
    Title,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Error => "error",
            Self::Multiselect => "multiselect",
            Self::Note => "note",
            Self::Password => "password",
            Self::Seen => "seen",
            Self::Select => "select",
            Self::String => "string",
            Self::Text => "text",
            Self::Title => "title",
        }
    }
}

/// Keeps the answer to a question that a package asks when it is configured, or lists the answers there are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Debconf {
    /// The package.
    #[serde(alias = "pkg")]
    #[schemars(extend("x-aliases" = ["pkg"]))]
    name: String,
    /// The question. Without one, the answers there are are returned.
    #[serde(alias = "selection", alias = "setting")]
    #[schemars(extend("x-aliases" = ["selection", "setting"]))]
    question: Option<String>,
    /// The answer; of a `multiselect` also as a list.
    #[serde(alias = "answer")]
    #[schemars(with = "Option<String>", extend("x-aliases" = ["answer"]))]
    value: Option<Value>,
    /// The type of the answer.
    vtype: Option<Kind>,
    /// Let the question still count as not asked.
    #[serde(default)]
    unseen: bool,
}

/// The answer to the question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    value: Option<Shown>,
    #[serde(skip)]
    all: All,
}

/// An answer, and whether it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Shown {
    Plain(String),
    Hidden(Secret),
}

impl Shown {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Hidden(text) => text.expose(),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Plain(text) => Value::from(text.as_str()),
            Self::Hidden(text) => Value::secret(text.expose()),
        }
    }
}

/// All answers, for the result.
#[derive(Clone, Debug)]
struct All(BTreeMap<String, String>);

impl PartialEq for All {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Debconf {
    fn is_secret(&self) -> bool {
        self.vtype == Some(Kind::Password) || self.value.as_ref().is_some_and(Value::holds_secret)
    }

    fn show(&self, text: &str) -> Shown {
        if self.is_secret() { Shown::Hidden(Secret::new(text)) } else { Shown::Plain(text.to_owned()) }
    }

    /// The answer as debconf writes it.
    fn wanted(&self) -> String {
        match &self.value {
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::List(items)) => items.iter().map(python_str).collect::<Vec<_>>().join(", "),
            Some(value) if self.vtype == Some(Kind::Boolean) => python_str(value).to_lowercase(),
            Some(value) => python_str(value),
            None => String::new(),
        }
    }

    fn secret_now(&self, question: &str, ctx: &Ctx) -> Result<Option<String>, ModuleError> {
        // debconf-show hides passwords
        let output =
            ctx.command(["debconf-communicate", self.name.as_str()]).stdin(format!("GET {question}\n")).run()?;
        let text = output.out();
        Ok(text
            .trim_end_matches('\n')
            .split_once(' ')
            .filter(|(status, _)| *status == "0")
            .map(|(_, value)| value.to_owned()))
    }
}

/// A line of `debconf-show`: `* question: answer`.
fn line(text: &str) -> Option<(String, String)> {
    let (question, answer) = text.trim_start_matches('*').trim().split_once(':')?;
    Some((question.trim().to_owned(), answer.trim().to_owned()))
}

impl Managed for Debconf {
    type State = Answer;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.question.is_some() && (self.vtype.is_none() || self.value.is_none()) {
            return Err(ModuleError::new("when supplying a question you must supply a valid vtype and value"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Answer, ModuleError> {
        let output = ctx.command(["debconf-show", self.name.as_str()]).env("LC_ALL", "C").run()?;
        let all: BTreeMap<_, _> = output.success("reading the answers")?.out().lines().filter_map(line).collect();
        let value = match &self.question {
            None => None,
            Some(question) if self.vtype == Some(Kind::Password) => {
                self.secret_now(question, ctx)?.map(|value| self.show(&value))
            }
            Some(question) => all.get(question).map(|value| self.show(value)),
        };
        Ok(Answer { value, all: All(all) })
    }

    fn desired(&self, current: &Answer, _: &mut Ctx) -> Result<Answer, ModuleError> {
        if self.question.is_none() {
            return Ok(current.clone());
        }
        let wanted = self.wanted();
        if self.vtype == Some(Kind::Multiselect) {
            let parts = |text: &str| {
                let mut parts: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
                parts.sort();
                parts
            };
            let now = current.value.as_ref().map(|now| parts(now.text()));
            if now == Some(parts(&wanted)) {
                return Ok(current.clone());
            }
        }
        Ok(Answer { value: Some(self.show(&wanted)), all: current.all.clone() })
    }

    fn apply(&self, _: &Answer, _: &Answer, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let (Some(question), Some(kind)) = (&self.question, self.vtype) else { return Ok(Applied::default()) };
        let mut argv = vec!["debconf-set-selections"];
        if self.unseen {
            argv.push("--unseen");
        }
        let text = format!("{} {question} {} {}\n", self.name, kind.word(), self.wanted());
        ctx.command(argv).stdin(text).run()?.success("setting the answer")?;
        Ok(Applied::default())
    }

    fn values(&self, state: &Answer) -> Map {
        let mut all: Map =
            state.all.0.iter().map(|(name, value)| (name.as_str().into(), Value::from(value.as_str()))).collect();
        let mut values = Map::new();
        match &self.question {
            None => {
                values.insert("msg".into(), Value::from(""));
                values.insert("current".into(), Value::map(all));
            }
            Some(question) => {
                values.insert("previous".into(), Value::map(all.clone()));
                all.insert(question.as_str().into(), state.value.as_ref().map_or(Value::Null, Shown::to_value));
                values.insert("current".into(), Value::map(all));
            }
        }
        values
    }

    fn title(&self) -> String {
        format!("{} {}", self.name, self.question.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(line("* tzdata/Areas: Europe"), Some(("tzdata/Areas".to_owned(), "Europe".to_owned())));
        assert_eq!(line("  a/b:"), Some(("a/b".to_owned(), String::new())));
    }
}
