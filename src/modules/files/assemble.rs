//! `assemble`: one file out of fragments. The controller's part hands fragments over that are not on the host.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, Mode, TargetFile, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::modules::pyregex::PyRegex;
use crate::tree::{Disk, Files};
use crate::value::{Map, Value};

file_options! {
    /// Makes one file of the files in a folder, in the order of their names.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct AssembleFile {
        /// Folder with the fragments.
        pub(in crate::modules) src: String,
        /// The file to make.
        pub(in crate::modules) dest: String,
        /// Text between two fragments; a newline follows it.
        pub(in crate::modules) delimiter: Option<String>,
        /// Take only fragments whose names match this regular expression.
        pub(in crate::modules) regexp: Option<String>,
        /// Leave out files whose names begin with a dot.
        #[serde(default)]
        pub(in crate::modules) ignore_hidden: bool,
        /// The folder is on the host; with `false` it is looked for in the `files` folders of role and playbook.
        #[serde(default = "yes")]
        pub(in crate::modules) remote_src: bool,
        /// Keep a copy of a file that is replaced; its name is returned as `backup_file`.
        #[serde(default)]
        pub(in crate::modules) backup: bool,
        /// Mode of the file. Left alone where not given.
        pub(in crate::modules) mode: Option<Mode>,
        /// Command that must accept the new file before it takes its place; `%s` stands for its path. No shell is used.
        pub(in crate::modules) validate: Option<String>,
        /// Decrypt fragments of the controller that Ansible Vault has encrypted.
        #[serde(default = "yes")]
        pub(in crate::modules) decrypt: bool,
    }
}

fn yes() -> bool {
    true
}

impl AssembleFile {
    /// The fragments in their order.
    pub(in crate::modules) fn fragments(&self, files: &dyn Files, folder: &Path) -> Result<Vec<PathBuf>, ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot read the folder `{}`", folder.display()), error);
        if !files.is_folder(folder) {
            return Err(ModuleError::new(format!("Source ({}) is not a directory", folder.display())));
        }
        let regex = self.regexp.as_deref().map(PyRegex::new).transpose()?;
        let mut names = files.list(folder).map_err(cannot)?;
        names.sort();
        let mut out = Vec::new();
        for name in names {
            if self.ignore_hidden && name.starts_with('.') {
                continue;
            }
            if let Some(regex) = &regex
                && regex.search(&name)?.is_none()
            {
                continue;
            }
            let path = folder.join(name);
            if files.is_file(&path) {
                out.push(path);
            }
        }
        Ok(out)
    }

    /// One text of all fragments.
    pub(in crate::modules) fn join(&self, fragments: &[Vec<u8>]) -> Vec<u8> {
        let delimiter = self.delimiter.as_deref().map(unescaped);
        let mut out = Vec::new();
        for (number, fragment) in fragments.iter().enumerate() {
            if number > 0 {
                if !out.ends_with(b"\n") {
                    out.push(b'\n');
                }
                if let Some(delimiter) = &delimiter {
                    out.extend(delimiter.as_bytes());
                    if !delimiter.ends_with('\n') {
                        out.push(b'\n');
                    }
                }
            }
            out.extend(fragment);
        }
        out
    }

    /// Mode, owner and the like as asked for.
    pub(in crate::modules) fn file_attributes(&self) -> Attributes {
        self.attributes(self.mode.clone())
    }

    fn target(&self, ctx: &Ctx) -> TargetFile {
        TargetFile {
            path: ctx.resolve(&self.dest),
            attributes: self.attributes(self.mode.clone()),
            backup: self.backup,
            validate: self.validate.clone(),
        }
    }
}

/// The text with the escapes that Python knows (`\n`, `\t`, `\\` …) replaced.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(c @ ('\\' | '\'' | '"')) => out.push(c),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

impl Managed for AssembleFile {
    type State = FileState;

    fn read(&self, ctx: &mut Ctx) -> Result<FileState, ModuleError> {
        self.target(ctx).read(ctx)
    }

    fn desired(&self, current: &FileState, ctx: &mut Ctx) -> Result<FileState, ModuleError> {
        let folder = ctx.resolve(&self.src);
        let mut fragments = Vec::new();
        for path in self.fragments(&Disk, &folder)? {
            let cannot = |error| ModuleError::because(format!("cannot read `{}`", path.display()), error);
            fragments.push(Disk.read(&path).map_err(cannot)?);
        }
        self.target(ctx).desired(current, Content::new(self.join(&fragments)), ctx)
    }

    fn apply(&self, current: &FileState, desired: &FileState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let values = self.target(ctx).apply(current, desired, ctx)?;
        Ok(Applied { values, facts: None })
    }

    fn report(&self, state: &FileState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let target = self.target(ctx);
        let mut values = target.values(state, ctx)?;
        values.insert("msg".into(), Value::from("OK"));
        values.insert("src".into(), Value::from(self.src.as_str()));
        values.insert("dest".into(), Value::from(target.path.display().to_string()));
        Ok(values)
    }

    fn diff(&self, current: &FileState, desired: &FileState) -> Result<Vec<Diff>, ModuleError> {
        let target = TargetFile {
            path: PathBuf::from(&self.dest),
            attributes: self.attributes(None),
            backup: false,
            validate: None,
        };
        target.diff(current, desired)
    }

    fn title(&self) -> String {
        self.dest.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::modules::testing::{prove, with_ctx};

    #[test]
    fn fragments_are_joined() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            ctx.working_dir = dir.path().to_owned();
            fs::create_dir_all(dir.path().join("files/parts")).unwrap();
            for (name, text) in [("10-b.conf", "b\n"), ("01-a.conf", "a"), (".hidden", "h"), ("x.txt", "x")] {
                fs::write(dir.path().join("files/parts").join(name), text).unwrap();
            }
            let dest = dir.path().join("out");
            let args = json!({"src": dir.path().join("files/parts"), "dest": dest, "regexp": "conf$", "mode": "0600"});
            prove(ctx, dir.path(), "assemble", &args);
            assert_eq!(fs::read_to_string(&dest).unwrap(), "a\nb\n");
            let args = json!({
                "src": "parts", "dest": dest, "remote_src": false, "delimiter": "---\\n#", "ignore_hidden": true,
                "validate": "grep -q x %s",
            });
            prove(ctx, dir.path(), "assemble", &args);
            assert_eq!(fs::read_to_string(&dest).unwrap(), "a\n---\n#\nb\n---\n#\nx");
        });
    }
}
