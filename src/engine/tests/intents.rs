//! What should be beside what is: told apart, and applied.

use serde_json::{Value, json};

use super::language::short;
use super::story::Story;
use crate::engine::intent::drift;
use crate::model::{Reference, SubPathKind};

impl Story {
    /// What differs between what should be and what is.
    fn drift(&self) -> String {
        let is_told = |reference: &Reference| {
            let Some((kind, _)) = &reference.subpath else {
                return false;
            };
            match kind {
                SubPathKind::Deploy => reference.release.as_deref() == Some(""),
                SubPathKind::Custom | SubPathKind::Environment => true,
                _ => false,
            }
        };
        let documents = self.snapshot.documents.clone().into_iter();
        let states = documents
            .filter(|(reference, _)| is_told(reference))
            .collect();
        let found = drift(&self.snapshot.intents, &states);
        let lines = found
            .iter()
            .map(|drift| format!("{:?} {}\n", drift.step, short(&drift.reference.to_string())));
        lines.collect()
    }

    fn intend(&mut self, name: &str, value: Option<Value>) {
        let reference = super::language::reference(name);
        self.decide(&[crate::engine::Trigger::Intend { reference, value }]);
    }

    /// A release as refs call it.
    fn full(&self, release: &str) -> String {
        super::language::release_name(release).to_string()
    }

    fn says(&self) -> String {
        format!("{:?}", self.plan.answers)
    }
}

const API: &str = "deploy/eu size=@/custom/size?1";

fn deployed() -> Story {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", API);
    story.done("api/@r1/deploy/eu");
    story.push("api", "11", API);
    story.done("api/@r2/deploy/eu");
    story
}

#[test]
fn what_is_decided_is_what_should_be() {
    let mut story = deployed();
    story.set("@/custom/size", json!(3));
    assert_eq!(story.drift(), "Update api/@/deploy/eu\n", "it is under way");
    story.done("api/@r2/deploy/eu");
    story.undeploy("api", "eu");
    story.done("api/@r2/deploy/eu");
    assert_eq!(story.drift(), "");
}

#[test]
fn what_failed_to_come_about_is_a_drift() {
    let mut story = deployed();
    story.push("api", "22", API);
    story.fails("api/@r3/deploy/eu", "no");
    insta::assert_snapshot!(story.drift(), @"Update api/@/deploy/eu");
}

#[test]
fn q_c7_drift_says_what_has_to_be_done() {
    let mut story = deployed();
    story.intend("@/custom/size", Some(json!(2)));
    story.intend("@/custom/a/b", Some(json!(2)));
    story.intend("@/environment/us", Some(json!({"name": "us"})));
    story.intend("@/environment/eu", None);
    story.intend("api/@/deploy/eu", None);
    insta::assert_snapshot!(story.drift(), @"
    Create @/custom/a/b
    Create @/custom/size
    Delete @/environment/eu
    Create @/environment/us
    Delete api/@/deploy/eu
    ");
}

/// reference/ocuroot.md Q-E12: rollback by intent is seen, and done.
#[test]
fn q_e12_a_deployment_that_should_be_another_release_is_brought_back() {
    let mut story = deployed();
    story.intend(
        "api/@/deploy/eu",
        Some(json!({"release": story.full("api/@r1")})),
    );
    insta::assert_snapshot!(story.drift(), @"Update api/@/deploy/eu");
    story.apply(
        "api/@/deploy/eu",
        Some(json!({"release": story.full("api/@r1")})),
    );
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    api/@r2 complete
      deploy/eu/1: complete
    ");
    story.done("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.drift(), @"");
    story.apply(
        "api/@/deploy/eu",
        Some(json!({"release": story.full("api/@r1")})),
    );
    insta::assert_snapshot!(story.says(), @r#"[AlreadyThere(ReleaseName { package: PackageName { repository: "github.com/acme/shop", path: "api/release.ocu.star" }, number: ReleaseNumber(1) }, EnvironmentName("eu"))]"#);
}

#[test]
fn inputs_that_should_be_others_are_given_to_the_deployment() {
    let mut story = deployed();
    let wanted = json!({"release": story.full("api/@r2"), "input": {"size": 9}});
    story.apply("api/@/deploy/eu", Some(wanted));
    story.done("api/@r2/deploy/eu");
    assert_eq!(story.drift(), "");
    let (_, run) = story.run("api/@r2/deploy/eu");
    assert_eq!(json!(run.current().values), json!({"size": 9}));
}

#[test]
fn an_environment_is_made_and_changed_and_taken_away_by_intent() {
    let mut story = deployed();
    story.apply(
        "@/environment/us",
        Some(json!({"name": "us", "attributes": {"a": "b"}})),
    );
    assert!(
        story
            .snapshot
            .environments
            .contains_key(&"us".parse().expect("a name"))
    );
    story.apply("@/environment/us", None);
    assert_eq!(story.drift(), "");
    assert!(
        !story
            .snapshot
            .environments
            .contains_key(&"us".parse().expect("a name"))
    );
}

#[test]
fn what_cannot_be_applied_says_why_and_changes_nothing() {
    let mut story = deployed();
    let mut said = String::new();
    for (name, value) in [
        ("@/environment/a", json!({"name": "b"})),
        (
            "@/environment/a",
            json!({"name": "a", "attributes": {"n": 1}}),
        ),
        ("@/environment/a+b", json!({"name": "a+b"})),
        ("api/@/deploy/eu", json!({"release": "nothing"})),
        ("api/@/deploy/eu", json!({"release": story.full("api/@r9")})),
        ("api/@/deploy/us", json!({"release": story.full("api/@r1")})),
    ] {
        story.apply(name, Some(value));
        said.push_str(&format!("{}\n", story.says()));
    }
    insta::assert_snapshot!(said, @r#"
    [NotApplied(Reference { repository: "", path: "", global: true, release: Some(""), subpath: Some((Environment, "a")), fragment: None }, "environment name (\"b\") must match subpath (\"a\")")]
    [NotApplied(Reference { repository: "", path: "", global: true, release: Some(""), subpath: Some((Environment, "a")), fragment: None }, "an environment is {\"name\": …, \"attributes\": {…}} with attributes that are texts: invalid type: number, expected a string")]
    [NotApplied(Reference { repository: "", path: "", global: true, release: Some(""), subpath: Some((Environment, "a+b")), fragment: None }, "environment names may only contain letters, numbers, periods, hyphens and underscores")]
    [NotApplied(Reference { repository: "github.com/acme/shop", path: "api/release.ocu.star", global: false, release: Some(""), subpath: Some((Deploy, "eu")), fragment: None }, "its `release` is no release of the package")]
    [NotApplied(Reference { repository: "github.com/acme/shop", path: "api/release.ocu.star", global: false, release: Some(""), subpath: Some((Deploy, "eu")), fragment: None }, "there is no release github.com/acme/shop/-/api/release.ocu.star/@r9")]
    [NotApplied(Reference { repository: "github.com/acme/shop", path: "api/release.ocu.star", global: false, release: Some(""), subpath: Some((Deploy, "us")), fragment: None }, "github.com/acme/shop/-/api/release.ocu.star/@r1 has no deployment to us")]
    "#);
}

/// reference/ocuroot.md Q-R4: the value of a package is its latest release's, and stays with the package.
#[test]
fn q_r4_a_value_of_a_package_reaches_its_latest_release_and_none_after_it() {
    let mut story = Story::default();
    story.environment("eu");
    let text = "task/ask ok=./custom/ok | deploy/eu size=./@/custom/size?1";
    story.push("api", "00", text);
    story.set("api/@/custom/ok", json!(1));
    story.set("api/@/custom/size", json!(5));
    story.done("api/@r1/task/ask");
    story.done("api/@r1/deploy/eu");
    story.push("api", "11", text);
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/ask/1: complete
      deploy/eu/1: complete
    api/@r2 blocked
      task/ask/1: pending without api/@r2/custom/ok
      deploy/eu/1: pending after p1
    ");
    story.set("api/@r2/custom/ok", json!(1));
    story.done("api/@r2/task/ask");
    let (_, run) = story.run("api/@r2/deploy/eu");
    assert_eq!(json!(run.current().values), json!({"size": 5}));
}

#[test]
fn what_is_refused_is_not_what_should_be_either() {
    let mut story = deployed();
    let before = story.snapshot.intents.clone();
    for (name, value) in [
        ("@/environment/a", json!({"name": "b"})),
        ("api/@/deploy/eu", json!({"release": story.full("api/@r9")})),
    ] {
        story.want(name, Some(value));
        assert!(story.says().contains("NotApplied"));
        assert_eq!(story.snapshot.intents, before);
    }
    story.want(
        "api/@/deploy/eu",
        Some(json!({"release": story.full("api/@r1")})),
    );
    assert!(story.says().contains("Brought"));
    assert_ne!(story.snapshot.intents, before);
}
