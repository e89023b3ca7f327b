//! Tells the engine and the reference model the same story. A story is a list of numbers: each is one thing that
//! happens, drawn from what is there; so every part of a story is a story, and one that goes wrong can be made shorter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::facts::Model;
use super::generate::{Kind, PACKAGES, PLACES, file, outcome, wild};
use super::words::words;
use crate::engine::tests::cockpit::unlock;
use crate::engine::tests::language::{environment, package_name, push, reference, short};
use crate::engine::tests::random::{Random, active, releases};
use crate::engine::tests::story::{Story, actor, command};
use crate::engine::{self, Application, NewReleases, Trigger, Wish};
use crate::model::{
    DeploymentName, PackageName, Reference, ReleaseName, ReleaseNumber, RunName, RunState,
    Timestamp,
};

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
            old: Vec::new(),
        };
        telling.register("eu", 0);
        telling
    }

    /// One decision, without the checks of [`Story::decide`], which cost more than the decision.
    fn decide(&mut self, trigger: &Trigger) {
        let story = &mut self.story;
        story.clock += 1000;
        let now = Timestamp(story.clock);
        let snapshot = story.snapshot.clone();
        let plan = engine::plan(snapshot, std::slice::from_ref(trigger), now);
        for change in &plan.changes {
            story.keep(change);
        }
        story.look_who_is_where();
    }

    /// News for both.
    pub(super) fn tell(&mut self, trigger: Trigger) {
        self.told.push(words(&trigger));
        let known = self.runs();
        self.decide(&trigger);
        match &trigger {
            Trigger::Retry(_) => self.asked.extend(self.runs().difference(&known).cloned()),
            Trigger::Intend { reference, .. } => drop(self.intended.insert(reference.clone())),
            _ => {}
        }
        if !self.kind.is_wild {
            self.model.hear(&trigger);
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
        self.decide(&trigger);
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
        match random.below(40) {
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

    fn take_away(&mut self, random: &mut Random) {
        let place = random.pick(&PLACES).expect("places");
        self.apply(&format!("@/environment/{place}"), None, random);
    }

    /// What should be is written down, and, mostly, done.
    fn apply(&mut self, name: &str, value: Option<serde_json::Value>, random: &mut Random) {
        let reference = reference(name);
        self.tell(Trigger::Intend {
            reference: reference.clone(),
            value,
        });
        if !random.one_in(8) {
            self.tell(Trigger::Apply(Application {
                reference,
                actor: actor("robin"),
                repository: Some("github.com/acme/shop".to_owned()),
                is_retry: random.one_in(2),
            }));
        }
    }

    fn set(&mut self, random: &mut Random) {
        let release = random.pick(&releases(&self.story)).cloned();
        let package = *random.pick(&PACKAGES).expect("packages");
        let name = match (random.below(5), release) {
            (0, _) => "@/custom/all".to_owned(),
            (1, _) => "@/custom/must".to_owned(),
            (2, _) => format!("{package}/@/custom/size"),
            (3, Some(release)) => format!("{}/custom/go", short(&release.to_string())),
            _ => format!("{package}/@/custom/go"),
        };
        let value = json!(random.below(4));
        self.tell(Trigger::SetCustom {
            reference: reference(&name),
            value: (!random.one_in(5)).then_some(value),
        });
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

    fn intend(&mut self, random: &mut Random) {
        let Some(release) = random.pick(&releases(&self.story)).cloned() else {
            return;
        };
        let place = *random.pick(&PLACES).expect("places");
        let live: Vec<DeploymentName> = self.model.live.keys().cloned().collect();
        // Mostly an older release of what is there.
        let older = random.pick(&live).cloned().filter(|_| !random.one_in(4));
        let (release, place) = match &older {
            Some(older) => {
                let (live, _) = &self.model.live[older];
                let number = ReleaseNumber(1.max(live.number.0 - 1));
                let package = live.package.clone();
                (ReleaseName { package, number }, older.environment.as_str())
            }
            None => (release, place),
        };
        let package = short(&release.package.to_string());
        let value = match random.below(6) {
            0 => None,
            1 => Some(json!({ "release": release.to_string(), "input": { "v": random.below(3) } })),
            _ => Some(json!({ "release": release.to_string() })),
        };
        // Left out: a deployment that is live, should have other inputs, waits for its turn and is taken over by a newer
        // release. What it reads may have changed meanwhile, and the engine looks at that only at the next change.
        let is_live = self.model.live.values().any(|(live, _)| *live == release);
        if is_live
            && value
                .as_ref()
                .is_some_and(|value| value.get("input").is_some())
        {
            return;
        }
        if !self.kind.fails
            && value
                .as_ref()
                .is_none_or(|value| value.get("input").is_some())
        {
            return;
        }
        self.apply(&format!("{package}/@/deploy/{place}"), value, random);
    }

    fn person(&mut self, random: &mut Random) {
        let Some(release) = random.pick(&releases(&self.story)).cloned() else {
            return;
        };
        let place = *random.pick(&PLACES).expect("places");
        let name = short(&release.package.to_string());
        let wish: Wish = command(&short(&release.to_string()));
        let trigger = match random.below(6) {
            0..=2 => Trigger::Retry(wish),
            3 if random.one_in(3) => {
                Trigger::Unlock(unlock(&[], &["pin"], &format!("{name}/{place}")))
            }
            4 if !self.has_unbegun_follower(&release) => Trigger::Cancel(wish),
            _ => Trigger::Undeploy {
                package: release.package,
                environment: environment(place, &[]).name,
                held_by: None,
                actor: actor("robin"),
            },
        };
        self.tell(trigger);
    }

    /// What was cancelled before it had inputs is not told apart from what was never wanted.
    fn has_unbegun_follower(&self, release: &ReleaseName) -> bool {
        let mut runs = self.story.snapshot.releases[release].runs.values();
        runs.any(|run| run.state == RunState::Pending && run.cascade.is_some())
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
