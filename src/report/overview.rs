//! The one comment that is kept up to date on a pull request: what it releases, and where that is.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::gates::{self, holders};
use super::{check_name, markdown};
use crate::engine::gates::queue_before;
use crate::engine::status::{self, ReleaseStatus, Waiting};
use crate::engine::{CommitReport, Release, Snapshot};
use crate::model::{EnvironmentName, LiveDeployment, RunState, TaskKey, Timestamp};

/// All that is known of a pull request.
#[derive(Clone, Debug)]
pub struct Overview<'a> {
    /// Its number.
    pub number: i64,
    /// Whether it is open.
    pub is_open: bool,
    /// Whether its commits are a stranger's.
    pub is_fork: bool,
    /// What its head would release.
    pub report: Option<&'a CommitReport>,
    /// The newest release of each package that it, or its merge, has made.
    pub releases: Vec<&'a Release>,
    /// What stands in their way.
    pub snapshot: &'a Snapshot,
    /// What is live of the repository's packages.
    pub live: &'a [LiveDeployment],
}

impl Overview<'_> {
    /// Whether there is anything worth a comment.
    pub fn has_news(&self) -> bool {
        let report = self.report.is_some_and(|report| {
            !report.packages.is_empty()
                || !report.environments.is_empty()
                || !report.diagnostics.is_empty()
        });
        report || !self.releases.is_empty()
    }
}

/// The comment.
pub fn overview(pull: &Overview<'_>, now: Timestamp) -> String {
    let mut text = format!("### {}\n\n", title(pull));
    if pull.is_open {
        text.push_str(&proposed(pull));
    }
    if !pull.is_open && pull.releases.is_empty() {
        text.push_str("Nothing of it has been released.\n");
    }
    for release in &pull.releases {
        text.push_str(&one_release(pull, release, now));
    }
    text.push_str(&held(pull));
    if pull.is_open {
        text.push_str(if pull.is_fork { FORK } else { HOW_TO });
    }
    markdown::fit(text)
}

const HOW_TO: &str = "\n<details>\n<summary>Commands</summary>\n\nWrite these in a comment, at the start of a line:\n\n\
    - `/ocuroot deploy <environment>` releases the head commit up to there and holds the environment for this pull \
    request.\n\
    - `/ocuroot approve` approves what waits for approval.\n\
    - `/ocuroot why <environment>` says what is there, what waits, and for what.\n\
    - `/ocuroot undeploy <environment>` gives it back to the release of the default branch.\n\
    - `/ocuroot help` lists the others.\n\n</details>\n";

const FORK: &str = "\nIts commits are in a fork: they are previewed, never run. Pushed to a branch of this repository they \
    can be deployed before the merge.\n";

fn title(pull: &Overview<'_>) -> String {
    if !pull.is_open {
        return "Where this change is".to_owned();
    }
    let names = pull.report.map(|report| {
        let packages = report.packages.iter();
        let names: Vec<String> = packages
            .map(|package| markdown::code(package.name.short()))
            .collect();
        names
    });
    match names {
        Some(names) if !names.is_empty() => {
            format!("Merging this releases {}", markdown::listed(&names))
        }
        _ => "Merging this releases nothing".to_owned(),
    }
}

/// What the reader should know before merging, in a line or two; the check has the details.
fn proposed(pull: &Overview<'_>) -> String {
    let Some(report) = pull.report else {
        return String::new();
    };
    let errors = report
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .count();
    let mut text = String::new();
    if errors > 0 {
        let _ = writeln!(
            text,
            "❌ The configuration has {errors} error{}; the check `ocuroot` shows where.\n",
            if errors == 1 { "" } else { "s" }
        );
    }
    if !report.packages.is_empty() {
        text.push_str(
            "The check `ocuroot` shows the phases, what stands in the way, and who decides.\n\n",
        );
    }
    if !report.environments.is_empty() {
        let names = report.environments.iter();
        let names: Vec<String> = names
            .map(|environment| markdown::code(environment.name.as_str()))
            .collect();
        let _ = writeln!(
            text,
            "It adds or changes the environments {}.\n",
            markdown::listed(&names)
        );
    }
    text
}

fn one_release(pull: &Overview<'_>, release: &Release, now: Timestamp) -> String {
    let status = status::of_release(release, pull.snapshot, now);
    let mut text = format!(
        "**{} {}** {}.\n\n",
        markdown::code(release.name.package.short()),
        release.name.number,
        words(status, &markdown::code(&check_name(&release.name.package))),
    );
    let places: Vec<&EnvironmentName> = release
        .planned_tasks()
        .filter_map(|task| task.key.environment())
        .collect();
    if places.is_empty() {
        return text;
    }
    text.push_str("| environment | this change |\n| --- | --- |\n");
    for place in places {
        let _ = writeln!(
            text,
            "| {} | {} |",
            markdown::cell(&markdown::code(place.as_str())),
            markdown::cell(&here(pull, release, place, now))
        );
    }
    text.push('\n');
    text
}

fn words(status: ReleaseStatus, check: &str) -> String {
    match status {
        ReleaseStatus::Running => format!("is running ({check})"),
        ReleaseStatus::Failed => format!("has failed; the check {check} says why"),
        ReleaseStatus::Blocked => format!("waits for people; the check {check} says what to do"),
        ReleaseStatus::Waiting => format!("waits; the check {check} says for what"),
        ReleaseStatus::Cancelled => format!("was cancelled ({check})"),
        ReleaseStatus::Superseded => format!("was superseded ({check})"),
        ReleaseStatus::Complete => format!("is done ({check})"),
    }
}

/// Whether the change is in an environment: by its own release, or by a later one of the default branch that contains
/// it.
fn here(pull: &Overview<'_>, release: &Release, place: &EnvironmentName, now: Timestamp) -> String {
    let live = pull
        .live
        .iter()
        .find(|live| live.package == release.name.package && live.environment == *place);
    let contains = live.filter(|live| {
        live.release == release.name
            || (release.lane.is_none()
                && live.pull_request.is_none()
                && live.release.number > release.name.number)
    });
    if let Some(live) = contains {
        let with = if live.release == release.name {
            String::new()
        } else {
            format!(" with {}", live.release.number)
        };
        let link = markdown::link("✅ live", live.url.as_ref());
        return format!("{link}{with} since {}", markdown::time(live.since));
    }
    let key = TaskKey::Deploy(place.clone());
    let Some((_, run)) = release.standing_run(&key) else {
        return "—".to_owned();
    };
    match run.state {
        RunState::Complete => "⏏️ was live".to_owned(),
        RunState::Failed => "❌ failed".to_owned(),
        RunState::Cancelled => "⛔ cancelled".to_owned(),
        RunState::Superseded => "⏭️ superseded".to_owned(),
        RunState::Starting | RunState::Running | RunState::Cancelling => "🏃 on its way".to_owned(),
        RunState::Pending | RunState::Paused => {
            match status::waiting(release, &key, run, pull.snapshot, now) {
                Some(Waiting::ForGates(found)) => {
                    let found: Vec<String> = found.iter().map(gates::short).collect();
                    found.join("; ")
                }
                Some(Waiting::ForInputs(_)) => "✋ waits for input".to_owned(),
                Some(Waiting::ForRelease(other)) => format!("⏳ after {}", other.number),
                _ => "⏳ comes later".to_owned(),
            }
        }
    }
}

/// What the pull request holds, and what it waits for.
fn held(pull: &Overview<'_>) -> String {
    let own = |is_granted: bool| {
        let holds = pull.snapshot.holds.iter();
        holds.filter(move |hold| {
            hold.pull_request == pull.number && hold.granted_at.is_some() == is_granted
        })
    };
    let mut text = String::new();
    let granted: BTreeSet<String> = own(true)
        .map(|hold| markdown::code(hold.environment.as_str()))
        .collect();
    if !granted.is_empty() {
        let granted: Vec<String> = granted.into_iter().collect();
        let _ = writeln!(
            text,
            "🔒 This pull request holds {} until it is merged or closed; `/ocuroot undeploy <environment>` gives \
             one back earlier.",
            granted.join(", ")
        );
    }
    if let Some(first) = own(false).next() {
        let waiting: BTreeSet<String> = own(false)
            .map(|hold| markdown::code(hold.environment.as_str()))
            .collect();
        let waiting: Vec<String> = waiting.into_iter().collect();
        let behind = queue_before(&pull.snapshot.holds, first);
        let _ = writeln!(
            text,
            "⏳ It waits for {}, behind {}.",
            waiting.join(", "),
            holders(&behind)
        );
    }
    text
}
