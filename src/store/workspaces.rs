//! The workspaces.

use sqlx::Row;

use super::{Result, Store};

impl Store {
    /// Every workspace there ever was, and whether its owner has suspended the App.
    ///
    /// # Errors
    /// When the database does.
    pub async fn workspaces(&self) -> Result<Vec<(i64, bool)>> {
        let rows = sqlx::query("SELECT installation_id, is_suspended FROM workspace")
            .fetch_all(&self.readers)
            .await?;
        let read = |row: &sqlx::sqlite::SqliteRow| (row.get(0), row.get::<i64, _>(1) != 0);
        Ok(rows.iter().map(read).collect())
    }
}
