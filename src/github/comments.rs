//! Comments on pull requests and issues.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Call;
use super::checks::cut;
use super::client::Installation;
use super::error::GitHubError;
use super::pulls::Identified;
use crate::model::RepositoryName;

/// Longest comment, in bytes; GitHub allows 65,536 characters.
const COMMENT_LIMIT: usize = 65_000;

/// What we can say to a comment without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Reaction {
    /// Thumbs up: done.
    #[serde(rename = "+1")]
    ThumbsUp,
    /// Thumbs down: refused.
    #[serde(rename = "-1")]
    ThumbsDown,
    /// Not understood.
    #[serde(rename = "confused")]
    Confused,
    /// Seen.
    #[serde(rename = "eyes")]
    Eyes,
    /// Under way.
    #[serde(rename = "rocket")]
    Rocket,
    /// Everything is done.
    #[serde(rename = "hooray")]
    Hooray,
}

#[derive(Deserialize)]
struct CommentItem {
    id: i64,
    body: Option<String>,
    performed_via_github_app: Option<Identified>,
}

impl Installation {
    /// Writes a comment and answers its id. People are notified.
    ///
    /// # Errors
    /// `Forbidden` when the conversation is locked.
    pub async fn create_comment(
        &self,
        repository: &RepositoryName,
        number: i64,
        body: &str,
    ) -> Result<i64, GitHubError> {
        let path = Call::path(repository, &format!("issues/{number}/comments"));
        let call = Call::post(path, json!({"body": cut(body, COMMENT_LIMIT)}));
        let created: Identified = self.caller.json(call).await?;
        Ok(created.id)
    }

    /// Replaces a comment's text. Nobody is notified.
    ///
    /// # Errors
    /// `NotFound` when somebody deleted it.
    pub async fn update_comment(
        &self,
        repository: &RepositoryName,
        id: i64,
        body: &str,
    ) -> Result<(), GitHubError> {
        let path = Call::path(repository, &format!("issues/comments/{id}"));
        let call = Call::patch(path, json!({"body": cut(body, COMMENT_LIMIT)}));
        self.caller.send(call).await.map(|_| ())
    }

    /// The first comment of ours that contains `marker`: how to find out whether a create whose
    /// answer was lost has happened.
    ///
    /// # Errors
    /// `NotFound` when there is no such issue or pull request.
    pub async fn find_comment(
        &self,
        repository: &RepositoryName,
        number: i64,
        marker: &str,
    ) -> Result<Option<i64>, GitHubError> {
        let path = Call::path(repository, &format!("issues/{number}/comments"));
        let items = self
            .caller
            .pages(Call::get(path), |page: Vec<CommentItem>| page)
            .await?;
        let app_id = self.github.app_id();
        let is_it = |item: &CommentItem| {
            let app = item.performed_via_github_app.as_ref();
            let body = item.body.as_deref().unwrap_or_default();
            app.is_some_and(|app| app.id == app_id) && body.contains(marker)
        };
        Ok(items.iter().find(|item| is_it(item)).map(|item| item.id))
    }

    /// Reacts to a comment. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound` when somebody deleted the comment.
    pub async fn react(
        &self,
        repository: &RepositoryName,
        comment_id: i64,
        content: Reaction,
    ) -> Result<(), GitHubError> {
        let path = Call::path(
            repository,
            &format!("issues/comments/{comment_id}/reactions"),
        );
        let call = Call::post(path, json!({"content": content}));
        self.caller.send(call).await.map(|_| ())
    }
}
