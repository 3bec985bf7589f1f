//! `template`: renders on the controller, then hands the text to the host's `_install_file`.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use jiff::Zoned;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::find_file::Source;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::Install;
use crate::modules::host::{Mode, SourceMode, file_options};
use crate::modules::outcome::Outcome;
use crate::template::{Delimiters, TemplateFile};
use crate::tree::display_name;
use crate::value::{Map, Value};

/// How lines of the written file end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Newline {
    /// A line feed.
    #[default]
    #[serde(rename = "\n", alias = "\\n")]
    Lf,
    /// A carriage return.
    #[serde(rename = "\r", alias = "\\r")]
    Cr,
    /// Both.
    #[serde(rename = "\r\n", alias = "\\r\\n")]
    CrLf,
}

file_options! {
    /// Renders a Jinja template of the controller and writes the result to a file on the host.
    ///
    /// The template sees all variables of the task, and `template_path`, `template_fullpath`, `template_destpath`,
    /// `template_host`, `template_uid`, `template_mtime`, `template_run_date` and `ansible_managed`.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Template {
        /// The template, absolute or looked for in the `templates` folders of role and playbook.
        src: String,
        /// Where to on the host. A folder, or a path with a slash at its end, means a file of the template's name in it.
        dest: String,
        /// Mode of the file, such as `"0644"` or `u=rw,g=r`; `preserve` takes the template's. Left alone where not given.
        mode: Option<SourceMode>,
        /// Keep a copy of a file that is replaced; its name is returned as `backup_file`.
        #[serde(default)]
        backup: bool,
        /// Replace a file whose content differs. With `false` only a missing file is written.
        #[serde(default = "yes")]
        force: bool,
        /// Write to what a link at `dest` leads to, instead of replacing the link.
        #[serde(default)]
        follow: bool,
        /// Command that must accept the new file before it takes its place; `%s` stands for its path. No shell is used.
        validate: Option<String>,
        /// Remove the first newline after a block tag.
        #[serde(default = "yes")]
        trim_blocks: bool,
        /// Remove blanks from the start of a line up to a block tag.
        #[serde(default)]
        lstrip_blocks: bool,
        /// How lines end in the file that is written.
        #[serde(default)]
        newline_sequence: Newline,
        /// What begins a block tag, `{%` where not given.
        block_start_string: Option<String>,
        /// What ends a block tag, `%}` where not given.
        block_end_string: Option<String>,
        /// What begins an expression, `{{` where not given.
        variable_start_string: Option<String>,
        /// What ends an expression, `}}` where not given.
        variable_end_string: Option<String>,
        /// What begins a comment, `{#` where not given.
        comment_start_string: Option<String>,
        /// What ends a comment, `#}` where not given.
        comment_end_string: Option<String>,
        /// Encoding of the file that is written; only `utf-8`.
        #[serde(default = "utf8")]
        output_encoding: String,
    }
}

fn yes() -> bool {
    true
}

fn utf8() -> String {
    "utf-8".to_owned()
}

impl ControllerAction for Template {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        if !matches!(self.output_encoding.to_ascii_lowercase().as_str(), "utf-8" | "utf8" | "utf_8") {
            return Err(ModuleError::new(format!(
                "option `output_encoding`: only utf-8 is supported, not `{}`",
                self.output_encoding
            )));
        }
        let source = ctx.find_source("templates", &self.src)?;
        let (text, secret) = ctx.source_text(&source)?;
        let name = display_name(&source);
        let file = TemplateFile {
            text: &text,
            name: &name,
            trim_blocks: self.trim_blocks,
            lstrip_blocks: self.lstrip_blocks,
            delimiters: self.delimiters(),
        };
        let extra = self.variables(&source, ctx);
        let rendered = ctx
            .templar
            .render_file(&file, &extra, ctx.scope)
            .map_err(|error| ModuleError::because(format!("cannot render `{name}`"), error))?;
        let secret = secret || rendered.is_secret();
        let rendered = match self.newline_sequence {
            Newline::Lf => rendered.replace("\r\n", "\n").replace('\r', "\n"),
            Newline::Cr => rendered.replace("\r\n", "\n").replace('\n', "\r"),
            Newline::CrLf => rendered.replace("\r\n", "\n").replace('\n', "\r\n"),
        };
        let mode = match &self.mode {
            Some(SourceMode::Preserve) => ctx.files.mode(&source).map(Mode::Bits),
            Some(SourceMode::Given(mode)) => Some(mode.clone()),
            None => None,
        };
        let install = Install {
            dest: self.dest.clone(),
            attributes: self.attributes(mode),
            backup: self.backup,
            force: self.force,
            follow: self.follow,
            validate: self.validate.clone(),
            basename: source.file_name().map(|name| name.to_string_lossy().into_owned()),
            shown_source: Some(name.clone()),
            ..Install::default()
        };
        let outcome = install.file(Source::Bytes { bytes: rendered.into_bytes(), secret }, ctx)?;
        Ok((outcome, Vec::new()))
    }
}

impl Template {
    fn delimiters(&self) -> Delimiters {
        let mut delimiters = Delimiters::default();
        for (name, text) in [
            ("block_start_string", &self.block_start_string),
            ("block_end_string", &self.block_end_string),
            ("variable_start_string", &self.variable_start_string),
            ("variable_end_string", &self.variable_end_string),
            ("comment_start_string", &self.comment_start_string),
            ("comment_end_string", &self.comment_end_string),
        ] {
            if let Some(text) = text {
                delimiters.set(name, text);
            }
        }
        delimiters
    }

    /// The variables that only a template has.
    fn variables(&self, source: &Path, ctx: &ControllerCtx<'_>) -> Map {
        let data = std::fs::metadata(source).ok();
        let stamp = |time: Zoned| time.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
        let changed = data.as_ref().and_then(|data| data.modified().ok()).and_then(|time| {
            let time = jiff::Timestamp::try_from(time).ok()?;
            Some(stamp(time.to_zoned(TimeZone::system())))
        });
        let owner = data.map(|data| ctx.ctx.user_name(data.uid()));
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut map: Map = [
            ("template_path", Some(self.src.clone())),
            (
                "template_fullpath",
                Some(std::path::absolute(source).unwrap_or_else(|_| source.to_owned()).display().to_string()),
            ),
            ("template_destpath", Some(self.dest.clone())),
            ("template_host", Some(host)),
            ("template_uid", owner),
            ("template_mtime", changed),
            ("template_run_date", Some(stamp(Zoned::now()))),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.into(), Value::from(value?))))
        .collect();
        if ctx.scope.get("ansible_managed").is_none() {
            map.insert("ansible_managed".into(), Value::from("Ansible managed"));
        }
        map
    }
}
