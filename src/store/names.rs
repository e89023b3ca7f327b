//! Names, as columns that stand next to each other.

use super::{Result, parse};
use crate::model::{PackageName, ReleaseName, ReleaseNumber, RunName, RunNumber};
use crate::store::database::Row;

/// The package that two columns name, from column `at`: repository, path.
pub(super) fn package_name(row: &Row, at: usize) -> PackageName {
    PackageName {
        repository: row.get(at),
        path: row.get(at + 1),
    }
}

/// The release that three columns name, from column `at`: repository, path, number.
pub(super) fn release_name(row: &Row, at: usize) -> ReleaseName {
    ReleaseName {
        package: package_name(row, at),
        number: ReleaseNumber(row.get(at + 2)),
    }
}

/// The run that five columns name, from column `at`: repository, path, number of the release, task, number.
pub(super) fn run_name(row: &Row, at: usize) -> Result<RunName> {
    Ok(RunName {
        release: release_name(row, at),
        key: parse("task", row.get(at + 3))?,
        number: RunNumber(row.get(at + 4)),
    })
}
