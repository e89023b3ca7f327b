//! The page of a pull request.

use askama::Template;

use super::markdown::render;
use super::view::{CheckView, CommitView, DeploymentView, Person, ago, short};
use crate::simulator::answer::Answer;
use crate::simulator::state::comment::Comment;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::world::World;

/// A comment in the conversation.
struct CommentView {
    id: u64,
    user: String,
    is_bot: bool,
    is_edited: bool,
    html: String,
    when: String,
    reactions: Vec<(&'static str, usize, String)>,
}

#[derive(Template)]
#[template(path = "simulator/pull.html")]
struct PullPage {
    repository: String,
    number: u64,
    title: String,
    state: &'static str,
    user: String,
    head: String,
    base: String,
    head_sha: String,
    head_short: String,
    body: String,
    when: String,
    is_open: bool,
    can_merge: bool,
    commits: Vec<CommitView>,
    comments: Vec<CommentView>,
    checks: Vec<CheckView>,
    deployments: Vec<DeploymentView>,
    people: Vec<Person>,
    back: String,
}

/// Shows a pull request.
pub(super) fn page(
    world: &World,
    full_name: &str,
    number: &str,
    chosen: Option<&str>,
) -> Result<Answer, Refusal> {
    let number = number.parse().map_err(|_| Refusal::not_found())?;
    let repository = world.repository(full_name)?;
    let pull_request = world.pull_request(full_name, number)?;
    let head_owner = pull_request
        .head_repository
        .split('/')
        .next()
        .unwrap_or_default();
    let is_fork = pull_request.head_repository != repository.full_name;
    let base = format!("^{}", pull_request.base_sha);
    let commits = world.commit_views(repository, &[&pull_request.head_sha, &base], 50);
    let shas: Vec<String> = commits.iter().map(|commit| commit.sha.clone()).collect();
    let merged = pull_request.merge_commit.clone().unwrap_or_default();
    let tip = repository
        .git
        .branch(&pull_request.base_branch)
        .unwrap_or_default();
    let comments = repository
        .comments
        .values()
        .filter(|comment| comment.number == number);
    super::html(&PullPage {
        repository: repository.full_name.clone(),
        number,
        title: pull_request.title.clone(),
        state: super::state_of(pull_request),
        user: pull_request.user.clone(),
        head: if is_fork {
            format!("{head_owner}:{}", pull_request.head_branch)
        } else {
            pull_request.head_branch.clone()
        },
        base: pull_request.base_branch.clone(),
        head_sha: pull_request.head_sha.clone(),
        head_short: short(&pull_request.head_sha),
        body: render(&pull_request.body),
        when: ago(world.now(), pull_request.created_at),
        is_open: pull_request.open,
        can_merge: pull_request.open
            && repository
                .git
                .merge_tree(None, &tip, &pull_request.head_sha)
                .is_some(),
        comments: comments
            .map(|comment| comment_view(world, comment))
            .collect(),
        checks: world.check_views(repository, &pull_request.head_sha),
        deployments: world.deployment_views(repository, |sha| {
            sha == merged || shas.iter().any(|known| known == sha)
        }),
        people: world.people(full_name, chosen)?,
        back: format!("/{full_name}/pull/{number}"),
        commits,
    })
}

fn comment_view(world: &World, comment: &Comment) -> CommentView {
    let mut reactions: Vec<(&'static str, usize, String)> = Vec::new();
    for reaction in &comment.reactions {
        let emoji = emoji(&reaction.content);
        match reactions.iter_mut().find(|(known, _, _)| *known == emoji) {
            Some((_, count, who)) => {
                *count += 1;
                who.push_str(&format!(", {}", reaction.user));
            }
            None => reactions.push((emoji, 1, reaction.user.clone())),
        }
    }
    CommentView {
        id: comment.id,
        user: comment.user.clone(),
        is_bot: comment.user.ends_with("[bot]"),
        is_edited: comment.updated_at > comment.created_at,
        html: render(&comment.body),
        when: ago(world.now(), comment.created_at),
        reactions,
    }
}

fn emoji(content: &str) -> &'static str {
    match content {
        "+1" => "👍",
        "-1" => "👎",
        "laugh" => "😄",
        "confused" => "😕",
        "heart" => "❤️",
        "hooray" => "🎉",
        "rocket" => "🚀",
        _ => "👀",
    }
}
