//! Locks, pins and rules: what waits for them goes on as soon as they are gone, and no decision acts on what it was
//! not shown. Each story is told a second time with everything at hand, and must come to the same.

use insta::assert_snapshot;

use super::record::{
    Record, actor, failed, package, package_name, place, propose, push, release_name, wish,
};
use crate::engine::{Answer, NewReleases, Trigger, Unlock, Wish};
use crate::model::{
    EnvironmentSelector, GuardFile, Guards, Lock, LockKind, LockScope, Package, PackageName,
    Protection, Timestamp,
};

fn to_staging() -> Package {
    package(&[("deploy/staging", &[])])
}

fn repository() -> String {
    package_name("api").repository
}

fn lock(scope: LockScope, kind: LockKind, until: Option<Timestamp>) -> Trigger {
    let lock = Lock {
        repository: "github.com/acme/shop".to_owned(),
        environment: place("staging"),
        scope,
        kind,
        by: "carol".to_owned(),
        reason: None,
        since: Timestamp(1_000),
        until,
    };
    Trigger::Lock(lock, actor("carol"))
}

fn unlock(scope: LockScope, kind: &'static str) -> Trigger {
    Trigger::Unlock(Unlock {
        environment: place("staging"),
        scope,
        kinds: [kind].into(),
        holds: Vec::new(),
        actor: actor("carol"),
        repository: repository(),
    })
}

fn to(release: &str, environment: &str) -> Wish {
    Wish {
        environments: Some([place(environment)].into()),
        ..wish(release)
    }
}

#[tokio::test]
async fn every_package_goes_on_when_a_lock_is_taken_away() {
    let mut record = Record::new().await;
    let both = [("api", to_staging()), ("web", to_staging())];
    let whole = || LockScope::Repository(repository());
    for scope in [LockScope::Workspace, whole(), package_scope("api")] {
        record.decide(&[lock(scope, LockKind::Lock, None)]).await;
    }
    record.decide(&[push(1, &both)]).await;
    record.decide(&[unlock(LockScope::Workspace, "lock")]).await;
    assert!(record.table("web/@r1").await.contains("ForGates([Locked"));
    record.decide(&[unlock(whole(), "lock")]).await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/1 starting");
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/1 starting");
    record.decide(&[unlock(whole(), "lock")]).await;
    let nothing = Answer::NothingToUnlock(place("staging"));
    assert_eq!(record.plan.answers, [nothing]);
}

fn package_scope(name: &str) -> LockScope {
    LockScope::Package(package_name(name))
}

#[tokio::test]
async fn a_repository_does_not_unlock_the_packages_of_another() {
    let mut record = Record::new().await;
    let other = PackageName {
        repository: "github.com/acme/other".to_owned(),
        path: "release.ocu.star".to_owned(),
    };
    let mut pushed = push(1, &[("api", to_staging())]);
    if let Trigger::Release(new) = &mut pushed {
        new.packages[0].name = other.clone();
    }
    let of_other = lock(LockScope::Package(other), LockKind::Freeze, None);
    let everywhere = lock(LockScope::Workspace, LockKind::Freeze, None);
    record.decide(&[of_other, everywhere]).await;
    record.decide(&[pushed]).await;
    let wish = unlock(LockScope::Workspace, "freeze");
    record.decide(std::slice::from_ref(&wish)).await;
    let [Answer::Unlocked(_, locks, _)] = &record.plan.answers[..] else {
        panic!("{:?}", record.plan.answers)
    };
    assert!(matches!(
        locks[..],
        [Lock {
            scope: LockScope::Workspace,
            ..
        }]
    ));
    record.decide(&[wish]).await;
    let nothing = Answer::NothingToUnlock(place("staging"));
    assert_eq!(record.plan.answers, [nothing]);
}

#[tokio::test]
async fn what_waits_for_a_lock_to_end_goes_on_at_that_time_and_not_before() {
    let mut record = Record::new().await;
    let until = record.now.plus_seconds(60);
    let everywhere = lock(LockScope::Workspace, LockKind::Freeze, Some(until));
    record.decide(&[everywhere]).await;
    record.decide(&[push(1, &[("api", to_staging())])]).await;
    record.now = until.plus_seconds(-1);
    record.settle().await;
    assert!(record.table("api/@r1").await.contains("ForGates([Locked"));
    record.now = until;
    record.settle().await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/1 starting");
}

#[tokio::test]
async fn a_pin_is_of_what_is_live_however_long_ago_that_ended() {
    let mut record = Record::new().await;
    for (seed, release) in [(1, "api/@r1"), (2, "api/@r2")] {
        record.decide(&[push(seed, &[("api", to_staging())])]).await;
        record.done(&format!("{release}/deploy/staging")).await;
    }
    let pin = |release| {
        let kind = LockKind::Pin(release_name(release));
        lock(package_scope("api"), kind, None)
    };
    record.decide(&[pin("api/@r1")]).await;
    let not_there = Answer::NotDeployed(package_name("api"), place("staging"));
    assert_eq!(record.plan.answers, [not_there]);
    record.decide(&[pin("api/@r2")]).await;
    assert!(matches!(record.plan.answers[..], [Answer::Locked(_)]));
    record.decide(&[push(3, &[("api", to_staging())])]).await;
    assert!(record.table("api/@r3").await.contains("ForGates([Locked"));
    record.decide(&[record.unpin("api")]).await;
    assert_snapshot!(record.table("api/@r3").await, @"deploy/staging/1 starting");
}

#[tokio::test]
async fn a_release_comes_back_with_the_inputs_it_had_and_stays() {
    let mut record = Record::new().await;
    let api = package(&[("deploy/staging", &[])]);
    let of_api = "api=github.com/acme/shop/-/api/release.ocu.star/@/deploy/staging#output/url";
    let web = package(&[("deploy/production", &[of_api])]);
    record
        .decide(&[push(1, &[("api", api.clone()), ("web", web.clone())])])
        .await;
    record.done("api/@r1/deploy/staging").await;
    record.done("web/@r1/deploy/production").await;
    record.decide(&[push(2, &[("web", web.clone())])]).await;
    record.done("web/@r2/deploy/production").await;
    let undeploy = Trigger::Undeploy {
        package: package_name("api"),
        environment: place("staging"),
        held_by: None,
        actor: actor("alice"),
    };
    record.decide(&[undeploy]).await;
    record.done("api/@r1/deploy/staging").await;
    record
        .decide(&[Trigger::Rollback(to("web/@r1", "production"), None)])
        .await;
    assert_snapshot!(record.table("web/@r1").await, @"deploy/production/2 starting");
    record.done("web/@r1/deploy/production").await;
    record
        .decide(&[push(3, &[("api", api), ("web", web)])])
        .await;
    record.done("api/@r2/deploy/staging").await;
    assert!(record.table("web/@r3").await.contains("ForGates([Locked"));
}

#[tokio::test]
async fn a_release_that_is_moved_on_reads_what_others_left() {
    let mut record = Record::new().await;
    let of_web = "web=github.com/acme/shop/-/web/release.ocu.star/@/deploy/staging#output/url";
    let api = package(&[("deploy/staging", &[]), ("deploy/production", &[of_web])]);
    record.decide(&[push(1, &[("web", to_staging())])]).await;
    record.done("web/@r1/deploy/staging").await;
    let mut short = push(2, &[("api", api)]);
    if let Trigger::Release(new) = &mut short {
        new.goals = Some([place("staging")].into());
    }
    record.decide(&[short]).await;
    record.done("api/@r1/deploy/staging").await;
    let bring = || Trigger::Bring(to("api/@r1", "production"));
    record.decide(&[bring()]).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    deploy/production/1 starting
    deploy/staging/1 complete
    ");
    record.ended("api/@r1/deploy/production", failed()).await;
    record.decide(&[bring()]).await;
    record.done("api/@r1/deploy/production").await;
    record.decide(&[bring()]).await;
    let there = Answer::AlreadyThere(release_name("api/@r1"), place("production"));
    assert_eq!(record.plan.answers, [there]);
}

#[tokio::test]
async fn a_proposal_that_is_moved_on_waits_for_who_is_there() {
    let mut record = Record::new().await;
    let api = || package(&[("deploy/staging", &[]), ("deploy/production", &[])]);
    let web = || package(&[("deploy/production", &[])]);
    record
        .decide(&[propose(1, 5, &[("api", web())], &["production"])])
        .await;
    record
        .decide(&[propose(
            2,
            4,
            &[("api", api()), ("web", web())],
            &["staging"],
        )])
        .await;
    record.done("api/@r2/deploy/staging").await;
    record
        .decide(&[Trigger::Bring(to("api/@r2", "production"))])
        .await;
    assert_snapshot!(record.holds().await, @"
    #4 waits for api production
    #4 holds api staging
    #5 holds api production
    ");
    record.closed(5, true).await;
    assert_snapshot!(record.holds().await, @"
    #4 holds api production
    #4 holds api staging
    ");
    // What is under way there comes to its end first.
    assert!(record.table("api/@r2").await.contains("pending ForRelease"));
    record.ended("api/@r1/deploy/production", failed()).await;
    assert_snapshot!(record.table("api/@r2").await, @"
    deploy/production/1 starting
    deploy/staging/1 complete
    ");
}

fn guarded(approvals: u32) -> Trigger {
    let protection = Protection {
        environments: vec![EnvironmentSelector::Name(place("staging"))],
        approvals,
        line: 3,
        ..Protection::default()
    };
    let path = "repo.ocu.star".to_owned();
    let file = GuardFile {
        repository: repository(),
        name: "acme/shop".parse().expect("a name"),
        path: path.clone(),
        is_package: false,
        registers: [place("staging")].into(),
        guards: Guards {
            protections: if approvals > 0 {
                vec![protection]
            } else {
                vec![]
            },
            freezes: Vec::new(),
        },
    };
    let Trigger::Release(new) = push(u8::try_from(200 + approvals).expect("few"), &[]) else {
        unreachable!("a push makes releases")
    };
    Trigger::Release(NewReleases {
        guards: vec![file],
        repository: Some(repository()),
        files: Some([path].into()),
        ..new
    })
}

#[tokio::test]
async fn every_package_goes_on_when_the_rules_let_it() {
    let mut record = Record::new().await;
    record.decide(&[guarded(2)]).await;
    let both = [("api", to_staging()), ("web", to_staging())];
    record.decide(&[push(1, &both)]).await;
    assert!(
        record
            .table("api/@r1")
            .await
            .contains("ForGates([NeedsApproval")
    );
    let approve = |release, login| {
        let mut wish = wish(release);
        wish.actor = actor(login);
        Trigger::Approve(wish)
    };
    record.decide(&[approve("api/@r1", "alice")]).await;
    record.decide(&[approve("api/@r1", "bob")]).await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/1 starting");
    record.decide(&[guarded(0)]).await;
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/1 starting");
}
