//! Layer 2: the record. The only place that knows SQL.
//!
//! One writer connection (every write transaction starts with `BEGIN IMMEDIATE`, so none is refused half-way) and a
//! pool of read-only connections; WAL with `synchronous=FULL`: what was acknowledged survives a power cut
//! (reference/dependencies.md §5, reference/performance.md §1).

mod attempts;
mod audit;
mod budget;
mod checks;
mod commit;
mod confirmations;
mod documents;
mod graph;
mod history;
mod holders;
mod impact;
mod inbox;
mod intent_branches;
mod intents;
mod names;
mod outbox;
mod packages;
mod queue;
mod read_only;
mod readers;
mod records;
mod releases;
mod repositories;
mod rows;
mod runs;
mod scope;
mod snapshot;
mod sources;
mod standing;
mod sweep;
mod waves;

use std::path::Path;
use std::time::Duration;

use crate::model::Timestamp;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

pub use audit::AuditHead;
pub use checks::GithubObject;
pub use commit::{Commit, Committed, Done};
pub use confirmations::Confirmation;
pub use documents::Documents;
pub use inbox::{Delivery, KeptDelivery};
pub use outbox::{PendingEffect, Shut};
pub use records::{MatchOptions, Record, RecordKind};
pub use repositories::{PullRequestRow, Repository};
pub use runs::{Claim, RunRow};
pub use scope::Scope;
pub use waves::{ActiveRun, Wave};

/// Why the record could not be read or written. For the operator's log; never sent to anyone else.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is gone.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value is not what was stored.
    #[error("stored {what} cannot be read: {problem}")]
    Unreadable {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// `DATABASE_URL` is not one this build can open.
    #[error("DATABASE_URL `{0}` cannot be opened: it must be `sqlite://<file>`")]
    UnknownDatabase(String),
    /// The file is to be read only, and there is none.
    #[error(
        "there is no database `{0}`: give the file that `ocuroot serve` writes, as `sqlite://<file>`"
    )]
    NoDatabase(String),
    /// The file is to be read only, and its schema is not this build's.
    #[error(
        "`{0}` is not a database of this version of Ocuroot: read it with the version that serves it"
    )]
    OtherVersion(String),
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a connection waits for another one's write.
const BUSY: Duration = Duration::from_secs(5);

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens `url` (`sqlite://<file>`), creates the file if need be, and brings the schema up to date.
    ///
    /// # Errors
    /// When the URL is of another kind, the file cannot be written, or a newer version has migrated it.
    pub async fn open(url: &str) -> Result<Store> {
        let options = SqliteConnectOptions::new()
            .filename(file(url)?)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        MIGRATIONS.run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Store { writer, readers })
    }

    /// Whether the database takes writes now: writes the time.
    ///
    /// # Errors
    /// When it does not: the disk is full, the file is read-only or gone.
    pub async fn check_writable(&self, now: Timestamp) -> Result<()> {
        self.put_sweep_position("readiness", now).await
    }

    /// Waits for what is under way and closes the file, leaving no write-ahead log behind.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The file that a URL names.
fn file(url: &str) -> Result<&Path> {
    let file = url.strip_prefix("sqlite://");
    file.map(Path::new)
        .ok_or_else(|| StoreError::UnknownDatabase(url.to_owned()))
}

/// JSON for a column.
fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable {
        what,
        problem: error.to_string(),
    })
}

/// A column's JSON.
fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        what,
        problem: error.to_string(),
    })
}

/// A column's text as one of our names.
fn parse<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| StoreError::Unreadable {
            what,
            problem: error.to_string(),
        })
}

/// `($2, $3, $4)`: the placeholders of a list whose length is only known now. Only numbers are put into the text.
fn placeholders(first: usize, count: usize) -> String {
    let list: Vec<String> = (first..first + count)
        .map(|index| format!("${index}"))
        .collect();
    format!("({})", list.join(", "))
}

#[cfg(test)]
pub(crate) mod recorder;
#[cfg(test)]
mod tests;
