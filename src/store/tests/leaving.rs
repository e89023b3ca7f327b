//! What is read of environments that are on their way out.

use std::collections::BTreeSet;

use super::decision::package;
use super::empty;
use super::round_trip::{read, write};
use crate::engine::Change;
use crate::model::{EnvironmentName, Reference, Registration, SubPathKind, TaskKey};
use crate::store::Scope;

/// What ends the last way down of an environment must know that it is wanted again.
#[tokio::test]
async fn an_environment_on_its_way_out_is_read_with_what_should_be() {
    let (store, _directory) = empty().await;
    let name: EnvironmentName = "staging".parse().expect("a name");
    let wanted = Reference::global(SubPathKind::Environment, "staging");
    let there = crate::model::latest_document(&package(), &TaskKey::Deploy(name.clone()));
    let leaving = Registration {
        presence: crate::model::Presence::Leaving,
        ..Registration::default()
    };
    let changes = vec![
        Change::PutRegistration(name.clone(), leaving),
        Change::PutIntent(wanted.clone(), serde_json::json!({ "name": "staging" })),
        Change::PutIntent(there.clone(), serde_json::json!({})),
    ];
    write(&store, changes).await;
    let (snapshot, _) = read(&store, &Scope::default()).await;
    assert!(snapshot.intents.contains_key(&wanted));
    assert!(!snapshot.intents.contains_key(&there));
    let scope = Scope {
        environments: BTreeSet::from([name]),
        ..Scope::default()
    };
    let (snapshot, _) = read(&store, &scope).await;
    assert!(snapshot.intents.contains_key(&there));
}
