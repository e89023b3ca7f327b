//! The check run `ocuroot`.

use insta::assert_snapshot;

use super::scene::{package_name, release_name};
use super::{assert_fits, page};
use crate::engine::{CommitReport, PackageReport};
use crate::model::{Diagnostic, Environment, Severity, TaskKey};
use crate::report::{CheckText, CommitSection, Destination};

fn keys(text: &str) -> Vec<TaskKey> {
    let words = text.split_whitespace();
    words.map(|word| word.parse().expect("a task")).collect()
}

fn package(name: &str, release: Option<i64>) -> PackageReport {
    PackageReport {
        name: package_name(name),
        reason: format!("`{name}/main.rs` changed"),
        release: release.map(|number| release_name(name, number)),
        phases: vec![
            ("build".to_owned(), keys("task/build task/test")),
            ("staging".to_owned(), keys("deploy/staging")),
            ("preview".to_owned(), Vec::new()),
            (String::new(), keys("task/announce")),
        ],
    }
}

fn environment(name: &str, attributes: &[(&str, &str)]) -> Environment {
    let attributes = attributes.iter();
    Environment {
        name: name.parse().expect("a name"),
        attributes: attributes
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn check(report: &CommitReport) -> String {
    let text = commit_check(report);
    assert_fits(&text.summary);
    page(&text)
}

/// The check of a commit that is the head of #12, or of none.
fn commit_check(report: &CommitReport) -> CheckText {
    let destination = Destination {
        number: 12,
        branch: "main".to_owned(),
        released_branch: None,
        is_fork: false,
    };
    super::super::commit_check(&[CommitSection {
        destination: report.is_preview.then_some(destination),
        report: report.clone(),
        ..CommitSection::default()
    }])
}

#[test]
fn a_push_shows_its_releases() {
    let first = PackageReport {
        reason: "first release".to_owned(),
        ..package("web", Some(1))
    };
    assert_snapshot!(check(&CommitReport {
        packages: vec![package("api", Some(7)), first],
        ..CommitReport::default()
    }));
}

#[test]
fn a_pull_request_is_shown_what_merging_it_releases() {
    assert_snapshot!(check(&CommitReport {
        is_preview: true,
        packages: vec![package("api", None)],
        environments: vec![environment(
            "staging",
            &[("region", "eu"), ("type", "staging")]
        )],
        ..CommitReport::default()
    }));
}

#[test]
fn a_commit_that_concerns_nothing_concludes_at_once() {
    assert_snapshot!(check(&CommitReport::default()));
}

#[test]
fn environments_alone_are_a_change() {
    let environments = vec![
        environment("qa", &[]),
        environment("staging", &[("type", "staging")]),
    ];
    assert_snapshot!(check(&CommitReport {
        environments: environments.clone(),
        ..CommitReport::default()
    }));
    let preview = commit_check(&CommitReport {
        is_preview: true,
        environments,
        ..CommitReport::default()
    });
    assert_eq!(preview.title, "would change 2 environments");
}

#[test]
fn mistakes_are_shown_where_they_are_and_hold_up_only_their_file() {
    let mut warning = Diagnostic::error("api/release.ocu.star", 9, 5, "`refs` is never read");
    warning.severity = Severity::Warning;
    let mut notice = Diagnostic::error("repo.ocu.star", 0, 0, "`store.git(...)` is ignored here");
    notice.severity = Severity::Notice;
    let error = Diagnostic::error(
        "web/release.ocu.star",
        3,
        12,
        "Variable `envs` not found\n  |\n3 | deploy(envs)\n  |        ^^^^\nDid you mean `environments`?",
    );
    assert_snapshot!(check(&CommitReport {
        packages: vec![package("api", Some(7))],
        diagnostics: vec![error, warning, notice],
        ..CommitReport::default()
    }));
}

#[test]
fn mistakes_alone_do_not_look_like_nothing_to_do() {
    let error = Diagnostic::error("api/release.ocu.star", 1, 1, "unexpected end of file");
    assert_snapshot!(check(&CommitReport {
        is_preview: true,
        diagnostics: vec![error],
        ..CommitReport::default()
    }));
}

#[test]
fn the_title_names_three_packages_and_counts_more() {
    let mut report = CommitReport {
        is_preview: true,
        packages: vec![
            package("api", None),
            package("web", None),
            package("db", None),
        ],
        ..CommitReport::default()
    };
    assert_eq!(commit_check(&report).title, "would release api, web, db");
    report.packages.push(package("mail", None));
    assert_eq!(commit_check(&report).title, "would release 4 packages");
}

#[test]
fn a_path_chosen_by_a_stranger_stays_a_path() {
    let evil = PackageReport {
        reason: "`a` ![x](https://evil.example) @acme/all `` `b` changed".to_owned(),
        ..package("api", None)
    };
    let text = commit_check(&CommitReport {
        is_preview: true,
        packages: vec![evil],
        ..CommitReport::default()
    });
    let reason = "Reason: ``` a` ![x](https://evil.example) @acme/all `` `b ``` changed.";
    assert!(text.summary.contains(reason), "{}", text.summary);
}

#[test]
fn hundreds_of_packages_fit() {
    let packages = (0..900).map(|number| package(&format!("services/number-{number}"), Some(1)));
    let text = commit_check(&CommitReport {
        packages: packages.collect(),
        ..CommitReport::default()
    });
    assert_fits(&text.summary);
    assert_eq!(text.title, "releases 900 packages");
    assert!(
        text.summary
            .contains("**900 packages**, 2700 steps, 900 deployments to 1 environment.")
    );
    let end = &text.summary[text.summary.len() - 160..];
    assert!(
        end.contains(" more packages\n\nFollow the progress in "),
        "{end}"
    );
}

#[test]
fn an_endless_message_is_shortened_and_keeps_to_its_block() {
    let error = Diagnostic::error("api/release.ocu.star", 1, 1, "a line of it\n".repeat(9000));
    let text = commit_check(&CommitReport {
        diagnostics: vec![error],
        ..CommitReport::default()
    });
    assert_fits(&text.summary);
    assert!(text.summary.contains("…\n```\n"), "{}", text.summary);
    assert!(text.summary.ends_with("Fix it and push again.\n"));
}

#[test]
fn hundreds_of_mistakes_leave_room_for_the_rest() {
    let error = |line| Diagnostic::error("api/release.ocu.star", line, 1, "wrong. ".repeat(60));
    let text = commit_check(&CommitReport {
        is_preview: true,
        packages: vec![package("web", None)],
        diagnostics: (1..=300).map(error).collect(),
        ..CommitReport::default()
    });
    assert_fits(&text.summary);
    assert!(
        text.summary
            .contains(" more remarks on the configuration\n")
    );
    assert!(text.summary.contains("#### `web`"));
}
