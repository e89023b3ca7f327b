//! `WHERE`, put together from what a glob says.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite};

use super::super::placeholders;
use crate::model::glob::Part;

/// Conditions with the values they compare with.
#[derive(Default)]
pub(super) struct Conditions {
    sql: String,
    values: Vec<Value>,
}

enum Value {
    Number(i64),
    Text(String),
}

impl Conditions {
    pub(super) fn number(mut self, column: &str, value: i64) -> Conditions {
        self.values.push(Value::Number(value));
        let at = self.values.len();
        self.and(&format!("{column} = ${at}"))
    }

    pub(super) fn text(mut self, column: &str, value: &str) -> Conditions {
        self.values.push(Value::Text(value.to_owned()));
        let at = self.values.len();
        self.and(&format!("{column} = ${at}"))
    }

    pub(super) fn one_of(mut self, column: &str, values: &[i64]) -> Conditions {
        let list = placeholders(self.values.len() + 1, values.len());
        self.values
            .extend(values.iter().map(|value| Value::Number(*value)));
        self.and(&format!("{column} IN {list}"))
    }

    /// As a range, which an index can answer; case and wildcards of `LIKE` are not meant.
    pub(super) fn begins(mut self, column: &str, begin: &str) -> Conditions {
        if begin.is_empty() {
            return self;
        }
        self.values.push(Value::Text(begin.to_owned()));
        let at = self.values.len();
        self = self.and(&format!("{column} >= ${at}"));
        match successor(begin) {
            Some(end) => {
                self.values.push(Value::Text(end));
                let at = self.values.len();
                self.and(&format!("{column} < ${at}"))
            }
            None => self,
        }
    }

    pub(super) fn part(self, column: &str, part: &Part) -> Conditions {
        match part {
            Part::Exact(text) => self.text(column, text),
            Part::Prefix(begin) => self.begins(column, begin),
        }
    }

    /// A condition without values.
    pub(super) fn and(mut self, condition: &str) -> Conditions {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(condition);
        self
    }

    /// The statement. Only words of this program are in its text.
    pub(super) fn query(self, select: &str) -> Query<'static, Sqlite, SqliteArguments> {
        let sql = format!("{select} WHERE {}", self.sql);
        let query = sqlx::query(AssertSqlSafe(sql));
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            })
    }
}

/// The first text after all that begin with `begin`.
fn successor(begin: &str) -> Option<String> {
    let mut characters: Vec<char> = begin.chars().collect();
    while let Some(last) = characters.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}
