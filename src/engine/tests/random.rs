//! Random stories: whatever happens in whatever order, the laws hold and everything comes to an end. `chance` has what
//! people do in them besides pushing.

use serde_json::json;

use super::chance;
use super::language::{function, inputs, push, short};
use super::story::{Story, command, done, failed};
use crate::engine::status::{self, ReleaseStatus, Waiting};
use crate::engine::{NewReleases, Trigger};
use crate::model::{Outcome, ReleaseName, RunName, RunState};

const SEEDS: u64 = 120;
const STEPS: u64 = 70;
pub(super) const PACKAGES: [&str; 2] = ["api", "web"];
pub(super) const ENVIRONMENTS: [&str; 3] = ["eu", "staging", "us"];

/// SplitMix64: a seed is a story that can be told again.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(super) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let bound = u64::try_from(items.len()).ok().filter(|len| *len > 0)?;
        let index = usize::try_from(self.below(bound)).ok()?;
        items.get(index)
    }

    /// Some of the tasks `build` and `test` and of the environments, in phases of which some are empty.
    pub(super) fn package(&mut self) -> String {
        let mut text = String::new();
        let tasks = ["task/build", "task/test"].map(str::to_owned);
        let deployments = ENVIRONMENTS.map(|name| format!("deploy/{name}"));
        for task in tasks.into_iter().chain(deployments) {
            if self.one_in(4) {
                continue;
            }
            text.push_str(&task);
            let options = [
                "",
                "",
                " retries:1",
                " go=./custom/go",
                " url=web/@/deploy/eu#output/url",
                " url=api/@/task/build#output/url?0",
            ];
            text.push_str(self.pick(&options).expect("options"));
            text.push_str(self.pick(&[",", "|", "|", "||"]).expect("separators"));
        }
        text
    }

    fn outcome(&mut self) -> Outcome {
        match self.below(6) {
            0 => failed("bad luck"),
            1 => Outcome::Next {
                function: function("more"),
                inputs: inputs(self.pick(&["", "x=./custom/x"]).expect("inputs")),
            },
            _ => done(json!({"url": 1})),
        }
    }
}

pub(super) fn releases(story: &Story) -> Vec<ReleaseName> {
    story.snapshot.releases.keys().cloned().collect()
}

/// Active runs with the fence of their start.
pub(super) fn active(story: &Story) -> Vec<(RunName, i64)> {
    let mut found = Vec::new();
    for release in story.snapshot.releases.values() {
        for ((key, number), run) in &release.runs {
            if run.state.is_active() {
                found.push((release.run_name(key, *number), run.fence));
            }
        }
    }
    found
}

/// Something happens. `history` holds all news so far, to be told again.
fn step(story: &mut Story, random: &mut Random, history: &mut Vec<Trigger>) {
    if random.one_in(2) {
        return chance::step(story, random, history);
    }
    let package = *random.pick(&PACKAGES).expect("packages");
    let wish = random
        .pick(&releases(story))
        .map(|release| command(&short(&release.to_string())));
    let news = random.pick(&active(story)).cloned();
    let trigger = match (random.below(16), wish, news) {
        (0..=1, ..) => Some(Trigger::Release(new_release(random, package))),
        (2, Some(wish), _) => Some(Trigger::Approve(wish)),
        (3, Some(wish), _) => Some(Trigger::Retry(wish)),
        (4, Some(wish), _) if random.one_in(3) => Some(Trigger::Cancel(wish)),
        (5, Some(wish), _) => {
            let environment = random.pick(&ENVIRONMENTS).expect("environments");
            Some(Trigger::Undeploy {
                package: wish.release.package,
                environment: environment.parse().expect("a name"),
                held_by: None,
                actor: wish.actor,
            })
        }
        (6, Some(wish), _) => newest(story, &wish.release).map(|release| Trigger::Replanned {
            release,
            package: super::language::package(&random.package()),
        }),
        (7, ..) => random.pick(history).cloned(),
        (8, _, Some((run, fence))) => Some(Trigger::NeedsRunner { run, fence }),
        (9, _, Some((run, fence))) => Some(Trigger::Claimed { run, fence }),
        (_, _, Some((run, fence))) => Some(Trigger::Ended {
            run,
            fence,
            outcome: random.outcome(),
        }),
        _ => None,
    };
    let Some(trigger) = trigger else {
        return;
    };
    history.push(trigger.clone());
    if random.one_in(3) {
        story.decide(&[trigger.clone(), trigger]);
    } else {
        story.decide(&[trigger]);
    }
}

/// A push; its commit may have been pushed before.
fn new_release(random: &mut Random, package: &str) -> NewReleases {
    let is_limited = random.one_in(3);
    let until = random.pick(&ENVIRONMENTS).filter(|_| is_limited);
    let text = random.package();
    let commit = format!("{:02}", random.below(20));
    NewReleases {
        goals: until.map(|name| [name.parse().expect("a name")].into()),
        ..push(&commit, &[(package, text.as_str())])
    }
}

fn newest(story: &Story, like: &ReleaseName) -> Option<ReleaseName> {
    let mut releases = story.snapshot.releases.keys();
    releases.rfind(|name| name.package == like.package).cloned()
}

/// All that runs succeeds and all that people are asked for is given, until nothing happens any more.
fn settle(story: &mut Story) {
    for _ in 0..1000 {
        let mut triggers: Vec<Trigger> = active(story)
            .into_iter()
            .map(|(run, fence)| Trigger::Ended {
                run,
                fence,
                outcome: done(json!({"url": 1})),
            })
            .collect();
        for release in releases(story) {
            triggers.push(Trigger::Approve(command(&short(&release.to_string()))));
        }
        triggers.extend(chance::all_that_people_can_do(story));
        story.decide(&triggers);
        if story.plan.changes.is_empty() {
            return;
        }
    }
    panic!("it does not come to an end:\n{}", story.table());
}

/// After everything was given, what did not finish says which phase or which other package it lacks.
fn assert_explained(story: &Story) {
    for release in story.snapshot.releases.values() {
        let status = status::of_release(release, &story.snapshot, story.now());
        assert_ne!(status, ReleaseStatus::Running, "{}", release.name);
        for ((key, number), run) in &release.runs {
            if run.state.is_finished() {
                continue;
            }
            let name = release.run_name(key, *number);
            assert_eq!(run.state, RunState::Pending, "{name}");
            match status::waiting(release, key, run, &story.snapshot, story.now()) {
                Some(Waiting::ForPhase(_)) => {
                    assert_ne!(status, ReleaseStatus::Complete, "{name} will never run");
                }
                Some(Waiting::ForInputs(_)) => assert!(
                    matches!(status, ReleaseStatus::Blocked | ReleaseStatus::Failed),
                    "{name} waits in a release that is {status:?}"
                ),
                Some(Waiting::ForGates(gates)) => {
                    assert!(
                        gates.iter().all(chance::stays),
                        "{name} waits for {gates:?}"
                    );
                    assert_ne!(status, ReleaseStatus::Complete, "{name} will never run");
                }
                other => panic!("{name} waits for {other:?}"),
            }
        }
    }
}

#[test]
fn whatever_happens_the_laws_hold_and_it_comes_to_an_end() {
    for seed in 0..SEEDS {
        let told = std::panic::catch_unwind(|| {
            let mut story = Story::default();
            let mut random = Random(seed);
            let mut history = Vec::new();
            for _ in 0..STEPS {
                step(&mut story, &mut random, &mut history);
            }
            settle(&mut story);
            assert_explained(&story);
            assert_eq!(story.snapshot.holds, [], "claims are left");
        });
        assert!(told.is_ok(), "the story with seed {seed} fails");
    }
}
