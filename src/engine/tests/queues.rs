//! In which order what waits for an environment goes there.

use insta::assert_snapshot;

use super::story::Story;

const BOTH: &str = "deploy/staging, deploy/production";
const ONE: (&str, &str) = ("api", "deploy/staging");

#[test]
fn with_the_policy_all_every_release_goes_one_after_the_other() {
    let mut story = Story::default();
    story.rules("protect staging queue:all");
    for commit in ["a1", "a2", "a3"] {
        story.push("api", commit, "deploy/staging");
    }
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    api/@r2 waiting
      deploy/staging/1: pending held by turn of api/@r1
    api/@r3 waiting
      deploy/staging/1: pending held by turn of api/@r1
    ");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 running
      deploy/staging/1: starting
    api/@r3 waiting
      deploy/staging/1: pending held by turn of api/@r2
    ");
    story.fails("api/@r2/deploy/staging", "no space left");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 failed
      deploy/staging/1: failed, no space left
    api/@r3 running
      deploy/staging/1: starting
    ");
}

#[test]
fn with_the_policy_all_a_release_on_its_way_is_waited_for() {
    let mut story = Story::default();
    story.rules("protect staging queue:all");
    story.push("api", "a1", "task/build | deploy/staging");
    story.push("api", "a2", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    api/@r2 waiting
      deploy/staging/1: pending held by turn of api/@r1
    ");
    story.cancel("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      task/build/1: cancelled, cancelled by @robin
      deploy/staging/1: cancelled, cancelled by @robin
    api/@r2 running
      deploy/staging/1: starting
    ");
}

#[test]
fn with_the_policy_manual_a_release_goes_when_a_person_says_so() {
    let mut story = Story::default();
    story.rules("protect production queue:manual");
    story.push("api", "a1", "deploy/staging | deploy/production");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      deploy/production/1: pending held by nobody asking (acme/shop repo.ocu.star:1)
    ");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
    story.bring("api/@r1/deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn with_the_policy_manual_the_newest_still_takes_over() {
    let mut story = Story::default();
    story.rules("protect staging queue:manual");
    story.push("api", "a1", "deploy/staging");
    story.push("api", "a2", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: superseded
    api/@r2 blocked
      deploy/staging/1: pending held by nobody asking (acme/shop repo.ocu.star:1)
    ");
}

#[test]
fn a_pull_request_that_is_deployed_by_hand_was_asked_for() {
    let mut story = Story::default();
    story.rules("protect staging queue:manual pull_requests");
    story.propose(5, "b1", ONE, "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    ");
}

#[test]
fn of_several_rules_the_most_careful_policy_counts() {
    let mut story = Story::default();
    story.rules("protect staging; protect staging queue:all");
    story.push("api", "a1", "deploy/staging");
    story.push("api", "a2", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    api/@r2 waiting
      deploy/staging/1: pending held by turn of api/@r1
    ");
}

#[test]
fn twelve_pull_requests_get_the_environment_in_the_order_of_asking() {
    let mut story = Story::default();
    let order = [31, 4, 15, 92, 6, 53, 58, 97, 93, 23, 84, 62];
    for (index, number) in order.into_iter().enumerate() {
        let commit = format!("{:02}", index + 10);
        story.propose(number, &commit, ONE, "staging");
    }
    assert_snapshot!(story.answers(), @"
    queued behind #31 #4 #15 #92 #6 #53 #58 #97 #93 #23 #84
    released api/@r12
    ");
    assert_snapshot!(story.table_of("api/@r12"), @"
    api/@r12 waiting
      deploy/staging/1: pending held by queue of 11: #31 #4 #15 #92 #6 #53 #58 #97 #93 #23 #84
    ");
    let mut served = Vec::new();
    while let Some(hold) = story
        .snapshot
        .holds
        .iter()
        .find(|hold| hold.granted_at.is_some())
    {
        served.push(hold.pull_request);
        let task = format!("api/@r{}/deploy/staging", served.len());
        story.done(&task);
        story.merge(served[served.len() - 1]);
    }
    assert_eq!(served, order);
}

#[test]
fn two_environments_are_granted_together_or_not_at_all() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", BOTH), "production");
    story.propose(6, "b2", ("api", BOTH), "staging production");
    story.propose(7, "b3", ("api", BOTH), "staging");
    assert_snapshot!(story.answers(), @"
    queued behind #6
    released api/@r3
    ");
    assert_snapshot!(story.queue(), @"
    #5 holds api production
    #6 waits for api production
    #6 waits for api staging
    #7 waits for api staging
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/production/1: starting
    api/@r2 waiting
      deploy/production/1: pending held by queue of 1: #5
      deploy/staging/1: pending held by queue of 1: #5
    api/@r3 waiting
      deploy/staging/1: pending held by queue of 1: #6
    ");
    story.merge(5);
    assert_snapshot!(story.queue(), @"
    #6 holds api production
    #6 holds api staging
    #7 waits for api staging
    ");
    story.merge(6);
    assert_snapshot!(story.queue(), @"#7 holds api staging");
}

#[test]
fn environments_of_several_packages_are_granted_together() {
    let mut story = Story::default();
    story.propose(5, "b1", ("web", "deploy/staging"), "staging");
    let packages = [ONE, ("web", "deploy/staging")];
    story.release(super::cockpit::proposal(6, "b2", &packages, "staging"));
    assert_snapshot!(story.queue(), @"
    #5 holds web staging
    #6 waits for api staging
    #6 waits for web staging
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: pending held by queue of 1: #5
    web/@r1 running
      deploy/staging/1: starting
    web/@r2 waiting
      deploy/staging/1: pending held by queue of 1: #5
    ");
    story.close(5);
    assert_snapshot!(story.queue(), @"
    #6 holds api staging
    #6 holds web staging
    ");
}

#[test]
fn two_environments_of_one_command_are_both_deployed_to() {
    let mut story = Story::default();
    story.propose(
        5,
        "b1",
        ("api", "deploy/staging | deploy/eu, deploy/us, deploy/asia"),
        "eu us",
    );
    assert_snapshot!(story.queue(), @"
    #5 holds api eu
    #5 holds api staging
    #5 holds api us
    ");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/eu/1: starting
      deploy/us/1: starting
    ");
}

#[test]
fn a_request_that_would_wait_for_itself_is_refused() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", BOTH), "staging");
    story.propose(6, "b2", ("api", BOTH), "production");
    story.propose(5, "b1", ("api", BOTH), "production");
    story.propose(6, "b2", ("api", BOTH), "staging");
    assert_snapshot!(story.answers(), @"#5 waits for it, for production");
    assert_snapshot!(story.queue(), @"
    #5 holds api staging
    #6 holds api production
    #5 waits for api production
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/production/1: pending held by queue of 1: #6
      deploy/staging/1: starting
    api/@r2 running
      deploy/production/1: starting
      deploy/staging/1: superseded
    ");
}

#[test]
fn bringing_a_release_where_it_would_wait_for_itself_is_refused_too() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", BOTH), "staging");
    story.propose(6, "b2", ("api", BOTH), "production");
    story.bring("api/@r1/deploy/production");
    assert_snapshot!(story.answers(), @"
    queued behind #6
    api/@r1 goes to production
    ");
    story.bring("api/@r2/deploy/staging");
    assert_snapshot!(story.answers(), @"#5 waits for it, for production");
    assert_snapshot!(story.queue(), @"
    #5 holds api staging
    #6 holds api production
    #5 waits for api production
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/production/1: pending held by queue of 1: #6
      deploy/staging/1: starting
    api/@r2 running
      deploy/production/1: starting
      deploy/staging/1: superseded
    ");
}

#[test]
fn whoever_gives_up_waiting_leaves_the_queue() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.propose(6, "b2", ONE, "staging");
    story.propose(7, "b3", ONE, "staging");
    story.close(6);
    assert_snapshot!(story.queue(), @"
    #5 holds api staging
    #7 waits for api staging
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    api/@r2 superseded
      deploy/staging/1: superseded
    api/@r3 waiting
      deploy/staging/1: pending held by queue of 1: #5
    ");
}

#[test]
fn a_pull_request_that_asks_again_keeps_its_place() {
    let mut story = Story::default();
    for (number, commit) in [(5, "b1"), (6, "b2"), (7, "b3"), (6, "b4")] {
        story.propose(number, commit, ONE, "staging");
    }
    assert_snapshot!(story.queue(), @"
    #5 holds api staging
    #6 waits for api staging
    #7 waits for api staging
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    api/@r2 superseded
      deploy/staging/1: superseded
    api/@r3 waiting
      deploy/staging/1: pending held by queue of 2: #5 #6
    api/@r4 waiting
      deploy/staging/1: pending held by queue of 1: #5
    ");
}
