//! What people have said in a repository since some time.

use serde::Deserialize;

use super::call::Call;
use super::client::Installation;
use super::error::GitHubError;
use crate::model::{RepositoryName, Timestamp};

/// A comment on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenComment {
    /// GitHub's id.
    pub id: i64,
    /// The pull request.
    pub pull_request: i64,
    /// What was said.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
}

#[derive(Deserialize)]
struct Item {
    id: i64,
    body: Option<String>,
    html_url: Option<String>,
    created_at: Option<String>,
    user: Option<Author>,
}

#[derive(Deserialize)]
struct Author {
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Installation {
    /// What people, not bots, have said on pull requests since `since`, the earliest first.
    ///
    /// # Errors
    /// `NotFound` when the App does not see the repository any more.
    pub async fn comments_since(
        &self,
        repository: &RepositoryName,
        since: Timestamp,
    ) -> Result<Vec<SpokenComment>, GitHubError> {
        let call = Call::get(Call::path(repository, "issues/comments"))
            .query("sort", "created")
            .query("direction", "asc")
            .query("since", &since.rfc3339());
        let items = self.caller.pages(call, |page: Vec<Item>| page).await?;
        let comments = items.into_iter().filter_map(Item::read);
        Ok(comments
            .filter(|comment| comment.created_at >= since)
            .collect())
    }
}

impl Item {
    /// `None` for what a bot said, or what is not on a pull request.
    fn read(self) -> Option<SpokenComment> {
        let is_person = self.user?.kind.as_deref() == Some("User");
        let url = self.html_url?;
        let (_, rest) = url.split_once("/pull/")?;
        let number = rest.split('#').next()?.parse().ok()?;
        let created_at = Timestamp::from_rfc3339(&self.created_at?)?;
        is_person.then(|| SpokenComment {
            id: self.id,
            pull_request: number,
            body: self.body.unwrap_or_default(),
            created_at,
        })
    }
}
