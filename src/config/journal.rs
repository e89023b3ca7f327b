//! What an evaluation says besides its result: printed lines, findings, and which values must not be shown.

use std::cell::RefCell;

use serde_json::Value;

use crate::model::Diagnostic;

const MASK: &str = "<secret>";
/// Shorter lines of a secret are brackets and the like; masking them would mangle everything.
const SECRET_LINE_BYTES: usize = 8;

/// Collects while a file is evaluated or a function runs.
#[derive(Default)]
pub(super) struct Journal {
    secrets: RefCell<Vec<String>>,
    lines: RefCell<Vec<String>>,
    bytes: RefCell<usize>,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Journal {
    /// Never shows `value` again. The empty text is not a secret: masking it would mangle everything.
    ///
    /// Output comes line by line, so the lines of a longer secret (a key file, say) are secrets too.
    pub(super) fn add_secret(&self, value: &str) {
        if value.contains('\n') {
            let lines = value.lines().map(str::trim);
            for line in lines.filter(|line| line.len() >= SECRET_LINE_BYTES) {
                self.add_secret(line);
            }
        }
        let mut secrets = self.secrets.borrow_mut();
        if value.is_empty() || secrets.iter().any(|known| known == value) {
            return;
        }
        secrets.push(value.to_owned());
        // A secret may be part of another; the longer one must go first or its rest would stay readable.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// `text` without secrets.
    pub(super) fn masked(&self, text: &str) -> String {
        let secrets = self.secrets.borrow();
        secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), MASK)
        })
    }

    /// `value` with every text in it masked.
    pub(super) fn masked_value(&self, value: Value) -> Value {
        if self.secrets.borrow().is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.masked(&text)),
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.masked_value(item))
                .collect(),
            Value::Object(entries) => entries
                .into_iter()
                .map(|(key, entry)| (self.masked(&key), self.masked_value(entry)))
                .collect(),
            other => other,
        }
    }

    /// Keeps a line if `limit` bytes are not used up, and says whether it was kept.
    pub(super) fn add_line(&self, line: String, limit: usize) -> bool {
        let mut bytes = self.bytes.borrow_mut();
        *bytes = bytes.saturating_add(line.len() + 1);
        let is_within = *bytes <= limit;
        if is_within {
            self.lines.borrow_mut().push(line);
        }
        is_within
    }

    pub(super) fn add_diagnostic(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Takes over what a loaded file said; a file loaded for several others says it to each.
    pub(super) fn include(&self, other: &Journal) {
        for secret in other.secrets.borrow().iter() {
            self.add_secret(secret);
        }
        self.lines
            .borrow_mut()
            .extend(other.lines.borrow().iter().cloned());
        for diagnostic in other.diagnostics.borrow().iter() {
            self.add_unless_known(diagnostic);
        }
    }

    fn add_unless_known(&self, diagnostic: &Diagnostic) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        if !diagnostics.contains(diagnostic) {
            diagnostics.push(diagnostic.clone());
        }
    }

    /// All lines, masked with every secret known by now: one may have been printed before it was declared.
    pub(super) fn take_lines(&self) -> Vec<String> {
        let lines = self.lines.take();
        lines.iter().map(|line| self.masked(line)).collect()
    }

    /// All findings, masked.
    pub(super) fn take_diagnostics(&self) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics.take();
        for diagnostic in &mut diagnostics {
            diagnostic.message = self.masked(&diagnostic.message);
        }
        diagnostics
    }
}
