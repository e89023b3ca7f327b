//! The server killed at any instant loses nothing and does nothing twice.

use crate::faults::undisturbed;
use crate::harness::{App, Kill};

#[tokio::test]
async fn a_server_killed_after_each_step_of_its_work_ends_the_story_in_the_same_way() {
    let mut app = App::with_shop().await;
    let steps = app.stepwise(|_| Kill::After).await;
    assert!(steps > 30, "only {steps} steps");
    assert_eq!(app.end(), undisturbed().await);
    app.finish().await;
}

#[tokio::test]
async fn a_server_killed_between_each_call_and_its_answer_ends_the_story_in_the_same_way() {
    let mut app = App::with_shop().await;
    let every_other = |step: usize| [Kill::Within, Kill::Not][step % 2];
    let steps = app.stepwise(every_other).await;
    assert!(steps > 30, "only {steps} steps");
    assert_eq!(app.end(), undisturbed().await);
    app.finish().await;
}

#[tokio::test]
#[ignore = "takes minutes: tells the story once for each step of it"]
async fn a_server_killed_at_any_one_step_ends_the_story_in_the_same_way() {
    let expected = undisturbed().await;
    for kill in [Kill::After, Kill::Within] {
        let mut victim = 0;
        loop {
            let mut app = App::with_shop().await;
            let killer = |step| if step == victim { kill } else { Kill::Not };
            let steps = app.stepwise(killer).await;
            assert_eq!(app.end(), expected, "killed {kill:?} step {victim}");
            app.finish().await;
            if victim > steps {
                break;
            }
            victim += 1;
        }
    }
}
