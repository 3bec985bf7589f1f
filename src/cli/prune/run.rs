//! The steps of a run.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::output::Output;
use super::{credentials, rules};
use crate::diag::{Diagnostic, ExitCode, RenderStyle, SourceMap, render};
use crate::prune::{
    Applied, Applier, Brake, Header, Matcher, PlanReader, Progress, PruneError, Rules, Totals, compile, header,
    make_plan,
};
use crate::quay::Client;

/// Makes a plan or reads one, shows it, and with `--confirm` applies it.
pub(in crate::cli) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let sources = SourceMap::new();
    let rules = match &args.apply {
        Some(_) => None,
        None => match rules::rules(args, &sources)? {
            Ok(rules) => Some(rules),
            Err(diagnostic) => return Ok(invalid(&diagnostic, &sources)),
        },
    };
    let client = Client::new(credentials::client_options(args)?)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads to work with")?;
    runtime.block_on(async {
        let cancel = CancellationToken::new();
        let signalled = cancel.clone();
        let watch = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                signalled.cancel();
            }
        });
        let work = Work { args, client: &client, output: Output::new(args), cancel };
        let result = match rules {
            Some(rules) => work.plan(rules).await,
            None => work.apply_file().await,
        };
        watch.abort();
        work.output.end();
        // a session that stays open on the server is no reason to fail
        let _ = client.sign_out().await;
        match result {
            Err(error) if matches!(error.downcast_ref(), Some(PruneError::Rules(_))) => {
                let text = format!("{error:#}");
                Ok(invalid(&Diagnostic::error("prune-rules", text), &sources))
            }
            other => other,
        }
    })
}

struct Work<'a> {
    args: &'a Args,
    client: &'a Client,
    output: Output,
    cancel: CancellationToken,
}

impl Work<'_> {
    /// Makes a plan, shows it, and applies it if asked to.
    async fn plan(&self, rules: Rules) -> anyhow::Result<ExitCode> {
        let Some(matcher) = self.until_cancelled(compile(self.client, rules)).await? else { return self.interrupted() };
        let now = Timestamp::now();
        self.output.header(&header(self.client, matcher.rules(), now))?;
        let spool = BufWriter::new(self.spool()?);
        let mut shown = Ok(());
        let making = make_plan(self.client, &matcher, now, self.concurrency(), spool, |progress| match progress {
            Progress::Repositories(count) => self.output.begin("reading tags", count),
            Progress::Planned(plan) => {
                self.output.advance(1);
                if shown.is_ok() {
                    shown = self.output.repository(plan);
                }
            }
        });
        let Some((file, totals, brakes)) = self.until_cancelled(making).await? else { return self.interrupted() };
        shown?;
        let spool = file.into_inner().map_err(std::io::IntoInnerError::into_error).context("cannot write the plan")?;
        self.output.totals(&totals, &brakes)?;
        let spool = self.keep(spool)?;
        if let Some(code) = self.stop_before(&totals, &brakes)? {
            return Ok(code);
        }
        let mut reader = open(spool.path())?;
        self.apply(&mut reader, &matcher, totals.removals()).await
    }

    /// Applies the plan of a file.
    async fn apply_file(&self) -> anyhow::Result<ExitCode> {
        let path = self.args.apply.as_deref().context("no plan is given")?;
        let header = open(path)?.header().clone();
        self.check(&header)?;
        let (totals, brakes) =
            open(path)?.totals().with_context(|| format!("cannot use the plan `{}`", path.display()))?;
        self.output.totals(&totals, &brakes)?;
        if let Some(code) = self.stop_before(&totals, &brakes)? {
            return Ok(code);
        }
        let Some(matcher) = self.until_cancelled(compile(self.client, header.rules)).await? else {
            return self.interrupted();
        };
        self.client.verify().await.context("cannot use the given credentials")?;
        self.apply(&mut open(path)?, &matcher, totals.removals()).await
    }

    /// Whether a plan may be applied here and now.
    fn check(&self, header: &Header) -> Result<(), PruneError> {
        let server = self.client.server().to_string();
        if header.server != server {
            return Err(PruneError::OtherServer { planned: header.server.clone(), server });
        }
        let age_hours = Timestamp::now().duration_since(header.created).as_hours();
        let allowed_hours = self.args.max_plan_age;
        if age_hours >= i64::from(allowed_hours) {
            return Err(PruneError::TooOld { age_hours, allowed_hours });
        }
        Ok(())
    }

    /// Ends the run where there is nothing to do or nothing may be done.
    fn stop_before(&self, totals: &Totals, brakes: &[Brake]) -> anyhow::Result<Option<ExitCode>> {
        if !brakes.is_empty() {
            return Ok(Some(ExitCode::Stopped));
        }
        if totals.removals() == 0 {
            self.output.remark("There is nothing to remove.")?;
            return Ok(Some(ExitCode::Success));
        }
        if !self.args.confirm {
            self.output.remark("This is the plan. Nothing was removed; --confirm does it.")?;
            return Ok(Some(ExitCode::Success));
        }
        Ok(None)
    }

    async fn apply(
        &self,
        reader: &mut PlanReader<BufReader<File>>,
        matcher: &Matcher,
        removals: u64,
    ) -> anyhow::Result<ExitCode> {
        self.output.begin("removing tags", removals);
        let applier = Applier {
            client: self.client,
            matcher,
            now: Timestamp::now(),
            concurrency: self.concurrency(),
            cancel: &self.cancel,
        };
        let result: Applied = applier.apply(reader, |count| self.output.advance(count)).await?;
        self.output.end();
        self.output.applied(&result)?;
        Ok(if self.cancel.is_cancelled() {
            ExitCode::Interrupted
        } else if result.is_complete() {
            ExitCode::Success
        } else {
            ExitCode::HostsFailed
        })
    }

    /// Where the plan is written: beside its final place, so that it can be moved there in one step.
    fn spool(&self) -> anyhow::Result<NamedTempFile> {
        let file = match &self.args.plan_out {
            None => NamedTempFile::new(),
            Some(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            }
        };
        file.context("cannot write the plan")
    }

    /// Moves the plan to its final place, if it has one.
    fn keep(&self, spool: NamedTempFile) -> anyhow::Result<Spool> {
        let Some(path) = &self.args.plan_out else { return Ok(Spool::Passing(spool)) };
        spool.persist(path).with_context(|| format!("cannot write the plan to `{}`", path.display()))?;
        Ok(Spool::Kept(path.clone()))
    }

    fn concurrency(&self) -> usize {
        usize::from(self.args.concurrency)
    }

    /// Waits for something that may be given up at any moment.
    async fn until_cancelled<T>(&self, work: impl Future<Output = Result<T, PruneError>>) -> anyhow::Result<Option<T>> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Ok(None),
            result = work => Ok(Some(result?)),
        }
    }

    fn interrupted(&self) -> anyhow::Result<ExitCode> {
        self.output.end();
        self.output.remark("Interrupted. Nothing was removed.")?;
        Ok(ExitCode::Interrupted)
    }
}

/// The plan's file.
enum Spool {
    /// Gone when the run ends.
    Passing(NamedTempFile),
    /// Kept for the user.
    Kept(std::path::PathBuf),
}

impl Spool {
    fn path(&self) -> &Path {
        match self {
            Self::Passing(file) => file.path(),
            Self::Kept(path) => path,
        }
    }
}

fn open(path: &Path) -> anyhow::Result<PlanReader<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("cannot read the plan `{}`", path.display()))?;
    PlanReader::new(BufReader::new(file)).with_context(|| format!("cannot use the plan `{}`", path.display()))
}

/// Shows what is wrong with the rules.
fn invalid(diagnostic: &Diagnostic, sources: &SourceMap) -> ExitCode {
    let text = render(diagnostic, sources, RenderStyle::Plain);
    let mut err = std::io::stderr().lock();
    // nobody to tell if standard error is closed
    let _ = writeln!(err, "{text}");
    ExitCode::Invalid
}
