//! The workspaces.

use super::{Result, Store};
use crate::store::database::{Row, query};

impl Store {
    /// Every workspace there ever was, and whether its owner has suspended the App.
    ///
    /// # Errors
    /// When the database does.
    pub async fn workspaces(&self) -> Result<Vec<(i64, bool)>> {
        let rows =
            query("SELECT installation_id, is_suspended FROM workspace ORDER BY installation_id")
                .fetch_all(&self.readers)
                .await?;
        let read = |row: &Row| (row.get(0), row.get::<bool>(1));
        Ok(rows.iter().map(read).collect())
    }

    /// The repositories of a workspace that the App sees.
    ///
    /// # Errors
    /// When the database does.
    pub async fn seen_repositories(&self, installation_id: i64) -> Result<Vec<i64>> {
        let rows = query(
            "SELECT id FROM repository WHERE installation_id = $1 AND is_gone = 0 ORDER BY id",
        )
        .bind(installation_id)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Whether the App sees a repository no more.
    ///
    /// # Errors
    /// When the database does.
    pub async fn is_gone(&self, repository_id: i64) -> Result<bool> {
        let row = query("SELECT is_gone FROM repository WHERE id = $1")
            .bind(repository_id)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.is_none_or(|row| row.get::<bool>(0)))
    }
}
