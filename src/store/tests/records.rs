//! Every record by its ref, and refs by globs.

use serde_json::{Value, json};

use super::decision::{INSTALLATION, head, reference};
use super::recorded::{GLOBS, P, commit, store};
use crate::engine::{Change, Plan};
use crate::model::{Glob, Reference};
use crate::store::{Documents, MatchOptions, Store};

async fn matching(store: &Store, glob: &str, options: &MatchOptions) -> Vec<String> {
    let glob: Glob = glob.parse().expect(glob);
    let found = store
        .matching(INSTALLATION, &glob, options)
        .await
        .expect("refs");
    found.iter().map(Reference::to_string).collect()
}

async fn all(store: &Store) -> Vec<String> {
    matching(store, "**", &MatchOptions::default()).await
}

#[tokio::test]
async fn every_record_has_its_document() {
    let (store, _directory) = store().await;
    let mut table = String::new();
    for text in all(&store).await {
        let found = store
            .record(INSTALLATION, &reference(&text), Documents::State)
            .await;
        let record = found.expect("a database").expect(&text);
        assert_eq!(record.reference.to_string(), text);
        table.push_str(&format!("{text}\n    {}", record.kind.as_str()));
        match record.is_link() {
            true => table.push_str(&format!(" → {}\n", record.target)),
            false => table.push_str(&format!(" {}\n", record.value)),
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_glob_finds_all_that_it_means_and_nothing_else() {
    let (store, _directory) = store().await;
    let all = all(&store).await;
    assert!(all.len() > 20, "{all:?}");
    for text in GLOBS {
        let glob: Glob = text.parse().expect(text);
        let meant: Vec<&String> = all.iter().filter(|text| glob.matches(text)).collect();
        let found = matching(&store, text, &MatchOptions::default()).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), meant, "{text}");
    }
}

#[tokio::test]
async fn pages_are_parts_of_the_whole() {
    let (store, _directory) = store().await;
    for glob in [
        "**",
        "**/@*",
        "**/@*/{task,deploy}/**",
        "{@/**,github.com/**}",
    ] {
        let whole = matching(&store, glob, &MatchOptions::default()).await;
        let mut pages: Vec<String> = Vec::new();
        for _ in 0..whole.len().div_ceil(2) {
            let options = MatchOptions {
                limit: Some(2),
                after: pages.last().cloned(),
                ..MatchOptions::default()
            };
            pages.extend(matching(&store, glob, &options).await);
        }
        assert_eq!(pages, whole, "{glob}");
    }
}

#[tokio::test]
async fn many_documents_are_read_to_the_end() {
    let (store, _directory) = store().await;
    let value = |number| format!("@/custom/many/{number:04}");
    let put = |number| Change::PutDocument(reference(&value(number)), json!(number));
    let plan = Plan {
        changes: (0..2_500).map(put).collect(),
        ..Plan::default()
    };
    commit(&store, &plan).await.expect("a commit");
    let values: Vec<String> = (0..2_500).map(value).collect();
    let found = matching(&store, "@/custom/many/*", &MatchOptions::default()).await;
    assert_eq!(found, values);
    let page = MatchOptions {
        limit: Some(1_100),
        after: Some(value(999)),
        ..MatchOptions::default()
    };
    assert_eq!(matching(&store, "@/**", &page).await, values[1_000..2_100]);
}

#[tokio::test]
async fn links_are_left_out_when_they_are_not_asked_for() {
    let (store, _directory) = store().await;
    let options = MatchOptions {
        without_links: true,
        ..MatchOptions::default()
    };
    let mut documents = Vec::new();
    for text in all(&store).await {
        let record = store
            .record(INSTALLATION, &reference(&text), Documents::State)
            .await;
        if !record.expect("a database").expect(&text).is_link() {
            documents.push(text);
        }
    }
    assert_eq!(matching(&store, "**", &options).await, documents);
}

#[tokio::test]
async fn what_is_below_a_link_is_reached_through_it() {
    let (store, _directory) = store().await;
    let read = async |text: &str| {
        let found = store
            .record(INSTALLATION, &reference(text), Documents::State)
            .await;
        let record = found.expect("a database")?;
        Some((record.target.to_string(), record.value))
    };
    let release = json!(format!("{P}/@r1"));
    for (text, target, value) in [
        ("@v1/deploy/staging#release", "@r1/deploy/staging", &release),
        ("@/deploy/staging#release", "@r1/deploy/staging", &release),
        (
            "@/deploy/staging/1#type",
            "@r1/deploy/staging/1",
            &json!("up"),
        ),
        (
            "@v1/deploy/staging/2/logs#1/message",
            "@r1/deploy/staging/2/logs",
            &json!("two"),
        ),
        ("@#commit", "@r1", &json!(head())),
        ("@v1/custom/a/b#1", "@r1/custom/a/b", &json!(2)),
        ("@/custom/colour", "@/custom/colour", &json!("red")),
    ] {
        let expected = (format!("{P}/{target}"), value.clone());
        assert_eq!(read(&format!("{P}/{text}")).await, Some(expected), "{text}");
    }
    let null = read("@/custom/a/b#c").await;
    assert_eq!(null, Some(("@/custom/a/b".to_owned(), Value::Null)));
    let commit = format!("github.com/acme/shop/-/repo.ocu.star/@{}", head());
    let source = read("github.com/acme/shop/-/repo.ocu.star/@#source").await;
    assert_eq!(source, Some((commit, json!("ocuroot(\"0.3.0\")"))));
}

#[tokio::test]
async fn what_is_not_there_is_nothing() {
    let (store, _directory) = store().await;
    for text in [
        "@v2",
        "@r9",
        "@r9/commit/abc",
        "@r1/commit/abc",
        "@r1/op/other",
        "@r2/op/check_envs",
        "@/deploy/production",
        "@r1/deploy/staging#output",
        "@r1/deploy/staging/9",
        "@r1/deploy/staging/1/status/failed",
        "@r1/deploy/staging/1/logs",
        "@r1/push/index",
        "@v2/custom/approve",
    ] {
        let reference = reference(&format!("{P}/{text}"));
        let found = store
            .record(INSTALLATION, &reference, Documents::State)
            .await;
        assert_eq!(found.expect("a database"), None, "{text}");
    }
    for text in [
        "@/environment/production",
        "github.com/acme/other/-/repo.ocu.star/@",
        P,
        "",
    ] {
        let found = store
            .record(INSTALLATION, &reference(text), Documents::State)
            .await;
        assert_eq!(found.expect("a database"), None, "{text}");
    }
}

#[tokio::test]
async fn workspaces_are_apart() {
    let (store, _directory) = store().await;
    for text in all(&store).await {
        let found = store
            .record(INSTALLATION + 1, &reference(&text), Documents::State)
            .await;
        assert_eq!(found.expect("a database"), None, "{text}");
    }
    for text in GLOBS.into_iter().chain(["**"]) {
        let glob: Glob = text.parse().expect(text);
        let found = store
            .matching(INSTALLATION + 1, &glob, &MatchOptions::default())
            .await;
        assert_eq!(found.expect("a database"), [], "{text}");
    }
}

#[tokio::test]
async fn intent_is_apart_from_state() {
    let (store, _directory) = store().await;
    let options = MatchOptions {
        of: Documents::Intent,
        ..MatchOptions::default()
    };
    let intended = [
        "@/environment/staging".to_owned(),
        format!("{P}/@/deploy/staging"),
    ];
    assert_eq!(matching(&store, "**", &options).await, intended);
    assert_eq!(
        matching(&store, "**/@/deploy/*", &options).await,
        intended[1..]
    );
    assert_eq!(
        matching(&store, "@*/environment/*", &options).await,
        intended[..1]
    );
    let own = reference(&intended[1]);
    let record = store.record(INSTALLATION, &own, Documents::Intent).await;
    let record = record.expect("a database").expect("the intent");
    assert!(!record.is_link());
    assert_eq!(record.value["release"], format!("{P}/@r1"));
}

#[tokio::test]
async fn children_are_the_next_records_below() {
    let (store, _directory) = store().await;
    let mut table = String::new();
    for text in [
        "",
        "github.com/acme/shop/-",
        P,
        &format!("{P}/@r1"),
        &format!("{P}/@r1/deploy/staging"),
        "@",
    ] {
        table.push_str(&format!("`{text}`\n"));
        let children = store
            .children(INSTALLATION, &reference(text), Documents::State)
            .await;
        for child in children.expect("a database") {
            table.push_str(&format!("    {child}\n"));
        }
    }
    insta::assert_snapshot!(table);
}
