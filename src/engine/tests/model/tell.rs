//! Tells the engine and the reference model the same story. A story is a list of numbers: each is one thing that
//! happens, drawn from what is there; so every part of a story is a story, and one that goes wrong can be made shorter.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Model;
use super::generate::{Kind, PACKAGES, PLACES, file, outcome, wild};
use super::words::words;
use crate::engine::tests::language::{environment, package_name, push, short};
use crate::engine::tests::random::{Random, active};
use crate::engine::tests::story::Story;
use crate::engine::{self, NewReleases, Trigger};
use crate::model::{PackageName, Reference, ReleaseName, RunName, RunState, Timestamp};

/// Nothing takes longer to come to rest.
const PATIENCE: usize = 400;

pub(super) struct Telling {
    pub(super) kind: Kind,
    pub(super) story: Story,
    pub(super) model: Model,
    /// What was decided so far, in words.
    pub(super) told: Vec<String>,
    /// Runs that people asked for.
    pub(super) asked: BTreeSet<RunName>,
    /// What people said should be.
    pub(super) intended: BTreeSet<Reference>,
    /// The files of releases.
    seeds: BTreeMap<ReleaseName, u64>,
    commits: u64,
    /// What is to be decided together, while it is collected.
    pub(super) together: Vec<Trigger>,
    pub(super) is_together: bool,
    /// News of runs that were told: told again, they are late.
    old: Vec<Trigger>,
}

impl Telling {
    pub(super) fn new(kind: Kind) -> Telling {
        let mut telling = Telling {
            kind,
            story: Story::default(),
            model: Model::default(),
            told: Vec::new(),
            asked: BTreeSet::new(),
            intended: BTreeSet::new(),
            seeds: BTreeMap::new(),
            commits: 0,
            together: Vec::new(),
            is_together: false,
            old: Vec::new(),
        };
        telling.register("eu", 0);
        telling
    }

    /// One decision, without the checks of [`Story::decide`], which cost more than the decision.
    fn decide(&mut self, triggers: &[Trigger]) {
        let story = &mut self.story;
        story.clock += 1000;
        let now = Timestamp(story.clock);
        let snapshot = story.snapshot.clone();
        let plan = engine::plan(snapshot, triggers, now);
        for change in &plan.changes {
            story.keep(change);
        }
        story.look_who_is_where();
    }

    /// News for both.
    pub(super) fn tell(&mut self, trigger: Trigger) {
        if self.is_together {
            return self.together.push(trigger);
        }
        self.tell_all(&[trigger]);
    }

    pub(super) fn tell_all(&mut self, triggers: &[Trigger]) {
        let said: Vec<String> = triggers.iter().map(words).collect();
        self.told.push(said.join("\n  and "));
        let known = self.runs();
        self.decide(triggers);
        for trigger in triggers {
            match trigger {
                Trigger::Retry(_) => self.asked.extend(self.runs().difference(&known).cloned()),
                Trigger::Intend { reference, .. } => drop(self.intended.insert(reference.clone())),
                _ => {}
            }
        }
        if !self.kind.is_wild {
            self.model.hear(triggers);
        }
    }

    fn runs(&self) -> BTreeSet<RunName> {
        let releases = self.story.snapshot.releases.values();
        let runs = releases.flat_map(|release| {
            let runs = release.runs.keys();
            runs.map(|(key, number)| release.run_name(key, *number))
        });
        runs.collect()
    }

    /// News that are none: the model does not hear them.
    fn whisper(&mut self, trigger: Trigger) {
        self.told.push(format!("(late) {}", words(&trigger)));
        self.decide(&[trigger]);
    }

    fn places(&self) -> Vec<&'static str> {
        let known = &self.story.snapshot.environments;
        let is_known = |place: &&str| known.contains_key(&environment(place, &[]).name);
        PLACES.into_iter().filter(is_known).collect()
    }

    /// Something happens.
    pub(super) fn step(&mut self, number: u64) {
        let mut random = Random(number);
        let random = &mut random;
        match random.below(42) {
            40.. => self.several(random),
            0..=4 => self.push(random),
            5..=7 => {
                let (place, size) = (*random.pick(&PLACES).expect("places"), random.below(3));
                self.register(place, size);
            }
            8..=9 => self.take_away(random),
            10..=12 => self.set(random),
            13..=14 => drop(self.read_again(random)),
            15..=16 => self.intend(random),
            17..=19 if self.kind.fails => self.person(random),
            17..=20 => self.noise(random),
            21..=22 => self.claim(random),
            _ => drop(self.end(random)),
        }
    }

    /// Somebody wants something, and nothing comes to an end meanwhile.
    pub(super) fn want(&mut self, number: u64) {
        let mut random = Random(number);
        match random.below(8) {
            0..=3 => self.push(&mut random),
            4 => {
                let place = *random.pick(&PLACES).expect("places");
                self.register(place, number % 3);
            }
            _ => self.set(&mut random),
        }
        // What a new environment adds to an early phase holds later ones up, unless they have begun.
        while self.read_again(&mut random) {}
    }

    fn push(&mut self, random: &mut Random) {
        self.commits += u64::from(!random.one_in(8));
        let commit = format!("{:02x}", 0x10 + self.commits);
        let mut places = self.places();
        let registered = random.pick(&PLACES).filter(|_| random.0.is_multiple_of(6));
        // It is evaluated with what it registers, be that on its way out.
        places.extend(registered);
        let count = 1 + random.below(3);
        let mut files: Vec<(&str, String, u64)> = Vec::new();
        for name in PACKAGES {
            if files.len() < usize::try_from(count).expect("small") && random.one_in(2) {
                let seed = random.below(u64::MAX);
                files.push((name, file(seed, name, &places, self.kind), seed));
            }
        }
        let texts: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text, _)| (*name, text.as_str()))
            .collect();
        let new = NewReleases {
            is_forced: random.one_in(10),
            environments: registered
                .map(|place| environment(place, &[("size", "9")]))
                .into_iter()
                .collect(),
            others: self.story.snapshot.next_numbers.keys().cloned().collect(),
            ..push(&commit, &texts)
        };
        self.tell(Trigger::Release(new));
        for (name, _, seed) in files {
            let newest = newest(&self.story, &package_name(name));
            if let Some(newest) = newest {
                self.seeds.entry(newest).or_insert(seed);
            }
        }
    }

    fn register(&mut self, place: &str, size: u64) {
        let size = size.to_string();
        let packages = self.story.snapshot.next_numbers.keys().cloned();
        let new = NewReleases {
            environments: vec![environment(place, &[("size", &size)])],
            others: packages.collect(),
            ..push("ee", &[])
        };
        self.tell(Trigger::Release(new));
    }

    /// A package is evaluated again, as a decision asked for.
    fn read_again(&mut self, random: &mut Random) -> bool {
        let wanted: Vec<PackageName> = self.story.replans.iter().cloned().collect();
        let Some(package) = random.pick(&wanted).cloned() else {
            return false;
        };
        self.story.replans.remove(&package);
        if let Some(release) = newest(&self.story, &package) {
            let name = short(&package.to_string());
            let text = file(self.seeds[&release], &name, &self.places(), self.kind);
            let package = crate::engine::tests::language::package(&text);
            self.tell(Trigger::Replanned { release, package });
        }
        true
    }

    fn claim(&mut self, random: &mut Random) {
        let Some((run, fence)) = random.pick(&active(&self.story)).cloned() else {
            return;
        };
        let state = self.story.snapshot.run(&run).map(|run| run.state);
        if state != Some(RunState::Starting) {
            return self.whisper(Trigger::Claimed { run, fence });
        }
        match random.below(4) {
            0 => self.whisper(Trigger::NeedsRunner { run, fence }),
            1 => self.tell(Trigger::PutBack { run, fence }),
            _ => self.tell(Trigger::Claimed { run, fence }),
        }
    }

    /// What comes late, twice or for a start that was given up.
    fn noise(&mut self, random: &mut Random) {
        let active = random.pick(&active(&self.story)).cloned();
        let trigger = match (random.below(3), active) {
            (0, Some((run, fence))) => Trigger::Ended {
                outcome: self.comes_to(&run),
                fence: fence + [-1, 1, 7][usize::try_from(random.below(3)).expect("small")],
                run,
            },
            (1, Some((run, fence))) => Trigger::Claimed {
                fence: fence - 1,
                run,
            },
            _ => match random.pick(&self.old) {
                Some(old) => old.clone(),
                None => return,
            },
        };
        self.whisper(trigger);
    }

    /// An active run comes to its end.
    pub(super) fn end(&mut self, random: &mut Random) -> bool {
        let Some((run, fence)) = random.pick(&active(&self.story)).cloned() else {
            return false;
        };
        let outcome = self.comes_to(&run);
        let trigger = Trigger::Ended {
            run,
            fence,
            outcome,
        };
        self.old.push(trigger.clone());
        self.tell(trigger);
        true
    }

    fn comes_to(&self, run: &RunName) -> crate::model::Outcome {
        let at_work = self.story.snapshot.run(run).expect("an active run");
        let given = &at_work.current().values;
        if self.kind.is_wild {
            return wild(self.story.clock);
        }
        outcome(run, at_work.kind, given, self.kind.fails)
    }

    /// Everything that is asked for is done, in any order, until nothing is left.
    pub(super) fn settle(&mut self, random: &mut Random) {
        for _ in 0..PATIENCE {
            let (first, second) = match random.one_in(3) {
                true => (self.read_again(random), self.end(random)),
                false => (self.end(random), self.read_again(random)),
            };
            if !first && !second {
                return;
            }
        }
        panic!("no rest after {PATIENCE} ends:\n{}", self.story.table());
    }
}

fn newest(story: &Story, package: &PackageName) -> Option<ReleaseName> {
    let mut releases = story.snapshot.releases.keys();
    releases.rfind(|name| name.package == *package).cloned()
}
