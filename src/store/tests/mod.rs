//! The record on a real database.

mod audit;
mod budgets;
mod decision;
mod every_query;
mod intent_branches;
mod leaving;
mod missed;
mod plans;
mod previews;
mod recorded;
mod records;
mod round_trip;
mod schema;
pub(crate) mod scratch;
mod verified;
mod watch;

#[tokio::test]
async fn every_statement_works() {
    let (store, _scratch) = empty().await;
    let called = every_query::call_every_function(&store).await;
    called.expect("every function works");
}

/// A record without anything in it, with what has to outlive it.
async fn empty() -> (crate::store::Store, (tempfile::TempDir, scratch::Scratch)) {
    let directory = tempfile::TempDir::new().expect("a directory");
    let scratch = scratch::Scratch::new(directory.path()).await;
    let store = crate::store::Store::open(&scratch.url).await;
    (store.expect("a database"), (directory, scratch))
}
