//! The document that a ref names once its links are followed.

use serde_json::{Value, json};

use super::super::Documents;
use super::super::releases::word;
use super::super::{Result, from_json};
use super::{REPOSITORY_FILE, RecordKind, TaskRecord};
use super::{links, queued, repositories, shapes, task_record};
use crate::engine::snapshot::Call;
use crate::model::{Package, Reference, ReleaseName, RunState, SubPathKind, Timestamp};
use crate::store::database::{Connection, query};

type Found = Option<(RecordKind, Value)>;

/// The document at `target`, which is no link.
pub(super) async fn read(
    connection: &mut Connection,
    installation_id: i64,
    target: &Reference,
    of: Documents,
) -> Result<Found> {
    let package = target.package();
    let own = target.subpath.as_ref().map(|(kind, _)| *kind);
    let kind = match own {
        Some(SubPathKind::Environment) => Some(RecordKind::Environment),
        Some(SubPathKind::Custom) => Some(RecordKind::Custom),
        Some(SubPathKind::Task | SubPathKind::Deploy) => match task_record(target) {
            Some((_, TaskRecord::Document)) => Some(RecordKind::Task),
            _ => None,
        },
        _ => None,
    };
    if let Some(kind) = kind {
        let body = stored(connection, installation_id, target, of).await?;
        return Ok(body.map(|body| (kind, body)));
    }
    let (Some(package), Documents::State) = (package, of) else {
        return Ok(None);
    };
    if package.path == REPOSITORY_FILE {
        return repositories::read(connection, installation_id, target).await;
    }
    let Some(Ok(number)) = target.release.as_deref().map(str::parse) else {
        return Ok(None);
    };
    let release = ReleaseName { package, number };
    match (own, task_record(target)) {
        (_, Some((task, record))) => {
            run(connection, installation_id, &release, &task, record).await
        }
        (None | Some(SubPathKind::Commit), _) => {
            let wanted = target.subpath.as_ref().map(|(_, name)| name.as_str());
            release_info(connection, installation_id, &release, wanted).await
        }
        (Some(SubPathKind::Op), _) => op(connection, installation_id, &release, target).await,
        _ => Ok(None),
    }
}

async fn stored(
    connection: &mut Connection,
    installation_id: i64,
    target: &Reference,
    of: Documents,
) -> Result<Option<Value>> {
    let table = of.table();
    let sql = format!("SELECT body FROM {table} WHERE installation_id = $1 AND reference = $2");
    let row = query(sql)
        .bind(installation_id)
        .bind(target.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| from_json("document", row.get(0))).transpose()
}

/// A release, or, with the `commit` it is to be of, the mark of that.
async fn release_info(
    connection: &mut Connection,
    installation_id: i64,
    release: &ReleaseName,
    commit: Option<&str>,
) -> Result<Found> {
    let row = query(
        "SELECT release.commit_sha, release.package, release.created_at FROM package \
         JOIN release ON release.package_id = package.id AND release.number = $4 \
         WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3",
    )
    .bind(installation_id)
    .bind(&release.package.repository)
    .bind(&release.package.path)
    .bind(release.number.0)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let own: String = row.get(0);
    if let Some(commit) = commit {
        let marker = shapes::marker(Timestamp(row.get(2)));
        return Ok((commit == own).then_some((RecordKind::Commit, marker)));
    }
    let package: Package = from_json("package", row.get(1))?;
    let document = json!({ "commit": own, "package": shapes::package(&package) });
    Ok(Some((RecordKind::Release, document)))
}

/// A record of one run.
async fn run(
    connection: &mut Connection,
    installation_id: i64,
    release: &ReleaseName,
    task: &str,
    record: TaskRecord<'_>,
) -> Result<Found> {
    let number = match record {
        TaskRecord::Document => return Ok(None),
        TaskRecord::Run(number) | TaskRecord::Logs(number) | TaskRecord::Status(number, _) => {
            number
        }
    };
    let row = query(
        "SELECT run.id, run.kind, run.state, run.calls, run.outputs, run.error, run.created_at, \
         run.started_at, run.finished_at FROM package \
         JOIN release ON release.package_id = package.id AND release.number = $4 \
         JOIN run ON run.release_id = release.id AND run.task = $5 AND run.number = $6 \
         WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3",
    )
    .bind(installation_id)
    .bind(&release.package.repository)
    .bind(&release.package.path)
    .bind(release.number.0)
    .bind(task)
    .bind(number)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let state: RunState = word("run state", row.get(2))?;
    let (started, finished): (Option<i64>, Option<i64>) = (row.get(7), row.get(8));
    match record {
        TaskRecord::Status(_, asked) if asked == state.word() => {
            let since = finished.or(started).unwrap_or(row.get(6));
            Ok(Some((RecordKind::Status, shapes::marker(Timestamp(since)))))
        }
        TaskRecord::Status(..) | TaskRecord::Document => Ok(None),
        TaskRecord::Logs(_) => {
            let lines = logs(connection, row.get(0)).await?;
            let is_there = !lines.is_empty();
            Ok(is_there.then_some((RecordKind::Log, Value::Array(lines))))
        }
        TaskRecord::Run(_) => {
            let calls: Vec<Call> = from_json("calls", row.get(3))?;
            let outputs: Value = from_json("outputs", row.get(4))?;
            let error: Option<String> = row.get(5);
            let document = json!({
                "type": row.get::<String>(1),
                "release": release.to_string(),
                "status": state.word(),
                "functions": calls.iter().map(shapes::call).collect::<Vec<_>>(),
                "output": shapes::output(state, outputs),
                "error": error,
            });
            Ok(Some((RecordKind::Run, document)))
        }
    }
}

async fn logs(connection: &mut Connection, run_id: i64) -> Result<Vec<Value>> {
    let rows =
        query("SELECT text, at FROM log_line WHERE run_id = $1 ORDER BY run_id, fence, sequence")
            .bind(run_id)
            .fetch_all(connection)
            .await?;
    let lines = rows
        .iter()
        .map(|row| shapes::log(row.get(0), Timestamp(row.get(1))));
    Ok(lines.collect())
}

/// Work that waits for the engine: the package is to be planned again, which its newest release stands for.
async fn op(
    connection: &mut Connection,
    installation_id: i64,
    release: &ReleaseName,
    target: &Reference,
) -> Result<Found> {
    let is_known = matches!(&target.subpath, Some((_, name)) if name == queued::CHECK_ENVIRONMENTS);
    let newest = links::newest(connection, installation_id, &release.package).await?;
    if !is_known || newest != Some(release.number) {
        return Ok(None);
    }
    let waiting = queued::packages(connection, installation_id).await?;
    let own = waiting
        .into_iter()
        .find(|(package, _)| *package == release.package);
    Ok(own.map(|(_, since)| (RecordKind::Op, shapes::marker(since))))
}
