//! Which packages a set of changed paths concerns.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;

use crate::engine::affected::{Known, affected};

fn known() -> Known {
    Known::default()
}

fn watching(globs: &[&str]) -> Known {
    Known {
        watch: Some(globs.iter().map(|glob| (*glob).to_owned()).collect()),
        ..known()
    }
}

/// The packages that `changed` concerns, one a line, with the reason.
fn concerned(packages: &[(&str, Known)], changed: &[&str]) -> String {
    let files: Vec<String> = packages
        .iter()
        .map(|(file, _)| (*file).to_owned())
        .collect();
    let facts: BTreeMap<String, Known> = packages
        .iter()
        .map(|(file, known)| ((*file).to_owned(), known.clone()))
        .collect();
    let changed: BTreeSet<String> = changed.iter().map(|path| (*path).to_owned()).collect();
    lines(affected(&files, Some(&changed), &facts))
}

fn lines(found: Vec<(String, String)>) -> String {
    let lines = found
        .into_iter()
        .map(|(file, reason)| format!("{file}: {reason}\n"));
    lines.collect()
}

#[test]
fn a_package_owns_its_directory_up_to_the_next_package() {
    let packages = [
        ("release.ocu.star", known()),
        ("api/release.ocu.star", known()),
        ("api/admin/release.ocu.star", known()),
    ];
    assert_snapshot!(concerned(&packages, &["api/main.rs"]), @"api/release.ocu.star: `api/main.rs` changed");
    assert_snapshot!(concerned(&packages, &["api/admin/src/main.rs"]), @"api/admin/release.ocu.star: `api/admin/src/main.rs` changed");
    assert_snapshot!(concerned(&packages, &["docs/guide.md"]), @"release.ocu.star: `docs/guide.md` changed");
    assert_snapshot!(concerned(&packages, &["README.md", "api/a.rs", "api/admin/b.rs"]), @"
    release.ocu.star: `README.md` changed
    api/release.ocu.star: `api/a.rs` changed
    api/admin/release.ocu.star: `api/admin/b.rs` changed
    ");
    assert_snapshot!(concerned(&packages, &[]), @"");
}

#[test]
fn q_p3_a_directory_whose_name_only_begins_alike_is_another_one() {
    let packages = [
        ("api/release.ocu.star", known()),
        ("api-gateway/release.ocu.star", known()),
    ];
    assert_snapshot!(concerned(&packages, &["api-gateway/main.rs"]), @"api-gateway/release.ocu.star: `api-gateway/main.rs` changed");
    assert_snapshot!(concerned(&packages, &["api.md", "apiary/x"]), @"");
}

#[test]
fn two_packages_of_one_directory_share_it() {
    let packages = [("api/a.ocu.star", known()), ("api/b.ocu.star", known())];
    assert_snapshot!(concerned(&packages, &["api/main.rs"]), @"
    api/a.ocu.star: `api/main.rs` changed
    api/b.ocu.star: `api/main.rs` changed
    ");
}

#[test]
fn the_config_of_a_package_does_not_concern_the_one_beside_it() {
    let packages = [
        ("api/a.ocu.star", known()),
        ("api/b.ocu.star", known()),
        ("release.ocu.star", known()),
    ];
    assert_snapshot!(concerned(&packages, &["api/a.ocu.star", "gone.ocu.star"]), @"api/a.ocu.star: `api/a.ocu.star` changed");
}

#[test]
fn the_repository_settings_are_no_concern_of_the_root_package() {
    let packages = [("release.ocu.star", known())];
    assert_snapshot!(concerned(&packages, &["repo.ocu.star"]), @"");
    let packages = [("release.ocu.star", watching(&["repo.ocu.star"]))];
    assert_snapshot!(concerned(&packages, &["repo.ocu.star"]), @"release.ocu.star: `repo.ocu.star` changed");
}

#[test]
fn globs_replace_the_directory_but_not_the_file_itself() {
    let packages = [(
        "api/release.ocu.star",
        watching(&["shared/*.json", "api/**/*.rs"]),
    )];
    assert_snapshot!(concerned(&packages, &["api/README.md"]), @"");
    assert_snapshot!(concerned(&packages, &["api/release.ocu.star"]), @"api/release.ocu.star: `api/release.ocu.star` changed");
    assert_snapshot!(concerned(&packages, &["shared/schema.json"]), @"api/release.ocu.star: `shared/schema.json` changed");
    assert_snapshot!(concerned(&packages, &["shared/deep/schema.json"]), @"");
    assert_snapshot!(concerned(&packages, &["api/src/deep/main.rs"]), @"api/release.ocu.star: `api/src/deep/main.rs` changed");
    assert_snapshot!(concerned(&packages, &["api/main.rs"]), @"api/release.ocu.star: `api/main.rs` changed");
}

#[test]
fn a_glob_that_does_not_compile_matches_nothing() {
    let packages = [("api/release.ocu.star", watching(&["[", "api/*"]))];
    assert_snapshot!(concerned(&packages, &["["]), @"");
    assert_snapshot!(concerned(&packages, &["api/main.rs"]), @"api/release.ocu.star: `api/main.rs` changed");
}

#[test]
fn nothing_watched_means_only_the_file_and_what_it_loads() {
    let facts = Known {
        loads: ["lib/deploy.star".to_owned()].into(),
        ..watching(&[])
    };
    let packages = [("api/release.ocu.star", facts)];
    assert_snapshot!(concerned(&packages, &["api/main.rs"]), @"");
    assert_snapshot!(concerned(&packages, &["api/release.ocu.star"]), @"api/release.ocu.star: `api/release.ocu.star` changed");
    assert_snapshot!(concerned(&packages, &["lib/deploy.star"]), @"api/release.ocu.star: `lib/deploy.star` changed");
}

#[test]
fn a_loaded_file_concerns_every_package_that_loads_it() {
    let loading = Known {
        loads: ["lib/deploy.star".to_owned()].into(),
        ..known()
    };
    let packages = [
        ("api/release.ocu.star", loading.clone()),
        ("web/release.ocu.star", loading),
        ("job/release.ocu.star", known()),
    ];
    assert_snapshot!(concerned(&packages, &["lib/deploy.star"]), @"
    api/release.ocu.star: `lib/deploy.star` changed
    web/release.ocu.star: `lib/deploy.star` changed
    ");
    assert_snapshot!(concerned(&packages, &["lib/deploy.star.orig"]), @"");
}

#[test]
fn runs_may_ask_to_watch_files_and_directories() {
    let facts = Known {
        also: vec!["shared/schema.json".to_owned(), "proto/".to_owned()],
        ..known()
    };
    let packages = [("api/release.ocu.star", facts)];
    assert_snapshot!(concerned(&packages, &["shared/schema.json"]), @"api/release.ocu.star: `shared/schema.json` changed");
    assert_snapshot!(concerned(&packages, &["shared/schema.json5"]), @"");
    assert_snapshot!(concerned(&packages, &["proto/v1/api.proto"]), @"api/release.ocu.star: `proto/v1/api.proto` changed");
    assert_snapshot!(concerned(&packages, &["protocol.md", "proto-old/x"]), @"");
    assert_snapshot!(concerned(&packages, &["api/main.rs"]), @"");
    assert_snapshot!(concerned(&packages, &["api/release.ocu.star"]), @"api/release.ocu.star: `api/release.ocu.star` changed");
    let facts = Known {
        also: vec!["proto".to_owned()],
        ..watching(&["*.md"])
    };
    let packages = [("api/release.ocu.star", facts)];
    assert_snapshot!(concerned(&packages, &["proto/v1/api.proto"]), @"api/release.ocu.star: `proto/v1/api.proto` changed");
    assert_snapshot!(concerned(&packages, &["README.md"]), @"api/release.ocu.star: `README.md` changed");
    assert_snapshot!(concerned(&packages, &["docs/guide.md"]), @"");
}

#[test]
fn a_package_that_was_never_seen_is_looked_at_whatever_changed() {
    let files = [
        "api/release.ocu.star".to_owned(),
        "web/release.ocu.star".to_owned(),
    ];
    let facts = BTreeMap::from([(files[0].clone(), known())]);
    let changed = BTreeSet::from(["docs/guide.md".to_owned()]);
    assert_snapshot!(lines(affected(&files, Some(&changed), &facts)), @"web/release.ocu.star: first release");
    let changed = BTreeSet::from(["web/main.rs".to_owned()]);
    assert_snapshot!(lines(affected(&files, Some(&changed), &facts)), @"web/release.ocu.star: `web/main.rs` changed");
}

#[test]
fn every_package_is_looked_at_when_nothing_is_known_to_be_unchanged() {
    let files = [
        "api/release.ocu.star".to_owned(),
        "web/release.ocu.star".to_owned(),
    ];
    let facts = BTreeMap::from([(files[0].clone(), known())]);
    assert_snapshot!(lines(affected(&files, None, &facts)), @"
    api/release.ocu.star: what changed is not known
    web/release.ocu.star: first release
    ");
}

#[test]
fn q_p4_a_deleted_package_file_concerns_nobody_by_itself() {
    let packages = [("api/release.ocu.star", known())];
    assert_snapshot!(concerned(&packages, &["web/release.ocu.star", "web/main.rs"]), @"");
}
