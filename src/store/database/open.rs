//! Opening a database and bringing its schema up to date.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::Row as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::Pool;
use crate::store::{Result, StoreError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a connection waits for another one's write.
const BUSY: Duration = Duration::from_secs(5);

/// How long a piece of work waits for a connection to PostgreSQL.
const WAIT: Duration = Duration::from_secs(10);

/// Connections of one instance to PostgreSQL, those for looking and those for writing each.
const CONNECTIONS: u32 = 8;

/// An open database.
#[derive(Debug)]
pub(in crate::store) struct Access {
    pub(in crate::store) writer: Pool,
    pub(in crate::store) readers: Pool,
}

/// What a `DATABASE_URL` means.
enum Place<'a> {
    File(&'a Path),
    Server(Box<PgConnectOptions>),
}

impl Place<'_> {
    fn of(url: &str) -> Result<Place<'_>> {
        if let Some(file) = url.strip_prefix("sqlite://") {
            return Ok(Place::File(Path::new(file)));
        }
        // The address may hold a password: it is not repeated.
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?;
            return Ok(Place::Server(Box::new(options.application_name("ocuroot"))));
        }
        Err(StoreError::UnknownDatabase)
    }
}

/// Opens what `url` means, creates the file if need be, and brings the schema up to date.
pub(in crate::store) async fn open(url: &str) -> Result<Access> {
    match Place::of(url)? {
        Place::File(file) => {
            let options = SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY)
                .foreign_keys(true);
            let writer = SqlitePoolOptions::new()
                .max_connections(1)
                .connect_with(options.clone())
                .await?;
            SQLITE.run(&writer).await?;
            let readers = SqlitePoolOptions::new()
                .max_connections(4)
                .connect_with(options.read_only(true))
                .await?;
            Ok(Access {
                writer: Pool::sqlite_writer(writer),
                readers: Pool::sqlite_readers(readers),
            })
        }
        Place::Server(options) => {
            let pool = || {
                PgPoolOptions::new()
                    .max_connections(CONNECTIONS)
                    .acquire_timeout(WAIT)
            };
            let writers = pool().connect_with(options.as_ref().clone()).await?;
            POSTGRES.run(&writers).await?;
            Ok(Access {
                writer: Pool::postgres_writers(writers),
                readers: Pool::postgres_readers(pool().connect_with(*options).await?),
            })
        }
    }
}

/// Opens what `url` means to read only: creates no file and changes no schema. What would write fails.
pub(in crate::store) async fn open_read_only(url: &str) -> Result<Access> {
    match Place::of(url)? {
        Place::File(file) => {
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
            if !is_ours(&readers).await? {
                return Err(StoreError::OtherVersion(url.to_owned()));
            }
            Ok(Access {
                writer: Pool::sqlite_readers(readers.clone()),
                readers: Pool::sqlite_readers(readers),
            })
        }
        Place::Server(options) => {
            let readers = PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(WAIT)
                .connect_with(options.options([("default_transaction_read_only", "on")]))
                .await?;
            Ok(Access {
                writer: Pool::postgres_readers(readers.clone()),
                readers: Pool::postgres_readers(readers),
            })
        }
    }
}

/// Whether the schema of a file is this build's.
async fn is_ours(readers: &SqlitePool) -> Result<bool> {
    let applied = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
        .fetch_all(readers)
        .await;
    let applied = match applied {
        Err(sqlx::Error::Database(error)) if is_foreign(error.code().as_deref()) => Vec::new(),
        applied => applied?,
    };
    Ok(applied.len() == SQLITE.iter().count()
        && SQLITE.iter().zip(&applied).all(|(known, applied)| {
            applied.try_get(0).ok() == Some(known.version)
                && applied.try_get(1).ok() == Some(known.checksum.to_vec())
        }))
}

/// Whether SQLite's error says that the file has no table of ours (1) or is no database (26).
fn is_foreign(code: Option<&str>) -> bool {
    matches!(code, Some("1" | "26"))
}
