//! A pull request into a branch whose files say what should be: what merging it would want, and what stands against it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::desired::wanted;
use super::super::line::Decision;
use super::super::previews::Proposed;
use super::super::{Problem, Worker};
use super::adoption::{NOBODY, Wishes, unanswered};
use super::files::{Branch, Read, Said, say};
use crate::engine::plan::Call;
use crate::engine::{Answer, Change, Effect};
use crate::model::{
    Actor, IntentFile, IntentItem, IntentReport, Permission, Reference, SubPathKind,
};
use crate::report;
use crate::store::{Done, Repository};

impl Worker {
    /// Says on the head what merging it would want, if anybody follows the branch it is to be merged into.
    pub(in crate::worker) async fn preview_intent(
        &self,
        repository: &Repository,
        proposed: Proposed<'_>,
    ) -> Result<bool, Problem> {
        let followers = self.followers(repository, proposed.base_ref).await?;
        if followers.is_empty() {
            return Ok(false);
        }
        let branch = Branch {
            repository,
            name: proposed.base_ref,
            followers: &followers,
        };
        let said = self.said_by(&branch, proposed).await?;
        let report = IntentReport {
            branch: proposed.base_ref.to_owned(),
            is_preview: true,
            items: self.outcomes_of(&branch, said).await?,
            differing: Vec::new(),
        };
        let commit = proposed.head.clone();
        let call = Call::IntentCheck {
            commit: commit.clone(),
        };
        self.forget(repository.installation_id, &call.key()).await?;
        let mut decision = Decision::new(repository.installation_id, Vec::new(), Done::Nothing);
        let report = Change::PutIntentReport(repository.id, commit, Box::new(report));
        decision.changes.push(report);
        decision.effects.push(Effect {
            repository_id: repository.id,
            call,
        });
        self.decide(decision).await?;
        Ok(true)
    }

    /// What the files say that the head changes: the branch may have moved since it left it.
    async fn said_by(
        &self,
        branch: &Branch<'_>,
        proposed: Proposed<'_>,
    ) -> Result<Vec<Said>, Problem> {
        let repository = branch.repository;
        let comparison = self
            .github
            .installation(repository.installation_id)
            .compare(
                &repository.name,
                proposed.base.as_str(),
                proposed.head.as_str(),
            )
            .await?;
        let before = self.intent_tree(repository, &comparison.merge_base).await?;
        let known: BTreeMap<String, IntentFile> = before
            .into_iter()
            .map(|(path, blob)| (path.clone(), branch.unread(path, blob)))
            .collect();
        let tree = self.intent_tree(repository, proposed.head).await?;
        let read = Read {
            known: &known,
            tree: &tree,
            own: &BTreeSet::new(),
            pusher: None,
        };
        let texts = self.intent_texts(repository, &read).await?;
        Ok(say(branch, &read, &texts))
    }

    async fn outcomes_of(
        &self,
        branch: &Branch<'_>,
        said: Vec<Said>,
    ) -> Result<Vec<IntentItem>, Problem> {
        let workspace = branch.repository.installation_id;
        let snapshot = self.places_of(branch, &said).await?;
        let references = said.iter().filter_map(Said::speaks_of);
        let references: BTreeSet<Reference> = references.cloned().collect();
        let intents = self.store.intents_at(workspace, &references).await?;
        let mut wishes = Wishes::default();
        for said in said {
            let trigger = said.speaks_of().map(|reference| {
                let follower = branch.follower(reference, &snapshot);
                wanted(follower, anybody(), reference.clone(), said.value.clone())
            });
            wishes.add(said, trigger);
        }
        let plan = self.foresee(workspace, &wishes.triggers).await?;
        let mut items = Vec::new();
        for entry in &wishes.entries {
            let mut item = unanswered(&entry.said);
            if let Some(reference) = &item.reference {
                let answers = entry.answers(&plan).into_iter();
                let answers: Vec<Answer> = answers.filter(is_about_the_file).collect();
                item.refused = report::answers(&answers);
                item.before = intents.get(reference).cloned();
                item.readers = self.readers_of(workspace, reference).await?;
            }
            if item.reference.is_some() || item.has_failed() {
                items.push(item);
            }
        }
        Ok(items)
    }

    /// What is deployed and reads it, nearest first.
    async fn readers_of(
        &self,
        workspace: i64,
        reference: &Reference,
    ) -> Result<Vec<crate::model::DeploymentName>, Problem> {
        if !matches!(
            reference.subpath,
            Some((SubPathKind::Custom | SubPathKind::Environment, _))
        ) {
            return Ok(Vec::new());
        }
        let dependents = self.store.impact(workspace, reference).await?;
        Ok(dependents
            .into_iter()
            .map(|dependent| dependent.deployment)
            .collect())
    }
}

/// Whoever merges it is not known yet: what they may is not asked.
fn anybody() -> Actor {
    Actor {
        login: NOBODY.to_owned(),
        permission: Permission::Admin,
        grants: BTreeSet::new(),
    }
}

/// Whether it is wrong whoever merges it.
fn is_about_the_file(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::NotApplied(..) | Answer::NoSuchDeployment(..)
    )
}
