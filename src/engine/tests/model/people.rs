//! What people want in stories: values, deployments that should be others, retries, ends.

use serde_json::json;

use super::generate::{PACKAGES, PLACES};
use super::tell::Telling;
use crate::engine::tests::cockpit::unlock;
use crate::engine::tests::language::{environment, reference, short};
use crate::engine::tests::random::{Random, releases};
use crate::engine::tests::story::{actor, command};
use crate::engine::{Application, Trigger, Wish};
use crate::model::{DeploymentName, ReleaseName, ReleaseNumber};

impl Telling {
    /// Several things are wanted and decided together.
    pub(super) fn several(&mut self, random: &mut Random) {
        self.is_together = true;
        for _ in 0..2 + random.below(2) {
            match random.below(6) {
                0..=2 => self.intend(random),
                3 => self.take_away(random),
                4 if self.kind.fails => self.person(random),
                _ => self.set(random),
            }
        }
        self.is_together = false;
        let together = std::mem::take(&mut self.together);
        if !together.is_empty() {
            self.tell_all(&together);
        }
    }

    pub(super) fn take_away(&mut self, random: &mut Random) {
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

    pub(super) fn set(&mut self, random: &mut Random) {
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

    pub(super) fn intend(&mut self, random: &mut Random) {
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
        if !self.kind.fails
            && value
                .as_ref()
                .is_none_or(|value| value.get("input").is_some())
        {
            return;
        }
        self.apply(&format!("{package}/@/deploy/{place}"), value, random);
    }

    pub(super) fn person(&mut self, random: &mut Random) {
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
            4 => Trigger::Cancel(wish),
            _ => Trigger::Undeploy {
                package: release.package,
                environment: environment(place, &[]).name,
                held_by: None,
                actor: actor("robin"),
            },
        };
        self.tell(trigger);
    }
}
