//! Runs, where they stand and what they have printed: the refs that a glob may mean.

use super::super::Result;
use super::super::releases::word;
use super::super::rows;
use super::conditions::Conditions;
use super::matching::{Found, Places};
use super::released::{may_be_number, number};
use crate::model::glob::Bounds;
use crate::model::{Reference, RunState, SubPathKind};
use crate::store::database::{Connection, Row};

/// The fewest segments after a release that name a run: `task/build/1`.
const OF_RUN: usize = 3;

pub(super) async fn find(
    connection: &mut Connection,
    bounds: &Bounds,
    places: &Places<'_>,
    found: &mut Found<'_>,
) -> Result<()> {
    let is_meant = [SubPathKind::Task, SubPathKind::Deploy]
        .iter()
        .any(|kind| bounds.allows_kind(*kind));
    if !is_meant || !bounds.reaches(OF_RUN) || !may_be_number(&bounds.release) {
        return Ok(());
    }
    let mut all = vec![Conditions::default()];
    let (select, ids) = match &bounds.status {
        Some(word) => {
            all.clear();
            for state in RunState::ALL.iter().filter(|state| state.word() == word) {
                all.push(Conditions::default().text("run.state", &rows::word(state)?));
            }
            (OF_STATE, "run.package_id")
        }
        // Without the question for lines when no ref of them is meant.
        None if may_be_logs(bounds) => (WITH_LOGS, "release.package_id"),
        None => (WITHOUT_LOGS, "release.package_id"),
    };
    for mut conditions in all {
        conditions = conditions.one_of(ids, places.ids());
        if let Some(Some(number)) = number(&bounds.release) {
            conditions = conditions.number("release.number", number);
        }
        conditions = conditions.begins("run.task", &task_begin(bounds));
        for row in conditions.query(select).fetch_all(&mut *connection).await? {
            add(&row, places, found)?;
        }
    }
    Ok(())
}

const OF_STATE: &str = "SELECT run.package_id, release.number, run.task, run.number, run.state, 0 \
     FROM run JOIN release ON release.id = run.release_id";

const WITHOUT_LOGS: &str = "SELECT release.package_id, release.number, run.task, run.number, run.state, 0 \
     FROM release JOIN run ON run.release_id = release.id";

const WITH_LOGS: &str = "SELECT release.package_id, release.number, run.task, run.number, run.state, \
     EXISTS (SELECT 1 FROM log_line WHERE log_line.run_id = run.id) \
     FROM release JOIN run ON run.release_id = release.id";

fn may_be_logs(bounds: &Bounds) -> bool {
    bounds.reaches(OF_RUN + 1) && bounds.most != Some(OF_RUN)
}

/// What the task's key begins with, as far as the glob tells: of what follows a release, at most two segments.
fn task_begin(bounds: &Bounds) -> String {
    let tail = bounds.tail.prefix();
    let mut slashes = tail.match_indices('/').map(|(at, _)| at);
    match slashes.nth(1) {
        Some(at) => tail[..at].to_owned(),
        None => tail.to_owned(),
    }
}

fn add(row: &Row, places: &Places<'_>, found: &mut Found<'_>) -> Result<()> {
    let (release, task): (i64, &str) = (row.get(1), row.get(2));
    let state: RunState = word("run state", row.get(4))?;
    let kind = match task.split_once('/') {
        Some(("task", name)) => Some((SubPathKind::Task, name)),
        Some(("deploy", name)) => Some((SubPathKind::Deploy, name)),
        _ => None,
    };
    let (Some(package), Some((kind, name))) = (places.name(row.get(0)), kind) else {
        return Ok(());
    };
    let own = format!("{name}/{}", row.get::<i64>(3));
    let release = crate::model::ReleaseNumber(release).to_string();
    let mut put = |name: &str| found.add(Reference::of_package(package, &release, kind, name));
    put(&own);
    put(&format!("{own}/status/{}", state.word()));
    if row.get::<bool>(5) {
        put(&format!("{own}/logs"));
    }
    Ok(())
}
