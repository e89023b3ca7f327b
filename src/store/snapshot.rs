//! Reading what one decision may look at, in one read transaction and with a number of statements that does not grow
//! with what exists.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::{self, Documents, LIST};
use super::names::package_name;
use super::packages::{self, PackageIds};
use super::releases;
use super::scope::Scope;
use super::{Result, Store, graph, placeholders, standing};
use crate::engine::{Run, Snapshot, documents_read, inputs_read};
use crate::model::{
    DeploymentName, EnvironmentName, Package, PackageName, Reference, Registration, ReleaseName,
    ReleaseNumber, RunState, TaskKey, latest_document,
};
use crate::store::database::{Connection, query};

impl Store {
    /// Reads what `scope` names, with the workspace's version at that moment.
    ///
    /// # Errors
    /// When the database does, or something stored cannot be read back.
    pub async fn snapshot(&self, scope: &Scope) -> Result<(Snapshot, i64)> {
        let mut transaction = self.readers.begin().await?;
        let connection = &mut *transaction;
        let installation_id = scope.installation_id;
        let version = version(connection, installation_id).await?;
        let (environments, registrations) =
            graph::environments(connection, installation_id).await?;
        let wanted = intents(scope, &registrations);
        let mut intents =
            documents::read_from(connection, Documents::Intent, installation_id, &wanted).await?;
        intents.extend(graph::intents(connection, installation_id, &scope.environments).await?);
        let mut named = scope.releases.clone();
        named.extend(graph::intended(&intents));
        let reach = reach(connection, scope, &registrations).await?;
        named.extend(live(connection, installation_id, &reach.live).await?);
        let last_of_default =
            standing::last_of_default(connection, installation_id, &scope.returns).await?;
        named.extend(last_of_default.values().cloned());
        let ids = packages(connection, scope, &named, &reach).await?;
        let mut snapshot = Snapshot {
            environments,
            registrations,
            intents,
            tags: reach.tags,
            reads: reach.reads,
            occupants: reach.occupants,
            next_numbers: ids.next_numbers(),
            last_of_default,
            ..Snapshot::default()
        };
        if let Some(commit) = &scope.commit {
            for name in releases::at_commit(connection, &ids, commit).await? {
                let key = (name.package.clone(), commit.clone());
                named.insert(name.clone());
                snapshot.at_commit.insert(key, name);
            }
        }
        (snapshot.releases, snapshot.approvals) =
            releases::read(connection, &ids, &named, &scope.runs).await?;
        providers_of_waiting(connection, installation_id, &mut snapshot).await?;
        if scope.is_asked {
            let places = places(&snapshot, &named);
            snapshot.gone = graph::gone(connection, installation_id, &places).await?;
        }
        let repositories = repositories(scope, &ids);
        snapshot.guards = standing::guards(connection, installation_id, &repositories).await?;
        snapshot.locks = standing::locks(connection, installation_id, &repositories).await?;
        snapshot.holds = standing::holds(connection, installation_id, &repositories).await?;
        let references = needed(&snapshot, &named, scope);
        snapshot.documents = documents::read(connection, installation_id, &references).await?;
        transaction.commit().await?;
        Ok((snapshot, version))
    }
}

/// What should be, as far as the decision is about it: an environment that is being emptied may be wanted again.
fn intents(
    scope: &Scope,
    registrations: &BTreeMap<EnvironmentName, Registration>,
) -> BTreeSet<Reference> {
    let mut leaving = registrations.iter().filter(|(_, known)| known.is_leaving());
    let leaving = leaving
        .by_ref()
        .map(|(name, _)| Reference::global(crate::model::SubPathKind::Environment, name.as_str()));
    leaving.chain(scope.intents.iter().cloned()).collect()
}

/// Where the releases go whose environment is not there.
fn places(snapshot: &Snapshot, named: &BTreeSet<ReleaseName>) -> BTreeSet<EnvironmentName> {
    let releases = named.iter().filter_map(|name| snapshot.releases.get(name));
    let keys = releases.flat_map(|release| {
        let tasks = release.package.tasks().map(|task| &task.key);
        tasks.chain(release.runs.keys().map(|(key, _)| key))
    });
    keys.filter_map(TaskKey::environment)
        .filter(|place| !snapshot.registrations.contains_key(place))
        .cloned()
        .collect()
}

/// The packages the decision is about, those that wait for what it may write among them.
async fn packages(
    connection: &mut Connection,
    scope: &Scope,
    named: &BTreeSet<ReleaseName>,
    reach: &Reach,
) -> Result<PackageIds> {
    let installation_id = scope.installation_id;
    let mut packages = scope.packages.clone();
    packages.extend(reach.packages.iter().cloned());
    packages.extend(named.iter().map(|release| release.package.clone()));
    let mut writes = reach.writes.clone();
    writes.extend(awaited(connection, installation_id, &scope.approves).await?);
    packages.extend(waiting_packages(connection, installation_id, &writes).await?);
    packages::read(connection, installation_id, &packages).await
}

/// The repositories, as refs call them, of all packages the decision is about.
fn repositories(scope: &Scope, ids: &PackageIds) -> BTreeSet<String> {
    let packages = ids.by_id.values().chain(&scope.packages);
    let mut repositories = scope.repositories.clone();
    repositories.extend(packages.map(|package| package.repository.clone()));
    repositories
}

/// The documents that the engine may ask for.
fn needed(
    snapshot: &Snapshot,
    named: &BTreeSet<ReleaseName>,
    scope: &Scope,
) -> BTreeSet<Reference> {
    let mut references = scope.reads.clone();
    for release in snapshot.releases.values() {
        // A run of a release that the trigger names may be tried again, and a new one made.
        let is_named = named.contains(&release.name);
        for ((key, _), run) in &release.runs {
            if is_named || !run.state.is_finished() {
                references.insert(latest_document(&release.name.package, key));
                references.extend(read_by(&release.name, run));
            }
        }
        if is_named {
            references.extend(read_by_file(&release.name, &release.package));
        }
    }
    for (package, file) in &scope.files {
        references.extend(read_by_file(&about(snapshot, package, scope), file));
    }
    references
}

/// What the current function of a run reads, and its first one: a retry begins there again.
fn read_by(release: &ReleaseName, run: &Run) -> BTreeSet<Reference> {
    let first = run.calls.first();
    let calls = first.into_iter().chain(run.calls.last());
    calls
        .flat_map(|call| documents_read(release, call))
        .collect()
}

/// What the tasks of a file read, and who holds what they write.
fn read_by_file(release: &ReleaseName, file: &Package) -> BTreeSet<Reference> {
    let mut references = BTreeSet::new();
    for task in file.tasks() {
        references.insert(latest_document(&release.package, &task.key));
        references.extend(inputs_read(release, &task.inputs));
    }
    references
}

/// The release that a file is about: the one of its commit, the one that is planned again, or the next.
fn about(snapshot: &Snapshot, package: &PackageName, scope: &Scope) -> ReleaseName {
    let at_commit = scope.commit.as_ref().and_then(|commit| {
        let key = (package.clone(), commit.clone());
        snapshot.at_commit.get(&key).cloned()
    });
    let mut named = scope.releases.iter();
    at_commit
        .or_else(|| named.find(|release| release.package == *package).cloned())
        .unwrap_or_else(|| snapshot.next_release(package))
}

async fn version(connection: &mut Connection, installation_id: i64) -> Result<i64> {
    let row = query("SELECT version FROM workspace WHERE installation_id = $1")
        .bind(installation_id)
        .fetch_optional(connection)
        .await?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// How far the changes of a trigger reach by what is live.
struct Reach {
    /// What may be written, by all its names.
    writes: BTreeSet<Reference>,
    /// Deployments whose live release is needed.
    live: BTreeSet<DeploymentName>,
    /// Packages whose open releases are needed.
    packages: BTreeSet<PackageName>,
    reads: graph::Reads,
    occupants: BTreeMap<EnvironmentName, BTreeSet<DeploymentName>>,
    tags: BTreeMap<(PackageName, String), ReleaseNumber>,
}

async fn reach(
    connection: &mut Connection,
    scope: &Scope,
    registrations: &BTreeMap<EnvironmentName, Registration>,
) -> Result<Reach> {
    let installation_id = scope.installation_id;
    let named: BTreeSet<Reference> = scope.writes.union(&scope.intents).cloned().collect();
    let tags = graph::tags(connection, installation_id, &named).await?;
    let mut writes = scope.writes.clone();
    for reference in &scope.writes {
        writes.extend(graph::also_written(connection, installation_id, reference, &tags).await?);
    }
    let leaving = registrations
        .iter()
        .filter(|(_, registration)| registration.is_leaving())
        .map(|(name, _)| name.clone());
    let environments: BTreeSet<EnvironmentName> =
        leaving.chain(scope.environments.iter().cloned()).collect();
    let occupants = graph::occupants(connection, installation_id, &environments).await?;
    let mut packages = graph::busy_packages(connection, installation_id, &environments).await?;
    let readers = graph::readers(connection, installation_id, &writes).await?;
    let mut affected: BTreeSet<DeploymentName> = readers.into_keys().collect();
    affected.extend(occupants.values().flatten().cloned());
    let following = affected.union(&scope.follow).cloned().collect();
    let reads = graph::reads(connection, installation_id, &following).await?;
    packages.extend(reads.keys().map(|deployment| deployment.package.clone()));
    let asked = scope
        .live
        .iter()
        .map(|(package, environment)| DeploymentName {
            package: package.clone(),
            environment: environment.clone(),
        });
    affected.extend(asked);
    Ok(Reach {
        writes,
        live: affected,
        packages,
        reads,
        occupants,
        tags,
    })
}

/// Adds what the deployments read that wait to run again because of others, and whether those others are at work.
async fn providers_of_waiting(
    connection: &mut Connection,
    installation_id: i64,
    snapshot: &mut Snapshot,
) -> Result<()> {
    let mut waiting = BTreeSet::new();
    for release in snapshot.releases.values() {
        for ((key, _), run) in &release.runs {
            let deployment = DeploymentName::of(&release.name.package, key);
            let is_waiting = run.cascade.is_some() && run.state == RunState::Pending;
            waiting.extend(deployment.filter(|_| is_waiting));
        }
    }
    waiting.retain(|deployment| !snapshot.reads.contains_key(deployment));
    if waiting.is_empty() {
        return Ok(());
    }
    let reads = graph::reads(connection, installation_id, &waiting).await?;
    let known: BTreeSet<&PackageName> =
        snapshot.releases.keys().map(|name| &name.package).collect();
    let mut packages: BTreeSet<PackageName> = reads
        .keys()
        .map(|deployment| deployment.package.clone())
        .collect();
    packages.retain(|package| !known.contains(package));
    let ids = packages::read(connection, installation_id, &packages).await?;
    let none = BTreeSet::new();
    let (releases, approvals) = releases::read(connection, &ids, &none, &BTreeSet::new()).await?;
    snapshot.releases.extend(releases);
    snapshot.approvals.extend(approvals);
    snapshot.reads.extend(reads);
    Ok(())
}

/// The releases that are live in the deployments.
async fn live(
    connection: &mut Connection,
    installation_id: i64,
    deployments: &BTreeSet<DeploymentName>,
) -> Result<BTreeSet<ReleaseName>> {
    if deployments.is_empty() {
        return Ok(BTreeSet::new());
    }
    let references = deployments.iter().map(DeploymentName::document).collect();
    let found = documents::read(connection, installation_id, &references).await?;
    let mut releases = BTreeSet::new();
    for (reference, body) in &found {
        if let Some(package) = reference.package() {
            let number = documents::release_number(body)?;
            releases.insert(ReleaseName { package, number });
        }
    }
    Ok(releases)
}

/// The documents that runs of `releases` wait for.
async fn awaited(
    connection: &mut Connection,
    installation_id: i64,
    releases: &BTreeSet<ReleaseName>,
) -> Result<BTreeSet<Reference>> {
    let mut references = BTreeSet::new();
    let releases: Vec<&ReleaseName> = releases.iter().collect();
    for chunk in releases.chunks(LIST / 3) {
        let names: Vec<String> = (0..chunk.len())
            .map(|index| placeholders(2 + index * 3, 3))
            .collect();
        let sql = format!(
            "SELECT DISTINCT input_edge.reference FROM package \
             JOIN release ON release.package_id = package.id \
             JOIN run ON run.release_id = release.id \
             JOIN input_edge ON input_edge.run_id = run.id \
             WHERE package.installation_id = $1 \
             AND (package.repository, package.path, release.number) IN (VALUES {})",
            names.join(", ")
        );
        let mut query = query(sql).bind(installation_id);
        for release in chunk {
            let package = &release.package;
            query = query.bind(&package.repository).bind(&package.path);
            query = query.bind(release.number.0);
        }
        for row in query.fetch_all(&mut *connection).await? {
            references.insert(super::parse("reference", row.get(0))?);
        }
    }
    Ok(references)
}

/// The packages of the runs that wait for any of `writes`.
async fn waiting_packages(
    connection: &mut Connection,
    installation_id: i64,
    writes: &BTreeSet<Reference>,
) -> Result<BTreeSet<PackageName>> {
    let mut packages = BTreeSet::new();
    let texts: Vec<String> = writes.iter().map(ToString::to_string).collect();
    for chunk in texts.chunks(LIST) {
        let sql = format!(
            "SELECT DISTINCT package.repository, package.path FROM input_edge \
             JOIN run ON run.id = input_edge.run_id JOIN release ON release.id = run.release_id \
             JOIN package ON package.id = release.package_id \
             WHERE input_edge.installation_id = $1 AND input_edge.reference IN {}",
            placeholders(2, chunk.len())
        );
        let mut query = query(sql).bind(installation_id);
        for text in chunk {
            query = query.bind(text);
        }
        for row in query.fetch_all(&mut *connection).await? {
            packages.insert(package_name(&row, 0));
        }
    }
    Ok(packages)
}
