//! The record for those who only look at it.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::{BUSY, MIGRATIONS, Result, Store, StoreError, file};

impl Store {
    /// Opens `url` to read only, beside a server that may be working on it: creates no file and changes no schema.
    /// What would write fails.
    ///
    /// # Errors
    /// When the URL is of another kind, there is no such file, or it is not of this version.
    pub async fn open_read_only(url: &str) -> Result<Store> {
        let file = file(url)?;
        if !file.is_file() {
            return Err(StoreError::NoDatabase(url.to_owned()));
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(BUSY)
            .read_only(true);
        let readers = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        let applied =
            sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
                .fetch_all(&readers)
                .await;
        let applied = match applied {
            Err(sqlx::Error::Database(error)) if is_foreign(error.code().as_deref()) => Vec::new(),
            applied => applied?,
        };
        let is_ours = applied.len() == MIGRATIONS.iter().count()
            && MIGRATIONS.iter().zip(&applied).all(|(known, applied)| {
                applied.try_get(0).ok() == Some(known.version)
                    && applied.try_get(1).ok() == Some(known.checksum.to_vec())
            });
        if !is_ours {
            return Err(StoreError::OtherVersion(url.to_owned()));
        }
        Ok(Store {
            writer: readers.clone(),
            readers,
        })
    }
}

/// Whether SQLite's error says that the file has no table of ours (1) or is no database (26).
fn is_foreign(code: Option<&str>) -> bool {
    matches!(code, Some("1" | "26"))
}
