//! `ocuroot audit` over a file that a server wrote, and that somebody else has edited.

use std::process::{Command, Output, Stdio};

use ocuroot::engine::{Change, Plan};
use ocuroot::model::{AuditEntry, AuditRecord, Timestamp, Verdict};
use ocuroot::store::{Commit, Committed, Done, Store};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

const WORKSPACE: i64 = 7;

struct Record {
    directory: TempDir,
}

impl Record {
    /// A file with a chain of `entries` in one workspace and of two in another.
    async fn write(entries: i64) -> Record {
        let record = Record {
            directory: TempDir::new().unwrap(),
        };
        let store = Store::open(&record.url()).await.unwrap();
        store.put_workspace(WORKSPACE, "acme", false).await.unwrap();
        for (installation_id, entries) in [(WORKSPACE, entries), (8, 2)] {
            let entry = |number: i64| AuditEntry {
                actor: (number % 2 == 0).then(|| "alice".to_owned()),
                action: format!("action {number}"),
                subject: "production".to_owned(),
                verdict: Verdict::Allowed,
                reason_code: "may_push".to_owned(),
                detail: json!({"number": number, "note": "two\nlines"}),
            };
            let changes = (1..=entries).map(|number| Change::Audit(Box::new(entry(number))));
            let plan = Plan {
                changes: changes.collect(),
                ..Plan::default()
            };
            let commit = Commit {
                installation_id,
                version: 0,
                plan: &plan,
                done: Done::Nothing,
                released: None,
                now: Timestamp(1_795_424_400_000),
            };
            assert_eq!(store.commit(&commit).await.unwrap(), Committed::Yes);
        }
        store.close().await;
        record
    }

    fn url(&self) -> String {
        let file = self.directory.path().join("ocuroot.db");
        format!("sqlite://{}", file.display())
    }

    fn audit(&self, arguments: &[&str]) -> Output {
        audit(&self.url(), arguments)
    }

    /// The heads that a sound record has, in the order of the workspaces.
    fn heads(&self) -> Vec<String> {
        let said = stdout(&self.audit(&["verify"]));
        let heads = said.lines().map(|line| line.rsplit(' ').next().unwrap());
        heads.map(str::to_owned).collect()
    }

    /// What the triggers refuse, by somebody who takes them away first.
    async fn tamper(&self, statements: &[&'static str]) {
        let file = self.directory.path().join("ocuroot.db");
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = options.connect().await.unwrap();
        let triggers = [
            "DROP TRIGGER audit_is_not_changed",
            "DROP TRIGGER audit_is_not_cut",
            "DROP TRIGGER audit_has_no_gaps",
        ];
        for sql in triggers.iter().chain(statements) {
            sqlx::query(*sql).execute(&mut connection).await.unwrap();
        }
    }
}

fn audit(url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ocuroot"));
    command
        .arg("audit")
        .args(arguments)
        .env("DATABASE_URL", url);
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// Asserts that the chain of the workspace breaks like this, and that the other one is sound nonetheless.
#[track_caller]
fn is_broken(output: &Output, how: &str) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = stdout(output);
    let mut of_workspaces = said.lines();
    let first = of_workspaces.next().unwrap();
    assert!(
        first.starts_with(&format!("workspace 7 (acme): BROKEN at {how}")),
        "{first}"
    );
    let second = of_workspaces.next().unwrap();
    assert!(
        second.starts_with("workspace 8: 2 entries, sound, head "),
        "{second}"
    );
    let error = stderr(output);
    assert!(
        error.contains("is not what was written. Keep a copy"),
        "{error}"
    );
}

#[tokio::test]
async fn a_sound_record_is_found_sound_and_its_heads_are_said() {
    let record = Record::write(2500).await;
    let output = record.audit(&["verify"]);
    assert!(output.status.success(), "{output:?}");
    let said = stdout(&output);
    let [first, second] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{said}");
    };
    assert!(
        first.starts_with("workspace 7 (acme): 2500 entries, sound, head "),
        "{first}"
    );
    assert!(
        second.starts_with("workspace 8: 2 entries, sound, head "),
        "{second}"
    );

    let one = record.audit(&["verify", "--workspace", "8"]);
    assert_eq!(stdout(&one), format!("{second}\n"));
    let database = ["verify", "--database", &record.url(), "--workspace", "8"];
    let named = audit("sqlite://elsewhere.db", &database);
    assert_eq!(stdout(&named), format!("{second}\n"));
}

#[tokio::test]
async fn a_changed_entry_is_named() {
    let record = Record::write(1200).await;
    let sql = "UPDATE audit SET actor = 'mallory' WHERE installation_id = 7 AND sequence = 1100";
    record.tamper(&[sql]).await;
    is_broken(&record.audit(&["verify"]), "entry 1100: changed entry");
}

#[tokio::test]
async fn an_entry_that_was_replaced_with_its_hash_is_told_by_the_next() {
    let record = Record::write(5).await;
    let store = Store::open_read_only(&record.url()).await.unwrap();
    let records = store.audit(WORKSPACE, 0, 10).await.unwrap();
    store.close().await;
    let entry = AuditEntry {
        actor: Some("mallory".to_owned()),
        ..records[2].entry.clone()
    };
    let forged = AuditRecord::new(3, WORKSPACE, records[2].at, &entry, &records[2].previous);
    let sql = format!(
        "UPDATE audit SET actor = 'mallory', hash = '{}' WHERE installation_id = 7 AND sequence = 3",
        forged.hash
    );
    record.tamper(&[sql.leak()]).await;
    is_broken(&record.audit(&["verify"]), "entry 4: broken link");
}

#[tokio::test]
async fn what_was_taken_out_or_put_in_is_named() {
    for (sql, how) in [
        (
            "DELETE FROM audit WHERE installation_id = 7 AND sequence = 3",
            "entry 4: a gap",
        ),
        (
            "DELETE FROM audit WHERE installation_id = 7 AND sequence < 3",
            "entry 3: a gap",
        ),
        (
            "UPDATE audit SET sequence = sequence - 5 WHERE installation_id = 7 AND sequence = 3",
            "entry -2: a gap",
        ),
        (
            "UPDATE audit SET verdict = 'perhaps' WHERE installation_id = 7 AND sequence = 3",
            "stored audit record cannot be read: entry 3 of workspace 7",
        ),
    ] {
        let record = Record::write(5).await;
        record.tamper(&[sql]).await;
        is_broken(&record.audit(&["verify"]), how);
    }
}

#[tokio::test]
async fn a_cut_end_is_found_by_the_head_that_was_written_down() {
    let record = Record::write(5).await;
    let heads = record.heads();
    let [first, second] = &heads[..] else {
        panic!("{heads:?}");
    };
    let both = [
        "verify",
        "--expect",
        first,
        "--expect",
        &second.to_uppercase(),
    ];
    assert!(record.audit(&both).status.success());
    let other_workspace = record.audit(&["verify", "--workspace", "8", "--expect", first]);
    assert_eq!(
        other_workspace.status.code(),
        Some(1),
        "{other_workspace:?}"
    );

    let cut = "DELETE FROM audit WHERE installation_id = 7 AND sequence = 5";
    record.tamper(&[cut]).await;
    assert!(
        record.audit(&["verify"]).status.success(),
        "the honest limit"
    );
    let output = record.audit(&both);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("workspace 7 (acme): 4 entries, sound"));
    let error = stderr(&output);
    assert!(
        error.contains(&format!("no entry has the expected hash {first}")),
        "{error}"
    );
    assert!(error.contains("cut off the end"), "{error}");
}

#[tokio::test]
async fn a_chain_is_checked_though_its_workspace_is_gone() {
    let record = Record::write(5).await;
    let sql = "UPDATE audit SET actor = 'mallory' WHERE installation_id = 7 AND sequence = 2";
    record.tamper(&[sql, "DELETE FROM workspace"]).await;
    let output = record.audit(&["verify"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("workspace 7: BROKEN at entry 2: changed entry"),
        "{output:?}"
    );
}

#[tokio::test]
async fn the_export_is_one_object_a_line_in_order() {
    let record = Record::write(1500).await;
    let output = record.audit(&["export"]);
    assert!(output.status.success(), "{output:?}");
    let all = lines(&output);
    let places: Vec<(i64, i64)> = all
        .iter()
        .map(|line| {
            (
                line["installation_id"].as_i64().unwrap(),
                line["sequence"].as_i64().unwrap(),
            )
        })
        .collect();
    let mut expected: Vec<(i64, i64)> = (1..=1500).map(|sequence| (7, sequence)).collect();
    expected.extend([(8, 1), (8, 2)]);
    assert_eq!(places, expected);
    let heads = record.heads();
    assert_eq!(all[1499]["hash"], json!(heads[0]));
    assert_eq!(all[1]["previous"], all[0]["hash"]);
    assert_eq!(all[0]["detail"], json!({"number": 1, "note": "two\nlines"}));
    assert_eq!(all[0]["actor"], Value::Null);

    let rest = record.audit(&["export", "--workspace", "7", "--after", "1498"]);
    assert_eq!(lines(&rest), all[1498..1500]);
    let none = record.audit(&["export", "--workspace", "7", "--after", "1500"]);
    assert_eq!(
        (stdout(&none), none.status.success()),
        (String::new(), true)
    );
}

#[tokio::test]
async fn an_export_whose_reader_has_enough_ends_well() {
    let record = Record::write(3000).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_ocuroot"))
        .args(["audit", "export", "--database", &record.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(stderr(&output), "");
}

#[tokio::test]
async fn mistakes_say_what_to_do() {
    let record = Record::write(1).await;
    let elsewhere = TempDir::new().unwrap();
    let file = elsewhere.path().join("typo.db");
    let typo = format!("sqlite://{}", file.display());
    for (output, problem) in [
        (
            record.audit(&["verify", "--workspace", "9"]),
            "there are entries of: workspace 7 (acme), workspace 8",
        ),
        (
            record.audit(&["export", "--workspace", "9"]),
            "workspace 9 has no entries",
        ),
        (
            record.audit(&["verify", "--expect", "abc"]),
            "64 hexadecimal digits",
        ),
        (
            audit(&typo, &["verify"]),
            "give the file that `ocuroot serve` writes",
        ),
        (
            audit("mysql://x", &["export"]),
            "must be `sqlite://<file>` or `postgres://",
        ),
    ] {
        assert!(!output.status.success(), "{output:?}");
        let error = stderr(&output);
        assert!(error.contains(problem), "{problem}: {error}");
    }
    assert!(!file.exists(), "reading makes no file");
}

#[tokio::test]
async fn nothing_recorded_is_sound_unless_a_head_is_expected() {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite://{}", directory.path().join("ocuroot.db").display());
    Store::open(&url).await.unwrap().close().await;
    let output = audit(&url, &["verify"]);
    assert!(output.status.success());
    assert_eq!(
        stdout(&output),
        "no entries: nothing has been recorded yet\n"
    );
    let head = "0".repeat(64);
    let expecting = audit(&url, &["verify", "--expect", &head]);
    assert_eq!(expecting.status.code(), Some(1));
}
