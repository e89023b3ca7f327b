//! What no decision may break. `Story` checks it after each, so every test is a test of these too.

use std::collections::BTreeMap;

use crate::engine::readiness::holder;
use crate::engine::{Release, Snapshot};
use crate::model::{ReleaseName, RunKind, RunState, TaskKey};

/// Compares what a store held before a decision with what it holds after it.
pub(super) fn check(before: &Snapshot, after: &Snapshot) {
    runs_only_move_forward(before, after);
    numbers_have_no_gaps(after);
    environments_have_one_user(after);
    what_is_live_moves_forward(before, after);
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
            let is_using = run.state.is_active() || run.state == RunState::Paused;
            if key.environment().is_some() && is_using {
                let user = release.run_name(key, *number);
                let other = users.insert((&name.package, key), user.clone());
                assert_eq!(other, None, "{user} shares its environment");
            }
            let busy = runs_of_task_in_use(release, key);
            assert!(busy <= 1, "{name}/{key} has {busy} runs in use at once");
        }
    }
}

/// An older release never takes an environment from a newer one, and only a down of its own empties it.
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
            assert!(new >= old, "{package}/{key} went back from {old} to {new}");
            continue;
        }
        let name = ReleaseName {
            package: package.clone(),
            number: old,
        };
        let latest = after.releases[&name].latest_run(key);
        let is_down = latest
            .is_some_and(|(_, run)| run.kind == RunKind::Down && run.state == RunState::Complete);
        assert!(is_down, "{name}/{key} is not live and not down");
    }
}

fn runs_of_task_in_use(release: &Release, wanted: &TaskKey) -> usize {
    release
        .runs
        .iter()
        .filter(|((key, _), run)| key == wanted && !run.state.is_finished())
        .count()
}
