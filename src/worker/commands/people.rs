//! Who a person is at the moment they act: what they may do in the repository, and which of those that rules name they
//! are. Asked from GitHub, never remembered.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::affected::{Known, concerning};
use crate::engine::rules::rules_of;
use crate::engine::{Release, Snapshot};
use crate::github::{ComparisonStatus, GitHubError};
use crate::model::{
    Actor, CodeOwners, CommitSha, EnvironmentName, Grantee, PackageName, Permission,
};
use crate::store::Repository;
use crate::worker::{Problem, Worker};

/// A package in an environment.
pub(in crate::worker) type Place = (PackageName, EnvironmentName);

impl Worker {
    /// The person as the rules about `places` need to know them. `touched` are the paths whose code owners matter.
    pub(in crate::worker) async fn actor(
        &self,
        repository: &Repository,
        (login, permission): (&str, Permission),
        snapshot: &Snapshot,
        places: &[Place],
        touched: &BTreeSet<String>,
    ) -> Result<Actor, Problem> {
        let mut grants = BTreeSet::new();
        // Nobody without the right to push is let by any rule; GitHub need not be asked about them.
        let named = if permission < Permission::Write {
            BTreeSet::new()
        } else {
            named(snapshot, places)
        };
        for grantee in named {
            let is_meant = match &grantee {
                Grantee::User(_) | Grantee::Permission(_) => false,
                Grantee::Team { .. } => self.is_in_team(repository, &grantee, login).await?,
                Grantee::CodeOwners => self.owns(repository, login, touched).await?,
            };
            if is_meant {
                grants.insert(grantee);
            }
        }
        Ok(Actor {
            login: login.to_owned(),
            permission,
            grants,
        })
    }

    /// A team that cannot be looked at lets nobody.
    async fn is_in_team(
        &self,
        repository: &Repository,
        team: &Grantee,
        login: &str,
    ) -> Result<bool, Problem> {
        let Grantee::Team { organization, slug } = team else {
            return Ok(false);
        };
        let installation = self.github.installation(repository.installation_id);
        match installation.is_team_member(organization, slug, login).await {
            Err(GitHubError::Forbidden { .. }) => {
                tracing::warn!(%team, "the App may not see who is in a team: accept its permission `members: read`");
                Ok(false)
            }
            Err(problem) if !problem.is_transient() => {
                tracing::warn!(%team, %problem, "nobody knows who is in a team");
                Ok(false)
            }
            answer => Ok(answer?),
        }
    }

    /// Whether the person owns every touched path that has owners, by `CODEOWNERS` of the default branch. Where none
    /// has, or the file cannot be read, nobody does.
    async fn owns(
        &self,
        repository: &Repository,
        login: &str,
        touched: &BTreeSet<String>,
    ) -> Result<bool, Problem> {
        if touched.is_empty() {
            return Ok(false);
        }
        let text = self
            .github
            .installation(repository.installation_id)
            .code_owners(&repository.name, &repository.default_branch)
            .await;
        let text = match text {
            Err(problem) if !problem.is_transient() => {
                tracing::warn!(%problem, repository = repository.name.as_str(), "CODEOWNERS cannot be read");
                return Ok(false);
            }
            text => text?,
        };
        let owners = CodeOwners::parse(&text.unwrap_or_default());
        let mut known: BTreeMap<&Grantee, bool> = BTreeMap::new();
        let mut owns_any = false;
        for path in touched {
            let owners = owners.owners_of(path);
            let mut is_owner = owners.is_empty();
            for owner in owners {
                let is_it = match (owner, known.get(owner)) {
                    (_, Some(is_it)) => *is_it,
                    (Grantee::User(user), None) => user.eq_ignore_ascii_case(login),
                    (owner, None) => self.is_in_team(repository, owner, login).await?,
                };
                known.insert(owner, is_it);
                is_owner |= is_it;
            }
            if !is_owner {
                return Ok(false);
            }
            owns_any |= !owners.is_empty();
        }
        Ok(owns_any)
    }

    /// The paths that make a release what it is: those that differ from the commit it was compared with and that its
    /// package watches.
    pub(in crate::worker) async fn touched(
        &self,
        repository: &Repository,
        release: &Release,
        snapshot: &Snapshot,
        places: &[Place],
    ) -> Result<BTreeSet<String>, Problem> {
        let Some(base) = &release.base else {
            return Ok(BTreeSet::new());
        };
        if !named(snapshot, places).contains(&Grantee::CodeOwners) {
            return Ok(BTreeSet::new());
        }
        let changed = match self.differing(repository, base, &release.commit).await {
            Err(Problem::GitHub(problem)) if !problem.is_transient() => {
                tracing::warn!(release = %release.name, %problem, "what a release changes is not known");
                return Ok(BTreeSet::new());
            }
            changed => changed?,
        };
        let known = self.known_at(repository, &release.commit).await?;
        Ok(concerning(&release.name.package.path, &changed, &known))
    }

    /// What is known of the packages that a commit has: one that is gone owns no folder any more.
    pub(super) async fn known_at(
        &self,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<BTreeMap<String, Known>, Problem> {
        let files = self.sources(repository, commit).await?.package_files;
        let mut known = self.store.known_packages(repository.id).await?;
        known.retain(|path, _| files.contains(path));
        Ok(known)
    }

    /// All that differs, however much that is and whatever became of the history.
    async fn differing(
        &self,
        repository: &Repository,
        base: &CommitSha,
        commit: &CommitSha,
    ) -> Result<BTreeSet<String>, Problem> {
        let comparison = self
            .github
            .installation(repository.installation_id)
            .compare(&repository.name, base.as_str(), commit.as_str())
            .await?;
        if comparison.truncated || comparison.status != ComparisonStatus::Ahead {
            return self.tree_difference(repository, base, commit).await;
        }
        Ok(comparison.changed_paths.into_iter().collect())
    }
}

/// Everybody that rules about the places name.
fn named(snapshot: &Snapshot, places: &[Place]) -> BTreeSet<Grantee> {
    let mut named = BTreeSet::new();
    for (package, environment) in places {
        for (_, protection) in rules_of(snapshot, package, environment).protections {
            let lists = [
                &protection.deploy,
                &protection.approve,
                &protection.break_glass,
            ];
            named.extend(lists.into_iter().flatten().cloned());
        }
    }
    named
}
