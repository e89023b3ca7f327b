//! `approve`, `reject`, `retry` and `cancel`: what people say of releases.

use std::collections::BTreeSet;

use super::target::environments;
use super::{Asked, Speaker};
use crate::command::{Command, Verb};
use crate::engine::Trigger;
use crate::model::ReleaseName;
use crate::report::{self, Refusal};
use crate::worker::{Problem, Worker};

impl Worker {
    /// A wish for each release that is meant.
    pub(super) async fn hear_wish(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let number = speaker.place.pull_request;
        let releases = match self
            .meant_releases(speaker.repository, number, command)
            .await?
        {
            Ok(releases) => releases,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        if releases.is_empty() {
            return Ok(Asked::reply(report::status_overview(&[], self.clock.now())));
        }
        let snapshot = self
            .surroundings(speaker.repository, &releases, &BTreeSet::new())
            .await?;
        if let Some(refusal) = outdated(command, &releases, &snapshot) {
            return Ok(Asked::refuse(refusal));
        }
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) if goals.is_empty() => None,
            Ok(goals) => Some(goals),
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let mut asked = Asked::default();
        for release in releases {
            let wish = self
                .wish(speaker, command, &snapshot, release, goals.clone())
                .await?;
            asked.triggers.push(match command.verb {
                Verb::Approve => Trigger::Approve(wish),
                Verb::Reject => Trigger::Reject(wish),
                Verb::Cancel => Trigger::Cancel(wish),
                _ => Trigger::Retry(wish),
            });
        }
        Ok(asked)
    }
}

/// The person named another commit than the release is of.
fn outdated(
    command: &Command,
    releases: &BTreeSet<ReleaseName>,
    snapshot: &crate::engine::Snapshot,
) -> Option<Refusal> {
    let sha = command.sha.as_ref()?;
    let mut releases = releases
        .iter()
        .filter_map(|name| snapshot.releases.get(name));
    let other = releases.find(|release| !release.commit.as_str().starts_with(sha.as_str()))?;
    Some(Refusal::OtherCommit {
        release: other.name.clone(),
        commit: other.commit.clone(),
    })
}
