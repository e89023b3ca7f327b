//! How SQLite looks things up. A look-up that walks a table, or all of a workspace, costs more each day.

use std::collections::BTreeSet;

use super::every_query::call_every_function;
use crate::store::Store;
use crate::store::database::query;
use crate::store::recorder::{Statement, record};

/// What may walk all of a workspace or of a repository, and why.
const WALKS: [(&str, &str); 16] = [
    (
        "SELECT installation_id, is_suspended FROM workspace",
        "once an hour all of them are held against what GitHub shows",
    ),
    (
        "SELECT reference, body FROM state WHERE installation_id = $1 AND (kind IN",
        "who asks what is not as it should be asks for all of it, and has the record to themselves",
    ),
    (
        "SELECT reference, body FROM intent WHERE installation_id = $1 AND (kind IN",
        "the same",
    ),
    (
        "SELECT sequence, hash FROM audit",
        "the last entry of a chain is the first one found, from the end of its index",
    ),
    (
        "WITH RECURSIVE chain",
        "the same for each chain, when an operator asks for all of them",
    ),
    (
        "SELECT repository, path FROM package",
        "when environments change, every package is planned again",
    ),
    (
        "SELECT path, watch, also, loads FROM package",
        "a push is held against every package of its repository",
    ),
    (
        "SELECT environment, repository, path, presence FROM registration",
        "environments are places, of which a workspace has few",
    ),
    (
        "SELECT reference, body FROM intent WHERE installation_id = $1 AND kind",
        "when an environment is taken away, every package is planned again",
    ),
    ("SELECT version FROM workspace", "it has one row for each"),
    ("SELECT body, version FROM budget", "the same"),
    (
        "SELECT id FROM repository WHERE installation_id",
        "when the App is removed from an account, all of it is gone",
    ),
    (
        "UPDATE repository SET seen_at",
        "the same row of the workspace",
    ),
    (
        "SELECT id, repository_id, repository, path FROM package",
        "a glob that names no repository is held against every package",
    ),
    (
        "SELECT reference_name, released_commit FROM repository",
        "the same, against every repository",
    ),
    (
        "SELECT repository, path, watch, also FROM package",
        "the index of a repository lists all its packages",
    ),
];

async fn store() -> (Store, tempfile::TempDir) {
    let directory = tempfile::TempDir::new().expect("a directory");
    let file = directory.path().join("ocuroot.db");
    let store = Store::open(&format!("sqlite://{}", file.display())).await;
    (store.expect("a database"), directory)
}

/// Every statement of the store, once.
async fn statements(store: &Store) -> BTreeSet<String> {
    let (result, statements) = record(async {
        call_every_function(store).await?;
        // Statements are told of when their connection takes up the next one.
        for _ in 0..32 {
            store.snapshot(&crate::store::Scope::default()).await?;
        }
        store.check_writable(crate::model::Timestamp(1)).await
    })
    .await;
    result.expect("every function works");
    let texts = statements.into_iter().map(|Statement { sql, .. }| sql);
    texts.collect()
}

/// The steps of SQLite's plan of a statement.
async fn plan(store: &Store, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let rows = query(explain).fetch_all(&store.writer).await;
    let rows = rows.expect("a plan");
    rows.iter().map(|row| row.get(3)).collect()
}

async fn names(store: &Store, sql: &'static str) -> BTreeSet<String> {
    let rows = query(sql).fetch_all(&store.writer).await;
    let rows = rows.expect("names");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Whether a step looks at more than what it is after.
fn walks(step: &str, tables: &BTreeSet<String>, partial: &BTreeSet<String>) -> bool {
    let mut words = step.split_whitespace();
    let is_scan = words.next() == Some("SCAN");
    let is_table = words.next().is_some_and(|name| tables.contains(name));
    // An index over what waits, or has failed, holds nothing else.
    let is_over_few = words.any(|word| partial.contains(word));
    let is_owner = ["(installation_id=?)", "(repository_id=?)"]
        .iter()
        .any(|owner| step.ends_with(owner));
    is_table && !is_over_few && (is_scan || is_owner)
}

#[tokio::test]
async fn no_statement_walks_a_table_or_a_workspace() {
    let (store, _directory) = store().await;
    let tables = names(
        &store,
        "SELECT name FROM sqlite_schema WHERE type = 'table'",
    )
    .await;
    let partial = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%WHERE%'";
    let partial = names(&store, partial).await;
    let mut bad = String::new();
    let statements = statements(&store).await;
    assert!(statements.len() > 70, "{statements:#?}");
    for sql in statements {
        let is_allowed = WALKS.iter().any(|(begin, _)| sql.starts_with(begin));
        for step in plan(&store, &sql).await {
            if !is_allowed && walks(&step, &tables, &partial) {
                bad.push_str(&format!("{step}\n    {sql}\n"));
            }
        }
    }
    assert!(bad.is_empty(), "{bad}");
}

#[tokio::test]
async fn what_asks_for_the_first_does_not_sort_all() {
    let (store, _directory) = store().await;
    let mut bad = String::new();
    for sql in statements(&store).await {
        let is_sorted = plan(&store, &sql)
            .await
            .iter()
            .any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
        if is_sorted && sql.contains(" LIMIT ") {
            bad.push_str(&format!("{sql}\n"));
        }
    }
    assert_eq!(bad, "");
}

#[tokio::test]
async fn what_the_default_branch_brought_last_is_the_end_of_an_index() {
    let (store, _directory) = store().await;
    let mut plans = String::new();
    for sql in statements(&store).await {
        if sql.starts_with("WITH place") || sql.contains("release.number < $4") {
            plans.push_str(&plan(&store, &sql).await.join("\n"));
            plans.push_str("\n\n");
        }
    }
    insta::assert_snapshot!(plans, @"
    SEARCH package USING COVERING INDEX sqlite_autoindex_package_1 (installation_id=? AND repository=? AND path=?)
    SEARCH release USING INDEX release_of_default (package_id=? AND number<?)
    SEARCH run EXISTS USING INDEX run_success (release_id=? AND task=?)

    CO-ROUTINE place
    SCAN CONSTANT ROW
    SCAN place
    SEARCH package USING COVERING INDEX sqlite_autoindex_package_1 (installation_id=? AND repository=? AND path=?)
    SEARCH run USING INTEGER PRIMARY KEY (rowid=?)
    CORRELATED SCALAR SUBQUERY 2
    SEARCH last USING INDEX run_complete (package_id=? AND task=?)
    SEARCH its USING INTEGER PRIMARY KEY (rowid=?)
    SEARCH release USING INTEGER PRIMARY KEY (rowid=?)
    ");
}

#[tokio::test]
async fn every_index_is_used() {
    let (store, _directory) = store().await;
    let mut unused = names(
        &store,
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL",
    )
    .await;
    for sql in statements(&store).await {
        let plan = plan(&store, &sql).await.join("\n");
        unused.retain(|index| !plan.split_whitespace().any(|word| word == index));
    }
    assert_eq!(unused, BTreeSet::new());
}

#[test]
fn every_function_that_asks_the_database_is_looked_at() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    let calls = concat!(
        include_str!("budgets.rs"),
        include_str!("every_query.rs"),
        include_str!("intent_branches.rs"),
        include_str!("missed.rs"),
        include_str!("previews.rs"),
        include_str!("recorded.rs"),
        include_str!("verified.rs"),
        include_str!("watch.rs")
    );
    let entries = |directory: &str| std::fs::read_dir(directory).expect("the sources");
    for entry in entries(directory).chain(entries(&format!("{directory}/records"))) {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        for line in text.lines() {
            let Some(rest) = line.trim().strip_prefix("pub async fn ") else {
                continue;
            };
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let is_called = calls.contains(&format!(".{name}("));
            assert!(
                is_called || matches!(name, "open" | "open_read_only" | "close"),
                "{name} is not called"
            );
        }
    }
}

#[tokio::test]
async fn what_a_glob_says_is_what_an_index_is_asked() {
    let (store, _directory) = store().await;
    let mut plans = BTreeSet::new();
    for sql in statements(&store).await {
        let is_of_glob = sql.starts_with("SELECT repository, path, release, kind, name")
            || sql.contains("FROM release JOIN run")
            || sql.contains("FROM run JOIN release ON release.id = run.release_id WHERE run.state")
            || sql.starts_with("SELECT package_id, number, commit_sha FROM release")
            || sql.starts_with("SELECT package_id, tag FROM tag");
        if is_of_glob {
            let condition = sql.split(" FROM ").nth(1).unwrap_or(&sql).to_owned();
            plans.insert(format!(
                "{condition}\n    {}\n",
                plan(&store, &sql).await.join("\n    ")
            ));
        }
    }
    insta::assert_snapshot!(plans.into_iter().collect::<String>());
}

#[tokio::test]
async fn companions_are_looked_for_in_their_own_repository() {
    let (store, _directory) = store().await;
    for sql in statements(&store).await {
        if sql.contains("key LIKE 'dispatch %'") {
            let plan = plan(&store, &sql).await;
            insta::assert_snapshot!(plan.join("\n"), @"SEARCH effect USING INDEX effect_pending_of_repository (installation_id=? AND repository_id=? AND lane=?)");
            return;
        }
    }
    panic!("no statement looks for companions");
}
