//! The functions of the store that are about what pull requests would do, each called once.

use std::collections::BTreeSet;

use super::decision::{INSTALLATION, REPOSITORY, head, package, reference};
use crate::engine::preview::Reading;
use crate::engine::{Change, CommitReport, PackageReport, Plan};
use crate::model::{Diagnostic, Reference, Timestamp};
use crate::store::{Commit, Committed, Done, PullRequestRow, Scope, Store};

/// What a package reads of another one.
fn read() -> Reference {
    reference("github.com/acme/data/-/db/release.ocu.star/@/deploy/staging#output/url")
}

pub(super) fn changes() -> [Change; 3] {
    [
        Change::PutCommitReport {
            repository_id: REPOSITORY,
            commit: head(),
            pull_request: Some(3),
            report: Box::new(CommitReport::default()),
        },
        Change::PutReaders(package(), BTreeSet::from([read()])),
        Change::PreviewAgain(REPOSITORY),
    ]
}

pub(super) async fn call_every_function(store: &Store) -> super::super::Result<()> {
    let reports = store.commit_reports(REPOSITORY, &head()).await?;
    assert_eq!(reports.keys().collect::<Vec<_>>(), [&Some(3)]);
    let staging = "staging".parse().expect("a name");
    store.heads_that_go_to(REPOSITORY, &staging).await?;
    store.open_pull_requests(REPOSITORY).await?;
    let documents = BTreeSet::from([read().document()]);
    let readings = store.readers_of(INSTALLATION, &documents).await?;
    let reading = Reading {
        package: package(),
        reference: read(),
    };
    assert_eq!(readings, BTreeSet::from([reading]));
    Ok(())
}

async fn put(store: &Store, changes: Vec<Change>) -> super::super::Result<()> {
    let (_, version) = store.snapshot(&Scope::default()).await?;
    let plan = Plan {
        changes,
        ..Plan::default()
    };
    let commit = Commit {
        installation_id: 0,
        version,
        plan: &plan,
        done: Done::Nothing,
        released: None,
        now: Timestamp(1),
    };
    assert_eq!(store.commit(&commit).await?, Committed::Yes);
    Ok(())
}

#[tokio::test]
async fn a_commit_has_a_report_for_each_pull_request_and_one_for_none() {
    let (store, _directory) = super::empty().await;
    let report = |number: Option<i64>, title: &str| Change::PutCommitReport {
        repository_id: REPOSITORY,
        commit: head(),
        pull_request: number,
        report: Box::new(CommitReport {
            diagnostics: vec![Diagnostic::error(title, 1, 1, "")],
            ..CommitReport::default()
        }),
    };
    let first = vec![
        report(Some(3), "a"),
        report(None, "b"),
        report(Some(4), "c"),
    ];
    put(&store, first).await.expect("a decision");
    put(&store, vec![report(Some(3), "d")])
        .await
        .expect("a decision");
    let reports = store.commit_reports(REPOSITORY, &head()).await;
    let reports = reports.expect("reports").into_iter();
    let paths: Vec<_> = reports
        .map(|(number, report)| (number, report.diagnostics[0].path.clone()))
        .collect();
    let expected = [(None, "b"), (Some(3), "d"), (Some(4), "c")];
    assert_eq!(
        paths,
        expected.map(|(number, path)| (number, path.to_owned()))
    );
}

#[tokio::test]
async fn what_a_package_read_before_it_reads_no_more() {
    let (store, _directory) = super::empty().await;
    let (read, other) = (
        read(),
        reference("github.com/acme/b/-/b.ocu.star/@/task/build"),
    );
    let documents = BTreeSet::from([read.document(), other.document()]);
    let readings = async |changes| {
        put(&store, changes).await.expect("a decision");
        let readings = store.readers_of(0, &documents).await.expect("readings");
        let readings = readings.into_iter().map(|reading| reading.reference);
        readings.collect::<BTreeSet<_>>()
    };
    let reads = |refs: &[&Reference]| {
        let refs = refs.iter().map(|reference| (*reference).clone());
        vec![Change::PutReaders(package(), refs.collect())]
    };
    let both = BTreeSet::from([read.clone(), other.clone()]);
    assert_eq!(readings(reads(&[&read, &other])).await, both);
    assert_eq!(readings(reads(&[&other])).await, BTreeSet::from([other]));
    assert_eq!(readings(reads(&[])).await, BTreeSet::new());
}

#[tokio::test]
async fn heads_are_found_by_where_their_open_pull_requests_go() {
    let (store, _directory) = super::empty().await;
    let report = PackageReport {
        name: package(),
        reason: String::new(),
        release: None,
        phases: vec![(
            String::new(),
            vec!["deploy/staging".parse().expect("a task")],
        )],
    };
    let change = Change::PutCommitReport {
        repository_id: REPOSITORY,
        commit: head(),
        pull_request: Some(3),
        report: Box::new(CommitReport {
            packages: vec![report],
            ..CommitReport::default()
        }),
    };
    put(&store, vec![change]).await.expect("a decision");
    let mut row = PullRequestRow {
        repository_id: REPOSITORY,
        number: 3,
        head_sha: head(),
        base_ref: "main".to_owned(),
        is_fork: false,
        is_open: true,
    };
    let heads = async |row: &PullRequestRow, environment: &str| {
        let noted = store.put_pull_request(row, Timestamp(1)).await;
        noted.expect("a row");
        let environment = environment.parse().expect("a name");
        let heads = store.heads_that_go_to(REPOSITORY, &environment).await;
        heads.expect("heads").len()
    };
    assert_eq!(heads(&row, "staging").await, 1);
    assert_eq!(heads(&row, "stag").await, 0);
    row.is_open = false;
    assert_eq!(heads(&row, "staging").await, 0);
}
