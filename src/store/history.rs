//! Which releases there are, of what, and how long their runs take.

use std::collections::BTreeSet;

use super::names::{package_name, release_name};
use super::{Result, Store, parse};
use crate::model::{PackageName, Progress, ReleaseName, ReleaseNumber, RunName, RunNumber};
use crate::store::database::{Row, query};

fn release_names(rows: Vec<Row>) -> Vec<ReleaseName> {
    rows.iter().map(|row| release_name(row, 0)).collect()
}

impl Store {
    /// The newest release of each package that came from a pull request or from its head commit.
    ///
    /// # Errors
    /// When the database does.
    pub async fn releases_of_pull_request(
        &self,
        repository_id: i64,
        number: i64,
    ) -> Result<Vec<ReleaseName>> {
        let rows = query(
            "SELECT package.repository, package.path, max(release.number) FROM release \
             JOIN package ON package.id = release.package_id \
             WHERE release.repository_id = $1 AND release.pull_request = $2 \
             GROUP BY package.repository, package.path ORDER BY package.repository, package.path",
        )
        .bind(repository_id)
        .bind(number)
        .fetch_all(&self.readers)
        .await?;
        Ok(release_names(rows))
    }

    /// The newest release of a package on its default branch.
    ///
    /// # Errors
    /// When the database does.
    pub async fn newest_release(
        &self,
        installation_id: i64,
        package: &PackageName,
    ) -> Result<Option<ReleaseName>> {
        let row = query(
            "SELECT release.number FROM package JOIN release ON release.package_id = package.id \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.goals IS NULL AND release.lane IS NULL ORDER BY release.number DESC LIMIT 1",
        )
        .bind(installation_id)
        .bind(&package.repository)
        .bind(&package.path)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| ReleaseName {
            package: package.clone(),
            number: ReleaseNumber(row.get(0)),
        }))
    }

    /// Every package of the workspace that has a release, without those of `except`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn released_packages(
        &self,
        installation_id: i64,
        except: &BTreeSet<PackageName>,
    ) -> Result<BTreeSet<PackageName>> {
        let rows = query(
            "SELECT repository, path FROM package WHERE installation_id = $1 AND EXISTS \
             (SELECT 1 FROM release WHERE release.package_id = package.id)",
        )
        .bind(installation_id)
        .fetch_all(&self.readers)
        .await?;
        let names = rows.iter().map(|row| package_name(row, 0));
        Ok(names.filter(|name| !except.contains(name)).collect())
    }

    /// Every package of a repository that has a release.
    ///
    /// # Errors
    /// When the database does.
    pub async fn released_packages_of(&self, repository_id: i64) -> Result<BTreeSet<PackageName>> {
        let rows = query(
            "SELECT repository, path FROM package WHERE repository_id = $1 AND EXISTS \
             (SELECT 1 FROM release WHERE release.package_id = package.id)",
        )
        .bind(repository_id)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| package_name(row, 0)).collect())
    }

    /// The pull requests whose merges made the releases of a package that come after `after`, up to `release`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn pull_requests_between(
        &self,
        installation_id: i64,
        release: &ReleaseName,
        after: ReleaseNumber,
    ) -> Result<BTreeSet<i64>> {
        let rows = query(
            "SELECT DISTINCT release.pull_request FROM package \
             JOIN release ON release.package_id = package.id \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.number > $4 AND release.number <= $5 AND release.lane IS NULL \
             AND release.pull_request IS NOT NULL",
        )
        .bind(installation_id)
        .bind(&release.package.repository)
        .bind(&release.package.path)
        .bind(after.0)
        .bind(release.number.0)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The packages with unfinished releases in a pull request's lane.
    ///
    /// # Errors
    /// When the database does.
    pub async fn packages_of_lane(
        &self,
        repository_id: i64,
        pull_request: i64,
    ) -> Result<BTreeSet<PackageName>> {
        let rows = query(
            "SELECT DISTINCT package.repository, package.path FROM release \
             JOIN package ON package.id = release.package_id \
             WHERE release.repository_id = $1 AND release.lane = $2 AND release.is_open = 1",
        )
        .bind(repository_id)
        .bind(pull_request)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| package_name(row, 0)).collect())
    }

    /// Where the runs of a release can be watched, and how long they usually take.
    ///
    /// # Errors
    /// When the database does.
    pub async fn progress(&self, installation_id: i64, release: &ReleaseName) -> Result<Progress> {
        let rows = query(
            "SELECT run.task, run.number, coalesce(run.job_url, wave.url), \
             CASE WHEN run.finished_at IS NULL THEN (SELECT CAST(avg(took) AS BIGINT) FROM (SELECT \
             last.finished_at - last.started_at AS took FROM run AS last \
             WHERE last.package_id = release.package_id AND last.task = run.task AND last.state = 'complete' \
             ORDER BY last.finished_at DESC, last.id DESC LIMIT 5) AS latest) END FROM run \
             JOIN release ON release.id = run.release_id \
             JOIN package ON package.id = release.package_id \
             LEFT JOIN wave ON wave.key = run.wave \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.number = $4 ORDER BY run.task, run.number",
        )
        .bind(installation_id)
        .bind(&release.package.repository)
        .bind(&release.package.path)
        .bind(release.number.0)
        .fetch_all(&self.readers)
        .await?;
        let mut progress = Progress::default();
        for row in rows {
            let name = RunName {
                release: release.clone(),
                key: parse("task", row.get(0))?,
                number: RunNumber(row.get(1)),
            };
            if let Some(url) = row.get::<Option<String>>(2) {
                progress.links.insert(name.clone(), url);
            }
            if let Some(usual) = row.get::<Option<i64>>(3) {
                progress.usual.insert(name.key, usual);
            }
        }
        Ok(progress)
    }
}
