//! What holds of every story once it has come to rest, said without the reference model.

use std::collections::BTreeSet;

use super::tell::Telling;
use crate::engine::snapshot::Release;
use crate::engine::tests::laws;
use crate::model::{DeploymentName, Input, Reference, RunKind, RunState, TaskKey};

/// What does not hold, if anything does not.
pub(super) fn broken(telling: &Telling) -> Option<String> {
    let story = &telling.story;
    laws::check(&story.snapshot, &story.snapshot, story.now());
    let said = missing_environments(telling)
        .or_else(|| unmade_deployments(telling))
        .or_else(|| {
            let mut releases = story.snapshot.releases.values();
            releases.find_map(|release| {
                downs_without_ups(release).or_else(|| tried_twice(telling, release))
            })
        });
    said.map(|said| format!("{}\n\n{said}\n{}", telling.told.join("\n"), story.table()))
}

/// Where an environment is gone nothing is live and nothing is wanted; one that is going waits for people.
fn missing_environments(telling: &Telling) -> Option<String> {
    let snapshot = &telling.story.snapshot;
    let live = snapshot
        .documents
        .keys()
        .filter(|reference| is_latest(reference));
    let mut live = live
        .chain(snapshot.intents.keys())
        .filter_map(DeploymentName::of_reference);
    // People may write down what they like.
    let told = |name: &DeploymentName| {
        telling.intended.contains(&name.document())
            && !snapshot.documents.contains_key(&name.document())
    };
    let homeless =
        live.find(|live| !snapshot.registrations.contains_key(&live.environment) && !told(live));
    if let Some(homeless) = homeless {
        return Some(format!("{homeless} is somewhere that is gone"));
    }
    let going = snapshot
        .registrations
        .iter()
        .filter(|(_, known)| known.is_leaving());
    for (name, _) in going {
        let key = TaskKey::Deploy(name.clone());
        let helps = |release: &Release| {
            let latest = release.latest_run(&key).map(|(_, run)| run);
            latest.is_some_and(|run| {
                run.kind == RunKind::Down
                    && matches!(run.state, RunState::Failed | RunState::Cancelled)
            })
        };
        if !snapshot.releases.values().any(helps) {
            return Some(format!("{name} stays for no reason"));
        }
    }
    None
}

fn is_latest(reference: &Reference) -> bool {
    reference.release.as_deref() == Some("")
}

/// Every environment that is there has been tried by the newest release of each package whose file deploys to it,
/// unless people took it away from there.
fn unmade_deployments(telling: &Telling) -> Option<String> {
    let snapshot = &telling.story.snapshot;
    for (package, next) in &snapshot.next_numbers {
        let (_, newest) = snapshot
            .releases
            .iter()
            .rfind(|(name, _)| name.package == *package)?;
        assert_eq!(newest.name.number.0 + 1, next.0, "{package}");
        for task in newest.planned_tasks() {
            let latest = newest.latest_run(&task.key).map(|(_, run)| run);
            let is_given_up = latest.is_none_or(|run| match run.kind {
                RunKind::Down => run.state == RunState::Complete && run.cascade.is_some(),
                _ => run.state == RunState::Superseded && run.cascade.is_none(),
            });
            let is_there = task
                .key
                .environment()
                .is_some_and(|place| snapshot.environments.contains_key(place));
            if is_there && is_given_up {
                return Some(format!("{}/{} was given up", newest.name, task.key));
            }
        }
    }
    None
}

fn downs_without_ups(release: &Release) -> Option<String> {
    let mut up = BTreeSet::new();
    for ((key, number), run) in &release.runs {
        let is_begun = run.started_at.is_some();
        if run.kind == RunKind::Down && is_begun && !up.contains(key) {
            return Some(format!(
                "{}/{key}/{number} took down what was not there",
                release.name
            ));
        }
        match (run.kind, run.state) {
            (RunKind::Up, RunState::Complete) => drop(up.insert(key)),
            (RunKind::Down, RunState::Complete) => drop(up.remove(key)),
            _ => {}
        }
    }
    None
}

/// What nobody asked for is done once with the same inputs, however it ended.
fn tried_twice(telling: &Telling, release: &Release) -> Option<String> {
    for ((key, number), run) in &release.runs {
        let name = release.run_name(key, *number);
        let is_by_itself =
            run.kind == RunKind::Up && run.cascade.is_some() && !telling.asked.contains(&name);
        // What its file has lost may have had retries.
        let retries = release.package.task(key).map_or(1, |task| task.retries);
        if !is_by_itself || run.started_at.is_none() || retries > 0 {
            continue;
        }
        let own = run.calls[0]
            .inputs
            .iter()
            .filter(|(_, input)| is_own(release, key, input));
        let own: BTreeSet<&String> = own.map(|(name, _)| name).collect();
        let given = |run: &crate::engine::Run| {
            let mut given = run.calls[0].values.clone();
            given.retain(|name, _| !own.contains(name));
            (run.calls[0].action.clone(), given)
        };
        let before = release.runs_of(key).filter(|(before, _)| before < number);
        let mut since = Vec::new();
        for (_, before) in before.filter(|(_, run)| run.kind == RunKind::Up) {
            if before.state == RunState::Complete {
                since.clear();
            }
            since.push(before);
        }
        if since
            .iter()
            .any(|before| before.started_at.is_some() && given(before) == given(run))
        {
            return Some(format!("{name} does once more what was done"));
        }
    }
    None
}

fn is_own(release: &Release, key: &TaskKey, input: &Input) -> bool {
    let Input::Reference { reference, .. } = input else {
        return false;
    };
    let absolute = reference.relative_to(&release.name.package, &release.name.number.to_string());
    DeploymentName::of_reference(&absolute) == DeploymentName::of(&release.name.package, key)
}
