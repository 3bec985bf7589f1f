//! `fetch`: writes a file of the host on the controller; the host's part is `_read_piece`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::set;
use crate::modules::host::{Content, normalized};
use crate::modules::outcome::{Diff, Outcome};
use crate::value::{Map, Value};

/// Copies a file of the host to the controller, below a folder for each host.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// The file on the host; folders cannot be fetched.
    src: String,
    /// Folder of the controller: the file goes to `dest/HOST/PATH`.
    dest: String,
    /// Write to `dest` itself or, with a slash at its end, under the file's own name into that folder.
    #[serde(default)]
    flat: bool,
    /// Fail where the file is missing or cannot be read.
    #[serde(default = "yes")]
    fail_on_missing: bool,
    /// Fail where what was written has not the checksum that the host told.
    #[serde(default = "yes")]
    validate_checksum: bool,
}

fn yes() -> bool {
    true
}

impl ControllerAction for Fetch {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let dest = self.place(ctx)?;
        let before = match ctx.ctx.meta_following(&dest)? {
            Some(_) => Some(
                Content::of_file(&dest)
                    .map_err(|error| ModuleError::because(format!("cannot read `{}`", dest.display()), error))?,
            ),
            None => None,
        };
        let mut args = Map::new();
        set(&mut args, "src", Some(&self.src));
        set(&mut args, "known", before.as_ref().map(Content::sha1));
        let first = (ctx.run_module)("_read_piece", &Value::map(args.clone()), ctx.ctx)?;
        let told = |key: &str| first.values.get(key).and_then(Value::as_str).map(str::to_owned);
        let problem = match told("state").as_deref() {
            Some("absent") => Some("the remote file does not exist"),
            Some("directory") => Some("remote file is a directory, fetch cannot work on directories"),
            Some("unreadable") => Some("no read permission on remote file"),
            _ => None,
        };
        if let Some(problem) = problem {
            return if self.fail_on_missing {
                Err(ModuleError::new(problem))
            } else {
                let said = format!("{problem}, not transferring, ignored");
                Ok((Outcome::ok().with("file", self.src.as_str()).msg(said), Vec::new()))
            };
        }
        let remote = told("checksum").unwrap_or_default();
        let shown = dest.display().to_string();
        let outcome = Outcome::ok().with("dest", shown.as_str()).with("checksum", remote.as_str());
        if let Some(before) = before.as_ref().filter(|before| before.sha1() == remote) {
            let md5 = before.md5().map_err(|error| ModuleError::because(format!("cannot read `{shown}`"), error))?;
            return Ok((outcome.with("md5sum", md5).with("file", self.src.as_str()), Vec::new()));
        }
        let mut outcome = Outcome { changed: true, ..outcome }
            .with("remote_checksum", remote.as_str())
            .with("remote_md5sum", Value::Null);
        if ctx.ctx.mode.check {
            return Ok((outcome, Vec::new()));
        }
        if ctx.ctx.mode.diff && told("content").is_some_and(|content| content.len() < 100_000) {
            let bytes = decoded(&first)?;
            outcome = outcome.diff(Diff {
                before_header: shown.clone(),
                after_header: self.src.clone(),
                before: before.map_or(Ok(crate::modules::DiffText::Absent), |before| before.diff_text())?,
                after: Content::new(bytes).diff_text()?,
            });
        }
        let written = write_pieces(&dest, &first, args, ctx)?;
        if self.validate_checksum && written.sha1() != remote {
            return Err(ModuleError::new("checksum mismatch")
                .with("checksum", written.sha1())
                .with("remote_checksum", remote)
                .with("file", self.src.as_str())
                .with("dest", shown));
        }
        let md5 = written.md5().map_err(|error| ModuleError::because(format!("cannot read `{shown}`"), error))?;
        Ok((outcome.with("md5sum", md5), Vec::new()))
    }
}

fn decoded(piece: &Outcome) -> Result<Vec<u8>, ModuleError> {
    let text = piece.values.get("content").and_then(Value::as_str).unwrap_or_default();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|error| ModuleError::because("what the host sent is not Base64", error))
}

impl Fetch {
    /// Where the file goes.
    fn place(&self, ctx: &ControllerCtx<'_>) -> Result<PathBuf, ModuleError> {
        let dest = ctx.ctx.resolve(&self.dest);
        let name = || Path::new(&self.src).file_name().unwrap_or_default();
        if !self.flat {
            let source = ctx.ctx.expand(&self.src);
            return Ok(normalized(&dest.join(ctx.host).join(source.trim_start_matches('/'))));
        }
        if self.dest.ends_with('/') {
            return Ok(normalized(&dest.join(name())));
        }
        if dest.is_dir() {
            return Err(ModuleError::new(
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory",
            ));
        }
        Ok(normalized(&dest))
    }
}

/// Writes the first piece and all that follow, and puts the file in its place.
pub(super) fn write_pieces(
    dest: &Path,
    first: &Outcome,
    mut args: Map,
    ctx: &mut ControllerCtx<'_>,
) -> Result<Content, ModuleError> {
    let cannot = |error| ModuleError::because(format!("cannot write `{}`", dest.display()), error);
    let folder = dest.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(cannot)?;
    let mut file = tempfile::Builder::new().prefix(".fetch.").tempfile_in(folder).map_err(cannot)?;
    let mut piece = decoded(first)?;
    let mut offset = 0_u64;
    while !piece.is_empty() {
        file.write_all(&piece).map_err(cannot)?;
        offset += piece.len() as u64;
        args.insert("offset".into(), offset.into());
        piece = decoded(&(ctx.run_module)("_read_piece", &Value::map(args.clone()), ctx.ctx)?)?;
    }
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666 & !ctx.ctx.umask()?);
    file.as_file().set_permissions(mode).map_err(cannot)?;
    file.persist(dest).map_err(|error| cannot(error.error))?;
    Content::of_file(dest).map_err(cannot)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{prove, run, with_ctx};

    #[test]
    fn files_come_to_the_controller() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let from = tempfile::tempdir().unwrap();
            ctx.working_dir = dir.path().to_owned();
            let src = from.path().join("f");
            // more than one piece, and not text
            let bytes: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
            fs::write(&src, &bytes).unwrap();
            prove_at(ctx, dir.path(), &json!({"src": src, "dest": "out"}));
            let below = src.strip_prefix("/").unwrap();
            assert_eq!(fs::read(dir.path().join("out/localhost").join(below)).unwrap(), bytes);
            fs::write(&src, "hi\n").unwrap();
            let done = prove_at(ctx, dir.path(), &json!({"src": src, "dest": "flat/", "flat": true}));
            assert_eq!(fs::read_to_string(dir.path().join("flat/f")).unwrap(), "hi\n");
            assert_eq!(done.values.get("md5sum"), Some(&Value::from("764efa883dda1e11db47671c4a3bbd9e")));
            assert!(run(ctx, "fetch", json!({"src": src, "dest": "flat", "flat": true})).is_err());
            let missing = json!({"src": "/no/such", "dest": "x", "fail_on_missing": false});
            let ignored = run(ctx, "fetch", missing).unwrap();
            assert!(!ignored.changed && ignored.msg.unwrap().ends_with("ignored"));
            let error = run(ctx, "fetch", json!({"src": from.path(), "dest": "x"})).unwrap_err();
            assert!(error.message.contains("directory"));
        });
    }

    /// As `prove`, without the diff: in check mode nothing is transferred that could be shown.
    fn prove_at(ctx: &mut crate::modules::Ctx, folder: &Path, args: &serde_json::Value) -> Outcome {
        ctx.mode.diff = false;
        prove(ctx, folder, "fetch", args)
    }
}
