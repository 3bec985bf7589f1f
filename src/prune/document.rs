//! The plan as a file: one JSON record on each line, so that a plan for a million tags is written and read in a small space,
//! and `grep` and `jq` find a tag in it. First a header, then one record for each repository, last the counts; a file
//! without its last record was cut off and is not applied.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::brakes::{Brake, Totals};
use super::plan::RepositoryPlan;
use super::rules::Rules;

/// The version of the format that this program writes and reads.
pub const PLAN_VERSION: u32 = 1;

/// What the plan is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The format's version.
    pub version: u32,
    /// The registry's URL without a trailing slash; the plan is applied to no other.
    pub server: String,
    /// When the plan was made; ages count up to here.
    pub created: Timestamp,
    /// The rules that it was made by.
    pub rules: Rules,
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanRecord {
    /// The first line.
    Plan(Box<Header>),
    /// The decisions for one repository.
    Repository(RepositoryPlan),
    /// The last line: the counts, and the limits that the plan passes.
    End {
        /// The counts.
        totals: Totals,
        /// Why the plan is not to be applied, if there is a reason.
        brakes: Vec<Brake>,
    },
}

/// A plan cannot be written or read.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PlanFileError {
    #[error("cannot write the plan")]
    Write(#[source] io::Error),
    #[error("cannot read the plan")]
    Read(#[source] io::Error),
    #[error("line {line} of the plan is not a record of a plan")]
    Syntax {
        line: u64,
        #[source]
        source: serde_json::Error,
    },
    #[error("the plan has the format version {found}, and this program reads version {PLAN_VERSION}")]
    Version { found: u32 },
    #[error("the plan does not begin with its header")]
    NoHeader,
    #[error("the plan was cut off: its last record is missing")]
    CutOff,
    #[error("line {line} of the plan stands after its end")]
    AfterEnd { line: u64 },
    #[error("line {line} of the plan is a second header")]
    SecondHeader { line: u64 },
}

/// Writes a plan as it comes into being.
#[derive(Debug)]
pub struct PlanWriter<W: Write> {
    out: W,
    rules: Rules,
    totals: Totals,
    brakes: Vec<Brake>,
}

impl<W: Write> PlanWriter<W> {
    /// Begins with the header.
    pub fn new(out: W, header: Header) -> Result<Self, PlanFileError> {
        let rules = header.rules.clone();
        let mut writer = Self { out, rules, totals: Totals::default(), brakes: Vec::new() };
        writer.line(&PlanRecord::Plan(Box::new(header)))?;
        Ok(writer)
    }

    /// Adds a repository.
    pub fn repository(&mut self, plan: RepositoryPlan) -> Result<(), PlanFileError> {
        self.totals.add(&plan);
        self.brakes.extend(Brake::of_repository(&self.rules.brakes, &plan));
        self.line(&PlanRecord::Repository(plan))
    }

    /// Ends the plan; gives the counts and the limits that it passes.
    pub fn finish(mut self) -> Result<(W, Totals, Vec<Brake>), PlanFileError> {
        self.brakes.extend(Brake::of_run(&self.rules.brakes, &self.totals));
        let (totals, brakes) = (self.totals, std::mem::take(&mut self.brakes));
        self.line(&PlanRecord::End { totals, brakes: brakes.clone() })?;
        self.out.flush().map_err(PlanFileError::Write)?;
        Ok((self.out, totals, brakes))
    }

    fn line(&mut self, record: &PlanRecord) -> Result<(), PlanFileError> {
        serde_json::to_writer(&mut self.out, record).map_err(|error| PlanFileError::Write(error.into()))?;
        self.out.write_all(b"\n").map_err(PlanFileError::Write)
    }
}

/// Reads a plan, repository by repository.
#[derive(Debug)]
pub struct PlanReader<R: BufRead> {
    input: R,
    line: u64,
    header: Header,
    ended: bool,
}

impl<R: BufRead> PlanReader<R> {
    /// Reads the header.
    pub fn new(mut input: R) -> Result<Self, PlanFileError> {
        let mut line = 0;
        // the version first: a later format may have fields that this program does not know
        let text = next_line(&mut input, &mut line)?.ok_or(PlanFileError::NoHeader)?;
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|source| PlanFileError::Syntax { line, source })?;
        let version = value.get("plan").and_then(|plan| plan.get("version")).and_then(serde_json::Value::as_u64);
        let version = version.ok_or(PlanFileError::NoHeader)?;
        if version != u64::from(PLAN_VERSION) {
            return Err(PlanFileError::Version { found: u32::try_from(version).unwrap_or(u32::MAX) });
        }
        match serde_json::from_str(&text).map_err(|source| PlanFileError::Syntax { line, source })? {
            PlanRecord::Plan(header) => Ok(Self { input, line, header: *header, ended: false }),
            PlanRecord::Repository(_) | PlanRecord::End { .. } => Err(PlanFileError::NoHeader),
        }
    }

    /// What the plan is for.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the whole plan once and counts it anew: a reviewer may have taken decisions out.
    pub fn totals(mut self) -> Result<(Totals, Vec<Brake>), PlanFileError> {
        let (mut totals, mut brakes) = (Totals::default(), Vec::new());
        while let Some(plan) = self.next_repository()? {
            totals.add(&plan);
            brakes.extend(Brake::of_repository(&self.header.rules.brakes, &plan));
        }
        brakes.extend(Brake::of_run(&self.header.rules.brakes, &totals));
        Ok((totals, brakes))
    }

    /// The next repository; `None` at the proper end.
    pub fn next_repository(&mut self) -> Result<Option<RepositoryPlan>, PlanFileError> {
        if self.ended {
            return Ok(None);
        }
        let text = next_line(&mut self.input, &mut self.line)?.ok_or(PlanFileError::CutOff)?;
        let line = self.line;
        match serde_json::from_str(&text).map_err(|source| PlanFileError::Syntax { line, source })? {
            PlanRecord::Repository(plan) => Ok(Some(plan)),
            PlanRecord::Plan(_) => Err(PlanFileError::SecondHeader { line }),
            PlanRecord::End { .. } => {
                self.ended = true;
                match next_line(&mut self.input, &mut self.line)? {
                    None => Ok(None),
                    Some(_) => Err(PlanFileError::AfterEnd { line: self.line }),
                }
            }
        }
    }
}

/// The next line that is not empty.
fn next_line(input: &mut impl BufRead, line: &mut u64) -> Result<Option<String>, PlanFileError> {
    loop {
        let mut text = String::new();
        if input.read_line(&mut text).map_err(PlanFileError::Read)? == 0 {
            return Ok(None);
        }
        *line += 1;
        if !text.trim().is_empty() {
            return Ok(Some(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prune::plan::tests::{any_rules, any_tag, now, tag};
    use crate::prune::{KeepList, Matcher, RepositoryTags, plan_repository};

    fn write(rules: &Rules, repositories: &[RepositoryTags]) -> (String, Totals, Vec<RepositoryPlan>) {
        let matcher = Matcher::new(rules.clone(), KeepList::new()).unwrap();
        let header = Header {
            version: PLAN_VERSION,
            server: "https://quay.example.com".into(),
            created: now(),
            rules: rules.clone(),
        };
        let mut writer = PlanWriter::new(Vec::new(), header).unwrap();
        let plans: Vec<_> = repositories.iter().map(|tags| plan_repository(tags, &matcher, now())).collect();
        for plan in &plans {
            writer.repository(plan.clone()).unwrap();
        }
        let (bytes, totals, _) = writer.finish().unwrap();
        (String::from_utf8(bytes).unwrap(), totals, plans)
    }

    fn read(text: &str) -> Result<Vec<RepositoryPlan>, PlanFileError> {
        let mut reader = PlanReader::new(text.as_bytes())?;
        let mut plans = Vec::new();
        while let Some(plan) = reader.next_repository()? {
            plans.push(plan);
        }
        Ok(plans)
    }

    fn sample() -> String {
        let tags = vec![tag("a", 1), tag("b", 30), tag("c", 900)];
        write(&Rules::older_than(7), &[RepositoryTags { namespace: "acme".into(), name: "app".into(), tags }]).0
    }

    #[test]
    fn the_file_reads_well() {
        let text = sample();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with(r#"{"plan":{"version":1,"server":"https://quay.example.com","created":"2026-11-21T12:00:00Z","rules":{"days":7,"#));
        assert!(lines[1].starts_with(
            r#"{"repository":{"namespace":"acme","repository":"app","tags":[{"tag":"a","digest":"sha256:"#
        ));
        assert!(
            lines[1].contains(r#""decision":{"action":"keep","because":{"younger":{"limit_days":7,"age_days":1}}}"#)
        );
        assert!(lines[1].contains(r#""decision":{"action":"expire","age_days":30,"limit_days":7}"#));
        assert!(lines[1].contains(
            r#""decision":{"action":"delete","age_days":900,"limit_days":7,"because":{"too_old_to_expire":{"weeks":104}}}"#
        ));
        assert_eq!(
            lines[2],
            r#"{"end":{"totals":{"repositories":1,"tags":3,"keep":1,"already_expiring":0,"expire":1,"delete":1},"brakes":[]}}"#
        );
    }

    #[test]
    fn a_file_that_is_not_a_whole_plan_is_refused() {
        let text = sample();
        let lines: Vec<&str> = text.lines().collect();
        let message = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(message(""), "the plan does not begin with its header");
        assert_eq!(message(lines[1]), "the plan does not begin with its header");
        assert_eq!(message(&lines[..2].join("\n")), "the plan was cut off: its last record is missing");
        assert_eq!(
            message(&lines[0].replace("\"version\":1", "\"version\":9")),
            "the plan has the format version 9, and this program reads version 1"
        );
        assert_eq!(
            message(&format!("{}\n{}", lines[0], &lines[1][..90])),
            "line 2 of the plan is not a record of a plan"
        );
        assert_eq!(message(&format!("{text}{}", lines[1])), "line 4 of the plan stands after its end");
        assert_eq!(message(&format!("{}\n{}", lines[0], lines[0])), "line 2 of the plan is a second header");
        assert_eq!(
            message(&text.replace("\"action\":\"expire\"", "\"action\":\"destroy\"")),
            "line 2 of the plan is not a record of a plan"
        );
    }

    proptest! {
        #[test]
        fn a_plan_reads_as_it_was_written(tags in prop::collection::vec(any_tag(), 0..20), rules in any_rules()) {
            let repositories = [
                RepositoryTags { namespace: "acme".into(), name: "app".into(), tags },
                RepositoryTags { namespace: "acme".into(), name: "empty".into(), tags: vec![] },
            ];
            let (text, totals, plans) = write(&rules, &repositories);
            prop_assert_eq!(read(&text).unwrap(), plans);
            let reader = PlanReader::new(text.as_bytes()).unwrap();
            prop_assert_eq!(&reader.header().rules, &rules);
            prop_assert_eq!(reader.totals().unwrap().0, totals);
        }
    }
}
