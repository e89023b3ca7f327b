//! Layer 1, the heart: `(snapshot, trigger, now) → changes + effects`, pure.
//!
//! A decision never fails and never looks outside its arguments. It changes a private copy of the snapshot and says
//! what it changed; `store` writes that down in one transaction, `worker` makes the calls afterwards.

pub mod affected;
mod command;
mod inputs;
pub use inputs::{documents_read, inputs_read};
mod outcome;
pub mod plan;
mod readiness;
mod release;
pub mod snapshot;
pub mod status;
pub mod trigger;
mod world;

#[cfg(test)]
mod tests;

use crate::model::Timestamp;

pub use plan::{Answer, Change, CommitReport, Effect, PackageReport, Plan};
pub use snapshot::{Release, Run, Snapshot};
pub use trigger::{Candidate, Command, NewReleases, Trigger};

use world::World;

/// Decides what `triggers` (in their order) mean for what `snapshot` shows.
pub fn plan(snapshot: Snapshot, triggers: &[Trigger], now: Timestamp) -> Plan {
    let mut world = World::new(snapshot, now);
    for trigger in triggers {
        apply(&mut world, trigger);
    }
    readiness::advance(&mut world);
    world.into_plan()
}

fn apply(world: &mut World, trigger: &Trigger) {
    match trigger {
        Trigger::Release(new) => release::create(world, new),
        Trigger::Preview(new) => release::preview(world, new),
        Trigger::Replanned { release, package } => release::replan(world, release, package),
        Trigger::NeedsRunner { run, fence } => outcome::needs_runner(world, run, *fence),
        Trigger::Claimed { run, fence } => outcome::claimed(world, run, *fence),
        Trigger::Ended {
            run,
            fence,
            outcome,
        } => outcome::ended(world, run, *fence, outcome),
        Trigger::SetCustom { reference, value } => {
            world.put_document(reference.clone(), value.clone());
        }
        Trigger::Approve(wish) => command::approve(world, wish),
        Trigger::Retry(wish) => command::retry(world, wish),
        Trigger::Cancel(wish) => command::cancel(world, wish),
        Trigger::Undeploy {
            package,
            environment,
        } => command::undeploy(world, package, environment),
    }
}
