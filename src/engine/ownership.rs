//! Environments belong to the repository that registered them: rules of others select them by what it says of them.

use super::trigger::NewReleases;
use super::world::World;
use crate::model::{Diagnostic, Environment};

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
