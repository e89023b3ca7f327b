//! Commands that are only looked at (`--dry-run`), or that want a second word.

use std::collections::BTreeSet;

use super::{Asked, Heard, Place, Speaker};
use crate::command::{self, Command};
use crate::engine::rules::rules_of;
use crate::model::EnvironmentName;
use crate::report::{self, Refusal};
use crate::store::{Confirmation, Repository};
use crate::worker::{Problem, Worker};

/// How long a command waits for its second word, in seconds.
const PATIENCE: i64 = 600;

impl Worker {
    /// Says what a command would come to, and keeps nothing of it.
    pub(super) async fn foreseen(
        &self,
        speaker: Speaker<'_>,
        asked: Asked,
    ) -> Result<Asked, Problem> {
        if asked.triggers.is_empty() {
            return Ok(asked);
        }
        let plan = self
            .foresee(speaker.repository.installation_id, &asked.triggers)
            .await?;
        let mut only_words = Asked::reply(report::foreseen(&plan));
        only_words.replies.extend(asked.replies);
        only_words.refusals = asked.refusals;
        Ok(only_words)
    }

    /// What is said instead of carrying the command out, if a rule of a place it changes wants a second word.
    pub(super) async fn wants_second_word(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        asked: &Asked,
    ) -> Result<Option<Asked>, Problem> {
        if speaker.is_confirmed || !command.verb.changes_environments() {
            return Ok(None);
        }
        let rule = self
            .rule_for_second_word(speaker.repository, &asked.places, &asked.removed)
            .await?;
        let Some((environment, rule)) = rule else {
            return Ok(None);
        };
        let pull = self
            .github
            .installation(speaker.repository.installation_id)
            .pull_request(&speaker.repository.name, speaker.place.pull_request)
            .await?;
        let plan = self
            .foresee(speaker.repository.installation_id, &asked.triggers)
            .await?;
        if plan.answers.iter().any(report::is_refusal) {
            // Refused now, it need not be confirmed first.
            return Ok(None);
        }
        let confirmation = Confirmation {
            repository_id: speaker.repository.id,
            pull_request: speaker.place.pull_request,
            login: speaker.login.to_owned(),
            line: command.line.clone(),
            head: pull.head_sha,
            expires_at: self.clock.now().plus_seconds(PATIENCE),
        };
        self.store.put_confirmation(&confirmation).await?;
        Ok(Some(Asked::reply(report::wants_confirmation(
            speaker.login,
            &environment,
            rule.as_deref(),
            &plan,
        ))))
    }

    /// The environment that wants a second word on what changes these places or takes these environments away, and
    /// where its rule stands.
    pub(in crate::worker) async fn rule_for_second_word(
        &self,
        repository: &Repository,
        places: &[Place],
        removed: &[EnvironmentName],
    ) -> Result<Option<(EnvironmentName, Option<String>)>, Problem> {
        let packages = places.iter().map(|(package, _)| package.clone());
        let snapshot = self
            .surroundings(repository, &BTreeSet::new(), &packages.collect())
            .await?;
        let rule = places.iter().find_map(|(package, environment)| {
            let place = rules_of(&snapshot, package, environment).wants_confirmation()?;
            Some((environment.clone(), Some(place)))
        });
        Ok(rule.or_else(|| Some((removed.first()?.clone(), None))))
    }

    /// The second word: what was asked for is carried out, if the head is still the one the person saw.
    pub(super) async fn hear_confirmation(
        &self,
        speaker: Speaker<'_>,
        second: &Command,
        heard: &mut Heard,
    ) -> Result<(), Problem> {
        let waiting = self
            .store
            .confirmation(
                speaker.repository.id,
                speaker.place.pull_request,
                speaker.login,
                self.clock.now(),
            )
            .await?;
        // Said in the same breath, it is no second word: nobody has seen yet what the first one comes to.
        let waiting = waiting.filter(|waiting| !heard.lines.contains(&waiting.line));
        let Some(waiting) = waiting else {
            let login = speaker.login.to_owned();
            heard.refuse(&second.line, &Refusal::NothingToConfirm { login });
            return Ok(());
        };
        let pull = self
            .github
            .installation(speaker.repository.installation_id)
            .pull_request(&speaker.repository.name, speaker.place.pull_request)
            .await?;
        if pull.head_sha != waiting.head {
            let head = pull.head_sha;
            heard.refuse(&second.line, &Refusal::HeadMoved { head });
            return Ok(());
        }
        let speaker = Speaker {
            is_confirmed: true,
            ..speaker
        };
        for command in command::parse(&waiting.line).into_iter().flatten() {
            let asked = self.understand(speaker, &command).await?;
            heard.take(&command.line, asked);
        }
        heard.confirmed.push(waiting);
        Ok(())
    }
}
