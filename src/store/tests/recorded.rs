//! Something of every kind that has a ref, and every kind of look-up.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::decision::{INSTALLATION, NOW, REPOSITORY, head, package, plan, reference, run};
use crate::engine::{Change, Plan};
use crate::model::Glob;
use crate::store::database::query;
use crate::store::{Commit, Committed, Documents, Done, MatchOptions, Scope, Store};

pub(super) const P: &str = "github.com/acme/shop/-/api/release.ocu.star";

/// Of every shape that is looked up differently.
pub(super) const GLOBS: [&str; 42] = [
    "@/environment/staging",
    "@*/environment/*",
    "@/environment/st*",
    "@/custom/**",
    "@*/custom/a/b",
    "**/@*",
    "**/@",
    "**/@r1",
    "**/@r*",
    "**/@v*",
    "**/@v1",
    "**/@*/{task,deploy}/*",
    "**/@/deploy/staging",
    "**/@/deploy/*",
    "**/@*/deploy/staging",
    "**/@r1/deploy/staging",
    "**/@/**",
    "**/@*/{task,deploy}/*/*",
    "**/@*/deploy/staging/*",
    "**/@r2/deploy/staging/*",
    "**/@*/{task,deploy}/*/*/logs",
    "**/@*/*/*/*/status/*",
    "**/@*/*/*/*/status/{pending,running,failed}",
    "**/@r1/*/*/*/status/complete",
    "**/@*/commit/*",
    "**/@*/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "**/@*/op/*",
    "**/@*/custom/*",
    "**/@*/custom/**",
    "**/@/custom/colour",
    "**/-/repo.ocu.star/@*",
    "**/-/repo.ocu.star/@*/push/*",
    "github.com/acme/shop/-/api/**",
    "github.com/acme/*/-/api/**/@/deploy/*",
    "github.com/acme/shop/-/**/@/deploy/staging",
    "github.com/acme/shop/-/**/@*/deploy/staging",
    "github.com/acme/shop/-/api/release.ocu.star/@r1/**",
    "github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/staging",
    "github.com/acme/shop/-/api/release.ocu.star/@*/deploy/*/1",
    "github.com/**",
    "github.com/other/**",
    "*/acme/shop/-/api/release.ocu.star/@[rv]?",
];

pub(super) async fn store() -> (Store, impl Sized) {
    let (store, guard) = super::empty().await;
    fill(&store).await.expect("records");
    (store, guard)
}

/// Something of every kind.
async fn fill(store: &Store) -> super::super::Result<()> {
    let name = "acme/shop".parse().expect("a name");
    let repository = package().repository;
    store.put_workspace(INSTALLATION, "acme", false).await?;
    store
        .put_repository(INSTALLATION, REPOSITORY, &name, &repository, "main")
        .await?;
    let files = BTreeMap::from([("repo.ocu.star".to_owned(), "blob".to_owned())]);
    let texts = BTreeMap::from([("blob".to_owned(), "ocuroot(\"0.3.0\")".to_owned())]);
    store
        .put_sources(REPOSITORY, &head(), &files, &texts)
        .await?;
    let put = |text: &str, value| Change::PutDocument(reference(text), value);
    let mut plan = plan();
    plan.changes.extend([
        put("@/custom/a/b", json!({ "c": null })),
        put(&format!("{P}/@/custom/colour"), json!("red")),
        put(&format!("{P}/@r1/custom/approve"), json!(1)),
        put(&format!("{P}/@r1/custom/a/b"), json!([1, 2])),
    ]);
    commit(store, &plan).await?;
    let row = store.run_by_name(INSTALLATION, &run()).await?;
    let lines = ["one".to_owned(), "two".to_owned()];
    store
        .append_logs(row.expect("a run").id, 1, 0, &lines, NOW)
        .await?;
    intend(store, "@/environment/staging", json!({ "name": "staging" })).await?;
    let deployment = json!({ "release": format!("{P}/@r1") });
    intend(store, &format!("{P}/@/deploy/staging"), deployment).await
}

pub(super) async fn commit(store: &Store, plan: &Plan) -> super::super::Result<()> {
    let scope = Scope {
        installation_id: INSTALLATION,
        ..Scope::default()
    };
    let (_, version) = store.snapshot(&scope).await?;
    let commit = Commit {
        installation_id: INSTALLATION,
        version,
        plan,
        done: Done::Nothing,
        released: Some((REPOSITORY, head())),
        now: NOW,
    };
    assert_eq!(store.commit(&commit).await?, Committed::Yes);
    Ok(())
}

async fn intend(store: &Store, text: &str, value: Value) -> super::super::Result<()> {
    let reference = reference(text);
    let (kind, name) = reference.subpath.clone().expect("a kind");
    query(
        "INSERT INTO intent (installation_id, reference, repository, path, release, kind, name, \
         body, updated_at) VALUES ($1, $2, $3, $4, '', $5, $6, $7, 1)",
    )
    .bind(INSTALLATION)
    .bind(text)
    .bind(&reference.repository)
    .bind(&reference.path)
    .bind(kind.as_str())
    .bind(name)
    .bind(value.to_string())
    .execute(&store.writer)
    .await?;
    Ok(())
}

/// Every kind of look-up once. `**` is left out: it asks for all that there is.
pub(super) async fn call_every_function(store: &Store) -> super::super::Result<()> {
    let intent = MatchOptions {
        of: Documents::Intent,
        ..MatchOptions::default()
    };
    for text in GLOBS {
        let glob: Glob = text.parse().expect(text);
        let state = MatchOptions::default();
        for found in store.matching(INSTALLATION, &glob, &state).await? {
            let record = store.record(INSTALLATION, &found, Documents::State).await?;
            assert!(record.is_some(), "{found}");
        }
        store.matching(INSTALLATION, &glob, &intent).await?;
    }
    let page = MatchOptions {
        limit: Some(1),
        after: Some("github.com/".to_owned()),
        ..MatchOptions::default()
    };
    let glob = "github.com/**".parse().expect("a glob");
    store.matching(INSTALLATION, &glob, &page).await?;
    let own = reference(P);
    store.children(INSTALLATION, &own, Documents::State).await?;
    let intended = reference("@/environment/staging");
    store
        .record(INSTALLATION, &intended, Documents::Intent)
        .await?;
    Ok(())
}
