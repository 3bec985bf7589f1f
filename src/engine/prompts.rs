//! `vars_prompt`: questions before a play.

use std::sync::Arc;

use super::env::Env;
use super::problem::Problem;
use super::run::Question;
use crate::diag::Diagnostic;
use crate::playbook::{Play, VarsPrompt};
use crate::template::hash_password;
use crate::value::{Key, Map, Origin, Text, Trust, Value, python_str};
use crate::vars::TaskScope;

/// Asks for the variables of `vars_prompt` that the command line does not give.
pub(super) fn prompts(env: &Arc<Env>, play: &Play, scope: &TaskScope) -> Result<Map, Problem> {
    let mut out = Map::new();
    for prompt in play.vars_prompt.iter().filter(|prompt| !env.vars.extra.contains_key(&*prompt.name)) {
        let value = answer(env, prompt, scope)?;
        out.insert(Key::from(&*prompt.name), value);
    }
    Ok(out)
}

fn answer(env: &Env, prompt: &VarsPrompt, scope: &TaskScope) -> Result<Value, Problem> {
    let render = |value: &Option<Value>| -> Result<Option<String>, Problem> {
        let Some(value) = value else { return Ok(None) };
        let rendered = env.templar.render(value, scope);
        rendered.map(|value| Some(python_str(&value))).map_err(|e| env.template_problem(&e, Some(prompt.span)))
    };
    let problem = |reason: String| {
        let diagnostic = Diagnostic::error("vars-prompt", format!("no value for `{}`: {reason}", prompt.name))
            .at(prompt.span)
            .help(format!("give it on the command line: `-e {}=…`", prompt.name));
        Problem::from_diagnostic(&diagnostic, &env.sources)
    };
    let question = Question {
        name: prompt.name.to_string(),
        text: render(&prompt.prompt)?.unwrap_or_else(|| format!("input for {}", prompt.name)),
        default: render(&prompt.default)?,
        private: prompt.private,
        confirm: prompt.confirm,
        anyone: false,
    };
    let given = (env.prompter)(&question).map_err(problem)?;
    if given.is_none() {
        env.warn_once("there is nobody to ask: `vars_prompt` takes its defaults");
    }
    let given = given.filter(|text| !text.is_empty());
    let text = match (given.or(question.default), &prompt.encrypt) {
        (Some(text), None) => text,
        (Some(text), Some(kind)) => {
            env.templar.redactor().register(&text);
            hash_password(kind, &text, prompt.salt.clone(), prompt.salt_size).map_err(problem)?
        }
        (None, Some(_)) => return Err(problem("there is nothing to encrypt".to_owned())),
        // as Ansible has it
        (None, None) => return Ok(Value::data("None")),
    };
    if prompt.private {
        env.templar.redactor().register(&text);
    }
    // an answer may be a template, unless the play says that it is not to be trusted
    let trust = if prompt.is_unsafe { Trust::Data } else { Trust::Template };
    Ok(Value::Str(Text::new(text, Origin { trust, secret: prompt.private })))
}
