//! Layer 1, the heart: `(snapshot, trigger, now) → changes + effects`, pure.
//!
//! A decision never fails and never looks outside its arguments. It changes a private copy of the snapshot and says
//! what it changed; `store` writes that down in one transaction, `worker` makes the calls afterwards.

pub mod affected;
mod audit;
mod bring;
mod cascade;
mod command;
pub mod deadline;
pub mod difference;
pub mod doctor;
mod farther;
pub mod gates;
mod guard;
mod holds;
mod inputs;
pub mod intent;
mod locks;
pub use inputs::{documents_read, inputs_read};
mod order;
mod outcome;
mod ownership;
pub mod plan;
pub mod preview;
mod readiness;
mod release;
pub mod rules;
pub mod snapshot;
pub mod status;
mod teardown;
pub mod trigger;
mod values;
mod wanted;
mod world;

#[cfg(test)]
mod tests;

use crate::model::Timestamp;

pub use intent::Application;
pub use locks::{guarded, live_release};
pub use plan::{Answer, Change, CommitReport, Effect, PackageReport, Plan};
pub use snapshot::{Cascade, Release, Run, Snapshot};
pub use trigger::{Candidate, NewReleases, Trigger, Unlock, Wish};

use world::World;

/// Decides what `triggers` (in their order) mean for what `snapshot` shows.
pub fn plan(snapshot: Snapshot, triggers: &[Trigger], now: Timestamp) -> Plan {
    let mut world = World::new(snapshot, now);
    for trigger in triggers {
        apply(&mut world, trigger);
        world.heard();
    }
    teardown::go_on(&mut world);
    cascade::follow(&mut world);
    holds::admit(&mut world);
    readiness::advance(&mut world);
    teardown::conclude(&mut world);
    order::wake_those_behind(&mut world);
    world.into_plan()
}

fn apply(world: &mut World, trigger: &Trigger) {
    match trigger {
        Trigger::Release(new) => release::create(world, new),
        Trigger::Preview(new) => release::preview(world, new),
        Trigger::Guards(file) => guard::read_again(world, file),
        Trigger::Replan(packages) => {
            for package in packages {
                world.change(Change::Replan(package.clone()));
            }
        }
        Trigger::Replanned { release, package } => release::replan(world, release, package),
        Trigger::NeedsRunner { run, fence } => outcome::needs_runner(world, run, *fence),
        Trigger::PutBack { run, fence } => outcome::put_back(world, run, *fence),
        Trigger::Claimed { run, fence } => outcome::claimed(world, run, *fence),
        Trigger::Ended {
            run,
            fence,
            outcome,
        } => outcome::ended(world, run, *fence, outcome),
        Trigger::Overdue { run, fence, step } => deadline::overdue(world, run, *fence, *step),
        Trigger::SetCustom { reference, value } => {
            values::set(world, reference, value.as_ref());
        }
        Trigger::Intend { reference, value } => intent::intend(world, reference, value.clone()),
        Trigger::Apply(wish) => intent::apply(world, wish),
        Trigger::Want(wish, value) => intent::want(world, wish, value.clone()),
        Trigger::Approve(wish) => command::approve(world, wish),
        Trigger::Reject(wish) => command::reject(world, wish),
        Trigger::Retry(wish) => command::retry(world, wish),
        Trigger::Cancel(wish) => command::cancel(world, wish),
        Trigger::Bring(wish) => bring::bring(world, wish),
        Trigger::Rollback(wish, until) => bring::rollback(world, wish, *until),
        Trigger::Undeploy {
            package,
            environment,
            held_by,
            actor,
        } => bring::undeploy(world, package, environment, *held_by, actor),
        Trigger::LetGo {
            package,
            environment,
            pull_request,
            is_given_back,
        } => holds::let_go(world, package, environment, *pull_request, *is_given_back),
        Trigger::HeadMoved {
            packages,
            pull_request,
            head,
            ..
        } => holds::head_moved(world, packages, *pull_request, head),
        Trigger::Lock(lock, actor) => locks::lock(world, lock, actor),
        Trigger::Unlock(unlock) => locks::unlock(world, unlock),
        // What can go on goes on below.
        Trigger::Wake { .. } => {}
    }
}
