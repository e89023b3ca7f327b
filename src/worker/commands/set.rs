//! `set` and `unset`: custom values, and what should be in the workspace.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Asked, Speaker};
use crate::command::{Command, Verb};
use crate::config::intent_file::complete_release;
use crate::engine::Trigger;
use crate::model::{Reference, ReleaseName, SubPathKind};
use crate::report::{self, Refusal};
use crate::worker::desired::{place_of, wanted};
use crate::worker::{Problem, Worker};

impl Worker {
    /// Custom values of the pull request's releases; or what is named by a whole ref, and is made so.
    pub(super) async fn hear_set(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        let mut names = Vec::new();
        for (name, value) in &command.values {
            let references = match whole(speaker, name) {
                Some(reference) => {
                    if let Some(refusal) = foreign(speaker, &reference) {
                        asked.refusals.push(refusal);
                        continue;
                    }
                    BTreeSet::from([reference])
                }
                None => match self.of_releases(speaker, command, name).await? {
                    Ok(references) => references,
                    Err(instead) => return Ok(instead),
                },
            };
            for reference in references {
                if matches!(reference.subpath, Some((SubPathKind::Custom, _))) {
                    names.push(reference.to_string());
                    let value = value.clone();
                    asked.triggers.push(Trigger::SetCustom { reference, value });
                } else {
                    let mut value = value.clone();
                    if let Some(value) = &mut value {
                        complete_release(&reference, value);
                    }
                    self.desire(speaker, &mut asked, reference, value).await?;
                }
            }
        }
        if !names.is_empty() {
            let is_set = command.verb == Verb::Set;
            asked.replies.push(report::values_set(&names, is_set));
        }
        Ok(asked)
    }

    /// The value in each release of the pull request.
    async fn of_releases(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        name: &str,
    ) -> Result<Result<BTreeSet<Reference>, Asked>, Problem> {
        let number = speaker.place.pull_request;
        let releases = self
            .meant_releases(speaker.repository, number, command)
            .await?;
        Ok(match releases {
            Ok(releases) if releases.is_empty() => {
                let overview = report::status_overview(&[], self.clock.now());
                Err(Asked::reply(overview))
            }
            Ok(releases) => {
                let releases: BTreeSet<ReleaseName> = releases;
                Ok(releases
                    .iter()
                    .map(|release| release.custom(name))
                    .collect())
            }
            Err(refusal) => Err(Asked::refuse(refusal)),
        })
    }

    /// An environment or a deployment that should be so, or should not be.
    async fn desire(
        &self,
        speaker: Speaker<'_>,
        asked: &mut Asked,
        reference: Reference,
        value: Option<Value>,
    ) -> Result<(), Problem> {
        let repository = speaker.repository;
        let place = place_of(repository, &reference);
        let packages = place.iter().map(|(package, _)| package.clone()).collect();
        let snapshot = self
            .surroundings(repository, &BTreeSet::new(), &packages)
            .await?;
        let actor = self
            .wisher(repository, speaker.person(), &snapshot, &reference)
            .await?;
        if let Some((SubPathKind::Environment, name)) = &reference.subpath
            && value.is_none()
        {
            asked.removed.extend(name.parse());
        }
        asked.places.extend(place);
        asked
            .triggers
            .push(wanted(repository, actor, reference, value));
        Ok(())
    }
}

/// A ref that says itself what it belongs to: `@/…` of the workspace, or with a package of the repository before `/@`.
pub(super) fn whole(speaker: Speaker<'_>, name: &str) -> Option<Reference> {
    if !name.starts_with("@/") && !name.contains("/@") {
        return None;
    }
    let mut reference: Reference = name.parse().ok()?;
    if !reference.global && matches!(reference.repository.as_str(), "" | ".") {
        let own = &speaker.repository.reference_name;
        reference.repository.clone_from(own);
    }
    Some(reference)
}

/// Who may change what belongs to a repository is known there.
pub(super) fn foreign(speaker: Speaker<'_>, reference: &Reference) -> Option<Refusal> {
    let is_own = reference.global || reference.repository == speaker.repository.reference_name;
    (!is_own).then(|| Refusal::OtherRepository {
        reference: reference.to_string(),
        repository: reference.repository.clone(),
    })
}
