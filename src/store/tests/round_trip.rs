//! What is written down is read back whole.

use std::collections::{BTreeMap, BTreeSet};

use super::decision::{
    INSTALLATION, LATER, NOW, REPOSITORY, approval, approver, guards, head, hold, lock,
    of_default_branch, of_pull_request, package, proposed, release, runs, staging,
};
use super::empty;
use crate::engine::{Change, Plan, Release, Snapshot};
use crate::model::{
    Actor, ApprovalKind, EnvironmentName, EnvironmentSelector, Freeze, Grantee, GuardFile, Guards,
    Hold, LockKind, LockScope, PackageName, Permission, Protection, QueuePolicy, Timestamp,
};
use crate::store::{Commit, Committed, Confirmation, Done, Scope, Store};

pub(super) async fn write(store: &Store, changes: Vec<Change>) {
    let (_, version) = read(store, &Scope::default()).await;
    let plan = Plan {
        changes,
        ..Plan::default()
    };
    let commit = Commit {
        installation_id: INSTALLATION,
        version,
        plan: &plan,
        done: Done::Nothing,
        released: None,
        now: NOW,
    };
    let committed = store.commit(&commit).await.expect("a commit");
    assert_eq!(committed, Committed::Yes);
}

pub(super) async fn read(store: &Store, scope: &Scope) -> (Snapshot, i64) {
    let scope = Scope {
        installation_id: INSTALLATION,
        ..scope.clone()
    };
    store.snapshot(&scope).await.expect("a snapshot")
}

/// All that is kept about the two releases and their repository.
async fn of_shop(store: &Store) -> Snapshot {
    let scope = Scope {
        releases: BTreeSet::from([release(), proposed()]),
        repositories: BTreeSet::from([package().repository]),
        ..Scope::default()
    };
    read(store, &scope).await.0
}

fn put(release: &Release) -> Vec<Change> {
    let mut changes = vec![Change::PutRelease(Box::new(release.clone()))];
    for ((key, number), run) in &release.runs {
        let name = release.run_name(key, *number);
        changes.push(Change::PutRun(name, Box::new(run.clone())));
    }
    changes
}

/// The release with its runs.
fn with_runs(mut release: Release) -> Release {
    for (name, run) in runs() {
        if name.release == release.name {
            release.runs.insert((name.key, name.number), run);
        }
    }
    release
}

#[tokio::test]
async fn releases_and_runs() {
    let (store, _directory) = empty().await;
    let releases = [of_default_branch(), of_pull_request()].map(with_runs);
    write(&store, releases.iter().flat_map(put).collect()).await;
    let read = of_shop(&store).await.releases;
    assert_eq!(read.into_values().collect::<Vec<_>>(), releases);
}

#[tokio::test]
async fn what_changes_of_a_release() {
    let (store, _directory) = empty().await;
    write(&store, put(&with_runs(of_pull_request()))).await;
    let mut merged = with_runs(of_pull_request());
    merged.goals = None;
    merged.pull_request = Some(6);
    merged.lane = None;
    merged.authors.insert("carol".to_owned());
    merged.reply_to = None;
    merged.package.wave = Some(3);
    let run = merged.runs.values_mut().next().expect("a run");
    run.waits.clear();
    run.wakes_at = None;
    write(&store, put(&merged)).await;
    let read = of_shop(&store).await.releases;
    assert_eq!(read.into_values().collect::<Vec<_>>(), [merged]);
}

fn other(path: &str) -> PackageName {
    PackageName {
        repository: "github.com/acme/other".to_owned(),
        path: path.to_owned(),
    }
}

#[tokio::test]
async fn locks_of_every_scope_and_kind() {
    let (store, _directory) = empty().await;
    let here = package();
    let kinds = [LockKind::Lock, LockKind::Freeze, LockKind::Pin(release())];
    let mut locks = Vec::new();
    for kind in kinds {
        for scope in [
            LockScope::Workspace,
            LockScope::Repository(here.repository.clone()),
            LockScope::Package(here.clone()),
        ] {
            let until = (kind == LockKind::Freeze).then_some(LATER);
            locks.push(lock(scope, kind.clone(), until));
        }
    }
    let elsewhere = LockScope::Repository(other("").repository);
    let elsewhere = lock(elsewhere, LockKind::Lock, None);
    let all = locks.iter().chain([&elsewhere]).cloned();
    write(&store, all.map(Change::PutLock).collect()).await;
    locks.sort();
    assert_eq!(sorted(of_shop(&store).await.locks), locks);

    // The same lock is there once, as it was put last.
    let mut again = lock(LockScope::Workspace, LockKind::Freeze, None);
    again.by = "dave".to_owned();
    again.reason = None;
    write(&store, vec![Change::PutLock(again.clone())]).await;
    locks.retain(|other| other.key() != again.key());
    locks.push(again);
    locks.sort();
    assert_eq!(sorted(of_shop(&store).await.locks), locks);

    let gone = locks.clone().into_iter().map(Change::DeleteLock);
    write(&store, gone.collect()).await;
    assert_eq!(of_shop(&store).await.locks, []);
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

#[tokio::test]
async fn claims_of_pull_requests() {
    let (store, _directory) = empty().await;
    let waiting = Hold {
        pull_request: 5,
        asked_at: LATER,
        granted_at: None,
        ..hold()
    };
    let elsewhere = Hold {
        package: other("release.ocu.star"),
        ..hold()
    };
    let changes = [&hold(), &waiting, &elsewhere].map(|hold| Change::PutHold(hold.clone()));
    write(&store, changes.to_vec()).await;
    let read = sorted(of_shop(&store).await.holds);
    assert_eq!(read, sorted(vec![hold(), waiting.clone()]));

    let granted = Hold {
        granted_at: Some(LATER),
        by: "erin".to_owned(),
        asked_at: NOW,
        ..waiting
    };
    let changes = vec![Change::PutHold(granted.clone()), Change::DeleteHold(hold())];
    write(&store, changes).await;
    assert_eq!(of_shop(&store).await.holds, [granted]);
}

#[tokio::test]
async fn what_people_have_said() {
    let (store, _directory) = empty().await;
    write(&store, put(&of_default_branch())).await;
    let production: EnvironmentName = "production".parse().expect("a name");
    let breaks = |reason: &str| ApprovalKind::BreakGlass {
        reason: reason.to_owned(),
    };
    let erin = Actor {
        login: "erin".to_owned(),
        permission: Permission::Admin,
        grants: BTreeSet::new(),
    };
    let say = |environment: &EnvironmentName, kind, actor: &Actor| {
        let approval = Box::new(approval(kind, actor));
        Change::PutApproval(release(), environment.clone(), approval)
    };
    let changes = vec![
        say(&staging(), ApprovalKind::Approve, &approver()),
        say(&staging(), ApprovalKind::Deploy, &approver()),
        say(&staging(), ApprovalKind::Approve, &erin),
        say(&production, breaks("it burns"), &approver()),
        // Said again, it is in place of what was said before.
        say(&production, breaks("it still burns"), &approver()),
    ];
    write(&store, changes).await;
    let in_staging = vec![
        approval(ApprovalKind::Approve, &approver()),
        approval(ApprovalKind::Approve, &erin),
        approval(ApprovalKind::Deploy, &approver()),
    ];
    let in_production = vec![approval(breaks("it still burns"), &approver())];
    let said = BTreeMap::from([
        ((release(), staging()), in_staging),
        ((release(), production), in_production),
    ]);
    assert_eq!(of_shop(&store).await.approvals, said);
}

/// A file whose rules say all that rules can say.
fn wordy() -> GuardFile {
    let attributes = BTreeMap::from([("type".to_owned(), "prod".to_owned())]);
    let window = || {
        "Mon-Fri 09:00-17:00 Europe/Berlin"
            .parse()
            .expect("a window")
    };
    let everybody = vec![
        Grantee::User("alice".to_owned()),
        Grantee::Team {
            organization: "acme".to_owned(),
            slug: "sre".to_owned(),
        },
        Grantee::Permission(Permission::Maintain),
        Grantee::CodeOwners,
    ];
    let protection = Protection {
        environments: vec![
            EnvironmentSelector::Name(staging()),
            EnvironmentSelector::Attributes(attributes),
        ],
        deploy: everybody.clone(),
        approve: everybody.clone(),
        approvals: 2,
        allow_self: true,
        windows: vec![window()],
        soak_seconds: Some(3600),
        confirm: true,
        pull_requests: true,
        break_glass: everybody,
        queue: QueuePolicy::Manual,
        line: 12,
    };
    let freeze = Freeze {
        environments: vec![EnvironmentSelector::Name(staging())],
        windows: vec!["2026-12-20..2027-01-03 UTC".parse().expect("a window")],
        reason: "holidays".to_owned(),
        line: 20,
    };
    GuardFile {
        repository: package().repository,
        name: "acme/shop".parse().expect("a name"),
        path: package().path,
        is_package: true,
        registers: BTreeSet::new(),
        guards: Guards {
            protections: vec![protection],
            freezes: vec![freeze],
        },
    }
}

#[tokio::test]
async fn rules_of_the_repository_and_those_that_reach_farther() {
    let (store, _directory) = empty().await;
    let elsewhere = |path: &str| GuardFile {
        repository: other("").repository,
        ..guards(path)
    };
    let wide = elsewhere("environments.ocu.star");
    let own = GuardFile {
        registers: BTreeSet::new(),
        ..elsewhere("repo.ocu.star")
    };
    let files = [wordy(), wide.clone(), own];
    let changes = files.map(|file| Change::PutGuards(Box::new(file)));
    write(&store, changes.to_vec()).await;
    assert_eq!(of_shop(&store).await.guards, [wide.clone(), wordy()]);

    // A file that registers nothing any more does not reach farther any more, either.
    let narrow = GuardFile {
        registers: BTreeSet::new(),
        ..wide
    };
    let here = package();
    let changes = vec![
        Change::PutGuards(Box::new(narrow)),
        Change::DeleteGuards(here.repository, here.path),
    ];
    write(&store, changes).await;
    assert_eq!(of_shop(&store).await.guards, []);
}

fn confirmation(login: &str, expires_at: Timestamp) -> Confirmation {
    Confirmation {
        repository_id: REPOSITORY,
        pull_request: 3,
        login: login.to_owned(),
        line: "/ocuroot deploy production".to_owned(),
        head: head(),
        expires_at,
    }
}

#[tokio::test]
async fn commands_that_wait_to_be_confirmed() {
    let (store, _directory) = empty().await;
    let of = async |login: &str, now| {
        let found = store.confirmation(REPOSITORY, 3, login, now).await;
        found.expect("an answer")
    };
    let first = confirmation("alice", LATER);
    store.put_confirmation(&first).await.expect("it is kept");
    assert_eq!(of("alice", NOW).await, Some(first.clone()));
    assert_eq!(of("bob", NOW).await, None);
    assert_eq!(of("alice", LATER).await, None);

    let second = Confirmation {
        line: "/ocuroot undeploy production".to_owned(),
        head: "c".repeat(40).parse().expect("a commit"),
        expires_at: LATER.plus_seconds(1),
        ..first.clone()
    };
    store.put_confirmation(&second).await.expect("it is kept");
    // The first one was confirmed a moment too late.
    let forgotten = store.forget_confirmation(&first).await;
    forgotten.expect("it is not there");
    assert_eq!(of("alice", LATER).await, Some(second.clone()));
    let forgotten = store.forget_confirmation(&second).await;
    forgotten.expect("it is there");
    assert_eq!(of("alice", NOW).await, None);
}

#[tokio::test]
async fn what_has_ended_is_taken_away_and_nothing_else() {
    let (store, _directory) = empty().await;
    let of = |kind, until| lock(LockScope::Workspace, kind, until);
    let ended = of(LockKind::Lock, Some(NOW));
    let locks = [
        of(LockKind::Freeze, Some(LATER)),
        of(LockKind::Pin(release()), None),
    ];
    let put = std::iter::once(&ended).chain(&locks).cloned();
    write(&store, put.map(Change::PutLock).collect()).await;
    let (early, late) = (confirmation("alice", NOW), confirmation("bob", LATER));
    for confirmation in [&early, &late] {
        let kept = store.put_confirmation(confirmation).await;
        kept.expect("it is kept");
    }
    store.forget_what_has_ended(NOW).await.expect("it is gone");
    assert_eq!(of_shop(&store).await.locks, locks);
    // Asked as of a time at which both counted.
    for (login, there) in [("alice", None), ("bob", Some(late))] {
        let found = store.confirmation(REPOSITORY, 3, login, Timestamp(0)).await;
        assert_eq!(found.expect("an answer"), there);
    }

    // One that is put again does not end when it would have.
    let again = of(LockKind::Freeze, None);
    write(&store, vec![Change::PutLock(again.clone())]).await;
    store.forget_what_has_ended(LATER).await.expect("done");
    assert_eq!(of_shop(&store).await.locks, [again, locks[1].clone()]);
}
