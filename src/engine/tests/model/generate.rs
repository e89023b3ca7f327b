//! Random packages, and what their steps come to: a pure function of the step and of what it is given.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::facts::Values;
use crate::engine::tests::random::Random;
use crate::engine::tests::story::{done, failed};
use crate::model::{Outcome, RunKind, RunName};

pub(super) const PACKAGES: [&str; 4] = ["a", "b", "c", "d"];
pub(super) const PLACES: [&str; 3] = ["eu", "sa", "us"];

/// Which stories are told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    /// Steps may fail, and people retry, cancel and undeploy.
    pub(super) fails: bool,
    /// Packages may read each other in circles.
    pub(super) circles: bool,
    /// Circles need not settle, and failures come by chance.
    pub(super) is_wild: bool,
}

/// What the file of a package says where these environments are registered. The same seed is the same file.
pub(super) fn file(seed: u64, package: &str, places: &[&str], kind: Kind) -> String {
    let mut random = Random(seed);
    let version = random.below(3);
    let mut text = String::new();
    for task in ["build", "test"] {
        if random.one_in(3) {
            let inputs = step_inputs(&mut random, package);
            text.push_str(&format!("task/{task} v:={version}{inputs}"));
            text.push_str(random.pick(&[" | ", ", "]).expect("separators"));
        }
    }
    for place in PLACES {
        // Drawn even where the environment is not: another one does not change what the file says of the rest.
        let mut random = Random(seed ^ hash(&place));
        let inputs = deployment_inputs(&mut random, package, place, kind);
        let separator = *random.pick(&[", ", " | ", " || "]).expect("separators");
        let down = match random.one_in(6) {
            true => "none".to_owned(),
            false => format!("down_{version}"),
        };
        let retries = ["", "", " retries:1"][usize::try_from(random.below(3)).expect("small")];
        if places.contains(&place) && !random.one_in(6) {
            text.push_str(&format!(
                "deploy/{place} up:up_{version} down:{down} v:={version}{inputs}{retries}{separator}"
            ));
        }
    }
    text
}

fn step_inputs(random: &mut Random, package: &str) -> String {
    let other = other(random, package, true).unwrap_or("a");
    let inputs = [
        String::new(),
        String::new(),
        " go=./custom/go".to_owned(),
        " all=@/custom/all?1".to_owned(),
        format!(" x={other}/@/task/build#output/url?0"),
    ];
    random.pick(&inputs).expect("inputs").clone()
}

fn deployment_inputs(random: &mut Random, package: &str, place: &str, kind: Kind) -> String {
    let mut text = String::new();
    let elsewhere = *random.pick(&PLACES).expect("places");
    let earlier = other(random, package, true);
    let later = other(random, package, false);
    for _ in 0..random.below(4) {
        let input = match (random.below(12), earlier, later) {
            (0..=2, Some(other), _) => format!("from={other}/@/deploy/{place}#output/url"),
            (3, Some(other), _) => format!("maybe={other}/@/deploy/{place}#output/url?0"),
            (4, Some(other), _) => format!("across={other}/@/deploy/{elsewhere}#output/url?0"),
            (5, Some(other), _) => format!("first={other}/@r1/deploy/{place}#output/url?0"),
            (6, _, Some(other)) if kind.circles => {
                format!("back={other}/@/deploy/{place}#output/url?0")
            }
            (6, ..) => format!("own=./@/deploy/{place}#output/url?0"),
            (7, ..) => "built=./task/build#output/url".to_owned(),
            (8, ..) => "go=./custom/go".to_owned(),
            (9, ..) => "size=./@/custom/size?1".to_owned(),
            (10, ..) => "must=@/custom/must".to_owned(),
            (11, ..) => format!("environment=@/environment/{place}"),
            _ => "all=@/custom/all?1".to_owned(),
        };
        let (name, _) = input.split_once('=').expect("an input");
        if !text.contains(&format!(" {name}=")) {
            text.push_str(&format!(" {input}"));
        }
    }
    text
}

/// Another package, before or after the own one.
fn other(random: &mut Random, package: &str, is_earlier: bool) -> Option<&'static str> {
    let others: Vec<&str> = PACKAGES
        .into_iter()
        .filter(|other| (*other < package) == is_earlier && *other != package)
        .collect();
    random.pick(&others).copied()
}

/// What a step comes to. Outputs do not depend on what comes back in a circle, so that circles settle.
pub(super) fn outcome(run: &RunName, kind: RunKind, given: &Values, is_failing: bool) -> Outcome {
    let counts = |name: &String| !["back", "own"].contains(&name.as_str());
    let counting: BTreeMap<&String, String> = given
        .iter()
        .filter(|(name, _)| counts(name))
        .map(|(name, value)| (name, value.to_string()))
        .collect();
    let drawn = hash(&(&run.release.package, &run.key, counting));
    let is_down = kind == RunKind::Down;
    if is_failing && drawn % 7 == u64::from(is_down) {
        return failed("no");
    }
    match is_down {
        true => done(json!({})),
        false => done(json!({ "url": Value::from(drawn / 7 % 4) })),
    }
}

/// Never the same twice.
pub(super) fn wild(clock: i64) -> Outcome {
    match hash(&clock) % 4 {
        0 => failed("no"),
        _ => done(json!({ "url": clock })),
    }
}

pub(super) fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
