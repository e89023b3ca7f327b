//! What somebody is told who asks through the API: kept with their request, in the decision's own transaction.

use std::collections::BTreeSet;

use serde_json::json;

use super::Decision;
use crate::engine::{Answer, Change, Plan};
use crate::model::ReleaseName;
use crate::report;

/// What is known before the decision.
#[derive(Clone, Debug, Default)]
pub(in crate::worker) struct Answered {
    /// The releases that are meant.
    pub(in crate::worker) releases: BTreeSet<ReleaseName>,
    /// The refs that are meant.
    pub(in crate::worker) references: Vec<String>,
}

/// The answer as JSON, if somebody waits for one: what is said in plain words and to programs, and what it is about.
pub(super) fn text(plan: &Plan, decision: &Decision<'_>) -> Option<String> {
    let answered = decision.answered.as_ref()?;
    let is_refused = decision.is_refused || plan.answers.iter().any(report::is_refusal);
    let mut words = decision.said.clone();
    words.extend(report::answers(&plan.answers));
    let words: Vec<String> = words
        .iter()
        .map(|words| report::terminal_words(words))
        .collect();
    let mut results = decision.told.clone();
    results.extend(report::for_machines(&plan.answers));
    let mut releases = answered.releases.clone();
    for answer in &plan.answers {
        if let Answer::Released(made) = answer {
            releases.extend(made.iter().cloned());
        }
    }
    let reports = plan.changes.iter().filter_map(|change| match change {
        Change::PutCommitReport { report, .. } => Some(report),
        _ => None,
    });
    let (mut environments, mut diagnostics) = (Vec::new(), Vec::new());
    for report in reports {
        let names = report.environments.iter();
        environments.extend(names.map(|environment| environment.name.to_string()));
        diagnostics.extend(
            report
                .diagnostics
                .iter()
                .map(|found| json!({ "message": found.to_string(), "is_error": found.is_error() })),
        );
    }
    let releases: Vec<String> = releases.iter().map(ToString::to_string).collect();
    let answer = json!({
        "is_refused": is_refused,
        "words": words,
        "results": results,
        "releases": releases,
        "references": answered.references,
        "environments": environments,
        "diagnostics": diagnostics,
    });
    Some(answer.to_string())
}
