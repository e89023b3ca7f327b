//! A decision with every kind of change in it.

use super::{intent_branches, previews};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::engine::plan::Call;
use crate::engine::{Change, Effect, Plan, Release, Run};
use crate::model::{
    Actor, Approval, ApprovalKind, AuditEntry, CommitSha, EnvironmentName, EnvironmentSelector,
    Grantee, GuardFile, Guards, Hold, Lock, LockKind, LockScope, PackageName, Permission,
    Protection, Reference, ReleaseName, ReleaseNumber, RunKind, RunName, RunNumber, RunState,
    Timestamp, Verdict, latest_document,
};

pub(super) const INSTALLATION: i64 = 7;
pub(super) const REPOSITORY: i64 = 11;
pub(super) const NOW: Timestamp = Timestamp(1_000_000);
pub(super) const LATER: Timestamp = Timestamp(9_000_000);

pub(super) fn package() -> PackageName {
    PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: "api/release.ocu.star".to_owned(),
    }
}

/// Of the default branch.
pub(super) fn release() -> ReleaseName {
    ReleaseName {
        package: package(),
        number: ReleaseNumber(1),
    }
}

/// Of an open pull request.
pub(super) fn proposed() -> ReleaseName {
    ReleaseName {
        number: ReleaseNumber(2),
        ..release()
    }
}

pub(super) fn head() -> CommitSha {
    "a".repeat(40).parse().expect("a commit")
}

fn proposed_head() -> CommitSha {
    "b".repeat(40).parse().expect("a commit")
}

/// The run that starts: the second one, after one that has succeeded.
pub(super) fn run() -> RunName {
    RunName {
        release: release(),
        key: "deploy/staging".parse().expect("a task"),
        number: RunNumber(2),
    }
}

pub(super) fn staging() -> EnvironmentName {
    "staging".parse().expect("a name")
}

pub(super) fn reference(text: &str) -> Reference {
    text.parse().expect("a ref")
}

pub(super) fn tagged() -> Reference {
    reference("github.com/acme/shop/-/api/release.ocu.star/@v1/deploy/staging")
}

/// The claim of the open pull request.
pub(super) fn hold() -> Hold {
    Hold {
        package: package(),
        environment: staging(),
        pull_request: 4,
        by: "bob".to_owned(),
        asked_at: NOW,
        granted_at: Some(LATER),
    }
}

pub(super) fn lock(scope: LockScope, kind: LockKind, until: Option<Timestamp>) -> Lock {
    Lock {
        repository: "github.com/acme/shop".to_owned(),
        environment: staging(),
        scope,
        kind,
        by: "carol".to_owned(),
        reason: Some("the audit".to_owned()),
        since: NOW,
        until,
    }
}

pub(super) fn guards(path: &str) -> GuardFile {
    GuardFile {
        repository: package().repository,
        name: "acme/shop".parse().expect("a name"),
        path: path.to_owned(),
        is_package: false,
        registers: BTreeSet::from([staging()]),
        guards: Guards {
            protections: vec![Protection {
                environments: vec![EnvironmentSelector::Name(staging())],
                approvals: 2,
                line: 3,
                ..Protection::default()
            }],
            freezes: Vec::new(),
        },
    }
}

pub(super) fn approval(kind: ApprovalKind, actor: &Actor) -> Approval {
    Approval {
        kind,
        by: actor.login.clone(),
        at: NOW,
        plan: "0123".to_owned(),
        permission: actor.permission,
        grants: actor.grants.clone(),
    }
}

pub(super) fn approver() -> Actor {
    Actor {
        login: "dave".to_owned(),
        permission: Permission::Maintain,
        grants: BTreeSet::from([Grantee::CodeOwners]),
    }
}

pub(super) fn of_default_branch() -> Release {
    let task = json!({ "key": "deploy/staging", "action": { "function": { "file": "f", "name": "up" } },
                       "inputs": { "by": { "ref": tagged() } } });
    let file = json!({ "phases": [{ "name": "one", "tasks": [task] }] });
    Release {
        name: release(),
        repository_id: REPOSITORY,
        commit: head(),
        package: serde_json::from_value(file).expect("a package"),
        goals: None,
        pull_request: Some(3),
        lane: None,
        base: None,
        authors: BTreeSet::new(),
        reply_to: None,
        is_again: false,
        created_at: NOW,
        runs: BTreeMap::new(),
    }
}

pub(super) fn of_pull_request() -> Release {
    Release {
        name: proposed(),
        commit: proposed_head(),
        goals: Some(BTreeSet::from([staging()])),
        pull_request: Some(4),
        lane: Some(4),
        base: Some(head()),
        authors: BTreeSet::from(["alice".to_owned(), "bob".to_owned()]),
        reply_to: Some(4),
        ..of_default_branch()
    }
}

/// The runs of both releases: one that is complete, one that starts, and one that waits.
pub(super) fn runs() -> [(RunName, Run); 3] {
    let release = of_default_branch();
    let task = release.package.tasks().next().expect("a task");
    let mut waiting = Run::pending(RunKind::Up, task.action.clone(), task.inputs.clone(), NOW);
    waiting.waits.insert(tagged());
    waiting.wakes_at = Some(LATER);
    let starting = Run {
        state: RunState::Starting,
        fence: 1,
        started_at: Some(NOW),
        waits: BTreeSet::new(),
        wakes_at: None,
        ..waiting.clone()
    };
    let complete = Run {
        state: RunState::Complete,
        outputs: BTreeMap::from([("url".to_owned(), json!("https://a"))]),
        error: Some("it was slow".to_owned()),
        finished_at: Some(LATER),
        ..starting.clone()
    };
    let name = |release, number| RunName {
        release,
        number: RunNumber(number),
        ..run()
    };
    [
        (name(release.name, 1), complete),
        (run(), starting),
        (name(proposed(), 1), waiting),
    ]
}

/// A decision with every kind of change, and a call of each kind of conflict.
pub(super) fn plan() -> Plan {
    let runs = runs().map(|(name, run)| Change::PutRun(name, Box::new(run)));
    let mut changes = vec![
        Change::PutRelease(Box::new(of_default_branch())),
        Change::PutRelease(Box::new(of_pull_request())),
    ];
    changes.extend(runs);
    changes.extend(documents());
    changes.extend(standing());
    changes.extend(messages());
    changes.extend(intent_branches::changes());
    changes.extend(previews::changes());
    changes.push(Change::Audit(Box::new(AuditEntry {
        actor: Some("alice".to_owned()),
        action: "deploy".to_owned(),
        subject: run().to_string(),
        verdict: Verdict::Allowed,
        reason_code: "may_push".to_owned(),
        detail: json!({}),
    })));
    let calls = [
        Call::Dispatch {
            run: run(),
            fence: 1,
        },
        Call::RunCheck { run: run() },
    ];
    let effect = |call| Effect {
        repository_id: REPOSITORY,
        call,
    };
    Plan {
        changes,
        effects: calls.map(effect).to_vec(),
        ..Plan::default()
    }
}

fn documents() -> Vec<Change> {
    let document = json!({ "release": release().to_string() });
    let latest = latest_document(&package(), &run().key);
    vec![
        Change::PutDocument(latest, document.clone()),
        Change::PutDocument(release().document(&run().key), document),
        Change::PutDocument(
            reference("@/environment/staging"),
            json!({"name": "staging"}),
        ),
        Change::DeleteDocument(reference("@/environment/gone")),
        Change::PutTag(package(), "v1".to_owned(), release()),
        Change::WatchAlso(package(), vec!["docs".to_owned()]),
    ]
}

/// What stands in the way; some of it is taken away again.
fn standing() -> Vec<Change> {
    let everywhere = lock(LockScope::Workspace, LockKind::Freeze, Some(LATER));
    let gone = Hold {
        pull_request: 5,
        ..hold()
    };
    let file = guards("gone.ocu.star");
    let approval = approval(ApprovalKind::Approve, &approver());
    vec![
        Change::PutGuards(Box::new(guards("repo.ocu.star"))),
        Change::PutGuards(Box::new(file.clone())),
        Change::DeleteGuards(file.repository, file.path),
        Change::PutLock(everywhere.clone()),
        Change::DeleteLock(everywhere),
        Change::PutHold(hold()),
        Change::PutHold(gone.clone()),
        Change::DeleteHold(gone),
        Change::DeleteApprovals(release(), staging()),
        Change::PutApproval(release(), staging(), Box::new(approval)),
    ]
}

fn messages() -> Vec<Change> {
    let wake = |at| Change::Wake {
        at,
        packages: BTreeSet::from([package()]),
        environments: BTreeSet::from([staging()]),
        documents: BTreeSet::new(),
    };
    let wake_waiting = Change::Wake {
        at: None,
        packages: BTreeSet::new(),
        environments: BTreeSet::new(),
        documents: BTreeSet::from([tagged()]),
    };
    vec![
        wake_waiting,
        Change::Replan(package()),
        wake(None),
        wake(Some(LATER)),
        Change::LetGo(package(), staging(), 4),
    ]
}
