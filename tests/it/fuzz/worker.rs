//! One reader's process: changes inputs and reads them until its time is over.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::mutate::{Pool, changed};
use super::readers::{self, Reader};

/// One input may take no longer. (The binary under test is not optimised, and the machine may be busy.)
const SLOWEST: Duration = Duration::from_secs(20);
/// The process may take no more memory.
const FATTEST_MIB: u64 = 1500;
/// The stack that the command has: its main thread's.
const STACK: usize = 8 << 20;

/// What a process is to do.
#[derive(Debug, Deserialize, Serialize)]
pub struct Job {
    pub reader: String,
    pub seconds: u64,
    pub seed: u64,
    /// Where the input at hand is kept, for whoever wants to know on what the process ended.
    pub folder: PathBuf,
    pub corpus: Option<PathBuf>,
}

/// Reads changed inputs. Ends the process where one is too slow or too fat.
pub fn run(job: &Job) {
    let started = Instant::now();
    let since = Arc::new(AtomicU64::new(u64::MAX));
    watch(started, Arc::clone(&since), job.folder.join("input"));
    let reader = readers::find(&job.reader);
    let pool = Pool::new(seeds(job, reader));
    let work = {
        let (seed, seconds, input) = (job.seed, job.seconds, job.folder.join("input"));
        let name = job.reader.clone();
        move || work(&name, reader, pool, seed, started, Duration::from_secs(seconds), &since, &input)
    };
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
}

#[expect(clippy::too_many_arguments, reason = "one loop and what it works with")]
fn work(
    name: &str,
    reader: &Reader,
    mut pool: Pool,
    seed: u64,
    started: Instant,
    time: Duration,
    since: &AtomicU64,
    input: &Path,
) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut known = HashSet::new();
    let (mut count, mut slowest) = (0_u64, Duration::ZERO);
    let scratch = tempfile::tempdir().unwrap();
    while started.elapsed() < time {
        let text = if count < pool.originals() { pool.original(count) } else { changed(&pool, &mut rng) };
        std::fs::write(input, &text).unwrap();
        let begun = started.elapsed();
        since.store(u64::try_from(begun.as_millis()).unwrap(), Ordering::Relaxed);
        let outcome = catch_unwind(AssertUnwindSafe(|| (reader.read)(&text, scratch.path())));
        since.store(u64::MAX, Ordering::Relaxed);
        let taken = started.elapsed().saturating_sub(begun);
        if taken > slowest {
            slowest = taken;
            std::fs::write(input.with_file_name("slowest"), &text).unwrap();
        }
        let outcome = outcome.unwrap_or_else(|panic| resume_unwind(panic));
        // what makes the reader say something new is worth changing further
        if known.insert(without_details(&outcome)) {
            pool.add(text);
        }
        count += 1;
    }
    let _ = std::fs::remove_file(input);
    println!("fuzzed {name}: {count} inputs, {} outcomes, the slowest {} ms", known.len(), slowest.as_millis());
}

/// An outcome without what it quotes.
fn without_details(outcome: &str) -> String {
    let quoted = outcome.split(['`', '\'', '"']).step_by(2).collect::<Vec<_>>().join("…");
    quoted.chars().filter(|c| !c.is_ascii_digit()).take(200).collect()
}

/// Ends the process when an input takes too long or too much.
fn watch(started: Instant, since: Arc<AtomicU64>, input: PathBuf) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let begun = since.load(Ordering::Relaxed);
            if begun == u64::MAX {
                continue;
            }
            let taken = started.elapsed().saturating_sub(Duration::from_millis(begun));
            let fat = resident_mib();
            if taken > SLOWEST || fat > FATTEST_MIB {
                eprintln!(
                    "after {} s and with {fat} MiB this input was not read: {}",
                    taken.as_secs(),
                    input.display()
                );
                std::process::abort();
            }
        }
    });
}

fn resident_mib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096 / (1 << 20)
}

/// The inputs to begin with.
fn seeds(job: &Job, reader: &Reader) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = reader.folders.iter().map(|folder| root.join(folder)).collect();
    folders.extend(job.corpus.clone());
    let mut seeds: Vec<String> = reader.seeds.iter().map(|seed| (*seed).to_owned()).collect();
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if (reader.wants)(&path)
                && let Ok(text) = std::fs::read_to_string(&path)
                && text.len() < 20_000
            {
                seeds.push(text);
            }
        }
    }
    seeds
}
