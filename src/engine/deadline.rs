//! How long a start may stay in one state, and what is done about one that stays longer: ask GitHub to stop it, make
//! GitHub stop it, give it up. Each step is a decision of its own, written down before anybody is asked anything.

use serde_json::json;

use super::audit;
use super::command::may_be_at_work;
use super::order;
use super::outcome;
use super::plan::Call;
use super::world::World;
use crate::model::{RunName, RunState, Timestamp};

/// How long a start may wait for a job to take it, in seconds: as long as GitHub lets a job wait for a machine, and an
/// hour.
const STARTING: i64 = 25 * 3600;

/// The same while somebody has to approve it on GitHub: as long as GitHub waits for that, and an hour.
const STARTING_WITH_APPROVAL: i64 = 30 * 24 * 3600 + 3600;

/// How long a start may last of which nothing is alive on GitHub, in seconds.
const ZOMBIE: i64 = 1800;

/// How long a function may run unless its task says otherwise: GitHub's own limit for a hosted job, in seconds.
pub const DEFAULT_TIMEOUT: i64 = 6 * 3600;

/// How long a workflow of the repository's own may run unless its task says otherwise: GitHub's limit, in seconds.
const NATIVE_TIMEOUT: i64 = 35 * 24 * 3600;

/// How much later than its time is over a job may still report, in seconds.
const GRACE: i64 = 900;

/// How long GitHub gets to do what it was asked to do, in seconds.
const PATIENCE: i64 = 300;

/// What is done about a start that is too long in its state, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// GitHub is asked to stop its workflow run.
    Cancel,
    /// GitHub is made to stop it, whatever its jobs do.
    ForceCancel,
    /// Nobody waits for it any more.
    GiveUp,
}

impl Step {
    /// In the order of their numbers, from 1.
    pub const ALL: [Step; 3] = [Step::Cancel, Step::ForceCancel, Step::GiveUp];

    fn after(self) -> Step {
        match self {
            Step::Cancel => Step::ForceCancel,
            Step::ForceCancel | Step::GiveUp => Step::GiveUp,
        }
    }
}

/// A start in the hands of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: RunState,
    /// Since when it is in it.
    pub since: Timestamp,
    /// Whether a workflow run was asked for: before that, the call that asks is tried again by itself.
    pub has_wave: bool,
    /// Whether it is a workflow of the repository's own.
    pub is_native: bool,
    /// What its task says, in seconds.
    pub timeout_seconds: Option<i64>,
    /// Whether a rule of the environment on GitHub keeps it waiting.
    pub waits_for_approval: bool,
    /// Whether nothing of its workflow run is alive on GitHub.
    pub is_zombie: bool,
    /// What was last done about it, and when.
    pub done: Option<(Step, Timestamp)>,
}

/// What is next for a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing before that time.
    At(Timestamp),
    /// This, now.
    Now(Step),
}

/// What is next for it.
pub fn next(standing: &Standing, now: Timestamp) -> Next {
    let (step, due) = match (standing.done, standing.state) {
        (Some((step, at)), _) => (step.after(), at.plus_seconds(PATIENCE)),
        // Somebody has asked for it: GitHub was asked to stop it with that.
        (None, RunState::Cancelling) => (Step::ForceCancel, standing.since.plus_seconds(PATIENCE)),
        (None, _) if !standing.has_wave => return Next::At(now.plus_seconds(PATIENCE)),
        (None, _) if standing.is_zombie => (Step::Cancel, standing.since.plus_seconds(ZOMBIE)),
        (None, RunState::Running) => (Step::Cancel, standing.since.plus_seconds(running(standing))),
        (None, _) if standing.is_native => {
            // Nobody tells when a job of it takes it: its time runs from its start.
            let seconds = starting(standing).max(running(standing));
            (Step::Cancel, standing.since.plus_seconds(seconds))
        }
        (None, _) => (
            Step::Cancel,
            standing.since.plus_seconds(starting(standing)),
        ),
    };
    match due <= now {
        true => Next::Now(step),
        false => Next::At(due),
    }
}

fn starting(standing: &Standing) -> i64 {
    match standing.waits_for_approval {
        true => STARTING_WITH_APPROVAL,
        false => STARTING,
    }
}

fn running(standing: &Standing) -> i64 {
    let default = match standing.is_native {
        true => NATIVE_TIMEOUT,
        false => DEFAULT_TIMEOUT,
    };
    GRACE + standing.timeout_seconds.unwrap_or(default)
}

/// Takes the step.
pub(super) fn overdue(world: &mut World, name: &RunName, fence: i64, step: Step) {
    let Some(run) = world.awaited_run(name, fence) else {
        return;
    };
    let was_at_work = may_be_at_work(run) || run.state == RunState::Cancelling;
    let code = match step {
        Step::Cancel => "cancel",
        Step::ForceCancel => "force_cancel",
        Step::GiveUp => "give_up",
    };
    let detail = json!({ "fence": fence, "state": run.state.word() });
    world.record(audit::entry(
        None,
        "run overdue",
        name.to_string(),
        code,
        detail,
    ));
    match step {
        Step::Cancel | Step::ForceCancel => {
            let call = Call::CancelWorkflow {
                run: name.clone(),
                fence,
                is_forced: step == Step::ForceCancel,
            };
            world.call_for_run(name, call);
        }
        Step::GiveUp => give_up(world, name, was_at_work),
    }
}

/// Nobody waits for it any more: what a machine may still do at it changes nothing here. What a machine may be at is not
/// repeated by itself.
fn give_up(world: &mut World, name: &RunName, was_at_work: bool) {
    let now = world.now;
    let Some(run) = world.run_mut(name) else {
        return;
    };
    let was_cancelling = run.state == RunState::Cancelling;
    run.fence += 1;
    let message = match (was_at_work, &run.error) {
        (true, Some(why)) if was_cancelling => format!(
            "{why}; GitHub did not stop it, so it is given up. Its job may still be at work: look at its log before \
             you retry"
        ),
        (true, _) => "its time is over and GitHub did not stop it, so it is given up. Its job may still be at work: \
                      look at its log before you retry"
            .to_owned(),
        (false, _) => "no job took it in time and GitHub did not stop it, so it is given up".to_owned(),
    };
    if was_cancelling {
        outcome::finish(run, RunState::Cancelled, now);
        run.error = Some(message);
        order::is_over(world, name);
        world.show_run(name);
    } else if was_at_work {
        outcome::finish(run, RunState::Failed, now);
        run.error = Some(message);
        order::is_over(world, name);
        world.show_run(name);
    } else {
        outcome::fail(world, name, &message);
    }
    world.show(&name.release);
}
