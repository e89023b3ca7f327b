//! A push to a branch whose files say what should be: each file that it changes is wanted, and made so, in one decision.
//!
//! What has to be taken over is the difference between the files as they were taken over last and those of the pushed
//! commit, so that a lost push is made up for by the next and a doubled one changes nothing. Each file is wanted in the
//! name of whoever pushed it; what a lost push brought is wanted in nobody's name, whom no rule lets do anything.

mod adoption;
mod files;
mod messages;
mod preview;
mod read;

use std::collections::{BTreeMap, BTreeSet};

pub use adoption::{Adoption, Entry, Wishes};
pub use files::{Branch, Own, Read, Said, Texts, Tree, say, wrong};
use messages::IntentPush;

use super::desired::{place_of, wanted};
use super::line::{Asker, Decision};
use super::{Problem, Worker};
use crate::engine::intent::is_met;
use crate::engine::plan::Call;
use crate::engine::{Effect, Snapshot};
use crate::github::{ComparisonStatus, GitHubError};
use crate::model::{Actor, CommitSha, Permission, Reference};
use crate::store::{Delivery, Done, Repository, Scope};

impl Worker {
    /// Takes over what a push changes.
    pub(super) async fn on_intent_push(
        &self,
        delivery: &Delivery,
        pushed: &IntentPush,
    ) -> Result<(), Problem> {
        let Some(repository) = self.store.repository(pushed.repository_id).await? else {
            return self.ignore(delivery, "the repository is gone").await;
        };
        let followers = self.followers(&repository, &pushed.branch).await?;
        if followers.is_empty() {
            return self.ignore(delivery, "nobody follows the branch").await;
        }
        let head = self
            .store
            .intent_head(repository.id, &pushed.branch)
            .await?;
        let commit = self
            .newest(&repository, &pushed.branch, head.as_ref(), &pushed.after)
            .await?;
        let branch = Branch {
            repository: &repository,
            name: &pushed.branch,
            followers: &followers,
        };
        let known = self
            .store
            .intent_files(repository.id, &pushed.branch)
            .await?;
        let tree = self.intent_tree(&repository, &commit).await?;
        // What is known of these two commits need not be asked for again.
        let mut trees = BTreeMap::from([(commit.clone(), tree.clone())]);
        if let Some(head) = head {
            let blobs = known.values();
            let blobs = blobs.map(|file| (file.path.clone(), file.blob.clone()));
            trees.entry(head).or_insert_with(|| blobs.collect());
        }
        let own = self.pushed_files(&repository, pushed, &trees).await?;
        let read = Read {
            known: &known,
            tree: &tree,
            own: &own,
            pusher: pushed.pusher.as_deref(),
        };
        let texts = self.intent_texts(&repository, &read).await?;
        let said = say(&branch, &read, &texts);
        let differing = self.decided_since(&repository, &read).await?;
        self.adopt(delivery, &branch, commit, said, differing).await
    }

    /// The newer of the commit up to which a branch was taken over and a pushed one.
    async fn newest(
        &self,
        repository: &Repository,
        branch: &str,
        head: Option<&CommitSha>,
        after: &CommitSha,
    ) -> Result<CommitSha, Problem> {
        let Some(head) = head.filter(|head| *head != after) else {
            return Ok(after.clone());
        };
        let installation = self.github.installation(repository.installation_id);
        let comparison = installation
            .compare(&repository.name, head.as_str(), after.as_str())
            .await;
        let status = match comparison {
            // History was rewritten, and cleaned up.
            Err(GitHubError::NotFound { .. }) => ComparisonStatus::Diverged,
            comparison => comparison?.status,
        };
        match status {
            ComparisonStatus::Ahead => Ok(after.clone()),
            ComparisonStatus::Identical | ComparisonStatus::Behind => Ok(head.clone()),
            ComparisonStatus::Diverged => {
                Ok(installation.branch_head(&repository.name, branch).await?)
            }
        }
    }

    pub(super) async fn followers(
        &self,
        repository: &Repository,
        branch: &str,
    ) -> Result<Vec<Repository>, Problem> {
        let is_default = branch == repository.default_branch;
        let (workspace, name) = (repository.installation_id, &repository.name);
        Ok(self
            .store
            .intent_followers(workspace, name, branch, is_default)
            .await?)
    }

    /// What other files of the branch say, and something else was decided about since.
    async fn decided_since(
        &self,
        repository: &Repository,
        read: &Read<'_>,
    ) -> Result<Vec<Reference>, Problem> {
        let mut values = BTreeMap::new();
        for file in read.unchanged() {
            if let (Some(reference), Some(value)) = (&file.reference, &file.value) {
                values.insert(reference.clone(), value);
            }
        }
        let references: BTreeSet<Reference> = values.keys().cloned().collect();
        let intents = self
            .store
            .intents_at(repository.installation_id, &references)
            .await?;
        let differs = |(reference, value): &(Reference, &serde_json::Value)| {
            let intent = intents.get(reference);
            !intent.is_some_and(|intent| is_met(reference, value, intent))
        };
        let differing = values.into_iter().filter(differs);
        Ok(differing.map(|(reference, _)| reference).collect())
    }

    async fn adopt(
        &self,
        delivery: &Delivery,
        branch: &Branch<'_>,
        commit: CommitSha,
        said: Vec<Said>,
        differing: Vec<Reference>,
    ) -> Result<(), Problem> {
        let repository = branch.repository;
        let installation_id = repository.installation_id;
        let snapshot = self.places_of(branch, &said).await?;
        let mut permissions = BTreeMap::new();
        let mut wishes = Wishes::default();
        for said in said {
            let mut trigger = None;
            if let Some(reference) = said.speaks_of() {
                let follower = branch.follower(reference, &snapshot);
                let actor = self
                    .pusher(follower, &said, reference, &snapshot, &mut permissions)
                    .await?;
                let value = said.value.clone();
                trigger = Some(wanted(follower, actor, reference.clone(), value));
            }
            wishes.add(said, trigger);
        }
        let Wishes { triggers, entries } = wishes;
        let lines = entries.iter().map(|entry| entry.said.path.clone());
        let asked_by = Asker {
            login: adoption::pushers(&entries),
            place: format!("{}@{} {commit}", repository.name, branch.name),
            lines: lines.collect(),
        };
        let call = Call::IntentCheck {
            commit: commit.clone(),
        };
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(installation_id, triggers, done);
        decision.asked_by = (!entries.is_empty()).then_some(asked_by);
        decision.effects.push(Effect {
            repository_id: repository.id,
            call,
        });
        decision.adoption = Some(Adoption {
            repository_id: repository.id,
            branch: branch.name.to_owned(),
            commit,
            entries,
            differing,
        });
        self.decide(decision).await?;
        Ok(())
    }

    /// The rules that hold where something is to be another.
    async fn places_of(&self, branch: &Branch<'_>, said: &[Said]) -> Result<Snapshot, Problem> {
        let names = branch.followers.iter();
        let references = said.iter().filter_map(Said::speaks_of);
        let scope = Scope {
            installation_id: branch.repository.installation_id,
            repositories: names
                .map(|follower| follower.reference_name.clone())
                .collect(),
            packages: references.filter_map(Reference::package).collect(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        Ok(snapshot)
    }

    /// Whoever pushed a file, as the rules of what it speaks of need to know them.
    async fn pusher(
        &self,
        follower: &Repository,
        said: &Said,
        reference: &Reference,
        snapshot: &Snapshot,
        permissions: &mut BTreeMap<(i64, String), Permission>,
    ) -> Result<Actor, Problem> {
        let Some(login) = said.pusher.as_deref() else {
            return Ok(Actor {
                login: adoption::NOBODY.to_owned(),
                permission: Permission::None,
                grants: BTreeSet::new(),
            });
        };
        let key = (follower.id, login.to_owned());
        let permission = match permissions.get(&key) {
            Some(permission) => *permission,
            None => {
                let installation = self.github.installation(follower.installation_id);
                let permission = installation.permission(&follower.name, login).await?;
                permissions.insert(key, permission);
                permission
            }
        };
        let places: Vec<_> = place_of(follower, reference).into_iter().collect();
        let person = (login, permission);
        self.actor(follower, person, snapshot, &places, &BTreeSet::new())
            .await
    }
}
