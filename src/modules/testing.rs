//! What the modules' unit tests share: a context to run them in, and the proof of idempotence that every module which keeps
//! something must pass.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::context::{Ctx, HostServices, RunMode};
use super::controller::{ControllerCtx, Effect};
use super::definition::Runner;
use super::error::ModuleError;
use super::outcome::Outcome;
use super::table;
use crate::template::{MapScope, Templar};
use crate::tree::Disk;
use crate::value::{Map, Redactor, Value, from_json};
use crate::vault::VaultSecrets;

/// Calls `test` with a fresh context whose runtime lives as long.
pub(crate) fn with_ctx<T>(test: impl FnOnce(&mut Ctx) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // as on the blocking threads that modules run on
    let _entered = runtime.enter();
    let mut ctx = Ctx::new(
        RunMode { check: false, diff: true, verbosity: 0 },
        Arc::new(HostServices::default()),
        Redactor::new(),
        CancellationToken::new(),
        runtime.handle().clone(),
    );
    test(&mut ctx)
}

/// Runs a module by name with arguments given as JSON, its effects on the run left aside.
pub(crate) fn run(ctx: &mut Ctx, module: &str, args: Json) -> Result<Outcome, ModuleError> {
    run_value(ctx, module, &from_json(args))
}

/// Runs a module by name.
pub(crate) fn run_value(ctx: &mut Ctx, module: &str, args: &Value) -> Result<Outcome, ModuleError> {
    run_with(ctx, module, args, &Map::new()).map(|(outcome, _)| outcome)
}

/// Runs a module by name with variables in scope.
pub(crate) fn run_with(
    ctx: &mut Ctx,
    module: &str,
    args: &Value,
    vars: &Map,
) -> Result<(Outcome, Vec<Effect>), ModuleError> {
    let found = table::find(module).or_else(|| table::internal(module)).unwrap_or_else(|| panic!("no module {module}"));
    match found.runner {
        Runner::Host(run) => run(args, ctx).map(|outcome| (outcome, Vec::new())),
        Runner::Controller(run) => {
            let templar = Templar::new(VaultSecrets::new(Vec::new()), ctx.redactor.clone());
            let folder = ctx.working_dir.clone();
            let mut controller = ControllerCtx {
                templar: &templar,
                scope: &MapScope(vars),
                ctx,
                files: &Disk,
                search_path: &|kind| vec![folder.join(kind), folder.clone()],
                run_module: &mut |name, args, ctx| run_value(ctx, name, args),
                host: "localhost",
            };
            run(args, &mut controller)
        }
        Runner::Engine => panic!("{module} is the engine's"),
    }
}

/// Everything in a folder that a module may change: kind, mode, owner, content.
pub(crate) fn snapshot(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut out = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let content = if meta.is_dir() {
                folders.push(path.clone());
                "folder".to_owned()
            } else if meta.is_symlink() {
                format!("-> {}", path.read_link().unwrap().display())
            } else {
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
            };
            out.insert(path, format!("{:o} {}:{} {content}", meta.mode(), meta.uid(), meta.gid()));
        }
    }
    out
}

/// Proves that a module keeps its promises in a folder: check mode foresees the change and changes nothing, the real run
/// changes, and then both the real run and check mode find nothing more to do. Returns the outcome of the run that changed.
pub(crate) fn prove(ctx: &mut Ctx, folder: &Path, module: &str, args: &Json) -> Outcome {
    let mut step = |check: bool| {
        ctx.mode.check = check;
        let outcome = run(ctx, module, args.clone());
        outcome.unwrap_or_else(|error| panic!("{module} {args} failed: {}", error.full_message()))
    };
    let before = snapshot(folder);
    let foreseen = step(true);
    assert!(foreseen.changed, "{module} {args}: check mode foresees nothing");
    assert_eq!(snapshot(folder), before, "{module} {args}: check mode changed something");
    let done = step(false);
    assert!(done.changed, "{module} {args}: nothing changed");
    let after = snapshot(folder);
    assert_eq!(foreseen.diff, done.diff, "{module} {args}: check mode foresaw another change");
    assert!(!step(false).changed, "{module} {args}: not idempotent");
    assert_eq!(snapshot(folder), after, "{module} {args}: the second run changed something");
    assert!(!step(true).changed, "{module} {args}: check mode wants more");
    assert_eq!(snapshot(folder), after, "{module} {args}: check mode changed something later");
    ctx.mode.check = false;
    done
}
