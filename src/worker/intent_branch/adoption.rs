//! What becomes of the files of a branch by a decision.

use std::collections::BTreeSet;

use super::files::Said;
use crate::engine::plan::IntentFiles;
use crate::engine::{Answer, Change, Plan, Trigger};
use crate::model::{CommitSha, IntentFile, IntentItem, IntentReport, Reference};
use crate::report;

/// Who is said to have pushed what nobody is known to have pushed. No login is like it.
pub(super) const NOBODY: &str = "(somebody unknown)";

/// Files that a decision takes over.
#[derive(Debug)]
pub struct Adoption {
    /// The repository they are in.
    pub repository_id: i64,
    /// The branch.
    pub branch: String,
    /// The commit.
    pub commit: CommitSha,
    /// The files, in the order in which they are wanted.
    pub entries: Vec<Entry>,
    /// What others speak of that something else was decided about since.
    pub differing: Vec<Reference>,
}

/// A file, with the place of the trigger that makes what it says so; `None` if it cannot be used.
#[derive(Debug)]
pub struct Entry {
    /// What it says.
    pub said: Said,
    /// That place among the triggers of the decision.
    pub trigger: Option<usize>,
}

impl Entry {
    /// What the decision answers to it.
    pub fn answers(&self, plan: &Plan) -> Vec<Answer> {
        let answers = self.trigger.map(|trigger| plan.answers_to(trigger));
        answers.unwrap_or_default()
    }
}

/// Files, and the triggers that make what they say so.
#[derive(Debug, Default)]
pub struct Wishes {
    /// The triggers of one decision.
    pub triggers: Vec<Trigger>,
    /// The files, in the order in which they are wanted.
    pub entries: Vec<Entry>,
}

impl Wishes {
    /// Adds a file, and what makes what it says so, if anything does.
    pub fn add(&mut self, said: Said, trigger: Option<Trigger>) {
        let place = trigger.is_some().then_some(self.triggers.len());
        self.triggers.extend(trigger);
        self.entries.push(Entry {
            said,
            trigger: place,
        });
    }
}

/// Everybody who has pushed any of it.
pub(super) fn pushers(entries: &[Entry]) -> String {
    let pushers = entries.iter().map(|entry| entry.said.pusher.as_deref());
    let pushers: BTreeSet<&str> = pushers.map(|pusher| pusher.unwrap_or(NOBODY)).collect();
    pushers.into_iter().collect::<Vec<_>>().join(", ")
}

impl Adoption {
    /// What each file came to.
    pub fn items(&self, plan: &Plan) -> Vec<IntentItem> {
        self.entries.iter().map(|entry| item(entry, plan)).collect()
    }

    /// What is written down of it, given what the decision came to.
    pub fn changes(&self, plan: &Plan) -> Vec<Change> {
        let items = self.items(plan);
        let mut files = Vec::new();
        let mut gone = Vec::new();
        for (entry, item) in self.entries.iter().zip(&items) {
            match &entry.said.blob {
                Some(blob) => files.push(file(&entry.said, blob, item)),
                None => gone.push(entry.said.path.clone()),
            }
        }
        // A file that moved is the same to everybody but us.
        let is_told = |item: &IntentItem| item.reference.is_some() || item.has_failed();
        let report = IntentReport {
            branch: self.branch.clone(),
            is_preview: false,
            items: items.into_iter().filter(is_told).collect(),
            differing: self.differing.clone(),
        };
        let taken = IntentFiles {
            repository_id: self.repository_id,
            branch: self.branch.clone(),
            commit: self.commit.clone(),
            files,
            gone,
        };
        vec![
            Change::PutIntentFiles(Box::new(taken)),
            Change::PutIntentReport(self.repository_id, self.commit.clone(), Box::new(report)),
        ]
    }
}

fn file(said: &Said, blob: &str, item: &IntentItem) -> IntentFile {
    // What was never made so is not taken away with the file.
    let reference = match item.has_failed() {
        true => said.made_so.clone(),
        false => item.reference.clone(),
    };
    IntentFile {
        path: said.path.clone(),
        blob: blob.to_owned(),
        reference,
        value: said.value.clone(),
        pusher: said.pusher.clone(),
        has_failed: item.has_failed(),
    }
}

fn item(entry: &Entry, plan: &Plan) -> IntentItem {
    let said = &entry.said;
    let mut item = unanswered(said);
    let answers = entry.answers(plan);
    let words = report::answers(&answers);
    // What is to be gone and is not there is as it should be.
    let is_gone = |answer: &Answer| matches!(answer, Answer::NotDeployed(..));
    let is_refused = |answer: &Answer| report::is_refusal(answer) && !is_gone(answer);
    if answers.iter().any(is_refused) {
        item.refused = words;
        item.pusher.clone_from(&said.pusher);
    } else {
        item.said = words;
    }
    item
}

/// What a file says, whatever comes of it.
pub(super) fn unanswered(said: &Said) -> IntentItem {
    let mut item = IntentItem {
        path: said.path.clone(),
        reference: said.speaks_of().cloned(),
        after: said.value.clone(),
        ..IntentItem::default()
    };
    if let Err(wrong) = &said.reference {
        item.line = wrong.line;
        item.wrong = Some(wrong.message.clone());
    }
    item
}
