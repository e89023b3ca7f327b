//! Repositories and who may do what in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::check::{CheckRun, CheckSuite};
use super::comment::{Comment, Issue};
use super::deployment::Deployment;
use super::pull_request::PullRequest;
use super::refusal::Refusal;
use super::workflow::WorkflowRun;
use super::world::World;
use crate::simulator::git::Git;

/// What a person may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Does not see a private repository.
    None,
    /// Sees it.
    Read,
    /// Manages issues.
    Triage,
    /// Pushes.
    Write,
    /// Manages without destroying.
    Maintain,
    /// Everything.
    Admin,
}

impl Permission {
    /// GitHub's `role_name`.
    pub fn role(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// GitHub's older `permission`, which knows no triage and no maintain.
    pub fn legacy(self) -> &'static str {
        match self {
            Self::Triage => "read",
            Self::Maintain => "write",
            other => other.role(),
        }
    }
}

impl std::str::FromStr for Permission {
    type Err = Refusal;

    fn from_str(role: &str) -> Result<Self, Refusal> {
        let all = [
            Self::None,
            Self::Read,
            Self::Triage,
            Self::Write,
            Self::Maintain,
            Self::Admin,
        ];
        all.into_iter()
            .find(|permission| permission.role() == role)
            .ok_or_else(|| Refusal::unprocessable(format!("no such permission: {role}")))
    }
}

/// A repository with everything in it.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) full_name: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) default_branch: String,
    pub(crate) created_at: i64,
    pub(crate) pushed_at: i64,
    /// Full name of the repository this one was forked from.
    pub(crate) fork_of: Option<String>,
    pub(crate) installation: Option<u64>,
    pub(crate) git: Git,
    pub(crate) permissions: BTreeMap<String, Permission>,
    /// Issues and pull requests share their numbers.
    pub(crate) last_number: u64,
    pub(crate) issues: BTreeMap<u64, Issue>,
    pub(crate) pull_requests: BTreeMap<u64, PullRequest>,
    pub(crate) comments: BTreeMap<u64, Comment>,
    pub(crate) check_suites: BTreeMap<u64, CheckSuite>,
    pub(crate) check_runs: BTreeMap<u64, CheckRun>,
    pub(crate) workflows: BTreeMap<String, u64>,
    pub(crate) disabled_workflows: BTreeSet<String>,
    pub(crate) workflow_runs: BTreeMap<u64, WorkflowRun>,
    pub(crate) deployments: BTreeMap<u64, Deployment>,
    /// Name to id and time of creation.
    pub(crate) environments: BTreeMap<String, (u64, i64)>,
}

impl Repository {
    /// The permission of a person. Everyone reads a public repository, the owner administers it.
    pub(crate) fn permission(&self, login: &str) -> Permission {
        if let Some(permission) = self.permissions.get(&login.to_lowercase()) {
            return *permission;
        }
        match (login.eq_ignore_ascii_case(&self.owner), self.private) {
            (true, _) => Permission::Admin,
            (false, false) => Permission::Read,
            (false, true) => Permission::None,
        }
    }

    /// The commit at the tip of the default branch.
    pub(crate) fn default_tip(&self) -> Option<String> {
        self.git.branch(&self.default_branch)
    }
}

impl World {
    /// Creates an empty repository; the App is not installed on it yet.
    pub(crate) fn create_repository(
        &mut self,
        full_name: &str,
        private: bool,
    ) -> Result<(), Refusal> {
        let (owner, name) = split_name(full_name)?;
        self.renamed.remove(&full_name.to_lowercase());
        if self.repository(full_name).is_ok() {
            return Err(Refusal::unprocessable(format!(
                "{full_name} exists already"
            )));
        }
        self.owner(owner);
        let directory = self
            .data_directory
            .join("repositories")
            .join(owner)
            .join(format!("{name}.git"));
        let git = Git::initialize(directory, "main")?;
        self.add_repository(owner, name, private, None, git);
        Ok(())
    }

    /// The fork of a repository that belongs to a person, created when there is none.
    pub(crate) fn fork_repository(
        &mut self,
        full_name: &str,
        login: &str,
    ) -> Result<String, Refusal> {
        let source = self.repository(full_name)?;
        let (name, private, git) = (source.name.clone(), source.private, source.git.clone());
        let fork = format!("{login}/{name}");
        if self.repository(&fork).is_err() {
            self.user(login);
            let directory = self
                .data_directory
                .join("repositories")
                .join(login)
                .join(format!("{name}.git"));
            let git = git.fork(directory)?;
            self.add_repository(login, &name, private, Some(full_name.to_owned()), git);
        }
        Ok(fork)
    }

    fn add_repository(
        &mut self,
        owner: &str,
        name: &str,
        private: bool,
        fork_of: Option<String>,
        git: Git,
    ) {
        let now = self.now();
        let repository = Repository {
            id: self.ids.next("repository"),
            full_name: format!("{owner}/{name}"),
            owner: owner.to_owned(),
            name: name.to_owned(),
            private,
            archived: false,
            default_branch: "main".to_owned(),
            created_at: now,
            pushed_at: now,
            fork_of,
            installation: None,
            git,
            permissions: BTreeMap::new(),
            last_number: 0,
            issues: BTreeMap::new(),
            pull_requests: BTreeMap::new(),
            comments: BTreeMap::new(),
            check_suites: BTreeMap::new(),
            check_runs: BTreeMap::new(),
            workflows: BTreeMap::new(),
            disabled_workflows: BTreeSet::new(),
            workflow_runs: BTreeMap::new(),
            deployments: BTreeMap::new(),
            environments: BTreeMap::new(),
        };
        self.repositories
            .insert(repository.full_name.to_lowercase(), repository);
    }

    /// Gives a person a permission.
    pub(crate) fn set_permission(
        &mut self,
        full_name: &str,
        login: &str,
        permission: Permission,
    ) -> Result<(), Refusal> {
        self.user(login);
        self.repository_mut(full_name)?
            .permissions
            .insert(login.to_lowercase(), permission);
        Ok(())
    }

    /// Renames a repository within its owner.
    pub(crate) fn rename_repository(
        &mut self,
        full_name: &str,
        name: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        let mut repository = self
            .repositories
            .remove(&full_name.to_lowercase())
            .ok_or_else(Refusal::not_found)?;
        let previous = std::mem::replace(&mut repository.name, name.to_owned());
        repository.full_name = format!("{}/{name}", repository.owner);
        let renamed = repository.full_name.clone();
        // Another repository may take an old name; this one may get its own back.
        self.renamed.remove(&renamed.to_lowercase());
        self.renamed
            .insert(full_name.to_lowercase(), renamed.clone());
        self.repositories.insert(renamed.to_lowercase(), repository);
        let changes = json!({"repository": {"name": {"from": previous}}});
        self.emit(
            &renamed,
            "repository",
            Some("renamed"),
            login,
            json!({"changes": changes}),
        )
    }
}

/// Owner and name of `owner/name`.
pub(crate) fn split_name(full_name: &str) -> Result<(&str, &str), Refusal> {
    let valid = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
    };
    match full_name.split_once('/') {
        Some((owner, name)) if valid(owner) && valid(name) => Ok((owner, name)),
        _ => Err(Refusal::unprocessable(format!(
            "not a repository name: {full_name}"
        ))),
    }
}
