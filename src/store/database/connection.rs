//! Where statements are executed.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool};

use super::{Row, Statement};
use crate::store::Result;

/// Connections to the database, all for reading or all for writing. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::store) struct Pool {
    kind: Kind,
    /// The words that a transaction begins with.
    begin: &'static str,
}

#[derive(Clone, Debug)]
enum Kind {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// One connection for several statements.
pub(in crate::store) enum Connection {
    Sqlite(Held<Sqlite>),
    Postgres(Held<Postgres>),
}

/// A connection with or without a transaction on it.
pub(in crate::store) enum Held<D: sqlx::Database> {
    Plain(PoolConnection<D>),
    Within(sqlx::Transaction<'static, D>),
}

/// Statements that count together or not at all: dropped without [`Transaction::commit`], nothing was written.
pub(in crate::store) struct Transaction(Connection);

/// What executes a statement: a pool, or a connection.
pub(in crate::store) trait Target: Send {
    fn execute(self, statement: Statement) -> impl Future<Output = Result<u64>> + Send;
    fn fetch_all(self, statement: Statement) -> impl Future<Output = Result<Vec<Row>>> + Send;
}

impl Pool {
    /// One writer connection, whose transactions take the lock when they begin, so that none is refused half-way.
    pub(super) fn sqlite_writer(pool: SqlitePool) -> Pool {
        Pool {
            kind: Kind::Sqlite(pool),
            begin: "BEGIN IMMEDIATE",
        }
    }

    pub(super) fn sqlite_readers(pool: SqlitePool) -> Pool {
        Pool {
            kind: Kind::Sqlite(pool),
            begin: "BEGIN",
        }
    }

    pub(super) fn postgres_writers(pool: PgPool) -> Pool {
        Pool {
            kind: Kind::Postgres(pool),
            begin: "BEGIN",
        }
    }

    /// All that a transaction reads is of one moment, as it is in SQLite.
    pub(super) fn postgres_readers(pool: PgPool) -> Pool {
        Pool {
            kind: Kind::Postgres(pool),
            begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Begins a transaction.
    pub(in crate::store) async fn begin(&self) -> Result<Transaction> {
        Ok(Transaction(match &self.kind {
            Kind::Sqlite(pool) => {
                Connection::Sqlite(Held::Within(pool.begin_with(self.begin).await?))
            }
            Kind::Postgres(pool) => {
                Connection::Postgres(Held::Within(pool.begin_with(self.begin).await?))
            }
        }))
    }

    /// One connection without a transaction.
    pub(in crate::store) async fn acquire(&self) -> Result<Connection> {
        Ok(match &self.kind {
            Kind::Sqlite(pool) => Connection::Sqlite(Held::Plain(pool.acquire().await?)),
            Kind::Postgres(pool) => Connection::Postgres(Held::Plain(pool.acquire().await?)),
        })
    }

    /// Waits for what is under way and closes the connections.
    pub(in crate::store) async fn close(&self) {
        match &self.kind {
            Kind::Sqlite(pool) => pool.close().await,
            Kind::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    /// Makes what was written durable.
    pub(in crate::store) async fn commit(self) -> Result<()> {
        match self.0 {
            Connection::Sqlite(Held::Within(transaction)) => transaction.commit().await?,
            Connection::Postgres(Held::Within(transaction)) => transaction.commit().await?,
            Connection::Sqlite(Held::Plain(_)) | Connection::Postgres(Held::Plain(_)) => {}
        }
        Ok(())
    }

    /// Takes back what was written.
    pub(in crate::store) async fn rollback(self) -> Result<()> {
        match self.0 {
            Connection::Sqlite(Held::Within(transaction)) => transaction.rollback().await?,
            Connection::Postgres(Held::Within(transaction)) => transaction.rollback().await?,
            Connection::Sqlite(Held::Plain(_)) | Connection::Postgres(Held::Plain(_)) => {}
        }
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

impl<D: sqlx::Database> Held<D> {
    fn connection(&mut self) -> &mut D::Connection {
        match self {
            Held::Plain(connection) => connection,
            Held::Within(transaction) => transaction,
        }
    }
}

impl Target for &Pool {
    async fn execute(self, statement: Statement) -> Result<u64> {
        Ok(match &self.kind {
            Kind::Sqlite(pool) => statement.sqlite()?.execute(pool).await?.rows_affected(),
            Kind::Postgres(pool) => statement.postgres()?.execute(pool).await?.rows_affected(),
        })
    }

    async fn fetch_all(self, statement: Statement) -> Result<Vec<Row>> {
        Ok(match &self.kind {
            Kind::Sqlite(pool) => {
                let rows = statement.sqlite()?.fetch_all(pool).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Kind::Postgres(pool) => {
                let rows = statement.postgres()?.fetch_all(pool).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }
}

impl Target for &mut Connection {
    async fn execute(self, statement: Statement) -> Result<u64> {
        Ok(match self {
            Connection::Sqlite(held) => {
                let done = statement.sqlite()?.execute(held.connection()).await?;
                done.rows_affected()
            }
            Connection::Postgres(held) => {
                let done = statement.postgres()?.execute(held.connection()).await?;
                done.rows_affected()
            }
        })
    }

    async fn fetch_all(self, statement: Statement) -> Result<Vec<Row>> {
        Ok(match self {
            Connection::Sqlite(held) => {
                let rows = statement.sqlite()?.fetch_all(held.connection()).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(held) => {
                let rows = statement.postgres()?.fetch_all(held.connection()).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }
}
