//! State documents, by ref.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::package_name;
use super::records::tagged;
use super::{Result, Store, from_json, parse, placeholders, to_json};
use crate::model::{LiveDeployment, PackageName, Reference, ReleaseName, ReleaseNumber, Timestamp};
use crate::store::database::{Connection, Row, Transaction, query};

/// Statements take at most this many values at once; longer lists are read in pieces.
pub(super) const LIST: usize = 500;

/// Which of the two sets of documents: they have the same refs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Documents {
    /// What is true.
    #[default]
    State,
    /// What should be.
    Intent,
}

impl Documents {
    pub(super) fn table(self) -> &'static str {
        match self {
            Documents::State => "state",
            Documents::Intent => "intent",
        }
    }
}

/// The state documents among `references` (absolute, without fragment) that exist.
///
/// A ref whose release is a tag reads the document of the release the tag means now.
pub(super) async fn read(
    connection: &mut Connection,
    installation_id: i64,
    references: &BTreeSet<Reference>,
) -> Result<BTreeMap<Reference, Value>> {
    read_from(connection, Documents::State, installation_id, references).await
}

/// The same, of either record.
pub(super) async fn read_from(
    connection: &mut Connection,
    table: Documents,
    installation_id: i64,
    references: &BTreeSet<Reference>,
) -> Result<BTreeMap<Reference, Value>> {
    let mut stored: BTreeMap<String, Vec<Reference>> = BTreeMap::new();
    for reference in references {
        let text = untagged(connection, installation_id, reference).await?;
        stored.entry(text).or_default().push(reference.clone());
    }
    let texts: Vec<&String> = stored.keys().collect();
    let mut found = BTreeMap::new();
    for chunk in texts.chunks(LIST) {
        let sql = format!(
            "SELECT reference, body FROM {} WHERE installation_id = $1 AND reference IN {}",
            table.table(),
            placeholders(2, chunk.len())
        );
        let mut query = query(sql).bind(installation_id);
        for text in chunk {
            query = query.bind(text.as_str());
        }
        for row in query.fetch_all(&mut *connection).await? {
            let (text, body): (String, String) = (row.get(0), row.get(1));
            let value: Value = from_json("state document", &body)?;
            for reference in stored.get(&text).into_iter().flatten() {
                found.insert(reference.clone(), value.clone());
            }
        }
    }
    Ok(found)
}

async fn untagged(
    connection: &mut Connection,
    installation_id: i64,
    reference: &Reference,
) -> Result<String> {
    let (Some(tag), Some(package)) = (reference.tag(), reference.package()) else {
        return Ok(reference.to_string());
    };
    let number = tagged(connection, installation_id, &package, tag).await?;
    let resolved = Reference {
        release: number
            .map(|number| number.to_string())
            .or_else(|| reference.release.clone()),
        ..reference.clone()
    };
    Ok(resolved.to_string())
}

/// The release that left a task's or a deployment's document.
pub(super) fn release_number(body: &Value) -> Result<ReleaseNumber> {
    let release = body.get("release").and_then(Value::as_str).unwrap_or("");
    let number = release.rsplit_once('@').map_or("", |(_, number)| number);
    parse("release number", number)
}

pub(super) async fn put(
    transaction: &mut Transaction,
    table: Documents,
    installation_id: i64,
    reference: &Reference,
    value: &Value,
    now: Timestamp,
) -> Result<()> {
    let (kind, name) = match &reference.subpath {
        Some((kind, name)) => (kind.as_str(), name.as_str()),
        None => ("release", ""),
    };
    let sql = format!(
        "INSERT INTO {} (installation_id, reference, repository, path, release, kind, name, body, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (installation_id, reference) \
         DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
        table.table()
    );
    query(sql)
        .bind(installation_id)
        .bind(reference.to_string())
        .bind(&reference.repository)
        .bind(&reference.path)
        .bind(reference.release.as_deref().unwrap_or(""))
        .bind(kind)
        .bind(name)
        .bind(to_json("state document", value)?)
        .bind(now.0)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

pub(super) async fn delete(
    transaction: &mut Transaction,
    table: Documents,
    installation_id: i64,
    reference: &Reference,
) -> Result<()> {
    let sql = format!(
        "DELETE FROM {} WHERE installation_id = $1 AND reference = $2",
        table.table()
    );
    query(sql)
        .bind(installation_id)
        .bind(reference.to_string())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

impl Store {
    /// One state document.
    ///
    /// # Errors
    /// When the database does.
    pub async fn document(
        &self,
        installation_id: i64,
        reference: &Reference,
    ) -> Result<Option<Value>> {
        let mut connection = self.readers.acquire().await?;
        let wanted = BTreeSet::from([reference.clone()]);
        let mut found = read(&mut connection, installation_id, &wanted).await?;
        Ok(found.remove(reference))
    }

    /// What is deployed now in a workspace.
    ///
    /// # Errors
    /// When the database does.
    pub async fn deployments(&self, installation_id: i64) -> Result<Vec<LiveDeployment>> {
        let rows = query(
            "SELECT repository, path, name, body, updated_at FROM state \
             WHERE installation_id = $1 AND kind = 'deploy' AND release = '' \
             ORDER BY repository, path, name",
        )
        .bind(installation_id)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(live_deployment).collect()
    }

    /// What is deployed now of these packages.
    ///
    /// # Errors
    /// When the database does.
    pub async fn deployments_of_packages(
        &self,
        installation_id: i64,
        packages: &BTreeSet<PackageName>,
    ) -> Result<Vec<LiveDeployment>> {
        let packages: Vec<&PackageName> = packages.iter().collect();
        let mut found = Vec::new();
        for chunk in packages.chunks(LIST / 2) {
            let names: Vec<String> = (0..chunk.len())
                .map(|index| placeholders(2 + index * 2, 2))
                .collect();
            let sql = format!(
                "WITH wanted (repository, path) AS (VALUES {}) \
                 SELECT state.repository, state.path, state.name, state.body, state.updated_at \
                 FROM wanted JOIN state ON state.installation_id = $1 \
                 AND state.repository = wanted.repository AND state.path = wanted.path \
                 AND state.kind = 'deploy' AND state.release = ''",
                names.join(", ")
            );
            let mut query = query(sql).bind(installation_id);
            for package in chunk {
                query = query.bind(&package.repository).bind(&package.path);
            }
            for row in query.fetch_all(&self.readers).await? {
                found.push(live_deployment(&row)?);
            }
        }
        Ok(found)
    }

    /// What is deployed now of the packages of one repository, as refs call it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn deployments_of_repository(
        &self,
        installation_id: i64,
        repository: &str,
    ) -> Result<Vec<LiveDeployment>> {
        let rows = query(
            "SELECT repository, path, name, body, updated_at FROM state \
             WHERE installation_id = $1 AND repository = $2 AND kind = 'deploy' AND release = '' \
             ORDER BY path, name",
        )
        .bind(installation_id)
        .bind(repository)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(live_deployment).collect()
    }
}

fn live_deployment(row: &Row) -> Result<LiveDeployment> {
    let package = package_name(row, 0);
    let body: Value = from_json("deployment", &row.get::<String>(3))?;
    let release = ReleaseName {
        package: package.clone(),
        number: release_number(&body)?,
    };
    let url = body["output"]["url"].as_str().map(str::to_owned);
    Ok(LiveDeployment {
        package,
        environment: parse("environment", row.get(2))?,
        release,
        since: Timestamp(row.get(4)),
        pull_request: body["pull_request"].as_i64(),
        url,
    })
}
