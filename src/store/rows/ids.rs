//! The ids of what a decision writes about, looked up together: a cascade writes runs of as many releases as it has
//! readers.

use std::collections::BTreeSet;

use super::super::names::package_name;
use super::Rows;
use crate::engine::Change;
use crate::model::{PackageName, ReleaseName, ReleaseNumber};
use crate::store::database::query;
use crate::store::documents::LIST;
use crate::store::{Result, placeholders};

impl Rows<'_> {
    /// Looks up the ids of the releases that the changes are about, but for those they make.
    pub(super) async fn look_up(&mut self) -> Result<()> {
        let wanted: Vec<&ReleaseName> = wanted(&self.commit.plan.changes).into_iter().collect();
        for chunk in wanted.chunks(LIST / 3) {
            let names: Vec<String> = (0..chunk.len())
                .map(|index| placeholders(2 + index * 3, 3))
                .collect();
            let sql = format!(
                "WITH wanted (repository, path, number) AS (VALUES {}) \
                 SELECT package.repository, package.path, release.number, package.id, release.id \
                 FROM wanted JOIN package ON package.installation_id = $1 \
                 AND package.repository = wanted.repository AND package.path = wanted.path \
                 JOIN release ON release.package_id = package.id AND release.number = wanted.number",
                names.join(", ")
            );
            let mut query = query(sql).bind(self.commit.installation_id);
            for release in chunk {
                let package = &release.package;
                query = query.bind(&package.repository).bind(&package.path);
                query = query.bind(release.number.0);
            }
            for row in query.fetch_all(&mut **self.transaction).await? {
                let package = package_name(&row, 0);
                self.packages.insert(package.clone(), row.get(3));
                let number = ReleaseNumber(row.get(2));
                self.releases
                    .insert(ReleaseName { package, number }, row.get(4));
            }
        }
        Ok(())
    }

    /// The id of a package that has a release.
    pub(super) async fn package_id(&mut self, package: &PackageName) -> Result<i64> {
        if let Some(id) = self.packages.get(package) {
            return Ok(*id);
        }
        let row = query(
            "SELECT id FROM package WHERE installation_id = $1 AND repository = $2 AND path = $3",
        )
        .bind(self.commit.installation_id)
        .bind(&package.repository)
        .bind(&package.path)
        .fetch_one(&mut **self.transaction)
        .await?;
        self.packages.insert(package.clone(), row.get(0));
        Ok(row.get(0))
    }

    /// The id of a release that is there, or was made by an earlier change.
    pub(super) fn release_id(&self, release: &ReleaseName) -> Result<i64> {
        let id = self.releases.get(release).copied();
        Ok(id.ok_or(sqlx::Error::RowNotFound)?)
    }
}

/// The releases that changes are about before any change has made them.
fn wanted(changes: &[Change]) -> BTreeSet<&ReleaseName> {
    let (mut wanted, mut made) = (BTreeSet::new(), BTreeSet::new());
    for change in changes {
        match change {
            Change::PutRelease(release) => {
                made.insert(&release.name);
            }
            Change::PutRun(run, _) if !made.contains(&run.release) => {
                wanted.insert(&run.release);
            }
            Change::PutApproval(release, ..) | Change::DeleteApprovals(release, ..)
                if !made.contains(release) =>
            {
                wanted.insert(release);
            }
            _ => {}
        }
    }
    wanted
}
