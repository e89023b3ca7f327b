//! What a commit's own check run says, and what a finished run leaves besides its document.

use insta::assert_snapshot;

use super::language::{environment, push, short};
use super::story::Story;
use crate::engine::{NewReleases, Trigger};
use crate::model::{Diagnostic, Outcome};

fn new() -> NewReleases {
    NewReleases {
        environments: vec![environment("staging", &[("type", "staging")])],
        diagnostics: vec![Diagnostic::error(
            "web/release.ocu.star",
            3,
            1,
            "no such name",
        )],
        ..push("a1", &[("api", "task/build, task/lint | | deploy/staging")])
    }
}

fn report(story: &Story, at: &str) -> String {
    serde_json::to_string_pretty(story.report(at)).expect("JSON")
}

#[test]
fn a_push_is_reported_with_its_releases_environments_and_mistakes() {
    let mut story = Story::default();
    story.release(new());
    assert_snapshot!(report(&story, "a1"), @r#"
    {
      "is_preview": false,
      "packages": [
        {
          "name": {
            "repository": "github.com/acme/shop",
            "path": "api/release.ocu.star"
          },
          "reason": "`api/main.rs` changed",
          "release": {
            "package": {
              "repository": "github.com/acme/shop",
              "path": "api/release.ocu.star"
            },
            "number": 1
          },
          "phases": [
            [
              "p1",
              [
                "task/build",
                "task/lint"
              ]
            ],
            [
              "p2",
              []
            ],
            [
              "p3",
              [
                "deploy/staging"
              ]
            ]
          ]
        }
      ],
      "environments": [
        {
          "name": "staging",
          "attributes": {
            "type": "staging"
          }
        }
      ],
      "dropped": [],
      "gone": [],
      "diagnostics": [
        {
          "severity": "error",
          "path": "web/release.ocu.star",
          "line": 3,
          "column": 1,
          "message": "no such name"
        }
      ],
      "guards": []
    }
    "#);
}

#[test]
fn a_preview_says_the_same_and_does_nothing() {
    let mut story = Story::default();
    story.decide(&[Trigger::Preview(NewReleases {
        pull_request: Some(5),
        ..new()
    })]);
    assert!(story.report("a1").is_preview);
    assert_eq!(story.report("a1").packages[0].release, None);
    assert_eq!(story.report("a1").environments.len(), 1);
    assert_snapshot!(story.changes(), @"report of a1a1a1a");
    assert_snapshot!(story.effects(), @"
    commit check a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
    overview 7 5
    ");
    assert_snapshot!(story.table(), @"");
}

#[test]
fn a_merge_group_is_a_preview_too() {
    let mut story = Story::default();
    story.decide(&[Trigger::Preview(new())]);
    assert!(story.report("a1").is_preview);
}

#[test]
fn a_preview_names_only_environments_that_are_news() {
    let mut story = Story::default();
    story.environment_with("staging", &[("type", "staging")]);
    story.decide(&[Trigger::Preview(new())]);
    assert!(story.report("a1").environments.is_empty());
}

#[test]
fn a_push_that_concerns_no_package_is_concluded_as_what_it_is() {
    let mut story = Story::default();
    story.release(NewReleases {
        pull_request: Some(5),
        ..push("a1", &[])
    });
    assert!(!story.report("a1").is_preview);
    assert_snapshot!(story.effects(), @"commit check a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    assert_snapshot!(story.answers(), @"released");
}

#[test]
fn tags_and_watched_paths_are_kept_with_the_package() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.ended(
        "api/@r1/task/build",
        Outcome::Done {
            outputs: [].into(),
            tags: vec!["v1.2.0".to_owned(), "stable".to_owned()],
            watch: vec!["shared/schema.json".to_owned()],
        },
    );
    assert_snapshot!(story.changes(), @r#"
    api/@r1/task/build = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/task/build/1","type":"task"}
    api/@/task/build = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/task/build/1","type":"task"}
    api/@v1.2.0 is api/@r1
    api/@stable is api/@r1
    api watches shared/schema.json
    "#);
}

#[test]
fn the_latest_release_that_takes_a_tag_has_it() {
    let mut story = Story::default();
    for (release, at) in [("api/@r1", "a1"), ("api/@r2", "a2")] {
        story.push("api", at, "task/build");
        story.ended(
            &format!("{release}/task/build"),
            Outcome::Done {
                outputs: [].into(),
                tags: vec!["stable".to_owned()],
                watch: Vec::new(),
            },
        );
    }
    let tags: Vec<String> = story
        .tags
        .iter()
        .map(|((_, tag), release)| short(&format!("{tag} is {release}")))
        .collect();
    assert_eq!(tags, ["stable is api/@r2"]);
}

#[test]
fn what_a_package_reads_of_others_is_kept_with_its_releases_of_the_default_branch() {
    let mut story = Story::default();
    let text = "task/build token=./custom/token url=db/@/deploy/staging#output/url";
    story.push("api", "a1", text);
    assert!(readers(&story).contains("api reads db/@/deploy/staging#output/url"));
    story.replan("api/@r1", "task/build | task/more of=web/@/task/build");
    assert_snapshot!(readers(&story), @"api reads web/@/task/build");
    let proposed = NewReleases {
        pull_request: Some(5),
        is_proposed: true,
        ..push("b1", &[("api", text)])
    };
    story.release(proposed.clone());
    assert_eq!(
        readers(&story),
        "",
        "what is not merged is not what is read"
    );
    story.release(NewReleases {
        is_proposed: false,
        ..proposed
    });
    assert!(readers(&story).contains("api reads db/@/deploy/staging#output/url"));
}

fn readers(story: &Story) -> String {
    let changes = story.changes();
    let lines = changes.lines().filter(|line| line.contains(" reads "));
    lines.collect()
}

#[test]
fn a_push_that_changes_the_configuration_has_pull_requests_looked_at_again() {
    let mut story = Story::default();
    let changed = NewReleases {
        changes_config: true,
        ..push("a1", &[])
    };
    story.release(changed.clone());
    assert!(story.changes().contains("preview again"));
    story.release(push("a2", &[]));
    assert!(!story.changes().contains("preview again"));
    story.decide(&[Trigger::Preview(changed)]);
    assert!(!story.changes().contains("preview again"));
}
