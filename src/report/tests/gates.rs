//! What deployments wait for, each gate in its few words and its sentences.

use insta::assert_snapshot;

use super::scene::{NOW, Scene, package_name, release_name};
use crate::engine::gates::Gate;
use crate::model::{Grantee, Hold, Lock, LockKind, LockScope};
use crate::report::gates::{long, short};

fn lock(scope: LockScope, kind: LockKind) -> Gate {
    Gate::Locked(Lock {
        repository: "github.com/acme/shop".to_owned(),
        environment: "staging".parse().expect("a name"),
        scope,
        kind,
        by: "bob".to_owned(),
        reason: Some("load test".to_owned()),
        since: NOW,
        until: None,
    })
}

fn hold(is_granted: bool) -> Hold {
    Hold {
        package: package_name("api"),
        environment: "staging".parse().expect("a name"),
        pull_request: 14,
        by: "sam".to_owned(),
        asked_at: NOW,
        granted_at: is_granted.then_some(NOW),
    }
}

fn approvals(need: u32, have: &[&str], from: &[&str], allow_self: bool) -> Gate {
    Gate::NeedsApproval {
        have: have.iter().map(|login| (*login).to_owned()).collect(),
        need,
        from: from.iter().map(|name| grantee(name)).collect(),
        allow_self,
        place: place(),
    }
}

fn grantee(name: &str) -> Grantee {
    name.parse().expect("somebody")
}

fn place() -> String {
    "acme/shop rules.ocu.star:4".to_owned()
}

#[test]
fn every_gate_says_what_it_is_and_what_would_free_it() {
    let package = LockScope::Package(package_name("api"));
    let repository = LockScope::Repository("github.com/acme/shop".to_owned());
    let (asked, held) = (hold(false), hold(true));
    let later = NOW.plus_seconds(3600);
    let gates = [
        lock(repository, LockKind::Lock),
        lock(LockScope::Workspace, LockKind::Freeze),
        lock(package, LockKind::Pin(release_name("api", 5))),
        Gate::Held(held.clone()),
        Gate::Queued {
            ahead: 2,
            behind: vec![held, asked],
        },
        Gate::NotHeld(12),
        Gate::NoPullRequests { place: place() },
        Gate::Frozen {
            reason: "the launch".to_owned(),
            until: later,
            place: place(),
        },
        Gate::Closed {
            opens: Some(later),
            place: place(),
        },
        Gate::Closed {
            opens: None,
            place: place(),
        },
        Gate::Soaking {
            until: later,
            place: place(),
        },
        approvals(1, &[], &[], false),
        approvals(2, &["sam"], &["@acme/sre", "permission:maintain"], true),
        Gate::NotAsked { place: place() },
        Gate::Behind(release_name("api", 5)),
    ];
    let mut scene = Scene::shop();
    let environment = "staging".parse().expect("a name");
    let tell = |gate: &Gate, scene: &Scene| {
        let words = long(gate, &scene.release, &environment);
        format!("{}\n    {words}\n", short(gate))
    };
    let told: String = gates.iter().map(|gate| tell(gate, &scene)).collect();
    assert_snapshot!(told);
    scene.release.pull_request = None;
    let told: String = gates[11..14]
        .iter()
        .map(|gate| tell(gate, &scene))
        .collect();
    assert_snapshot!("every_gate_of_a_release_of_no_pull_request", told);
}
