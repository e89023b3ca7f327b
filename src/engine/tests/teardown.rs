//! Environments that go are emptied first, readers before what they read; those that come back are deployed to again.

use serde_json::json;

use super::language::{package_name, reference};
use super::story::{Story, actor};
use crate::engine::{Application, Trigger};

impl Story {
    /// A person takes away, or sets, what should be there, and has it applied.
    pub(super) fn apply(&mut self, name: &str, value: Option<serde_json::Value>) {
        let reference = reference(name);
        let intend = Trigger::Intend {
            reference: reference.clone(),
            value,
        };
        self.decide(&[intend]);
        self.decide(&[Trigger::Apply(application(reference))]);
    }

    /// The same in one decision.
    pub(super) fn want(&mut self, name: &str, value: Option<serde_json::Value>) {
        self.decide(&[Trigger::Want(application(reference(name)), value)]);
    }

    /// The worker does what a decision asked for: the packages are evaluated again, without the environment.
    fn without_it(&mut self, packages: &[&str]) {
        let wanted: Vec<_> = packages.iter().map(|name| package_name(name)).collect();
        assert_eq!(self.replans, wanted.into_iter().collect());
        for name in packages {
            self.replan(&format!("{name}/@r1"), "");
        }
    }
}

fn application(reference: crate::model::Reference) -> Application {
    Application {
        reference,
        actor: actor("robin"),
        repository: Some("github.com/acme/shop".to_owned()),
        is_retry: true,
    }
}

/// `web` reads `api` in eu; both are there.
fn shop() -> Story {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu environment=@/environment/eu");
    story.outputs("api/@r1/deploy/eu", json!({"url": 1}));
    story.push("web", "11", "deploy/eu api=api/@/deploy/eu#output/url");
    story.done("web/@r1/deploy/eu");
    story
}

/// reference/ocuroot.md Q-E13.
#[test]
fn q_e13_readers_go_down_before_what_they_read_and_then_the_environment_is_gone() {
    let mut story = shop();
    story.apply("@/environment/eu", None);
    story.without_it(&["api", "web"]);
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): pending behind web/@/deploy/eu
    web/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): starting
    ");
    story.done("web/@r1/deploy/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): starting
    web/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2 (down): complete
    ");
    story.done("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/eu = {"input":{"environment":{"default":{"attributes":{},"name":"eu"},"ref":"@/environment/eu","value":{"attributes":{},"name":"eu"}}},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/eu/2","type":"down"}
    api/@/deploy/eu is gone
    @/environment/eu is gone
    eu is gone
    "#);
    assert!(story.snapshot.environments.is_empty());
    assert!(
        story.snapshot.intents.is_empty(),
        "{:?}",
        story.snapshot.intents
    );
}

#[test]
fn the_down_gets_what_the_up_got() {
    let mut story = shop();
    story.apply("@/environment/eu", None);
    story.without_it(&["api", "web"]);
    story.done("web/@r1/deploy/eu");
    let (_, run) = story.run("api/@r1/deploy/eu");
    insta::assert_snapshot!(json!(run.current().values), @r#"{"environment":{"attributes":{},"name":"eu"}}"#);
}

#[test]
fn a_down_that_fails_keeps_the_environment_until_somebody_helps() {
    let mut story = shop();
    story.apply("@/environment/eu", None);
    story.without_it(&["api", "web"]);
    story.fails("web/@r1/deploy/eu", "no");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): pending behind web/@/deploy/eu
    web/@r1 failed
      deploy/eu/1: complete
      deploy/eu/2 (down): failed, no
    ");
    story.retry("web/@r1");
    story.done("web/@r1/deploy/eu");
    story.done("api/@r1/deploy/eu");
    assert!(story.snapshot.registrations.is_empty());
}

#[test]
fn what_is_on_its_way_up_is_taken_down_once_it_is_there() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "task/build | deploy/eu");
    story.push("web", "11", "deploy/eu");
    story.apply("@/environment/eu", None);
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/eu/1: superseded
    web/@r1 running
      deploy/eu/1: starting
    ");
    story.done("web/@r1/deploy/eu");
    insta::assert_snapshot!(story.table_of("web/@r1"), @"
    web/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): starting
    ");
    story.done("web/@r1/deploy/eu");
    assert!(story.snapshot.registrations.is_empty());
}

#[test]
fn an_environment_that_is_wanted_again_is_emptied_first_and_comes_back_then() {
    let mut story = shop();
    story.apply("@/environment/eu", None);
    story.without_it(&["api", "web"]);
    story.environment("eu");
    story.done("web/@r1/deploy/eu");
    story.done("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/eu = {"input":{"environment":{"default":{"attributes":{},"name":"eu"},"ref":"@/environment/eu","value":{"attributes":{},"name":"eu"}}},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/eu/2","type":"down"}
    api/@/deploy/eu is gone
    @/environment/eu is gone
    eu is gone
    @/environment/eu should be {"attributes":{},"name":"eu"}
    eu is registered
    @/environment/eu = {"attributes":{},"name":"eu"}
    replan everything
    "#);
    story.replan("api/@r1", "deploy/eu environment=@/environment/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): complete
      deploy/eu/3: starting
    web/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2 (down): complete
    ");
}

/// The push that registers it again is evaluated with it, and it is still being emptied.
#[test]
fn what_is_released_to_an_environment_on_its_way_out_goes_there_once_it_is_back() {
    let mut story = shop();
    story.apply("@/environment/eu", None);
    let text = "deploy/eu environment=@/environment/eu";
    story.environment("eu");
    story.push("api", "22", text);
    story.done("web/@r1/deploy/eu");
    story.done("api/@r1/deploy/eu");
    story.replan("api/@r2", text);
    insta::assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 running
      deploy/eu/1: superseded
      deploy/eu/2: starting
    ");
}

/// reference/ocuroot.md Q-E6.
#[test]
fn q_e6_a_recreated_environment_is_deployed_to_again() {
    let mut story = shop();
    story.apply("@/environment/eu", None);
    story.without_it(&["api", "web"]);
    story.done("web/@r1/deploy/eu");
    story.done("api/@r1/deploy/eu");
    story.apply(
        "@/environment/eu",
        Some(json!({"name": "eu", "attributes": {}})),
    );
    story.replan("api/@r1", "deploy/eu environment=@/environment/eu");
    story.replan("web/@r1", "deploy/eu api=api/@/deploy/eu#output/url");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): complete
      deploy/eu/3: starting
    web/@r1 blocked
      deploy/eu/1: complete
      deploy/eu/2 (down): complete
      deploy/eu/3: pending without api/@/deploy/eu#output/url
    ");
}

/// The package may be evaluated again only once the environment is back.
#[test]
fn what_went_with_its_environment_comes_back_although_its_file_was_not_read_meanwhile() {
    let mut story = shop();
    story.apply("@/environment/eu", None);
    story.done("web/@r1/deploy/eu");
    story.done("api/@r1/deploy/eu");
    story.environment("eu");
    story.replan("api/@r1", "deploy/eu environment=@/environment/eu");
    insta::assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): complete
      deploy/eu/3: starting
    ");
}

#[test]
fn what_knows_no_way_down_comes_back_with_its_environment_too() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu down:none");
    story.done("api/@r1/deploy/eu");
    story.apply("@/environment/eu", None);
    story.replan("api/@r1", "");
    story.environment("eu");
    story.replan("api/@r1", "deploy/eu down:none");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    ");
}

#[test]
fn what_never_came_about_is_not_wanted_any_more_where_its_environment_is_gone() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu");
    story.push("web", "11", "deploy/eu");
    story.fails("api/@r1/deploy/eu", "no");
    story.apply("@/environment/eu", None);
    story.fails("web/@r1/deploy/eu", "no");
    assert!(
        story.snapshot.intents.is_empty(),
        "{:?}",
        story.snapshot.intents
    );
}

#[test]
fn two_that_read_each_other_both_go_down() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu web=web/@/deploy/eu#output/url?0");
    story.done("api/@r1/deploy/eu");
    story.push("web", "11", "deploy/eu api=api/@/deploy/eu#output/url?0");
    story.done("web/@r1/deploy/eu");
    story.apply("@/environment/eu", None);
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): starting
    web/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): starting
    ");
}
