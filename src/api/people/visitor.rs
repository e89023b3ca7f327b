//! Who asks, what they may see, and of which repository.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use serde::Deserialize;

use super::People;
use crate::api::error::{Refusal, bearer};
use crate::github::{GitHubError, Person, PersonError};
use crate::model::{Permission, Reference, RepositoryName};
use crate::store::Repository;

/// How long somebody may go on looking whose right was taken away meanwhile. What changes something asks anew.
const REMEMBERED: Duration = Duration::from_secs(60);
const MOST_REMEMBERED: usize = 10_000;

/// The same words whether there is nothing, or nothing for this person.
const NO_REPOSITORY: Refusal = Refusal::NoSuch(
    "there is no such repository here, or you may not read it: is the App installed on it?",
);

/// `{owner}` and `{name}` of a path.
#[derive(Deserialize)]
pub(super) struct Place {
    pub(super) owner: String,
    pub(super) name: String,
}

/// Somebody who may read a repository.
pub(super) struct Visitor {
    pub(super) person: Person,
    pub(super) repository: Repository,
    pub(super) permission: Permission,
}

/// What people may do in repositories (ids of both), as GitHub said a moment ago.
#[derive(Clone, Default)]
pub(super) struct Rights(Arc<Mutex<Remembered>>);

type Remembered = HashMap<(i64, i64), (Instant, Permission)>;

impl Rights {
    fn known(&self, key: (i64, i64)) -> Option<Permission> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, permission) = known.get(&key)?;
        (at.elapsed() < REMEMBERED).then_some(*permission)
    }

    fn remember(&self, key: (i64, i64), permission: Permission) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED {
            known.retain(|_, (at, _)| at.elapsed() < REMEMBERED);
        }
        if known.len() < MOST_REMEMBERED {
            known.insert(key, (Instant::now(), permission));
        }
    }
}

impl People {
    /// Who asks, if they may read the repository.
    pub(super) async fn visitor(
        &self,
        headers: &HeaderMap,
        place: &Place,
    ) -> Result<Visitor, Refusal> {
        let person = match self.worker.github.whose(bearer(headers)?).await {
            Ok(person) => person,
            Err(PersonError::Refused(words)) => return Err(Refusal::Unknown(words.to_owned())),
            Err(PersonError::Unavailable) => return Err(Refusal::Unavailable),
        };
        let name = format!("{}/{}", place.owner, place.name);
        let Ok(name) = name.parse::<RepositoryName>() else {
            return Err(NO_REPOSITORY);
        };
        let Some(repository) = self.worker.store.repository_by_name(&name).await? else {
            return Err(NO_REPOSITORY);
        };
        let permission = self.permission(&person, &repository).await?;
        if permission < Permission::Read {
            return Err(NO_REPOSITORY);
        }
        Ok(Visitor {
            person,
            repository,
            permission,
        })
    }

    async fn permission(
        &self,
        person: &Person,
        repository: &Repository,
    ) -> Result<Permission, Refusal> {
        let key = (repository.id, person.id);
        if let Some(known) = self.rights.known(key) {
            return Ok(known);
        }
        let permission = self.asked(person, repository).await.map_err(|error| {
            tracing::warn!(%error, "nobody knows what a person may see");
            Refusal::Unavailable
        })?;
        self.rights.remember(key, permission);
        Ok(permission)
    }

    /// What GitHub says now. Names are given anew: what another repository is called meanwhile says nothing of this one.
    async fn asked(
        &self,
        person: &Person,
        repository: &Repository,
    ) -> Result<Permission, GitHubError> {
        let installation = self.worker.github.installation(repository.installation_id);
        let id = installation.repository_id(&repository.name).await?;
        if id != Some(repository.id) {
            return Ok(Permission::None);
        }
        installation
            .permission(&repository.name, &person.login)
            .await
    }

    /// Whether the visitor may know what is recorded at a ref: of the workspace, of this repository, or of another one
    /// that they may read, too.
    pub(super) async fn may_see(
        &self,
        visitor: &Visitor,
        reference: &Reference,
    ) -> Result<bool, Refusal> {
        let own = &visitor.repository;
        if reference.global || reference.repository == own.reference_name {
            return Ok(true);
        }
        let other = self
            .worker
            .store
            .repository_by_reference(own.installation_id, &reference.repository)
            .await?;
        let Some(other) = other else {
            return Ok(false);
        };
        Ok(self.permission(&visitor.person, &other).await? >= Permission::Read)
    }

    /// Of these refs those that the visitor may know of.
    pub(super) async fn visible<'r>(
        &self,
        visitor: &Visitor,
        references: impl Iterator<Item = &'r Reference>,
    ) -> Result<BTreeSet<String>, Refusal> {
        let mut repositories: HashMap<&str, bool> = HashMap::new();
        let mut visible = BTreeSet::new();
        for reference in references {
            let repository = reference.repository.as_str();
            let may_see = match repositories.get(repository).filter(|_| !reference.global) {
                Some(known) => *known,
                None => self.may_see(visitor, reference).await?,
            };
            if !reference.global {
                repositories.insert(repository, may_see);
            }
            if may_see {
                visible.insert(reference.to_string());
            }
        }
        Ok(visible)
    }
}

/// A ref out of a query: whole, so that it means the same to both sides.
pub(super) fn absolute(text: &str) -> Result<Reference, Refusal> {
    let reference: Reference = text
        .parse()
        .map_err(|error| Refusal::Malformed(format!("{error}")))?;
    let is_whole = reference.global || !matches!(reference.repository.as_str(), "" | ".");
    match is_whole {
        true => Ok(reference),
        false => Err(Refusal::Malformed(format!(
            "`{text}` does not say of which repository: write it whole"
        ))),
    }
}
