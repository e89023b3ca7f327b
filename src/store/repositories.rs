//! Workspaces, repositories and pull requests, as events tell of them.

use std::collections::BTreeMap;

use super::{Result, Store, from_json, parse};
use crate::engine::affected::Known;
use crate::model::{CommitSha, RepositoryName, Timestamp};
use crate::store::database::{Row, query};

/// A repository the App sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Repository {
    /// GitHub's id; stays when the repository is renamed.
    pub id: i64,
    /// The installation it is seen through.
    pub installation_id: i64,
    /// `owner/name` as of the latest event.
    pub name: RepositoryName,
    /// How refs call it.
    pub reference_name: String,
    /// The branch whose pushes are released.
    pub default_branch: String,
    /// The head of that branch up to which pushes were turned into releases.
    pub released_commit: Option<CommitSha>,
}

/// A pull request, as far as commands and check runs need it.
#[derive(Clone, Debug, PartialEq)]
pub struct PullRequestRow {
    /// The repository it is open against.
    pub repository_id: i64,
    /// Its number there.
    pub number: i64,
    /// Its latest commit.
    pub head_sha: CommitSha,
    /// The branch it is to be merged into.
    pub base_ref: String,
    /// Whether its head is in another repository.
    pub is_fork: bool,
    /// Whether it is open.
    pub is_open: bool,
}

pub(super) const REPOSITORY_COLUMNS: &str =
    "id, installation_id, name, reference_name, default_branch, released_commit";

pub(super) fn read_repository(row: &Row) -> Result<Repository> {
    let released: Option<String> = row.get(5);
    Ok(Repository {
        id: row.get(0),
        installation_id: row.get(1),
        name: parse("repository", row.get(2))?,
        reference_name: row.get(3),
        default_branch: row.get(4),
        released_commit: released.map(|text| parse("commit", &text)).transpose()?,
    })
}

impl Store {
    /// Takes over what an event says of a repository. A rename keeps its ref name, so that refs stay true. In another
    /// workspace nothing of it is released, and none of its rules is known: it begins anew there.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_repository(
        &self,
        installation_id: i64,
        id: i64,
        name: &RepositoryName,
        reference_name: &str,
        default_branch: &str,
    ) -> Result<Repository> {
        let row = query(
            "INSERT INTO repository (id, installation_id, name, reference_name, default_branch) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
             released_commit = CASE WHEN repository.installation_id = excluded.installation_id \
             THEN repository.released_commit END, installation_id = excluded.installation_id, \
             name = excluded.name, default_branch = excluded.default_branch, is_gone = 0 \
             RETURNING reference_name, released_commit",
        )
        .bind(id)
        .bind(installation_id)
        .bind(name.as_str())
        .bind(reference_name)
        .bind(default_branch)
        .fetch_one(&self.writer)
        .await?;
        let released: Option<String> = row.get(1);
        Ok(Repository {
            id,
            installation_id,
            name: name.clone(),
            reference_name: row.get(0),
            default_branch: default_branch.to_owned(),
            released_commit: released.map(|text| parse("commit", &text)).transpose()?,
        })
    }

    /// The repository with GitHub's `id`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn repository(&self, id: i64) -> Result<Option<Repository>> {
        let sql = format!("SELECT {REPOSITORY_COLUMNS} FROM repository WHERE id = $1");
        let row = query(sql).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(read_repository).transpose()
    }

    /// The repository of a workspace that refs call `reference_name`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn repository_by_reference(
        &self,
        installation_id: i64,
        reference_name: &str,
    ) -> Result<Option<Repository>> {
        let sql = format!(
            "SELECT {REPOSITORY_COLUMNS} FROM repository \
             WHERE installation_id = $1 AND reference_name = $2"
        );
        let row = query(sql)
            .bind(installation_id)
            .bind(reference_name)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read_repository).transpose()
    }

    /// The repository that is called `name` on GitHub and that the App sees.
    ///
    /// # Errors
    /// When the database does.
    pub async fn repository_by_name(&self, name: &RepositoryName) -> Result<Option<Repository>> {
        let sql = format!(
            "SELECT {REPOSITORY_COLUMNS} FROM repository WHERE name = $1 AND is_gone = 0 \
             ORDER BY id DESC LIMIT 1"
        );
        let row = query(sql)
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read_repository).transpose()
    }

    /// Remembers that the workspace exists, and whether its owner has suspended the App. Its repositories are looked
    /// at anew: GitHub tells a suspended App nothing.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_workspace(
        &self,
        installation_id: i64,
        account: &str,
        is_suspended: bool,
    ) -> Result<()> {
        query(
            "INSERT INTO workspace (installation_id, account, is_suspended) VALUES ($1, $2, $3) \
             ON CONFLICT (installation_id) DO UPDATE SET account = excluded.account, \
             is_suspended = excluded.is_suspended",
        )
        .bind(installation_id)
        .bind(account)
        .bind(i64::from(is_suspended))
        .execute(&self.writer)
        .await?;
        query("UPDATE repository SET seen_at = 0 WHERE installation_id = $1")
            .bind(installation_id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The App sees the repository no more: nothing that waits for it can be done.
    ///
    /// # Errors
    /// When the database does.
    pub async fn repository_gone(&self, id: i64) -> Result<()> {
        query("UPDATE repository SET is_gone = 1 WHERE id = $1")
            .bind(id)
            .execute(&self.writer)
            .await?;
        query(
            "UPDATE effect SET state = 'done', is_unsure = 0, error = 'the App was removed' \
             WHERE repository_id = $1 AND state = 'pending'",
        )
        .bind(id)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Every repository the App has seen in a workspace.
    ///
    /// # Errors
    /// When the database does.
    pub async fn repositories_of_workspace(&self, installation_id: i64) -> Result<Vec<i64>> {
        let rows = query("SELECT id FROM repository WHERE installation_id = $1 ORDER BY id")
            .bind(installation_id)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// What is known of the repository's packages, by path. One that is only proposed is not known yet.
    ///
    /// # Errors
    /// When the database does.
    pub async fn known_packages(&self, repository_id: i64) -> Result<BTreeMap<String, Known>> {
        let rows =
            query(
            "SELECT path, watch, also, loads FROM package WHERE repository_id = $1 AND \
             (NOT EXISTS (SELECT 1 FROM release WHERE release.package_id = package.id) OR \
             EXISTS (SELECT 1 FROM release WHERE release.package_id = package.id AND release.lane IS NULL))",
        )
                .bind(repository_id)
                .fetch_all(&self.readers)
                .await?;
        let mut known = BTreeMap::new();
        for row in rows {
            let watch: Option<String> = row.get(1);
            let facts = Known {
                watch: watch.map(|text| from_json("watch", &text)).transpose()?,
                also: from_json("watched paths", row.get(2))?,
                loads: from_json("loads", row.get(3))?,
            };
            known.insert(row.get(0), facts);
        }
        Ok(known)
    }

    /// Remembers a file that was evaluated though it holds no package (environments, shared functions).
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_known_file(
        &self,
        repository: &Repository,
        path: &str,
        loads: &std::collections::BTreeSet<String>,
    ) -> Result<()> {
        query(
            "INSERT INTO package (installation_id, repository_id, repository, path, watch, loads) \
             VALUES ($1, $2, $3, $4, '[]', $5) \
             ON CONFLICT (installation_id, repository, path) DO UPDATE SET loads = excluded.loads",
        )
        .bind(repository.installation_id)
        .bind(repository.id)
        .bind(&repository.reference_name)
        .bind(path)
        .bind(super::to_json("loads", loads)?)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Takes over what an event says of a pull request.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_pull_request(&self, row: &PullRequestRow, now: Timestamp) -> Result<()> {
        query(
            "INSERT INTO pull_request (repository_id, number, head_sha, base_ref, is_fork, is_open, \
             updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (repository_id, number) DO UPDATE SET head_sha = excluded.head_sha, \
             base_ref = excluded.base_ref, is_fork = excluded.is_fork, is_open = excluded.is_open, \
             updated_at = excluded.updated_at",
        )
        .bind(row.repository_id)
        .bind(row.number)
        .bind(row.head_sha.as_str())
        .bind(&row.base_ref)
        .bind(i64::from(row.is_fork))
        .bind(i64::from(row.is_open))
        .bind(now.0)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// A pull request, as far as we were told.
    ///
    /// # Errors
    /// When the database does.
    pub async fn pull_request(
        &self,
        repository_id: i64,
        number: i64,
    ) -> Result<Option<PullRequestRow>> {
        let row = query(
            "SELECT head_sha, base_ref, is_fork, is_open FROM pull_request \
             WHERE repository_id = $1 AND number = $2",
        )
        .bind(repository_id)
        .bind(number)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            Ok(PullRequestRow {
                repository_id,
                number,
                head_sha: super::parse("commit", row.get(0))?,
                base_ref: row.get(1),
                is_fork: row.get::<bool>(2),
                is_open: row.get::<bool>(3),
            })
        })
        .transpose()
    }

    /// The open pull requests of a repository, by number.
    ///
    /// # Errors
    /// When the database does.
    pub async fn open_pull_requests(&self, repository_id: i64) -> Result<Vec<i64>> {
        let rows = query(
            "SELECT number FROM pull_request WHERE repository_id = $1 AND is_open = 1 \
             ORDER BY number",
        )
        .bind(repository_id)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The pull requests whose head is `commit`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn pull_requests_of_head(
        &self,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<Vec<PullRequestRow>> {
        let rows = query(
            "SELECT number, base_ref, is_fork, is_open FROM pull_request \
             WHERE repository_id = $1 AND head_sha = $2 ORDER BY number",
        )
        .bind(repository_id)
        .bind(commit.as_str())
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .iter()
            .map(|row| PullRequestRow {
                repository_id,
                number: row.get(0),
                head_sha: commit.clone(),
                base_ref: row.get(1),
                is_fork: row.get::<bool>(2),
                is_open: row.get::<bool>(3),
            })
            .collect())
    }
}
