//! The audit record goes down with its decision, or not at all, and stays as it is.

use std::collections::BTreeMap;

use serde_json::json;

use crate::engine::plan::Call;
use crate::engine::{Change, Effect, Plan};
use crate::model::{AuditChain, AuditEntry, AuditRecord, Reference, Timestamp, Verdict};
use crate::store::database::query;
use crate::store::recorder::record;
use crate::store::{Commit, Committed, Done, Store, StoreError};

const INSTALLATION: i64 = 7;

async fn store() -> (Store, tempfile::TempDir) {
    let directory = tempfile::TempDir::new().expect("a directory");
    let store = Store::open(&url(&directory)).await;
    (store.expect("a database"), directory)
}

fn url(directory: &tempfile::TempDir) -> String {
    format!("sqlite://{}", directory.path().join("ocuroot.db").display())
}

fn entry(action: &str) -> AuditEntry {
    AuditEntry {
        actor: Some("alice".to_owned()),
        action: action.to_owned(),
        subject: "production".to_owned(),
        verdict: Verdict::Refused,
        reason_code: "not_a_deployer".to_owned(),
        detail: json!({"load": 1e16, "why": null}),
    }
}

fn plan(actions: &[&str]) -> Plan {
    let change = |action: &&str| Change::Audit(Box::new(entry(action)));
    Plan {
        changes: actions.iter().map(change).collect(),
        ..Plan::default()
    }
}

async fn commit(
    store: &Store,
    installation_id: i64,
    version: i64,
    plan: &Plan,
) -> Result<Committed, StoreError> {
    let commit = Commit {
        installation_id,
        version,
        plan,
        done: Done::Nothing,
        released: None,
        now: Timestamp(1000 + version),
    };
    store.commit(&commit).await
}

async fn execute(store: &Store, sql: &str) {
    query(sql.to_owned())
        .execute(&store.writer)
        .await
        .expect(sql);
}

async fn actions(store: &Store) -> Vec<String> {
    let records = store.audit(INSTALLATION, 0, 1000).await.expect("records");
    records
        .into_iter()
        .map(|record| record.entry.action)
        .collect()
}

fn follow(records: &[AuditRecord]) -> AuditChain {
    let mut chain = AuditChain::default();
    for record in records {
        chain.follow(record).expect("a sound chain");
    }
    chain
}

#[tokio::test]
async fn entries_go_on_from_decision_to_decision_in_a_chain_for_each_workspace() {
    let (store, _directory) = store().await;
    for (version, actions) in [&["deploy", "approve"][..], &[], &["run started"]]
        .iter()
        .enumerate()
    {
        let version = i64::try_from(version).expect("small");
        let committed = commit(&store, INSTALLATION, version, &plan(actions)).await;
        assert_eq!(committed.expect("committed"), Committed::Yes);
    }
    commit(&store, 8, 0, &plan(&["deploy"]))
        .await
        .expect("committed");
    store.put_workspace(8, "acme", false).await.expect("named");

    let records = store.audit(INSTALLATION, 0, 10).await.expect("records");
    let chain = follow(&records);
    assert_eq!(chain.sequence, 3);
    let times: Vec<i64> = records.iter().map(|record| record.at.0).collect();
    assert_eq!(times, [1000, 1000, 1002]);
    assert_eq!(actions(&store).await, ["deploy", "approve", "run started"]);
    assert_eq!(records[0].entry.actor.as_deref(), Some("alice"));
    let page = store.audit(INSTALLATION, 1, 1).await.expect("a page");
    assert_eq!(page, records[1..2]);

    let heads = store.audit_heads().await.expect("heads");
    let heads: BTreeMap<i64, (&str, i64, &str)> = heads
        .iter()
        .map(|head| {
            (
                head.installation_id,
                (head.account.as_str(), head.sequence, head.hash.as_str()),
            )
        })
        .collect();
    assert_eq!(heads[&INSTALLATION], ("", 3, chain.head.as_str()));
    assert_eq!((heads[&8].0, heads[&8].1), ("acme", 1));
    assert_eq!(heads.len(), 2);
}

#[tokio::test]
async fn an_entry_of_nobody_is_read_as_it_was_written() {
    let (store, _directory) = store().await;
    let entry = AuditEntry {
        actor: None,
        action: "run\0started".to_owned(),
        subject: "\"é\u{1f680}".to_owned(),
        verdict: Verdict::Recorded,
        reason_code: String::new(),
        detail: json!([{"b": 1, "a": "\u{0}"}, 1.50, null]),
    };
    let changes = vec![Change::Audit(Box::new(entry.clone()))];
    let plan = Plan {
        changes,
        ..Plan::default()
    };
    commit(&store, INSTALLATION, 0, &plan)
        .await
        .expect("committed");
    let records = store.audit(INSTALLATION, 0, 10).await.expect("records");
    assert_eq!(records[0].entry, entry);
    follow(&records);
}

#[tokio::test]
async fn an_outdated_decision_leaves_no_entry() {
    let (store, _directory) = store().await;
    commit(&store, INSTALLATION, 0, &plan(&["one"]))
        .await
        .expect("committed");
    let committed = commit(&store, INSTALLATION, 0, &plan(&["two"])).await;
    assert_eq!(committed.expect("an answer"), Committed::Outdated);
    assert_eq!(actions(&store).await, ["one"]);
}

#[tokio::test]
async fn a_decision_and_its_entries_are_written_together_or_not_at_all() {
    let (store, _directory) = store().await;
    let reference: Reference = "@/environment/staging".parse().expect("a ref");
    let mut plan = plan(&["one"]);
    let document = Change::PutDocument(reference.clone(), json!({}));
    plan.changes.push(document);
    plan.effects.push(Effect {
        repository_id: 11,
        call: Call::CommitCheck {
            commit: "a".repeat(40).parse().expect("a commit"),
        },
    });
    // The state is written before the entry, the effect after it.
    for table in ["audit", "effect"] {
        let refuse = format!(
            "CREATE TRIGGER no BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        );
        execute(&store, &refuse).await;
        let error = commit(&store, INSTALLATION, 0, &plan)
            .await
            .expect_err(table);
        assert!(error.to_string().contains("no"), "{table}: {error}");
        let kept = store.document(INSTALLATION, &reference).await;
        assert_eq!(kept.expect("an answer"), None, "{table}");
        assert_eq!(actions(&store).await, Vec::<String>::new(), "{table}");
        execute(&store, "DROP TRIGGER no").await;
    }
    commit(&store, INSTALLATION, 0, &plan)
        .await
        .expect("committed");
    let kept = store.document(INSTALLATION, &reference).await;
    assert_eq!(kept.expect("an answer"), Some(json!({})));
    assert_eq!(actions(&store).await, ["one"]);
}

#[tokio::test]
async fn the_database_refuses_to_change_or_delete_an_entry() {
    let (store, _directory) = store().await;
    commit(&store, INSTALLATION, 0, &plan(&["one", "two"]))
        .await
        .expect("committed");
    let columns =
        "installation_id, at, actor, action, subject, verdict, reason_code, detail, previous, hash";
    let copy = |verb: &str, sequence: i64| {
        format!(
            "{verb} INTO audit (sequence, {columns}) SELECT {sequence}, {columns} FROM audit WHERE sequence = 2"
        )
    };
    for (sql, problem) in [
        (
            "UPDATE audit SET actor = 'mallory' WHERE sequence = 1".to_owned(),
            "never changed",
        ),
        ("UPDATE audit SET hash = hash".to_owned(), "never changed"),
        (
            "DELETE FROM audit WHERE sequence = 2".to_owned(),
            "never deleted",
        ),
        ("DELETE FROM audit".to_owned(), "never deleted"),
        (copy("INSERT OR REPLACE", 2), "the next number"),
        (copy("INSERT OR REPLACE", 1), "the next number"),
        (copy("INSERT", 4), "the next number"),
        (copy("INSERT", 0), "the next number"),
    ] {
        let result = query(sql.clone()).execute(&store.writer).await;
        let error = result.expect_err(&sql).to_string();
        assert!(
            error.contains("append-only") && error.contains(problem),
            "{sql}: {error}"
        );
    }
    let records = store.audit(INSTALLATION, 0, 10).await.expect("records");
    assert_eq!(follow(&records).sequence, 2);
}

#[tokio::test]
async fn many_entries_of_a_decision_are_two_statements() {
    let (store, _directory) = store().await;
    let many: Vec<String> = (0..250).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    commit(&store, INSTALLATION, 0, &plan(&many))
        .await
        .expect("committed");
    assert_eq!(actions(&store).await, many, "several statements");

    let plan = plan(&many[..100]);
    let (committed, statements) = record(async {
        let committed = commit(&store, INSTALLATION, 1, &plan).await;
        // Statements are told of when their connection takes up the next one.
        store.check_writable(Timestamp(1)).await.expect("writable");
        committed
    })
    .await;
    assert_eq!(committed.expect("an answer"), Committed::Yes);
    let of_audit = statements
        .iter()
        .filter(|statement| statement.sql.contains("audit"));
    assert_eq!(of_audit.count(), 2, "{statements:?}");
    let records = store.audit(INSTALLATION, 0, 1000).await.expect("records");
    assert_eq!(follow(&records).sequence, 350);
}

async fn tamper(store: &Store, sql: &str) {
    execute(store, "DROP TRIGGER IF EXISTS audit_is_not_changed").await;
    execute(store, sql).await;
}

#[tokio::test]
async fn what_says_the_same_in_other_bytes_is_not_what_was_written() {
    let (store, _directory) = store().await;
    commit(&store, INSTALLATION, 0, &plan(&["one"]))
        .await
        .expect("committed");
    for sql in [
        "UPDATE audit SET detail = detail || ' '",
        r#"UPDATE audit SET detail = '{"why":1,' || substr(trim(detail), 2)"#,
        "UPDATE audit SET detail = 'nonsense'",
    ] {
        tamper(&store, sql).await;
        let records = store.audit(INSTALLATION, 0, 10).await.expect("records");
        assert!(!records[0].is_sound(), "{sql}: {records:?}");
    }
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_ends_a_page_and_is_named_by_the_next() {
    let (store, _directory) = store().await;
    commit(&store, INSTALLATION, 0, &plan(&["one", "two", "three"]))
        .await
        .expect("committed");
    for sql in [
        "UPDATE audit SET verdict = 'perhaps' WHERE sequence = 2",
        r"UPDATE audit SET verdict = '\u0072efused' WHERE sequence = 2",
        "UPDATE audit SET verdict = 'refused', subject = x'ff' WHERE sequence = 2",
        "UPDATE audit SET subject = 'production', at = 'noon' WHERE sequence = 2",
    ] {
        tamper(&store, sql).await;
        assert_eq!(actions(&store).await, ["one"], "{sql}");
        let error = store.audit(INSTALLATION, 1, 10).await.expect_err(sql);
        let error = error.to_string();
        assert!(error.contains("entry 2 of workspace 7"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn reading_makes_no_file_and_changes_none() {
    let (store, directory) = store().await;
    commit(&store, INSTALLATION, 0, &plan(&["one"]))
        .await
        .expect("committed");
    let reader = Store::open_read_only(&url(&directory))
        .await
        .expect("beside the server");
    assert_eq!(actions(&reader).await, ["one"]);
    commit(&reader, INSTALLATION, 1, &plan(&["two"]))
        .await
        .expect_err("it only reads");
    commit(&store, INSTALLATION, 1, &plan(&["two"]))
        .await
        .expect("the server goes on");
    assert_eq!(actions(&reader).await, ["one", "two"]);

    let elsewhere = tempfile::TempDir::new().expect("a directory");
    let missing = Store::open_read_only(&url(&elsewhere))
        .await
        .expect_err("there is none");
    assert!(matches!(missing, StoreError::NoDatabase(_)), "{missing}");
    let file = elsewhere.path().join("ocuroot.db");
    assert!(!file.exists());
    for content in ["", "this is no database, however long it may be"] {
        std::fs::write(&file, content).expect("written");
        let other = Store::open_read_only(&url(&elsewhere))
            .await
            .expect_err("it is none");
        assert!(
            matches!(other, StoreError::OtherVersion(_)),
            "{content}: {other}"
        );
        assert_eq!(std::fs::read_to_string(&file).expect("read"), content);
    }
}

#[tokio::test]
async fn a_database_of_another_version_is_not_read() {
    for sql in [
        "UPDATE _sqlx_migrations SET checksum = x'00'",
        "INSERT INTO _sqlx_migrations SELECT version + 1, description, installed_on, success, checksum, \
         execution_time FROM _sqlx_migrations",
        "DELETE FROM _sqlx_migrations",
    ] {
        let (store, directory) = store().await;
        execute(&store, sql).await;
        let other = Store::open_read_only(&url(&directory))
            .await
            .expect_err(sql);
        assert!(
            matches!(other, StoreError::OtherVersion(_)),
            "{sql}: {other}"
        );
    }
}
