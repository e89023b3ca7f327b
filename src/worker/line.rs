//! Snapshot, decide, commit; and again if somebody else has decided meanwhile.

use std::collections::BTreeSet;

use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::{Effect, Plan, Trigger, documents_read, plan};
use crate::model::{
    CommitSha, Outcome, Package, Reference, ReleaseName, ReleaseNumber, RunName, SubPathKind,
    latest_document,
};
use crate::report;
use crate::store::{Commit, Committed, Done, Scope};

/// What is to be decided, and what goes down together with the decision.
pub(super) struct Decision<'a> {
    pub(super) installation_id: i64,
    pub(super) triggers: Vec<Trigger>,
    /// Calls that do not depend on the decision, such as the acknowledgement of a command.
    pub(super) effects: Vec<Effect>,
    pub(super) done: Done<'a>,
    /// The default branch head that is released by it.
    pub(super) released: Option<(i64, CommitSha)>,
    /// The comment whose commands these are.
    pub(super) asked_in: Option<Comment>,
    /// What is said to it besides the decision's own answers.
    pub(super) said: Vec<String>,
}

/// A comment on a pull request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment {
    pub(super) repository_id: i64,
    pub(super) pull_request: i64,
    pub(super) id: i64,
}

impl<'a> Decision<'a> {
    pub(super) fn new(
        installation_id: i64,
        triggers: Vec<Trigger>,
        done: Done<'a>,
    ) -> Decision<'a> {
        Decision {
            installation_id,
            triggers,
            effects: Vec::new(),
            done,
            released: None,
            asked_in: None,
            said: Vec::new(),
        }
    }
}

impl Worker {
    /// Decides and writes the decision down.
    pub(super) async fn decide(&self, decision: Decision<'_>) -> Result<Plan, Problem> {
        let scope = scope(decision.installation_id, &decision.triggers);
        loop {
            let now = self.clock.now();
            let (snapshot, version) = self.store.snapshot(&scope).await?;
            let mut plan = plan(snapshot, &decision.triggers, now);
            plan.effects.extend(decision.effects.iter().cloned());
            plan.effects.extend(reply(&plan, &decision));
            let commit = Commit {
                installation_id: decision.installation_id,
                version,
                plan: &plan,
                done: decision.done,
                released: decision.released.clone(),
                now,
            };
            match self.store.commit(&commit).await? {
                Committed::Yes => return Ok(plan),
                Committed::Outdated => tracing::debug!("the workspace moved; deciding again"),
            }
        }
    }
}

/// What is to be said at once, as one comment.
fn reply(plan: &Plan, decision: &Decision<'_>) -> Option<Effect> {
    let comment = decision.asked_in?;
    let mut words = decision.said.clone();
    words.extend(report::answers(&plan.answers));
    if words.is_empty() {
        return None;
    }
    let body = words.join("\n\n");
    Some(Effect {
        repository_id: comment.repository_id,
        call: Call::Reply {
            pull_request: comment.pull_request,
            comment: comment.id,
            body,
        },
    })
}

/// What the triggers can affect.
pub(super) fn scope(installation_id: i64, triggers: &[Trigger]) -> Scope {
    let mut scope = Scope {
        installation_id,
        ..Scope::default()
    };
    for trigger in triggers {
        match trigger {
            Trigger::Release(new) | Trigger::Preview(new) => {
                scope.commit = Some(new.commit.clone());
                for candidate in &new.packages {
                    // What a release reads of itself does not exist before it does, whatever its number will be.
                    let release = ReleaseName {
                        package: candidate.name.clone(),
                        number: ReleaseNumber(0),
                    };
                    scope
                        .reads
                        .extend(documents_of_tasks(&release, &candidate.package));
                }
                scope
                    .packages
                    .extend(new.packages.iter().map(|candidate| candidate.name.clone()));
                scope
                    .writes
                    .extend(new.environments.iter().map(|environment| {
                        Reference::global(SubPathKind::Environment, environment.name.as_str())
                    }));
            }
            Trigger::Replanned { release, package } => {
                scope.releases.insert(release.clone());
                scope.reads.extend(documents_of_tasks(release, package));
            }
            Trigger::NeedsRunner { run, .. }
            | Trigger::Claimed { run, .. }
            | Trigger::Ended { run, .. } => {
                scope.releases.insert(run.release.clone());
                scope.writes.extend(documents_of(run));
                if let Trigger::Ended {
                    outcome: Outcome::Next { inputs, .. },
                    ..
                } = trigger
                {
                    scope.reads.extend(documents_read(&run.release, inputs));
                }
            }
            Trigger::SetCustom { reference, .. } => {
                scope.writes.insert(reference.clone());
            }
            Trigger::Approve(wish) | Trigger::Retry(wish) | Trigger::Cancel(wish) => {
                scope.releases.insert(wish.release.clone());
            }
            Trigger::Undeploy { package, .. } => {
                scope.packages.insert(package.clone());
            }
        }
    }
    scope
}

fn documents_of_tasks(release: &ReleaseName, package: &Package) -> BTreeSet<Reference> {
    let tasks = package.tasks();
    tasks
        .flat_map(|task| documents_read(release, &task.inputs))
        .collect()
}

fn documents_of(run: &RunName) -> BTreeSet<Reference> {
    BTreeSet::from([
        run.release.document(&run.key),
        latest_document(&run.release.package, &run.key),
    ])
}
