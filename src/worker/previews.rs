//! What open pull requests and merge groups would do: worked out when they or the default branch move, and said with
//! what stands in the way when it is said.

use std::collections::{BTreeMap, BTreeSet};

use super::heads::UnseenPullRequest;
use super::line::Decision;
use super::pull_requests::Proposal;
use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::preview::{Reading, outlook};
use crate::engine::{Change, CommitReport, Effect, Plan, Trigger};
use crate::model::{
    CommitSha, EnvironmentName, LockScope, Presence, Reference, Registration, latest_document,
};
use crate::report::{self, CheckText, CommitSection, Destination, Leftovers};
use crate::store::{Delivery, Done, PullRequestRow, Repository, Scope};

/// A commit that is proposed over another one, by a pull request if it has a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposed<'a> {
    pub(super) base: &'a CommitSha,
    pub(super) head: &'a CommitSha,
    pub(super) number: Option<i64>,
    /// The branch it would be merged into.
    pub(super) base_ref: &'a str,
}

impl Worker {
    /// Says on the head what merging it onto the base would release.
    pub(super) async fn preview(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        proposed: Proposed<'_>,
    ) -> Result<(), Problem> {
        let is_intent = self.preview_intent(repository, proposed).await?;
        let Some(triggers) = self.previewed(repository, proposed).await? else {
            let why = match is_intent {
                true => "only what should be is proposed",
                false => "there is no repo.ocu.star",
            };
            return self.ignore(delivery, why).await;
        };
        let done = Done::Delivery(delivery.id);
        self.decide(Decision::new(repository.installation_id, triggers, done))
            .await?;
        Ok(())
    }

    /// What is to be decided about a proposed commit; `None` for a repository that does not use Ocuroot.
    pub(super) async fn previewed(
        &self,
        repository: &Repository,
        proposed: Proposed<'_>,
    ) -> Result<Option<Vec<Trigger>>, Problem> {
        let Proposed {
            base, head, number, ..
        } = proposed;
        let Some(Proposal { mut new, .. }) = self.proposed(repository, base, head).await? else {
            return Ok(None);
        };
        new.pull_request = number;
        let mut triggers = vec![Trigger::Preview(new)];
        if let Some(number) = number {
            triggers.extend(self.head_moved(repository, number, head).await?);
        }
        Ok(Some(triggers))
    }

    /// Config files of the default branch have changed: has every open pull request of the repository looked at again.
    pub(super) async fn preview_again(
        &self,
        delivery: &Delivery,
        repository_id: i64,
    ) -> Result<(), Problem> {
        let Some(repository) = self.store.repository(repository_id).await? else {
            return self.ignore(delivery, "the repository is gone").await;
        };
        let open = self.store.open_pull_requests(repository_id).await?;
        let messages: Vec<_> = open
            .into_iter()
            .map(|number| {
                let key = format!("{} pull {number}", delivery.key);
                UnseenPullRequest::message(key, &repository, number)
            })
            .collect();
        // Should this stop between the two, the messages are there already when it comes again.
        self.store
            .append_deliveries(&messages, self.clock.now())
            .await?;
        self.ignore(delivery, "open pull requests are looked at again")
            .await
    }

    /// The check runs of open pull requests that say something about a place where a lock has come or gone.
    pub(super) async fn previews_to_show(
        &self,
        installation_id: i64,
        plan: &Plan,
    ) -> Result<Vec<Effect>, Problem> {
        let mut places: BTreeSet<(&LockScope, &EnvironmentName)> = BTreeSet::new();
        for change in &plan.changes {
            if let Change::PutLock(lock) | Change::DeleteLock(lock) = change {
                places.insert((&lock.scope, &lock.environment));
            }
        }
        let mut heads = BTreeSet::new();
        for (scope, environment) in places {
            for repository_id in self.covered(installation_id, scope).await? {
                let found = self
                    .store
                    .heads_that_go_to(repository_id, environment)
                    .await?;
                heads.extend(found.into_iter().map(|head| (repository_id, head)));
            }
        }
        let effects = heads.into_iter().map(|(repository_id, commit)| Effect {
            repository_id,
            call: Call::CommitCheck { commit },
        });
        Ok(effects.collect())
    }

    /// The repositories that a lock concerns.
    async fn covered(&self, installation_id: i64, scope: &LockScope) -> Result<Vec<i64>, Problem> {
        let name = match scope {
            LockScope::Workspace => {
                let all = self.store.repositories_of_workspace(installation_id).await;
                return Ok(all?);
            }
            LockScope::Repository(name) => name,
            LockScope::Package(package) => &package.repository,
        };
        let repository = self
            .store
            .repository_by_reference(installation_id, name)
            .await?;
        Ok(repository
            .map(|repository| repository.id)
            .into_iter()
            .collect())
    }

    /// What the check run `ocuroot` of a commit says now.
    pub(super) async fn commit_text(
        &self,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<Option<CheckText>, Problem> {
        let reports = self.store.commit_reports(repository_id, commit).await?;
        let Some(repository) = self.store.repository(repository_id).await? else {
            return Ok(None);
        };
        let rows = self
            .store
            .pull_requests_of_head(repository_id, commit)
            .await?;
        let shown = shown(reports, &rows);
        self.said(&repository, commit, shown, &rows).await
    }

    /// What the check run of a pull request's head says for that pull request.
    pub(super) async fn preview_text(
        &self,
        repository: &Repository,
        number: i64,
    ) -> Result<Option<CheckText>, Problem> {
        let Some(pull) = self.store.pull_request(repository.id, number).await? else {
            return Ok(None);
        };
        let head = pull.head_sha;
        let mut reports = self.store.commit_reports(repository.id, &head).await?;
        reports.retain(|of, _| *of == Some(number));
        let rows = self
            .store
            .pull_requests_of_head(repository.id, &head)
            .await?;
        self.said(repository, &head, reports, &rows).await
    }

    async fn said(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        reports: BTreeMap<Option<i64>, CommitReport>,
        rows: &[PullRequestRow],
    ) -> Result<Option<CheckText>, Problem> {
        if reports.is_empty() {
            return Ok(None);
        }
        let scope = Scope {
            installation_id: repository.installation_id,
            repositories: BTreeSet::from([repository.reference_name.clone()]),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let place = (repository.reference_name.as_str(), commit);
        let now = self.clock.now();
        let mut sections = Vec::new();
        for (number, report) in reports {
            let row = rows.iter().find(|row| Some(row.number) == number);
            sections.push(CommitSection {
                leftovers: self.leftovers(repository, &report).await?,
                outlook: outlook(&report, place, &snapshot, now),
                readings: self.readings(repository, &report).await?,
                destination: row.map(|row| destination(row, repository)),
                report,
            });
        }
        Ok(Some(report::commit_check(&sections)))
    }

    /// What the commit leaves behind, as far as it is still there.
    async fn leftovers(
        &self,
        repository: &Repository,
        report: &CommitReport,
    ) -> Result<Leftovers, Problem> {
        let installation_id = repository.installation_id;
        let packages = report.packages.iter().map(|package| &package.name);
        let packages = packages.chain(&report.gone).cloned().collect();
        let live = self
            .store
            .deployments_of_packages(installation_id, &packages)
            .await?;
        let mut leftovers = Leftovers {
            deployments: report::left_behind(report, live),
            environments: BTreeMap::new(),
        };
        if report.dropped.is_empty() {
            return Ok(leftovers);
        }
        let scope = Scope {
            installation_id,
            environments: report.dropped.clone(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        for name in &report.dropped {
            let known = snapshot.registrations.get(name);
            let is_dropped = |known: &Registration| known.presence == Presence::Dropped;
            if known
                .is_some_and(|known| is_dropped(known) || report.is_preview && !known.is_leaving())
            {
                let live = snapshot.occupants.get(name);
                let live = live.into_iter().flatten().cloned().collect();
                leftovers.environments.insert(name.clone(), live);
            }
        }
        Ok(leftovers)
    }

    /// Who else reads what the steps of a preview would leave.
    async fn readings(
        &self,
        repository: &Repository,
        report: &CommitReport,
    ) -> Result<BTreeSet<Reading>, Problem> {
        if !report.is_preview {
            return Ok(BTreeSet::new());
        }
        let mut documents: BTreeSet<Reference> = BTreeSet::new();
        for package in &report.packages {
            let keys = package.phases.iter().flat_map(|(_, keys)| keys);
            documents.extend(keys.map(|key| latest_document(&package.name, key)));
        }
        let installation_id = repository.installation_id;
        Ok(self.store.readers_of(installation_id, &documents).await?)
    }
}

/// What is said of a commit: what it is on the default branch, and what it would be for each open pull request; for
/// one that nobody asks about any more, what was said last.
fn shown(
    mut reports: BTreeMap<Option<i64>, CommitReport>,
    rows: &[PullRequestRow],
) -> BTreeMap<Option<i64>, CommitReport> {
    let is_open = |number: &i64| rows.iter().any(|row| row.is_open && row.number == *number);
    if reports.keys().any(|of| of.as_ref().is_none_or(is_open)) {
        reports.retain(|of, _| of.as_ref().is_none_or(is_open));
    }
    reports
}

fn destination(row: &PullRequestRow, repository: &Repository) -> Destination {
    let is_default = row.base_ref == repository.default_branch;
    Destination {
        number: row.number,
        branch: row.base_ref.clone(),
        released_branch: (!is_default).then(|| repository.default_branch.clone()),
        is_fork: row.is_fork,
    }
}
