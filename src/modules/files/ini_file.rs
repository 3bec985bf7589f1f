//! `ini_file`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::{EditState, Editor, Note, edit_methods};
use super::ini_text::Wanted;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Mode, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::value::{Map, Value};

/// Whether the option or section shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It is not there.
    Absent,
    /// It is there.
    #[default]
    Present,
}

/// An option by which a section is known.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Known {
    /// The option.
    option: String,
    /// Its value.
    value: Option<String>,
    /// Its values.
    #[serde(default)]
    values: Vec<String>,
}

file_options! {
    /// Keeps one option of an INI file, or a whole section; the rest of the file stays as it was written.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct IniFile {
        /// The file.
        #[serde(alias = "dest")]
        #[schemars(extend("x-aliases" = ["dest"]))]
        path: String,
        /// The section. Without one, the lines above the first section.
        section: Option<String>,
        /// Among several sections of the name, the one that holds these options. A section that has to be made gets them.
        #[serde(default)]
        section_has_values: Vec<Known>,
        /// The option. Without it, the section alone is kept, or with `state: absent` removed.
        option: Option<String>,
        /// Its value.
        value: Option<String>,
        /// Its values, each in a line of its own.
        #[serde(default)]
        values: Vec<String>,
        /// Whether it shall be there.
        #[serde(default)]
        state: State,
        /// The option has the values given and no others. With `false` values are added, or only those given are removed.
        #[serde(default = "yes")]
        exclusive: bool,
        /// Write `option=value`, without blanks around the sign.
        #[serde(default)]
        no_extra_spaces: bool,
        /// Leave a line alone that differs in blanks only.
        #[serde(default)]
        ignore_spaces: bool,
        /// Take an option without a value.
        #[serde(default)]
        allow_no_value: bool,
        /// Take a comment that holds the option for the option.
        #[serde(default = "yes")]
        modify_inactive_option: bool,
        /// Make the file where it is missing.
        #[serde(default = "yes")]
        create: bool,
        /// Without effect: links are followed always.
        #[serde(default)]
        #[expect(dead_code, reason = "taken because playbooks give it")]
        follow: bool,
        /// Keep a copy of the old file; its name is returned as `backup_file`.
        #[serde(default)]
        backup: bool,
        /// Mode of the file. Left alone where not given.
        mode: Option<Mode>,
    }
}

fn yes() -> bool {
    true
}

impl IniFile {
    fn editor(&self) -> Editor {
        Editor {
            path: self.path.clone(),
            attributes: self.attributes(self.mode.clone()),
            backup: self.backup,
            validate: None,
            create: self.create,
            plain_headers: false,
        }
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            section: self.section.as_deref().filter(|name| !name.is_empty()),
            has: self
                .section_has_values
                .iter()
                .map(|known| {
                    let values = known.value.iter().chain(&known.values).map(String::as_str).collect();
                    (known.option.as_str(), values)
                })
                .collect(),
            option: self.option.as_deref(),
            values: self.value.iter().chain(&self.values).map(String::as_str).collect(),
            exclusive: self.exclusive,
            no_extra_spaces: self.no_extra_spaces,
            ignore_spaces: self.ignore_spaces,
            allow_no_value: self.allow_no_value,
            modify_inactive: self.modify_inactive_option,
        }
    }
}

impl Managed for IniFile {
    type State = EditState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.value.is_some() && !self.values.is_empty() {
            return Err(ModuleError::new("only one of `value` and `values` can be given"));
        }
        if self.state == State::Present && self.wanted().lacks_value() {
            return Err(ModuleError::new("an option needs `value` or `values`, or `allow_no_value: true`"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        self.editor().read(ctx)
    }

    fn desired(&self, current: &EditState, ctx: &mut Ctx) -> Result<EditState, ModuleError> {
        if current.file.content.is_none() && self.state == State::Absent {
            return Ok(EditState { note: Note { msg: "OK".to_owned(), ..Note::default() }, ..current.clone() });
        }
        let file = Editor::text(current)?;
        let wanted = self.wanted();
        let (text, msg) = match self.state {
            State::Present => wanted.present(&file.text),
            State::Absent => wanted.absent(&file.text),
        };
        let mut note = Note { msg: msg.to_owned(), ..Note::default() };
        note.values.insert("path".into(), Value::from(self.path.as_str()));
        self.editor().desired(current, file.to_bytes(&text), note, ctx)
    }

    edit_methods!("backup_file");
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    fn edited(text: &str, mut args: serde_json::Value) -> (String, String) {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            fs::write(&path, text).unwrap();
            args["path"] = json!(path);
            let done = prove(ctx, dir.path(), "ini_file", &args);
            (fs::read_to_string(path).unwrap(), done.msg.unwrap())
        })
    }

    #[test]
    fn options_are_added_changed_and_removed() {
        let cases = [
            ("", json!({"section": "a", "option": "x", "value": "1"}), "[a]\nx = 1\n", "section and option added"),
            (
                "[a]\ny=2\n\n# end\n[b]\n",
                json!({"section": "a", "option": "x", "value": "1", "no_extra_spaces": true}),
                "[a]\ny=2\nx=1\n\n# end\n[b]\n",
                "option added",
            ),
            ("[a]\n#x = 0\n", json!({"section": "a", "option": "x", "value": "1"}), "[a]\nx = 1\n", "option changed"),
            (
                "[a]\n;x = 0\n",
                json!({"section": "a", "option": "x", "value": "1", "modify_inactive_option": false}),
                "[a]\nx = 1\n;x = 0\n",
                "option added",
            ),
            (
                "[a]\nx = 1\nx = 2\nx = 3",
                json!({"section": "a", "option": "x", "values": ["3", "4"]}),
                "[a]\nx = 4\nx = 3\n",
                "option changed",
            ),
            (
                "[a]\nx = 1\n",
                json!({"section": "a", "option": "x", "values": ["2"], "exclusive": false}),
                "[a]\nx = 1\nx = 2\n",
                "option added",
            ),
            ("k = v\n[a]\n", json!({"option": "k", "value": "w"}), "k = w\n[a]\n", "option changed"),
            ("[a]\n", json!({"section": "a", "option": "skip", "allow_no_value": true}), "[a]\nskip\n", "option added"),
            (
                "[a]\nx=1\nxy=2\n",
                json!({"section": "a", "option": "x", "state": "absent"}),
                "[a]\nxy=2\n",
                "option changed",
            ),
            ("[a]\nx=1\n[b]\n", json!({"section": "a", "state": "absent"}), "[b]\n", "section removed"),
            ("[a]\n", json!({"section": "b"}), "[a]\n[b]\n", "only section added"),
            (
                "[p]\nn = 1\n[p]\nn = 2\n",
                json!({
                    "section": "p", "option": "k", "value": "v",
                    "section_has_values": [{"option": "n", "value": "2"}],
                }),
                "[p]\nn = 1\n[p]\nn = 2\nk = v\n",
                "option added",
            ),
        ];
        for (text, args, expected, msg) in cases {
            assert_eq!(edited(text, args.clone()), (expected.to_owned(), msg.to_owned()), "{args}");
        }
    }

    #[test]
    fn blanks_may_be_ignored_and_files_missing() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            fs::write(&path, "[a]\nx=1\n").unwrap();
            let args = json!({"path": path, "section": "a", "option": "x", "value": "1", "ignore_spaces": true});
            assert!(!run(ctx, "ini_file", args).unwrap().changed);
            let missing = json!({"path": dir.path().join("no"), "section": "a", "create": false});
            assert!(run(ctx, "ini_file", missing).is_err());
            assert!(run(ctx, "ini_file", json!({"path": path, "section": "a", "option": "x"})).is_err());
        });
    }
}
