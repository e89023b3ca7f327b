//! What guards new releases: who may make them, and which rules the default branch's files set from now on.

use std::collections::BTreeSet;

use super::plan::{Answer, Change};
use super::rules::rules_of;
use super::trigger::NewReleases;
use super::world::World;
use crate::model::{Diagnostic, GuardFile, PackageName};

/// Whether every rule lets whoever asked bring every package everywhere they want; otherwise nothing is made at all.
pub(super) fn may_be_made(world: &mut World, new: &NewReleases) -> bool {
    let Some(actor) = &new.asked else {
        return true;
    };
    let mut refusals = Vec::new();
    for candidate in &new.packages {
        refusals.extend(of_another(world, new, &candidate.name));
        let name = world.snapshot.next_release(&candidate.name);
        let probe = new.release(candidate, name, world.now);
        for environment in probe
            .planned_tasks()
            .filter_map(|task| task.key.environment())
        {
            let rules = rules_of(&world.snapshot, &candidate.name, environment);
            let allowed = match &new.breaks_glass {
                Some(_) => rules.may_break_glass(actor),
                None => rules.may_deploy(actor),
            };
            if let Err(denied) = allowed {
                refusals.push(Answer::Denied {
                    package: Some(candidate.name.clone()),
                    environment: environment.clone(),
                    denied,
                });
            } else if let Some(place) = rules.refuses_pull_requests().filter(|_| new.is_proposed) {
                let (package, environment) = (candidate.name.clone(), environment.clone());
                refusals.push(Answer::NoPullRequests(package, environment, place));
            }
        }
    }
    let is_allowed = refusals.is_empty();
    for refusal in refusals {
        world.answer(refusal);
    }
    is_allowed
}

/// The release of this commit, if another pull request with the same head is deploying it.
fn of_another(world: &World, new: &NewReleases, package: &PackageName) -> Option<Answer> {
    let own = new.lane()?;
    let key = (package.clone(), new.commit.clone());
    let name = world.snapshot.at_commit.get(&key)?;
    let other = world.snapshot.releases.get(name)?.lane?;
    let mut holds = world.snapshot.holds.iter();
    let is_at_work = holds.any(|hold| hold.package == *package && hold.pull_request == other);
    (other != own && is_at_work).then(|| Answer::OfPullRequest(name.clone(), other))
}

/// What the default branch's files guard from now on. Whoever waits is looked at again.
pub(super) fn remember(world: &mut World, new: &NewReleases) {
    let mut changed = false;
    for file in &new.guards {
        changed |= keep(world, file);
    }
    // A file that has errors may be one that vanished, under its new name: what it guarded stays until it can be read.
    let is_readable = !new.diagnostics.iter().any(Diagnostic::is_error);
    for file in world.snapshot.guards.clone() {
        let is_gone = is_readable
            && new
                .files
                .as_ref()
                .is_some_and(|files| !files.contains(&file.path));
        if is_gone && new.repository.as_deref() == Some(file.repository.as_str()) {
            changed = true;
            world.delete_guards(&file.repository, &file.path);
        }
    }
    if changed {
        wake(world);
    }
}

/// What a file guards that was read again: it may say other environments than before.
pub(super) fn read_again(world: &mut World, file: &GuardFile) {
    if keep(world, file) {
        wake(world);
    }
}

/// `false` when nothing is new.
fn keep(world: &mut World, file: &GuardFile) -> bool {
    let is_it = |other: &&GuardFile| other.repository == file.repository && other.path == file.path;
    let known = world.snapshot.guards.iter().find(is_it);
    let is_news = known != Some(file) && (known.is_some() || !file.guards.is_empty());
    if is_news {
        world.put_guards(file.clone());
    }
    is_news
}

fn wake(world: &mut World) {
    world.change(Change::Wake {
        at: None,
        packages: BTreeSet::new(),
        environments: world.snapshot.environments.keys().cloned().collect(),
        documents: BTreeSet::new(),
    });
}
