//! Packages whose environments have changed are evaluated again: `P/@rN/op/check_envs`.

use std::collections::BTreeSet;

use super::evaluate::evaluate;
use super::queue::{Selection, Worked};
use super::session::{Session, WORKSPACE};
use crate::engine::Trigger;
use crate::model::PackageName;
use crate::store::{Delivery, Done};

impl Session {
    /// Evaluates the selected packages again whose environments have changed, except those `tried`, to which they are
    /// added. One that cannot be is told of and stays.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub async fn operate(
        &self,
        selection: &Selection,
        tried: &mut BTreeSet<i64>,
    ) -> anyhow::Result<Worked> {
        self.wake().await?;
        let mut worked = Worked::default();
        for (package, delivery) in self.reader.replans().await? {
            let newest = self
                .reader
                .store
                .newest_release(WORKSPACE, &package)
                .await?;
            if let Some(name) = &newest
                && let Some((release, _)) = self.reader.release(name).await?
                && !selection.includes_release(&release)
            {
                continue;
            }
            if !tried.insert(delivery.id) {
                continue;
            }
            match self.replan(&package, &delivery).await {
                Ok(()) => worked.operations += 1,
                Err(error) => {
                    worked.problems.insert(format!("{package}: {error:#}"));
                }
            }
        }
        Ok(worked)
    }

    /// Evaluates the newest release of a package again, at its own commit, with the environments of now.
    async fn replan(&self, package: &PackageName, delivery: &Delivery) -> anyhow::Result<()> {
        let store = &self.reader.store;
        let newest = store.newest_release(WORKSPACE, package).await?;
        let release = match newest {
            Some(name) => self.reader.release(&name).await?,
            None => None,
        };
        let Some((release, _)) = release else {
            let note = Some("the package has no release");
            store.close_delivery(delivery.id, "ignored", note).await?;
            return Ok(());
        };
        let root = self.directory(&release).await?;
        let evaluation = evaluate(&root, &package.path, self.reader.environments().await?)?;
        let Some(mut found) = evaluation.package else {
            let problems = evaluation.diagnostics.iter().map(ToString::to_string);
            let problems: Vec<String> = problems.collect();
            anyhow::bail!("{package} cannot be planned again: {}", problems.join("; "));
        };
        found.loads.extend(evaluation.loads);
        let trigger = Trigger::Replanned {
            release: release.name,
            package: found,
        };
        self.decide(vec![trigger], Done::Delivery(delivery.id))
            .await?;
        Ok(())
    }
}
