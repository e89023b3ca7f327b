//! The audit record: who asked, what was decided and why, and what ran. Each entry carries the hash of the one before
//! it, so that none can be changed, taken out or put in between without a trace.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Timestamp;

/// What stands for the hash of the entry before a chain's first one: 64 zeros.
pub const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is worth recording, as whoever decides writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The GitHub login of who asked; `None` when Ocuroot acts by itself.
    pub actor: Option<String>,
    /// What was asked for or happened, such as `deploy`, `approve`, `run started`.
    pub action: String,
    /// What it was about: a ref or a place.
    pub subject: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, as a stable word in `snake_case` to search and count by.
    pub reason_code: String,
    /// Further facts. Kept as they are and shown to auditors: never a secret.
    pub detail: Value,
}

/// What became of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may happen.
    Allowed,
    /// It may not.
    Refused,
    /// Nobody had to decide: it happened.
    Recorded,
}

/// An entry in its place in the chain of its workspace. As JSON it is what is hashed, and the hash.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// Its place: 1, 2, 3 … without gaps.
    pub sequence: i64,
    /// The workspace whose chain it is in.
    pub installation_id: i64,
    /// When it was written down.
    pub at: Timestamp,
    /// What it says.
    pub entry: AuditEntry,
    /// The hash of the entry before it; [`NO_PREVIOUS`] for the first one.
    pub previous: String,
    /// [`AuditRecord::hash_of`] all of the above.
    pub hash: String,
}

impl AuditRecord {
    /// The record of an entry that comes after the one with the number `sequence - 1` and the hash `previous`.
    pub fn new(
        sequence: i64,
        installation_id: i64,
        at: Timestamp,
        entry: &AuditEntry,
        previous: &str,
    ) -> AuditRecord {
        let entry = AuditEntry {
            detail: canonical(&entry.detail),
            ..entry.clone()
        };
        AuditRecord {
            hash: AuditRecord::hash_of(sequence, installation_id, at, &entry, previous),
            sequence,
            installation_id,
            at,
            entry,
            previous: previous.to_owned(),
        }
    }

    /// SHA-256, in lower-case hexadecimal digits, of this JSON object in UTF-8: members sorted by name, also inside
    /// `detail`; no white space; in texts only `"`, `\` and control characters escaped.
    ///
    /// `{"action":…,"actor":…,"at":…,"detail":…,"installation_id":…,"previous":…,"reason_code":…,"sequence":…,
    /// "subject":…,"verdict":…}`
    ///
    /// `at` is a number of milliseconds. It is a line of `ocuroot audit export` without its `hash`, so that anybody
    /// can compute it.
    pub fn hash_of(
        sequence: i64,
        installation_id: i64,
        at: Timestamp,
        entry: &AuditEntry,
        previous: &str,
    ) -> String {
        let text = Value::Object(hashed(sequence, installation_id, at, entry, previous));
        hex::encode(Sha256::digest(text.to_string()))
    }

    /// Whether the record is what it was when its hash was computed.
    pub fn is_sound(&self) -> bool {
        let (entry, previous) = (&self.entry, &self.previous);
        let hash = AuditRecord::hash_of(
            self.sequence,
            self.installation_id,
            self.at,
            entry,
            previous,
        );
        self.hash == hash
    }
}

impl Serialize for AuditRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (entry, previous) = (&self.entry, &self.previous);
        let mut members = hashed(
            self.sequence,
            self.installation_id,
            self.at,
            entry,
            previous,
        );
        members.insert("hash".to_owned(), json!(self.hash));
        members.serialize(serializer)
    }
}

fn hashed(
    sequence: i64,
    installation_id: i64,
    at: Timestamp,
    entry: &AuditEntry,
    previous: &str,
) -> Map<String, Value> {
    let members = [
        ("action", json!(entry.action)),
        ("actor", json!(entry.actor)),
        ("at", json!(at)),
        ("detail", canonical(&entry.detail)),
        ("installation_id", json!(installation_id)),
        ("previous", json!(previous)),
        ("reason_code", json!(entry.reason_code)),
        ("sequence", json!(sequence)),
        ("subject", json!(entry.subject)),
        ("verdict", json!(entry.verdict)),
    ];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    members.into_iter().collect()
}

/// `detail` as it reads when it comes back from where it is kept: a number that was computed may be written otherwise
/// after that. What is nested too deeply to come back is kept as its text.
fn canonical(detail: &Value) -> Value {
    let text = detail.to_string();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// How far the chain of one workspace has been followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditChain {
    /// The number of the last entry; the number of entries.
    pub sequence: i64,
    /// The hash of the last entry. Whoever knows it can tell whether the chain up to here is ever changed or cut.
    pub head: String,
}

/// What is wrong with an entry, given those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// Numbers are missing before it, or it has a number that was used.
    #[error("a gap: the number of the entry before it is {before}")]
    Gap {
        /// The number of the last entry before it; 0 if there is none.
        before: i64,
    },
    /// Its hash is not the hash of what it says.
    #[error("changed entry: its hash is not that of what it says now")]
    Changed,
    /// It was written after another entry than the one that stands before it.
    #[error("broken link: the entry before it is not the one it was written after")]
    Link,
}

impl Default for AuditChain {
    /// Before the first entry.
    fn default() -> AuditChain {
        AuditChain {
            sequence: 0,
            head: NO_PREVIOUS.to_owned(),
        }
    }
}

impl AuditChain {
    /// Goes on to the next entry.
    ///
    /// # Errors
    /// When it is not what was written after the entries so far; then the chain ends before it.
    pub fn follow(&mut self, record: &AuditRecord) -> Result<(), AuditBreak> {
        if self.sequence.checked_add(1) != Some(record.sequence) {
            let before = self.sequence;
            return Err(AuditBreak::Gap { before });
        }
        if !record.is_sound() {
            return Err(AuditBreak::Changed);
        }
        if record.previous != self.head {
            return Err(AuditBreak::Link);
        }
        self.sequence = record.sequence;
        self.head.clone_from(&record.hash);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
