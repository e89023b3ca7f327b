//! `deploy`: what goes where.

use std::collections::BTreeSet;

use super::target::{self, environments};
use super::{Asked, Speaker};
use crate::command::Command;
use crate::engine::affected::concerning;
use crate::engine::{NewReleases, Snapshot, Trigger, Wish};
use crate::github::{PullRequest, PullRequestState};
use crate::model::{
    Actor, Diagnostic, EnvironmentName, Package, PackageName, Permission, ReleaseName, TaskKey,
};
use crate::report::{self, Refusal};
use crate::store::Repository;
use crate::worker::pull_requests::Proposal;
use crate::worker::{Problem, Worker};

impl Worker {
    /// `deploy`: the head commit GitHub shows for the pull request now, up to the environments; after the merge the
    /// release it has made; with `--release` that one.
    pub(super) async fn hear_deploy(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        if command.release.is_some() {
            return self.hear_bring(speaker, command).await;
        }
        let pull = self
            .github
            .installation(speaker.repository.installation_id)
            .pull_request(&speaker.repository.name, speaker.place.pull_request)
            .await?;
        if pull.merged {
            return self.hear_bring(speaker, command).await;
        }
        if let Some(refusal) = self.refused(speaker, &pull, command).await? {
            return Ok(Asked::refuse(refusal));
        }
        let snapshot = self.place_of(speaker.repository).await?;
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let proposal = self
            .proposed(speaker.repository, &pull.base_sha, &pull.head_sha)
            .await?;
        let Some(proposal) = proposal else {
            return Ok(Asked::reply(report::nothing_to_release()));
        };
        self.propose(speaker, command, &pull, goals, proposal).await
    }

    async fn propose(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        pull: &PullRequest,
        goals: BTreeSet<EnvironmentName>,
        proposal: Proposal,
    ) -> Result<Asked, Problem> {
        let Proposal { mut new, changed } = proposal;
        match chosen(&mut new, command, &goals) {
            Ok(true) => {}
            Ok(false) => return Ok(Asked::reply(report::nothing_to_release())),
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        }
        new.goals = Some(goals);
        new.pull_request = Some(pull.number);
        new.is_proposed = true;
        new.reply_to = Some(pull.number);
        new.authors.extend(pull.author.clone());
        new.authors.insert(speaker.login.to_owned());
        new.breaks_glass = command
            .is_break_glass
            .then(|| command.reason.clone().unwrap_or_default());
        let (places, packages) = places_of(&new, self.clock.now());
        let snapshot = self
            .surroundings(speaker.repository, &BTreeSet::new(), &packages)
            .await?;
        let known = self.known_at(speaker.repository, &pull.head_sha).await?;
        let touched = packages
            .iter()
            .flat_map(|package| concerning(&package.path, &changed, &known))
            .collect();
        let actor = self
            .actor(
                speaker.repository,
                speaker.person(),
                &snapshot,
                &places,
                &touched,
            )
            .await?;
        new.asked = Some(actor);
        Ok(Asked {
            triggers: vec![Trigger::Release(new)],
            places,
            ..Asked::default()
        })
    }

    /// What speaks against deploying the pull request at all.
    async fn refused(
        &self,
        speaker: Speaker<'_>,
        pull: &PullRequest,
        command: &Command,
    ) -> Result<Option<Refusal>, Problem> {
        if pull.is_fork {
            return Ok(Some(Refusal::Fork));
        }
        if pull.state == PullRequestState::Closed {
            return Ok(Some(Refusal::Closed));
        }
        let head = pull.head_sha.clone();
        let is_meant = command
            .sha
            .as_ref()
            .is_none_or(|sha| head.as_str().starts_with(sha.as_str()));
        if !is_meant || !self.was_seen(speaker.repository, pull).await? {
            return Ok(Some(Refusal::HeadMoved { head }));
        }
        Ok(None)
    }

    /// Whether the head was there when the command was given: events of a pull request arrive in order, so a head
    /// that none has told of was pushed after the comment. It counts as seen from now on (accepted: after a lost
    /// event the first command is refused once for nothing).
    async fn was_seen(
        &self,
        repository: &crate::store::Repository,
        pull: &PullRequest,
    ) -> Result<bool, Problem> {
        let heads = self
            .store
            .pull_requests_of_head(repository.id, &pull.head_sha)
            .await?;
        if heads.iter().any(|row| row.number == pull.number) {
            return Ok(true);
        }
        self.note_pull_request(repository, pull).await?;
        Ok(false)
    }

    /// Moves releases there are on to the environments.
    async fn hear_bring(&self, speaker: Speaker<'_>, command: &Command) -> Result<Asked, Problem> {
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
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let mut asked = Asked::default();
        for release in releases {
            if let Some(refusal) = self.outlived(speaker, &snapshot, &release).await? {
                asked.refusals.push(refusal);
                continue;
            }
            let wish = self
                .wish(speaker, command, &snapshot, release, Some(goals.clone()))
                .await?;
            asked.bring(wish);
        }
        Ok(asked)
    }

    /// What speaks against moving a release on that was made for a pull request: that is over, or has another head.
    pub(super) async fn outlived(
        &self,
        speaker: Speaker<'_>,
        snapshot: &Snapshot,
        release: &ReleaseName,
    ) -> Result<Option<Refusal>, Problem> {
        let known = snapshot.releases.get(release);
        let Some((known, pull_request)) = known.and_then(|known| Some((known, known.lane?))) else {
            return Ok(None);
        };
        let pull = self
            .github
            .installation(speaker.repository.installation_id)
            .pull_request(&speaker.repository.name, pull_request)
            .await?;
        if pull.state == PullRequestState::Closed {
            let release = release.clone();
            return Ok(Some(Refusal::Over {
                release,
                pull_request,
            }));
        }
        let head = pull.head_sha;
        Ok((head != known.commit).then_some(Refusal::HeadMoved { head }))
    }

    /// A person's wish about one release.
    pub(super) async fn wish(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        snapshot: &Snapshot,
        release: ReleaseName,
        environments: Option<BTreeSet<EnvironmentName>>,
    ) -> Result<Wish, Problem> {
        let actor = self
            .actor_of_wish(
                speaker.repository,
                speaker.person(),
                snapshot,
                &release,
                environments.as_ref(),
            )
            .await?;
        Ok(Wish {
            release,
            environments,
            actor,
            reason: command.reason.clone(),
            breaks_glass: command.is_break_glass,
            reply_to: Some(speaker.place.pull_request),
        })
    }

    /// The person as the rules of where a release goes need to know them: to these environments, or to all it has.
    pub(in crate::worker) async fn actor_of_wish(
        &self,
        repository: &Repository,
        person: (&str, Permission),
        snapshot: &Snapshot,
        release: &ReleaseName,
        environments: Option<&BTreeSet<EnvironmentName>>,
    ) -> Result<Actor, Problem> {
        let goals = match (environments, snapshot.releases.get(release)) {
            (Some(goals), _) => goals.clone(),
            (None, Some(release)) => {
                let tasks = release.package.tasks();
                tasks
                    .filter_map(|task| task.key.environment().cloned())
                    .collect()
            }
            (None, None) => BTreeSet::new(),
        };
        let places: Vec<_> = goals
            .into_iter()
            .map(|goal| (release.package.clone(), goal))
            .collect();
        let touched = match snapshot.releases.get(release) {
            Some(known) => self.touched(repository, known, snapshot, &places).await?,
            None => BTreeSet::new(),
        };
        self.actor(repository, person, snapshot, &places, &touched)
            .await
    }
}

impl Asked {
    pub(super) fn bring(&mut self, wish: Wish) {
        let goals = wish.environments.iter().flatten();
        let places = goals.map(|goal| (wish.release.package.clone(), goal.clone()));
        self.places.extend(places);
        self.triggers.push(Trigger::Bring(wish));
    }
}

/// Leaves the packages that are meant and go to any of the goals. `false` when there is nothing to release at all.
fn chosen(
    new: &mut NewReleases,
    command: &Command,
    goals: &BTreeSet<EnvironmentName>,
) -> target::Meant<bool> {
    if new.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Refusal::BrokenConfiguration);
    }
    if new.packages.is_empty() {
        return Ok(false);
    }
    let known = new.packages.iter();
    let known = known.map(|candidate| candidate.name.clone()).collect();
    let selected = target::packages(&command.packages, &known)?;
    let goes_there = |package: &Package| {
        let mut goals = goals.iter();
        goals.any(|goal| package.task(&TaskKey::Deploy(goal.clone())).is_some())
    };
    new.packages
        .retain(|candidate| selected.contains(&candidate.name) && goes_there(&candidate.package));
    if new.packages.is_empty() {
        return Err(Refusal::NotInPackages {
            environments: goals.iter().map(ToString::to_string).collect(),
        });
    }
    Ok(true)
}

/// Where new releases go, and the packages they are of.
pub(in crate::worker) fn places_of(
    new: &NewReleases,
    now: crate::model::Timestamp,
) -> (Vec<super::Place>, BTreeSet<PackageName>) {
    let mut places = Vec::new();
    let mut packages = BTreeSet::new();
    for candidate in &new.packages {
        let name = ReleaseName {
            package: candidate.name.clone(),
            number: crate::model::ReleaseNumber(1),
        };
        let release = new.release(candidate, name, now);
        packages.insert(candidate.name.clone());
        places.extend(release.planned_tasks().filter_map(|task| {
            let environment = task.key.environment()?.clone();
            Some((candidate.name.clone(), environment))
        }));
    }
    (places, packages)
}
