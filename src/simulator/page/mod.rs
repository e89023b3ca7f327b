//! Pages for people: pull requests with their checks, commits, runs. They work without a script; a small one refreshes them.

mod forms;
mod markdown;
mod pages;
mod pull;
mod view;

use super::answer::Answer;
use super::gate::Incoming;
use super::route;
use super::shared::Shared;
use super::state::pull_request::PullRequest;
use super::state::refusal::Refusal;

/// Answers a browser.
pub(crate) fn answer(shared: &Shared, incoming: &Incoming) -> Answer {
    let path = route::decode(&incoming.path);
    let segments: Vec<&str> = path
        .trim_matches('/')
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let chosen = chosen_user(incoming);
    let result = if incoming.method == "POST" {
        forms::submit(shared, &segments, incoming)
    } else {
        show(shared, &segments, chosen.as_deref())
    };
    result.unwrap_or_else(|refusal| {
        let text = format!("{}: {}\n", refusal.status, refusal.message);
        Answer::bytes(
            refusal.status,
            "text/plain; charset=utf-8",
            text.into_bytes(),
        )
    })
}

fn show(shared: &Shared, segments: &[&str], chosen: Option<&str>) -> Result<Answer, Refusal> {
    let world = shared.lock();
    match segments {
        [] => pages::index(&world),
        ["favicon.ico"] => Ok(Answer::empty(204)),
        [owner, name] => pages::repository(&world, &format!("{owner}/{name}")),
        [owner, name, "pull", number] => {
            pull::page(&world, &format!("{owner}/{name}"), number, chosen)
        }
        [owner, name, "commit", sha] => {
            pages::commit(&world, &format!("{owner}/{name}"), sha, chosen)
        }
        [owner, name, "runs", id] => pages::check(&world, &format!("{owner}/{name}"), id),
        [owner, name, "actions", "runs", id] | [owner, name, "actions", "runs", id, "job", _] => {
            pages::run(&world, &format!("{owner}/{name}"), id)
        }
        [owner, name, "blob", revision, path @ ..] => pages::file(
            &world,
            &format!("{owner}/{name}"),
            revision,
            &path.join("/"),
        ),
        _ => Err(Refusal::not_found()),
    }
}

/// Who the browser acted as last.
fn chosen_user(incoming: &Incoming) -> Option<String> {
    let cookies = incoming.headers.get("cookie")?;
    let found = cookies
        .split(';')
        .find_map(|cookie| cookie.trim().strip_prefix("user="))?;
    Some(route::decode(found))
}

/// A rendered template.
fn html(page: &impl askama::Template) -> Result<Answer, Refusal> {
    let text = page.render().map_err(anyhow::Error::from)?;
    Ok(Answer::bytes(
        200,
        "text/html; charset=utf-8",
        text.into_bytes(),
    ))
}

/// The badge of a pull request.
fn state_of(pull_request: &PullRequest) -> &'static str {
    match (
        pull_request.open,
        pull_request.merged_at,
        pull_request.draft,
    ) {
        (_, Some(_), _) => "merged",
        (false, None, _) => "closed",
        (true, None, true) => "draft",
        (true, None, false) => "open",
    }
}
