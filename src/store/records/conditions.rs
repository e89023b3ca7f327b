//! `WHERE`, put together from what a glob says.

use super::super::placeholders;
use crate::model::glob::Part;
use crate::store::database::{Statement, query};

/// Conditions with the values they compare with.
#[derive(Default)]
pub(super) struct Conditions {
    sql: String,
    values: Vec<Value>,
    /// What follows the conditions.
    end: String,
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

    pub(super) fn text(self, column: &str, value: &str) -> Conditions {
        self.compare(column, "=", value)
    }

    pub(super) fn one_of(mut self, column: &str, values: &[i64]) -> Conditions {
        let list = placeholders(self.values.len() + 1, values.len());
        self.values
            .extend(values.iter().map(|value| Value::Number(*value)));
        self.and(&format!("{column} IN {list}"))
    }

    /// As a range, which an index can answer; case and wildcards of `LIKE` are not meant.
    pub(super) fn begins(self, column: &str, begin: &str) -> Conditions {
        match begin {
            "" => self,
            begin => self.compare(column, ">=", begin).before_end(column, begin),
        }
    }

    /// The same, of what comes after a text. One lower end only: an index takes the first that it is given.
    pub(super) fn begins_after(self, column: &str, begin: &str, after: &str) -> Conditions {
        match after < begin {
            true => self.begins(column, begin),
            false => self.compare(column, ">", after).before_end(column, begin),
        }
    }

    fn before_end(self, column: &str, begin: &str) -> Conditions {
        match successor(begin) {
            Some(end) => self.compare(column, "<", &end),
            None => self,
        }
    }

    fn compare(mut self, column: &str, operator: &str, value: &str) -> Conditions {
        self.values.push(Value::Text(value.to_owned()));
        let at = self.values.len();
        self.and(&format!("{column} {operator} ${at}"))
    }

    pub(super) fn part(self, column: &str, part: &Part) -> Conditions {
        match part {
            Part::Exact(text) => self.text(column, text),
            Part::Prefix(begin) => self.begins(column, begin),
        }
    }

    /// Only the first so many of them.
    pub(super) fn first(mut self, column: &str, count: usize) -> Conditions {
        self.end = format!(" ORDER BY {column} LIMIT {count}");
        self
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
    pub(super) fn query(self, select: &str) -> Statement {
        let sql = format!("{select} WHERE {}{}", self.sql, self.end);
        let statement = query(sql);
        self.values
            .into_iter()
            .fold(statement, |statement, value| match value {
                Value::Number(number) => statement.bind(number),
                Value::Text(text) => statement.bind(text),
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
