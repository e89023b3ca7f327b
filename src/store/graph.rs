//! The graph of live deployments: what each reads, who is where, and where environments come from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::documents::LIST;
use super::names::package_name;
use super::records::tagged;
use super::{Result, from_json, parse, placeholders, releases, rows};
use crate::model::{
    DeploymentName, Environment, EnvironmentName, PackageName, Reference, Registration,
    ReleaseName, ReleaseNumber, SubPathKind, TaskKey,
};
use crate::store::database::{Connection, Row, Transaction, query};

/// What live deployments read, by deployment.
pub(super) type Reads = BTreeMap<DeploymentName, BTreeSet<Reference>>;

/// Writes down what a live deployment reads, in place of what it read before.
pub(super) async fn put_reads(
    transaction: &mut Transaction,
    installation_id: i64,
    deployment: &DeploymentName,
    reads: &BTreeSet<Reference>,
) -> Result<()> {
    query(
        "DELETE FROM live_read WHERE installation_id = $1 AND repository = $2 AND path = $3 \
         AND environment = $4",
    )
    .bind(installation_id)
    .bind(&deployment.package.repository)
    .bind(&deployment.package.path)
    .bind(deployment.environment.as_str())
    .execute(&mut **transaction)
    .await?;
    let reads: Vec<&Reference> = reads.iter().collect();
    for chunk in reads.chunks(LIST) {
        let rows: Vec<String> = (0..chunk.len())
            .map(|index| format!("($1, ${}, $2, $3, $4)", index + 5))
            .collect();
        let sql = format!(
            "INSERT INTO live_read (installation_id, reference, repository, path, environment) VALUES {}",
            rows.join(", ")
        );
        let mut query = query(sql)
            .bind(installation_id)
            .bind(&deployment.package.repository)
            .bind(&deployment.package.path)
            .bind(deployment.environment.as_str());
        for reference in chunk {
            query = query.bind(reference.to_string());
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

pub(super) async fn put_registration(
    transaction: &mut Transaction,
    installation_id: i64,
    name: &EnvironmentName,
    registration: &Registration,
) -> Result<()> {
    query(
        "INSERT INTO registration (installation_id, environment, repository, path, presence) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (installation_id, environment) DO UPDATE SET \
         repository = excluded.repository, path = excluded.path, presence = excluded.presence",
    )
    .bind(installation_id)
    .bind(name.as_str())
    .bind(&registration.repository)
    .bind(&registration.path)
    .bind(rows::word(&registration.presence)?)
    .execute(&mut **transaction)
    .await?;
    query("DELETE FROM gone_environment WHERE installation_id = $1 AND environment = $2")
        .bind(installation_id)
        .bind(name.as_str())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

pub(super) async fn delete_registration(
    transaction: &mut Transaction,
    installation_id: i64,
    name: &EnvironmentName,
) -> Result<()> {
    query("DELETE FROM registration WHERE installation_id = $1 AND environment = $2")
        .bind(installation_id)
        .bind(name.as_str())
        .execute(&mut **transaction)
        .await?;
    query(
        "INSERT INTO gone_environment (installation_id, environment) VALUES ($1, $2) \
         ON CONFLICT (installation_id, environment) DO NOTHING",
    )
    .bind(installation_id)
    .bind(name.as_str())
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Those of the environments that were there once and are not any more.
pub(super) async fn gone(
    connection: &mut Connection,
    installation_id: i64,
    names: &BTreeSet<EnvironmentName>,
) -> Result<BTreeSet<EnvironmentName>> {
    let mut found = BTreeSet::new();
    let names: Vec<&EnvironmentName> = names.iter().collect();
    for chunk in names.chunks(LIST) {
        let sql = format!(
            "SELECT environment FROM gone_environment \
             WHERE installation_id = $1 AND environment IN {}",
            placeholders(2, chunk.len())
        );
        let mut query = query(sql).bind(installation_id);
        for name in chunk {
            query = query.bind(name.as_str());
        }
        for row in query.fetch_all(&mut *connection).await? {
            found.insert(parse("environment", row.get(0))?);
        }
    }
    Ok(found)
}

/// The environments of a workspace, without those on their way out, and where each comes from.
pub(super) async fn environments(
    connection: &mut Connection,
    installation_id: i64,
) -> Result<(
    BTreeMap<EnvironmentName, Environment>,
    BTreeMap<EnvironmentName, Registration>,
)> {
    let rows = query(
        "SELECT environment, repository, path, presence FROM registration \
         WHERE installation_id = $1",
    )
    .bind(installation_id)
    .fetch_all(&mut *connection)
    .await?;
    let mut registrations = BTreeMap::new();
    for row in rows {
        let registration = Registration {
            repository: row.get(1),
            path: row.get(2),
            presence: releases::word("presence", row.get(3))?,
        };
        registrations.insert(parse("environment", row.get(0))?, registration);
    }
    let rows = query(
        "SELECT body FROM state \
         WHERE installation_id = $1 AND kind = 'environment' AND release = ''",
    )
    .bind(installation_id)
    .fetch_all(connection)
    .await?;
    let mut environments = BTreeMap::new();
    for row in rows {
        let environment: Environment = from_json("environment", row.get(0))?;
        let registration: Option<&Registration> = registrations.get(&environment.name);
        if !registration.is_some_and(|registration| registration.is_leaving()) {
            environments.insert(environment.name.clone(), environment);
        }
    }
    Ok((environments, registrations))
}

/// The live deployments that read any of the documents, or name something by any of the tags, with which of them.
pub(super) async fn readers(
    connection: &mut Connection,
    installation_id: i64,
    references: &BTreeSet<Reference>,
) -> Result<Reads> {
    let texts: Vec<String> = references.iter().map(ToString::to_string).collect();
    let mut found = Reads::new();
    for chunk in texts.chunks(LIST) {
        let sql = format!(
            "SELECT repository, path, environment, reference FROM live_read \
             WHERE installation_id = $1 AND reference IN {}",
            placeholders(2, chunk.len())
        );
        let mut query = query(sql).bind(installation_id);
        for text in chunk {
            query = query.bind(text);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let read = parse("reference", row.get(3))?;
            found.entry(deployment(&row)?).or_default().insert(read);
        }
    }
    Ok(found)
}

/// What the deployments read, and what the deployments read that they read: one statement for each step away.
pub(super) async fn reads(
    connection: &mut Connection,
    installation_id: i64,
    from: &BTreeSet<DeploymentName>,
) -> Result<Reads> {
    let mut found = Reads::new();
    let mut open: BTreeSet<DeploymentName> = from.clone();
    while !open.is_empty() {
        let step: Vec<DeploymentName> = std::mem::take(&mut open).into_iter().collect();
        for chunk in step.chunks(LIST / 3) {
            for deployment in chunk {
                found.entry(deployment.clone()).or_default();
            }
            let names: Vec<String> = (0..chunk.len())
                .map(|index| placeholders(2 + index * 3, 3))
                .collect();
            let sql = format!(
                "WITH wanted (repository, path, environment) AS (VALUES {}) \
                 SELECT live_read.repository, live_read.path, live_read.environment, live_read.reference \
                 FROM wanted JOIN live_read ON live_read.installation_id = $1 \
                 AND live_read.repository = wanted.repository AND live_read.path = wanted.path \
                 AND live_read.environment = wanted.environment",
                names.join(", ")
            );
            let mut query = query(sql).bind(installation_id);
            for deployment in chunk {
                query = query
                    .bind(&deployment.package.repository)
                    .bind(&deployment.package.path)
                    .bind(deployment.environment.as_str());
            }
            for row in query.fetch_all(&mut *connection).await? {
                let reference: Reference = parse("reference", row.get(3))?;
                let provider = DeploymentName::of_reference(&reference);
                found
                    .entry(deployment(&row)?)
                    .or_default()
                    .insert(reference);
                open.extend(provider);
            }
        }
        open.retain(|deployment| !found.contains_key(deployment));
    }
    Ok(found)
}

fn deployment(row: &Row) -> Result<DeploymentName> {
    Ok(DeploymentName {
        package: package_name(row, 0),
        environment: parse("environment", row.get(2))?,
    })
}

/// What is live in each of the environments.
pub(super) async fn occupants(
    connection: &mut Connection,
    installation_id: i64,
    environments: &BTreeSet<EnvironmentName>,
) -> Result<BTreeMap<EnvironmentName, BTreeSet<DeploymentName>>> {
    let mut found = BTreeMap::new();
    for name in environments {
        let rows = query(
            "SELECT repository, path, name FROM state \
             WHERE installation_id = $1 AND kind = 'deploy' AND release = '' AND name = $2",
        )
        .bind(installation_id)
        .bind(name.as_str())
        .fetch_all(&mut *connection)
        .await?;
        let deployments: Result<BTreeSet<DeploymentName>> = rows.iter().map(deployment).collect();
        found.insert(name.clone(), deployments?);
    }
    Ok(found)
}

/// What should be in each of the environments.
pub(super) async fn intents(
    connection: &mut Connection,
    installation_id: i64,
    environments: &BTreeSet<EnvironmentName>,
) -> Result<BTreeMap<Reference, Value>> {
    let mut found = BTreeMap::new();
    for name in environments {
        let rows = query(
            "SELECT reference, body FROM intent \
             WHERE installation_id = $1 AND kind = 'deploy' AND name = $2",
        )
        .bind(installation_id)
        .bind(name.as_str())
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let reference = parse("intent", &row.get::<String>(0))?;
            found.insert(reference, from_json("intent", &row.get::<String>(1))?);
        }
    }
    Ok(found)
}

/// The packages with unfinished runs in any of the environments.
pub(super) async fn busy_packages(
    connection: &mut Connection,
    installation_id: i64,
    environments: &BTreeSet<EnvironmentName>,
) -> Result<BTreeSet<PackageName>> {
    let mut found = BTreeSet::new();
    for name in environments {
        let rows = query(
            "SELECT DISTINCT package.repository, package.path FROM run \
             JOIN package ON package.id = run.package_id WHERE run.task = $1 \
             AND run.state IN ('pending', 'starting', 'running', 'cancelling', 'paused') \
             AND package.installation_id = $2",
        )
        .bind(TaskKey::Deploy(name.clone()).to_string())
        .bind(installation_id)
        .fetch_all(&mut *connection)
        .await?;
        found.extend(rows.iter().map(|row| package_name(row, 0)));
    }
    Ok(found)
}

/// The releases that the tags mean by which `references` name any.
pub(super) async fn tags(
    connection: &mut Connection,
    installation_id: i64,
    references: &BTreeSet<Reference>,
) -> Result<BTreeMap<(PackageName, String), ReleaseNumber>> {
    let mut found = BTreeMap::new();
    for reference in references {
        let (Some(tag), Some(package)) = (reference.tag(), reference.package()) else {
            continue;
        };
        if let Some(number) = tagged(connection, installation_id, &package, tag).await? {
            found.insert((package, tag.to_owned()), number);
        }
    }
    Ok(found)
}

/// A ref whose tag is replaced by the release it means, and, for a value of a package or of its latest release, the
/// other name of that.
pub(super) async fn also_written(
    connection: &mut Connection,
    installation_id: i64,
    reference: &Reference,
    tags: &BTreeMap<(PackageName, String), ReleaseNumber>,
) -> Result<BTreeSet<Reference>> {
    let mut names = BTreeSet::new();
    let (Some(package), Some(release)) = (reference.package(), reference.release.clone()) else {
        return Ok(names);
    };
    let named = |release: String| Reference {
        release: Some(release),
        ..reference.clone()
    };
    if let Some(number) = tags.get(&(package.clone(), release)) {
        names.insert(named(number.to_string()));
    }
    if matches!(reference.subpath, Some((SubPathKind::Custom, _))) {
        let row = query(
            "SELECT (SELECT max(number) FROM release WHERE release.package_id = package.id) \
             FROM package WHERE installation_id = $1 AND repository = $2 AND path = $3",
        )
        .bind(installation_id)
        .bind(&package.repository)
        .bind(&package.path)
        .fetch_optional(connection)
        .await?;
        if let Some(latest) = row.and_then(|row| row.get::<Option<i64>>(0)) {
            names.insert(named(ReleaseNumber(latest).to_string()));
            names.insert(named(String::new()));
        }
    }
    Ok(names)
}

/// The releases that deployments among `intents` should be of.
pub(super) fn intended(intents: &BTreeMap<Reference, Value>) -> BTreeSet<ReleaseName> {
    let releases = intents
        .values()
        .filter_map(|value| value["release"].as_str());
    releases.filter_map(|name| name.parse().ok()).collect()
}
