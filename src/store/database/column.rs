//! What a statement answers.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use crate::store::Result;

/// A row of an answer. Columns are known by their place, from 0.
#[derive(Debug)]
pub(in crate::store) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// The value of a column.
    ///
    /// # Panics
    /// When the column is not there or of another type: a mistake in a statement, not in the data.
    pub(in crate::store) fn get<'r, T: Column<'r>>(&'r self, index: usize) -> T {
        match self.try_get(index) {
            Ok(value) => value,
            Err(error) => panic!("column {index}: {error}"),
        }
    }

    /// The value of a column that may hold anything: the schema of SQLite keeps nobody from it.
    ///
    /// # Errors
    /// When it is of another type.
    pub(in crate::store) fn try_get<'r, T: Column<'r>>(&'r self, index: usize) -> Result<T> {
        let value = match self {
            Row::Sqlite(row) => T::of_sqlite(row, index),
            Row::Postgres(row) => T::of_postgres(row, index),
        };
        Ok(value?)
    }
}

/// A type that columns can be read as.
pub(in crate::store) trait Column<'r>: Sized {
    fn of_sqlite(row: &'r SqliteRow, index: usize) -> sqlx::Result<Self>;
    fn of_postgres(row: &'r PgRow, index: usize) -> sqlx::Result<Self>;
}

macro_rules! columns {
    ($($type:ty),+) => {
        $(impl<'r> Column<'r> for $type {
            fn of_sqlite(row: &'r SqliteRow, index: usize) -> sqlx::Result<Self> {
                row.try_get(index)
            }

            fn of_postgres(row: &'r PgRow, index: usize) -> sqlx::Result<Self> {
                row.try_get(index)
            }
        })+
    };
}

columns!(
    &'r str,
    &'r [u8],
    String,
    Vec<u8>,
    Option<String>,
    Option<Vec<u8>>
);

impl<'r> Column<'r> for i64 {
    fn of_sqlite(row: &'r SqliteRow, index: usize) -> sqlx::Result<Self> {
        row.try_get(index)
    }

    /// PostgreSQL takes a small number that stands in a statement for a small type.
    fn of_postgres(row: &'r PgRow, index: usize) -> sqlx::Result<Self> {
        match row.try_get_raw(index)?.type_info().name() {
            "INT4" => row.try_get::<i32, _>(index).map(i64::from),
            _ => row.try_get(index),
        }
    }
}

impl<'r> Column<'r> for Option<i64> {
    fn of_sqlite(row: &'r SqliteRow, index: usize) -> sqlx::Result<Self> {
        row.try_get(index)
    }

    fn of_postgres(row: &'r PgRow, index: usize) -> sqlx::Result<Self> {
        match row.try_get_raw(index)?.is_null() {
            true => Ok(None),
            false => i64::of_postgres(row, index).map(Some),
        }
    }
}

/// A flag: a column of 0 and 1, or the truth of a condition, which has a type of its own in PostgreSQL.
impl<'r> Column<'r> for bool {
    fn of_sqlite(row: &'r SqliteRow, index: usize) -> sqlx::Result<Self> {
        row.try_get::<i64, _>(index).map(|value| value != 0)
    }

    fn of_postgres(row: &'r PgRow, index: usize) -> sqlx::Result<Self> {
        match row.try_get_raw(index)?.type_info().name() {
            "BOOL" => row.try_get(index),
            _ => i64::of_postgres(row, index).map(|value| value != 0),
        }
    }
}
