//! A statement with its values.

use std::borrow::Cow;

use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{Arguments as _, AssertSqlSafe};

use super::Row;
use super::connection::Target;
use crate::store::Result;

/// A statement. Only words of this program are in its text: what comes from outside is a value.
#[derive(Debug)]
pub(in crate::store) struct Statement {
    sql: Cow<'static, str>,
    values: Vec<Value>,
}

/// What a parameter stands for. Nothing has a type, too: PostgreSQL wants to know it.
#[derive(Debug)]
pub(in crate::store) enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

/// A statement without values yet.
pub(in crate::store) fn query(sql: impl Into<Cow<'static, str>>) -> Statement {
    Statement {
        sql: sql.into(),
        values: Vec::new(),
    }
}

impl Statement {
    /// Gives the next parameter its value.
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Statement {
        self.values.push(value.into());
        self
    }

    /// Executes it; answers how many rows it wrote.
    pub(in crate::store) async fn execute(self, target: impl Target) -> Result<u64> {
        target.execute(self).await
    }

    /// Every row it answers.
    pub(in crate::store) async fn fetch_all(self, target: impl Target) -> Result<Vec<Row>> {
        target.fetch_all(self).await
    }

    /// The first row it answers.
    pub(in crate::store) async fn fetch_optional(self, target: impl Target) -> Result<Option<Row>> {
        Ok(self.fetch_all(target).await?.into_iter().next())
    }

    /// The row it answers.
    pub(in crate::store) async fn fetch_one(self, target: impl Target) -> Result<Row> {
        let row = self.fetch_optional(target).await?;
        Ok(row.ok_or(sqlx::Error::RowNotFound)?)
    }

    pub(super) fn sqlite(self) -> Result<Query<'static, Sqlite, SqliteArguments>> {
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            match value {
                Value::Number(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(match self.sql {
            Cow::Borrowed(sql) => sqlx::query_with(sql, arguments),
            Cow::Owned(sql) => sqlx::query_with(AssertSqlSafe(sql), arguments),
        })
    }

    pub(super) fn postgres(self) -> Result<Query<'static, Postgres, PgArguments>> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            match value {
                Value::Number(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(match self.sql {
            Cow::Borrowed(sql) => sqlx::query_with(sql, arguments),
            Cow::Owned(sql) => sqlx::query_with(AssertSqlSafe(sql), arguments),
        })
    }
}

macro_rules! values {
    ($($from:ty => $kind:ident($value:ident) $with:expr;)+) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Value {
                Value::$kind($with)
            }
        })+
    };
}

values! {
    i64 => Number(value) Some(value);
    &i64 => Number(value) Some(*value);
    Option<i64> => Number(value) value;
    &str => Text(value) Some(value.to_owned());
    &&str => Text(value) Some((*value).to_owned());
    &String => Text(value) Some(value.clone());
    String => Text(value) Some(value);
    Option<&str> => Text(value) value.map(str::to_owned);
    Option<&String> => Text(value) value.cloned();
    Option<String> => Text(value) value;
    &Option<String> => Text(value) value.clone();
    &[u8] => Bytes(value) value.to_vec();
    Vec<u8> => Bytes(value) value;
}
