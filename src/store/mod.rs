//! Layer 2: the record. The only place that knows SQL.
//!
//! SQLite: one writer connection (every write transaction starts with `BEGIN IMMEDIATE`, so none is refused half-way)
//! and a pool of read-only connections; WAL with `synchronous=FULL`: what was acknowledged survives a power cut
//! (reference/dependencies.md §5, reference/performance.md §1). PostgreSQL: the same statements, for many instances.

mod attempts;
mod audit;
mod budget;
mod checks;
mod commit;
mod confirmations;
mod database;
mod documents;
mod graph;
mod history;
mod holders;
mod impact;
mod inbox;
mod intent_branches;
mod intents;
mod missed;
mod names;
mod outbox;
mod packages;
mod queue;
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
mod verified;
mod watch;
mod waves;
mod workspaces;

use crate::model::Timestamp;
use database::{Access, Pool};

pub use audit::AuditHead;
pub use checks::GithubObject;
pub use commit::{Commit, Committed, Done};
pub use confirmations::Confirmation;
pub use documents::Documents;
pub use inbox::{Delivery, KeptDelivery};
pub use missed::{DeliveryScan, MissedDelivery};
pub use outbox::{PendingEffect, Shut};
pub use records::{MatchOptions, Record, RecordKind};
pub use repositories::{PullRequestRow, Repository};
pub use runs::{Claim, RunRow};
pub use scope::Scope;
pub use verified::OverRelease;
pub use watch::Watched;
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
    #[error(
        "DATABASE_URL cannot be opened: it must be `sqlite://<file>` or `postgres://<user>@<host>/<database>`"
    )]
    UnknownDatabase,
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

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    writer: Pool,
    readers: Pool,
}

impl Store {
    /// Opens `url` (`sqlite://<file>` or `postgres://…`), creates the file if need be, and brings the schema up to date.
    ///
    /// # Errors
    /// When the URL is of another kind, the database cannot be written, or a newer version has migrated it.
    pub async fn open(url: &str) -> Result<Store> {
        database::open(url).await.map(Store::of)
    }

    /// Opens `url` to read only, beside a server that may be working on it: creates no file and changes no schema.
    /// What would write fails.
    ///
    /// # Errors
    /// When the URL is of another kind, there is no such database, or it is not of this version.
    pub async fn open_read_only(url: &str) -> Result<Store> {
        database::open_read_only(url).await.map(Store::of)
    }

    fn of(access: Access) -> Store {
        Store {
            writer: access.writer,
            readers: access.readers,
        }
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
