//! A workflow file, read by the server itself.

use std::collections::{BTreeMap, BTreeSet};

use ocuroot::config::workflow::{check, declared_names, shows_run};
use ocuroot::model::WorkflowCall;

/// A finding is shown on a check run.
const LONGEST: usize = 8_000;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let names = declared_names(text);
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    if shows_run(text) {
        assert!(names.iter().any(|name| name == "ocuroot_run"));
    }
    let call = WorkflowCall {
        file: "deploy.yml".to_owned(),
        inputs: BTreeMap::new(),
        line: 3,
    };
    let found = check("release.ocu.star", &call, names.iter(), Some(text));
    for finding in &found {
        assert_eq!(
            (finding.path.as_str(), finding.line),
            ("release.ocu.star", 3)
        );
        assert!(
            finding.message.len() <= LONGEST,
            "{}",
            finding.message.len()
        );
    }
    let is_dispatchable = found.is_empty();
    assert!(
        is_dispatchable || names.is_empty(),
        "all that is declared was given"
    );
}
