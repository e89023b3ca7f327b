//! Which values this job must never show.

use std::sync::{Arc, PoisonError, RwLock};

const MASK: &str = "<secret>";

/// Lines of a secret shorter than this are not hidden by themselves: the `}` of a JSON key would mangle every log.
const SHORTEST_LINE: usize = 4;

/// Known secrets, shared by everything that writes. Says nothing in `Debug`.
#[derive(Clone, Default)]
pub(super) struct Masks(Arc<RwLock<Vec<String>>>);

impl Masks {
    /// Never shows `secret` again, nor a line of it. Returns what is hidden from now on that was not before.
    pub(super) fn add(&self, secret: &str) -> Vec<String> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let lines = secret
            .lines()
            .map(str::trim)
            .filter(|line| line.len() >= SHORTEST_LINE);
        let mut added: Vec<String> = Vec::new();
        for part in std::iter::once(secret).chain(lines) {
            if !part.is_empty() && !known.iter().any(|one| one == part) {
                known.push(part.to_owned());
                added.push(part.to_owned());
            }
        }
        // A secret may be part of another; the longer one must go first or its rest would stay readable.
        known.sort_by_key(|one| std::cmp::Reverse(one.len()));
        added
    }

    /// `text` without secrets.
    pub(super) fn applied(&self, text: &str) -> String {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(text.to_owned(), |text, secret| {
            match text.contains(secret.as_str()) {
                true => text.replace(secret.as_str(), MASK),
                false => text,
            }
        })
    }

    /// `value` with every text in it masked.
    pub(super) fn applied_to_value(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.applied(&text)),
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.applied_to_value(item))
                .collect(),
            Value::Object(entries) => entries
                .into_iter()
                .map(|(key, entry)| (self.applied(&key), self.applied_to_value(entry)))
                .collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Masks;

    #[test]
    fn a_secret_of_several_lines_is_hidden_line_by_line() {
        let masks = Masks::default();
        masks.add("-----BEGIN KEY-----\n  abcdef\n}\n");
        assert_eq!(masks.applied("abcdef } x"), "<secret> } x");
        assert_eq!(
            masks.applied("-----BEGIN KEY-----\n  abcdef\n}\n"),
            "<secret>"
        );
    }

    #[test]
    fn the_longer_secret_goes_first_and_the_empty_one_is_none() {
        let masks = Masks::default();
        masks.add("");
        masks.add("token");
        assert_eq!(masks.add("token-long"), ["token-long"]);
        assert!(masks.add("token").is_empty());
        assert_eq!(masks.applied("token-long token"), "<secret> <secret>");
    }
}
