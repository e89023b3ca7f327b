//! Pull requests.

use serde_json::Value;

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;

const READ: Access = Access::Installation(&[("pull_requests", "read")]);

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/pulls",
        access: READ,
        handler: list,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/pulls/{number}",
        access: READ,
        handler: get,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/pulls/{number}/files",
        access: READ,
        handler: files,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/commits/{sha}/pulls",
        access: READ,
        handler: of_commit,
    },
];

/// GitHub lists no more changed files than this.
const FILES: usize = 3000;

fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let number = call.number("number")?;
    let mut json =
        call.world
            .pull_request_json(&call.repository, number, Some(&call.api_version))?;
    let pull_request = call.world.pull_request(&call.repository, number)?;
    if pull_request.open {
        let git = &call.repo()?.git;
        let base = git
            .branch(&pull_request.base_branch)
            .unwrap_or_else(|| pull_request.base_sha.clone());
        let mergeable = git
            .merge_tree(None, &base, &pull_request.head_sha)
            .is_some();
        json["mergeable"] = mergeable.into();
        json["mergeable_state"] = if mergeable { "clean" } else { "dirty" }.into();
    }
    Ok(Answer::json(200, &json))
}

fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let state = call.query.get("state").map_or("open", String::as_str);
    let base = call.query.get("base");
    let head = call.query.get("head");
    let owner = |full_name: &str| full_name.split('/').next().unwrap_or_default().to_owned();
    let found = call
        .repo()?
        .pull_requests
        .values()
        .rev()
        .filter(|pull_request| {
            let label = format!(
                "{}:{}",
                owner(&pull_request.head_repository),
                pull_request.head_branch
            );
            (state == "all" || pull_request.open == (state == "open"))
                && base.is_none_or(|base| pull_request.base_branch == *base)
                && head.is_none_or(|head| label == *head)
        });
    let numbers: Vec<u64> = found.map(|pull_request| pull_request.number).collect();
    pages(call, &numbers)
}

fn of_commit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let repository = call.repo()?;
    let sha = repository
        .git
        .resolve(call.parameter("sha"))
        .ok_or_else(|| {
            Refusal::unprocessable(format!(
                "No commit found for SHA: {}",
                call.parameter("sha")
            ))
        })?;
    // The pull request that brought a commit into a branch, or the open ones that have it.
    let found = repository.pull_requests.values().filter(|pull_request| {
        let merged_here = pull_request.merge_commit.as_deref() == Some(&sha);
        let base = &pull_request.base_sha;
        let carries = repository.git.is_ancestor(&sha, &pull_request.head_sha)
            && !repository.git.is_ancestor(&sha, base);
        merged_here || carries
    });
    let numbers: Vec<u64> = found.map(|pull_request| pull_request.number).collect();
    pages(call, &numbers)
}

fn pages(call: &Call<'_>, numbers: &[u64]) -> Result<Answer, Refusal> {
    let version = call.api_version.clone();
    let items: Result<Vec<Value>, Refusal> = numbers
        .iter()
        .map(|number| {
            call.world
                .pull_request_json(&call.repository, *number, Some(&version))
        })
        .collect();
    call.page(None, &items?)
}

fn files(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let pull_request = call
        .world
        .pull_request(&call.repository, call.number("number")?)?;
    let git = &call.repo()?.git;
    let head = &pull_request.head_sha;
    let base = git
        .compare(&pull_request.base_sha, head)
        .map_or(pull_request.base_sha.clone(), |found| found.merge_base);
    let changes = git.changes(&base, head)?;
    let items: Vec<Value> = changes
        .iter()
        .take(FILES)
        .map(|change| call.world.file_json(&call.repository, head, change))
        .collect();
    call.page(None, &items)
}
