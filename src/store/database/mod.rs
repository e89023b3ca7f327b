//! The two databases behind one face. Statements are written once, in the SQL both understand: `$1` parameters, columns
//! of BIGINT, TEXT and bytes, `ON CONFLICT`, `RETURNING`. What differs (opening, how a transaction begins, how a value
//! travels) is here.

mod column;
mod connection;
mod open;
mod statement;

pub(super) use column::Row;
pub(super) use connection::{Connection, Pool, Transaction};
pub(super) use open::{Access, open, open_read_only};
pub(super) use statement::{Statement, query};
