//! Environments belong to the repository that registered them: rules of others select them by what it says of them.

use std::collections::BTreeSet;

use super::teardown;
use super::trigger::NewReleases;
use super::world::World;
use crate::model::{Diagnostic, Environment, EnvironmentName, PackageName, Presence, Registration};

/// The repository whose environment it is, if it is another's and what that says of it would be changed: a rule about
/// an attribute would not hold any more.
pub(super) fn owner<'a>(
    world: &'a World,
    new: &NewReleases,
    environment: &Environment,
) -> Option<&'a String> {
    let registration = world.snapshot.registrations.get(&environment.name)?;
    let owner = registration.repository.as_ref()?;
    let known = world.snapshot.environments.get(&environment.name)?;
    let keeps_all = known
        .attributes
        .iter()
        .all(|(key, value)| environment.attributes.get(key) == Some(value));
    (new.repository.as_ref() != Some(owner) && !keeps_all).then_some(owner)
}

/// Registers what the commit's files register, as far as it is new, and gives it back.
pub(super) fn register(world: &mut World, new: &NewReleases) -> Vec<Environment> {
    let mut changed = Vec::new();
    for environment in &new.environments {
        if owner(world, new, environment).is_some() {
            continue;
        }
        let registration = Registration {
            repository: new.repository.clone(),
            path: registering_file(new, &environment.name),
            presence: Presence::Registered,
        };
        if is_news(world, environment) {
            teardown::register(world, environment, registration);
            changed.push(environment.clone());
        } else {
            keep(world, &environment.name, registration);
        }
    }
    changed
}

/// Whether anything about the environment changes.
pub(super) fn is_news(world: &World, environment: &Environment) -> bool {
    world.snapshot.environments.get(&environment.name) != Some(environment)
}

/// Another file registers what is there as it is, or the same file does again.
fn keep(world: &mut World, name: &EnvironmentName, registration: Registration) {
    let known = world.snapshot.registrations.get(name);
    let known = known.cloned().unwrap_or_default();
    let is_free = known.repository.is_none() || known.presence == Presence::Dropped;
    let is_own = known.repository == registration.repository;
    if (is_free || is_own) && known != registration {
        world.put_registration(name, registration);
    }
}

fn registering_file(new: &NewReleases, name: &EnvironmentName) -> Option<String> {
    let mut files = new.guards.iter();
    let file = files.find(|file| file.registers.contains(name));
    file.map(|file| file.path.clone())
}

/// The environments that files of the commit registered before and do not any more.
pub(super) fn dropped(world: &World, new: &NewReleases) -> BTreeSet<EnvironmentName> {
    let is_read =
        |path: &String| new.gone.contains(path) || new.guards.iter().any(|file| file.path == *path);
    let registrations = world.snapshot.registrations.iter();
    let dropped = registrations.filter(|(name, known)| {
        known.repository.is_some()
            && known.repository == new.repository
            && !known.is_leaving()
            && known.path.as_ref().is_some_and(is_read)
            && new.environments.iter().all(|other| other.name != **name)
    });
    dropped.map(|(name, _)| name.clone()).collect()
}

/// What is not registered any more stays until somebody says that it is to go.
pub(super) fn drop(world: &mut World, name: &EnvironmentName) {
    let known = world.snapshot.registrations.get(name).cloned();
    if let Some(known) = known.filter(|known| known.presence == Presence::Registered) {
        let dropped = Registration {
            presence: Presence::Dropped,
            ..known
        };
        world.put_registration(name, dropped);
    }
}

/// The packages whose files the commit takes away.
pub(super) fn gone(new: &NewReleases) -> BTreeSet<PackageName> {
    let repository = new.repository.iter();
    let gone = repository.flat_map(|repository| {
        new.gone.iter().map(|path| PackageName {
            repository: repository.clone(),
            path: path.clone(),
        })
    });
    gone.collect()
}

/// What is wrong with the environments a commit registers.
pub(super) fn complaints(world: &World, new: &NewReleases) -> Vec<Diagnostic> {
    let complaints = new.environments.iter().filter_map(|environment| {
        let owner = owner(world, new, environment)?;
        let mut files = new.guards.iter();
        let file = files.find(|file| file.registers.contains(&environment.name));
        let path = file.map_or("repo.ocu.star", |file| file.path.as_str());
        let name = &environment.name;
        let message = format!(
            "the environment `{name}` was registered by {owner} with attributes that this would change or leave \
             out, and rules may depend on them: change them there, or keep them here"
        );
        Some(Diagnostic::error(path, 0, 0, message))
    });
    complaints.collect()
}
