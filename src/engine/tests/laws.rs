//! What no decision may break. `Story` checks it after each, so every test is a test of these too.

use std::collections::BTreeMap;

use crate::engine::cascade::live_run;
use crate::engine::gates::gates;
use crate::engine::readiness::holder;
use crate::engine::{Run, Snapshot};
use crate::model::{Lock, LockKind, ReleaseName, RunKind, RunName, RunState, TaskKey, Timestamp};

/// Compares what a store held before a decision with what it holds after it.
pub(super) fn check(before: &Snapshot, after: &Snapshot, now: Timestamp) {
    runs_only_move_forward(before, after);
    numbers_have_no_gaps(after);
    environments_have_one_user(after);
    what_is_live_moves_forward(before, after);
    places_have_one_holder(after);
    nothing_starts_against_its_gates(before, after, now);
    what_is_pinned_stays(before, after, now);
}

fn places_have_one_holder(after: &Snapshot) {
    let mut holders = BTreeMap::new();
    for hold in after.holds.iter().filter(|hold| hold.granted_at.is_some()) {
        let place = (&hold.package, &hold.environment);
        let other = holders.insert(place, hold.pull_request);
        let own = hold.pull_request;
        assert_eq!(other, None, "#{own} shares {} of {}", place.1, place.0);
    }
}

fn nothing_starts_against_its_gates(before: &Snapshot, after: &Snapshot, now: Timestamp) {
    for release in after.releases.values() {
        for ((key, number), run) in &release.runs {
            let name = release.run_name(key, *number);
            let old = before.run(&name).map(|run| run.state);
            let has_waited = matches!(old, None | Some(RunState::Pending));
            if has_waited && run.state.is_active() {
                if run.kind == RunKind::Up {
                    nothing_newer_is_there(after, &name, now);
                }
                let gates = gates(after, release, key, run, now);
                assert_eq!(gates, Vec::new(), "{name} starts against its gates");
            }
        }
    }
}

/// An older release goes where a newer one of its lane is only if people have pinned it there.
fn nothing_newer_is_there(after: &Snapshot, own: &RunName, now: Timestamp) {
    let Some(live) = holder(after, &own.release.package, &own.key) else {
        return;
    };
    let is_its_pin = |lock: &&Lock| {
        let is_there = Some(&lock.environment) == own.key.environment() && lock.is_valid(now);
        is_there && lock.kind == LockKind::Pin(own.release.clone())
    };
    let is_newer = live.number > own.release.number;
    let lane = after.releases[&own.release].lane;
    let is_pinned = after.locks.iter().any(|lock| is_its_pin(&lock));
    assert!(
        !is_newer || live.lane != lane || is_pinned,
        "{own} starts although {live:?} is there"
    );
}

/// Only a deployment that had begun before somebody pinned another release there may still end.
fn what_is_pinned_stays(before: &Snapshot, after: &Snapshot, now: Timestamp) {
    for lock in after.locks.iter().filter(|lock| lock.is_valid(now)) {
        let LockKind::Pin(pinned) = &lock.kind else {
            continue;
        };
        let key = TaskKey::Deploy(lock.environment.clone());
        let live = holder(after, &pinned.package, &key);
        let Some(live) = live.filter(|live| live.number != pinned.number) else {
            continue;
        };
        if holder(before, &pinned.package, &key) == Some(live) {
            continue;
        }
        let name = ReleaseName {
            package: pinned.package.clone(),
            number: live.number,
        };
        let latest = after.releases[&name].latest_run(&key);
        let started = latest.and_then(|(_, run)| run.started_at);
        assert!(
            started.is_some_and(|started| started <= lock.since),
            "{name} took the place of {pinned}, which is pinned"
        );
    }
}

fn runs_only_move_forward(before: &Snapshot, after: &Snapshot) {
    for (name, release) in &before.releases {
        for ((key, number), old) in &release.runs {
            let run_name = release.run_name(key, *number);
            let new = after.run(&run_name);
            let new = new.unwrap_or_else(|| panic!("{run_name} is gone"));
            assert!(new.fence >= old.fence, "the fence of {run_name} fell");
            assert_eq!(new.kind, old.kind, "{run_name} became something else");
            assert!(
                new.calls.len() >= old.calls.len(),
                "{run_name} forgot a call"
            );
            if old.state.is_finished() {
                assert_eq!(new, old, "{run_name} changed after its end");
            }
            let is_restarted = new.state == RunState::Starting && old.state != new.state;
            if is_restarted {
                assert!(
                    new.fence > old.fence,
                    "{run_name} started without a new fence"
                );
            }
        }
        let new = &after.releases[name];
        assert_eq!(new.commit, release.commit, "{name} moved to another commit");
    }
}

fn numbers_have_no_gaps(after: &Snapshot) {
    let mut expected = BTreeMap::new();
    for (name, release) in &after.releases {
        let number = expected.entry(&name.package).or_insert(1);
        assert_eq!(name.number.0, *number, "{name} leaves a gap");
        *number += 1;
        let mut runs = BTreeMap::new();
        for (key, number) in release.runs.keys() {
            let expected = runs.entry(key).or_insert(1);
            assert_eq!(number.0, *expected, "{name}/{key}/{number} leaves a gap");
            *expected += 1;
        }
    }
}

fn environments_have_one_user(after: &Snapshot) {
    let mut users = BTreeMap::new();
    for (name, release) in &after.releases {
        for ((key, number), run) in &release.runs {
            if key.environment().is_some() && is_in_use(run) {
                let user = release.run_name(key, *number);
                let other = users.insert((&name.package, key), user.clone());
                assert_eq!(other, None, "{user} shares its environment");
            }
            for is_wanted in [is_waiting as fn(&Run) -> bool, is_in_use] {
                let runs = release.runs_of(key);
                let count = runs.filter(|(_, run)| is_wanted(run)).count();
                assert!(count <= 1, "{name}/{key} has {count} such runs at once");
            }
        }
    }
}

/// An older release that takes an environment from a newer one had begun before, as [`nothing_newer_is_there`] lets it,
/// and only a down of its own empties it.
fn what_is_live_moves_forward(before: &Snapshot, after: &Snapshot) {
    let keys = before.releases.values().flat_map(|release| {
        let keys = release.runs.keys();
        keys.map(move |(key, _)| (&release.name.package, key))
    });
    for (package, key) in keys.filter(|(_, key)| key.environment().is_some()) {
        let Some(old) = holder(before, package, key) else {
            continue;
        };
        let new = holder(after, package, key);
        if let Some(new) = new {
            let name = ReleaseName {
                package: package.clone(),
                number: new.number,
            };
            let known = before.releases.get(&name);
            let had_begun = known
                .and_then(|release| release.latest_run(key))
                .is_some_and(|(_, run)| run.state.is_active());
            let moves_on = new.lane != old.lane || new.number >= old.number;
            assert!(
                moves_on || had_begun,
                "{package}/{key} went back from {old:?} to {new:?}"
            );
            continue;
        }
        let name = ReleaseName {
            package: package.clone(),
            number: old.number,
        };
        let latest = after.releases[&name].latest_run(key);
        let is_down = latest
            .is_some_and(|(_, run)| run.kind == RunKind::Down && run.state == RunState::Complete);
        let environment = key.environment().expect("a deployment");
        let live = live_run(&before.releases[&name], key);
        let is_forgotten = live.is_some_and(|live| live.down.is_none())
            && !after.environments.contains_key(environment);
        assert!(
            is_down || is_forgotten,
            "{name}/{key} is not live and not down"
        );
    }
}

fn is_waiting(run: &Run) -> bool {
    run.state == RunState::Pending
}

fn is_in_use(run: &Run) -> bool {
    run.state.is_active() || run.state == RunState::Paused
}
