//! The whole product, thousands of times, with everything going wrong that can: the real server on a real database file
//! against the simulated GitHub, with a clock that is moved by hand.
//!
//! A seed gives a story (`story`), what goes wrong during which of its deeds (`plan`), and the order in which everything
//! happens. After every deed things must come to stand as they do when nothing goes wrong (`ending`), and the promises
//! of the design hold after every step (`promises`).
//!
//! - `OCUROOT_SEED=123 cargo test --test it simulation::one_seed` tells one seed, and, if it fails, which of its faults
//!   it takes.
//! - `OCUROOT_SEEDS=100000 cargo test --test it -- --ignored simulation::soak` tells many.

mod ending;
mod fuse;
mod jobs;
mod plan;
mod promises;
mod random;
mod story;
mod world;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ocuroot::sandbox::{Sandbox, Settings};
use tokio::runtime::Runtime;

use plan::Fault;
use random::Random;
use story::Deed;
use world::World;

/// How many seeds share a story: it is told once without faults for all of them.
const PLANS: u64 = 8;

/// How the story stands after the beginning and after each deed.
type Endings = Vec<String>;

/// A place where stories are told one after the other.
struct Stage {
    runtime: Runtime,
    sandbox: Arc<Sandbox>,
    undisturbed: HashMap<u64, Endings>,
}

/// What a seed stands for.
struct Seed {
    number: u64,
    deeds: Vec<Deed>,
    plan: Vec<Fault>,
}

impl Seed {
    fn new(number: u64) -> Seed {
        let deeds = story::story(&mut Random::new(number / PLANS));
        let plan = plan::plan(&mut Random::new(number ^ 0x5eed), deeds.len());
        Seed {
            number,
            deeds,
            plan,
        }
    }

    fn told(&self) -> String {
        let mut text = format!("seed {}\n0. alice pushes the first commit\n", self.number);
        for (index, deed) in self.deeds.iter().enumerate() {
            let _ = writeln!(text, "{}. {deed}", index + 1);
        }
        text.push_str("what goes wrong:\n");
        for fault in &self.plan {
            let _ = writeln!(text, "{fault}");
        }
        text
    }
}

impl Stage {
    fn new() -> Stage {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let executable = env!("CARGO_BIN_EXE_ocuroot").into();
        Stage {
            runtime: runtime.enable_all().build().expect("a runtime"),
            sandbox: Arc::new(Sandbox::new(executable, Settings::default())),
            undisturbed: HashMap::new(),
        }
    }

    /// How the story stands after each deed, with these faults, and what the server asked GitHub for.
    fn tell(&self, seed: &Seed, plan: &[Fault], expected: &[String]) -> (Endings, Vec<String>) {
        let sandbox = Arc::clone(&self.sandbox);
        self.runtime.block_on(async {
            let random = Random::new(seed.number);
            let mut world = World::start(random, !plan.is_empty(), sandbox).await;
            let mut endings = Endings::new();
            for index in 0..=seed.deeds.len() {
                for fault in plan.iter().filter(|fault| fault.deed == index) {
                    world.arm(fault);
                }
                match index.checked_sub(1) {
                    None => world.begin(),
                    Some(index) => world.perform(&seed.deeds[index]),
                }
                world.come_to_rest().await;
                let ending = world.ending().await;
                if let Some(expected) = expected.get(index) {
                    assert!(
                        ending == *expected,
                        "after deed {index}:\n{}",
                        difference(expected, &ending)
                    );
                }
                endings.push(ending);
            }
            let requests = world.app.github.requests().into_iter();
            let requests = requests
                .map(|request| format!("{} {} {}", request.method, request.path, request.status));
            (endings, requests.collect())
        })
    }

    fn undisturbed(&mut self, seed: &Seed) -> Endings {
        let story = seed.number / PLANS;
        if let Some(endings) = self.undisturbed.get(&story) {
            return endings.clone();
        }
        let (endings, _) = self.tell(seed, &[], &[]);
        self.undisturbed.clear();
        self.undisturbed.insert(story, endings.clone());
        endings
    }

    /// What is wrong with a seed under these faults.
    fn problem(&mut self, seed: &Seed, plan: &[Fault]) -> Option<String> {
        let told = catch_unwind(AssertUnwindSafe(|| {
            let expected = self.undisturbed(seed);
            self.tell(seed, plan, &expected);
        }));
        told.err().map(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            text.unwrap_or_default()
        })
    }

    /// The fewest of the faults that still go wrong, and how.
    fn shrink(&mut self, seed: &Seed, mut problem: String) -> String {
        let mut plan = seed.plan.clone();
        let mut index = 0;
        while index < plan.len() {
            let mut fewer = plan.clone();
            fewer.remove(index);
            match self.problem(seed, &fewer) {
                Some(still) if !fewer.is_empty() => (plan, problem) = (fewer, still),
                _ => index += 1,
            }
        }
        let faults: Vec<String> = plan.iter().map(ToString::to_string).collect();
        format!("{}it takes:\n{}\n{problem}", seed.told(), faults.join("\n"))
    }
}

fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), found.lines().collect());
    let missing = expected
        .iter()
        .filter(|line| !found.contains(line))
        .map(|line| format!("- {line}\n"));
    let new = found
        .iter()
        .filter(|line| !expected.contains(line))
        .map(|line| format!("+ {line}\n"));
    missing.chain(new).collect()
}

/// Tells these seeds on every processor; panics with the first that fails, shrunk.
fn all(seeds: std::ops::Range<u64>) {
    let next = AtomicU64::new(seeds.start / PLANS);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let problems: Vec<String> = std::thread::scope(|scope| {
        let tellers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut stage = Stage::new();
                    loop {
                        let first = next.fetch_add(1, Ordering::SeqCst) * PLANS;
                        if first >= seeds.end {
                            return None;
                        }
                        for number in first.max(seeds.start)..(first + PLANS).min(seeds.end) {
                            let seed = Seed::new(number);
                            if let Some(problem) = stage.problem(&seed, &seed.plan) {
                                next.store(seeds.end, Ordering::SeqCst);
                                return Some(stage.shrink(&seed, problem));
                            }
                        }
                    }
                })
            })
            .collect();
        tellers
            .into_iter()
            .filter_map(|teller| teller.join().expect("it tells"))
            .collect()
    });
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().expect("a number"))
}

#[test]
fn the_same_seed_goes_the_same_way() {
    let stage = Stage::new();
    let seed = Seed::new(17);
    let first = stage.tell(&seed, &seed.plan, &[]);
    assert_eq!(stage.tell(&seed, &seed.plan, &[]), first);
}

#[test]
fn whatever_goes_wrong_things_end_as_if_nothing_had() {
    all(0..number("OCUROOT_SEEDS").unwrap_or(32));
}

#[test]
fn one_seed() {
    let number = number("OCUROOT_SEED").unwrap_or(1);
    let seed = Seed::new(number);
    println!("{}", seed.told());
    let mut stage = Stage::new();
    if let Some(problem) = stage.problem(&seed, &seed.plan) {
        panic!("{}", stage.shrink(&seed, problem));
    }
}

#[test]
#[ignore = "as long as one wishes: OCUROOT_SEEDS says how many"]
fn soak() {
    let first = number("OCUROOT_FIRST_SEED").unwrap_or(0);
    all(first..first + number("OCUROOT_SEEDS").unwrap_or(10_000));
}
