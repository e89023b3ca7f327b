//! Branches whose files say what should be, as they are written down and asked for.

use std::collections::BTreeSet;

use serde_json::json;

use super::decision::{INSTALLATION, REPOSITORY, head, reference};
use crate::engine::Change;
use crate::engine::plan::IntentFiles;
use crate::model::{IntentBranch, IntentFile};
use crate::store::{Result, Store};

/// A branch that is followed, and what was taken over of it; one of two files is gone again.
pub(super) fn changes() -> Vec<Change> {
    let file = |path: &str| IntentFile {
        path: path.to_owned(),
        blob: "b".to_owned(),
        reference: Some(reference("@/environment/staging")),
        value: Some(json!({"name": "staging"})),
        pusher: Some("alice".to_owned()),
        has_failed: false,
    };
    let taken = |files: Vec<IntentFile>, gone: Vec<String>| IntentFiles {
        repository_id: REPOSITORY,
        branch: "intent".to_owned(),
        commit: head(),
        files,
        gone,
    };
    let followed = IntentBranch {
        repository: "acme/shop".parse().expect("a repository"),
        branch: Some("intent".to_owned()),
    };
    let all = taken(vec![file("a.json"), file("b.json")], Vec::new());
    let fewer = taken(Vec::new(), vec!["b.json".to_owned()]);
    vec![
        Change::FollowIntent(REPOSITORY + 1, None),
        Change::FollowIntent(REPOSITORY, Some(followed)),
        Change::PutIntentFiles(Box::new(all)),
        Change::PutIntentFiles(Box::new(fewer)),
        Change::PutIntentReport(REPOSITORY, head(), Box::default()),
    ]
}

/// What is known of branches whose files say what should be.
pub(super) async fn ask(store: &Store) -> Result<()> {
    let followed = store
        .intent_branch(REPOSITORY)
        .await?
        .expect("one is followed");
    let name = &followed.repository;
    let followers = store
        .intent_followers(INSTALLATION, name, "intent", false)
        .await?;
    assert_eq!(followers.len(), 1);
    let branches = store.intent_branches_at(REPOSITORY, &head()).await?;
    assert_eq!(branches, ["intent"]);
    assert_eq!(store.intent_head(REPOSITORY, "intent").await?, Some(head()));
    assert_eq!(store.intent_files(REPOSITORY, "intent").await?.len(), 1);
    assert!(store.intent_report(REPOSITORY, &head()).await?.is_some());
    let references = BTreeSet::from([reference("@/environment/staging")]);
    store.intents_at(INSTALLATION, &references).await?;
    Ok(())
}
