//! What people do in random stories: pull requests that come and go, locks, approvals, ways back.

use super::cockpit::{admin, head_moved, lock, over, proposal, unlock, wish_of};
use super::guards::{environment, guard_file};
use super::language::{package_name, push, short};
use super::random::{ENVIRONMENTS, PACKAGES, Random, releases};
use super::story::{Story, actor, command};
use crate::engine::gates::{Gate, gates};
use crate::engine::readiness::holder;
use crate::engine::{NewReleases, Trigger, Wish};
use crate::model::{Lock, LockKind, ReleaseName, RunKind, RunState, TaskKey};

/// Somebody does something. What is remembered may be told again later.
pub(super) fn step(story: &mut Story, random: &mut Random, history: &mut Vec<Trigger>) {
    let package = *random.pick(&PACKAGES).expect("packages");
    let place = *random.pick(&ENVIRONMENTS).expect("environments");
    let number = 5 + i64::try_from(random.below(4)).expect("a small number");
    let spot = match random.one_in(2) {
        true => format!("{package}/{place}"),
        false => place.to_owned(),
    };
    let holds = &story.snapshot.holds;
    let triggers = match random.below(14) {
        0..=2 => vec![Trigger::Release(of_pull_request(random, number, package))],
        3 => over(story, number, random.one_in(2)),
        4 => vec![head_moved(story, number, &commit_of(random, number))],
        5 => vec![stand_still(story, random, &spot)],
        6 => vec![Trigger::Unlock(unlock(holds, &["lock", "freeze"], &spot))],
        7 => vec![Trigger::Unlock(unlock(&[], &["pin"], &spot))],
        8 => pin(story, package, place).into_iter().collect(),
        9 => vec![Trigger::Release(rules(random))],
        10 => given_back(story),
        11 => way_back(story, random).into_iter().collect(),
        _ => decision(story, random, place).into_iter().collect(),
    };
    // A lock says since when it is there: told again, it would be another one.
    let told_again = |trigger: &&Trigger| !matches!(trigger, Trigger::Lock(..));
    history.extend(triggers.iter().filter(told_again).cloned());
    story.decide(&triggers);
}

/// Each pull request has a few commits, which may be deployed several times and in any order; the default branch may
/// get them as they are.
fn of_pull_request(random: &mut Random, number: i64, package: &str) -> NewReleases {
    let text = random.package();
    let commit = commit_of(random, number);
    let goals = random.pick(&["eu", "staging", "us", "eu us", "eu staging us"]);
    let goals = goals.expect("goals");
    if random.one_in(6) {
        return push(&commit, &[(package, text.as_str())]);
    }
    let both = PACKAGES.map(|name| (name, text.as_str()));
    match random.below(8) {
        0 => proposal(number, &commit, &both, goals),
        1 => NewReleases {
            asked: Some(admin("ada")),
            breaks_glass: Some("it burns".to_owned()),
            ..proposal(number, &commit, &[(package, &text)], goals)
        },
        _ => proposal(number, &commit, &[(package, &text)], goals),
    }
}

fn commit_of(random: &mut Random, number: i64) -> String {
    format!("{number}{}", random.below(4))
}

fn stand_still(story: &Story, random: &mut Random, spot: &str) -> Trigger {
    let kind = match random.one_in(2) {
        true => LockKind::Lock,
        false => LockKind::Freeze,
    };
    let until = story.now().plus_seconds(20);
    let lock = Lock {
        until: random.one_in(2).then_some(until),
        ..lock(kind, spot, story.now())
    };
    Trigger::Lock(lock, actor("robin"))
}

fn pin(story: &Story, package: &str, place: &str) -> Option<Trigger> {
    let spot = format!("{package}/{place}");
    let package = package_name(package);
    let key = TaskKey::Deploy(environment(place));
    let number = holder(&story.snapshot, &package, &key)?.number;
    let kind = LockKind::Pin(ReleaseName { package, number });
    let lock = lock(kind, &spot, story.now());
    Some(Trigger::Lock(lock, actor("robin")))
}

fn rules(random: &mut Random) -> NewReleases {
    let text = random.pick(&[
        "",
        "protect eu approvals:2 pull_requests; protect us queue:all pull_requests",
        "protect staging queue:manual pull_requests; protect us soak:20 pull_requests",
        "protect eu; protect staging pull_requests allow_self approvals:1",
        "freeze us window:1970-01-01..1970-01-01_UTC reason:audit",
    ]);
    let file = guard_file("acme/shop repo.ocu.star", text.expect("rules"));
    NewReleases {
        guards: vec![file],
        ..push("ff", &[])
    }
}

fn given_back(story: &mut Story) -> Vec<Trigger> {
    let left = std::mem::take(&mut story.left).into_iter();
    let triggers = left.map(|(package, environment, pull_request)| Trigger::LetGo {
        package,
        environment,
        pull_request,
        is_given_back: true,
    });
    triggers.collect()
}

/// Back to something that was somewhere.
fn way_back(story: &Story, random: &mut Random) -> Option<Trigger> {
    let mut places = Vec::new();
    for release in story.snapshot.releases.values() {
        for ((key, _), run) in &release.runs {
            if run.kind == RunKind::Up && run.state == RunState::Complete {
                places.push(format!("{}/{key}", release.name));
            }
        }
    }
    let wish = command(&short(random.pick(&places)?));
    let until = story.now().plus_seconds(20);
    Some(Trigger::Rollback(wish, random.one_in(2).then_some(until)))
}

/// Somebody says something of a release.
fn decision(story: &Story, random: &mut Random, place: &str) -> Option<Trigger> {
    let release = random.pick(&releases(story))?.to_string();
    let wish = command(&short(&format!("{release}/deploy/{place}")));
    Some(match random.below(5) {
        0 => Trigger::Rollback(wish, None),
        1 => Trigger::Bring(wish),
        2 => Trigger::Reject(wish),
        3 => Trigger::Approve(Wish {
            breaks_glass: true,
            reason: Some("it burns".to_owned()),
            actor: admin("ada"),
            ..wish
        }),
        _ => Trigger::Approve(Wish {
            actor: actor("ann"),
            ..wish
        }),
    })
}

/// Every pull request is closed, every lock taken away, everything approved and asked for, and the times pass.
pub(super) fn all_that_people_can_do(story: &mut Story) -> Vec<Trigger> {
    story.clock += 86_400_000;
    let mut triggers = given_back(story);
    for number in 5..9 {
        triggers.extend(over(story, number, true));
    }
    let repository = ENVIRONMENTS.map(str::to_owned).into_iter();
    let packages = PACKAGES.map(|package| ENVIRONMENTS.map(|place| format!("{package}/{place}")));
    for spot in repository.chain(packages.into_iter().flatten()) {
        let kinds = ["lock", "freeze", "pin"];
        triggers.push(Trigger::Unlock(unlock(&[], &kinds, &spot)));
    }
    for release in releases(story) {
        for login in ["ann", "bob"] {
            let wish = wish_of(actor(login), &short(&release.to_string()));
            triggers.push(Trigger::Approve(wish));
        }
    }
    triggers.extend(unasked(story));
    triggers
}

/// What only waits for somebody to ask for it is asked for.
fn unasked(story: &Story) -> Vec<Trigger> {
    let mut triggers = Vec::new();
    for release in story.snapshot.releases.values() {
        for (key, (_, run)) in release.latest_runs() {
            let now = story.now();
            let gates = gates(&story.snapshot, release, key, run, now);
            let is_unasked = gates
                .iter()
                .any(|gate| matches!(gate, Gate::NotAsked { .. }));
            if run.state == RunState::Pending && is_unasked {
                let name = format!("{}/{key}", release.name);
                triggers.push(Trigger::Bring(command(&short(&name))));
            }
        }
    }
    triggers
}

/// Whether nothing that is done in the end opens it.
pub(super) fn stays(gate: &Gate) -> bool {
    matches!(
        gate,
        Gate::NotHeld(_) | Gate::NoPullRequests { .. } | Gate::Behind(_)
    )
}
