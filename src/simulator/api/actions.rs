//! Workflows, their runs and jobs.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::workflow::WorkflowRun;
use crate::simulator::timestamp::iso8601;

const READ: Access = Access::Installation(&[("actions", "read")]);
const WRITE: Access = Access::Installation(&[("actions", "write")]);

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches",
        access: WRITE,
        handler: dispatch,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/workflows/{workflow}",
        access: READ,
        handler: workflow,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/workflows/{workflow}/runs",
        access: READ,
        handler: workflow_runs,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/runs",
        access: READ,
        handler: all_runs,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/runs/{run}",
        access: READ,
        handler: run,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/runs/{run}/jobs",
        access: READ,
        handler: jobs,
    },
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/actions/runs/{run}/cancel",
        access: WRITE,
        handler: cancel,
    },
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/actions/runs/{run}/force-cancel",
        access: WRITE,
        handler: force_cancel,
    },
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/actions/runs/{run}/rerun",
        access: WRITE,
        handler: rerun,
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dispatch {
    #[serde(rename = "ref")]
    reference: String,
    inputs: Option<Map<String, Value>>,
    return_run_details: Option<bool>,
}

fn dispatch(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body: Dispatch = call.body()?;
    if call.is_newer_api() && body.return_run_details.is_some() {
        let message = "return_run_details is not a field of this API version";
        return Err(Refusal {
            violation: true,
            ..Refusal::unprocessable(message)
        });
    }
    let (repository, login) = (call.repository.clone(), call.login());
    let workflow = call.parameter("workflow").to_owned();
    let inputs = body.inputs.unwrap_or_default();
    let id =
        call.world
            .dispatch_workflow(&repository, &workflow, &body.reference, &inputs, &login)?;
    if !call.is_newer_api() && body.return_run_details != Some(true) {
        return Ok(Answer::empty(204));
    }
    let url = &call.world.url;
    Ok(Answer::json(
        200,
        &json!({
            "workflow_run_id": id, "run_url": format!("{url}/repos/{repository}/actions/runs/{id}"),
            "html_url": format!("{url}/{repository}/actions/runs/{id}"),
        }),
    ))
}

fn workflow(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (repository, workflow) = (
        call.repository.clone(),
        call.parameter("workflow").to_owned(),
    );
    let path = call.world.workflow_path(&repository, &workflow)?;
    let repository = call.repo()?;
    let tip = repository.default_tip().ok_or_else(Refusal::not_found)?;
    let text = repository
        .git
        .file(&tip, &path)
        .ok_or_else(Refusal::not_found)?;
    let name = crate::simulator::actions::workflow::Workflow::parse(&text)
        .map_or(path.clone(), |found| found.name(&path));
    Ok(Answer::json(
        200,
        &call.world.workflow_json(&call.repository, &path, &name)?,
    ))
}

fn workflow_runs(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (repository, workflow) = (
        call.repository.clone(),
        call.parameter("workflow").to_owned(),
    );
    let path = call.world.workflow_path(&repository, &workflow)?;
    list_runs(call, |run| run.path == path)
}

fn all_runs(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    list_runs(call, |_| true)
}

fn list_runs(call: &Call<'_>, fits: impl Fn(&WorkflowRun) -> bool) -> Result<Answer, Refusal> {
    let query = |name: &str| call.query.get(name).map(String::as_str);
    let status = query("status");
    let found = call.repo()?.workflow_runs.values().rev().filter(|run| {
        fits(run)
            && call.world.is_listed(run.created_at)
            && query("event").is_none_or(|event| event == "workflow_dispatch")
            && query("actor").is_none_or(|actor| run.actor == actor)
            && query("head_sha").is_none_or(|sha| run.head_sha == sha)
            && query("branch").is_none_or(|branch| run.reference == format!("refs/heads/{branch}"))
            && status.is_none_or(|status| {
                run.status == status || run.conclusion.as_deref() == Some(status)
            })
            && query("created").is_none_or(|range| in_range(&iso8601(run.created_at), range))
    });
    let ids: Vec<u64> = found.map(|run| run.id).collect();
    let items: Result<Vec<Value>, Refusal> = ids
        .iter()
        .map(|id| call.world.workflow_run_json(&call.repository, *id))
        .collect();
    call.page(Some("workflow_runs"), &items?)
}

/// Whether a time stands as wanted to a limit.
type Comparison = fn(&str, &str) -> bool;

/// GitHub's search syntax for times: `>=T`, `>T`, `<=T`, `<T`, `A..B` (with `*` for open ends), or a time or day itself.
fn in_range(time: &str, range: &str) -> bool {
    // Times of the same form compare like texts; a day stands for its first moment.
    if let Some((from, to)) = range.split_once("..") {
        return (from == "*" || time >= from) && (to == "*" || time <= to);
    }
    let comparisons: [(&str, Comparison); 4] = [
        (">=", |time, limit| time >= limit),
        ("<=", |time, limit| time <= limit),
        (">", |time, limit| time > limit),
        ("<", |time, limit| time < limit),
    ];
    for (symbol, compare) in comparisons {
        if let Some(limit) = range.strip_prefix(symbol) {
            return compare(time, limit);
        }
    }
    time.starts_with(range)
}

fn run(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        &call
            .world
            .workflow_run_json(&call.repository, call.number("run")?)?,
    ))
}

fn jobs(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.number("run")?;
    let run = call.world.workflow_run(&call.repository, id)?;
    let items: Result<Vec<Value>, Refusal> = run
        .jobs
        .iter()
        .map(|job| call.world.job_json(&call.repository, id, job.id))
        .collect();
    call.page(Some("jobs"), &items?)
}

fn cancel(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (repository, id) = (call.repository.clone(), call.number("run")?);
    call.world.cancel_run(&repository, id)?;
    Ok(Answer::json(202, &json!({})))
}

fn force_cancel(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (repository, id) = (call.repository.clone(), call.number("run")?);
    call.world.force_cancel_run(&repository, id)?;
    Ok(Answer::json(202, &json!({})))
}

fn rerun(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (repository, id) = (call.repository.clone(), call.number("run")?);
    call.world.rerun(&repository, id)?;
    Ok(Answer::json(201, &json!({})))
}

#[cfg(test)]
mod tests {
    use super::in_range;

    #[test]
    fn created_takes_githubs_ranges() {
        let time = "2026-11-23T04:05:06Z";
        assert!(in_range(time, ">=2026-11-23T04:05:06Z"));
        assert!(!in_range(time, ">2026-11-23T04:05:06Z"));
        assert!(in_range(time, "2026-11-23"));
        assert!(in_range(time, "2026-11-01..*"));
        assert!(!in_range(time, "*..2026-11-22"));
    }
}
