use std::io::{Cursor, Write};

use axum::body::Body;
use axum::response::Response;
use serde_json::json;
use zip::write::SimpleFileOptions;

use super::{Stub, api, bare, ok};
use crate::github::GitHubError;

const LIMIT: usize = 10 * 1024 * 1024;

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = SimpleFileOptions::default();
        writer.start_file(*name, options).expect("a file");
        writer.write_all(content).expect("memory");
    }
    writer.finish().expect("an archive").into_inner()
}

/// A host that stores `bytes`, and a GitHub that redirects to it.
async fn stored(bytes: Vec<u8>) -> (Stub, Stub) {
    let store = Stub::start(move |_| Response::new(Body::from(bytes.clone()))).await;
    let location = format!("{}/blob?signature=x", store.url());
    let github = Stub::with_tokens(move |seen| {
        if seen.path.ends_with("/zip") {
            return bare(302, &[("location", &location)]);
        }
        ok(&json!({"total_count": 3, "artifacts": [
            {"id": 1, "name": "ocuroot-outputs", "expired": false},
            {"id": 2, "name": "ocuroot-outputs", "expired": false, "size_in_bytes": 100},
            {"id": 3, "name": "ocuroot-outputs", "expired": true},
            {"id": 4, "name": "other", "expired": false},
        ]}))
    })
    .await;
    (github, store)
}

#[tokio::test]
async fn the_newest_artifact_is_fetched_without_showing_our_token_to_the_store() {
    let files: &[(&str, &[u8])] = &[("outputs.json", b"{}"), ("a/b.txt", b"text")];
    let (github, store) = stored(archive(files)).await;
    let found = github.installation();
    let found = found.artifact(&api(), 30, "ocuroot-outputs").await;
    let expected: Vec<_> = files
        .iter()
        .map(|(name, content)| (String::from(*name), content.to_vec()))
        .collect();
    assert_eq!(found, Ok(Some(expected)));
    let calls = github.calls();
    let listing = "/repos/acme/api/actions/runs/30/artifacts?name=ocuroot-outputs&per_page=100";
    assert_eq!(calls[0].path, listing);
    assert_eq!(calls[1].path, "/repos/acme/api/actions/artifacts/2/zip");
    let download = &store.calls()[0];
    assert_eq!(download.path, "/blob?signature=x");
    assert_eq!(download.header("authorization"), None);
}

#[tokio::test]
async fn no_artifact_of_that_name_is_none() {
    let (github, store) = stored(Vec::new()).await;
    let found = github.installation().artifact(&api(), 30, "logs").await;
    assert_eq!(found, Ok(None));
    assert_eq!(store.calls().len(), 0);
}

#[tokio::test]
async fn too_much_packed_or_unpacked_or_no_archive_is_refused() {
    let zeros = vec![0_u8; LIMIT];
    let many: Vec<_> = (0..101).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let cases = [
        (vec![b'x'; LIMIT + 1], "larger than"),
        (archive(&[("a", &zeros), ("b", b"x")]), "larger than"),
        (archive(&many), "more than 100 files"),
        (b"not a zip".to_vec(), "not a zip archive"),
    ];
    for (bytes, expected) in cases {
        let (github, _) = stored(bytes).await;
        let found = github.installation();
        let found = found.artifact(&api(), 30, "ocuroot-outputs").await;
        let error = found.expect_err(expected);
        assert!(matches!(error, GitHubError::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn exactly_the_limit_is_read_and_files_outside_the_archive_are_left_out() {
    let zeros = vec![0_u8; LIMIT];
    let bytes = archive(&[("../../etc/passwd", b""), ("/abs", b""), ("a", &zeros)]);
    let (github, _) = stored(bytes).await;
    let found = github.installation();
    let found = found.artifact(&api(), 30, "ocuroot-outputs").await;
    let files = found.expect("readable").expect("an artifact");
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(!names.iter().any(|name| name.contains("..")), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with('/')), "{names:?}");
    assert_eq!(files.last().map(|(_, content)| content.len()), Some(LIMIT));
}
