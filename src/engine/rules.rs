//! Which rules of config files hold where, and what they let a person do.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::snapshot::{Release, Snapshot};
use crate::model::{
    Actor, Environment, EnvironmentName, Freeze, GuardFile, PackageName, Protection, QueuePolicy,
    TaskKey,
};

/// The rules that hold together for a package in an environment.
#[derive(Clone, Debug, Default)]
pub struct Rules<'a> {
    /// `protect(...)`, with the files that say so.
    pub protections: Vec<(&'a GuardFile, &'a Protection)>,
    /// `freeze(...)`, with the files that say so.
    pub freezes: Vec<(&'a GuardFile, &'a Freeze)>,
}

/// Where a rule is written: `acme/shop environments.ocu.star:12`.
pub fn place(file: &GuardFile, line: u32) -> String {
    format!("{} {}:{line}", file.name, file.path)
}

/// The rules about `environment` for `package`, or, for `None`, for all packages of `repository`.
pub fn rules<'a>(
    snapshot: &'a Snapshot,
    repository: &str,
    package: Option<&PackageName>,
    environment: &EnvironmentName,
) -> Rules<'a> {
    rules_among(&snapshot.guards, snapshot, repository, package, environment)
}

/// The same, of other files than those the snapshot holds.
pub fn rules_among<'a>(
    files: &'a [GuardFile],
    snapshot: &Snapshot,
    repository: &str,
    package: Option<&PackageName>,
    environment: &EnvironmentName,
) -> Rules<'a> {
    let unregistered = Environment {
        name: environment.clone(),
        attributes: std::collections::BTreeMap::new(),
    };
    let registered = snapshot.environments.get(environment);
    let environment = registered.unwrap_or(&unregistered);
    let mut rules = Rules::default();
    for file in files {
        if !file.reaches(repository, package, &environment.name) {
            continue;
        }
        for protection in &file.guards.protections {
            let mut selectors = protection.environments.iter();
            if selectors.any(|selector| selector.selects(environment)) {
                rules.protections.push((file, protection));
            }
        }
        for freeze in &file.guards.freezes {
            let mut selectors = freeze.environments.iter();
            if selectors.any(|selector| selector.selects(environment)) {
                rules.freezes.push((file, freeze));
            }
        }
    }
    rules
}

/// The rules for one deployment of a release.
pub fn rules_of<'a>(
    snapshot: &'a Snapshot,
    package: &PackageName,
    environment: &EnvironmentName,
) -> Rules<'a> {
    rules(snapshot, &package.repository, Some(package), environment)
}

/// A rule that does not let a person do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What it does not let the person do.
    pub what: Deed,
    /// Where it is written; `None` where there is no rule and what holds without one does not let them.
    pub place: Option<String>,
    /// Whom it lets.
    pub lets: Vec<crate::model::Grantee>,
}

/// What rules let people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Give commands that change what is deployed.
    Deploy,
    /// Approve.
    Approve,
    /// Go past every gate.
    BreakGlass,
}

impl<'a> Rules<'a> {
    /// Whether the person may change what is deployed: every rule must let them.
    ///
    /// # Errors
    /// The first rule that does not.
    pub fn may_deploy(&self, actor: &Actor) -> Result<(), Denied> {
        self.lets(actor, |protection| &protection.deploy)
    }

    /// Whether the person may go past every gate.
    ///
    /// # Errors
    /// The first rule that does not let them.
    pub fn may_break_glass(&self, actor: &Actor) -> Result<(), Denied> {
        let administrators = [crate::model::Grantee::Permission(
            crate::model::Permission::Admin,
        )];
        if self.protections.is_empty() && !actor.is_one_of(&administrators) {
            return Err(Denied {
                what: Deed::BreakGlass,
                place: None,
                lets: administrators.to_vec(),
            });
        }
        for (file, protection) in &self.protections {
            let lets = match protection.break_glass.as_slice() {
                [] => &administrators[..],
                named => named,
            };
            if !actor.is_one_of(lets) {
                return Err(denied(Deed::BreakGlass, file, protection, lets));
            }
        }
        Ok(())
    }

    /// Whether an approval of the person counts for any of the rules that want one, or, where none does, whether they
    /// may push.
    ///
    /// # Errors
    /// A rule that wants approvals of others.
    pub fn may_approve(&self, actor: &Actor) -> Result<(), Denied> {
        let mut first = None;
        for (file, protection) in &self.protections {
            if protection.approvals == 0 {
                continue;
            }
            if actor.is_one_of(&protection.approve) {
                return Ok(());
            }
            first.get_or_insert_with(|| {
                denied(Deed::Approve, file, protection, &protection.approve)
            });
        }
        first.map_or(Ok(()), Err)
    }

    fn lets(
        &self,
        actor: &Actor,
        grantees: impl Fn(&'a Protection) -> &'a Vec<crate::model::Grantee>,
    ) -> Result<(), Denied> {
        for (file, protection) in &self.protections {
            let lets = grantees(protection);
            if !actor.is_one_of(lets) {
                return Err(denied(Deed::Deploy, file, protection, lets));
            }
        }
        Ok(())
    }

    /// The rule that keeps commits of open pull requests away.
    pub fn refuses_pull_requests(&self) -> Option<String> {
        let mut protections = self.protections.iter();
        let found = protections.find(|(_, protection)| !protection.pull_requests);
        found.map(|(file, protection)| place(file, protection.line))
    }

    /// The rule that wants commands to be confirmed.
    pub fn wants_confirmation(&self) -> Option<String> {
        let mut protections = self.protections.iter();
        let found = protections.find(|(_, protection)| protection.confirm);
        found.map(|(file, protection)| place(file, protection.line))
    }

    /// How long a release must have been live before, in seconds: the longest that any of the rules wants.
    pub fn soak_seconds(&self) -> Option<i64> {
        let protections = self.protections.iter();
        protections
            .filter_map(|(_, protection)| protection.soak_seconds)
            .max()
    }

    /// What happens to deployments that wait: the most careful of the rules decides.
    pub fn queue(&self) -> QueuePolicy {
        let is = |policy| {
            let mut protections = self.protections.iter();
            protections.any(|(_, protection)| protection.queue == policy)
        };
        if is(QueuePolicy::Manual) {
            QueuePolicy::Manual
        } else if is(QueuePolicy::All) {
            QueuePolicy::All
        } else {
            QueuePolicy::Newest
        }
    }
}

fn denied(
    what: Deed,
    file: &GuardFile,
    protection: &Protection,
    lets: &[crate::model::Grantee],
) -> Denied {
    Denied {
        what,
        place: Some(place(file, protection.line)),
        lets: lets.to_vec(),
    }
}

/// What an approval is of: the commit, what is done, the environment as it is, and the rules. Anything else of it
/// changed, it is another plan.
pub fn plan_of(snapshot: &Snapshot, release: &Release, environment: &EnvironmentName) -> String {
    let rules = rules_of(snapshot, &release.name.package, environment);
    let protections = rules.protections.iter().map(|(_, protection)| Protection {
        // Where it stands in its file is not what it says.
        line: 0,
        ..(*protection).clone()
    });
    let task = TaskKey::Deploy(environment.clone());
    let plan = json!({
        "commit": release.commit.as_str(),
        "task": release.package.task(&task),
        "environment": snapshot.environments.get(environment),
        "protections": protections.collect::<Vec<_>>(),
    });
    let digest = Sha256::digest(plan.to_string());
    hex::encode(&digest[..8])
}
