//! Who may do what, and which repositories we see.

use serde::Deserialize;

use super::call::{Call, segment};
use super::client::Installation;
use super::error::GitHubError;
use crate::model::{Permission, RepositoryName};

/// A repository the installation sees. The id is what identifies it; names change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// GitHub's id.
    pub id: i64,
    /// Its name.
    pub name: RepositoryName,
    /// Its default branch.
    pub default_branch: String,
    /// Whether it is not public.
    pub private: bool,
    /// Whether it is a fork.
    pub fork: bool,
    /// Whether it is read-only.
    pub archived: bool,
}

#[derive(Deserialize)]
struct PermissionAnswer {
    permission: String,
    role_name: Option<String>,
}

#[derive(Deserialize)]
struct RepositoriesPage {
    repositories: Vec<RepositoryItem>,
}

#[derive(Deserialize)]
struct RepositoryItem {
    id: i64,
    full_name: String,
    default_branch: Option<String>,
    private: Option<bool>,
    fork: Option<bool>,
    archived: Option<bool>,
}

impl Permission {
    fn from_name(name: &str) -> Option<Permission> {
        Some(match name {
            "none" => Permission::None,
            "read" | "pull" => Permission::Read,
            "triage" => Permission::Triage,
            "write" | "push" => Permission::Write,
            "maintain" => Permission::Maintain,
            "admin" => Permission::Admin,
            _ => return None,
        })
    }
}

impl Installation {
    /// What `login` may do in the repository at this moment. An organization's custom role
    /// counts as the base role GitHub maps it to; an unknown person as [`Permission::None`].
    ///
    /// # Errors
    /// Whatever keeps GitHub from answering: nobody is allowed anything on a guess.
    pub async fn permission(
        &self,
        repository: &RepositoryName,
        login: &str,
    ) -> Result<Permission, GitHubError> {
        let rest = format!("collaborators/{}/permission", segment(login));
        let call = Call::get(Call::path(repository, &rest));
        let answer: PermissionAnswer = match self.caller.json(call).await {
            Err(GitHubError::NotFound { .. }) => return Ok(Permission::None),
            other => other?,
        };
        let role = answer.role_name.as_deref().and_then(Permission::from_name);
        let base = Permission::from_name(&answer.permission);
        Ok(role.or(base).unwrap_or(Permission::None))
    }

    /// GitHub's id of the repository that is called `name` now; `None` when the installation sees none.
    ///
    /// # Errors
    /// Whatever keeps GitHub from answering.
    pub async fn repository_id(&self, name: &RepositoryName) -> Result<Option<i64>, GitHubError> {
        let (owner, short) = (segment(name.owner()), segment(name.name()));
        let call = Call::get(format!("/repos/{owner}/{short}"));
        match self.caller.json::<RepositoryItem>(call).await {
            Err(GitHubError::NotFound { .. }) => Ok(None),
            found => Ok(Some(found?.id)),
        }
    }

    /// Every repository the installation sees. One without a usable name is left out.
    ///
    /// # Errors
    /// `Forbidden` when the installation is suspended or gone.
    pub async fn repositories(&self) -> Result<Vec<Repository>, GitHubError> {
        let call = Call::get(String::from("/installation/repositories"));
        let items = self
            .caller
            .pages(call, |page: RepositoriesPage| page.repositories)
            .await?;
        Ok(items.into_iter().filter_map(RepositoryItem::read).collect())
    }
}

impl RepositoryItem {
    fn read(self) -> Option<Repository> {
        Some(Repository {
            id: self.id,
            name: self.full_name.parse().ok()?,
            default_branch: self.default_branch.unwrap_or_else(|| String::from("main")),
            private: self.private.unwrap_or(false),
            fork: self.fork.unwrap_or(false),
            archived: self.archived.unwrap_or(false),
        })
    }
}
