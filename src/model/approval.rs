//! What people have said about a release going to an environment, and who they are.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{EnvironmentName, Grantee, Guards, PackageName, Permission, RepositoryName, Timestamp};

/// A person as GitHub knows them at the moment they act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// GitHub login.
    pub login: String,
    /// What they may do in the repository they act in.
    pub permission: Permission,
    /// Which of the people, teams and code owners that rules name they are.
    pub grants: BTreeSet<Grantee>,
}

impl Actor {
    /// Whether a rule that names `grantees` means this person; one that names nobody means whoever may push.
    pub fn is_one_of(&self, grantees: &[Grantee]) -> bool {
        if self.permission < Permission::Write {
            return false;
        }
        grantees.is_empty() || grantees.iter().any(|grantee| self.is(grantee))
    }

    fn is(&self, grantee: &Grantee) -> bool {
        match grantee {
            Grantee::User(login) => login.eq_ignore_ascii_case(&self.login),
            Grantee::Permission(needed) => self.permission >= *needed,
            Grantee::Team { .. } | Grantee::CodeOwners => self.grants.contains(grantee),
        }
    }
}

/// What a person has said about one release in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What they said.
    pub kind: ApprovalKind,
    /// Who, by GitHub login.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The plan they were shown: said of another plan, it does not count.
    pub plan: String,
    /// What the person could do in the repository.
    pub permission: Permission,
    /// Which of the people that rules name they were.
    pub grants: BTreeSet<Grantee>,
}

impl Approval {
    /// The person as they were when they said it.
    pub fn actor(&self) -> Actor {
        Actor {
            login: self.by.clone(),
            permission: self.permission,
            grants: self.grants.clone(),
        }
    }
}

/// What a person can say about a release in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// It may go there.
    Approve,
    /// It is to go there: what an environment whose queue is `manual` waits for.
    Deploy,
    /// It goes there whatever stands in the way.
    BreakGlass {
        /// Why.
        reason: String,
    },
}

impl ApprovalKind {
    /// The word for it, as it is stored.
    pub fn as_str(&self) -> &'static str {
        match self {
            ApprovalKind::Approve => "approve",
            ApprovalKind::Deploy => "deploy",
            ApprovalKind::BreakGlass { .. } => "break_glass",
        }
    }
}

/// What one config file of a default branch guards, and how far that reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuardFile {
    /// The repository, as refs call it.
    pub repository: String,
    /// The repository's name on GitHub, for people.
    pub name: RepositoryName,
    /// The file's path.
    pub path: String,
    /// Whether the file holds a package: then it guards that package.
    pub is_package: bool,
    /// The environments it registers: those it guards for the whole workspace.
    pub registers: BTreeSet<EnvironmentName>,
    /// Its rules.
    pub guards: Guards,
}

impl GuardFile {
    /// Whether its rules about `environment` hold for `package`; `None` means a whole repository's packages.
    pub fn reaches(
        &self,
        repository: &str,
        package: Option<&PackageName>,
        environment: &EnvironmentName,
    ) -> bool {
        if self.registers.contains(environment) {
            return true;
        }
        self.repository == repository
            && (!self.is_package || package.is_some_and(|package| package.path == self.path))
    }
}
