//! Every record by its ref, with the body that reference/ocuroot.md §1.7 and §2.2 give it.

use serde_json::{Value, json};

use super::place::Place;

const PACKAGE: &str = "minimal/repo/-/approvals.ocu.star";

/// A release that waits, of a commit that was pushed, with values of every kind.
fn pushed() -> Place {
    let mut place = Place::of("minimal");
    for file in [
        "failing.ocu.star",
        "readers.ocu.star",
        "secrets.ocu.star",
        "basic.ocu.star",
    ] {
        std::fs::remove_file(place.path(file)).unwrap();
    }
    place.write(".gitignore", ".state/\nout/\n");
    place.commit("one");
    place.git(&["remote", "add", "origin", "git@github.com:acme/minimal.git"]);
    place.run(&["push"]).succeeds();
    // No package is made of it.
    place.write("noted.ocu.star", "");
    place.commit("two");
    place.run(&["push"]).succeeds();
    place.put("@/custom/colour", "blue");
    place.put(&format!("{PACKAGE}/@/custom/credential/staging"), "abcd");
    place
}

/// The document, with what differs from run to run told apart: commits and times.
fn shown(place: &Place, reference: &str) -> Value {
    let text = place
        .get(reference)
        .unwrap_or_else(|| panic!("{reference}"));
    let text = serde_json::to_string(&text).unwrap();
    let is_time = |part: &str| part.len() == 20 && part.ends_with('Z') && part.starts_with("20");
    let is_commit =
        |part: &str| part.len() == 40 && part.chars().all(|one| one.is_ascii_hexdigit());
    let shown = text.split('"').map(|part| match part {
        part if is_time(part) => "<time>",
        part if is_commit(part) => "<commit>",
        part => part,
    });
    serde_json::from_str(&shown.collect::<Vec<_>>().join("\"")).unwrap()
}

fn head(place: &Place, revision: &str) -> String {
    let said = place.shell(&format!("git rev-parse {revision}")).succeeds();
    said.output.trim().to_owned()
}

#[test]
fn every_kind_of_record_has_the_body_it_is_known_for() {
    let place = pushed();
    let commit = head(&place, "HEAD");
    let mut text = String::new();
    for reference in [
        "@/environment/staging",
        "@/custom/colour",
        "approvals.ocu.star/@/custom/credential/staging",
        "approvals.ocu.star/@r1/deploy/staging",
        "approvals.ocu.star/@r1/deploy/staging/1",
        "approvals.ocu.star/@r1/deploy/staging/1/status/complete",
        "approvals.ocu.star/@r1/task/prod_approval/1",
        "missing_done.star/@r1",
        "missing_done.star/@r1/task/nothing/1/logs",
        &format!("missing_done.star/@r1/commit/{commit}"),
        "./-/repo.ocu.star/@",
        "./-/repo.ocu.star/@/push/index",
    ] {
        if reference == "missing_done.star/@r1" {
            // Its name ends otherwise, so pushes do not release it.
            place
                .run(&["release", "new", "missing_done.star"])
                .succeeds();
        }
        let body = serde_json::to_string_pretty(&shown(&place, reference)).unwrap();
        let reference = reference.replace(&commit, "<commit>");
        text.push_str(&format!("{reference}\n{body}\n\n"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn links_lead_where_they_should_and_nowhere_else() {
    let place = pushed();
    let commit = head(&place, "HEAD");
    for (link, document) in [
        ("approvals.ocu.star/@", "approvals.ocu.star/@r1"),
        ("approvals.ocu.star/@v1", "approvals.ocu.star/@r1"),
        (
            "approvals.ocu.star/@v1/task/build/1",
            "approvals.ocu.star/@r1/task/build/1",
        ),
        (
            "approvals.ocu.star/@/deploy/staging",
            "approvals.ocu.star/@r1/deploy/staging",
        ),
        (
            "./-/repo.ocu.star/@",
            &format!("./-/repo.ocu.star/@{commit}"),
        ),
        (
            "./-/repo.ocu.star/@/push/index",
            &format!("./-/repo.ocu.star/@{commit}/push/index"),
        ),
    ] {
        assert_eq!(place.get(link), place.get(document), "{link}");
        assert!(place.get(link).is_some(), "{link}");
    }
    for reference in [
        "approvals.ocu.star/@r2",
        "approvals.ocu.star/@v2",
        "approvals.ocu.star/@/deploy/production",
        "approvals.ocu.star/@r1/task/build/2",
        "approvals.ocu.star/@r1/task/build/1/status/running",
        "approvals.ocu.star/@r1/op/check_envs",
        "approvals.ocu.star/@r1/task/build#output/missing",
        "@/environment/nowhere",
    ] {
        place.has_not(reference);
    }
    let previous = place.get("./-/repo.ocu.star/@/push/index#previous_commit");
    assert_eq!(previous, Some(json!(head(&place, "HEAD~1"))));
}

/// §1.6: each of the patterns that the original itself looks by, and what it finds.
#[test]
fn every_pattern_of_old_finds_its_kind_of_record() {
    let place = pushed();
    place.put(&format!("{PACKAGE}/@r1/custom/approval"), "1");
    place
        .run(&[
            "state",
            "set",
            "@/environment/new",
            r#"{"name": "new", "attributes": {}}"#,
        ])
        .succeeds();
    place
        .run(&["state", "apply", "@/environment/new"])
        .succeeds();
    let (commit, before) = (head(&place, "HEAD"), head(&place, "HEAD~1"));
    let mut text = String::new();
    for glob in [
        "**/-/repo.ocu.star/@*",
        "**/-/repo.ocu.star/@",
        "**/@*",
        "**/@r*",
        "**/@*/{task,deploy}/*",
        "**/@*/deploy/*",
        "**/@/deploy/*",
        "**/@*/{task,deploy}/*/*",
        "**/@*/{task,deploy}/*/*/logs",
        "**/@*/*/*/*/status/{pending,running}",
        "**/@*/op/*",
        "**/@*/custom/*",
        "**/@*/custom/**",
        "**/@*/commit/*",
        "@*/environment/*",
        "@/environment/*",
        "@/custom/*",
        "**/@/**",
    ] {
        let said = place.run(&["state", "match", glob]).succeeds();
        text.push_str(&format!("{glob}\n"));
        for line in said.output.lines() {
            let line = line
                .replace(&commit, "<commit>")
                .replace(&before, "<commit before>");
            text.push_str(&format!("  {line}\n"));
        }
    }
    insta::assert_snapshot!(text);
}
