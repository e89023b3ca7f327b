//! Check runs.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::payload::ACTIONS_APP_ID;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::check::{Action, Annotation, CheckApp, CheckRun, CheckRunChange};
use crate::simulator::state::refusal::Refusal;

const READ: Access = Access::Installation(&[("checks", "read")]);
const WRITE: Access = Access::Installation(&[("checks", "write")]);

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/check-runs",
        access: WRITE,
        handler: create,
    },
    Route {
        method: "PATCH",
        template: "/repos/{owner}/{repo}/check-runs/{id}",
        access: WRITE,
        handler: change,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/check-runs/{id}",
        access: READ,
        handler: get,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/check-runs/{id}/annotations",
        access: READ,
        handler: annotations,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/commits/{ref...}/check-runs",
        access: READ,
        handler: list,
    },
];

const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
const CONCLUSIONS: [&str; 7] = [
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
];
const LEVELS: [&str; 3] = ["notice", "warning", "failure"];
/// Characters of a summary or a text.
const TEXT_LIMIT: usize = 65_535;
/// Characters of an annotation's message.
const MESSAGE_LIMIT: usize = 65_536;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: Option<String>,
    head_sha: Option<String>,
    details_url: Option<String>,
    external_id: Option<String>,
    status: Option<String>,
    started_at: Option<String>,
    conclusion: Option<String>,
    completed_at: Option<String>,
    output: Option<Output>,
    actions: Option<Vec<Action>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
    #[serde(default)]
    annotations: Vec<Annotation>,
    #[serde(default, rename = "images")]
    _images: Vec<Value>,
}

fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body: Body = call.body()?;
    let name = body.name.clone().filter(|name| !name.is_empty());
    let head_sha = body.head_sha.clone().unwrap_or_default();
    if name.is_none() || head_sha.is_empty() {
        return Err(invalid("name", "name and head_sha are required"));
    }
    if body
        .output
        .as_ref()
        .is_some_and(|output| output.title.is_none())
    {
        return Err(invalid("output", "title is required"));
    }
    let change = checked(body)?;
    let (repository, login) = (call.repository.clone(), call.login());
    let id = call
        .world
        .create_check_run(&repository, &head_sha, CheckApp::Ours, change, &login)?;
    Ok(Answer::json(
        201,
        &call.world.check_run_json(&repository, id)?,
    ))
}

fn change(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body: Body = call.body()?;
    let id = call.number("id")?;
    if body.head_sha.is_some() {
        return Err(invalid("head_sha", "it cannot be changed"));
    }
    if call.world.check_run(&call.repository, id)?.app != CheckApp::Ours {
        return Err(Refusal {
            violation: true,
            ..Refusal::new(403, "Invalid app_id: it can only be updated by its App")
        });
    }
    let change = checked(body)?;
    let (repository, login) = (call.repository.clone(), call.login());
    call.world
        .change_check_run(&repository, id, change, &login)?;
    Ok(Answer::json(
        200,
        &call.world.check_run_json(&repository, id)?,
    ))
}

fn annotations(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.number("id")?;
    let check = call.repo()?.check_runs.get(&id);
    let annotations = &check.ok_or_else(Refusal::not_found)?.annotations;
    let items: Vec<Value> = annotations.iter().map(|note| json!(note)).collect();
    call.page(None, &items)
}

fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        &call
            .world
            .check_run_json(&call.repository, call.number("id")?)?,
    ))
}

fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let repository = call.repo()?;
    let sha = repository.git.resolve(call.parameter("ref"));
    let sha = sha.ok_or_else(|| {
        Refusal::unprocessable(format!(
            "No commit found for SHA: {}",
            call.parameter("ref")
        ))
    })?;
    let (name, status) = (call.query.get("check_name"), call.query.get("status"));
    let app = call.query.get("app_id").map(String::as_str);
    let ours = call.world.app.id;
    let app_of = |check: &CheckRun| {
        if check.app == CheckApp::Ours {
            ours
        } else {
            ACTIONS_APP_ID
        }
    };
    let mut found: Vec<&CheckRun> = repository
        .check_runs
        .values()
        .filter(|check| check.head_sha == sha)
        .filter(|check| call.world.is_listed(check.created_at))
        .filter(|check| name.is_none_or(|name| check.name == *name))
        .filter(|check| status.is_none_or(|status| check.status == *status))
        .filter(|check| app.is_none_or(|app| app_of(check).to_string() == app))
        .collect();
    if call
        .query
        .get("filter")
        .is_none_or(|filter| filter == "latest")
    {
        let newest = |check: &CheckRun| {
            repository
                .check_runs
                .values()
                .rfind(|other| other.suite == check.suite && other.name == check.name)
        };
        found.retain(|check| newest(check).is_some_and(|newest| newest.id == check.id));
    }
    found.reverse();
    let items: Result<Vec<Value>, Refusal> = found
        .iter()
        .map(|check| call.world.check_run_json(&call.repository, check.id))
        .collect();
    call.page(Some("check_runs"), &items?)
}

/// Refuses what GitHub refuses.
fn checked(body: Body) -> Result<CheckRunChange, Refusal> {
    let known = |field: &str, value: &Option<String>, allowed: &[&str]| match value {
        Some(value) if !allowed.contains(&value.as_str()) => {
            Err(invalid(field, format!("{value} is not allowed")))
        }
        _ => Ok(()),
    };
    known("status", &body.status, &STATUSES)?;
    known("conclusion", &body.conclusion, &CONCLUSIONS)?;
    if body.status.as_deref() == Some("completed") && body.conclusion.is_none() {
        return Err(invalid(
            "conclusion",
            "it is required when the status is completed",
        ));
    }
    for action in body.actions.iter().flatten() {
        check_length("actions.label", &action.label, 20)?;
        check_length("actions.description", &action.description, 40)?;
        check_length("actions.identifier", &action.identifier, 20)?;
    }
    if body
        .actions
        .as_ref()
        .is_some_and(|actions| actions.len() > 3)
    {
        return Err(invalid("actions", "there may be three at most"));
    }
    let mut change = CheckRunChange {
        name: body.name,
        details_url: body.details_url,
        external_id: body.external_id,
        status: body.status,
        conclusion: body.conclusion,
        started_at: body.started_at,
        completed_at: body.completed_at,
        actions: body.actions,
        ..CheckRunChange::default()
    };
    if let Some(output) = body.output {
        let summary = output
            .summary
            .ok_or_else(|| invalid("output", "summary is required"))?;
        check_length("output.summary", &summary, TEXT_LIMIT)?;
        check_length(
            "output.text",
            output.text.as_deref().unwrap_or_default(),
            TEXT_LIMIT,
        )?;
        check_annotations(&output.annotations)?;
        change.output = Some((output.title, Some(summary), output.text));
        change.annotations = output.annotations;
    }
    Ok(change)
}

fn check_annotations(annotations: &[Annotation]) -> Result<(), Refusal> {
    if annotations.len() > 50 {
        return Err(invalid(
            "output.annotations",
            "there may be 50 in a request at most",
        ));
    }
    for annotation in annotations {
        if annotation.start_line == 0 || annotation.start_line > annotation.end_line {
            return Err(invalid(
                "output.annotations",
                "start_line is at least 1 and not after end_line",
            ));
        }
        let columns = annotation.start_column.is_some() || annotation.end_column.is_some();
        if columns && annotation.start_line != annotation.end_line {
            return Err(invalid(
                "output.annotations",
                "columns are allowed within one line only",
            ));
        }
        if !LEVELS.contains(&annotation.annotation_level.as_str()) {
            return Err(invalid(
                "output.annotations",
                format!("{} is not a level", annotation.annotation_level),
            ));
        }
        check_length("annotations.message", &annotation.message, MESSAGE_LIMIT)?;
        check_length(
            "annotations.title",
            annotation.title.as_deref().unwrap_or_default(),
            255,
        )?;
    }
    Ok(())
}

fn check_length(field: &str, text: &str, limit: usize) -> Result<(), Refusal> {
    match text.chars().count() {
        count if count > limit => Err(invalid(
            field,
            format!("{count} characters; {limit} are allowed"),
        )),
        _ => Ok(()),
    }
}

fn invalid(field: &str, message: impl Into<String>) -> Refusal {
    Refusal::invalid("CheckRun", field, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Body, checked};

    #[track_caller]
    fn refused(body: serde_json::Value, expected: &str) {
        let body: Body = serde_json::from_value(body).expect("a body");
        let refusal = checked(body).expect_err("refused");
        assert_eq!(refusal.status, 422);
        assert!(refusal.message.contains(expected), "{}", refusal.message);
    }

    #[test]
    fn what_github_refuses_is_refused() {
        refused(json!({"status": "completed"}), "conclusion");
        refused(json!({"status": "waiting"}), "waiting is not allowed");
        refused(json!({"conclusion": "stale"}), "stale is not allowed");
        let button = |label: &str| json!({"label": label, "description": "d", "identifier": "i"});
        refused(
            json!({"actions": [button("a label of 21 letters")]}),
            "actions.label",
        );
        refused(
            json!({"actions": [button("a"), button("b"), button("c"), button("d")]}),
            "three at most",
        );
        refused(json!({"output": {"title": "t"}}), "summary is required");
        refused(
            json!({"output": {"summary": "s".repeat(65_536)}}),
            "output.summary",
        );
        let line = |start: u64, end: u64| {
            json!({
                "path": "a", "start_line": start, "end_line": end, "annotation_level": "notice", "message": "m",
            })
        };
        refused(
            json!({"output": {"summary": "s", "annotations": [line(3, 2)]}}),
            "start_line",
        );
        refused(
            json!({"output": {"summary": "s", "annotations": vec![line(1, 1); 51]}}),
            "50 in a request",
        );
    }
}
