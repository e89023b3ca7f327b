//! The pages around pull requests: the list of repositories, one repository, a commit, a run, a file.

use askama::Template;

use super::view::{
    CheckView, CommitView, DeploymentView, Person, PullView, RunView, Sign, ago, short, sign,
};
use crate::simulator::answer::Answer;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::workflow::{Job, Step};
use crate::simulator::state::world::World;

/// A repository in the list.
struct RepositoryView {
    full_name: String,
    is_private: bool,
    pulls: Vec<PullView>,
    commits: Vec<CommitView>,
}

/// A branch with its newest commits.
struct BranchView {
    name: String,
    commits: Vec<CommitView>,
}

struct StepView {
    number: usize,
    name: String,
    sign: Sign,
    log: String,
    is_open: bool,
}

struct JobView {
    id: u64,
    name: String,
    sign: Sign,
    environment: String,
    steps: Vec<StepView>,
}

#[derive(Template)]
#[template(path = "simulator/index.html")]
struct IndexPage {
    repositories: Vec<RepositoryView>,
}

#[derive(Template)]
#[template(path = "simulator/repository.html")]
struct RepositoryPage {
    repository: String,
    clone_url: String,
    default_branch: String,
    files: Vec<String>,
    branches: Vec<BranchView>,
    pulls: Vec<PullView>,
    runs: Vec<RunView>,
    deployments: Vec<DeploymentView>,
}

#[derive(Template)]
#[template(path = "simulator/commit.html")]
struct CommitPage {
    repository: String,
    commit: CommitView,
    message: String,
    files: Vec<(&'static str, String)>,
    checks: Vec<CheckView>,
    deployments: Vec<DeploymentView>,
    people: Vec<Person>,
    back: String,
}

#[derive(Template)]
#[template(path = "simulator/run.html")]
struct RunPage {
    repository: String,
    title: String,
    name: String,
    sign: Sign,
    actor: String,
    when: String,
    sha: String,
    short: String,
    attempt: u64,
    error: String,
    inputs: Vec<(String, String)>,
    artifacts: Vec<String>,
    jobs: Vec<JobView>,
}

#[derive(Template)]
#[template(path = "simulator/file.html")]
struct FilePage {
    repository: String,
    revision: String,
    path: String,
    text: String,
    is_branch: bool,
    people: Vec<Person>,
}

/// Lists the repositories.
pub(super) fn index(world: &World) -> Result<Answer, Refusal> {
    let own = world
        .repositories
        .values()
        .filter(|repository| repository.fork_of.is_none());
    let repositories = own.map(|repository| RepositoryView {
        full_name: repository.full_name.clone(),
        is_private: repository.private,
        pulls: world.pull_views(repository),
        commits: world.commit_views(repository, &[&repository.default_branch], 5),
    });
    super::html(&IndexPage {
        repositories: repositories.collect(),
    })
}

/// Shows a repository.
pub(super) fn repository(world: &World, full_name: &str) -> Result<Answer, Refusal> {
    let repository = world.repository(full_name)?;
    let mut branches: Vec<BranchView> = Vec::new();
    for (name, sha) in repository.git.references("refs/heads/")? {
        let name = name.trim_start_matches("refs/heads/").to_owned();
        let limit = if name == repository.default_branch {
            12
        } else {
            3
        };
        branches.push(BranchView {
            name,
            commits: world.commit_views(repository, &[&sha], limit),
        });
    }
    branches.sort_by_key(|branch| branch.name != repository.default_branch);
    let tree = match repository.default_tip() {
        Some(tip) => repository.git.tree(&tip, true)?,
        None => Vec::new(),
    };
    let files = tree
        .into_iter()
        .filter(|entry| entry.kind == "blob")
        .map(|entry| entry.path);
    super::html(&RepositoryPage {
        repository: repository.full_name.clone(),
        clone_url: format!("{}/{}.git", world.url, repository.full_name),
        default_branch: repository.default_branch.clone(),
        files: files.take(200).collect(),
        branches,
        pulls: world.pull_views(repository),
        runs: world.run_views(repository, 10),
        deployments: world.deployment_views(repository, |_| true),
    })
}

/// Shows a commit with its checks.
pub(super) fn commit(
    world: &World,
    full_name: &str,
    sha: &str,
    chosen: Option<&str>,
) -> Result<Answer, Refusal> {
    let repository = world.repository(full_name)?;
    let commit = repository.git.commit(sha).ok_or_else(Refusal::not_found)?;
    let parent = match commit.parents.first() {
        Some(parent) => parent.clone(),
        None => repository.git.empty_tree()?,
    };
    let changes = repository.git.changes(&parent, &commit.sha)?;
    super::html(&CommitPage {
        repository: repository.full_name.clone(),
        message: commit.message.clone(),
        files: changes
            .into_iter()
            .map(|change| (change.status, change.path))
            .collect(),
        checks: world.check_views(repository, &commit.sha),
        deployments: world.deployment_views(repository, |sha| sha == commit.sha),
        people: world.people(full_name, chosen)?,
        back: format!("/{full_name}/commit/{}", commit.sha),
        commit: world.commit_view(repository, &commit),
    })
}

/// A check run is shown with its commit.
pub(super) fn check(world: &World, full_name: &str, id: &str) -> Result<Answer, Refusal> {
    let check_run = world.check_run(full_name, id.parse().map_err(|_| Refusal::not_found())?)?;
    Ok(Answer::redirect(
        302,
        format!("/{full_name}/commit/{}#check-{id}", check_run.head_sha),
    ))
}

/// Shows a workflow run with the logs of its steps.
pub(super) fn run(world: &World, full_name: &str, id: &str) -> Result<Answer, Refusal> {
    let run = world.workflow_run(full_name, id.parse().map_err(|_| Refusal::not_found())?)?;
    super::html(&RunPage {
        repository: run.repository.clone(),
        title: run.display_title.clone(),
        name: run.name.clone(),
        sign: sign(&run.status, run.conclusion.as_deref()),
        actor: run.actor.clone(),
        when: ago(world.now(), run.created_at),
        sha: run.head_sha.clone(),
        short: short(&run.head_sha),
        attempt: run.run_attempt,
        error: run.error.clone().unwrap_or_default(),
        inputs: run.inputs.clone().into_iter().collect(),
        artifacts: run
            .artifacts
            .iter()
            .map(|artifact| artifact.name.clone())
            .collect(),
        jobs: run.jobs.iter().map(job_view).collect(),
    })
}

fn job_view(job: &Job) -> JobView {
    let step = |(position, step): (usize, &Step)| StepView {
        number: position + 1,
        name: step.name.clone(),
        sign: sign(&step.status, step.conclusion.as_deref()),
        log: step.log.clone(),
        is_open: step.status == "in_progress" || step.conclusion.as_deref() == Some("failure"),
    };
    JobView {
        id: job.id,
        name: job.name.clone(),
        sign: sign(&job.status, job.conclusion.as_deref()),
        environment: job.environment.clone().unwrap_or_default(),
        steps: job.steps.iter().enumerate().map(step).collect(),
    }
}

/// Shows a file; one of a branch can be edited.
pub(super) fn file(
    world: &World,
    full_name: &str,
    revision: &str,
    path: &str,
) -> Result<Answer, Refusal> {
    let repository = world.repository(full_name)?;
    let sha = repository
        .git
        .resolve(revision)
        .ok_or_else(Refusal::not_found)?;
    let text = repository
        .git
        .file(&sha, path)
        .ok_or_else(Refusal::not_found)?;
    super::html(&FilePage {
        repository: repository.full_name.clone(),
        revision: revision.to_owned(),
        path: path.to_owned(),
        text,
        is_branch: repository.git.branch(revision).is_some(),
        people: world.people(full_name, None)?,
    })
}
