//! Comments and reactions. A comment is looked for before it is written again: each carries a hidden mark.

use super::{Problem, Worker};
use crate::engine::Release;
use crate::github::{GitHubError, Reaction};
use crate::model::ReleaseName;
use crate::report;
use crate::store::{PendingEffect, Scope};

impl Worker {
    /// Answers a command.
    pub(super) async fn reply(
        &self,
        effect: &PendingEffect,
        pull_request: i64,
        body: &str,
    ) -> Result<(), Problem> {
        let mark = format!("<!-- ocuroot:{} -->", effect.key);
        self.comment_once(effect, pull_request, &mark, body).await
    }

    /// Tells how a release that a command asked for has settled.
    pub(super) async fn result(
        &self,
        effect: &PendingEffect,
        name: &ReleaseName,
        pull_request: i64,
    ) -> Result<(), Problem> {
        let scope = Scope::of_release(effect.installation_id, name);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let Some(release) = snapshot.releases.get(name) else {
            return self.settled(effect).await;
        };
        let progress = self.progress(effect.installation_id, name).await?;
        let mut body = report::result(release, &snapshot, &progress, self.clock.now());
        if let Some(words) = self.newer_plan(effect, release, pull_request).await? {
            body.push_str(&words);
        }
        let mark = format!("<!-- ocuroot:{} {} -->", effect.key, effect.generation);
        self.comment_once(effect, pull_request, &mark, &body).await
    }

    /// Where the plan of a pull request's head is, if the release is of another commit of it.
    async fn newer_plan(
        &self,
        effect: &PendingEffect,
        release: &Release,
        number: i64,
    ) -> Result<Option<String>, Problem> {
        let pull = self
            .store
            .pull_request(release.repository_id, number)
            .await?;
        let Some(pull) = pull.filter(|pull| {
            pull.is_open && release.lane == Some(number) && pull.head_sha != release.commit
        }) else {
            return Ok(None);
        };
        let repository = self.repository_of(effect).await?;
        let url = format!("{}/{}/pull/{number}/checks", self.web_url, repository.name);
        Ok(Some(report::newer_plan(&pull.head_sha, &url)))
    }

    async fn comment_once(
        &self,
        effect: &PendingEffect,
        pull_request: i64,
        mark: &str,
        body: &str,
    ) -> Result<(), Problem> {
        let repository = self.repository_of(effect).await?;
        let installation = self.github.installation(effect.installation_id);
        let is_there = effect.is_unsure
            && installation
                .find_comment(&repository.name, pull_request, mark)
                .await?
                .is_some();
        if !is_there {
            let body = format!("{mark}\n{body}");
            installation
                .create_comment(&repository.name, pull_request, &body)
                .await?;
        }
        self.settled(effect).await
    }

    /// Acknowledges a command. Reacting twice is reacting once.
    pub(super) async fn react(
        &self,
        effect: &PendingEffect,
        comment: i64,
        is_taken: bool,
    ) -> Result<(), Problem> {
        let repository = self.repository_of(effect).await?;
        let reaction = if is_taken {
            Reaction::Eyes
        } else {
            Reaction::Confused
        };
        let answer = self
            .github
            .installation(effect.installation_id)
            .react(&repository.name, comment, reaction)
            .await;
        match answer {
            // 404: the comment was deleted; nobody is there to be acknowledged.
            Ok(()) | Err(GitHubError::NotFound { .. }) => self.settled(effect).await,
            Err(error) => Err(error.into()),
        }
    }
}
