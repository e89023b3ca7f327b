//! The runs of releases, as many of them as decisions are about. What is deployed again whenever something changes has
//! thousands: those before its last successes are history, which nothing depends on any more.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::LIST;
use super::releases::{optional, word};
use super::{Result, from_json, parse, placeholders};
use crate::engine::{Release, Run};
use crate::model::{RunName, RunNumber, TaskKey, Timestamp};
use crate::store::database::{Connection, Row, query};

const COLUMNS: &str = "run.id, run.release_id, run.task, run.number, run.kind, run.state, run.fence, run.calls, \
     run.outputs, run.error, run.created_at, run.started_at, run.finished_at, run.wakes_at, run.down, run.cascade";

/// Where runs are that may wait for documents: by their ids in the database.
type Unfinished = BTreeMap<i64, (i64, (TaskKey, RunNumber))>;

/// Adds to each release the runs of each task from the last success but one on, and of `further` those that are its.
///
/// The last success is what is live, and tells with what; if that is a way down, the one before it tells what was up.
/// What came after the one before the last one tells how many tries the last one took. Repetitions that were given up
/// before they began tell nothing, unless nothing came after them: then they have the highest number.
pub(super) async fn add(
    connection: &mut Connection,
    releases: &mut BTreeMap<i64, Release>,
    further: &BTreeSet<RunName>,
) -> Result<()> {
    let mut unfinished = Unfinished::new();
    let ids: Vec<i64> = releases.keys().copied().collect();
    for chunk in ids.chunks(LIST) {
        let wanted: Vec<String> = (1..=chunk.len())
            .map(|index| format!("(${index})"))
            .collect();
        // Tasks are found by leaps from one to the next: there are few of them, with many runs each.
        let sql = format!(
            "WITH RECURSIVE wanted (id) AS (VALUES {}), \
             task_of (release_id, task) AS ( \
             SELECT id, (SELECT min(run.task) FROM run WHERE run.release_id = wanted.id) FROM wanted \
             UNION ALL SELECT release_id, (SELECT min(run.task) FROM run \
             WHERE run.release_id = task_of.release_id AND run.task > task_of.task) \
             FROM task_of WHERE task IS NOT NULL), \
             bound (release_id, task, newest, since) AS ( \
             SELECT release_id, task, (SELECT max(run.number) FROM run \
             WHERE run.release_id = task_of.release_id AND run.task = task_of.task), \
             coalesce((SELECT run.number FROM run WHERE run.release_id = task_of.release_id \
             AND run.task = task_of.task AND run.state = 'complete' ORDER BY run.number DESC LIMIT 1 OFFSET 1), 0) \
             FROM task_of WHERE task IS NOT NULL) \
             SELECT {COLUMNS} FROM bound JOIN run ON run.release_id = bound.release_id \
             AND run.task = bound.task AND run.number >= bound.since \
             WHERE run.state <> 'superseded' OR run.cascade IS NULL OR run.number = bound.newest",
            wanted.join(", ")
        );
        let mut query = query(sql);
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            read(&row, releases, &mut unfinished)?;
        }
    }
    add_further(connection, releases, further, &mut unfinished).await?;
    add_waits(connection, releases, &unfinished).await
}

async fn add_further(
    connection: &mut Connection,
    releases: &mut BTreeMap<i64, Release>,
    further: &BTreeSet<RunName>,
    unfinished: &mut Unfinished,
) -> Result<()> {
    let mut ids = BTreeMap::new();
    for (id, release) in releases.iter() {
        ids.insert(release.name.clone(), *id);
    }
    let further: Vec<(&RunName, i64)> = further
        .iter()
        .filter_map(|run| Some((run, *ids.get(&run.release)?)))
        .collect();
    for chunk in further.chunks(LIST / 3) {
        let names: Vec<String> = (0..chunk.len())
            .map(|index| placeholders(1 + index * 3, 3))
            .collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM run WHERE (run.release_id, run.task, run.number) IN (VALUES {})",
            names.join(", ")
        );
        let mut query = query(sql);
        for (run, id) in chunk {
            query = query.bind(id).bind(run.key.to_string()).bind(run.number.0);
        }
        for row in query.fetch_all(&mut *connection).await? {
            read(&row, releases, unfinished)?;
        }
    }
    Ok(())
}

fn read(
    row: &Row,
    releases: &mut BTreeMap<i64, Release>,
    unfinished: &mut Unfinished,
) -> Result<()> {
    let key: TaskKey = parse("task", row.get(2))?;
    let name = (key, RunNumber(row.get(3)));
    let started: Option<i64> = row.get(11);
    let finished: Option<i64> = row.get(12);
    let wakes: Option<i64> = row.get(13);
    let run = Run {
        kind: word("run kind", row.get(4))?,
        state: word("run state", row.get(5))?,
        fence: row.get(6),
        calls: from_json("calls", row.get(7))?,
        outputs: from_json("outputs", row.get(8))?,
        error: row.get(9),
        waits: BTreeSet::new(),
        wakes_at: wakes.map(Timestamp),
        created_at: Timestamp(row.get(10)),
        started_at: started.map(Timestamp),
        finished_at: finished.map(Timestamp),
        down: optional("way down", row.get(14))?,
        cascade: optional("cascade", row.get(15))?,
    };
    let release_id = row.get(1);
    if !run.state.is_finished() {
        unfinished.insert(row.get(0), (release_id, name.clone()));
    }
    if let Some(release) = releases.get_mut(&release_id) {
        release.runs.insert(name, run);
    }
    Ok(())
}

async fn add_waits(
    connection: &mut Connection,
    releases: &mut BTreeMap<i64, Release>,
    unfinished: &Unfinished,
) -> Result<()> {
    let ids: Vec<i64> = unfinished.keys().copied().collect();
    for chunk in ids.chunks(LIST) {
        let sql = format!(
            "SELECT run_id, reference FROM input_edge WHERE run_id IN {}",
            placeholders(1, chunk.len())
        );
        let mut query = query(sql);
        for id in chunk {
            query = query.bind(id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let run = unfinished
                .get(&row.get::<i64>(0))
                .and_then(|(release, name)| releases.get_mut(release)?.runs.get_mut(name));
            if let Some(run) = run {
                run.waits.insert(parse("reference", row.get(1))?);
            }
        }
    }
    Ok(())
}
