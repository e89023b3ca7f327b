//! What a file declares, planned and told, as the server does it after the sandbox has answered.

use ocuroot::config::Evaluation;
use ocuroot::engine::{Candidate, Change, NewReleases, Plan, Snapshot, Trigger, plan};
use ocuroot::model::{CommitSha, PackageName, Progress, Reference, Timestamp};
use ocuroot::report::{CommitSection, commit_check, release_check, run_check};

const NOW: Timestamp = Timestamp(1_795_424_400_000);

/// GitHub takes no longer title and no longer text.
const LONGEST_TEXT: usize = 65_535;
const LONGEST_TITLE: usize = 1_000;

/// Makes a release of what an evaluation declares. Answers how things stand then.
pub fn of(evaluation: &Evaluation) -> Snapshot {
    let commit: CommitSha = "c".repeat(40).parse().expect("a commit");
    let name = PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: "api/release.ocu.star".to_owned(),
    };
    let candidates = evaluation.package.iter().map(|package| Candidate {
        name: name.clone(),
        package: package.clone(),
        reason: "api/release.ocu.star".to_owned(),
    });
    let new = NewReleases {
        packages: candidates.collect(),
        environments: evaluation.environments.clone(),
        diagnostics: evaluation.diagnostics.clone(),
        repository: Some("github.com/acme/shop".to_owned()),
        ..NewReleases::of(11, commit)
    };
    let preview = plan(Snapshot::default(), &[Trigger::Preview(new.clone())], NOW);
    tell_commit(&preview);
    decide(Snapshot::default(), &[Trigger::Release(new)])
}

/// One decision: the same each time, complete, and told in texts that GitHub takes.
pub fn decide(snapshot: Snapshot, triggers: &[Trigger]) -> Snapshot {
    let decision = plan(snapshot.clone(), triggers, NOW);
    assert_eq!(decision, plan(snapshot.clone(), triggers, NOW));
    tell_commit(&decision);
    let mut after = snapshot;
    for change in decision.changes {
        keep(&mut after, change);
    }
    tell_releases(&after);
    after
}

fn keep(snapshot: &mut Snapshot, change: Change) {
    match change {
        Change::PutRelease(release) => {
            let mut release = *release;
            if let Some(before) = snapshot.releases.remove(&release.name) {
                release.runs = before.runs;
            }
            snapshot.releases.insert(release.name.clone(), release);
        }
        Change::PutRun(name, run) => {
            let release = snapshot.releases.get_mut(&name.release);
            let release = release.expect("a run's release is put before it");
            release.runs.insert((name.key, name.number), *run);
        }
        Change::PutDocument(reference, value) => put(snapshot, reference, value),
        Change::DeleteDocument(reference) => {
            snapshot.documents.remove(&reference);
        }
        Change::PutRegistration(name, registration) => {
            snapshot.registrations.insert(name, registration);
        }
        _ => {}
    }
}

fn put(snapshot: &mut Snapshot, reference: Reference, value: serde_json::Value) {
    super::reference::check(&reference);
    if let Ok(environment) = serde_json::from_value::<ocuroot::model::Environment>(value.clone())
        && reference.to_string().starts_with("@/environment/")
    {
        snapshot
            .environments
            .insert(environment.name.clone(), environment);
    }
    snapshot.documents.insert(reference, value);
}

fn tell_commit(decision: &Plan) {
    for change in &decision.changes {
        if let Change::PutCommitReport { report, .. } = change {
            let section = CommitSection {
                report: (**report).clone(),
                ..CommitSection::default()
            };
            told(&commit_check(&[section]));
        }
    }
}

fn tell_releases(snapshot: &Snapshot) {
    for release in snapshot.releases.values() {
        told(&release_check(release, snapshot, &Progress::default(), NOW));
        for (key, number) in release.runs.keys() {
            let name = release.run_name(key, *number);
            if let Some(text) = run_check(release, &name, &Progress::default(), &[]) {
                told(&text);
            }
        }
    }
}

fn told(text: &ocuroot::report::CheckText) {
    assert!(text.summary.len() <= LONGEST_TEXT, "{}", text.summary.len());
    assert!(
        text.title.chars().count() <= LONGEST_TITLE,
        "{}",
        text.title
    );
    assert!(text.buttons.len() <= 3);
    super::words::is_inert(&text.summary);
}
